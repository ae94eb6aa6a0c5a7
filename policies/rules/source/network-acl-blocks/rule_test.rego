package egresslint.rules.source["network-acl-blocks_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.source["network-acl-blocks"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"scope": "",
	"role": "pod",
	"acl": "alicloud_network_acl.pod",
	"segments": ["alicloud_vswitch.pod (10.0.2.0/24)"],
	"direction": "egress",
	"destination": "10.8.0.7:5432",
	"also": ["10.8.0.6:5432"],
	"port": 5432,
	"protocol": "TCP",
	"entry": "drop tcp 1/65535 10.8.0.0/16",
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
}

_model(changes) := {"gates": {"network_acl": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_each_direction_has_its_case if {
	every direction in ["egress", "ingress"] {
		_verdicts == {[direction, "error"]} with input as _model({"direction": direction})
	}
}

test_inferred_need_is_a_warning if {
	_verdicts == {["egress", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_points_at_the_entry if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.who == "Pods of cluster prod"
	violation.args.protocol == "tcp"
	violation.key == ["prod", "alicloud_network_acl.pod", "egress", "10.8.0.6:5432", "10.8.0.7:5432"]
	{place.at.ref | some place in violation.related} == {901}
}

test_silent_without_need if _verdicts == set() with input as _model(fixture.needed("none"))

test_silent_when_nothing_is_proved if _verdicts == set() with input as {"gates": {"network_acl": []}}
