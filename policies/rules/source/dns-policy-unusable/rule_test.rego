package egresslint.rules.source["dns-policy-unusable_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.source["dns-policy-unusable"] as rule

_gate := {
	"cluster": "c1",
	"workload": "Deployment/api",
	"namespace": "shop",
	"code": "host-network",
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
}

_model(changes) := {"gates": {"dns_settings": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_each_setting_has_its_case if {
	every code in ["host-network", "default", "no-nameserver"] {
		_verdicts == {[code, "error"]} with input as _model({"code": code})
	}
}

test_level_follows_the_need if {
	_verdicts == {["host-network", "error"]} with input as _model(fixture.needed("declared"))
	_verdicts == {["host-network", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_points_at_the_setting_and_names_what_is_needed if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.key == ["shop", "Deployment/api", "host-network"]
	violation.args.needed == " They need api.partner.com:443."
	{place.at.ref | some place in violation.related} == {901}
}

test_silent_without_need if _verdicts == set() with input as _model(fixture.needed("none"))

test_silent_when_nothing_is_wrong if {
	_verdicts == set() with input as _model({"code": ""})
	_verdicts == set() with input as {"gates": {"dns_settings": []}}
}
