package trace

import (
	"strings"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
)

// ingressPolicyHop judges the policies that isolate the pods behind a Service for
// ingress, for packets from the pods of a workload.
func ingressPolicyHop(facts *world.Facts, r *world.Need) model.Hop {
	w := r.World
	hop := model.Hop{Name: model.HopIngressPolicy, Status: truth.Open, Sources: []string{r.Workload.Display()}}
	if !w.Polices() {
		hop.Code = "not-enforced"
		return hop
	}
	list, _, unknown := backends(r)
	var names []string
	verdicts := make([]truth.Verdict, 0, len(list))
	for _, f := range list {
		wl := w.Workloads[f.pod]
		if w.Exempt[f.pod].Code != "" || wl.HostNetwork == truth.Yes {
			verdicts = append(verdicts, truth.Open)
			continue
		}
		isolating := w.Evaluator.Isolating(f.pod, netpol.Ingress)
		if len(isolating) == 0 && len(w.Evaluator.PossiblyIsolating(f.pod, netpol.Ingress)) == 0 && !w.MayDeny() {
			verdicts = append(verdicts, truth.Open)
			continue
		}
		for _, p := range isolating {
			at := facts.Places.Range(p.Object, p.Object.Root.Range)
			names = append(names, p.Object.Kind+"/"+p.Namespace+"/"+p.Name)
			hop.Facts = append(hop.Facts, fact("policy of "+wl.Display(), policyName(p), at))
			hop.Origin = place.First(hop.Origin, at)
		}
		if r.Workload.HostNetwork != truth.No {
			verdicts = append(verdicts, truth.Unknown) // a policy may admit the node's address
			continue
		}
		verdicts = append(verdicts, w.Evaluator.Ingress(f.pod, w.Evaluator.PodDest(r.Index), f.protocol, f.port))
	}
	hop.Component = strings.Join(names, ", ")
	switch status := truth.Sum(verdicts, false); {
	case len(verdicts) == 0:
		hop.Status, hop.Detail = truth.Unknown, unknown
	case len(names) == 0 && status == truth.Open:
		hop.Code = "not-isolated"
	case status != truth.Open:
		hop.Status, hop.Code, hop.Detail = truth.Unknown, "not-admitted", "the policies of the pods behind it do not admit packets from all of these pods, or the files do not decide it"
	}
	return hop
}
