# METADATA
# scope: package
# title: A destination's security groups refuse the addresses of pods
# description: >-
#   No inbound rule of the security groups on an ECS instance, an elastic network interface or an NLB instance accepts
#   the addresses that the cluster's packets arrive with, or a drop rule comes first.
# entrypoint: true
# related_resources:
# - ref: "https://help.aliyun.com/en/ack/ack-managed-and-ack-dedicated/user-guide/\
#     configure-security-group-rules-to-enforce-access-control-on-ack-clusters"
#   description: Alibaba Cloud, configure security group rules for ACK clusters
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/security_group_rule
#   description: Terraform, alicloud_security_group_rule
# schemas:
# - input: schema.model
# custom:
#   id: security-group-ingress-missing
#   category: target
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     missing: >-
#       {product} {target} refuses {port} from cluster {cluster}: {source}, and no inbound rule of security group
#       {groups} accepts {uncovered}.{affected}
#     partial: >-
#       {product} {target} refuses some connections on {port} from cluster {cluster}: {source}, and the inbound rules
#       of security group {groups} accept {covered} but not {uncovered}.{affected}
#     dropped: >-
#       {product} {target} refuses {port} from cluster {cluster}: {source}, and an inbound rule of security group
#       {groups}, {rule}, drops packets from {uncovered} before any rule accepts them.{affected}
#   remedies:
#     missing: >-
#       Add to {groups} an alicloud_security_group_rule with type = "ingress", policy = "accept", ip_protocol and
#       port_range for {port}, and {values} in cidr_ip{each}.
#     partial: >-
#       Packets may come from any of these, so each needs a rule: add to {groups} an alicloud_security_group_rule with
#       type = "ingress", policy = "accept", ip_protocol and port_range for {port}, and {values} in cidr_ip{each}.
#     dropped: >-
#       Narrow {rule} so that it leaves out {values}, or give it a larger priority number (1 comes first, 100 last)
#       and an accept rule for {port} from there a smaller one; at equal numbers drop wins.
#   help:
#     effect: >-
#       A security group refuses inbound packets that no rule accepts; the rules of all groups on an interface are
#       taken together, the smallest priority number decides, and among equal numbers drop beats accept. Under Terway
#       a packet arrives with the pod's address, from a pod vSwitch; under Flannel, and from hostNetwork pods, with
#       the node's. Refused connections time out.
#     fix: |
#       ```hcl
#       resource "alicloud_security_group_rule" "from_pods" {
#         for_each          = alicloud_vswitch.pod # alicloud_vswitch.node under Flannel
#         security_group_id = alicloud_security_group.legacy.id
#         type              = "ingress"
#         policy            = "accept"
#         ip_protocol       = "tcp"
#         port_range        = "5432/5432"
#         cidr_ip           = each.value.cidr_block
#       }
#       ```
#
#       Instead of `cidr_ip`, `source_security_group_id` admits the interfaces of a group: under Terway that of the
#       pods, under Flannel that of the nodes.
#     levels: Error; warning if the need for the destination is only inferred from a name.
#     silent: >-
#       When the groups of the source and the destination share one that lets its members reach each other; when a
#       rule names a group that the source carries; when a group, or anything that may add a rule to it, is not in the
#       scanned files; when the network plug-in is not known; for an NLB instance without security groups, which
#       filters nothing.
package egresslint.rules.target["security-group-ingress-missing"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"level": need.level(gate.need.strength),
	"case": _case(gate.code, gate.covered),
	"args": {
		"product": gate.product,
		"target": gate.target_name,
		"cluster": words.cluster(gate),
		"port": words.port(gate.protocol, gate.port),
		"source": words.source(gate.plugin, gate.role),
		"groups": gate.groups,
		"covered": words.brief(gate.covered),
		"uncovered": _uncovered(gate.code, gate.covered, gate.uncovered),
		"values": words.admitted(gate.uncovered),
		"each": words.each(gate.uncovered),
		"rule": gate.rule,
		"affected": need.affected(gate.need.evidence),
	},
	"key": [gate.target, words.cluster(gate), gate.role, words.port(gate.protocol, gate.port), gate.code],
	"related": array.concat(_causes(gate.code, gate.drop, gate.source_origin), need.places(gate.need.evidence)),
} if {
	some gate in input.gates.target_security_group
	gate.code in {"missing", "dropped"}
	gate.status in {"blocked", "partial"}
}

_causes(code, drop, source) := array.concat(
	[{"at": drop, "text": "the rule that drops them"} | code == "dropped"],
	[{"at": source, "text": "where the source addresses come from"}],
)

# A message on a drop rule does not name what is covered.
_uncovered("dropped", _, uncovered) := words.brief(uncovered)

_uncovered("missing", covered, uncovered) := words.brief_after(covered, uncovered)

_case("dropped", _) := "dropped"

_case("missing", []) := "missing"

_case("missing", covered) := "partial" if count(covered) > 0
