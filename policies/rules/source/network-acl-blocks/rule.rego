# METADATA
# scope: package
# title: A network ACL drops packets that pods need, or the replies
# description: >-
#   The network ACL of a vSwitch that packets leave from drops them on the way out, or drops the replies on the way in:
#   network ACLs are stateless and judge both directions by themselves.
# entrypoint: true
# related_resources:
# - ref: https://www.alibabacloud.com/help/en/vpc/network-acl-overview
#   description: Alibaba Cloud, network ACLs
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/network_acl
#   description: Terraform, alicloud_network_acl
# schemas:
# - input: schema.model
# custom:
#   id: network-acl-blocks
#   category: source
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     egress: >-
#       {who} cannot reach {destination} from {vswitches}: network ACL {acl} tries its outbound entries in their order,
#       and this one ({entry}) drops the packets.{affected}
#     ingress: >-
#       {who} get no replies from {destination} in {vswitches}: a network ACL is stateless, and this inbound entry of
#       {acl} ({entry}) drops the replies, which arrive at the ports 32768 to 60999 of the client.{affected}
#   remedies:
#     egress: >-
#       Put before this entry an egress_acl_entries block with policy = "accept", protocol = "{protocol}", and port and
#       destination_cidr_ip for {destination}, or narrow this entry.
#     ingress: >-
#       Put before this entry an ingress_acl_entries block with policy = "accept", protocol = "{protocol}", port =
#       "1024/65535" and source_cidr_ip for {destination}, or narrow this entry.
#   help:
#     effect: >-
#       A network ACL filters what passes the border of a vSwitch. The first entry that matches decides, in the order of
#       the list. It keeps no state: the reply to a packet that went out has to be accepted on its own, and its
#       destination port is the one that the client picked, on Linux from 32768 to 60999. Dropped packets leave no
#       trace, and the connection times out.
#     fix: |
#       ```hcl
#       resource "alicloud_network_acl" "pod" {
#         vpc_id = alicloud_vpc.main.id
#
#         egress_acl_entries {
#           policy              = "accept"
#           protocol            = "tcp"
#           port                = "443/443"
#           destination_cidr_ip = "0.0.0.0/0"
#         }
#
#         ingress_acl_entries { # the replies
#           policy         = "accept"
#           protocol       = "tcp"
#           port           = "1024/65535"
#           source_cidr_ip = "0.0.0.0/0"
#         }
#
#         # entries that drop come after those that accept
#       }
#       ```
#     levels: Error; warning if the need for the destination is only inferred from a name.
#     silent: >-
#       When an entry before it accepts a part of the packets; when no entry matches, because the ACL's default entries
#       are not in the files; when the ACL, an entry or the destination's address is not known; inside one vSwitch,
#       which an ACL does not filter.
package egresslint.rules.source["network-acl-blocks"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"level": need.level(gate.need.strength),
	"case": gate.direction,
	"args": {
		"who": words.interfaces(gate.role, words.cluster(gate)),
		"destination": gate.destination,
		"vswitches": words.brief(gate.segments),
		"acl": gate.acl,
		"entry": gate.entry,
		"protocol": lower(gate.protocol),
		"affected": need.affected_by(gate.need.evidence, gate.destination),
	},
	"key": array.concat(
		[words.cluster(gate), gate.acl, gate.direction],
		sort(array.concat([gate.destination], gate.also)),
	),
	"related": need.places(gate.need.evidence),
} if {
	some gate in input.gates.network_acl
	gate.direction in {"egress", "ingress"}
}
