package pipeline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/pipeline"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/source"
)

// pathModel is a model whose paths are written as "cluster workload destination
// verdict"; the cluster is "name", "name@root" or "-" for none, and the verdict that
// of the path's one hop, with a code behind a colon.
func pathModel(lines ...string) *model.Model {
	m := &model.Model{Origins: []place.Place{{}, {Range: at("stop.tf", 7)}}}
	for _, line := range lines {
		words := strings.Fields(line)
		w := &model.Workload{Kind: "Deployment", Namespace: "shop", Name: words[1]}
		w.ID = "shop/" + w.Name + "[Deployment]"
		if name, root, _ := strings.Cut(words[0], "@"); name != "-" {
			w.Cluster = root + "/" + name
			w.ID = w.Cluster + ":" + w.ID
			if !slices.ContainsFunc(m.Clusters, func(c *model.Cluster) bool { return c.ID == w.Cluster }) {
				m.Clusters = append(m.Clusters, &model.Cluster{ID: w.Cluster, Name: name, Root: root})
			}
		}
		if !slices.ContainsFunc(m.Workloads, func(other *model.Workload) bool { return other.ID == w.ID }) {
			m.Workloads = append(m.Workloads, w)
		}
		status, code, _ := strings.Cut(words[3], ":")
		hop := model.Hop{Name: "whitelist", Status: truth.Verdict(status), Code: code}
		if hop.Status == truth.Blocked {
			hop.Origin = place.Origin{Ref: 1, File: "stop.tf", Line: 7, Column: 1}
		}
		m.Paths = append(m.Paths, &model.Path{
			Workload: w.ID, Destination: words[2], Port: 3306, Protocol: "TCP", Status: hop.Status,
			Hops: []model.Hop{{Name: "dns", Status: truth.Open}, hop},
		})
	}
	return m
}

func TestComparePaths(t *testing.T) {
	tests := map[string]struct {
		base, head []string
		want       []string // kind cluster workload destination
		unchanged  int
	}{
		"nothing": {},
		"each kind": {
			base: []string{
				"a w1 db open", "a w2 db blocked", "a w3 db open", "a w4 db blocked", "a w5 db unknown", "a w6 db unknown",
				"a w7 db open", "a w9 db open",
			},
			head: []string{
				"a w1 db blocked", "a w2 db open", "a w3 db unknown", "a w4 db unknown", "a w5 db open", "a w6 db blocked",
				"a w7 db open", "a w8 db open",
			},
			want: []string{
				"closed a w1 db", "opened a w2 db", "became-unknown a w3 db", "became-unknown a w4 db",
				"became-known a w5 db", "became-known a w6 db", "added a w8 db", "removed a w9 db",
			},
			unchanged: 1,
		},
		"a second requirement":        {[]string{"a w db open"}, []string{"a w db open", "a w cache blocked"}, []string{"added a w cache"}, 1},
		"needed twice":                {[]string{"a w db open", "a w db blocked"}, []string{"a w db blocked", "a w db open"}, nil, 1},
		"needed once more":            {[]string{"a w db open"}, []string{"a w db open", "a w db blocked"}, []string{"closed a w db"}, 0},
		"documented only":             {[]string{"a w lb open"}, []string{"a w lb blocked:documented"}, []string{"became-unknown a w lb"}, 0},
		"the code differs":            {[]string{"a w db blocked:x"}, []string{"a w db blocked:y"}, nil, 1},
		"a root moved":                {[]string{"a@envs/prod w db open"}, []string{"a@live/prod w db blocked"}, []string{"closed a w db"}, 0},
		"a cluster got another name":  {[]string{"a@envs w db open"}, []string{"b@envs w db blocked"}, []string{"closed b w db"}, 0},
		"matched to a cluster":        {[]string{"- w db unknown"}, []string{"a@envs w db open"}, []string{"became-known a w db"}, 0},
		"no longer matched":           {[]string{"a@envs w db open"}, []string{"- w db unknown"}, []string{"became-unknown  w db"}, 0},
		"a second cluster":            {[]string{"a w db open"}, []string{"a w db open", "b w db open"}, []string{"added b w db"}, 1},
		"from one cluster to another": {[]string{"a w db open", "b x db open"}, []string{"a x db open", "b w db open"}, []string{"added a x db", "added b w db", "removed a w db", "removed b x db"}, 0},
		"clusters of one name": {
			[]string{"a@envs/prod w db open", "a@envs/dev w db blocked"},
			[]string{"a@envs/prod w db blocked", "a@envs/dev w db open"},
			[]string{"closed a w db", "opened a w db"},
			0,
		},
		"one of two of one name is gone": {
			[]string{"a@envs/prod w db open", "a@envs/dev w db blocked"},
			[]string{"a@envs/dev w db blocked"},
			[]string{"removed a w db"},
			1,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := pipeline.ComparePaths(pathModel(test.base...), pathModel(test.head...))
			var got []string
			for _, change := range c.Changes {
				got = append(got, fmt.Sprintf("%s %s %s %s", change.Kind, change.Workload.Cluster, change.Workload.Name, change.Destination))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("changes differ (-want +got):\n%s", diff)
			}
			if c.Unchanged != test.unchanged {
				t.Errorf("%d unchanged, want %d", c.Unchanged, test.unchanged)
			}
		})
	}
}

