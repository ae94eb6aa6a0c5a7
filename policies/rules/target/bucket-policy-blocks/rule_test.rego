package egresslint.rules.target["bucket-policy-blocks_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.target["bucket-policy-blocks"] as rule

_gate := {
	"bucket": "alicloud_oss_bucket_policy.assets",
	"bucket_name": "assets",
	"cluster": "c1",
	"cluster_name": "prod",
	"scope": "",
	"code": "source-ip",
	"role": "pod",
	"listed": ["192.168.1.0/24"],
	"uncovered": ["alicloud_vswitch.pod (10.0.2.0/24)"],
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
}

_model(changes) := {"gates": {"bucket_policy": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_each_condition_has_its_case if {
	every code in ["source-ip", "source-vpc"] {
		_verdicts == {[code, "error"]} with input as _model({"code": code})
	}
}

test_inferred_need_is_a_warning if {
	_verdicts == {["source-ip", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_every_kind_of_source_has_words if {
	every role in ["pod", "node", "eip"] {
		_verdicts == {["source-ip", "error"]} with input as _model({"role": role})
	}
}

test_points_at_the_policy_and_names_what_to_write if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.values == ["alicloud_vswitch.pod.cidr_block"]
	violation.key == ["alicloud_oss_bucket_policy.assets", "prod", "pod", "source-ip"]
	{place.at.ref | some place in violation.related} == {901}
}

test_silent_without_need if _verdicts == set() with input as _model(fixture.needed("none"))

test_silent_when_nothing_is_proved if _verdicts == set() with input as {"gates": {"bucket_policy": []}}
