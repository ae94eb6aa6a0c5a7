package egresslint.rules.internet["pod-eip-with-flannel_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.internet["pod-eip-with-flannel"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"workload": "Deployment/api",
	"namespace": "shop",
	"annotation": "k8s.aliyun.com/pod-with-eip",
	"code": "flannel",
	"replicas": 1,
	"origin": fixture.origin(10),
	"cause": fixture.origin(20),
}

_model(changes) := {"extensions": {"alicloud": {"pod_eips": [object.union(_gate, changes)]}}}

_cases contains violation.case if some violation in rule.violation

test_fires_under_flannel if _cases == {"flannel"} with input as _model({})

test_points_at_the_annotation if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.key == ["prod", "shop", "Deployment/api", "k8s.aliyun.com/pod-with-eip"]
	{place.at.ref | some place in violation.related} == {20}
}

test_silent_for_other_mistakes if {
	every code in ["on-owner", "shared-instance", "host-network", "controller-absent"] {
		_cases == set() with input as _model({"code": code})
	}
}

test_silent_without_annotations if _cases == set() with input as {"extensions": {"alicloud": {"pod_eips": []}}}
