package egresslint.rules.target["security-group-ingress-missing_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.target["security-group-ingress-missing"] as rule

_gate := {
	"target": "alicloud_instance.legacy",
	"target_name": "legacy",
	"product": "ECS instance",
	"cluster": "c1",
	"cluster_name": "prod",
	"scope": "",
	"plugin": "terway",
	"role": "pod",
	"groups": ["alicloud_security_group.legacy"],
	"status": "blocked",
	"code": "missing",
	"port": 5432,
	"protocol": "TCP",
	"uncovered": ["alicloud_vswitch.pod (10.0.2.0/24)"],
	"covered": [],
	"rule": "",
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
	"drop": fixture.origin(30),
	"source_origin": fixture.origin(20),
}

_model(changes) := {"gates": {"target_security_group": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

_partly := {"status": "partial", "covered": ["alicloud_vswitch.pod_b (10.0.3.0/24)"]}

_dropped := {"code": "dropped", "rule": "alicloud_security_group_rule.deny"}

test_each_reason_has_its_case if {
	_verdicts == {["missing", "error"]} with input as _model({})
	_verdicts == {["partial", "error"]} with input as _model(_partly)
	_verdicts == {["dropped", "error"]} with input as _model(_dropped)
	_verdicts == {["dropped", "error"]} with input as _model(object.union(_partly, _dropped))
}

test_inferred_need_is_a_warning if {
	_verdicts == {["missing", "warning"]} with input as _model(fixture.needed("inferred"))
	_verdicts == {["dropped", "warning"]} with input as _model(object.union(_dropped, fixture.needed("inferred")))
}

test_points_at_the_group_and_names_what_to_write if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.values == ["alicloud_vswitch.pod.cidr_block"]
	violation.args.port == "TCP port 5432"
	violation.key == ["alicloud_instance.legacy", "prod", "pod", "TCP port 5432", "missing"]
	{place.at.ref | some place in violation.related} == {20, 901}
}

test_names_the_rule_that_drops if {
	some violation in rule.violation with input as _model(_dropped)
	violation.at == fixture.origin(10)
	{place.at.ref | some place in violation.related} == {20, 30, 901}
}

test_silent_without_need if _verdicts == set() with input as _model(fixture.needed("none"))

test_silent_when_admitted if _verdicts == set() with input as _model({"status": "open", "code": ""})

test_silent_when_unknown if _verdicts == set() with input as _model({"status": "unknown", "code": ""})

test_silent_when_the_wrong_kind_is_admitted if _verdicts == set() with input as _model({"code": "wrong-vswitch"})
