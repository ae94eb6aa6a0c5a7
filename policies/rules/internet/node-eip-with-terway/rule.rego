# METADATA
# scope: package
# title: Nodes have public addresses, which Terway pods do not use
# description: >-
#   The only public addresses that the files give to a Terway cluster are those of its nodes, and no SNAT entry covers
#   the pod vSwitches. Pods have no way to public IPv4 addresses.
# entrypoint: true
# related_resources:
# - ref: https://help.aliyun.com/zh/ack/ack-managed-and-ack-dedicated/user-guide/comparison-between-terway-and-flannel
#   description: Alibaba Cloud, comparison between Terway and Flannel
# - ref: https://github.com/AliyunContainerService/terway/blob/main/docs/design.md
#   description: Terway, design
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/cs_kubernetes_node_pool
#   description: Terraform, alicloud_cs_kubernetes_node_pool (internet_max_bandwidth_out)
# schemas:
# - input: schema.model
# custom:
#   id: node-eip-with-terway
#   category: internet
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     needed: &message >-
#       Pods of cluster {cluster} cannot reach public IPv4 addresses: this gives the nodes public addresses, but with
#       Terway a packet leaves with the pod's own address, from {uncovered}, and no SNAT entry covers that.{affected}
#     latent: *message
#   remedies:
#     needed: >-
#       Add an alicloud_snat_entry with source_vswitch_id = {ids}{each}, or give the workload an EIP of its own
#       (annotation k8s.aliyun.com/pod-with-eip). Keep the nodes' public addresses only if the nodes need them.
#     latent: >-
#       Add an alicloud_snat_entry with source_vswitch_id = {ids}{each}. If pods are meant to have no way to the
#       Internet, say so: internet: false for the cluster under clusters in .egresslint.yaml.
#   help:
#     effect: >-
#       A public address belongs to the network interface that it is bound to, and serves packets with that
#       interface's private address. Under Flannel the node replaces a pod's address with its own, so the node's
#       public address serves pods too. Under Terway a pod has an address of its own, and packets from it never use
#       the node's. A test from a node's shell succeeds, the same from a pod times out.
#     fix: |
#       ```hcl
#       resource "alicloud_snat_entry" "pod" {
#         for_each          = alicloud_vswitch.pod
#         snat_table_id     = alicloud_nat_gateway.main.snat_table_ids
#         source_vswitch_id = each.value.id
#         snat_ip           = alicloud_eip_address.nat.ip_address
#       }
#       ```
#     levels: >-
#       Error if a workload is known to need a public IPv4 address; warning if that is only inferred from a name, or
#       if no need is known, because the nodes' addresses may be for the nodes alone.
#     silent: >-
#       Under Flannel; for hostNetwork pods, which do use the node's address; as soon as one pod vSwitch has an SNAT
#       entry (the rest is then told by snat-missing); when the VPC, its vSwitches or its NAT gateway are not in the
#       scanned files; and, without a known need, when the configuration says `internet: false` or every scanned
#       workload has its own way out.
package egresslint.rules.internet["node-eip-with-terway"]

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
	"related": array.concat(places, need.places(gate.need.evidence)),
} if {
	some verdict in _verdicts
	gate := input.gates.nat[verdict.gate]
	uncovered := [words.name(label) | some label in gate.uncovered]
	others := [{"at": place, "text": "this gives nodes public addresses too"} | some place in gate.public_nodes]
	vswitches := [{"at": vswitch.origin, "text": "a vSwitch that pods leave from"} | some vswitch in gate.sources]
	places := array.concat(others, vswitches)
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
	not gate.all_served
}

_closed contains i if {
	some i, gate in input.gates.nat
	gate.code == "node-eip"
	gate.status in {"blocked", "partial"}
}
