// Package explain says of a path why it is open, blocked or unknown: hop by hop, with
// what each verdict rests on and what would change it. It decides nothing: it reads the
// paths and gates of the model, and the findings that the rules made of these.
package explain

import (
	"cmp"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/source"
)

// Explanation is one path in words.
type Explanation struct {
	Workload    string         `json:"workload"`
	Cluster     string         `json:"cluster"`
	Destination string         `json:"destination"`
	Port        int            `json:"port"`
	Protocol    string         `json:"protocol"`
	Strength    model.Strength `json:"strength"`
	// Asked says that no file has the need: somebody asked about the pair.
	Asked bool          `json:"asked"`
	Need  *Location     `json:"need,omitempty"`
	Path  truth.Verdict `json:"verdict"`
	// Blockers are the hops that stop the packet, each by itself.
	Blockers    []string `json:"blockers"`
	Hops        []Hop    `json:"hops"`
	Assumptions []Aside  `json:"assumptions"`
	NearMisses  []Aside  `json:"nearMisses"`
	Unknowns    []Settle `json:"unknowns"`
	Changes     []Change `json:"changes"`
}

// Hop is one check on the way.
type Hop struct {
	Name      string        `json:"hop"`
	Verdict   truth.Verdict `json:"verdict"`
	Code      string        `json:"code"`
	Meaning   string        `json:"meaning"`
	Detail    string        `json:"detail"`
	Component string        `json:"component"`
	Sources   []string      `json:"sources"`
	Facts     []Fact        `json:"facts"`
	At        *Location     `json:"location,omitempty"`
}

// label is the hop with its code.
func (h *Hop) label() string {
	if h.Code == "" {
		return h.Name
	}
	return h.Name + " (" + h.Code + ")"
}

// Fact is one thing that was compared.
type Fact struct {
	Label string    `json:"label"`
	Value string    `json:"value"`
	At    *Location `json:"location,omitempty"`
}

// Aside is something that is said beside the hops.
type Aside struct {
	Text string    `json:"text"`
	At   *Location `json:"location,omitempty"`
}

// Location is a place in the files.
type Location struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Settle is what would decide a hop that the files do not, with both outcomes.
type Settle struct {
	Hop    string `json:"hop"`
	Reason string `json:"reason"`
	Way    string `json:"settledBy"` // what to do; empty if the reason says it, or nothing helps
	// Passes and Stops are what becomes of the path if the hop turns out so.
	Passes string `json:"ifOpen"`
	Stops  string `json:"ifBlocked"`
}

// Change lets packets pass at a hop that stops them.
type Change struct {
	Hop  string `json:"hop"`
	Rule string `json:"rule"` // that reports the hop; empty if none does
	// Text is what to do, and Then what the path is once all changes are made.
	Text string        `json:"change"`
	Then truth.Verdict `json:"then"`
	At   *Location     `json:"location,omitempty"`
	// Message is the finding's.
	Message    string `json:"message"`
	Severity   string `json:"severity"`
	Suppressed bool   `json:"suppressed"`
}

// Asked is the file name of a need that no file has.
const Asked = "<command line>"

// Index is a model that questions can be asked about.
type Index struct {
	model     *model.Model
	services  []*Service
	findings  []*finding.Finding
	clusters  map[string]string
	workloads map[string]*model.Workload
	needs     map[needKey]*model.Requirement
}

type needKey struct {
	workload, destination, protocol string
	port, origin                    int
}

// New indexes a model with the Services and the findings of its files.
func New(m *model.Model, services []*Service, findings []*finding.Finding) *Index {
	x := &Index{
		model: m, services: services, findings: findings, clusters: clusterNames(m.Clusters),
		workloads: make(map[string]*model.Workload, len(m.Workloads)),
		needs:     make(map[needKey]*model.Requirement, len(m.Requirements)),
	}
	for _, w := range m.Workloads {
		x.workloads[w.ID] = w
	}
	for _, r := range m.Requirements {
		x.needs[needKey{r.Workload, r.Destination, r.Protocol, r.Port, r.Origin.Ref}] = r
	}
	return x
}

// need is the requirement that a path belongs to.
func (x *Index) need(p *model.Path) *model.Requirement {
	return x.needs[needKey{p.Workload, p.Destination, p.Protocol, p.Port, p.Origin.Ref}]
}

