package custom.regal.rules.idiomatic["policies-package-path_test"]

import data.custom.regal.rules.idiomatic["policies-package-path"] as rule

test_silent_on_matching_package if {
	violations("/src/policies/rules/target/acl-missing/rule.rego", `egresslint.rules.target["acl-missing"]`) == 0
}

test_silent_on_matching_test_package if {
	violations("/src/policies/rules/target/acl-missing/rule_test.rego", `egresslint.rules.target["acl-missing_test"]`) == 0
}

test_silent_outside_policies if {
	violations("/src/testdata/custom.rego", "acme.rules") == 0
}

test_reports_other_rule_name if {
	violations("/src/policies/rules/target/acl-missing/rule.rego", `egresslint.rules.target["acl-open"]`) == 1
}

test_reports_test_suffix_outside_tests if {
	violations("/src/policies/rules/target/acl-missing/rule.rego", `egresslint.rules.target["acl-missing_test"]`) == 1
}

violations(path, name) := n if {
	module := object.union(
		regal.parse_module("rule.rego", concat(" ", ["package", name])),
		{"regal": {"file": {"name": path, "abs": path}, "environment": {"path_separator": "/"}}},
	)
	n := count(rule.report) with input as module
}
