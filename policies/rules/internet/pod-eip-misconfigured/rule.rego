# METADATA
# scope: package
# title: A pod EIP annotation has no effect
# description: >-
#   A workload asks for pod EIPs in a way that gives it none: the annotation is not on the pods, one EIP is to serve
#   several pods, the pods use the node's network, or nothing in the cluster serves the annotation.
# entrypoint: true
# related_resources:
# - ref: https://help.aliyun.com/zh/ack/ack-managed-and-ack-dedicated/user-guide/associate-an-eip-with-a-pod-1
#   description: Alibaba Cloud, associate an EIP with a pod
# - ref: https://help.aliyun.com/en/ack/ack-managed-and-ack-dedicated/user-guide/pod-annotations-1
#   description: Alibaba Cloud, pod annotations
# schemas:
# - input: schema.model
# custom:
#   id: pod-eip-misconfigured
#   category: internet
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     on-owner: >-
#       The pods of {workload} in namespace {namespace} get no EIP: {annotation} is on the workload itself, and only
#       annotations of its pod template reach the pods.
#     shared-instance: >-
#       Only one pod of {workload} in namespace {namespace} can have the EIP that {annotation} names: there are
#       {replicas} replicas, and an EIP is bound to one pod at a time.
#     host-network: >-
#       The pods of {workload} in namespace {namespace} get no EIP from {annotation}: with hostNetwork they use the
#       node's network interface and have none of their own.
#     controller-absent: >-
#       The pods of {workload} in namespace {namespace} get no EIP from {annotation}: the addons of cluster {cluster}
#       do not include ack-extend-network-controller, and Terway itself no longer serves the annotation since 1.7.
#   remedies:
#     on-owner: >-
#       Move {annotation} to spec.template.metadata.annotations (for a CronJob,
#       spec.jobTemplate.spec.template.metadata.annotations).
#     shared-instance: >-
#       Use k8s.aliyun.com/pod-with-eip: "true", which allocates an EIP for each pod, or set replicas to 1.
#     host-network: >-
#       Remove hostNetwork, or remove {annotation} and give the node's vSwitch an SNAT entry.
#     controller-absent: >-
#       Install ack-extend-network-controller with its EIP controller switched on, or remove {annotation} and give the
#       pod vSwitches an SNAT entry.
#   help:
#     effect: >-
#       A controller binds the EIP to the network interface of a pod when it sees the annotation on the pod. Without
#       it on the pod, without an interface of the pod's own, or without that controller, nothing is bound and nothing
#       is reported: the pod is left with whatever way out its vSwitch has.
#     fix: |
#       ```yaml
#       spec:
#         template:
#           metadata:
#             annotations:
#               k8s.aliyun.com/pod-with-eip: "true"
#       ```
#     levels: >-
#       Error; a missing controller is a warning, because it may have been installed by other means than the files.
#     silent: >-
#       For ECI pods with `k8s.aliyun.com/eci-with-eip`; when the cluster's addons are not all in the scanned files;
#       under Flannel, which pod-eip-with-flannel tells.
package egresslint.rules.internet["pod-eip-misconfigured"]

violation contains {
	"at": gate.origin,
	"level": _levels[gate.code],
	"case": gate.code,
	"args": {
		"workload": gate.workload,
		"namespace": gate.namespace,
		"annotation": gate.annotation,
		"cluster": gate.cluster_name,
		"replicas": gate.replicas,
	},
	"key": [gate.cluster_name, gate.namespace, gate.workload, gate.annotation, gate.code],
	"related": [{"at": gate.cause, "text": text} | some text in _causes[gate.code]],
} if {
	some gate in input.extensions.alicloud.pod_eips
	gate.code in object.keys(_levels)
}

_levels := {
	"on-owner": "error",
	"shared-instance": "error",
	"host-network": "error",
	"controller-absent": "warning",
}

# What the gate's cause is.
_causes := {
	"on-owner": [],
	"shared-instance": ["the number of replicas"],
	"host-network": ["the pods use the node's network"],
	"controller-absent": ["the cluster's addons"],
}
