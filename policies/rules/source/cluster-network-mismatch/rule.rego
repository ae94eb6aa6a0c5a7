# METADATA
# scope: package
# title: A cluster has arguments of the other network plug-in
# description: >-
#   The network plug-in is named by an addon or the configuration, and the cluster has an argument that belongs to the
#   other one, or names both.
# entrypoint: true
# related_resources:
# - ref: https://help.aliyun.com/zh/ack/ack-managed-and-ack-dedicated/user-guide/comparison-between-terway-and-flannel
#   description: Alibaba Cloud, comparison between Terway and Flannel
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/cs_managed_kubernetes
#   description: Terraform, alicloud_cs_managed_kubernetes
# schemas:
# - input: schema.model
# custom:
#   id: cluster-network-mismatch
#   category: source
#   severity: error
#   precision: very-high
#   since: 0.1.0
#   messages:
#     pod-vswitches-with-flannel: >-
#       Cluster {cluster} uses Flannel, but {attribute} gives its pods vSwitches, which only Terway does: the files
#       disagree on where packets come from. Until they agree, its SNAT entries, EIPs, security groups, allow-lists
#       and the enforcement of its policies are not judged.
#     pod-cidr-with-terway: >-
#       Cluster {cluster} uses Terway, which gives pods addresses of its vSwitches: {attribute} is ignored.
#     two-plugins: >-
#       Cluster {cluster} names two network plug-ins: {attribute} contradicts the other one, and a cluster has exactly
#       one. Until one is left, its SNAT entries, EIPs, security groups, allow-lists and the enforcement of its
#       policies are not judged.
#   remedies:
#     pod-vswitches-with-flannel: >-
#       Remove {attribute} (with Flannel, pods have addresses of pod_cidr), or use the addon terway-eniip instead of
#       flannel (only for a new cluster: the plug-in cannot be changed later).
#     pod-cidr-with-terway: >-
#       Remove {attribute}: with Terway, pods have addresses of the vSwitches in pod_vswitch_ids.
#     two-plugins: >-
#       Keep the addon of one plug-in, terway-eniip or flannel, with pod_vswitch_ids for Terway or pod_cidr for
#       Flannel.
#   help:
#     effect: >-
#       Terway gives pods addresses of the VPC, from the vSwitches in `pod_vswitch_ids`. Flannel gives them addresses
#       of `pod_cidr`, which the rest of the VPC never sees. pod_vswitch_ids with Flannel, or both plug-ins at once,
#       describe a cluster that cannot be created, or not as intended; what depends on the plug-in is not judged for
#       it. With Terway, ACK ignores pod_cidr.
#     fix: |
#       ```hcl
#       resource "alicloud_cs_managed_kubernetes" "main" {
#         pod_vswitch_ids = [for v in alicloud_vswitch.pod : v.id] # Terway; for Flannel, pod_cidr
#
#         addons {
#           name = "terway-eniip"
#         }
#       }
#       ```
#     levels: Error; note for pod_cidr with Terway, which changes nothing.
#     silent: >-
#       When the plug-in is only inferred from these same arguments, so that there is nothing to contradict; for an
#       addon with `disabled = true`, which installs nothing.
package egresslint.rules.source["cluster-network-mismatch"]

violation contains {
	"at": mismatch.origin,
	"level": _level(mismatch.code),
	"case": mismatch.code,
	"args": {
		"cluster": cluster.name,
		"attribute": mismatch.attribute,
	},
	"key": [mismatch.code, mismatch.attribute],
	"related": [
		{"at": mismatch.plugin, "text": "what names the network plug-in"},
		{"at": cluster.origin, "text": "the cluster"},
	],
} if {
	some cluster in input.clusters
	some mismatch in cluster.extensions.alicloud.mismatches
}

default _level(_) := "error"

# ACK takes Terway and ignores the argument.
_level("pod-cidr-with-terway") := "note"
