package trace

import (
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
)

// serviceHop says what a Service of the cluster translates packets to: pods of the files,
// or endpoints that its object names.
func serviceHop(f *world.Facts, r *world.Need) model.Hop {
	s := r.Service
	hop := model.Hop{
		Name: model.HopService, Status: truth.Open, Component: "Service/" + s.ID(), Sources: r.View().Labels(),
		Origin: f.Places.Range(s.Object, s.Object.Root.Range),
		Facts:  []model.Fact{fact("ports", portsOf(s), f.Places.Object(s.Object, s.Object.Root.Get("spec", "ports")))},
	}
	list, code, unknown := backends(r)
	if len(list) == 0 {
		hop.Status, hop.Code, hop.Detail = truth.Unknown, code, unknown
		return hop
	}
	for _, backend := range list {
		hop.Facts = append(hop.Facts, fact("translated to", backend.translated, hop.Origin))
	}
	return hop
}

// portsOf are the ports of a Service as kubectl shows them.
func portsOf(s *kube.Service) string {
	list := make([]string, 0, len(s.Ports))
	for _, p := range s.Ports {
		list = append(list, strconv.Itoa(p.Port)+"/"+p.Protocol)
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
