package egresslint.rules.internet["ipv6-single-stack_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.internet["ipv6-single-stack"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"code": "single-stack",
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

test_each_plugin_has_its_remedy if {
	every plugin in ["terway", "flannel"] {
		_verdicts == {[plugin, "error"]} with input as _model({"plugin": plugin})
	}
}

test_inferred_need_is_a_warning if {
	_verdicts == {["terway", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_declared_ipv6_is_an_error if {
	declared := object.union({"literal": false}, fixture.needed("declared"))
	_verdicts == {["terway", "error"]} with input as _model(declared)
}

test_points_at_the_evidence_and_the_stack if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.key == ["Deployment/api", "Deployment/web", "api.partner.com:443"]
	{place.at.ref | some place in violation.related} == {20, 901}
}

test_silent_when_ipv6_is_not_certain if {
	every strength in ["referenced", "inferred"] {
		needed := object.union({"literal": false}, fixture.needed(strength))
		_verdicts == set() with input as _model(needed)
	}
}

test_silent_without_need if _verdicts == set() with input as _model(fixture.needed("none"))

test_silent_for_dual_stack if {
	every code in ["no-gateway", "no-bandwidth"] {
		_verdicts == set() with input as _model({"code": code})
	}
}

test_silent_when_the_plugin_is_unknown if _verdicts == set() with input as _model({"plugin": "unknown"})
