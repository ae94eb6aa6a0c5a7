package egresslint.rules.target["security-group-ingress-wrong-vswitch_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.target["security-group-ingress-wrong-vswitch"] as rule

_gate := {
	"target": "alicloud_instance.legacy",
	"target_name": "legacy",
	"product": "ECS instance",
	"cluster": "c1",
	"cluster_name": "prod",
	"plugin": "terway",
	"role": "pod",
	"groups": ["alicloud_security_group.legacy"],
	"status": "blocked",
	"code": "wrong-vswitch",
	"port": 5432,
	"protocol": "TCP",
	"uncovered": ["alicloud_vswitch.pod (10.0.2.0/24)"],
	"wrong_covers": ["alicloud_vswitch.node (10.0.1.0/24)"],
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
	"wrong": fixture.origin(30),
	"source_origin": fixture.origin(20),
}

_model(changes) := {"gates": {"target_security_group": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_each_plugin_has_its_case if {
	_verdicts == {["terway", "error"]} with input as _model({})
	_verdicts == {["flannel", "error"]} with input as _model({"plugin": "flannel", "role": "node"})
}

test_inferred_need_is_a_warning if {
	_verdicts == {["terway", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_points_at_the_group_and_relates_the_wrong_rule if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.values == ["alicloud_vswitch.pod.cidr_block"]
	violation.key == ["alicloud_instance.legacy", "prod", "TCP port 5432"]
	{place.at.ref | some place in violation.related} == {20, 30, 901}
}

test_silent_without_need if _verdicts == set() with input as _model(fixture.needed("none"))

test_silent_when_admitted if _verdicts == set() with input as _model({"status": "open", "code": ""})

test_silent_when_unknown if _verdicts == set() with input as _model({"status": "unknown", "code": ""})

test_silent_when_missing_or_dropped if {
	every code in ["missing", "dropped"] {
		_verdicts == set() with input as _model({"code": code})
	}
}
