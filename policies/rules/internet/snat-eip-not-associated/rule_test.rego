package egresslint.rules.internet["snat-eip-not-associated_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.internet["snat-eip-not-associated"] as rule

_entry := {
	"address": "alicloud_snat_entry.pod",
	"gateway": "alicloud_nat_gateway.main",
	"status": "blocked",
	"code": "not-associated",
	"public_address": "alicloud_eip_address.nat",
	"attached_to": "",
	"clusters": ["prod"],
	"wrong_for": [],
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
}

_model(changes) := {"translations": [object.union(_entry, changes)]}

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
	violation.args.eip_ids == ["alicloud_eip_address.nat.id"]
	violation.args.gateway_ids == ["alicloud_nat_gateway.main.id"]
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

_several(changes) := {"translations": [
	object.union(_entry, {"address": "alicloud_snat_entry.pod[0]"}),
	object.union_n([_entry, {"address": "alicloud_snat_entry.pod[1]"}, changes]),
]}

test_instances_at_one_place_are_one_finding if {
	violations := rule.violation with input as _several({})
	[args] := [violation.args | some violation in violations]
	args.entries == ["SNAT entry alicloud_snat_entry.pod[0]", "[1]"]
	args.eips == ["alicloud_eip_address.nat"]
	args.addresses == "its address"
	[key] := [violation.key | some violation in violations]
	key == ["alicloud_snat_entry.pod[0]", "alicloud_snat_entry.pod[1]", "not-associated", "alicloud_eip_address.nat"]
}

test_instances_with_different_reasons if {
	other := {"code": "other-instance", "public_address": "alicloud_eip_address.b"}
	some violation in rule.violation with input as _several(other)
	violation.case == "not-associated"
	violation.args.eips == ["alicloud_eip_address.b", "alicloud_eip_address.nat"]
	violation.args.are == "are"
}

test_entries_at_different_places_are_findings_of_their_own if {
	count(rule.violation) == 2 with input as _several({"origin": fixture.origin(11)})
}

test_says_which_pods_it_would_not_serve_either if {
	some violation in rule.violation with input as _model({"wrong_for": ["prod"]})
	violation.args.besides == " Besides, pods of cluster prod do not leave from what it covers."
}
