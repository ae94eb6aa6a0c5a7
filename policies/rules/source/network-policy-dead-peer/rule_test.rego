package egresslint.rules.source["network-policy-dead-peer_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.source["network-policy-dead-peer"] as rule

_gate := {
	"cluster": "c1",
	"kind": "NetworkPolicy",
	"namespace": "shop",
	"policy": "checkout",
	"direction": "egress",
	"code": "service-port",
	"says": "TCP 80",
	"origin": fixture.origin(10),
}

_model(changes) := {"gates": {"dead_peers": [object.union(_gate, changes)]}}

_cases contains violation.case if some violation in rule.violation

_namespaces contains violation.args.namespace if some violation in rule.violation

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
	violation.key == ["NetworkPolicy", "shop", "checkout", "egress", "service-port", "TCP 80"]
}

test_names_a_namespace_only_where_there_is_one if {
	_namespaces == {" in namespace shop"} with input as _model({})
	_namespaces == {""} with input as _model({"namespace": ""})
}

test_silent_without_dead_peers if _cases == set() with input as {"gates": {"dead_peers": []}}

test_silent_for_another_reason if _cases == set() with input as _model({"code": ""})
