package egresslint.rules.internet["snat-missing_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.internet["snat-missing"] as rule

_covered := fixture.vswitch(`alicloud_vswitch.pod["a"]`, "10.0.1.0/24", "open")

_uncovered := fixture.vswitch(`alicloud_vswitch.pod["b"]`, "10.0.2.0/24", "blocked")

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"scope": "",
	"plugin": "terway",
	"role": "pod",
	"primary": true,
	"status": "blocked",
	"code": "missing",
	"intent": "unsaid",
	"sources": [_uncovered],
	"uncovered": [`alicloud_vswitch.pod["b"] (10.0.2.0/24)`],
	"covered": [],
	"gateway": fixture.origin(20),
	"gateway_name": "alicloud_nat_gateway.main",
	"all_served": false,
	"other_covered": false,
	"need": fixture.need("none"),
	"origin": fixture.origin(10),
}

_partial := {
	"status": "partial",
	"sources": [_covered, _uncovered],
	"covered": [`alicloud_vswitch.pod["a"] (10.0.1.0/24)`],
}

_model(changes) := {"gates": {"nat": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_known_need_is_an_error if {
	_verdicts == {["needed", "error"]} with input as _model(fixture.needed("referenced"))
	_verdicts == {["needed", "error"]} with input as _model(fixture.needed("declared"))
}

test_inferred_need_is_a_warning if {
	_verdicts == {["needed", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_without_need_is_a_warning if _verdicts == {["latent", "warning"]} with input as _model({})

test_without_gateway if {
	none := {"gateway": fixture.nowhere, "gateway_name": ""}
	_verdicts == {["latent-no-gateway", "warning"]} with input as _model(none)
	_verdicts == {["needed-no-gateway", "error"]} with input as _model(object.union(none, fixture.needed("declared")))
}

test_some_vswitches_is_an_error if _verdicts == {["partial", "error"]} with input as _model(_partial)

test_some_vswitches_with_an_inferred_need_is_an_error if {
	_verdicts == {["partial", "error"]} with input as _model(object.union(_partial, fixture.needed("inferred")))
}

test_some_unknown_is_no_sign_that_others_were_meant if {
	unsure := fixture.vswitch("alicloud_vswitch.c", "", "unknown")
	_verdicts == {["latent", "warning"]} with input as _model({"status": "partial", "sources": [unsure, _uncovered]})
}

test_names_the_vswitches_without_an_entry if {
	some violation in rule.violation with input as _model(_partial)
	violation.at == fixture.origin(10)
	violation.args.ids == [`alicloud_vswitch.pod["b"].id`]
	violation.key == ["prod", `alicloud_vswitch.pod["b"]`]
}

test_points_at_gateway_and_evidence if {
	some violation in rule.violation with input as _model(fixture.needed("declared"))
	{place.at.ref | some place in violation.related} == {20, 901}
}

test_silent_when_private_by_declaration if {
	_verdicts == set() with input as _model({"intent": "no"})
	_verdicts == set() with input as _model(object.union(_partial, {"intent": "no"}))
}

test_declared_need_speaks_in_a_private_cluster if {
	_verdicts == {["needed", "error"]} with input as _model({"intent": "no", "need": fixture.need("declared")})
}

test_silent_when_every_workload_has_its_own_way if _verdicts == set() with input as _model({"all_served": true})

test_silent_when_open if _verdicts == set() with input as _model({"status": "open", "code": ""})

test_silent_when_unknown if {
	_verdicts == set() with input as _model({"status": "unknown", "code": "", "need": fixture.need("declared")})
}

test_silent_for_a_more_specific_reason if {
	every code in ["wrong-vswitch", "eip-not-associated", "route", "gateway-unusable"] {
		_verdicts == set() with input as _model({"code": code})
	}
}

test_silent_for_the_other_role if _verdicts == set() with input as _model({"primary": false, "role": "node"})

test_host_network_pods_where_no_pods_are_covered_either if {
	nodes := object.union({"primary": false, "role": "node"}, fixture.needed("declared"))
	_verdicts == {["nodes", "error"]} with input as _model(nodes)
	_verdicts == set() with input as _model(object.union(nodes, {"other_covered": true}))
}
