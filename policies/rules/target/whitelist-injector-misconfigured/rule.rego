# METADATA
# scope: package
# title: An annotation for the whitelist injector does not work
# description: >-
#   A workload asks ack-kubernetes-webhook-injector to put its pods on a whitelist, in a way that adds none, keeps the
#   pods from starting, or is undone by Terraform.
# entrypoint: true
# related_resources:
# - ref: https://help.aliyun.com/en/ack/product-overview/ack-kubernetes-webhook-injector
#   description: Alibaba Cloud, ack-kubernetes-webhook-injector
# - ref: https://github.com/AliyunContainerService/kubernetes-webhook-injector
#   description: Source of the injector
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/db_instance
#   description: Terraform, alicloud_db_instance (modify_mode)
# schemas:
# - input: schema.model
# custom:
#   id: whitelist-injector-misconfigured
#   category: target
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     flannel: >-
#       {annotation} of {workload} in namespace {namespace} puts addresses on the list that no packet has: cluster
#       {cluster} uses Flannel, where packets leave with the node's address, and the injector adds the pod's.
#     on-owner: >-
#       The pods of {workload} in namespace {namespace} are put on no list: {annotation} is on the workload itself, and
#       the injector reads the annotations of pods.
#     no-group: >-
#       The pods of {workload} in namespace {namespace} are put on no list: {annotation} needs
#       ack.aliyun.com/white_list_name beside it, which names the whitelist group to add them to.
#     unsupported-product: >-
#       {annotation} of {workload} in namespace {namespace} does nothing: ack-kubernetes-webhook-injector does not
#       know this product.
#     no-openapi: >-
#       The pods of {workload} in namespace {namespace} cannot start: for {annotation} an init container calls Alibaba
#       Cloud's OpenAPI from the pod's own network, and the NetworkPolicies that isolate the pods admit TCP port 443
#       nowhere outside the cluster.
#     no-internet: >-
#       The pods of {workload} in namespace {namespace} cannot start: for {annotation} an init container calls the
#       public endpoints of Alibaba Cloud's OpenAPI from the pod's own network, and the pods have no way to public
#       addresses. The injector runs without --intranet-access.
#     perhaps-no-internet: >-
#       The pods of {workload} in namespace {namespace} may not start: for {annotation} an init container calls the
#       public endpoints of Alibaba Cloud's OpenAPI from the pod's own network, unless the injector runs with
#       --intranet-access, and the pods have no way to public addresses.
#     terraform-covers: >-
#       The next terraform apply takes the pods of {workload} in namespace {namespace} off the list again: {annotation}
#       adds them to group {group} of {target}, and Terraform overwrites that group with its own list.
#   remedies:
#     flannel: >-
#       Remove {annotation} and put the cidr_block of the node vSwitches on the list.
#     on-owner: >-
#       Move {annotation} to spec.template.metadata.annotations (for a CronJob,
#       spec.jobTemplate.spec.template.metadata.annotations).
#     no-group: >-
#       Add ack.aliyun.com/white_list_name with the name of a group that exists.
#     unsupported-product: >-
#       Remove {annotation} and put the cidr_block of the pod vSwitches on the list. The injector serves RDS, Redis and
#       the ACLs of CLB.
#     no-openapi: >-
#       Add an egress rule that admits TCP port 443 to the OpenAPI, and DNS; or remove {annotation} and put the
#       cidr_block of the pod vSwitches on the list.
#     no-internet: >-
#       Add --intranet-access to the command of the Deployment kubernetes-webhook-injector, if the region has internal
#       endpoints of the OpenAPI; or give the pods a way out, such as an SNAT entry for their vSwitches.
#     perhaps-no-internet: >-
#       See that the Deployment kubernetes-webhook-injector has --intranet-access in its command, if the region has
#       internal endpoints of the OpenAPI; or give the pods a way out, such as an SNAT entry for their vSwitches.
#     terraform-covers: >-
#       Let the injector use a group of its own, or put security_ips of {target} under lifecycle ignore_changes.
#   help:
#     effect: >-
#       The injector watches pods with `ack.aliyun.com/*` annotations and gives them an init container, which adds the
#       pod's address to the list by the OpenAPI. If that call fails, the pod stays in Init. What is not on the pod, or
#       is not one of the injector's keys, is ignored without a word, and the instance refuses the connection later.
#     fix: |
#       ```yaml
#       spec:
#         template:
#           metadata:
#             annotations:
#               ack.aliyun.com/rds_id: rm-bp1example
#               ack.aliyun.com/white_list_name: pods # a group that exists and that Terraform does not manage
#       ```
#     levels: >-
#       Error. A warning where Terraform overwrites the group, because it works until the next apply, and where the pods
#       have no way to the Internet but the injector's own manifest is not in the files.
#     silent: >-
#       When the network plug-in is not known; when the instance that an annotation means is not known; for
#       `ack.aliyun.com/*` annotations that are not about lists; when the configuration says `internet: false` and the
#       injector's own manifest is not in the files.
package egresslint.rules.target["whitelist-injector-misconfigured"]

violation contains {
	"at": gate.origin,
	"level": _levels[gate.code],
	"case": gate.code,
	"args": {
		"workload": gate.workload,
		"namespace": gate.namespace,
		"annotation": gate.annotation,
		"cluster": gate.cluster_name,
		"group": gate.group,
		"target": gate.target,
	},
	"key": [gate.cluster_name, gate.namespace, gate.workload, gate.annotation, gate.code],
	"related": [{"at": gate.cause, "text": text} | some text in _causes[gate.code]],
} if {
	some gate in input.extensions.alicloud.injectors
	gate.code in object.keys(_levels)
}

_levels := {
	"flannel": "error",
	"on-owner": "error",
	"no-group": "error",
	"unsupported-product": "error",
	"no-openapi": "error",
	"no-internet": "error",
	"perhaps-no-internet": "warning",
	"terraform-covers": "warning",
}

# What the gate's cause is.
_causes := {
	"flannel": ["what names the network plug-in"],
	"on-owner": [],
	"no-group": [],
	"unsupported-product": [],
	"no-openapi": ["a NetworkPolicy that isolates the pods"],
	"no-internet": ["the vSwitches that the pods leave from"],
	"perhaps-no-internet": ["the vSwitches that the pods leave from"],
	"terraform-covers": ["the list that Terraform writes"],
}
