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
#       {who} cannot reach public IPv4 addresses through SNAT entry {entry}: its address {eip} is not associated with
#       NAT gateway {gateway}.{affected}
#     other-instance: >-
#       {who} cannot reach public IPv4 addresses through SNAT entry {entry}: its address {eip} is associated with
#       {instance}, not with NAT gateway {gateway}.{affected}
#     no-eip: >-
#       {who} cannot reach public IPv4 addresses through SNAT entry {entry}: its NAT gateway {gateway} has no
#       EIP.{affected}
#   remedies:
#     not-associated: >-
#       Add an alicloud_eip_association with allocation_id = {eip_id} and instance_id = {gateway_id}, or set snat_ip
#       to an EIP that the gateway has.
#     other-instance: >-
#       Set snat_ip to an EIP that is associated with {gateway}, or associate another EIP with the gateway: an EIP
#       belongs to one instance at a time.
#     no-eip: >-
#       Add an alicloud_eip_address, associate it by an alicloud_eip_association with instance_id = {gateway_id}, and
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
	"at": entry.origin,
	"case": entry.code,
	"args": {
		"who": _who(entry.clusters),
		"entry": entry.address,
		"eip": entry.eip,
		"eip_id": words.reference(entry.eip, "id"),
		"instance": entry.instance,
		"gateway": entry.gateway,
		"gateway_id": words.reference(entry.gateway, "id"),
		"affected": need.affected(entry.need.evidence),
	},
	"key": [entry.address, entry.code, entry.eip],
	"related": need.places(entry.need.evidence),
} if {
	some entry in input.snat_entries
	entry.status == "blocked"
	entry.code in {"not-associated", "other-instance", "no-eip"}
}

_who([]) := "What it covers"

_who(clusters) := sprintf("Packets from cluster %s", [concat(", ", clusters)]) if count(clusters) > 0
