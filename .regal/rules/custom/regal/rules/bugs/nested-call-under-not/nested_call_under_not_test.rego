package custom.regal.rules.bugs["nested-call-under-not_test"]

import data.custom.regal.rules.bugs["nested-call-under-not"] as rule

test_reports_call_in_negated_call if {
	found(`r if not covered(gateway(input.vswitch))`) == {[3, 18]}
}

test_reports_call_in_negated_comparison if {
	found(`r if not gateway(input.vswitch) == 1`) == {[3, 10]}
}

test_reports_inside_comprehension if {
	found(`r := [x | some x in input.list; not covered(gateway(x))]`) == {[3, 45]}
}

test_silent_on_helper_alone if {
	found(`r if not covered(input.vswitch)`) == set()
}

test_silent_on_comparison_without_call if {
	found(`r if not input.kind == "nat"`) == set()
}

test_silent_without_negation if {
	found(`r if covered(gateway(input.vswitch))`) == set()
}

found(policy) := {[violation.location.row, violation.location.col] |
	some violation in rule.report with input as regal.parse_module("p.rego", concat("\n", ["package p", "", policy]))
}
