package egresslint.rules.source["network-policy-not-enforced_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.source["network-policy-not-enforced"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"code": "flannel",
	"policies": ["shop/api", "shop/db"],
	"workloads": [],
	"origin": fixture.origin(10),
	"related": [fixture.origin(11)],
	"cause": fixture.origin(12),
}

_model(changes) := {"gates": {"policy_enforcement": [object.union(_gate, changes)]}}

_cases contains violation.case if some violation in rule.violation

test_each_reason_has_its_case if {
	_cases == {"flannel"} with input as _model({})
	_cases == {"disabled"} with input as _model({"code": "disabled"})
	_cases == {"exclusive-eni"} with input as _model({"code": "exclusive-eni"})
	_cases == {"exclusive-eni-pods"} with input as _model({"code": "exclusive-eni-pods", "workloads": ["shop/api"]})
	_cases == {"acs-pods"} with input as _model({"code": "acs-pods", "workloads": ["shop/api"]})
}

test_points_at_the_first_policy_and_relates_the_rest if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.key == ["prod", "flannel"]
	{place.at.ref | some place in violation.related} == {11, 12}
}

test_silent_when_enforced if _cases == set() with input as {"gates": {"policy_enforcement": []}}

test_silent_when_unknown if _cases == set() with input as _model({"code": ""})
