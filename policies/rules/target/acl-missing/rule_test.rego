package egresslint.rules.target["acl-missing_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.target["acl-missing"] as rule

_gate := {
	"target": "alicloud_slb_load_balancer.orders",
	"target_name": "orders",
	"product": "CLB instance",
	"cluster_name": "prod",
	"scope": "",
	"plugin": "terway",
	"role": "pod",
	"status": "blocked",
	"code": "missing",
	"list": "white-acl",
	"listener": "alicloud_slb_listener.orders",
	"port": 443,
	"uncovered": ["alicloud_vswitch.pod (10.0.2.0/24)"],
	"covered": [],
	"entries": ["192.168.1.0/24"],
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
	"source_origin": fixture.origin(20),
}

_model(changes) := {"gates": {"target_acl": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_each_list_has_its_case if {
	_verdicts == {["white", "error"]} with input as _model({})
	_verdicts == {["white-partial", "error"]} with input as _model({
		"status": "partial",
		"covered": ["alicloud_vswitch.pod_b (10.0.3.0/24)"],
	})
	_verdicts == {["black", "error"]} with input as _model({"list": "black-acl"})
}

test_inferred_need_is_a_warning if {
	_verdicts == {["white", "warning"]} with input as _model(fixture.needed("inferred"))
	_verdicts == {["white-partial", "warning"]} with input as _model(object.union(
		{"covered": ["alicloud_vswitch.pod_b (10.0.3.0/24)"]},
		fixture.needed("inferred"),
	))
}

test_points_at_the_listener_and_names_what_to_write if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.values == ["alicloud_vswitch.pod.cidr_block"]
	violation.args.attachment == "alicloud_slb_acl_entry_attachment"
	violation.key == ["alicloud_slb_listener.orders", "white-acl", "prod", "pod"]
	{place.at.ref | some place in violation.related} == {20, 901}
}

test_silent_without_need if _verdicts == set() with input as _model(fixture.needed("none"))

test_silent_when_admitted if _verdicts == set() with input as _model({"status": "open", "code": ""})

test_silent_when_unknown if _verdicts == set() with input as _model({"status": "unknown", "code": ""})

test_silent_when_the_wrong_kind_is_admitted if _verdicts == set() with input as _model({"code": "wrong-vswitch"})
