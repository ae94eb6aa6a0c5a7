package egresslint.rules.internet["snat-wrong-vswitch_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.internet["snat-wrong-vswitch"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"plugin": "terway",
	"role": "pod",
	"primary": true,
	"status": "blocked",
	"code": "wrong-vswitch",
	"intent": "unsaid",
	"uncovered": ["alicloud_vswitch.pod (10.0.2.0/24)"],
	"covered": [],
	"translation": fixture.origin(30),
	"translation_covers": ["alicloud_vswitch.node (10.0.1.0/24)"],
	"gateway": fixture.origin(20),
	"gateway_name": "alicloud_nat_gateway.main",
	"all_served": false,
	"need": fixture.need("none"),
	"origin": fixture.origin(10),
}

_flannel := {"plugin": "flannel", "role": "node"}

_model(changes) := {"gates": {"nat": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_known_need_is_an_error if {
	_verdicts == {["terway", "error"]} with input as _model(fixture.needed("referenced"))
	_verdicts == {["flannel", "error"]} with input as _model(object.union(_flannel, fixture.needed("declared")))
}

test_terway_without_a_known_need_is_a_warning if {
	_verdicts == {["terway", "warning"]} with input as _model({})
	_verdicts == {["terway", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_flannel_is_an_error_whoever_needs_it if {
	_verdicts == {["flannel", "error"]} with input as _model(_flannel)
}

# Under Flannel an inferred need gives no second, weaker verdict.
test_flannel_with_an_inferred_need if {
	_verdicts == {["flannel", "error"]} with input as _model(object.union(_flannel, fixture.needed("inferred")))
}

test_points_at_the_entry_and_names_the_right_vswitches if {
	some violation in rule.violation with input as _model(fixture.needed("declared"))
	violation.at == fixture.origin(30)
	violation.args.ids == ["alicloud_vswitch.pod.id"]
	violation.key == ["prod", "alicloud_vswitch.pod"]
	{place.at.ref | some place in violation.related} == {10, 20, 901}
}

test_silent_when_meant if {
	_verdicts == set() with input as _model({"intent": "no"})
	_verdicts == set() with input as _model(object.union(_flannel, {"intent": "no"}))
	_verdicts == set() with input as _model({"all_served": true})
	_verdicts == set() with input as _model(object.union(_flannel, {"all_served": true}))
}

# A requirement that leaves from here outweighs what else workloads have.
test_a_known_need_counts_even_when_all_are_served if {
	served := object.union(fixture.needed("declared"), {"all_served": true})
	_verdicts == {["terway", "error"]} with input as _model(served)
}

test_silent_for_another_reason if {
	every code in ["missing", "eip-not-associated", "route", "gateway-unusable", ""] {
		_verdicts == set() with input as _model({"code": code})
	}
}

test_silent_when_open_or_unknown if {
	every status in ["open", "unknown"] {
		_verdicts == set() with input as _model(object.union(fixture.needed("declared"), {"status": status}))
	}
}