// name is what a workload goes by: its id without the cluster's, and the cluster's name if
// there are several.
func (x *Index) name(id string) string {
	name, cluster := x.split(id)
	if cluster != "" && len(x.model.Clusters) > 1 {
		name += " in " + cluster
	}
	return name
}

func (x *Index) split(id string) (name, cluster string) {
	w := x.workloads[id]
	if w == nil || w.Cluster == "" {
		return id, ""
	}
	return strings.TrimPrefix(id, w.Cluster+":"), cmp.Or(x.clusters[w.Cluster], w.Cluster)
}

// Of explains the path.
func (x *Index) Of(p *model.Path) *Explanation {
	e := &Explanation{
		Destination: p.Destination, Port: p.Port, Protocol: p.Protocol, Strength: p.Strength,
		Asked: p.Origin.File == Asked, Path: p.Status, Blockers: []string{}, Hops: []Hop{},
		Assumptions: []Aside{}, NearMisses: []Aside{}, Unknowns: []Settle{}, Changes: []Change{},
	}
	e.Workload, e.Cluster = x.split(p.Workload)
	if !e.Asked {
		e.Need = at(p.Origin)
	}
	var blocked, unknown []string
	for _, h := range p.Hops {
		switch {
		case stops(h):
			blocked = append(blocked, h.Name)
		case h.Status == truth.Unknown:
			unknown = append(unknown, h.Name)
		}
	}
	e.Blockers = append(e.Blockers, blocked...)
	then := truth.Open
	if len(unknown) > 0 {
		then = truth.Unknown
	}
	for _, h := range p.Hops {
		hop := Hop{
			Name: h.Name, Verdict: h.Status, Code: h.Code, Detail: h.Detail, Component: h.Component,
			Sources: append([]string{}, h.Sources...), Facts: []Fact{}, At: at(h.Origin),
		}
		code, _ := Lookup(h.Name, h.Code)
		hop.Meaning = code.Meaning
		for _, f := range h.Facts {
			hop.Facts = append(hop.Facts, Fact{f.Label, f.Value, at(f.Origin)})
		}
		e.Hops = append(e.Hops, hop)
		if code.Assumes != "" {
			e.Assumptions = append(e.Assumptions, Aside{Text: code.Assumes})
		}
		switch {
		case stops(h):
			e.Changes = append(e.Changes, x.change(p, h, code, then))
			e.NearMisses = append(e.NearMisses, x.nearMisses(p, h)...)
		case h.Status == truth.Unknown:
			e.Unknowns = append(e.Unknowns, settle(h, code, blocked, unknown))
		}
	}
	e.Assumptions = append(e.Assumptions, x.assumptions(p)...)
	return e
}

// stops reports whether a hop stops the packets, or those of some sources.
func stops(h model.Hop) bool { return h.Status == truth.Blocked || h.Status == truth.Partial }

// at is the place of a fact; nil for none, and for what no file says but who asks.
func at(o place.Origin) *Location {
	if o.Ref == 0 || o.File == Asked {
		return nil
	}
	return &Location{o.File, o.Line, o.Column}
}

func atRange(r source.Range) *Location {
	return &Location{r.File, r.Start.Line, r.Start.Column}
}

// settle says what would decide a hop, and what becomes of the path then. blocked and
// unknown are all hops of these verdicts.
func settle(h model.Hop, code Code, blocked, unknown []string) Settle {
	s := Settle{Hop: h.Name, Reason: cmp.Or(h.Detail, code.Meaning, "the files do not decide it"), Way: code.Way}
	for _, w := range reasonWays {
		if s.Way == "" && strings.Contains(h.Detail, w.reason) {
			s.Way = w.way
		}
	}
	s.Passes, s.Stops = outcomes(blocked, unknown, []string{h.Name})
	return s
}

// outcomes are what becomes of a path if some hops turn out to pass, and if one of them
// does not. blocked and unknown are all hops of these verdicts.
func outcomes(blocked, unknown, settled []string) (passes, stops string) {
	others := slices.DeleteFunc(slices.Clone(unknown), func(name string) bool { return slices.Contains(settled, name) })
	switch {
	case len(blocked) > 0:
		return "the path stays blocked at " + strings.Join(blocked, ", "), "there is one more thing to repair"
	case len(others) > 0:
		return "the path stays unknown for " + strings.Join(others, ", "), "the path is blocked here"
	default:
		return "the path is open", "the path is blocked here"
	}
}

