# METADATA
# scope: package
# title: A load balancer's white list admits vSwitches that pods do not come from
# description: >-
#   The access control list (ACL) of a CLB or ALB listener is a white list that names the cluster's vSwitches of the
#   wrong kind only: node vSwitches under Terway, or a pod vSwitch or the pod CIDR under Flannel.
# entrypoint: true
# related_resources:
# - ref: https://www.alibabacloud.com/help/en/slb/classic-load-balancer/user-guide/access-control
#   description: Alibaba Cloud, access control of CLB listeners
# - ref: https://help.aliyun.com/zh/ack/ack-managed-and-ack-dedicated/user-guide/comparison-between-terway-and-flannel
#   description: Alibaba Cloud, comparison between Terway and Flannel
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/slb_acl_entry_attachment
#   description: Terraform, alicloud_slb_acl_entry_attachment
# schemas:
# - input: schema.model
# custom:
#   id: acl-wrong-vswitch
#   category: target
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     terway: >-
#       {product} {target} refuses pods of cluster {cluster} on port {port}: the white list of {listener} admits
#       {admits}, where the nodes are, but with Terway a packet arrives with the pod's own address, from
#       {uncovered}.{affected}
#     flannel: >-
#       {product} {target} refuses pods of cluster {cluster} on port {port}: the white list of {listener} admits
#       {admits}, but with Flannel a packet arrives with the address of the pod's node, from {uncovered}.{affected}
#   remedies:
#     terway: >-
#       Add to the ACL of {listener} an {attachment} whose entry is {values}{each}. Keep the addresses of nodes there
#       only if something on the nodes themselves connects.
#     flannel: >-
#       Replace {entry} in the ACL of {listener} with {values}. No packet to the load balancer has a pod address under
#       Flannel.
#   help:
#     effect: >-
#       A listener with a white list forwards only connections whose source address is on it. Under Terway that is the
#       pod's own address, from a pod vSwitch; under Flannel the node replaces it with its own. A list with the other
#       kind of address admits no pod, although the same connection from a node may work.
#     fix: |
#       ```hcl
#       resource "alicloud_slb_acl_entry_attachment" "pod" {
#         for_each = alicloud_vswitch.pod # Terway; under Flannel alicloud_vswitch.node, not the pod CIDR
#         acl_id   = alicloud_slb_acl.orders.id
#         entry    = each.value.cidr_block
#       }
#       ```
#     levels: Error; warning if the need for the load balancer is only inferred from a name.
#     silent: >-
#       As soon as one source of the right kind is admitted (the rest is then told by acl-missing); when access
#       control is off or the list is empty; when the ACL or one of its entries is not in the scanned files; when the
#       network plug-in is not known. A vSwitch that holds both nodes and pods counts as the right kind.
package egresslint.rules.target["acl-wrong-vswitch"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"level": need.level(gate.need.strength),
	"case": gate.plugin,
	"args": {
		"product": gate.product,
		"target": gate.target_name,
		"cluster": gate.cluster_name,
		"port": gate.port,
		"listener": gate.listener,
		"entry": gate.wrong_entry,
		"admits": words.brief(gate.wrong_covers),
		"uncovered": words.brief(gate.uncovered),
		"values": words.admitted(gate.uncovered),
		"each": words.each(gate.uncovered),
		"attachment": words.acl_entry(gate.listener),
		"affected": need.affected(gate.need.evidence),
	},
	"key": [gate.listener, gate.cluster_name],
	"related": array.concat(
		[{"at": gate.source_origin, "text": "where the source addresses come from"}],
		need.places(gate.need.evidence),
	),
} if {
	some gate in input.gates.target_acl
	gate.code == "wrong-vswitch"
	gate.status in {"blocked", "partial"}
}
