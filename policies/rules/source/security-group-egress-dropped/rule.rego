# METADATA
# scope: package
# title: A security group drops outbound traffic that pods need
# description: >-
#   An egress rule with the policy drop covers the destination, and no accept rule has a smaller priority number. At
#   equal priority, drop wins.
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
#   id: security-group-egress-dropped
#   category: source
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     dropped: &dropped >-
#       {who} cannot reach {destination}: this rule of security group {groups} drops it with priority {priority}, and
#       no accept rule has a smaller number.{affected}
#     drops-all: &drops-all >-
#       {who} cannot open any connection: this rule of security group {groups} drops all outbound traffic with
#       priority {priority}, and no accept rule has a smaller number.{affected}
#     drops-platform: &drops-platform >-
#       {who} cannot reach {destination}, where Alibaba Cloud's own services are (name resolution, image registry, OSS,
#       metadata): this rule of security group {groups} drops it with priority {priority}.{affected}
#     dropped-first: *dropped
#     drops-all-first: *drops-all
#     drops-platform-first: *drops-platform
#   remedies:
#     dropped: >-
#       Narrow or remove {rule}, or give it a larger priority number than an accept rule for {destination} (1 comes
#       first, 100 last; at equal numbers drop wins).
#     drops-all: >-
#       Remove {rule}, or give it a larger priority number than accept rules for what the cluster needs (1 comes
#       first, 100 last; at equal numbers drop wins).
#     drops-platform: >-
#       Narrow {rule}, or give it a larger priority number than accept rules for 100.64.0.0/10, 100.100.2.136/32 and
#       100.100.2.138/32 (1 comes first, 100 last; at equal numbers drop wins).
#     dropped-first: >-
#       Narrow or remove {rule}, or set its priority to 100 and add an accept rule for {destination} with a smaller
#       number. Priority 1 comes before every accept rule, because at equal numbers drop wins.
#     drops-all-first: >-
#       Remove {rule}, or set its priority to 100 and add accept rules for what the cluster needs with smaller numbers.
#       Priority 1 comes before every accept rule, because at equal numbers drop wins.
#     drops-platform-first: >-
#       Narrow {rule}, or set its priority to 100 and add accept rules for 100.64.0.0/10, 100.100.2.136/32 and
#       100.100.2.138/32 with smaller numbers. Priority 1 comes before every accept rule, because at equal numbers drop
#       wins.
#   help:
#     effect: >-
#       The rules of all security groups on an interface are taken together. The smallest priority number decides, and
#       among equal numbers drop beats accept. The default priority in Terraform is 1, the strongest: a drop rule
#       without `priority` beats every accept rule.
#     fix: |
#       ```hcl
#       resource "alicloud_security_group_rule" "deny_rest" {
#         security_group_id = alicloud_security_group.pod.id
#         type              = "egress"
#         policy            = "drop"
#         priority          = 100 # after every accept rule
#         ip_protocol       = "all"
#         port_range        = "-1/-1"
#         cidr_ip           = "0.0.0.0/0"
#       }
#       ```
#
#       ACK nodes and pods need 100.64.0.0/10 and the resolvers 100.100.2.136 and 100.100.2.138.
#     levels: >-
#       Error; warning if the need for the destination is only inferred from a name. Rules that drop everything, or
#       what the platform itself needs, are errors without a known need.
#     silent: >-
#       When an accept rule with a smaller priority number covers the destination; when the rules of a group are not
#       all in the scanned files; when the destination's address is not known.
package egresslint.rules.source["security-group-egress-dropped"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"level": verdict.level,
	"case": _case(gate.code, gate.priority),
	"args": {
		"who": words.interfaces(gate.role, words.cluster(gate)),
		"groups": gate.groups,
		"destination": gate.destination,
		"rule": gate.rule,
		"priority": gate.priority,
		"affected": need.affected_by(gate.need.evidence, gate.destination),
	},
	"key": array.concat([words.cluster(gate), gate.code], sort(array.concat([gate.destination], gate.also))),
	"related": array.concat(
		[{"at": gate.cause, "text": "what puts the group on the interfaces"}],
		need.places(gate.need.evidence),
	),
} if {
	some verdict in _verdicts
	gate := input.gates.security_group[verdict.gate]
}

_verdicts contains {"gate": i, "level": "error"} if {
	some i, gate in input.gates.security_group
	gate.code in {"drops-all", "drops-platform"}
}

_verdicts contains {"gate": i, "level": level} if {
	some i, gate in input.gates.security_group
	gate.code == "dropped"
	level := need.level(gate.need.strength)
}

# Nothing comes before a drop with the smallest number, so that it has to move itself.
_case(code, 1) := concat("", [code, "-first"])

_case(code, priority) := code if priority > 1
