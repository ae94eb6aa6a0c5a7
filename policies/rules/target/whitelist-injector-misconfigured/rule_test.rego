package egresslint.rules.target["whitelist-injector-misconfigured_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.target["whitelist-injector-misconfigured"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"workload": "Deployment/api",
	"namespace": "shop",
	"annotation": "ack.aliyun.com/rds_id",
	"code": "flannel",
	"group": "",
	"target": "",
	"origin": fixture.origin(10),
	"cause": fixture.origin(20),
}

_model(changes) := {"extensions": {"alicloud": {"injectors": [object.union(_gate, changes)]}}}

_verdicts := fixture.verdicts(rule.violation)

test_what_never_works_is_an_error if {
	every code in ["flannel", "on-owner", "no-group", "unsupported-product", "no-openapi", "no-internet"] {
		_verdicts == {[code, "error"]} with input as _model({"code": code})
	}
}

test_what_terraform_undoes_is_a_warning if {
	_verdicts == {["terraform-covers", "warning"]} with input as _model({
		"code": "terraform-covers",
		"group": "default",
		"target": "alicloud_db_instance.orders",
	})
}

test_what_may_be_settled_elsewhere_is_a_warning if {
	_verdicts == {["perhaps-no-internet", "warning"]} with input as _model({"code": "perhaps-no-internet"})
}

test_points_at_the_annotation_and_the_cause if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.key == ["prod", "shop", "Deployment/api", "ack.aliyun.com/rds_id", "flannel"]
	violation.related == [{"at": fixture.origin(20), "text": "what names the network plug-in"}]
}

test_what_the_annotation_itself_shows_has_no_further_cause if {
	codes := ["on-owner", "no-group", "unsupported-product"]
	gates := [object.union(_gate, {"code": code}) | some code in codes]
	violations := rule.violation with input as {"extensions": {"alicloud": {"injectors": gates}}}
	{violation.case | some violation in violations; violation.related == []} == {code | some code in codes}
}

test_silent_when_it_works if _verdicts == set() with input as {"extensions": {"alicloud": {"injectors": []}}}

test_silent_for_an_unknown_reason if _verdicts == set() with input as _model({"code": ""})
