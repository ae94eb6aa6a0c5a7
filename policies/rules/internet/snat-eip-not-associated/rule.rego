# METADATA
# scope: package
# title: An SNAT entry uses an address that its NAT gateway does not have
# description: >-
#   The public address of an SNAT entry is not an EIP associated with the NAT gateway that owns the entry's table, or
#   the gateway has no EIP at all.
# entrypoint: true
# related_resources:
# - ref: https://www.alibabacloud.com/help/en/nat-gateway/developer-reference/api-vpc-2016-04-28-createsnatentry-natgws
#   description: Alibaba Cloud, CreateSnatEntry
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/eip_association
#   description: Terraform, alicloud_eip_association
# schemas:
# - input: schema.model
# custom:
#   id: snat-eip-not-associated
#   category: internet
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     not-associated: >-
#       {who} cannot reach public IPv4 addresses through {entries}: {addresses} {eips} {are} not associated with NAT
#       gateway {gateways}.{besides}{affected}
#     other-instance: >-
#       {who} cannot reach public IPv4 addresses through {entries}: {addresses} {eips} {are} associated with
#       {instances}, not with NAT gateway {gateways}.{besides}{affected}
#     no-eip: >-
#       {who} cannot reach public IPv4 addresses through {entries}: NAT gateway {gateways} has no
#       EIP.{besides}{affected}
#   remedies:
#     not-associated: >-
#       Add an alicloud_eip_association with allocation_id = {eip_ids} and instance_id = {gateway_ids}, or set snat_ip
#       to an EIP that the gateway has.
#     other-instance: >-
#       Set snat_ip to an EIP that is associated with {gateways}, or associate another EIP with the gateway: an EIP
#       belongs to one instance at a time.
#     no-eip: >-
#       Add an alicloud_eip_address, associate it by an alicloud_eip_association with instance_id = {gateway_ids}, and
#       set snat_ip to its ip_address.
#   help:
#     effect: >-
#       An SNAT entry replaces the private source address by the addresses in `snat_ip`. Those have to be EIPs of the
#       same NAT gateway: with any other address the entry is refused by the API or translates nothing, and everything
#       behind it has no way to public addresses.
#     fix: |
#       ```hcl
#       resource "alicloud_eip_association" "nat" {
#         allocation_id = alicloud_eip_address.nat.id
#         instance_id   = alicloud_nat_gateway.main.id
#       }
#
#       resource "alicloud_snat_entry" "pod" {
#         depends_on        = [alicloud_eip_association.nat]
#         snat_table_id     = alicloud_nat_gateway.main.snat_table_ids
#         source_vswitch_id = alicloud_vswitch.pod.id
#         snat_ip           = alicloud_eip_address.nat.ip_address
#       }
#       ```
#     levels: Always an error.
#     silent: >-
#       When the EIP, its association or the NAT gateway is not in the scanned files, or when the value of `snat_ip`
#       is not known.
package egresslint.rules.internet["snat-eip-not-associated"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": group[0].origin,
	"case": _case({entry.code | some entry in group}),
	"args": {
		"who": _who(clusters),
		"entries": array.concat([concat(" ", ["SNAT entry", brief[0]])], array.slice(brief, 1, count(brief))),
		"addresses": _by_number(eips, "its address", "the addresses"),
		"are": _by_number(eips, "is", "are"),
		"eips": words.brief(eips),
		"eip_ids": [words.reference(eip, "id") | some eip in eips],
		"instances": sort({entry.attached_to | some entry in group; entry.attached_to != ""}),
		"gateways": words.brief(gateways),
		"gateway_ids": [words.reference(gateway, "id") | some gateway in gateways],
		"besides": _besides({cluster | some entry in group; some cluster in entry.wrong_for}),
		"affected": need.affected(evidence),
	},
	"key": array.concat(addresses, causes),
	"related": need.places(evidence),
} if {
	some indexes in _groups
	group := [entry | some i in indexes; entry := input.translations[i]]
	addresses := [entry.address | some entry in group]
	brief := words.brief(addresses)
	eips := sort({entry.public_address | some entry in group})
	causes := array.concat(sort({entry.code | some entry in group}), eips)
	gateways := sort({entry.gateway | some entry in group})
	clusters := sort({cluster | some entry in group; some cluster in entry.clusters})
	evidence := _evidence(indexes)
}

# The entries at fault by their place: the instances of one block are one fault.
_groups := [group |
	some i in _blocked
	group := [j | some j in _blocked; _place(j) == _place(i)]
	group[0] == i
]

_blocked := [i |
	some i, entry in input.translations
	entry.status == "blocked"
	entry.code in {"not-associated", "other-instance", "no-eip"}
]

_place(i) := [entry.origin.file, entry.origin.line, entry.origin.column] if entry := input.translations[i]

# The requirements of several entries, each once.
_evidence(indexes) := [e | some i, e in found; _first(found, i)] if {
	found := [e | some j in indexes; some e in input.translations[j].need.evidence]
}

_first(list, i) if {
	before := array.slice(list, 0, i)
	not list[i] in before
}

# What is true of all, where the reasons differ.
_case(codes) := code if {
	count(codes) == 1
	some code in codes
}

_case(codes) := "not-associated" if count(codes) > 1

_who([]) := "What it covers"

_who(clusters) := sprintf("Packets from cluster %s", [concat(", ", clusters)]) if count(clusters) > 0

_by_number([_], one, _) := one

_by_number(list, _, several) := several if count(list) != 1

_besides(clusters) := "" if count(clusters) == 0

_besides(clusters) := sprintf(
	" Besides, pods of cluster %s do not leave from what it covers.",
	[concat(", ", sort(clusters))],
) if {
	count(clusters) > 0
}
