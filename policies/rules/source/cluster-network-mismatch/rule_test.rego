package egresslint.rules.source["cluster-network-mismatch_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.source["cluster-network-mismatch"] as rule

_mismatch(code) := {
	"code": code,
	"attribute": "pod_cidr",
	"origin": fixture.origin(11),
	"plugin": fixture.origin(12),
}

_model(mismatches) := {"clusters": [{
	"name": "prod",
	"extensions": {"alicloud": {"mismatches": mismatches}},
	"origin": fixture.origin(10),
}]}

test_each_contradiction_has_its_case if {
	every code in ["pod-vswitches-with-flannel", "pod-cidr-with-terway", "two-plugins"] {
		cases := {violation.case | some violation in rule.violation} with input as _model([_mismatch(code)])
		cases == {code}
	}
}

test_points_at_the_argument if {
	some violation in rule.violation with input as _model([_mismatch("pod-cidr-with-terway")])
	violation.at == fixture.origin(11)
	violation.args == {"cluster": "prod", "attribute": "pod_cidr"}
	violation.key == ["pod-cidr-with-terway", "pod_cidr"]
	{place.at.ref | some place in violation.related} == {10, 12}
}

test_an_ignored_argument_is_a_note if {
	levels := {code: violation.level |
		some code in ["pod-vswitches-with-flannel", "pod-cidr-with-terway", "two-plugins"]
		some violation in rule.violation with input as _model([_mismatch(code)])
	}
	levels == {"pod-vswitches-with-flannel": "error", "pod-cidr-with-terway": "note", "two-plugins": "error"}
}

test_silent_without_contradiction if count(rule.violation) == 0 with input as _model([])
