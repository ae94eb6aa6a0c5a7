package egresslint.rules.internet["node-eip-with-terway_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.internet["node-eip-with-terway"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"plugin": "terway",
	"role": "pod",
	"primary": true,
	"status": "blocked",
	"code": "node-eip",
	"intent": "unsaid",
	"sources": [object.union(
		fixture.vswitch("alicloud_vswitch.pod", "10.0.2.0/24", "blocked"),
		{"origin": fixture.origin(40)},
	)],
	"uncovered": ["alicloud_vswitch.pod (10.0.2.0/24)"],
	"covered": [],
	"public_nodes": [fixture.origin(10), fixture.origin(12)],
	"all_served": false,
	"need": fixture.need("none"),
	"origin": fixture.origin(10),
}

_model(changes) := {"gates": {"nat": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_known_need_is_an_error if {
	every strength in ["declared", "referenced"] {
		_verdicts == {["needed", "error"]} with input as _model(fixture.needed(strength))
	}
}

test_inferred_need_is_a_warning if {
	_verdicts == {["needed", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_no_need_is_a_warning if _verdicts == {["latent", "warning"]} with input as _model({})

test_points_at_what_gives_the_nodes_addresses if {
	some violation in rule.violation with input as _model(fixture.needed("declared"))
	violation.at == fixture.origin(10)
	violation.args.ids == ["alicloud_vswitch.pod.id"]
	violation.key == ["prod", "alicloud_vswitch.pod"]
	{place.at.ref | some place in violation.related} == {10, 12, 40, 901}
}

test_silent_when_meant if {
	_verdicts == set() with input as _model({"intent": "no"})
	_verdicts == set() with input as _model({"all_served": true})
}

test_silent_for_another_reason if {
	every code in ["missing", "wrong-vswitch", "gateway-unusable", "eip-not-associated", "route", ""] {
		_verdicts == set() with input as _model({"code": code})
	}
}

test_silent_when_open_or_unknown if {
	every status in ["open", "unknown"] {
		_verdicts == set() with input as _model(object.union(fixture.needed("declared"), {"status": status}))
	}
}
