# METADATA
# scope: package
# title: An SNAT entry covers vSwitches that pods do not leave from
# description: >-
#   SNAT entries cover the cluster's vSwitches of the wrong kind only: node vSwitches under Terway, or a pod vSwitch
#   or the pod CIDR under Flannel. Pods have no way to public IPv4 addresses.
# entrypoint: true
# related_resources:
# - ref: https://help.aliyun.com/zh/ack/ack-managed-and-ack-dedicated/user-guide/comparison-between-terway-and-flannel
#   description: Alibaba Cloud, comparison between Terway and Flannel
# - ref: https://github.com/AliyunContainerService/terway/blob/main/docs/design.md
#   description: Terway, design
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/snat_entry
#   description: Terraform, alicloud_snat_entry
# schemas:
# - input: schema.model
# custom:
#   id: snat-wrong-vswitch
#   category: internet
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     terway: >-
#       Pods of cluster {cluster} cannot reach public IPv4 addresses: this SNAT entry covers {covers}, where the nodes
#       are, but with Terway a packet leaves with the pod's own address, from {uncovered}.{affected}
#     flannel: >-
#       Pods of cluster {cluster} cannot reach public IPv4 addresses: this SNAT entry covers {covers}, but with
#       Flannel a packet leaves with the address of the pod's node, from {uncovered}.{affected}
#   remedies:
#     terway: >-
#       Add an alicloud_snat_entry with source_vswitch_id = {ids}{each_or_cidr}. Keep this entry if nodes need the
#       Internet too, for example to pull images.
#     flannel: >-
#       Replace this entry by an alicloud_snat_entry with source_vswitch_id = {ids}{each_or_cidr}. An entry for pod
#       addresses does nothing under Flannel.
#   help:
#     effect: >-
#       Which address the NAT gateway sees depends on the network plug-in. Under Terway a pod has an address of a pod
#       vSwitch and keeps it on the way out, so an entry for the node vSwitch never matches its packets. Under Flannel
#       the node replaces the pod's address with its own, so an entry for the pod CIDR or a pod vSwitch never matches.
#       Either way connections to public addresses time out, while the same command on a node may work.
#     fix: |
#       Terway, an entry for each pod vSwitch:
#
#       ```hcl
#       resource "alicloud_snat_entry" "pod" {
#         for_each          = alicloud_vswitch.pod # not alicloud_vswitch.node
#         snat_table_id     = alicloud_nat_gateway.main.snat_table_ids
#         source_vswitch_id = each.value.id
#         snat_ip           = alicloud_eip_address.nat.ip_address
#       }
#       ```
#
#       Flannel, an entry for each node vSwitch: the same with `alicloud_vswitch.node`.
#     levels: >-
#       Error; under Terway a warning if no workload is known to need a public IPv4 address, or if that is only
#       inferred from a name: an entry for the nodes alone may be meant.
#     silent: >-
#       As soon as one vSwitch of the right kind is covered (the rest is then told by snat-missing); when the network
#       plug-in is not known; and, without a known need, when the configuration says `internet: false` or every
#       scanned workload has its own way out.
package egresslint.rules.internet["snat-wrong-vswitch"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.translation,
	"level": verdict.level,
	"case": gate.plugin,
	"args": {
		"cluster": gate.cluster_name,
		"covers": words.brief(gate.translation_covers),
		"uncovered": words.brief(gate.uncovered),
		"ids": words.ids(gate.uncovered),
		"each_or_cidr": words.each_or_cidr(gate.uncovered),
		"affected": need.affected(gate.need.evidence),
	},
	"key": array.concat([gate.cluster_name], sort(uncovered)),
	"related": array.concat(
		[
			{"at": gate.origin, "text": "the vSwitches that packets leave from"},
			{"at": gate.gateway, "text": "the NAT gateway"},
		],
		need.places(gate.need.evidence),
	),
} if {
	some verdict in _verdicts
	gate := input.gates.nat[verdict.gate]
	uncovered := [words.name(label) | some label in gate.uncovered]
}

# Under Flannel the entry does nothing at all, whoever may need it.
_verdicts contains {"gate": i, "level": "error"} if {
	some i in _closed
	input.gates.nat[i].plugin == "flannel"
	not need.meant(input.gates.nat[i])
}

_verdicts contains {"gate": i, "level": level} if {
	some i in _closed
	gate := input.gates.nat[i]
	gate.plugin == "terway"
	level := need.level(gate.need.strength)
}

# Under Terway it lets the nodes out, which may be all that is meant.
_verdicts contains {"gate": i, "level": "warning"} if {
	some i in _closed
	gate := input.gates.nat[i]
	gate.plugin == "terway"
	gate.need.strength == "none"
	not need.meant(gate)
}

_closed contains i if {
	some i, gate in input.gates.nat
	gate.primary
	gate.code == "wrong-vswitch"
	gate.status in {"blocked", "partial"}
}
