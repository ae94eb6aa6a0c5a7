package egresslint.rules.source["network-policy-unsupported-kind_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.source["network-policy-unsupported-kind"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"kind": "CiliumNetworkPolicy",
	"group": "cilium.io",
	"name": "shop/web",
	"origin": fixture.origin(10),
}

_model(plugin, changes) := {
	"clusters": [
		{"id": "c0", "plugin": "flannel"},
		{"id": "c1", "plugin": plugin},
	],
	"gates": {"unsupported_policies": [object.union(_gate, changes)]},
}

_cases contains violation.case if some violation in rule.violation

_unless contains violation.args.unless if some violation in rule.violation

test_fires_whatever_the_plugin if {
	_cases == {"unsupported"} with input as _model("terway", {})
	_cases == {"unsupported"} with input as _model("unknown", {})
	_cases == {"flannel"} with input as _model("flannel", {})
}

test_points_at_the_kind if {
	some violation in rule.violation with input as _model("terway", {})
	violation.at == fixture.origin(10)
	violation.key == ["prod", "cilium.io", "CiliumNetworkPolicy", "shop/web"]
}

test_says_how_to_say_that_it_is_enforced if {
	some text in _unless with input as _model("terway", {})
	contains(text, "enforces: [CiliumNetworkPolicy]")
}

# The configuration does not know Calico's NetworkPolicy as a kind of its own.
test_the_rule_is_switched_off_for_the_network_policy_of_calico if {
	calico := {"kind": "NetworkPolicy", "group": "projectcalico.org"}
	some text in _unless with input as _model("terway", calico)
	contains(text, "severity: off")
}

test_silent_without_such_policies if {
	_cases == set() with input as {"clusters": [], "gates": {"unsupported_policies": []}}
}
