# METADATA
# scope: package
# title: A whitelist admits vSwitches that pods do not come from
# description: >-
#   The whitelist of a cloud service instance names the cluster's vSwitches of the wrong kind only: node vSwitches
#   under Terway, or a pod vSwitch or the pod CIDR under Flannel.
# entrypoint: true
# related_resources:
# - ref: https://help.aliyun.com/zh/ack/ack-managed-and-ack-dedicated/user-guide/comparison-between-terway-and-flannel
#   description: Alibaba Cloud, comparison between Terway and Flannel
# - ref: https://github.com/flannel-io/flannel/blob/master/pkg/trafficmngr/iptables/iptables.go
#   description: Flannel, masquerading rules
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/db_instance
#   description: Terraform, alicloud_db_instance (security_ips)
# schemas:
# - input: schema.model
# custom:
#   id: whitelist-wrong-vswitch
#   category: target
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     terway: >-
#       {product} {target} refuses pods of cluster {cluster}: {attribute} admits {admits}, where the nodes are, but
#       with Terway a packet arrives with the pod's own address, from {uncovered}.{affected}
#     flannel: >-
#       {product} {target} refuses pods of cluster {cluster}: {attribute} admits {admits}, but with Flannel a packet
#       arrives with the address of the pod's node, from {uncovered}.{affected}
#   remedies:
#     terway: >-
#       Put {values} into {attribute}. Keep the addresses of nodes there only if something on the nodes themselves
#       connects.
#     flannel: >-
#       Replace {entry} in {attribute} with {values}. No packet to the instance has a pod address under Flannel.
#   help:
#     effect: >-
#       The instance compares the source address of a connection with its whitelist. Under Terway that is the pod's
#       own address, from a pod vSwitch; under Flannel the node replaces it with its own. A list with the other kind
#       of address admits no pod, although the same connection from a node may work.
#     fix: |
#       ```hcl
#       security_ips = [for v in alicloud_vswitch.pod : v.cidr_block] # Terway: not alicloud_vswitch.node
#       security_ips = [for v in alicloud_vswitch.node : v.cidr_block] # Flannel: not the pod CIDR
#       ```
#     levels: Always an error.
#     silent: >-
#       As soon as one source of the right kind is admitted (the rest is then told by whitelist-missing); when the
#       files do not decide the whole list; when the network plug-in is not known. A vSwitch that holds both nodes and
#       pods counts as the right kind.
package egresslint.rules.target["whitelist-wrong-vswitch"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"case": gate.plugin,
	"args": {
		"product": gate.product,
		"target": gate.target_name,
		"cluster": gate.cluster_name,
		"attribute": gate.attribute,
		"entry": gate.wrong_entry,
		"admits": words.brief(gate.wrong_covers),
		"uncovered": words.brief(gate.uncovered),
		"values": words.admitted(gate.uncovered),
		"affected": need.affected(gate.need.evidence),
	},
	"key": [gate.target, gate.cluster_name],
	"related": array.concat(
		[{"at": gate.source_origin, "text": "where the source addresses come from"}],
		need.places(gate.need.evidence),
	),
} if {
	some gate in input.gates.whitelist
	gate.code == "wrong-vswitch"
	gate.status in {"blocked", "partial"}
}
