package trace_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/trace"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

// deployment is a Deployment that something renders.
func deployment(t *testing.T, from, dir, name, image string) *kubernetes.Object {
	t.Helper()
	objects, _ := kubernetes.Parse(dir+"/"+name+".yaml", fmt.Appendf(nil, `apiVersion: apps/v1
kind: Deployment
metadata: {name: %s}
spec: {template: {spec: {containers: [{name: c, image: %s}]}}}
`, name, image))
	if len(objects) != 1 {
		t.Fatalf("parse Deployment %s: %d objects", name, len(objects))
	}
	objects[0].From, objects[0].Dir = from, dir
	return objects[0]
}

// TestAlternatives checks what meets what on one cluster: the names of workloads say in
// which alternative they are.
func TestAlternatives(t *testing.T) {
	type rendered struct{ from, dir, name, image string }
	for _, tc := range []struct {
		name    string
		objects []rendered
		want    string
	}{
		{"one overlay", []rendered{{"overlay a", "a", "api", "x"}, {"", "k8s", "web", "x"}}, "api web"},
		{"the same twice", []rendered{{"overlay a", "a", "api", "x"}, {"overlay b", "b", "api", "x"}}, "api"},
		{"one environment", []rendered{{"overlay prod/a", "prod/a", "api", "x"}, {"overlay prod/b", "prod/b", "web", "x"}}, "api web"},
		{
			"two environments",
			[]rendered{{"overlay dev", "dev", "api", "x"}, {"overlay prod", "prod", "web", "x"}, {"overlay base", "base", "all", "x"}, {"", "k8s", "plain", "x"}},
			"dev:all dev:api dev:plain prod:all prod:plain prod:web",
		},
		{
			"values files",
			[]rendered{
				{"release a of chart a (values-dev.yaml)", "a", "api", "x"},
				{"release a of chart a (values-prod.yaml)", "a", "api", "y"},
				{"release b of chart b (values-dev.yaml)", "b", "web", "x"},
				{"release b of chart b (values-prod.yaml)", "b", "web", "y"},
			},
			"dev:api dev:web prod:api prod:web",
		},
		{
			"rivals of no environment",
			[]rendered{{"overlay a", "a", "api", "x"}, {"overlay b", "b", "api", "y"}, {"overlay c", "c", "web", "x"}},
			"overlay a:api overlay a:web overlay b:api overlay b:web",
		},
		{
			"rivals of one environment",
			[]rendered{{"overlay prod/a", "prod/a", "api", "x"}, {"overlay prod/b", "prod/b", "api", "y"}, {"overlay dev", "dev", "api", "z"}},
			"dev:api overlay prod/a:api overlay prod/b:api",
		},
		{
			"a rival beside environments",
			[]rendered{{"overlay dev", "dev", "api", "x"}, {"overlay prod", "prod", "api", "y"}, {"overlay test-bed", "test-bed", "api", "z"}},
			"overlay dev:api overlay prod:api overlay test-bed:api",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			input := world.Input{Options: world.Options{Clusters: []world.ClusterConfig{{Name: "main", Manifests: []string{"**"}}}}}
			for _, o := range tc.objects {
				input.Objects = append(input.Objects, deployment(t, o.from, o.dir, o.name, o.image))
			}
			model, _, err := trace.Build(context.Background(), input)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range model.Workloads {
				id := strings.TrimSuffix(w.ID, "[Deployment]")
				got = append(got, strings.Replace(id, "default/", "", 1))
			}
			if got := strings.Join(got, " "); got != tc.want {
				t.Errorf("workloads\n  %s\nwant\n  %s", got, tc.want)
			}
		})
	}
}
