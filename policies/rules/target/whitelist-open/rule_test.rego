package egresslint.rules.target["whitelist-open_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.target["whitelist-open"] as rule

_entry(value, open, ref) := {
	"value": value,
	"open": open,
	"attribute": "security_ips",
	"origin": fixture.origin(ref),
}

_model(entries) := {"targets": [{
	"address": "alicloud_db_instance.orders",
	"product": "RDS",
	"name": "orders",
	"whitelist": entries,
	"origin": fixture.origin(10),
}]}

test_each_open_entry_is_a_finding if {
	violations := rule.violation with input as _model([
		_entry("10.0.0.0/8", false, 11),
		_entry("0.0.0.0/0", true, 12),
		_entry("::/0", true, 13),
	])
	{[violation.at.ref, violation.args.value] | some violation in violations} == {[12, "0.0.0.0/0"], [13, "::/0"]}
}

test_names_the_argument if {
	some violation in rule.violation with input as _model([_entry("0.0.0.0/0", true, 12)])
	violation.case == "open"
	violation.args.attribute == "security_ips"
	violation.key == ["alicloud_db_instance.orders", "0.0.0.0/0"]
	{place.at.ref | some place in violation.related} == {10}
}

test_silent_for_narrow_lists if {
	count(rule.violation) == 0 with input as _model([_entry("10.0.0.0/8", false, 11)])
}

test_silent_for_unknown_lists if count(rule.violation) == 0 with input as _model([])
