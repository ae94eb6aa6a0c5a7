# METADATA
# scope: package
# title: Pods have a way to the Internet, their nodes do not
# description: >-
#   In a Terway cluster the SNAT entries cover every pod vSwitch but not the vSwitch of the nodes. The nodes
#   themselves, and pods with hostNetwork, have no way to public IPv4 addresses.
# entrypoint: true
# related_resources:
# - ref: https://github.com/AliyunContainerService/terway/blob/main/docs/design.md
#   description: Terway, design
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/snat_entry
#   description: Terraform, alicloud_snat_entry
# schemas:
# - input: schema.model
# custom:
#   id: node-snat-missing
#   category: internet
#   severity: warning
#   precision: medium
#   since: 0.1.0
#   messages:
#     needed: >-
#       hostNetwork pods of cluster {cluster} cannot reach public IPv4 addresses: their packets leave with the node's
#       address, and no SNAT entry covers {uncovered}; only the pod vSwitches have entries.{affected}
#     latent: >-
#       Nodes of cluster {cluster} cannot reach public IPv4 addresses: no SNAT entry covers {uncovered}; only the pod
#       vSwitches have entries. Images cannot be pulled from public registries, and hostNetwork pods cannot get out.
#   remedies:
#     needed: >-
#       Add an alicloud_snat_entry with source_vswitch_id = {ids}{each}.
#     latent: >-
#       Add an alicloud_snat_entry with source_vswitch_id = {ids}{each}, or keep every image in a registry that the
#       nodes reach inside the VPC.
#   help:
#     effect: >-
#       Under Terway pods and nodes have addresses of different vSwitches, and the NAT gateway translates only those
#       that its SNAT entries name. The kubelet pulls images from the node, not from a pod, so an image in a public
#       registry cannot be pulled; pods with `hostNetwork` use the node's address too.
#     fix: |
#       ```hcl
#       resource "alicloud_snat_entry" "node" {
#         for_each          = alicloud_vswitch.node
#         snat_table_id     = alicloud_nat_gateway.main.snat_table_ids
#         source_vswitch_id = each.value.id
#         snat_ip           = alicloud_eip_address.nat.ip_address
#       }
#       ```
#     levels: >-
#       Error if a hostNetwork workload is known to need a public IPv4 address, else warning.
#     silent: >-
#       Under Flannel, where nodes are what snat-missing judges; when not all pod vSwitches are covered by entries of an
#       Internet NAT gateway of their VPC (snat-missing then tells what hostNetwork workloads are known to need); when
#       nodes have public addresses; when the VPC, its vSwitches or its NAT gateway are not in the scanned files; and,
#       without a known need, when the configuration says `internet: false`.
package egresslint.rules.internet["node-snat-missing"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"level": verdict.level,
	"case": verdict.case,
	"args": {
		"cluster": gate.cluster_name,
		"uncovered": words.brief(gate.uncovered),
		"ids": words.ids(gate.uncovered),
		"each": words.each(gate.uncovered),
		"affected": need.affected(gate.need.evidence),
	},
	"key": array.concat([gate.cluster_name], sort(uncovered)),
	"related": array.concat(
		[{"at": gate.gateway, "text": "the NAT gateway"}],
		need.places(gate.need.evidence),
	),
} if {
	some verdict in _verdicts
	gate := input.gates.nat[verdict.gate]
	uncovered := [words.name(label) | some label in gate.uncovered]
}

_verdicts contains {"gate": i, "case": "needed", "level": level} if {
	some i in _closed
	level := need.level(input.gates.nat[i].need.strength)
}

_verdicts contains {"gate": i, "case": "latent", "level": "warning"} if {
	some i in _closed
	gate := input.gates.nat[i]
	gate.need.strength == "none"
	gate.intent != "no"
}

_closed contains i if {
	some i, gate in input.gates.nat
	gate.role == "node"
	gate.plugin == "terway"
	not gate.primary
	gate.other_covered
	gate.code == "missing"
	gate.status in {"blocked", "partial"}
}
