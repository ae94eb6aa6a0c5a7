package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/policies"
)

// largeModel has n gates of which every fourth blocks, and about as many
// entities and paths: many times a large repository.
func largeModel(n int) *model.Model {
	m := &model.Model{APIVersion: model.APIVersion}
	at := func(i int) place.Origin {
		return place.Origin{Ref: i + 1, File: fmt.Sprintf("envs/env-%d/main.tf", i%50), Line: i + 1, Column: 3}
	}
	status := func(i int) truth.Verdict {
		if i%4 == 0 {
			return truth.Blocked
		}
		return truth.Open
	}
	need := func(i int) model.Need {
		return model.Need{Strength: model.Referenced, Evidence: []model.Evidence{
			{Workload: fmt.Sprintf("shop/api-%d[Deployment]", i), Destination: "api.partner.com:443", Origin: at(i)},
		}}
	}
	for i := range n {
		name := fmt.Sprintf("alicloud_vswitch.pod[%q]", fmt.Sprint(i))
		cidr := fmt.Sprintf("10.%d.%d.0/24", i/256, i%256)
		source := model.Source{Name: name, CIDR: cidr, Status: status(i), Origin: at(i)}
		uncovered, code := []string{}, ""
		if status(i) == truth.Blocked {
			uncovered, code = []string{name + " (" + cidr + ")"}, "missing"
		}
		m.Workloads = append(m.Workloads, &model.Workload{ID: fmt.Sprintf("shop/api-%d[Deployment]", i), Kind: "Deployment", Namespace: "shop", Name: fmt.Sprintf("api-%d", i), Cluster: "prod", Origin: at(i)})
		m.Paths = append(m.Paths, &model.Path{Workload: fmt.Sprintf("shop/api-%d[Deployment]", i), Destination: "api.partner.com", Port: 443, Protocol: "TCP", Strength: model.Referenced, Status: status(i), Origin: at(i), Hops: []model.Hop{
			{Name: "dns", Status: truth.Open}, {Name: "egress-policy", Status: truth.Open}, {Name: "nat", Status: status(i), Code: code},
		}})
		switch i % 3 {
		case 0, 1:
			m.InternetAccess = append(m.InternetAccess, &model.InternetAccess{
				Cluster: "prod", ClusterName: "prod", Plugin: "terway", Role: "pod", Primary: true, Status: status(i), Code: code, Intent: "unsaid",
				VSwitches: []model.Source{source}, Uncovered: uncovered, GatewayName: "alicloud_nat_gateway.main", Need: need(i), Origin: at(i),
			})
		default:
			m.AllowListAccess = append(m.AllowListAccess, &model.AllowListAccess{
				Target: "alicloud_db_instance.orders", TargetName: "orders", Product: "RDS", Attribute: "security_ips", Cluster: "prod", ClusterName: "prod",
				Plugin: "terway", Role: "pod", Status: status(i), Code: code, Sources: []model.Source{source}, Uncovered: uncovered, Need: need(i), Origin: at(i),
			})
			m.PolicyBlocks = append(m.PolicyBlocks, &model.PolicyBlock{
				Namespace: "shop", Workloads: []string{"Deployment/api"}, Destination: "orders.shop:80", Port: 8080, Protocol: "TCP", Policies: []string{"api"},
				Closest: "api", Code: "peer", Says: "TCP port 5432", Enforcement: "enforced", Need: need(i), Origin: at(i),
			})
		}
	}
	return m
}

func BenchmarkNew(b *testing.B) {
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			if _, err := engine.New(policies.FS, engine.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			if _, err := engine.New(policies.FS, engine.Options{Only: []string{"snat-missing"}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkValue(b *testing.B) {
	m := largeModel(2000)
	b.Run("direct", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			mustValue(b, m)
		}
	})
	b.Run("through JSON", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			text, err := json.Marshal(m)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := ast.ValueFromReader(bytes.NewReader(text)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRun(b *testing.B) {
	e, err := engine.New(policies.FS, engine.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{0, 100, 2000} {
		b.Run(fmt.Sprintf("gates=%d", n), func(b *testing.B) {
			input := mustValue(b, largeModel(n))
			for b.Loop() {
				if _, diagnostics := e.Run(b.Context(), input); len(diagnostics) > 0 {
					b.Fatal(diagnostics)
				}
			}
		})
	}
}
