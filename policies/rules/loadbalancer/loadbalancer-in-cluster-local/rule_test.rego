package egresslint.rules.loadbalancer["loadbalancer-in-cluster-local_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.loadbalancer["loadbalancer-in-cluster-local"] as rule

_gate := {
	"cluster": "c1",
	"cluster_name": "prod",
	"service": "shop/web",
	"address": "192.168.1.10",
	"clients": "pod",
	"status": "blocked",
	"code": "proved",
	"plugin": "terway",
	"proxy_mode": "ipvs",
	"version": "1.20.11",
	"internal_local": false,
	"extensions": {"alicloud": {"eni_backend": false}},
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
}

_model(changes) := {"gates": {"load_balancer": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_level_by_certainty if {
	_verdicts == {["proved", "error"]} with input as _model({})
	_verdicts == {["documented", "error"]} with input as _model({"code": "documented"})
	_verdicts == {["disputed", "warning"]} with input as _model({"code": "disputed"})
}

test_inferred_need_is_a_warning if {
	every code in ["proved", "documented", "disputed"] {
		inferred := object.union({"code": code}, fixture.needed("inferred"))
		_verdicts == {[code, "warning"]} with input as _model(inferred)
	}
}

test_service_name_is_no_way_out_with_internal_local if {
	every code in ["proved", "documented", "disputed"] {
		cases := {violation.case | some violation in rule.violation} with input as _model({
			"code": code,
			"internal_local": true,
		})
		cases == {concat("", [code, "-internal-local"])}
	}
}

test_points_at_the_service_and_names_the_way_out if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.name == "web.shop"
	violation.args.clients == "Pods"
	violation.args.facts == "proxy mode ipvs, Kubernetes 1.20.11"
	violation.key == ["prod", "shop/web", "pod"]
	{place.at.ref | some place in violation.related} == {901}
}

test_says_what_is_not_known if {
	some violation in rule.violation with input as _model({
		"code": "documented",
		"clients": "host",
		"proxy_mode": "unknown",
		"version": "",
	})
	violation.args.clients == "hostNetwork pods"
	violation.args.facts == "proxy mode not known, Kubernetes version not known"
}

test_silent_without_clients if {
	_verdicts == set() with input as _model(fixture.needed("none"))
	_verdicts == set() with input as _model(object.union({"code": "disputed"}, fixture.needed("none")))
}

test_silent_when_open if _verdicts == set() with input as _model({"status": "open", "code": "in-cluster-loadbalance"})

test_silent_when_unknown if _verdicts == set() with input as _model({"status": "unknown", "code": "daemonset"})
