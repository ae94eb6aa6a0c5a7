package egresslint.rules.source["network-policy-blocks-egress_test"]

import data.egresslint.lib.fixture_test as fixture
import data.egresslint.rules.source["network-policy-blocks-egress"] as rule

_gate := {
	"namespace": "shop",
	"workloads": ["Deployment/api"],
	"destination": "orders.shop:80",
	"port": 8080,
	"protocol": "TCP",
	"translated": "pods of shop/orders, TCP port 8080",
	"policies": ["api"],
	"closest": "api",
	"code": "peer",
	"says": "TCP port 5432 to pods app=db",
	"enforcement": "enforced",
	"also": ["db.shop:5432"],
	"need": fixture.need("referenced"),
	"origin": fixture.origin(10),
	"related": [fixture.origin(51)],
}

_model(changes) := {"gates": {"egress_policy": [object.union(_gate, changes)]}}

_verdicts := fixture.verdicts(rule.violation)

test_each_near_miss_has_its_case if {
	every code in ["port", "service-port", "protocol", "peer", "family", "no-rule"] {
		_verdicts == {[code, "error"]} with input as _model({"code": code})
	}
}

test_each_kind_of_denial_has_its_case if {
	every code in ["admin-deny", "baseline-deny", "cilium-deny"] {
		_verdicts == {[code, "error"]} with input as _model({"code": code})
	}
}

test_inferred_need_is_a_warning if {
	_verdicts == {["peer", "warning"]} with input as _model(fixture.needed("inferred"))
}

test_points_at_the_closest_rule if {
	some violation in rule.violation with input as _model({})
	violation.at == fixture.origin(10)
	violation.args.port == "TCP port 8080"
	violation.args.also == " The same stops db.shop:5432."
	violation.key == ["shop", "api", "db.shop:5432", "orders.shop:80"]
	{place.at.ref | some place in violation.related} == {51, 901}
}

test_tells_what_the_policy_sees if {
	some violation in rule.violation with input as _model({})
	violation.args.seen == " (pods of shop/orders, TCP port 8080 after Service translation)"
	violation.args.target == "pods of shop/orders, TCP port 8080"
}

test_destination_itself_without_translation if {
	some violation in rule.violation with input as _model({"translated": ""})
	violation.args.seen == ""
	violation.args.target == "orders.shop:80"
}

test_silent_without_need if _verdicts == set() with input as _model(fixture.needed("none"))

test_silent_without_blocks if _verdicts == set() with input as {"gates": {"egress_policy": []}}
