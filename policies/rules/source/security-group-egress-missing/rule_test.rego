package egresslint.rules.source["security-group-egress-missing_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.source["security-group-egress-missing"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"scope": "",
	"role": "pod",
	"groups": ["alicloud_security_group.pod"],
	"code": "not-covered",
	"destination": "10.0.9.7/32",
	"also": ["10.0.8.1/32"],
	"port": 3306,
	"protocol": "TCP",
	"rule": "",
	"priority": 0,
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
	"cause": fixture.origin(20),
}

_model(changes) := {"gates": {"security_group": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_needed_destination_is_an_error if _verdicts == {["not-covered", "error"]} with input as _model({})

test_inferred_destination_is_a_warning if {
	_verdicts == {["not-covered", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_group_without_any_rule_is_an_error if {
	every strength in ["declared", "inferred", "none"] {
		without := object.union({"code": "no-rule", "destination": ""}, fixture.needed(strength))
		_verdicts == {["no-rule", "error"]} with input as _model(without)
	}
}

test_points_at_the_group if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.port == "TCP port 3306"
	violation.args.who == "Pods of cluster prod"
	violation.key == ["prod", "not-covered", "10.0.8.1/32", "10.0.9.7/32"]
	{place.at.ref | some place in violation.related} == {20, 901}
}

test_silent_without_need_for_the_destination if _verdicts == set() with input as _model(fixture.needed("none"))

test_silent_for_drop_rules if {
	every code in ["dropped", "drops-all", "drops-platform"] {
		_verdicts == set() with input as _model({"code": code})
	}
}

test_silent_when_nothing_is_proved if _verdicts == set() with input as {"gates": {"security_group": []}}
