package explain_test

import (
	"context"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/explain"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/trace"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/source"
)

const projects = "../../testdata/projects"

// analysed is a sample repository with all that is said of it.
type analysed struct {
	*analysis.Result
	index       *explain.Index
	connections []trace.Connection
}

func analyse(t *testing.T, rules analysis.Rules, dir string) *analysed {
	t.Helper()
	tree, err := source.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	session := analysis.New(tree, analysis.Settings{Paths: []string{"."}}).WithRules(rules, analysis.Selection{})
	result, err := session.Analyze(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	connectivity, _, err := session.Connectivity(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return &analysed{
		result, explain.New(result.Model, nil, slices.Concat(result.Findings, result.Suppressed)),
		slices.Collect(connectivity.Connections(trace.Filter{})),
	}
}

// TestAgree holds what is said of every path of the sample repositories together: by
// explain, by the model, by the findings and by connectivity.
func TestAgree(t *testing.T) {
	dirs, err := filepath.Glob(projects + "/rules/*/*")
	if err != nil {
		t.Fatal(err)
	}
	dirs = append(dirs, projects+"/shop", projects+"/shop-flannel")
	rules := analysis.BuiltIn(analysis.Selection{})
	verdicts, judged := make(map[truth.Verdict]int), 0
	for _, dir := range dirs {
		t.Run(strings.TrimPrefix(filepath.ToSlash(dir), projects+"/"), func(t *testing.T) {
			a := analyse(t, rules, dir)
			for _, p := range a.Model.Paths {
				e := a.index.Of(p)
				verdicts[p.Status]++
				a.agreesWithModel(t, p, e)
				a.agreesWithFindings(t, p, e)
				if a.agreesWithConnectivity(t, p) {
					judged++
				}
			}
		})
	}
	for _, v := range []truth.Verdict{truth.Open, truth.Blocked, truth.Unknown} {
		if verdicts[v] == 0 {
			t.Errorf("no path is %s", v)
		}
	}
	if judged < 20 {
		t.Errorf("only %d paths could be compared with connectivity", judged)
	}
}

// agreesWithModel compares a path with its explanation: the verdict is that of its hops,
// and none of these is lost or without a meaning.
func (a *analysed) agreesWithModel(t *testing.T, p *model.Path, e *explain.Explanation) {
	t.Helper()
	worst, unknown := truth.Open, 0
	var blockers []string
	for i, h := range p.Hops {
		if e.Hops[i].Name != h.Name || e.Hops[i].Verdict != h.Status {
			t.Errorf("%s: hop %d is %s (%s), want %s (%s)", e.Destination, i, e.Hops[i].Name, e.Hops[i].Verdict, h.Name, h.Status)
		}
		if e.Hops[i].Code != "" && e.Hops[i].Meaning == "" {
			t.Errorf("%s: nothing explains %s of %s", e.Destination, h.Code, h.Name)
		}
		if !slices.Contains(model.HopNames(), h.Name) {
			t.Errorf("%s: the hop %s is not listed", e.Destination, h.Name)
		}
		worst = truth.Worst(worst, h.Status)
		switch h.Status {
		case truth.Blocked:
			blockers = append(blockers, h.Name)
		case truth.Unknown:
			unknown++
		}
	}
	if len(e.Hops) != len(p.Hops) || e.Path != worst || p.Status != worst {
		t.Errorf("%s: the hops are %s, the model says %s, explain %s", e.Destination, worst, p.Status, e.Path)
	}
	if !slices.Equal(e.Blockers, blockers) && len(blockers)+len(e.Blockers) > 0 {
		t.Errorf("%s: stopped at %v, want %v", e.Destination, e.Blockers, blockers)
	}
	if len(e.Changes) != len(blockers) || len(e.Unknowns) != unknown {
		t.Errorf("%s: %d changes and %d unknowns for %d and %d hops", e.Destination, len(e.Changes), len(e.Unknowns), len(blockers), unknown)
	}
}

// agreesWithFindings compares a path with what the rules report: each hop that stops it is
// reported, and nothing of what could stop an open path is because of its need.
func (a *analysed) agreesWithFindings(t *testing.T, p *model.Path, e *explain.Explanation) {
	t.Helper()
	for _, c := range e.Changes {
		if c.Rule == "" || c.Severity == finding.Note.String() || c.Text == "" {
			t.Errorf("%s: %s stops it, and %q reports that with severity %q and the remedy %q", e.Destination, c.Hop, c.Rule, c.Severity, c.Text)
		}
	}
	// One line may be the evidence for several needs.
	same := func(other *model.Path) bool { return other.Origin.Same(p.Origin) && other.Status != truth.Open }
	if e.Path != truth.Open || slices.ContainsFunc(a.Model.Paths, same) {
		return
	}
	need := a.Model.Origins[p.Origin.Ref].Range
	for _, f := range a.Findings {
		stops := slices.ContainsFunc(explain.Codes(), func(c explain.Code) bool {
			return slices.Contains(model.HopNames(), c.At) && slices.Contains(c.Rules, f.Rule)
		})
		if stops && slices.ContainsFunc(f.Related, func(r finding.Related) bool { return r.Range == need }) {
			t.Errorf("%s: it is open, and %s reports it at %s", e.Destination, f.Rule, f.Range)
		}
	}
}

// agreesWithConnectivity compares the hop of the policies with what they admit to the
// address, if the destination is one outside of the cluster.
func (a *analysed) agreesWithConnectivity(t *testing.T, p *model.Path) bool {
	t.Helper()
	to, err := netip.ParseAddrPort(p.Destination)
	i := slices.IndexFunc(p.Hops, func(h model.Hop) bool { return h.Name == model.HopEgressPolicy })
	translated := slices.ContainsFunc(p.Hops, func(h model.Hop) bool { return h.Name == model.HopService || h.Name == model.HopLoadBalancer })
	if err != nil || i < 0 || translated || p.Hops[i].Status == truth.Unknown {
		return false
	}
	outside, admits := false, false
	for _, c := range a.connections {
		if !c.To.Addresses.IsValid() || !c.To.Addresses.Contains(to.Addr()) {
			continue
		}
		outside = true
		if p.Workload == c.From.Workload || strings.HasSuffix(p.Workload, ":"+c.From.Workload) {
			for _, span := range c.Sure.Spans() {
				admits = admits || span.Protocol == p.Protocol && span.From <= p.Port && p.Port <= span.To
			}
		}
	}
	if outside && admits != (p.Hops[i].Status == truth.Open) {
		t.Errorf("%s to %s: the hop is %s, and that connectivity admits it is %t", p.Workload, p.Destination, p.Hops[i].Status, admits)
	}
	return outside
}
