# METADATA
# title: Pods have no SNAT entry for the Internet
# description: >-
#   A vSwitch that pods send packets from is in no SNAT entry of an Internet NAT gateway in its VPC, so that nothing
#   in it can open a connection to a public IPv4 address.
# related_resources:
#   - description: Compare Terway and Flannel
#     ref: https://help.aliyun.com/zh/ack/ack-managed-and-ack-dedicated/user-guide/comparison-between-terway-and-flannel
#   - description: CreateSnatEntry
#     ref: https://www.alibabacloud.com/help/en/nat-gateway/developer-reference/api-vpc-2016-04-28-createsnatentry-natgws
# schemas:
#   - input: schema.model
# custom:
#   id: snat-missing
#   category: internet
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     partial: >-
#       Some pods of cluster {cluster} cannot reach public IPv4 addresses: {reason}, and no SNAT entry covers
#       {uncovered}, while {covered} can get out.{stopped}
#     needed: >-
#       Pods of cluster {cluster} cannot reach public IPv4 addresses: {reason}, and no SNAT entry of NAT gateway
#       {gateway} covers {uncovered}.{stopped}
#     needed-no-gateway: >-
#       Pods of cluster {cluster} cannot reach public IPv4 addresses: {reason}, and the VPC has no NAT gateway
#       with an SNAT entry for {uncovered}.{stopped}
#     latent: >-
#       Pods of cluster {cluster} cannot reach public IPv4 addresses: {reason}, and no SNAT entry of NAT gateway
#       {gateway} covers {uncovered}.
#     latent-no-gateway: >-
#       Pods of cluster {cluster} cannot reach public IPv4 addresses: {reason}, and the VPC has no NAT gateway
#       with an SNAT entry for {uncovered}.
#   remedies:
#     partial: >-
#       Pods can be placed in any of the vSwitches, so each needs an entry: add an alicloud_snat_entry with
#       source_vswitch_id = {ids}, or one whose source_cidr contains all of them.
#     needed: >-
#       Add an alicloud_snat_entry with source_vswitch_id = {ids}, one for each vSwitch, or one whose source_cidr
#       contains all of them.
#     needed-no-gateway: >-
#       Add an alicloud_nat_gateway to the VPC, bind an EIP to it with alicloud_eip_association, and add an
#       alicloud_snat_entry with source_vswitch_id = {ids}, one for each vSwitch.
#     latent: >-
#       Add an alicloud_snat_entry with source_vswitch_id = {ids}, one for each vSwitch. If the cluster is meant
#       to have no Internet access, say so with internet: false under clusters in .egresslint.yaml.
#     latent-no-gateway: >-
#       Add an alicloud_nat_gateway with an EIP and an alicloud_snat_entry with source_vswitch_id = {ids}, one for
#       each vSwitch. If the cluster is meant to have no Internet access, say so with internet: false under
#       clusters in .egresslint.yaml.
#   help: placeholder
package egresslint.rules.internet["snat-missing"]

import data.egresslint.lib.need
import data.egresslint.lib.source

violation contains {
	"at": gate.origin,
	"level": verdict.level,
	"case": verdict.case,
	"args": {
		"cluster": gate.cluster_name,
		"reason": source.reason(gate.plugin, gate.role),
		"uncovered": gate.uncovered,
		"covered": gate.covered,
		"gateway": gate.gateway_name,
		"ids": [source.vswitch_id(v.name) | some v in gate.vswitches; v.status == "blocked"],
		"stopped": need.sentence(gate.need.evidence),
	},
	"key": array.concat([gate.cluster_name], [v.name | some v in gate.vswitches; v.status == "blocked"]),
	"related": array.concat(
		[{"at": gate.gateway, "text": "the NAT gateway"}],
		need.places(gate.need.evidence),
	),
} if {
	some gate in input.internet_access
	gate.primary
	gate.code == "missing"
	gate.status in {"blocked", "partial"}
	verdict := judge(gate)
}

# As soon as one vSwitch has an entry, the others were meant to have one.
judge(gate) := {"case": "partial", "level": "error"} if {
	count(gate.covered) > 0
	not meant(gate)
}

judge(gate) := {"case": named(gate, "needed"), "level": need.level(gate.need.strength)} if count(gate.covered) == 0

judge(gate) := {"case": named(gate, "latent"), "level": "warning"} if {
	count(gate.covered) == 0
	gate.need.strength == "none"
	not meant(gate)
}

# The cluster is private by declaration, or all its workloads have a way out of their own.
meant(gate) if {
	gate.need.strength == "none"
	gate.intent == "no"
}

meant(gate) if {
	gate.need.strength == "none"
	gate.all_served
}

named(gate, name) := name if gate.gateway_name != ""

named(gate, name) := concat("", [name, "-no-gateway"]) if gate.gateway_name == ""
