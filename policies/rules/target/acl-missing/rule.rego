# METADATA
# scope: package
# title: A load balancer's access control list refuses the addresses of pods
# description: >-
#   The listener of a CLB or ALB instance has an access control list (ACL), and the addresses that the cluster's
#   packets arrive with are missing from it as a white list, or held by it as a black list.
# entrypoint: true
# related_resources:
# - ref: https://www.alibabacloud.com/help/en/slb/classic-load-balancer/user-guide/access-control
#   description: Alibaba Cloud, access control of CLB listeners
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/slb_acl_entry_attachment
#   description: Terraform, alicloud_slb_acl_entry_attachment
# - ref: https://registry.terraform.io/providers/aliyun/alicloud/latest/docs/resources/alb_acl_entry_attachment
#   description: Terraform, alicloud_alb_acl_entry_attachment
# schemas:
# - input: schema.model
# custom:
#   id: acl-missing
#   category: target
#   severity: error
#   precision: high
#   since: 0.1.0
#   messages:
#     white: >-
#       {product} {target} refuses connections from cluster {cluster} to port {port}: {source}, and the white list of
#       {listener} admits {entries}, not {uncovered}.{affected}
#     white-partial: >-
#       {product} {target} refuses some connections from cluster {cluster} to port {port}: {source}, and the white
#       list of {listener} admits {covered} but not {uncovered}.{affected}
#     black: >-
#       {product} {target} refuses connections from cluster {cluster} to port {port} that come from the addresses of
#       this entry: {source}, and the black list of {listener} holds addresses of {uncovered}.{affected}
#   remedies:
#     white: >-
#       Add to the ACL of {listener} an {attachment} whose entry is {values}{each}.
#     white-partial: >-
#       Packets may come from any of these, so the list needs them all: add to the ACL of {listener} an {attachment}
#       whose entry is {values}{each}.
#     black: >-
#       Remove the entry from the black list of {listener}, or narrow it so that it leaves out {uncovered}.
#   help:
#     effect: >-
#       A listener with an ACL compares the source address of a connection with its entries. With a white list it
#       forwards only what is on it, with a black list everything else; a list without entries filters nothing. Under
#       Terway the source is the pod's address, from a pod vSwitch; under Flannel, and for hostNetwork pods, the
#       node's; on a public load balancer an EIP of the NAT gateway.
#     fix: |
#       ```hcl
#       resource "alicloud_slb_acl_entry_attachment" "pod" {
#         for_each = alicloud_vswitch.pod # alicloud_vswitch.node under Flannel
#         acl_id   = alicloud_slb_acl.orders.id
#         entry    = each.value.cidr_block
#       }
#       ```
#
#       For an ALB instance the same with `alicloud_alb_acl_entry_attachment`.
#     levels: Error; warning if the need for the load balancer is only inferred from a name.
#     silent: >-
#       When access control is off or the list is empty; when the ACL or one of its entries is not in the scanned
#       files; when the listener for the port is not known; when ack-kubernetes-webhook-injector adds the pods; when
#       the network plug-in is not known.
package egresslint.rules.target["acl-missing"]

import data.egresslint.lib.need
import data.egresslint.lib.words

violation contains {
	"at": gate.origin,
	"level": need.level(gate.need.strength),
	"case": _case(gate.list, gate.covered),
	"args": {
		"product": gate.product,
		"target": gate.target_name,
		"cluster": words.cluster(gate),
		"port": gate.port,
		"source": words.source(gate.plugin, gate.role),
		"listener": gate.listener,
		"entries": gate.entries,
		"covered": words.brief(gate.covered),
		"uncovered": words.brief_after(gate.covered, gate.uncovered),
		"values": words.admitted(gate.uncovered),
		"each": words.each(gate.uncovered),
		"attachment": words.acl_entry(gate.listener),
		"affected": need.affected(gate.need.evidence),
	},
	"key": [gate.listener, gate.list, words.cluster(gate), gate.role],
	"related": array.concat(
		[{"at": gate.source_origin, "text": "where the source addresses come from"}],
		need.places(gate.need.evidence),
	),
} if {
	some gate in input.gates.target_acl
	gate.code == "missing"
	gate.status in {"blocked", "partial"}
}

_case("black-acl", _) := "black"

_case("white-acl", []) := "white"

_case("white-acl", covered) := "white-partial" if count(covered) > 0
