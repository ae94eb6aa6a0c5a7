package egresslint.rules.source["dns-tcp-egress-blocked_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.source["dns-tcp-egress-blocked"] as rule

_gate := {
	"namespace": "shop",
	"workloads": ["Deployment/api"],
	"policies": ["allow-dns"],
	"enforcement": "enforced",
	"resolver": "CoreDNS in kube-system",
	"udp": "open",
	"tcp": "blocked",
	"need": fixture.need("none"),
	"origin": fixture.origin(10),
	"ports": fixture.origin(11),
	"workload_origins": [fixture.origin(41)],
}

_model(changes) := {"gates": {"dns": [object.union(_gate, changes)]}}

_places contains violation.at.ref if some violation in rule.violation

test_points_at_the_ports if {
	some violation in rule.violation with input as _model(fixture.needed("declared"))
	violation.at == fixture.origin(11)
	violation.case == "tcp"
	violation.key == ["shop", "allow-dns"]
	{place.at.ref | some place in violation.related} == {41, 901}
}

test_points_at_the_policy_without_ports if _places == {10} with input as _model({"ports": fixture.nowhere})

test_silent_when_both_are_blocked if _places == set() with input as _model({"udp": "blocked"})

test_silent_when_both_are_open if _places == set() with input as _model({"tcp": "open"})

test_silent_when_unknown if {
	_places == set() with input as _model({"tcp": "unknown"})
	_places == set() with input as _model({"udp": "unknown"})
}
