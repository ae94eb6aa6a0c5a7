package egresslint.rules.source["security-group-egress-dropped_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.source["security-group-egress-dropped"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"scope": "",
	"role": "pod",
	"groups": ["alicloud_security_group.pod"],
	"code": "dropped",
	"destination": "10.0.9.7/32",
	"also": ["10.0.8.1/32"],
	"port": 3306,
	"protocol": "TCP",
	"rule": "alicloud_security_group_rule.deny",
	"priority": 5,
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
	"cause": fixture.origin(20),
}

_model(changes) := {"gates": {"security_group": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_needed_destination_is_an_error if _verdicts == {["dropped", "error"]} with input as _model({})

test_inferred_destination_is_a_warning if {
	_verdicts == {["dropped", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_drops_that_nobody_can_mean_are_errors if {
	every code in ["drops-all", "drops-platform"] {
		every strength in ["declared", "inferred", "none"] {
			gate := object.union({"code": code}, fixture.needed(strength))
			_verdicts == {[code, "error"]} with input as _model(gate)
		}
	}
}

test_a_drop_with_priority_one_has_to_move if {
	_verdicts == {["dropped-first", "error"]} with input as _model({"priority": 1})
	_verdicts == {["drops-all-first", "error"]} with input as _model({"priority": 1, "code": "drops-all"})
	_verdicts == {["drops-platform-first", "error"]} with input as _model({"priority": 1, "code": "drops-platform"})
}

test_points_at_the_rule if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.priority == 5
	violation.args.who == "Pods of cluster prod"
	violation.key == ["prod", "dropped", "10.0.8.1/32", "10.0.9.7/32"]
	{place.at.ref | some place in violation.related} == {20, 901}
}

test_silent_without_need_for_the_destination if _verdicts == set() with input as _model(fixture.needed("none"))

test_silent_for_missing_rules if {
	every code in ["no-rule", "not-covered"] {
		_verdicts == set() with input as _model({"code": code})
	}
}

test_silent_when_nothing_is_proved if _verdicts == set() with input as {"gates": {"security_group": []}}
