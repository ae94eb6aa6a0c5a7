package egresslint.lib.need_test

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.lib.need

test_known_needs_are_errors if {
	need.level("declared") == "error"
	need.level("referenced") == "error"
}

test_inferred_needs_are_warnings if need.level("inferred") == "warning"

test_no_need_has_no_level if not need.level("none")

_gate := {"need": {"strength": "none"}, "intent": "unknown", "all_served": false}

test_meant_by_the_configuration if need.meant(object.union(_gate, {"intent": "no"}))

test_meant_where_all_have_a_way_of_their_own if need.meant(object.union(_gate, {"all_served": true}))

test_not_meant_without_a_sign if not need.meant(_gate)

test_not_meant_against_a_need if {
	needed := object.union(_gate, {"need": {"strength": "inferred"}, "intent": "no", "all_served": true})
	not need.meant(needed)
}

test_no_evidence_no_sentence if {
	need.affected([]) == ""
	need.destinations([]) == ""
}

test_destinations_are_named_once if {
	other := object.union(fixture.evidence(3), {"destination": "a.partner.com:443"})
	text := need.destinations([fixture.evidence(1), fixture.evidence(2), other])
	text == " They need a.partner.com:443, api.partner.com:443."
}

test_affected_names_everyone_up_to_three if {
	text := need.affected([fixture.evidence(1), fixture.evidence(2), fixture.evidence(3)])
	startswith(text, " Affected: shop/api-1[Deployment] (api.partner.com:443), shop/api-2")
	endswith(text, "shop/api-3[Deployment] (api.partner.com:443).")
}

test_affected_names_each_workload_once if {
	other := object.union(fixture.evidence(1), {"destination": "b.partner.com:443"})
	text := need.affected([fixture.evidence(1), fixture.evidence(2), other])
	text == concat("", [
		" Affected: shop/api-1[Deployment] (api.partner.com:443, b.partner.com:443),",
		" shop/api-2[Deployment] (api.partner.com:443).",
	])
}

test_affected_leaves_out_what_the_message_told if {
	other := object.union(fixture.evidence(2), {"destination": "b.partner.com:443"})
	text := need.affected_by([fixture.evidence(1), other], "api.partner.com:443")
	text == " Affected: shop/api-1[Deployment], shop/api-2[Deployment] (b.partner.com:443)."
	need.affected_by([], "api.partner.com:443") == ""
}

test_affected_counts_the_rest if {
	text := need.affected([fixture.evidence(n) | some n in numbers.range(1, 5)])
	contains(text, "shop/api-3[Deployment]")
	not contains(text, "shop/api-4[Deployment]")
	endswith(text, " … and 2 more.")
}

test_places_of_the_first_three if {
	places := need.places([fixture.evidence(n) | some n in numbers.range(1, 5)])
	[place.at.ref | some place in places] == [901, 902, 903]
	places[0].text == "shop/api-1[Deployment] needs api.partner.com:443"
}
