package egresslint.rules.internet["node-snat-missing_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.internet["node-snat-missing"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"plugin": "terway",
	"role": "node",
	"primary": false,
	"status": "blocked",
	"code": "missing",
	"intent": "unsaid",
	"uncovered": ["alicloud_vswitch.node (10.0.1.0/24)"],
	"gateway": fixture.origin(20),
	"other_covered": true,
	"need": fixture.need("none"),
	"origin": fixture.origin(10),
}

_model(changes) := {"gates": {"nat": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_without_need_is_a_warning if _verdicts == {["latent", "warning"]} with input as _model({})

test_known_need_is_an_error if {
	_verdicts == {["needed", "error"]} with input as _model(fixture.needed("declared"))
}

test_inferred_need_is_a_warning if {
	_verdicts == {["needed", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_names_the_node_vswitches if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.ids == ["alicloud_vswitch.node.id"]
	violation.key == ["prod", "alicloud_vswitch.node"]
	{place.at.ref | some place in violation.related} == {20}
}

test_silent_when_private_by_declaration if _verdicts == set() with input as _model({"intent": "no"})

test_silent_unless_all_pods_are_covered if _verdicts == set() with input as _model({"other_covered": false})

test_silent_under_flannel if {
	_verdicts == set() with input as _model({"plugin": "flannel", "primary": true})
}

test_silent_for_pods if _verdicts == set() with input as _model({"role": "pod", "primary": true})

test_silent_when_open_or_unknown if {
	every status in ["open", "unknown"] {
		_verdicts == set() with input as _model(object.union(fixture.needed("declared"), {"status": status}))
	}
}
