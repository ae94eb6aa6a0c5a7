# METADATA
# scope: package
# title: A whitelist does not admit the addresses that pods come from
# description: >-
#   The whitelist of a cloud service instance does not cover every address that the cluster's packets arrive with.
# entrypoint: true
# related_resources:
# - ref: https://help.aliyun.com/zh/ack/ack-managed-and-ack-dedicated/user-guide/comparison-between-terway-and-flannel
#   description: Alibaba Cloud, comparison between Terway and Flannel
# - ref: https://help.aliyun.com/en/ack/product-overview/ack-kubernetes-webhook-injector
#   description: Alibaba Cloud, ack-kubernetes-webhook-injector
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/db_instance
#   description: Terraform, alicloud_db_instance (security_ips)
# schemas:
# - input: schema.model
# custom:
#   id: whitelist-missing
#   category: target
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     partial: >-
#       {product} {target} refuses some connections from cluster {cluster}: {source}, and {attribute} admits {covered}
#       but not {uncovered}.{affected}
#     missing: >-
#       {product} {target} refuses connections from cluster {cluster}: {source}, and {attribute} admits {entries}, not
#       {uncovered}.{affected}
#     loopback: >-
#       {product} {target} refuses connections from cluster {cluster}: {attribute} admits 127.0.0.1 only, that is
#       nobody; {source}, here from {uncovered}.{affected}
#     omitted: >-
#       {product} {target} refuses connections from cluster {cluster}: {attribute} is left out, and by default nobody
#       is admitted; {source}, here from {uncovered}.{affected}
#     outside: >-
#       {target} refuses connections from cluster {cluster}: {source}, and by the configuration it admits {entries}, not
#       {uncovered}.{affected}
#     outside-partial: >-
#       {target} refuses some connections from cluster {cluster}: {source}, and by the configuration it admits {covered}
#       but not {uncovered}.{affected}
#   remedies:
#     outside: >-
#       Have whoever runs it admit {values}, and write that into allow.
#     outside-partial: >-
#       Packets may come from any of these: have whoever runs it admit {values}, and write that into allow.
#     partial: >-
#       Packets may come from any of these, so the list needs them all: add {values} to {attribute}.
#     missing: >-
#       Add {values} to {attribute}.
#     loopback: >-
#       Set {attribute} to {values} instead of 127.0.0.1.
#     omitted: >-
#       Set {attribute} to {values}.
#   help:
#     effect: >-
#       Databases and caches compare the source address of a connection with their whitelist and refuse what is not on
#       it. Under Terway that is the pod's address, from a pod vSwitch; under Flannel, and for hostNetwork pods, the
#       node's; on a public endpoint an EIP of the NAT gateway. If only some vSwitches are listed, it depends on the
#       zone a pod was scheduled to whether it can connect.
#     fix: |
#       ```hcl
#       resource "alicloud_db_instance" "orders" {
#         # ...
#         security_ips = [for v in alicloud_vswitch.pod : v.cidr_block] # alicloud_vswitch.node under Flannel
#       }
#       ```
#
#       Of a target in the configuration, which lies outside the files, the list is `allow`, as its owner keeps it.
#
#       Where addresses should not be listed by CIDR, ack-kubernetes-webhook-injector adds and removes the address of
#       each pod (Terway; RDS, Redis and CLB only).
#     levels: >-
#       Error if a workload is known to need the instance, or if some of the sources are admitted and others are not;
#       warning if the need is only inferred from a name, or if no need is known and the list admits no cluster of the
#       instance's VPC at all.
#     silent: >-
#       When the list holds 0.0.0.0/0; when the files do not decide the whole list (left out where the product's
#       default is not known, `ignore_changes`, an unknown value); when access goes by security group; when
#       ack-kubernetes-webhook-injector adds the pods; when the network plug-in is not known.
package egresslint.rules.target["whitelist-missing"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"level": verdict.level,
	"case": verdict.case,
	"args": {
		"product": gate.product,
		"target": gate.target_name,
		"cluster": words.cluster(gate),
		"source": words.source(gate.plugin, gate.role),
		"attribute": gate.attribute,
		"entries": gate.entries,
		"covered": words.brief(gate.covered),
		"uncovered": words.brief_after(gate.covered, gate.uncovered),
		"values": words.admitted(gate.uncovered),
		"affected": need.affected(gate.need.evidence),
	},
	"key": array.concat(
		[gate.target, words.cluster(gate), gate.role],
		sort([vswitch.name | some vswitch in uncovered]),
	),
	"related": array.concat(
		[{"at": gate.source_origin, "text": "where the source addresses come from"}],
		need.places(gate.need.evidence),
	),
} if {
	some verdict in _verdicts
	gate := input.gates.whitelist[verdict.gate]
	uncovered := [vswitch | some vswitch in gate.sources; vswitch.status == "blocked"]
}

# Where some sources are on the list, the others were meant to be.
_verdicts contains {"gate": i, "case": _partial(gate.list), "level": "error"} if {
	some i in _closed
	gate := input.gates.whitelist[i]
	count(gate.covered) > 0
	gate.need.strength != "none"
}

_verdicts contains {"gate": i, "case": "partial", "level": "error"} if {
	some i in _closed
	i in _ordinary
	input.gates.whitelist[i].list != "target"
	count(input.gates.whitelist[i].covered) > 0
}

_verdicts contains {"gate": i, "case": case, "level": level} if {
	some i in _closed
	gate := input.gates.whitelist[i]
	count(gate.covered) == 0
	level := need.level(gate.need.strength)
	case := _need(gate)
}

_verdicts contains {"gate": i, "case": case, "level": "warning"} if {
	some i in _closed
	i in _ordinary
	gate := input.gates.whitelist[i]
	count(gate.covered) == 0
	gate.need.strength == "none"
	gate.same_vpc
	not gate.covers_cluster
	case := _case(gate.omitted, gate.extensions.alicloud.loopback)
}

_closed contains i if {
	some i, gate in input.gates.whitelist
	gate.code == "missing"
	gate.status in {"blocked", "partial"}
}

# Gates for the source that ordinary pods have, rather than hostNetwork pods or public endpoints.
_ordinary contains i if {
	some i, gate in input.gates.whitelist
	gate.plugin == "terway"
	gate.role == "pod"
}

_ordinary contains i if {
	some i, gate in input.gates.whitelist
	gate.plugin == "flannel"
	gate.role == "node"
}

_partial("target") := "outside-partial"

_partial(list) := "partial" if list != "target"

_need(gate) := "outside" if gate.list == "target"

_need(gate) := _case(gate.omitted, gate.extensions.alicloud.loopback) if gate.list != "target"

_case(true, _) := "omitted"

_case(false, true) := "loopback"

_case(false, false) := "missing"