// The place is the caller's, where a module is used.
func TestComparePathsPlace(t *testing.T) {
	caller := source.Range{File: "main.tf", Start: source.Pos{Line: 3, Column: 5}}
	base, head := pathModel("a w db open"), pathModel("a w db blocked")
	for _, called := range []bool{false, true} {
		want := head.Origins[1].Range
		if called {
			head.Origins[1].Callers = []source.Range{at("between.tf", 1), caller}
			want = caller
		}
		c := pipeline.ComparePaths(base, head)
		if len(c.Changes) != 1 || c.Changes[0].After.Place != want || !c.Changes[0].Before.Place.IsZero() {
			t.Errorf("called %t: got %+v", called, c.Changes)
		}
	}
}

// Without a change nothing differs, in whatever order the paths are; the other way
// round each change is its opposite.
func TestComparePathsProperties(t *testing.T) {
	anyModel := rapid.Custom(func(t *rapid.T) []string {
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			of := func(label string, words ...string) string { return rapid.SampledFrom(words).Draw(t, label) }
			return strings.Join([]string{
				of("cluster", "-", "a@x", "a@y", "b@x"), of("workload", "v", "w"), of("destination", "db", "cache"),
				of("verdict", "open", "blocked", "unknown"),
			}, " ")
		}), 0, 12).Draw(t, "paths")
	})
	opposite := map[pipeline.PathChangeKind]pipeline.PathChangeKind{
		pipeline.PathClosed: pipeline.PathOpened, pipeline.PathOpened: pipeline.PathClosed,
		pipeline.PathBecameUnknown: pipeline.PathBecameKnown, pipeline.PathBecameKnown: pipeline.PathBecameUnknown,
		pipeline.PathAdded: pipeline.PathRemoved, pipeline.PathRemoved: pipeline.PathAdded,
	}
	rapid.Check(t, func(t *rapid.T) {
		base, head := anyModel.Draw(t, "base"), anyModel.Draw(t, "head")
		shuffled := rapid.Permutation(base).Draw(t, "shuffled")
		if c := pipeline.ComparePaths(pathModel(base...), pathModel(shuffled...)); len(c.Changes) > 0 {
			t.Fatalf("without a change: %+v", c.Changes)
		}
		there, back := pipeline.ComparePaths(pathModel(base...), pathModel(head...)), pipeline.ComparePaths(pathModel(head...), pathModel(base...))
		total := 0
		for _, kind := range pipeline.PathChangeKinds() {
			total += there.Count(kind)
			if kind != pipeline.PathAdded && kind != pipeline.PathRemoved && there.Count(kind)+there.Count(opposite[kind]) != back.Count(kind)+back.Count(opposite[kind]) ||
				(kind == pipeline.PathAdded || kind == pipeline.PathRemoved) && there.Count(kind) != back.Count(opposite[kind]) {
				t.Fatalf("%s: %d there, %d back", kind, there.Count(kind), back.Count(opposite[kind]))
			}
		}
		if total != len(there.Changes) {
			t.Fatalf("%d changes of %d have a kind", total, len(there.Changes))
		}
	})
}
