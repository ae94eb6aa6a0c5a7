package explain_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/explain"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/source"
)

func origin(line int) place.Origin {
	return place.Origin{Ref: line, File: "main.tf", Line: line, Column: 1}
}

func at(line int) source.Range {
	return source.Range{File: "main.tf", Start: source.Pos{Line: line, Column: 1}, End: source.Pos{Line: line, Column: 2}}
}

// evidence is a path with more facts than fit, on one of two clusters whose gates share a
// place.
func evidence() (*explain.Index, *model.Path) {
	m := &model.Model{
		Clusters:  []*model.Cluster{{ID: "a", Name: "a"}, {ID: "b", Name: "b"}},
		Workloads: []*model.Workload{{ID: "a:shop/web[Deployment]", Kind: "Deployment", Namespace: "shop", Name: "web", Cluster: "a"}},
	}
	for line := range 9 {
		m.Origins = append(m.Origins, place.Place{})
		if line > 0 {
			m.Origins[line].Range = at(line)
		}
	}
	for _, cluster := range []string{"b", "a"} {
		m.AllowListAccess = append(m.AllowListAccess, &model.AllowListAccess{
			Cluster: cluster, Role: "pod", Code: "wrong-vswitch", WrongEntry: "x", WrongCovers: []string{"node-of-" + cluster}, Origin: origin(3),
		})
	}
	p := &model.Path{
		Workload: "a:shop/web[Deployment]", Destination: "rds/db:3306", Port: 3306, Protocol: "TCP", Strength: model.Declared, Status: truth.Blocked, Origin: origin(1),
		Hops: []model.Hop{
			{Name: model.HopSecurityGroup, Status: truth.Unknown, Detail: "var.group has no value: pass --var-file"},
			{Name: model.HopNAT, Status: truth.Partial, Code: "missing", Origin: origin(2)},
			{Name: model.HopWhitelist, Status: truth.Blocked, Code: "wrong-vswitch", Origin: origin(3), Component: "alicloud_db_instance.db", Sources: []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"}},
		},
	}
	for i := range 40 {
		p.Hops[2].Facts = append(p.Hops[2].Facts, model.Fact{Label: "entry", Value: fmt.Sprintf("10.1.%d.0/24", i), Origin: origin(3)})
	}
	report := func(line int, remedy string) *finding.Finding {
		return &finding.Finding{Rule: "whitelist-wrong-vswitch", Severity: finding.Error, Range: at(line), Remedy: remedy, Address: "alicloud_db_instance.db"}
	}
	elsewhere, here := report(4, "elsewhere"), report(3, "here")
	elsewhere.Related = []finding.Related{{Range: at(1)}}
	return explain.New(m, nil, []*finding.Finding{elsewhere, here}), p
}

func TestOneOfManyPlaces(t *testing.T) {
	x, p := evidence()
	e := x.Of(p)
	if got := strings.Join(e.Blockers, " "); got != "nat whitelist" {
		t.Errorf("stopped at %q", got)
	}
	if e.Workload != "shop/web[Deployment]" || e.Cluster != "a" {
		t.Errorf("it is about %s in %s", e.Workload, e.Cluster)
	}
	if c := e.Changes[1]; c.Text != "here" || c.Rule != "whitelist-wrong-vswitch" || c.Then != truth.Unknown {
		t.Errorf("the change is %+v", c)
	}
	if c := e.Changes[0]; c.Rule != "" || c.Text != "Add an SNAT entry for that vSwitch." || c.At.Line != 2 {
		t.Errorf("what no rule reports has the change %+v", c)
	}
	if len(e.NearMisses) != 1 || !strings.Contains(e.NearMisses[0].Text, "node-of-a") {
		t.Errorf("near misses are %+v", e.NearMisses)
	}
	if s := e.Unknowns[0]; s.Passes != "the path stays blocked at nat, whitelist" || s.Stops != "there is one more thing to repair" {
		t.Errorf("the unknown is %+v", s)
	}
}

func TestOutcomes(t *testing.T) {
	x, p := evidence()
	p.Hops = []model.Hop{{Name: model.HopNAT, Status: truth.Unknown, Detail: "one"}, {Name: model.HopWhitelist, Status: truth.Unknown, Detail: "two"}}
	p.Status = truth.Unknown
	if s := x.Of(p).Unknowns[0]; s.Passes != "the path stays unknown for whitelist" || s.Stops != "the path is blocked here" {
		t.Errorf("of two unknowns one is %+v", s)
	}
	p.Hops = p.Hops[:1]
	if s := x.Of(p).Unknowns[0]; s.Passes != "the path is open" || s.Stops != "the path is blocked here" {
		t.Errorf("the only unknown is %+v", s)
	}
}

func TestLengthOfText(t *testing.T) {
	x, p := evidence()
	text := func(verbose bool) string {
		var out bytes.Buffer
		if err := explain.WriteText(&out, []*explain.Explanation{x.Of(p)}, explain.Writing{Display: func(s string) string { return s }, Verbose: verbose}); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	short, long := text(false), text(true)
	if n := strings.Count(short, "\n"); n != 25 {
		t.Errorf("%d lines, want 25:\n%s", n, short)
	}
	for _, want := range []string{"by: alicloud_db_instance.db", "source: 10.0.0.1, 10.0.0.2, 10.0.0.3 and 2 more", "entry: 10.1.0.0/24 (main.tf:3)", "here (main.tf:3) [whitelist-wrong-vswitch]"} {
		if !strings.Contains(short, want) {
			t.Errorf("%q is missing:\n%s", want, short)
		}
	}
	for _, want := range []string{"10.0.0.5", "entry: 10.1.39.0/24 (main.tf:3)"} {
		if !strings.Contains(long, want) {
			t.Errorf("%q is missing in full", want)
		}
	}
	for range 30 {
		p.Hops = append(p.Hops, model.Hop{Name: model.HopNetworkACL, Status: truth.Blocked, Code: "egress", Origin: origin(2)})
	}
	if n := strings.Count(text(false), "\n"); n > 25 {
		t.Errorf("%d lines for many hops", n)
	}
}
