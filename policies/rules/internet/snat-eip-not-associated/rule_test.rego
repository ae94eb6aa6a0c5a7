package egresslint.rules.internet["snat-eip-not-associated_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.internet["snat-eip-not-associated"] as rule

_entry := {
	"address": "alicloud_snat_entry.pod",
	"gateway": "alicloud_nat_gateway.main",
	"status": "blocked",
	"code": "not-associated",
	"eip": "alicloud_eip_address.nat",
	"instance": "",
	"clusters": ["prod"],
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
}

_model(changes) := {"snat_entries": [object.union(_entry, changes)]}

_cases contains violation.case if some violation in rule.violation

test_each_reason_has_its_case if {
	every code in ["not-associated", "other-instance", "no-eip"] {
		_cases == {code} with input as _model({"code": code})
	}
}

test_is_an_error_without_need_too if _cases == {"not-associated"} with input as _model(fixture.needed("none"))

test_points_at_the_entry_and_names_the_change if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.eip_id == "alicloud_eip_address.nat.id"
	violation.args.gateway_id == "alicloud_nat_gateway.main.id"
	violation.args.who == "Packets from cluster prod"
	violation.key == ["alicloud_snat_entry.pod", "not-associated", "alicloud_eip_address.nat"]
	{place.at.ref | some place in violation.related} == {901}
}

test_entry_for_no_known_cluster if {
	some violation in rule.violation with input as _model({"clusters": []})
	violation.args.who == "What it covers"
}

test_silent_when_associated if _cases == set() with input as _model({"status": "open", "code": ""})

test_silent_when_unknown if _cases == set() with input as _model({"status": "unknown", "code": ""})
