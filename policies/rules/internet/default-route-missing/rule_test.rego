package egresslint.rules.internet["default-route-missing_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.internet["default-route-missing"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"table": "alicloud_route_table.pod",
	"code": "no-default-route",
	"vswitches": ["alicloud_vswitch.pod (10.0.2.0/24)"],
	"gateway": "alicloud_nat_gateway.main",
	"need": fixture.need("declared"),
	"origin": fixture.origin(10),
	"entry": fixture.origin(30),
}

_model(changes) := {"route_blocks": [object.union(_gate, changes)]}

_cases contains violation.case if some violation in rule.violation

test_no_route if _cases == {"no-default-route"} with input as _model({})

test_route_to_another_gateway if _cases == {"other-gateway"} with input as _model({"code": "other-gateway"})

test_is_an_error_without_need_too if {
	_cases == {"no-default-route"} with input as _model(fixture.needed("none"))
}

test_points_at_the_attachment if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.gateway_id == "alicloud_nat_gateway.main.id"
	violation.key == ["prod", "alicloud_route_table.pod", "no-default-route"]
	violation.related[0] == {"at": fixture.origin(30), "text": "the SNAT entry"}
	violation.related[1].at.ref == 901
}

test_says_what_the_related_route_is if {
	some violation in rule.violation with input as _model({"code": "other-gateway"})
	violation.related[0].text == "the route that leads to the other gateway"
}

test_silent_without_route_blocks if _cases == set() with input as {"route_blocks": []}

test_silent_for_an_unknown_route if _cases == set() with input as _model({"code": ""})
