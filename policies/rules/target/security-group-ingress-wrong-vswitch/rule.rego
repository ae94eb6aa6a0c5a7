# METADATA
# scope: package
# title: A destination's security group admits vSwitches that pods do not come from
# description: >-
#   The inbound rules of the security groups on an ECS instance, an elastic network interface or an NLB instance accept
#   the cluster's vSwitches of the wrong kind only: node vSwitches under Terway, or a pod vSwitch or the pod CIDR under
#   Flannel.
# entrypoint: true
# related_resources:
# - ref: https://help.aliyun.com/zh/ack/ack-managed-and-ack-dedicated/user-guide/comparison-between-terway-and-flannel
#   description: Alibaba Cloud, comparison between Terway and Flannel
# - ref: "https://help.aliyun.com/en/ack/ack-managed-and-ack-dedicated/user-guide/\
#     configure-security-group-rules-to-enforce-access-control-on-ack-clusters"
#   description: Alibaba Cloud, configure security group rules for ACK clusters
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/security_group_rule
#   description: Terraform, alicloud_security_group_rule
# schemas:
# - input: schema.model
# custom:
#   id: security-group-ingress-wrong-vswitch
#   category: target
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     terway: >-
#       {product} {target} refuses pods of cluster {cluster} on {port}: an inbound rule of security group {groups}
#       accepts {admits}, where the nodes are, but with Terway a packet arrives with the pod's own address, from
#       {uncovered}.{affected}
#     flannel: >-
#       {product} {target} refuses pods of cluster {cluster} on {port}: an inbound rule of security group {groups}
#       accepts {admits}, but with Flannel a packet arrives with the address of the pod's node, from
#       {uncovered}.{affected}
#   remedies:
#     terway: >-
#       Add to {groups} an alicloud_security_group_rule with type = "ingress", policy = "accept", ip_protocol and
#       port_range for {port}, and {values} in cidr_ip{each}. Keep the other rule only if something on the nodes
#       themselves connects.
#     flannel: >-
#       Put {values} into cidr_ip of that rule{each}. No packet to the destination has a pod address under Flannel.
#   help:
#     effect: >-
#       A security group compares the source address of a packet with its inbound rules and refuses what none accepts.
#       Under Terway that is the pod's own address, from a pod vSwitch; under Flannel the node replaces it with its
#       own. A rule for the other kind of address admits no pod, although the same connection from a node may work.
#     fix: |
#       ```hcl
#       resource "alicloud_security_group_rule" "from_pods" {
#         for_each          = alicloud_vswitch.pod # Terway; under Flannel alicloud_vswitch.node, not the pod CIDR
#         security_group_id = alicloud_security_group.legacy.id
#         type              = "ingress"
#         policy            = "accept"
#         ip_protocol       = "tcp"
#         port_range        = "5432/5432"
#         cidr_ip           = each.value.cidr_block
#       }
#       ```
#     levels: Error; warning if the need for the destination is only inferred from a name.
#     silent: >-
#       As soon as one source of the right kind is admitted (the rest is then told by security-group-ingress-missing);
#       when a drop rule is in the way, which that rule tells too; when a group, or anything that may add a rule to it,
#       is not in the scanned files; when the network plug-in is not known. A vSwitch that holds both nodes and pods
#       counts as the right kind.
package egresslint.rules.target["security-group-ingress-wrong-vswitch"]

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
		"port": words.port(gate.protocol, gate.port),
		"groups": gate.groups,
		"admits": words.brief(gate.wrong_covers),
		"uncovered": words.brief(gate.uncovered),
		"values": words.admitted(gate.uncovered),
		"each": words.each(gate.uncovered),
		"affected": need.affected(gate.need.evidence),
	},
	"key": [gate.target, gate.cluster_name, words.port(gate.protocol, gate.port)],
	"related": array.concat(
		[
			{"at": gate.wrong, "text": "the rule that accepts the other kind of vSwitch"},
			{"at": gate.source_origin, "text": "where the source addresses come from"},
		],
		need.places(gate.need.evidence),
	),
} if {
	some gate in input.gates.target_security_group
	gate.code == "wrong-vswitch"
	gate.status in {"blocked", "partial"}
}
