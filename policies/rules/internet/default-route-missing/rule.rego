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
#       Pods of cluster {cluster} in {vswitches} cannot reach public IPv4 addresses: this attachment puts them on
#       route table {table}, which has no route for 0.0.0.0/0, so that no packet gets to NAT gateway
#       {gateway}.{affected}
#     other-gateway: >-
#       Pods of cluster {cluster} in {vswitches} cannot reach public IPv4 addresses: this attachment puts them on
#       route table {table}, whose route for 0.0.0.0/0 leads to a NAT gateway without an SNAT entry for them; their
#       entry is on {gateway}.{affected}
#   remedies:
#     no-default-route: >-
#       Add an alicloud_route_entry to {table} with destination_cidrblock = "0.0.0.0/0", nexthop_type = "NatGateway"
#       and nexthop_id = {gateway_id}, or leave the vSwitches on the system route table, where the first NAT gateway
#       of a VPC adds that route by itself.
#     other-gateway: >-
#       Set nexthop_id = {gateway_id} in the route of {table}, or add an alicloud_snat_entry for the vSwitches to the
#       gateway that the route leads to.
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
#     levels: Always an error. The SNAT entry says that the vSwitch is meant to reach the Internet.
#     silent: >-
#       On the system route table; when the route for 0.0.0.0/0 leads elsewhere (a firewall, a transit router, a VPC
#       peer: that way is not modelled); when the route table or its entries are not in the scanned files; when the
#       vSwitch has no SNAT entry, which the SNAT rules tell.
package egresslint.rules.internet["default-route-missing"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"case": gate.code,
	"args": {
		"cluster": gate.cluster_name,
		"vswitches": words.brief(gate.vswitches),
		"table": gate.table,
		"gateway": gate.gateway,
		"gateway_id": words.reference(gate.gateway, "id"),
		"affected": need.affected(gate.need.evidence),
	},
	"key": [gate.cluster_name, gate.table, gate.code],
	"related": array.concat(
		[{"at": gate.entry, "text": _entries[gate.code]}],
		need.places(gate.need.evidence),
	),
} if {
	some gate in input.route_blocks
	gate.code in object.keys(_entries)
}

# What the gate's entry is.
_entries := {
	"no-default-route": "the SNAT entry",
	"other-gateway": "the route that leads to the other gateway",
}
