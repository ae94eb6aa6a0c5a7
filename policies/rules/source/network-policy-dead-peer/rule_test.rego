package egresslint.rules.source["network-policy-dead-peer_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.source["network-policy-dead-peer"] as rule

_gate := {
	"cluster": "c1",
	"namespace": "shop",
	"policy": "checkout",
	"direction": "egress",
	"code": "service-port",
	"says": "TCP 80",
	"instead": "TCP 8080",
	"origin": fixture.origin(10),
}

_model(changes) := {"dead_peers": [object.union(_gate, changes)]}

_cases contains violation.case if some violation in rule.violation

_instead contains violation.args.instead if some violation in rule.violation

test_each_reason_has_its_case if {
	every code in ["service-cidr", "pod-cidr", "service-port", "named-port"] {
		_cases == {code} with input as _model({"code": code})
	}
}

test_both_directions if {
	_cases == {"service-port"} with input as _model({"direction": "ingress"})
	_cases == {"service-port"} with input as _model({"cluster": ""})
}

test_points_at_the_peer_or_port if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.key == ["shop", "checkout", "egress", "service-port", "TCP 80"]
}

test_says_what_would_match_where_it_is_known if {
	_instead == {" Here that is TCP 8080."} with input as _model({})
	_instead == {""} with input as _model({"instead": ""})
}

test_silent_without_dead_peers if _cases == set() with input as {"dead_peers": []}

test_silent_for_another_reason if _cases == set() with input as _model({"code": ""})
