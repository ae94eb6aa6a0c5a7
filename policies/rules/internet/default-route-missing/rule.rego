# METADATA
# scope: package
# title: A custom route table has no route to the NAT gateway
# description: >-
#   A vSwitch that pods leave from has an SNAT entry, but its custom route table has no route for 0.0.0.0/0, or one
#   that leads to a NAT gateway without an entry for it.
# entrypoint: true
# related_resources:
# - ref: https://www.alibabacloud.com/help/en/nat-gateway/developer-reference/api-vpc-2016-04-28-createsnatentry-natgws
#   description: Alibaba Cloud, CreateSnatEntry
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/route_entry
#   description: Terraform, alicloud_route_entry
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/route_table_attachment
#   description: Terraform, alicloud_route_table_attachment
# schemas:
# - input: schema.model
# custom:
#   id: default-route-missing
#   category: internet
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     no-default-route: >-
#       {who} in {vswitches} cannot reach public IPv4 addresses: this puts them on {tables}, where no route for
#       0.0.0.0/0 leads to NAT gateway {gateway}, which has their SNAT entry.{affected}
#     other-gateway: >-
#       {who} in {vswitches} cannot reach public IPv4 addresses: this puts them on {tables}, whose route for 0.0.0.0/0
#       leads to a NAT gateway without an SNAT entry for them; their entry is on {gateway}.{affected}
#     no-way: &no_way >-
#       {who} in {vswitches} cannot reach public IPv4 addresses: this puts them on {tables}, where no route for
#       0.0.0.0/0 leads to a NAT gateway, and no SNAT entry covers them.{affected}
#     no-way-latent: *no_way
#   remedies:
#     no-default-route: >-
#       Add an alicloud_route_entry to {tables} with destination_cidrblock = "0.0.0.0/0", nexthop_type = "NatGateway"
#       and nexthop_id = {gateway_id}, or leave the vSwitches on the system route table, where the first NAT gateway
#       of a VPC adds that route by itself.
#     other-gateway: >-
#       Set nexthop_id = {gateway_id} in the route of {tables}, or add an alicloud_snat_entry for the vSwitches to the
#       gateway that the route leads to.
#     no-way: >-
#       Add an alicloud_route_entry to {tables} with destination_cidrblock = "0.0.0.0/0", nexthop_type = "NatGateway"
#       and the id of an Internet NAT gateway as nexthop_id, and give that gateway an alicloud_snat_entry with
#       source_vswitch_id = {ids}{each}.
#     no-way-latent: >-
#       Add an alicloud_route_entry to {tables} with destination_cidrblock = "0.0.0.0/0", nexthop_type = "NatGateway"
#       and the id of an Internet NAT gateway as nexthop_id, and give that gateway an alicloud_snat_entry with
#       source_vswitch_id = {ids}{each}. If the cluster is meant to have no way to the Internet, say so: internet:
#       false for it under clusters in .egresslint.yaml.
#   help:
#     effect: >-
#       An SNAT entry works only for packets that reach the NAT gateway. The first Internet NAT gateway of a VPC adds
#       a route for 0.0.0.0/0 to the system route table, and to that one only. vSwitches that an
#       `alicloud_route_table_attachment` puts on a custom table need the route there.
#     fix: |
#       ```hcl
#       resource "alicloud_route_entry" "internet" {
#         route_table_id        = alicloud_route_table.pod.id
#         destination_cidrblock = "0.0.0.0/0"
#         nexthop_type          = "NatGateway"
#         nexthop_id            = alicloud_nat_gateway.main.id
#       }
#       ```
#     levels: >-
#       Error for a vSwitch with an SNAT entry, which says that it is meant to reach the Internet, and for one without
#       if a workload is known to need a public IPv4 address or if other vSwitches have an entry; else warning.
#     silent: >-
#       On the system route table; when the route for 0.0.0.0/0 leads elsewhere (a firewall, a transit router, a VPC
#       peer: that way is not modelled); when every known requirement is for an address that a route of its own leads
#       to the NAT gateway; when the route table or its entries are not in the scanned files; for node vSwitches
#       beside pod vSwitches, unless a hostNetwork workload is known to need the Internet; and, without an SNAT entry
#       and a known need, when the configuration says `internet: false` or every scanned workload has its own way out.
package egresslint.rules.internet["default-route-missing"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"level": verdict.level,
	"case": verdict.case,
	"args": {
		"who": words.interfaces(gate.role, words.cluster(gate)),
		"vswitches": words.brief(gate.segments),
		"tables": words.brief(gate.tables),
		"gateway": gate.gateway,
		"gateway_id": words.reference(gate.gateway, "id"),
		"ids": words.ids(gate.segments),
		"each": words.each(gate.segments),
		"affected": need.affected(gate.need.evidence),
	},
	"key": array.concat([words.cluster(gate), gate.code], sort(gate.tables)),
	"related": array.concat(
		[{"at": gate.cause, "text": text} | some code, text in _entries; code == gate.code],
		need.places(gate.need.evidence),
	),
} if {
	some verdict in _verdicts
	gate := input.gates.route[verdict.gate]
}

# An entry for the vSwitch says that it is meant to reach the Internet.
_verdicts contains {"gate": i, "case": gate.code, "level": "error"} if {
	some i, gate in input.gates.route
	gate.code in object.keys(_entries)
	gate.primary
}

_verdicts contains {"gate": i, "case": gate.code, "level": level} if {
	some i, gate in input.gates.route
	gate.code in object.keys(_entries)
	not gate.primary
	level := need.level(gate.need.strength)
}

# Where some vSwitches have an entry, the others were meant to have one.
_verdicts contains {"gate": i, "case": "no-way", "level": "error"} if {
	some i in _without_entry
	input.gates.route[i].partial
	not need.meant(input.gates.route[i])
}

_verdicts contains {"gate": i, "case": "no-way", "level": level} if {
	some i in _without_entry
	gate := input.gates.route[i]
	not gate.partial
	level := need.level(gate.need.strength)
}

_verdicts contains {"gate": i, "case": "no-way-latent", "level": "warning"} if {
	some i in _without_entry
	gate := input.gates.route[i]
	not gate.partial
	gate.need.strength == "none"
	not need.meant(gate)
}

_without_entry contains i if {
	some i, gate in input.gates.route
	gate.code == "no-way"
}

# What the gate's entry is.
_entries := {
	"no-default-route": "the SNAT entry",
	"other-gateway": "the route that leads to the other gateway",
}
