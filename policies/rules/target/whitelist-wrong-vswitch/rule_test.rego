package egresslint.rules.target["whitelist-wrong-vswitch_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.target["whitelist-wrong-vswitch"] as rule

_gate := {
	"target": "alicloud_db_instance.orders",
	"target_name": "orders",
	"product": "RDS",
	"attribute": "security_ips",
	"cluster_name": "prod",
	"plugin": "terway",
	"role": "pod",
	"status": "blocked",
	"code": "wrong-vswitch",
	"sources": [
		fixture.vswitch("alicloud_vswitch.pod", "10.0.2.0/24", "blocked"),
		fixture.vswitch("alicloud_vswitch.other", "", "unknown"),
	],
	"uncovered": ["alicloud_vswitch.pod (10.0.2.0/24)"],
	"wrong_entry": "10.0.1.0/24",
	"wrong_covers": ["alicloud_vswitch.node (10.0.1.0/24)"],
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
	"source_origin": fixture.origin(20),
}

_model(changes) := {"gates": {"whitelist": [object.union(_gate, changes)]}}

_cases contains violation.case if some violation in rule.violation

test_each_plugin_has_its_case if {
	_cases == {"terway"} with input as _model({})
	_cases == {"flannel"} with input as _model({"plugin": "flannel", "role": "node"})
}

test_is_an_error_with_and_without_need if {
	every strength in ["declared", "inferred", "none"] {
		_cases == {"terway"} with input as _model(fixture.needed(strength))
	}
}

test_points_at_the_element_and_names_what_to_write if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.values == ["alicloud_vswitch.pod.cidr_block"]
	violation.key == ["alicloud_db_instance.orders", "prod"]
	{place.at.ref | some place in violation.related} == {20, 901}
}

test_silent_when_admitted if _cases == set() with input as _model({"status": "open", "code": ""})

test_silent_when_unknown if _cases == set() with input as _model({"status": "unknown", "code": ""})

test_silent_when_missing if _cases == set() with input as _model({"code": "missing"})
