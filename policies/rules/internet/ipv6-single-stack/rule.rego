# METADATA
# scope: package
# title: A workload needs IPv6 and its cluster has IPv4 only
# description: >-
#   A workload needs a literal IPv6 address, or says that it needs the IPv6 Internet, and its cluster is not dual
#   stack: its pods have no IPv6 address to send from.
# entrypoint: true
# related_resources:
# - ref: https://www.alibabacloud.com/help/en/container-service-for-kubernetes/latest/podipv6
#   description: Alibaba Cloud, IPv6 addresses of pods
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/cs_managed_kubernetes
#   description: Terraform, alicloud_cs_managed_kubernetes (ip_stack)
# schemas:
# - input: schema.model
# custom:
#   id: ipv6-single-stack
#   category: internet
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     terway: &message >-
#       Pods of cluster {cluster} cannot reach IPv6 addresses: the cluster has IPv4 only, so that its pods have no
#       IPv6 address to send from.{affected}
#     flannel: *message
#   remedies:
#     terway: >-
#       Use a name or an address that is reachable by IPv4, or create the cluster with ip_stack = "dual", in a VPC and
#       vSwitches with enable_ipv6 = true; the stack of a cluster cannot be changed later.
#     flannel: >-
#       Use a name or an address that is reachable by IPv4. Dual stack needs a cluster with Terway.
#   help:
#     effect: >-
#       A pod of an IPv4 cluster has no IPv6 address and no route for IPv6: connecting to one fails at once with
#       "network is unreachable" or "cannot assign requested address". Nothing in the VPC can change that, because the
#       stack is chosen when the cluster is created.
#     fix: |
#       ```hcl
#       resource "alicloud_cs_managed_kubernetes" "main" {
#         # ...
#         ip_stack        = "dual" # Terway; only for a new cluster
#         pod_vswitch_ids = [for v in alicloud_vswitch.pod : v.id] # each with enable_ipv6 = true
#       }
#       ```
#     levels: Error; warning if the need is only inferred from a name.
#     silent: >-
#       For names, which may have IPv4 addresses too; for hostNetwork pods; when the stack of the cluster or its
#       network plug-in is not known.
package egresslint.rules.internet["ipv6-single-stack"]

import data.egresslint.lib.need

violation contains {
	"at": gate.origin,
	"level": need.level(gate.need.strength),
	"case": gate.plugin,
	"args": {
		"cluster": gate.cluster_name,
		"affected": need.affected(gate.need.evidence),
	},
	"key": array.concat(sort(gate.workloads), destinations),
	"related": array.concat(
		[{"at": gate.cause, "text": "what decides the cluster's stack"}],
		need.places(gate.need.evidence),
	),
} if {
	some gate in input.gates.ipv6
	gate.code == "single-stack"
	gate.plugin in {"terway", "flannel"}
	_certain(gate.literal, gate.need.strength)
	destinations := sort({evidence.destination | some evidence in gate.need.evidence})
}

# A literal address is IPv6 for certain, and so is what a declaration says.
_certain(true, _)

_certain(false, "declared")
