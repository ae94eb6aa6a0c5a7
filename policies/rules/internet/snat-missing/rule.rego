# METADATA
# scope: package
# title: No SNAT entry covers a vSwitch that pods leave from
# description: >-
#   A vSwitch that pods send their packets from is in no SNAT entry of an Internet NAT gateway of its VPC, so that
#   nothing in it can open a connection to a public IPv4 address.
# entrypoint: true
# related_resources:
# - ref: https://help.aliyun.com/zh/ack/ack-managed-and-ack-dedicated/user-guide/comparison-between-terway-and-flannel
#   description: Alibaba Cloud, comparison between Terway and Flannel
# - ref: https://www.alibabacloud.com/help/en/nat-gateway/developer-reference/api-vpc-2016-04-28-createsnatentry-natgws
#   description: Alibaba Cloud, CreateSnatEntry
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/snat_entry
#   description: Terraform, alicloud_snat_entry
# schemas:
# - input: schema.model
# custom:
#   id: snat-missing
#   category: internet
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     partial: >-
#       Some pods of cluster {cluster} cannot reach public IPv4 addresses: {source}, and no SNAT entry covers
#       {uncovered}, while {covered} can get out.{affected}
#     needed: >-
#       Pods of cluster {cluster} cannot reach public IPv4 addresses: {source}, and no SNAT entry of {gateway} covers
#       {uncovered}.{affected}
#     needed-no-gateway: >-
#       Pods of cluster {cluster} cannot reach public IPv4 addresses: {source}, and the VPC has no NAT gateway with an
#       SNAT entry for {uncovered}.{affected}
#     latent: >-
#       Pods of cluster {cluster} cannot reach public IPv4 addresses: {source}, and no SNAT entry of {gateway} covers
#       {uncovered}.
#     latent-no-gateway: >-
#       Pods of cluster {cluster} cannot reach public IPv4 addresses: {source}, and the VPC has no NAT gateway with an
#       SNAT entry for {uncovered}.
#     nodes: >-
#       hostNetwork pods of cluster {cluster} cannot reach public IPv4 addresses: {source}, and no SNAT entry covers
#       {uncovered}.{affected}
#   remedies:
#     partial: >-
#       Packets may leave from any of these vSwitches, so each needs an entry: add an alicloud_snat_entry with
#       source_vswitch_id = {ids}{each_or_cidr}.
#     needed: >-
#       Add an alicloud_snat_entry with source_vswitch_id = {ids}{each_or_cidr}.
#     needed-no-gateway: >-
#       Add an alicloud_nat_gateway to the VPC, associate an EIP with it (alicloud_eip_association), and add an
#       alicloud_snat_entry with source_vswitch_id = {ids}{each}.
#     latent: >-
#       Add an alicloud_snat_entry with source_vswitch_id = {ids}{each}. If the cluster is meant to have no way to the
#       Internet, say so: internet: false for it under clusters in .egresslint.yaml.
#     latent-no-gateway: >-
#       Add an alicloud_nat_gateway with an EIP, and an alicloud_snat_entry with source_vswitch_id = {ids}{each}. If
#       the cluster is meant to have no way to the Internet, say so: internet: false for it under clusters in
#       .egresslint.yaml.
#     nodes: >-
#       Add an alicloud_snat_entry with source_vswitch_id = {ids}{each_or_cidr} to an Internet NAT gateway of the VPC.
#   help:
#     effect: >-
#       A NAT gateway translates only packets from the vSwitches and CIDRs that its SNAT entries name. Under Terway a
#       packet leaves with the pod's address, so the pod vSwitches need entries; under Flannel it leaves with the
#       node's address, so the node vSwitches do. From a vSwitch without an entry, connections to public addresses
#       time out. If only some vSwitches have an entry, it depends on the zone a pod was scheduled to: the usual
#       reason for a failure that comes and goes.
#     fix: |
#       One entry for each vSwitch that packets leave from:
#
#       ```hcl
#       resource "alicloud_snat_entry" "pod" {
#         for_each          = alicloud_vswitch.pod
#         snat_table_id     = alicloud_nat_gateway.main.snat_table_ids
#         source_vswitch_id = each.value.id
#         snat_ip           = alicloud_eip_address.nat.ip_address
#       }
#       ```
#
#       If the cluster is meant to have no way to the Internet, say so in `.egresslint.yaml`:
#
#       ```yaml
#       clusters:
#         - name: internal
#           internet: false
#       ```
#     levels: >-
#       Error if a workload is known to need a public IPv4 address, or if some of the vSwitches are covered and others
#       are not; warning if the need is only inferred from a name, or if no need is known.
#     silent: >-
#       When pods have a working way out of their own, such as an EIP that serves this network plug-in; when the route
#       table leads public traffic elsewhere (a firewall, a transit router, a VPC peer); when the VPC, its vSwitches
#       or its NAT gateway are not in the scanned files; when the cluster creates its own NAT gateway
#       (`new_nat_gateway`) for the vSwitches it names; for node vSwitches beside pod vSwitches, unless the latter are
#       not all covered either and a hostNetwork workload is known to need the Internet; and, without a known need,
#       when the configuration says `internet: false` or every scanned workload has its own way out.
package egresslint.rules.internet["snat-missing"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"level": verdict.level,
	"case": verdict.case,
	"args": {
		"cluster": words.cluster(gate),
		"source": words.source(gate.plugin, gate.role),
		"uncovered": words.brief(gate.uncovered),
		"covered": words.brief_after(gate.uncovered, gate.covered),
		"gateway": gate.gateway_name,
		"ids": words.ids(gate.uncovered),
		"each": words.each(gate.uncovered),
		"each_or_cidr": words.each_or_cidr(gate.uncovered),
		"affected": need.affected(gate.need.evidence),
	},
	"key": array.concat([words.cluster(gate)], sort(uncovered)),
	"related": array.concat(
		[{"at": gate.gateway, "text": "the NAT gateway"}],
		need.places(gate.need.evidence),
	),
} if {
	some verdict in _verdicts
	gate := input.gates.nat[verdict.gate]
	uncovered := [words.name(label) | some label in gate.uncovered]
}

# Where some vSwitches have an entry, the others were meant to have one.
_verdicts contains {"gate": i, "case": "partial", "level": "error"} if {
	some i in _closed
	count(input.gates.nat[i].covered) > 0
	not need.meant(input.gates.nat[i])
}

_verdicts contains {"gate": i, "case": _variant("needed", gate.gateway_name), "level": level} if {
	some i in _closed
	gate := input.gates.nat[i]
	count(gate.covered) == 0
	level := need.level(gate.need.strength)
}

_verdicts contains {"gate": i, "case": _variant("latent", gate.gateway_name), "level": "warning"} if {
	some i in _closed
	gate := input.gates.nat[i]
	count(gate.covered) == 0
	gate.need.strength == "none"
	not need.meant(gate)
}

# Nodes beside pods of their own vSwitches are told by node-snat-missing where only they lack entries.
_verdicts contains {"gate": i, "case": "nodes", "level": level} if {
	some i, gate in input.gates.nat
	gate.role == "node"
	not gate.primary
	not gate.other_covered
	gate.code == "missing"
	gate.status in {"blocked", "partial"}
	level := need.level(gate.need.strength)
}

_closed contains i if {
	some i, gate in input.gates.nat
	gate.primary
	gate.code == "missing"
	gate.status in {"blocked", "partial"}
}

_variant(name, gateway) := name if gateway != ""

_variant(name, "") := concat("", [name, "-no-gateway"])
