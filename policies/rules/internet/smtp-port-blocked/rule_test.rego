package egresslint.rules.internet["smtp-port-blocked_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.internet["smtp-port-blocked"] as rule

_need := {
	"workload": "shop/mailer[Deployment]",
	"cluster": "c1",
	"kind": "internet",
	"destination": "smtp.partner-mail.cn:25",
	"port": 25,
	"protocol": "TCP",
	"target": "",
	"public": true,
	"strength": "referenced",
	"origin": fixture.origin(10),
}

_workload(name) := {
	"id": sprintf("shop/%s[Deployment]", [name]),
	"kind": "Deployment",
	"namespace": "shop",
	"name": name,
}

_model(list) := {
	"workloads": [_workload("alerts"), _workload("mailer")],
	"requirements": [object.union(_need, changes) | some changes in list],
}

_cases contains violation.case if some violation in rule.violation

test_points_at_the_evidence if {
	some violation in rule.violation with input as _model([{}])
	violation.case == "public"
	violation.at == fixture.origin(10)
	violation.args.workloads == ["Deployment/mailer in shop"]
	violation.key == ["Deployment/mailer in shop", "smtp.partner-mail.cn:25"]
}

test_key_does_not_depend_on_the_number_of_clusters if {
	several := {
		"workloads": [object.union(_workload("mailer"), {"id": "infra:c1:shop/mailer[Deployment]"})],
		"requirements": [object.union(_need, {"workload": "infra:c1:shop/mailer[Deployment]"})],
	}
	one := {violation.key | some violation in rule.violation} with input as _model([{}])
	{violation.key | some violation in rule.violation} == one with input as several
}

test_one_finding_for_evidence_that_workloads_share if {
	violations := rule.violation with input as _model([{}, {"workload": "shop/alerts[Deployment]"}])
	count(violations) == 1
	some violation in violations
	violation.args.workloads == ["Deployment/alerts in shop", "Deployment/mailer in shop"]
}

test_one_finding_for_each_evidence if {
	count(rule.violation) == 2 with input as _model([{}, {"origin": fixture.origin(11)}])
}

test_whatever_the_strength if {
	every strength in ["declared", "referenced", "inferred"] {
		_cases == {"public"} with input as _model([{"strength": strength}])
	}
}

test_silent_for_other_ports if {
	every port in [0, 465, 587] {
		_cases == set() with input as _model([{"port": port}])
	}
}

test_silent_for_other_protocols if _cases == set() with input as _model([{"protocol": "UDP"}])

test_silent_when_the_address_is_not_certainly_public if _cases == set() with input as _model([{"public": false}])
