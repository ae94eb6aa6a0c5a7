package egresslint.rules.source["dns-egress-blocked_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.source["dns-egress-blocked"] as rule

_gate := {
	"cluster": "c1",
	"namespace": "shop",
	"workloads": ["Deployment/api"],
	"policies": ["default-deny"],
	"enforcement": "enforced",
	"resolver": "CoreDNS in kube-system",
	"udp": "blocked",
	"tcp": "blocked",
	"code": "no-rule",
	"denies": "",
	"admits_other": false,
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
	"miss": fixture.nowhere,
	"ports": fixture.nowhere,
	"workload_origins": [fixture.origin(n) | some n in numbers.range(41, 45)],
}

_model(changes) := {"gates": {"dns": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_each_near_miss_has_its_case if {
	every code in ["own-namespace", "service-address", "port", "resolver-address", "no-rule", "denied"] {
		_verdicts == {[code, "error"]} with input as _model({"code": code})
	}
}

test_inferred_need_is_a_warning if {
	_verdicts == {["no-rule", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_without_need_is_a_warning_if_something_is_admitted if {
	_verdicts == {["no-rule", "warning"]} with input as _model(object.union(
		{"admits_other": true},
		fixture.needed("none"),
	))
}

test_silent_for_a_deliberate_deny_all if _verdicts == set() with input as _model(fixture.needed("none"))

test_tcp_does_not_matter if _verdicts == {["no-rule", "error"]} with input as _model({"tcp": "open"})

test_points_at_the_policy_and_the_first_workloads if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.assumed == ""
	violation.key == ["shop", "no-rule", "default-deny"]
	{place.at.ref | some place in violation.related} == {0, 41, 42, 43, 901} # 0 is no place, and not shown
}

test_relates_the_rule_that_misses if {
	some violation in rule.violation with input as _model({"code": "port", "miss": fixture.origin(11)})
	violation.related[0] == {"at": fixture.origin(11), "text": "the rule that misses"}
}

test_says_that_enforcement_is_assumed if {
	some violation in rule.violation with input as _model({"enforcement": "unknown"})
	contains(violation.args.assumed, "taken to be enforced")
}

test_silent_when_admitted if _verdicts == set() with input as _model({"udp": "open"})

test_silent_when_unknown if _verdicts == set() with input as _model({"udp": "unknown"})
