package egresslint.rules.internet["ipv6-bandwidth-missing_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.internet["ipv6-bandwidth-missing"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"code": "no-gateway",
	"literal": true,
	"workloads": ["Deployment/web", "Deployment/api"],
	"plugin": "terway",
	"vpc": "alicloud_vpc.main",
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
	"cause": fixture.origin(20),
}

_model(changes) := {"gates": {"ipv6": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_literal_addresses_are_errors if {
	every code in ["no-gateway", "no-bandwidth"] {
		_verdicts == {[code, "error"]} with input as _model({"code": code})
	}
}

test_inferred_need_is_a_warning if {
	_verdicts == {["no-gateway", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_ipv6_in_general_is_a_warning if {
	declared := object.union({"literal": false}, fixture.needed("declared"))
	_verdicts == {["no-gateway", "warning"]} with input as _model(declared)
}

test_points_at_the_origin if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.vpc_id == "alicloud_vpc.main.id"
	violation.key == ["prod", "no-gateway", "Deployment/api", "Deployment/web"]
	{place.at.ref | some place in violation.related} == {20, 901}
}

test_silent_without_need if {
	every literal in [true, false] {
		_verdicts == set() with input as _model(object.union({"literal": literal}, fixture.needed("none")))
	}
}

test_silent_for_a_single_stack if _verdicts == set() with input as _model({"code": "single-stack"})