// reasonWays are what settles unknowns whose reasons do not say it, by a part of these.
var reasonWays = []struct{ reason, way string }{
	{"the cluster is not in the files", addCluster},
	{"the cluster's network is not in the files", addCluster},
	{"the source vSwitches are not in the files", addCluster},
	{"the source addresses are not in the files", addCluster},
	{"the network plug-in of", "Give --cluster-network, or network.plugin in the configuration."},
	{"the address of", "Say under targets in the configuration what the name is, or declare the instance that it means."},
}

const addCluster = "Add the Terraform that creates the cluster to the paths, or name the cluster in the configuration."

// change is what lets packets pass at a hop: the remedy of its finding, else what its
// code says.
func (x *Index) change(p *model.Path, h model.Hop, code Code, then truth.Verdict) Change {
	c := Change{Hop: h.Name, Text: cmp.Or(code.Way, "Let the packets pass here."), Then: then, At: at(h.Origin)}
	if f := x.finding(p, h); f != nil {
		c.Rule, c.Text, c.Message = f.Rule, cmp.Or(f.Remedy, c.Text), f.Message
		c.At, c.Severity, c.Suppressed = atRange(f.Range), f.Severity.String(), f.Suppression != nil
	}
	return c
}

// finding is the one that reports what stops a path at a hop; nil if none does.
func (x *Index) finding(p *model.Path, h model.Hop) *finding.Finding {
	rules := rulesOf(h.Name, h.Code)
	hop, evidence := x.place(h.Origin), x.place(p.Origin)
	var best *finding.Finding
	most := 0
	for _, f := range x.findings {
		if !slices.Contains(rules, f.Rule) {
			continue
		}
		score := 0
		if stands(f, hop) {
			score += 4
		}
		if stands(f, evidence) { // the need is the finding's example, or its anchor
			score += 2
		}
		if hop.Address != "" && f.Address == hop.Address {
			score++
		}
		if score > most {
			best, most = f, score
		}
	}
	return best
}

func (x *Index) place(o place.Origin) place.Place {
	if o.Ref <= 0 || o.Ref >= len(x.model.Origins) {
		return place.Place{}
	}
	return x.model.Origins[o.Ref]
}

// stands reports whether a finding is anchored at a place or names it, or where a value
// of it came from.
func stands(f *finding.Finding, p place.Place) bool {
	ranges := slices.Concat([]source.Range{p.Range}, p.Callers)
	for _, step := range p.Via {
		ranges = append(ranges, step.Range)
	}
	for _, r := range ranges {
		if r.IsZero() {
			continue
		}
		if r == f.Range || slices.ContainsFunc(f.Related, func(rel finding.Related) bool { return rel.Range == r }) {
			return true
		}
	}
	return false
}

// assumptions are what the verdicts on the path take for granted.
func (x *Index) assumptions(p *model.Path) []Aside {
	var list []Aside
	w := x.workloads[p.Workload]
	if w != nil {
		for _, c := range x.model.Clusters {
			if c.ID != w.Cluster {
				continue
			}
			if says := pluginSources[c.PluginSource]; says != "" && leaves(p) {
				list = append(list, Aside{"The network plug-in is " + strings.ToUpper(c.Plugin[:1]) + c.Plugin[1:] + ", because " + says + ".", at(c.PluginOrigin)})
			}
			if c.Enforcement == "unknown" && slices.ContainsFunc(p.Hops, func(h model.Hop) bool { return h.Name == model.HopEgressPolicy && stops(h) }) {
				list = append(list, Aside{Text: "NetworkPolicies count as enforced: no file says whether they are."})
			}
		}
	}
	if p.Strength == model.Inferred {
		list = append(list, Aside{Text: "The workload needs the destination: that is inferred from a name or a text, not declared."})
	}
	return list
}

// leaves reports whether packets leave the cluster's network, where it counts which
// addresses they have.
func leaves(p *model.Path) bool {
	return slices.ContainsFunc(p.Hops, func(h model.Hop) bool {
		return !slices.Contains([]string{model.HopDNS, model.HopLoadBalancer, model.HopEgressPolicy}, h.Name)
	})
}

// pluginSources are the words for what the plug-in is only concluded from.
var pluginSources = map[string]string{
	"configuration":        "the configuration or --cluster-network says so",
	"cluster_network_type": "cluster_network_type says so",
	"pod_vswitch_ids":      "only Terway uses pod_vswitch_ids",
	"pod_cidr":             "only Flannel uses pod_cidr",
	"kind":                 "clusters of this kind have it",
	"manifests":            "a ConfigMap of it is among the manifests",
}
