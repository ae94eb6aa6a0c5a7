package trace

import (
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// policyName names a policy in messages that say NetworkPolicy in front.
func policyName(p *netpol.Policy) string {
	if p.Object.Kind == "NetworkPolicy" {
		return p.Name
	}
	return p.Name + " (" + p.Object.Kind + ")"
}

// policyJudge judges the policies that isolate workloads.
type policyJudge struct {
	places *kube.Places
	gates  gates[policyKey, *policyGate]
	sets   map[policySet]model.Hop // what describe says of each
}

// policyGate is a PolicyBlock under construction.
type policyGate struct {
	*model.PolicyBlock
	need                      needs
	policies, workloads, also listed
}

func (gate *policyGate) entity() *model.PolicyBlock {
	gate.Need = gate.need.sum()
	return gate.PolicyBlock
}

// hop judges the policies that isolate a workload for one requirement.
func (j *policyJudge) hop(r *world.Need) model.Hop {
	w := r.World
	sources := []string{r.Workload.Display()}
	hop := model.Hop{Name: model.HopEgressPolicy, Status: truth.Open, Sources: sources}
	if !w.Polices() || w.Exempt[r.Index].Code != "" {
		hop.Code = "not-enforced"
		return hop
	}
	if r.Workload.HostNetwork != truth.No {
		hop.Code = "host-network"
		return hop
	}
	isolating := w.Evaluator.Isolating(r.Index, netpol.Egress)
	hop = j.describe(isolating)
	hop.Sources = sources
	if len(isolating) == 0 && !w.MayDeny() {
		hop.Code = "not-isolated"
		return hop
	}
	flows, unknown := flows(r)
	if len(flows) == 0 {
		hop.Status, hop.Detail = truth.Unknown, unknown
		return hop
	}
	for _, f := range flows {
		hop.Facts = append(hop.Facts, fact("packets to", f.text(r), r.Origin))
	}
	denied := 0
	for _, f := range flows {
		switch w.Evaluator.Egress(r.Index, f.dest, f.protocol, f.port) {
		case truth.Open:
		case truth.Blocked:
			denied++
		default:
			hop.Status, hop.Code, hop.Detail = truth.Unknown, "part", "the policies admit a part, or the files do not decide it"
		}
	}
	if denied < len(flows) {
		if denied > 0 {
			hop.Status, hop.Code, hop.Detail = truth.Unknown, "part", partReason(r, flows)
		}
		return hop
	}
	// What a rule denies is not for a policy to admit.
	var by *netpol.Denial
	denials := 0
	for _, f := range flows {
		list := w.Evaluator.Denials(r.Index, netpol.Egress, f.dest, f.protocol, f.port)
		if len(list) == 0 {
			continue
		}
		denials++
		d := firstSure(list)
		if d == nil {
			by = nil
			hop.Detail = list[0].Object.Kind + " " + list[0].Object.Name + " may deny it"
			break
		}
		if by == nil {
			by = d
		}
	}
	switch {
	case by != nil && denials == len(flows):
		hop.Status, hop.Code, hop.Origin = truth.Blocked, denialCode(by), j.blockByDenial(r, flows[0], by)
		return hop
	case denials > 0 || len(isolating) == 0:
		hop.Status, hop.Code = truth.Unknown, "denied"
		return hop
	}
	hop.Status = truth.Blocked
	var says string
	hop.Code, says, hop.Origin = j.blockByPolicy(r, flows, isolating)
	hop.Facts = append(hop.Facts, fact("closest rule admits", says, hop.Origin))
	return hop
}

// describe returns the hop of pods that policies isolate, with the names of these.
func (j *policyJudge) describe(isolating []*netpol.Policy) model.Hop {
	if hop, ok := j.sets[setOf(isolating)]; ok {
		return hop
	}
	hop := model.Hop{Name: model.HopEgressPolicy, Status: truth.Open}
	names := make([]string, 0, len(isolating))
	for _, p := range isolating {
		at := j.places.Range(p.Object, p.Object.Root.Range)
		names = append(names, p.Object.Kind+"/"+p.Namespace+"/"+p.Name)
		hop.Facts = append(hop.Facts, fact("policy", policyName(p), at))
		hop.Origin = place.First(hop.Origin, at)
	}
	hop.Component = strings.Join(names, ", ")
	hop.Facts = slices.Clip(hop.Facts) // workloads add facts of their own
	if j.sets == nil {
		j.sets = make(map[policySet]model.Hop)
	}
	j.sets[setOf(isolating)] = hop
	return hop
}

// text is what policies see of a flow.
func (f flow) text(r *world.Need) string {
	port := f.protocol
	if f.port > 0 {
		port += " " + strconv.Itoa(f.port)
	}
	if f.translated != "" {
		return f.translated + " (" + f.protocol + ")"
	}
	return r.Display() + ", " + port
}

// partReason says why it decides nothing that policies admit only some of the flows.
func partReason(r *world.Need, flows []flow) string {
	translated := func(f flow) bool { return f.translated != "" }
	switch {
	case r.Kind == world.ToLoadBalancer && slices.ContainsFunc(flows, translated) && !translated(flows[len(flows)-1]):
		return "whether policies see the load balancer's address or the pods behind it is not in the files"
	case r.ByAlias:
		return "some endpoints of the Service are admitted and some are not"
	default:
		return "some backends are admitted and some are not"
	}
}

// blockByPolicy records a requirement that policies do not admit, at the closest
// rule, and returns why it is, what that rule admits and its place.
func (j *policyJudge) blockByPolicy(r *world.Need, flows []flow, isolating []*netpol.Policy) (code, says string, at place.Origin) {
	w, f := r.World, flows[0]
	closest := w.Evaluator.Closest(r.Index, f.dest, f.protocol, f.port)
	code = closest.Code
	if r.Service != nil && code == netpol.CodePort && f.port != r.Port &&
		w.Evaluator.Egress(r.Index, f.dest, f.protocol, r.Port) == truth.Open {
		// The rule to change is the one that admits the Service's port.
		closest = w.Evaluator.Closest(r.Index, f.dest, f.protocol, r.Port)
		code = "service-port"
	}
	gate := j.block(r, f, code, closest.Policy.Object, closest.Range)
	gate.Closest, gate.Says = policyName(closest.Policy), closest.Says
	for _, p := range gate.policies.unseen(isolating) {
		gate.Policies = append(gate.Policies, policyName(p))
		if p != closest.Policy {
			gate.Related = append(gate.Related, j.places.Range(p.Object, p.Object.Root.Range))
		}
	}
	return code, gate.Says, gate.Origin
}

// block returns the gate of what stops a requirement at one place.
func (j *policyJudge) block(r *world.Need, f flow, code string, by *kubernetes.Object, rule source.Range) *policyGate {
	w, at := r.World, j.places.Range(by, rule)
	gate := j.gates.at(policyKey{w, r.Workload.Namespace, at}, func() *policyGate {
		return &policyGate{PolicyBlock: &model.PolicyBlock{
			Cluster: w.ClusterID(), Namespace: r.Workload.Namespace, Workloads: []string{}, Also: []string{},
			Destination: r.Display(), Port: f.port, Protocol: f.protocol, Translated: f.translated,
			Policies: []string{}, Code: code, Enforcement: w.EnforcementOf(by), Origin: at, Related: []place.Origin{},
		}}
	})
	if other := r.Display(); other != gate.Destination && gate.also.first(other) {
		gate.Also = append(gate.Also, other)
	}
	if name := r.Workload.Display(); gate.workloads.first(name) {
		gate.Workloads = append(gate.Workloads, name)
	}
	gate.need.add(r)
	return gate
}

// blockByDenial records a requirement that a rule denies, at that rule, whose place it
// returns.
func (j *policyJudge) blockByDenial(r *world.Need, f flow, d *netpol.Denial) place.Origin {
	gate := j.block(r, f, denialCode(d), d.Object, d.Range)
	gate.Closest, gate.Says = d.Object.Kind+" "+d.Object.Name, d.Says
	if len(gate.Policies) == 0 {
		gate.Policies = []string{gate.Closest}
		gate.policies.first(gate.Closest)
	}
	return gate.Origin
}

// denialCode says which kind of rule denies: what a remedy can be depends on it.
func denialCode(d *netpol.Denial) string {
	switch {
	case strings.HasPrefix(d.Object.Kind, "Cilium"):
		return "cilium-deny"
	case d.Baseline:
		return "baseline-deny"
	default:
		return "admin-deny"
	}
}

// firstSure is the first rule that denies for certain; nil if none does.
func firstSure(denials []netpol.Denial) *netpol.Denial {
	for i := range denials {
		if denials[i].Sure {
			return &denials[i]
		}
	}
	return nil
}
