package world

import (
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/kubernetes"
)

func TestEnvironmentsIn(t *testing.T) {
	for path, want := range map[string]string{
		"":                        "",
		"apps/api":                "",
		"envs/prod/api":           "prod",
		"envs/Production":         "prod",
		"prod-eu/production":      "prod",
		"dev_qa.x":                "dev qa",
		"qa/dev":                  "qa dev",
		"demo":                    "demo",
		"demo-app":                "",
		"live/demo":               "prod demo",
		"products":                "",
		"overlays/preprod":        "pre",
		"values-stg.yaml/testing": "staging test",
	} {
		if got := strings.Join(environmentsIn(path), " "); got != want {
			t.Errorf("environmentsIn(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestEnvironmentsOf(t *testing.T) {
	for _, tc := range []struct {
		dir, deployer, destination, want string
	}{
		{"envs/prod", "", "", "prod"},
		{"envs/prod", "argocd/dev.yaml", "", "prod"},
		{"base", "argocd/dev.yaml", "", "dev"},
		{"base", "argocd/app.yaml", "staging", "staging"},
		{"base", "argocd/dev.prod", "", "dev"},
		{"base", "", "staging", ""}, // nothing deploys it
		{"base", "", "", ""},
	} {
		o := &kubernetes.Object{Dir: tc.dir, Deployer: tc.deployer, Destination: tc.destination}
		if got := strings.Join(environmentsOf(o), " "); got != tc.want {
			t.Errorf("environmentsOf(%+v) = %q, want %q", tc, got, tc.want)
		}
	}
}

func TestSharedPrefix(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"a/b/c", "a/b/d", 2}, {"a/b", "a/b/c", 2}, {"a/b/c", "a/b", 2}, {"a", "b", 0}, {".", "a", 0}, {"a", ".", 0}, {".", ".", 0}, {"a/x/c", "a/y/c", 1},
	} {
		if got := sharedPrefix(tc.a, tc.b); got != tc.want {
			t.Errorf("sharedPrefix(%q, %q) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}

// TestTakes checks which objects that are bound to no cluster may be deployed together.
func TestTakes(t *testing.T) {
	plain := &World{}
	prod := &World{envs: []string{"prod", "qa"}}
	overlay := &World{from: "overlay a", envs: []string{"prod"}}
	alone := &World{from: "component a", alone: true}
	for _, tc := range []struct {
		name   string
		w      *World
		object *kubernetes.Object
		want   bool
	}{
		{"a rendered object in its world", overlay, &kubernetes.Object{From: "overlay a", Dir: "dev"}, true},
		{"a rendered object in another", overlay, &kubernetes.Object{From: "overlay b", Dir: "prod"}, false},
		{"a rendered object among plain ones", plain, &kubernetes.Object{From: "overlay a"}, false},
		{"a plain object of the environment", overlay, &kubernetes.Object{Dir: "prod"}, true},
		{"a plain object of one of them", prod, &kubernetes.Object{Dir: "qa"}, true},
		{"a plain object of another", prod, &kubernetes.Object{Dir: "dev"}, false},
		{"a plain object of none", prod, &kubernetes.Object{Dir: "base"}, true},
		{"a plain object in a world of none", plain, &kubernetes.Object{Dir: "dev"}, true},
		{"a plain object beside what nothing deploys", alone, &kubernetes.Object{Dir: "base"}, false},
		{"what nothing deploys in its world", alone, &kubernetes.Object{From: "component a"}, true},
	} {
		if got := takes(tc.w, tc.object); got != tc.want {
			t.Errorf("%s: %t, want %t", tc.name, got, tc.want)
		}
	}
}

func TestLooseWorlds(t *testing.T) {
	object := func(name, from, dir string) *kubernetes.Object {
		return &kubernetes.Object{Name: name, From: from, Dir: dir}
	}
	for _, tc := range []struct {
		name    string
		objects []*kubernetes.Object
		want    string
	}{
		{"nothing", nil, ""},
		{"plain", []*kubernetes.Object{object("a", "", "k8s"), object("b", "", "other")}, "=a,b"},
		{"one environment", []*kubernetes.Object{object("a", "", "prod"), object("b", "", "base")}, "=a,b"},
		{"two environments", []*kubernetes.Object{object("a", "", "prod"), object("b", "", "dev"), object("c", "", "base")}, "dev=b,c prod=a,c"},
		{"an overlay and plain ones", []*kubernetes.Object{object("a", "overlay x", "x"), object("b", "", "base")}, "=a,b"},
		{"an overlay and another environment", []*kubernetes.Object{object("a", "overlay prod", "prod"), object("b", "", "dev")}, "dev=b overlay prod prod=a"},
		{"two overlays", []*kubernetes.Object{object("b", "overlay b", "b"), object("a", "overlay a", "a")}, "overlay a=a overlay b=b"},
	} {
		var got []string
		for _, w := range looseWorlds(tc.objects) {
			var names []string
			for _, o := range w.Objects {
				names = append(names, o.Name)
			}
			got = append(got, w.env+"="+strings.Join(names, ","))
		}
		if got := strings.Join(got, " "); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestAlternativesOf checks which renderings may be deployed side by side.
func TestAlternativesOf(t *testing.T) {
	type rendered struct {
		from, envs, rivals string
	}
	for _, tc := range []struct {
		name string
		list []rendered
		want string
	}{
		{"nothing", nil, ""},
		{"of no environment", []rendered{{"a", "", ""}, {"b", "", ""}}, ""},
		{"of one environment", []rendered{{"a", "prod", ""}, {"b", "", ""}}, "=a+b"},
		{"environments that overlap", []rendered{{"a", "prod qa", ""}, {"b", "qa", ""}}, "=a+b"},
		{"two environments", []rendered{{"a", "dev", ""}, {"b", "prod", ""}, {"c", "", ""}}, "dev=a+c prod=b+c"},
		{"rivals of none", []rendered{{"a", "", "b"}, {"b", "", "a"}, {"c", "", ""}}, "a=a+c b=b+c"},
		{"rivals of one", []rendered{{"a", "prod", "b"}, {"b", "prod", "a"}, {"c", "prod", ""}}, "a=a+c b=b+c"},
		{
			"rivals of one beside another",
			[]rendered{{"a", "prod", "b"}, {"b", "prod", "a"}, {"c", "dev", ""}, {"d", "", ""}},
			"dev=c+d a=a+d b=b+d",
		},
		{
			"two pairs of rivals of one",
			[]rendered{{"a", "prod", "b"}, {"b", "prod", "a"}, {"c", "prod", "d"}, {"d", "prod", "c"}},
			"a=a+c b=b+c d=a+d",
		},
		{"a rival of none beside one environment", []rendered{{"a", "prod", ""}, {"b", "", "c"}, {"c", "", "b"}}, "=a b=a+b c=a+c"},
		{"rivals of two of two", []rendered{{"a", "dev", "b"}, {"b", "dev", "a"}, {"c", "prod", ""}}, "a=a b=b prod=c"},
		{"a rival of none", []rendered{{"a", "dev", "c"}, {"b", "prod", "c"}, {"c", "", "a b"}}, "a=a b=b c=c"},
	} {
		byName := make(map[string]*rendering)
		var list []*rendering
		for _, r := range tc.list {
			byName[r.from] = &rendering{from: r.from, envs: strings.Fields(r.envs)}
			list = append(list, byName[r.from])
		}
		for _, r := range tc.list {
			for _, rival := range strings.Fields(r.rivals) {
				byName[r.from].rivals = append(byName[r.from].rivals, byName[rival])
			}
		}
		var got []string
		for _, a := range alternativesOf(list) {
			var names []string
			for _, r := range a.members {
				names = append(names, r.from)
			}
			got = append(got, a.name+"="+strings.Join(names, "+"))
		}
		if got := strings.Join(got, " "); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestRenderingsOf checks whose content is in the way of whose.
func TestRenderingsOf(t *testing.T) {
	object := func(from, dir, kind, name, spec string) *kubernetes.Object {
		o := objects(t, "{apiVersion: v1, kind: "+kind+", metadata: {name: "+name+"}, data: "+spec+"}")[0]
		o.From, o.Dir = from, dir
		return o
	}
	for _, tc := range []struct {
		name string
		list []*kubernetes.Object
		want string
	}{
		{"the same content", []*kubernetes.Object{object("b", "b", "Secret", "s", "{}"), object("a", "a", "Secret", "s", "{}")}, "a[]: b[]:"},
		{"other content", []*kubernetes.Object{object("a", "a", "Secret", "s", "{x: 1}"), object("b", "b", "Secret", "s", "{x: 2}")}, "a[]:b b[]:a"},
		{"other names", []*kubernetes.Object{object("a", "a", "Secret", "s", "{x: 1}"), object("b", "b", "Secret", "r", "{x: 2}")}, "a[]: b[]:"},
		{"a kind that nobody reads", []*kubernetes.Object{object("a", "a", "Role", "s", "{x: 1}"), object("b", "b", "Role", "s", "{x: 2}")}, "a[]: b[]:"},
		{"a namespace", []*kubernetes.Object{object("a", "a", "Namespace", "s", "{x: 1}"), object("b", "b", "Namespace", "s", "{x: 2}")}, "a[]:b b[]:a"},
		{"other environments", []*kubernetes.Object{object("a", "dev", "Secret", "s", "{x: 1}"), object("b", "prod", "Secret", "s", "{x: 2}")}, "a[dev]: b[prod]:"},
		{"one of no environment", []*kubernetes.Object{object("a", "dev", "Secret", "s", "{x: 1}"), object("b", "b", "Secret", "s", "{x: 2}")}, "a[dev]:b b[]:a"},
		{"an environment in its name", []*kubernetes.Object{object("values-dev.yaml", "a", "Secret", "s", "{}"), object("", "b", "Secret", "s", "{x: 2}")}, "values-dev.yaml[dev]:"},
		{
			"three, two of them alike",
			[]*kubernetes.Object{object("a", "a", "Secret", "s", "{x: 1}"), object("b", "b", "Secret", "s", "{x: 2}"), object("c", "c", "Secret", "s", "{x: 1}")},
			"a[]:b b[]:a,c c[]:b",
		},
		{
			"three of two contents, in another order",
			[]*kubernetes.Object{object("c", "c", "Secret", "s", "{x: 2}"), object("b", "b", "Secret", "s", "{x: 2}"), object("a", "a", "Secret", "s", "{x: 1}")},
			"a[]:b,c b[]:a c[]:a",
		},
		{"a policy of another kind", []*kubernetes.Object{object("a", "a", "AdminNetworkPolicy", "s", "{x: 1}"), object("b", "b", "AdminNetworkPolicy", "s", "{x: 2}")}, "a[]:b b[]:a"},
		{
			"twice in each other's way",
			[]*kubernetes.Object{
				object("a", "a", "Secret", "r", "{x: 1}"), object("a", "a", "Secret", "s", "{x: 1}"),
				object("b", "b", "Secret", "r", "{x: 2}"), object("b", "b", "Secret", "s", "{x: 2}"),
			},
			"a[]:b b[]:a",
		},
	} {
		var got []string
		for _, r := range renderingsOf(tc.list) {
			var rivals []string
			for _, other := range r.rivals {
				rivals = append(rivals, other.from)
			}
			slices.Sort(rivals)
			got = append(got, r.from+"["+strings.Join(r.envs, " ")+"]:"+strings.Join(rivals, ","))
		}
		if got := strings.Join(got, " "); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestSameContent(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"{a: 1, b: [x, y]}", "{b: [x, y], a: 1}", true},
		{"{a: 1}", "{a: 2}", false},
		{"{a: 1}", "{b: 1}", false},
		{"{a: 1}", "{a: '1'}", false},
		{"{a: 1}", "{a: 1, b: 2}", false},
		{"{a: null}", "{b: null}", true},
		{"{a: null}", "{a: x}", false},
		{"[x]", "[x, y]", false},
		{"[x]", "[y]", false},
		{"true", "false", false},
		{"true", "true", true},
		{"x", "[x]", false},
	} {
		if got := sameContent(value(t, tc.a), value(t, tc.b)); got != tc.want {
			t.Errorf("sameContent(%s, %s) = %t", tc.a, tc.b, got)
		}
	}
	same := value(t, "{a: 1}")
	if !sameContent(same, same) {
		t.Error("a value differs from itself")
	}
}

func TestIdentity(t *testing.T) {
	for _, tc := range []struct{ manifest, want string }{
		{"{apiVersion: v1, kind: Service, metadata: {name: a}}", "Service/default/a"},
		{"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a, namespace: x}}", "StatefulSet/x/a"},
		{"{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}}", "NetworkPolicy/default/a"},
		{"{apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {name: a}}", "projectcalico.org/NetworkPolicy/default/a"},
	} {
		if got := identity(objects(t, tc.manifest)[0]); got != tc.want {
			t.Errorf("identity(%s) = %q, want %q", tc.manifest, got, tc.want)
		}
	}
}

// TestDuplicates checks what is told of objects that stand in several places.
func TestDuplicates(t *testing.T) {
	object := func(from, file, dir, manifest string) *kubernetes.Object {
		o := objects(t, manifest)[0]
		o.From, o.File, o.Dir = from, file, dir
		return o
	}
	const deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api}, spec: {template: {spec: {containers: []}}}}"
	const other = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api}, spec: {template: {spec: {dnsPolicy: None}}}}"
	const web = "{apiVersion: v1, kind: Service, metadata: {name: web}}"
	role := "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: web}}"
	namespace := func(labels string) string {
		return "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: " + labels + "}}"
	}
	for _, tc := range []struct {
		name string
		list []*kubernetes.Object
		want string
	}{
		{"two folders", []*kubernetes.Object{object("", "a/x.yaml", "a", deployment), object("", "b/x.yaml", "b", deployment)}, "read object: Deployment/default/api: also in b; the last is used"},
		{"one folder", []*kubernetes.Object{object("", "a/x.yaml", "a", deployment), object("", "a/y.yaml", "a", deployment)}, "read object: Deployment/default/api: also in a/y.yaml; the last is used"},
		{
			"several of a folder",
			[]*kubernetes.Object{object("", "a/x.yaml", "a", deployment), object("", "a/x.yaml", "a", web), object("", "b/x.yaml", "b", deployment), object("", "b/x.yaml", "b", web)},
			"read objects: Deployment/default/api and 1 more of this folder: also in b; the last is used",
		},
		{
			"two folders beside one",
			[]*kubernetes.Object{object("", "a/x.yaml", "a", deployment), object("", "c/x.yaml", "c", web), object("", "b/x.yaml", "b", deployment), object("", "b/x.yaml", "b", web)},
			"read object: Service/default/web: also in b; the last is used; read object: Deployment/default/api: also in b; the last is used",
		},
		{"nobody reads it", []*kubernetes.Object{object("", "a/x.yaml", "a", role), object("", "b/x.yaml", "b", role)}, ""},
		{"a namespace that many bring along", []*kubernetes.Object{object("", "a/x.yaml", "a", namespace("{a: x}")), object("", "b/x.yaml", "b", namespace("{a: x}"))}, ""},
		{"a namespace with other labels", []*kubernetes.Object{object("", "a/x.yaml", "a", namespace("{a: x}")), object("", "b/x.yaml", "b", namespace("{a: y}"))}, "read object: Namespace/shop: also in b; the last is used"},
		{"a namespace whose labels are not known", []*kubernetes.Object{object("", "a/x.yaml", "a", namespace("{a: x, b: UNKNOWN}")), object("", "b/x.yaml", "b", namespace("{a: x, b: UNKNOWN}"))}, "read object: Namespace/shop: also in b; the last is used"},
		{"a namespace one of whose labels is not known", []*kubernetes.Object{object("", "a/x.yaml", "a", namespace("{a: x, b: UNKNOWN}")), object("", "b/x.yaml", "b", namespace("{a: x}"))}, "read object: Namespace/shop: also in b; the last is used"},
		{"a namespace one of whose labels is not known, last", []*kubernetes.Object{object("", "a/x.yaml", "a", namespace("{a: x}")), object("", "b/x.yaml", "b", namespace("{a: x, b: UNKNOWN}"))}, "read object: Namespace/shop: also in b; the last is used"},
		{"a folder that two others have parts of", []*kubernetes.Object{object("", "a/x.yaml", "a", deployment), object("", "a/x.yaml", "a", web), object("", "b/x.yaml", "b", deployment), object("", "c/x.yaml", "c", web)}, "read object: Service/default/web: also in c; the last is used; read object: Deployment/default/api: also in b; the last is used"},
		{"written and rendered", []*kubernetes.Object{object("", "b/x.yaml", "b", other), object("overlay a", "a/x.yaml", "a", deployment)}, "read object: Deployment/default/api: also in b; that is used"},
		{"rendered twice alike", []*kubernetes.Object{object("overlay a", "a/x.yaml", "a", deployment), object("overlay b", "a/x.yaml", "b", deployment)}, ""},
		{"rendered twice by one", []*kubernetes.Object{object("overlay a", "a/x.yaml", "a", deployment), object("overlay a", "a/x.yaml", "a", other)}, ""},
		{"rendered and written", []*kubernetes.Object{object("overlay a", "a/x.yaml", "a", deployment), object("", "b/x.yaml", "b", other)}, "read object: Deployment/default/api: also in a; that is used"},
	} {
		n := NewNotes()
		b := &binder{Notes: n}
		last := lastObjects(tc.list)
		for _, o := range tc.list {
			if used := last[identity(o)]; used != o {
				b.duplicate(o, used)
			}
		}
		b.reportDuplicates()
		var got []string
		for _, d := range n.SortedDiagnostics() {
			got = append(got, d.Message)
		}
		if got := strings.Join(got, "; "); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
