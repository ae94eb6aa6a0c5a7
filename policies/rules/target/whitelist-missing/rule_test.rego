package egresslint.rules.target["whitelist-missing_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.target["whitelist-missing"] as rule

_admitted := fixture.vswitch(`alicloud_vswitch.pod["a"]`, "10.0.1.0/24", "open")

_refused := fixture.vswitch(`alicloud_vswitch.pod["b"]`, "10.0.2.0/24", "blocked")

_gate := {
	"target": "alicloud_db_instance.orders",
	"target_name": "orders",
	"product": "RDS",
	"attribute": "security_ips",
	"list": "whitelist",
	"cluster": "c1",
	"cluster_name": "prod",
	"scope": "",
	"plugin": "terway",
	"role": "pod",
	"status": "blocked",
	"code": "missing",
	"extensions": {"alicloud": {"loopback": false}},
	"omitted": false,
	"sources": [_refused],
	"uncovered": [`alicloud_vswitch.pod["b"] (10.0.2.0/24)`],
	"covered": [],
	"entries": ["192.168.0.0/24"],
	"same_vpc": true,
	"covers_cluster": false,
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
	"source_origin": fixture.origin(20),
}

_partial := {
	"status": "partial",
	"sources": [_admitted, _refused],
	"covered": [`alicloud_vswitch.pod["a"] (10.0.1.0/24)`],
	"covers_cluster": true,
}

_hosts := {"role": "node"}

_model(changes) := {"gates": {"whitelist": [object.union(_gate, changes)]}}

_loopback := {"extensions": {"alicloud": {"loopback": true}}}

_verdicts := fixture.verdicts(rule.violation)

test_known_need_is_an_error if {
	_verdicts == {["missing", "error"]} with input as _model({})
	_verdicts == {["missing", "error"]} with input as _model(fixture.needed("declared"))
}

test_inferred_need_is_a_warning if {
	_verdicts == {["missing", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_without_need_is_a_warning if _verdicts == {["missing", "warning"]} with input as _model(fixture.needed("none"))

test_flannel_without_need_is_a_warning if {
	flannel := {"plugin": "flannel", "role": "node"}
	_verdicts == {["missing", "warning"]} with input as _model(object.union(flannel, fixture.needed("none")))
}

test_some_sources_is_an_error_with_and_without_need if {
	every strength in ["declared", "inferred", "none"] {
		_verdicts == {["partial", "error"]} with input as _model(object.union(_partial, fixture.needed(strength)))
	}
}

test_nobody_admitted if {
	_verdicts == {["loopback", "error"]} with input as _model(_loopback)
	_verdicts == {["omitted", "error"]} with input as _model(object.union(_loopback, {"omitted": true}))
	_verdicts == {["omitted", "warning"]} with input as _model(object.union(
		{"omitted": true},
		fixture.needed("none"),
	))
}

test_host_network_pods_and_public_endpoints_with_a_need if {
	_verdicts == {["missing", "error"]} with input as _model({"role": "eip"})
	_verdicts == {["missing", "error"]} with input as _model(_hosts)
	_verdicts == {["partial", "error"]} with input as _model(object.union(_partial, _hosts))
}

test_silent_for_them_without_a_need if {
	_verdicts == set() with input as _model(object.union(_hosts, fixture.needed("none")))
	_verdicts == set() with input as _model(object.union_n([_partial, _hosts, fixture.needed("none")]))
}

test_points_at_the_list_and_names_what_to_add if {
	some violation in rule.violation with input as _model(_partial)
	violation.at == fixture.origin(10)
	violation.args.values == [`alicloud_vswitch.pod["b"].cidr_block`]
	violation.key == ["alicloud_db_instance.orders", "prod", "pod", `alicloud_vswitch.pod["b"]`]
	{place.at.ref | some place in violation.related} == {20, 901}
}

test_silent_without_need_in_another_vpc if {
	_verdicts == set() with input as _model(object.union({"same_vpc": false}, fixture.needed("none")))
}

test_silent_without_need_if_another_cluster_is_admitted if {
	_verdicts == set() with input as _model(object.union({"covers_cluster": true}, fixture.needed("none")))
}

test_silent_when_admitted if _verdicts == set() with input as _model({"status": "open", "code": ""})

test_silent_when_unknown if _verdicts == set() with input as _model({"status": "unknown", "code": ""})

test_silent_for_the_wrong_kind if _verdicts == set() with input as _model({"code": "wrong-vswitch"})

test_target_of_the_configuration if {
	outside := {"list": "target", "same_vpc": false}
	_verdicts == {["outside", "error"]} with input as _model(outside)
	_verdicts == {["outside-partial", "error"]} with input as _model(object.union(outside, _partial))
	_verdicts == {["outside", "warning"]} with input as _model(object.union(outside, fixture.needed("inferred")))
	_verdicts == set() with input as _model(object.union(outside, fixture.needed("none")))
	_verdicts == set() with input as _model(object.union_n([outside, _partial, fixture.needed("none")]))
}
