# METADATA
# scope: package
# title: An advanced security group has no egress rule for what pods need
# description: >-
#   All security groups on the interfaces that packets leave from are advanced (enterprise) groups, which deny
#   outbound traffic by default, and no rule accepts the destination.
# entrypoint: true
# related_resources:
# - ref: "https://help.aliyun.com/en/ack/ack-managed-and-ack-dedicated/user-guide/\
#     configure-security-group-rules-to-enforce-access-control-on-ack-clusters"
#   description: Alibaba Cloud, configure security group rules for ACK clusters
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/security_group
#   description: Terraform, alicloud_security_group
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/security_group_rule
#   description: Terraform, alicloud_security_group_rule
# schemas:
# - input: schema.model
# custom:
#   id: security-group-egress-missing
#   category: source
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     no-rule: >-
#       {who} cannot open any connection: security group {groups} is an advanced (enterprise) group, which denies
#       outbound traffic by default, and it has no egress rule.{affected}
#     not-covered: >-
#       {who} cannot reach {destination}: security group {groups} is an advanced (enterprise) group, which denies
#       outbound traffic by default, and no egress rule accepts this.{affected}
#   remedies:
#     no-rule: >-
#       Add an alicloud_security_group_rule with type = "egress", policy = "accept" and what the cluster needs: its
#       own CIDRs, 100.64.0.0/10 for Alibaba Cloud's services, and the destinations of its workloads; or cidr_ip =
#       "0.0.0.0/0" for all.
#     not-covered: >-
#       Add an alicloud_security_group_rule with type = "egress", policy = "accept", ip_protocol and port_range for
#       {port}, and the address of {destination} in cidr_ip.
#   help:
#     effect: >-
#       A basic security group allows outbound traffic unless a rule drops it. An advanced one (`security_group_type =
#       "enterprise"`) denies it unless a rule accepts it. The console adds a rule that allows everything when it
#       creates an advanced group; Terraform does not. All groups of an interface count together.
#     fix: |
#       ```hcl
#       resource "alicloud_security_group_rule" "egress" {
#         security_group_id = alicloud_security_group.pod.id
#         type              = "egress"
#         policy            = "accept"
#         ip_protocol       = "all"
#         port_range        = "-1/-1"
#         cidr_ip           = "0.0.0.0/0" # the destination, for an egress rule
#       }
#       ```
#     levels: >-
#       Error if the group has no egress rule at all, or if a workload is known to need the destination; warning if
#       that is only inferred from a name.
#     silent: >-
#       When one of the groups is a basic one; when a group, or anything that may add a rule to it, is not in the
#       scanned files; when the destination's address is not known.
package egresslint.rules.source["security-group-egress-missing"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"level": verdict.level,
	"case": gate.code,
	"args": {
		"who": words.interfaces(gate.role, words.cluster(gate)),
		"groups": gate.groups,
		"destination": gate.destination,
		"port": words.port(gate.protocol, gate.port),
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
	gate.code == "no-rule"
}

_verdicts contains {"gate": i, "level": level} if {
	some i, gate in input.gates.security_group
	gate.code == "not-covered"
	level := need.level(gate.need.strength)
}
