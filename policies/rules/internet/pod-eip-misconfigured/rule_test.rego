package egresslint.rules.internet["pod-eip-misconfigured_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.internet["pod-eip-misconfigured"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"workload": "Deployment/api",
	"namespace": "shop",
	"annotation": "k8s.aliyun.com/pod-eip-instanceid",
	"code": "shared-instance",
	"replicas": 3,
	"origin": fixture.origin(10),
	"cause": fixture.origin(20),
}

_model(changes) := {"extensions": {"alicloud": {"pod_eips": [object.union(_gate, changes)]}}}

_verdicts := fixture.verdicts(rule.violation)

test_what_never_works_is_an_error if {
	every code in ["on-owner", "shared-instance", "host-network"] {
		_verdicts == {[code, "error"]} with input as _model({"code": code})
	}
}

test_a_missing_controller_is_a_warning if {
	_verdicts == {["controller-absent", "warning"]} with input as _model({"code": "controller-absent"})
}

test_points_at_the_annotation_and_the_cause if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.replicas == 3
	violation.key == ["prod", "shop", "Deployment/api", "k8s.aliyun.com/pod-eip-instanceid", "shared-instance"]
	violation.related == [{"at": fixture.origin(20), "text": "the number of replicas"}]
}

test_on_the_owner_has_no_further_cause if {
	some violation in rule.violation with input as _model({"code": "on-owner", "cause": fixture.nowhere})
	violation.related == []
}

test_silent_under_flannel if _verdicts == set() with input as _model({"code": "flannel"})

test_silent_without_annotations if _verdicts == set() with input as {"extensions": {"alicloud": {"pod_eips": []}}}
