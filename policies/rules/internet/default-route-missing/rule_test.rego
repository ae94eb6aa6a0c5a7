package egresslint.rules.internet["default-route-missing_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.internet["default-route-missing"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"scope": "",
	"role": "pod",
	"primary": true,
	"tables": ["alicloud_route_table.pod"],
	"code": "no-default-route",
	"segments": ["alicloud_vswitch.pod (10.0.2.0/24)"],
	"gateway": "alicloud_nat_gateway.main",
	"intent": "unsaid",
	"partial": false,
	"all_served": false,
	"need": fixture.need("declared"),
	"origin": fixture.origin(10),
	"cause": fixture.origin(30),
}

_model(changes) := {"gates": {"route": [object.union(_gate, changes)]}}

_no_way := {"code": "no-way", "gateway": "", "cause": fixture.nowhere, "need": fixture.need("none")}

_cases contains violation.case if some violation in rule.violation

_verdicts := fixture.verdicts(rule.violation)

test_no_route if _cases == {"no-default-route"} with input as _model({})

test_route_to_another_gateway if _cases == {"other-gateway"} with input as _model({"code": "other-gateway"})

test_is_an_error_without_need_too if {
	_cases == {"no-default-route"} with input as _model(fixture.needed("none"))
}

test_points_at_the_attachment if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.gateway_id == "alicloud_nat_gateway.main.id"
	violation.key == ["prod", "no-default-route", "alicloud_route_table.pod"]
	violation.related[0] == {"at": fixture.origin(30), "text": "the SNAT entry"}
	violation.related[1].at.ref == 901
}

test_says_what_the_related_route_is if {
	some violation in rule.violation with input as _model({"code": "other-gateway"})
	violation.related[0].text == "the route that leads to the other gateway"
}

test_silent_without_route_blocks if _cases == set() with input as {"gates": {"route": []}}

test_silent_for_an_unknown_route if _cases == set() with input as _model({"code": ""})

test_without_entry_the_need_decides if {
	_verdicts == {["no-way", "error"]} with input as _model(object.union(_no_way, fixture.needed("declared")))
	_verdicts == {["no-way", "warning"]} with input as _model(object.union(_no_way, fixture.needed("inferred")))
	_verdicts == {["no-way-latent", "warning"]} with input as _model(_no_way)
}

test_without_entry_beside_others_is_an_error if {
	_verdicts == {["no-way", "error"]} with input as _model(object.union(_no_way, {"partial": true}))
}

test_without_entry_points_at_the_evidence_alone if {
	some violation in rule.violation with input as _model(object.union(_no_way, fixture.needed("declared")))
	[place.at.ref | some place in violation.related] == [901]
	violation.args.ids == ["alicloud_vswitch.pod.id"]
}

test_without_entry_silent_when_meant if {
	every meant in [{"intent": "no"}, {"all_served": true}] {
		_verdicts == set() with input as _model(object.union(_no_way, meant))
		_verdicts == set() with input as _model(object.union_n([_no_way, meant, {"partial": true}]))
	}
}

test_nodes_beside_pods_count_with_a_need if {
	nodes := {"role": "node", "primary": false}
	_verdicts == {["no-default-route", "error"]} with input as _model(nodes)
	_verdicts == set() with input as _model(object.union(nodes, fixture.needed("none")))
}
