package custom.regal.rules.performance["partial-object-index_test"]

import data.custom.regal.rules.performance["partial-object-index"] as rule

test_reports_partial_object if {
	found(`by_id[x.id] := x if some x in input.list`) == set()
	found(`by_id[id] := x if some id, x in input.list`) == {[3, 7]}
}

test_reports_multi_value_rule if {
	found(`by_kind[kind] contains x if some kind, x in input.list`) == {[3, 9]}
}

test_silent_on_partial_set if {
	found(`ids contains x.id if some x in input.list`) == set()
}

test_silent_on_complete_rule if {
	found(`by_id := {x.id: x | some x in input.list}`) == set()
}

test_silent_on_constant_key if {
	found(`ports["dns"] := 53`) == set()
}

found(policy) := {[violation.location.row, violation.location.col] |
	some violation in rule.report with input as regal.parse_module("p.rego", concat("\n", ["package p", "", policy]))
}
