package egresslint.rules.target["acl-wrong-vswitch_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.target["acl-wrong-vswitch"] as rule

_gate := {
	"target": "alicloud_alb_load_balancer.orders",
	"target_name": "orders",
	"product": "ALB instance",
	"cluster_name": "prod",
	"plugin": "terway",
	"role": "pod",
	"status": "blocked",
	"code": "wrong-vswitch",
	"list": "white-acl",
	"listener": "alicloud_alb_listener.orders",
	"port": 443,
	"uncovered": ["alicloud_vswitch.pod (10.0.2.0/24)"],
	"wrong_entry": "10.0.1.0/24",
	"wrong_covers": ["alicloud_vswitch.node (10.0.1.0/24)"],
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
	"source_origin": fixture.origin(20),
}

_model(changes) := {"gates": {"target_acl": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_each_plugin_has_its_case if {
	_verdicts == {["terway", "error"]} with input as _model({})
	_verdicts == {["flannel", "error"]} with input as _model({"plugin": "flannel", "role": "node"})
}

test_inferred_need_is_a_warning if {
	_verdicts == {["terway", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_points_at_the_entry_and_names_what_to_write if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.values == ["alicloud_vswitch.pod.cidr_block"]
	violation.args.attachment == "alicloud_alb_acl_entry_attachment"
	violation.key == ["alicloud_alb_listener.orders", "prod"]
	{place.at.ref | some place in violation.related} == {20, 901}
}

test_silent_without_need if _verdicts == set() with input as _model(fixture.needed("none"))

test_silent_when_admitted if _verdicts == set() with input as _model({"status": "open", "code": ""})

test_silent_when_unknown if _verdicts == set() with input as _model({"status": "unknown", "code": ""})

test_silent_when_missing if _verdicts == set() with input as _model({"code": "missing"})
