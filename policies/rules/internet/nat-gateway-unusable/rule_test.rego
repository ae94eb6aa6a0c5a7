package egresslint.rules.internet["nat-gateway-unusable_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.internet["nat-gateway-unusable"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"scope": "",
	"plugin": "terway",
	"role": "pod",
	"primary": true,
	"status": "blocked",
	"code": "gateway-unusable",
	"gateway_code": "intranet",
	"intent": "unsaid",
	"translation": fixture.origin(30),
	"translation_covers": ["alicloud_vswitch.pod (10.0.2.0/24)"],
	"gateway": fixture.origin(20),
	"gateway_name": "alicloud_nat_gateway.private",
	"all_served": false,
	"need": fixture.need("none"),
	"origin": fixture.origin(10),
}

_other_vpc := {"gateway_code": "other-vpc"}

_nodes := {"role": "node", "primary": false, "origin": fixture.origin(11)}

_model(changes) := {"gates": {"nat": [object.union(_gate, changes)]}}

_both(changes, node_changes) := {"gates": {"nat": [
	object.union(_gate, changes),
	object.union_n([_gate, changes, _nodes, node_changes]),
]}}

_verdicts := fixture.verdicts(rule.violation)

test_known_need_is_an_error if {
	every strength in ["declared", "referenced"] {
		_verdicts == {["intranet", "error"]} with input as _model(fixture.needed(strength))
	}
}

test_private_translation_may_be_meant if {
	_verdicts == {["intranet", "warning"]} with input as _model({})
	_verdicts == {["intranet", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_another_vpc_is_an_error_whoever_needs_it if {
	every strength in ["declared", "inferred", "none"] {
		gate := object.union(_other_vpc, fixture.needed(strength))
		_verdicts == {["other-vpc", "error"]} with input as _model(gate)
	}
}

test_another_vpc_is_never_meant if {
	_verdicts == {["other-vpc", "error"]} with input as _model(object.union(_other_vpc, {"intent": "no"}))
}

test_points_at_the_entry if {
	some violation in rule.violation with input as _model(fixture.needed("declared"))
	violation.at == fixture.origin(30)
	violation.args.who == "Pods of cluster prod"
	violation.args.covers == ["alicloud_vswitch.pod (10.0.2.0/24)"]
	violation.key == ["prod", "pod", "alicloud_nat_gateway.private", "intranet"]
	{place.at.ref | some place in violation.related} == {10, 20, 901}
}

test_nodes_with_an_entry_of_their_own if {
	count(rule.violation) == 2 with input as _both({}, {"translation": fixture.origin(31)})
	count(rule.violation) == 2 with input as _both(_other_vpc, {"translation": fixture.origin(31)})
}

test_nodes_that_share_the_entry_add_nothing if {
	count(rule.violation) == 1 with input as _both({}, {})
	count(rule.violation) == 1 with input as _both(_other_vpc, {})
}

test_nodes_that_share_the_entry_and_need_it if {
	violations := rule.violation with input as _both({}, fixture.needed("declared"))
	fixture.verdicts(violations) == {["intranet", "warning"], ["intranet", "error"]}
}

test_silent_when_meant if {
	_verdicts == set() with input as _model({"intent": "no"})
	_verdicts == set() with input as _model({"all_served": true})
}

test_silent_for_another_reason if {
	every code in ["missing", "wrong-vswitch", "eip-not-associated", "route", "node-eip", ""] {
		_verdicts == set() with input as _model({"code": code})
	}
}

test_silent_when_open_or_unknown if {
	every status in ["open", "unknown"] {
		_verdicts == set() with input as _model(object.union(fixture.needed("declared"), {"status": status}))
	}
}
