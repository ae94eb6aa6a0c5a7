# METADATA
# scope: package
# title: SNAT entries are on a NAT gateway that leads nowhere for these pods
# description: >-
#   The SNAT entries for the cluster's vSwitches are on a NAT gateway that cannot take them to the Internet: a VPC
#   (intranet) NAT gateway, or one in another VPC.
# entrypoint: true
# related_resources:
# - ref: https://www.alibabacloud.com/help/en/nat-gateway/user-guide/public-network-nat-gateway/
#   description: Alibaba Cloud, Internet NAT gateways
# - ref: https://www.alibabacloud.com/help/en/nat-gateway/developer-reference/api-vpc-2016-04-28-createsnatentry-natgws
#   description: Alibaba Cloud, CreateSnatEntry
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/nat_gateway
#   description: Terraform, alicloud_nat_gateway (network_type)
# schemas:
# - input: schema.model
# custom:
#   id: nat-gateway-unusable
#   category: internet
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     intranet: >-
#       {who} cannot reach public IPv4 addresses: this SNAT entry covers {covers}, but its NAT gateway {gateway} is a
#       VPC NAT gateway (network_type = "intranet"), which translates to private addresses and does not lead to the
#       Internet.{affected}
#     other-vpc: >-
#       {who} cannot reach public IPv4 addresses: this SNAT entry is for {covers}, but its NAT gateway {gateway} is in
#       another VPC, which packets of this cluster never get to.{affected}
#   remedies:
#     intranet: >-
#       Move the entry to an Internet NAT gateway: an alicloud_nat_gateway with network_type = "internet" (the
#       default) and an EIP of its own. If the cluster is meant to have no way to the Internet, say so: internet:
#       false for it under clusters in .egresslint.yaml.
#     other-vpc: >-
#       Set snat_table_id to the table of an Internet NAT gateway in the cluster's own VPC, and snat_ip to one of that
#       gateway's EIPs.
#   help:
#     effect: >-
#       Only an Internet NAT gateway translates to public addresses, with the EIPs that are associated with it. A VPC
#       NAT gateway translates to private ones, for networks whose addresses overlap. And a NAT gateway serves the
#       vSwitches of its own VPC: an entry for a vSwitch of another one is refused, or no packet ever matches it.
#     fix: |
#       ```hcl
#       resource "alicloud_nat_gateway" "main" {
#         vpc_id       = alicloud_vpc.main.id # the VPC of the cluster's vSwitches
#         vswitch_id   = alicloud_vswitch.nat.id
#         nat_type     = "Enhanced"
#         network_type = "internet"
#       }
#       ```
#     levels: >-
#       Error. For a VPC NAT gateway a warning if no workload is known to need a public IPv4 address, or if that is
#       only inferred from a name: private translation may be all that is meant.
#     silent: >-
#       When another entry for the same vSwitch is on a usable gateway; when the NAT gateway, its network_type or its
#       VPC is not in the scanned files; and, for a VPC NAT gateway without a known need, when the configuration says
#       `internet: false` or every scanned workload has its own way out.
package egresslint.rules.internet["nat-gateway-unusable"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.translation,
	"level": verdict.level,
	"case": gate.gateway_code,
	"args": {
		"who": words.interfaces(gate.role, words.cluster(gate)),
		"covers": words.brief(gate.translation_covers),
		"gateway": gate.gateway_name,
		"affected": need.affected(gate.need.evidence),
	},
	"key": [words.cluster(gate), gate.role, gate.gateway_name, gate.gateway_code],
	"related": array.concat(
		[
			{"at": gate.gateway, "text": "the NAT gateway"},
			{"at": gate.origin, "text": "the vSwitches that packets leave from"},
		],
		need.places(gate.need.evidence),
	),
} if {
	some verdict in _verdicts
	gate := input.gates.nat[verdict.gate]
}

# An entry for a vSwitch of another VPC does nothing at all, whoever may need it.
_verdicts contains {"gate": i, "level": "error"} if {
	some i in _closed
	input.gates.nat[i].gateway_code == "other-vpc"
	not i in _told
}

_verdicts contains {"gate": i, "level": level} if {
	some i in _closed
	gate := input.gates.nat[i]
	gate.gateway_code == "intranet"
	level := need.level(gate.need.strength)
}

# One on a VPC NAT gateway may be all that is meant.
_verdicts contains {"gate": i, "level": "warning"} if {
	some i in _closed
	gate := input.gates.nat[i]
	gate.gateway_code == "intranet"
	gate.need.strength == "none"
	not need.meant(gate)
	not i in _told
}

_closed contains i if {
	some i, gate in input.gates.nat
	gate.code == "gateway-unusable"
	gate.status in {"blocked", "partial"}
}

# Nobody is known to need these, and the same entry is at fault for ordinary pods.
_told contains i if {
	some i in _closed
	gate := input.gates.nat[i]
	not gate.primary
	gate.need.strength == "none"
	gate.translation.ref in {input.gates.nat[j].translation.ref | some j in _closed; input.gates.nat[j].primary}
}
