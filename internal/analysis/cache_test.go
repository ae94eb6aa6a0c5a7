package analysis_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/part"
	"github.com/egresslint/egresslint/parser/source"
)

// filesOf are the files of a folder.
func filesOf(t *testing.T, dir string) fstest.MapFS {
	t.Helper()
	files := make(fstest.MapFS)
	if err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		files[filepath.ToSlash(rel)] = &fstest.MapFile{Data: data}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}

// with returns files with one of them changed.
func with(files fstest.MapFS, name, text string) fstest.MapFS {
	changed := maps.Clone(files)
	changed[name] = &fstest.MapFile{Data: []byte(text)}
	return changed
}

// told is all that an analysis says.
func told(t *testing.T, s analysis.Session) string {
	t.Helper()
	r, err := s.Analyze(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rendered := make(map[string][]*kubernetes.Object)
	for resource, objects := range r.Parsed.Rendered {
		rendered[resource.Body.Range.String()] = objects
	}
	text, err := json.MarshalIndent([]any{r.Model, r.Model.Origins, r.Findings, r.Suppressed, r.Diagnostics, r.Parsed.Objects, r.Parsed.Roots, r.Parsed.Files, r.Parsed.Documents, r.Parsed.Linted, r.Parsed.Diagnostics, rendered}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAnalyzeAgain checks that an analysis after a file changed says what one says that
// knows nothing of those before.
func TestAnalyzeAgain(t *testing.T) {
	t.Parallel()
	const projects = "../../testdata/projects/"
	dirs, err := filepath.Glob(projects + "rules/*/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal(err)
	}
	rules := analysis.BuiltIn(analysis.Selection{})
	fresh := func(files fstest.MapFS) analysis.Session {
		return analysis.New(source.NewTree(files), analysis.Settings{Paths: []string{"."}}).WithRules(rules, analysis.Selection{})
	}
	for i, dir := range append(dirs, projects+"shop", projects+"shop-flannel") {
		t.Run(strings.TrimPrefix(filepath.ToSlash(dir), projects), func(t *testing.T) {
			files := filesOf(t, dir)
			names := slices.DeleteFunc(slices.Sorted(maps.Keys(files)), func(name string) bool {
				_, read := source.KindOf(name)
				return !read
			})
			name := names[i%len(names)]
			text := string(files[name].Data)
			s := fresh(files)
			first := told(t, s)
			for _, changed := range []string{
				"# a line more\n" + text, strings.ReplaceAll(strings.ReplaceAll(text, "10.", "11."), "443", "8443"), text,
			} {
				want := told(t, fresh(with(files, name, changed)))
				if got := told(t, s.At(source.NewTree(with(files, name, changed)), []string{"."})); got != want {
					t.Errorf("%s changed (-fresh +again):\n%s", name, cmp.Diff(want, got))
				}
			}
			if again := told(t, s); again != first {
				t.Errorf("nothing changed (-first +again):\n%s", cmp.Diff(first, again))
			}
		})
	}
}

// TestWithoutAgain checks that nothing is left of what another file, which is empty now, made
// of one that has not changed.
func TestWithoutAgain(t *testing.T) {
	t.Parallel()
	const plan = `{"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {"root_module": {"resources": [
		{"address": "alicloud_vpc.a", "mode": "managed", "type": "alicloud_vpc", "name": "a", "values": {"cidr_block": "10.0.0.0/8"}}]}}, "configuration": {}}`
	rules := analysis.BuiltIn(analysis.Selection{})
	fresh := func(files fstest.MapFS) analysis.Session {
		return analysis.New(source.NewTree(files), analysis.Settings{Paths: []string{"."}}).WithRules(rules, analysis.Selection{})
	}
	tests := map[string]struct {
		files fstest.MapFS
		empty string
	}{
		"the component of a manifest": {fstest.MapFS{
			"c/kustomization.yaml": {Data: []byte("kind: Component\nresources: [a.yaml]\n")},
			"c/a.yaml":             {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")},
		}, "c/kustomization.yaml"},
		"a second plan": {fstest.MapFS{"dev.json": {Data: []byte(plan)}, "prod.json": {Data: []byte(plan)}}, "dev.json"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := fresh(test.files)
			before := told(t, s)
			left := with(test.files, test.empty, "{}")
			want := told(t, fresh(left))
			if got := told(t, s.At(source.NewTree(left), []string{"."})); got != want || got == before {
				t.Errorf("(-fresh +again):\n%s", cmp.Diff(want, got))
			}
		})
	}
}

// TestReadAgain checks that an analysis reads again what depends on the file that changed,
// and nothing else.
func TestReadAgain(t *testing.T) {
	t.Parallel()
	const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
	const application = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: app, namespace: argocd}
spec:
  project: default
  source: {repoURL: 'https://example.com/x.git', path: charts/deployed, helm: {valueFiles: [../../values/deployed.yaml]}}
  destination: {namespace: prod, name: in-cluster}
`
	files := fstest.MapFS{
		"plain/a.yaml":                      {Data: []byte(configMap)},
		"plain/b.yaml":                      {Data: []byte(configMap)},
		"argocd/app.yaml":                   {Data: []byte(application)},
		"base/kustomization.yaml":           {Data: []byte("resources: [cm.yaml]\n")},
		"base/cm.yaml":                      {Data: []byte(configMap)},
		"overlays/dev/kustomization.yaml":   {Data: []byte("resources: [../../base]\n")},
		"overlays/prod/kustomization.yaml":  {Data: []byte("resources: [../../base, cm.yaml]\n")},
		"overlays/prod/cm.yaml":             {Data: []byte(strings.Replace(configMap, "name: a", "name: b", 1))},
		"charts/own/Chart.yaml":             {Data: []byte("apiVersion: v2\nname: own\nversion: 1.0.0\n")},
		"charts/own/templates/cm.yaml":      {Data: []byte(configMap)},
		"charts/deployed/Chart.yaml":        {Data: []byte("apiVersion: v2\nname: deployed\nversion: 1.0.0\n")},
		"charts/deployed/templates/cm.yaml": {Data: []byte(configMap + "data: {x: '{{ .Values.x }}'}\n")},
		"values/deployed.yaml":              {Data: []byte("x: y\n")},
		"terraform/main.tf":                 {Data: []byte("resource \"alicloud_vpc\" \"main\" {\n  cidr_block = file(\"cidr.txt\")\n}\n")},
		"terraform/cidr.txt":                {Data: []byte("10.0.0.0/8")},
		"terraform/plan.json":               {Data: []byte("{}")},
	}
	tests := map[string]struct {
		name, text string
		want       []string // beside the charts, whose files are always looked at
	}{
		"nothing":                     {"README.md", "", nil},
		"a manifest":                  {"plain/a.yaml", configMap + "data: {x: y}\n", []string{"plain/a.yaml"}},
		"a base":                      {"base/cm.yaml", strings.Replace(configMap, "name: a", "name: c", 1), []string{"overlay overlays/dev", "overlay overlays/prod"}},
		"a file of one overlay":       {"overlays/prod/cm.yaml", "# a comment\n" + configMap, []string{"overlay overlays/prod"}},
		"a kustomization":             {"overlays/dev/kustomization.yaml", "resources: [../../base]\nnamePrefix: x-\n", []string{"overlay overlays/dev"}},
		"a template":                  {"charts/own/templates/cm.yaml", configMap + "data: {x: y}\n", []string{"chart charts/own"}},
		"values of a release":         {"values/deployed.yaml", "x: z\n", []string{"chart charts/deployed", "values/deployed.yaml"}},
		"an application":              {"argocd/app.yaml", strings.Replace(application, "name: app,", "name: other,", 1), []string{"argocd/app.yaml", "chart charts/deployed"}},
		"a file that Terraform reads": {"terraform/cidr.txt", "11.0.0.0/8", []string{"root terraform"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := analysis.New(source.NewTree(files), analysis.Settings{Paths: []string{"."}})
			read := func(s analysis.Session) map[string]int {
				var mu sync.Mutex
				parts := make(map[string]int)
				if _, err := s.Facts(part.With(t.Context(), &part.Watch{Begin: func(p part.Part) func(int) {
					mu.Lock()
					defer mu.Unlock()
					parts[p.String()]++
					return func(int) {}
				}})); err != nil {
					t.Fatal(err)
				}
				return parts
			}
			first := read(s)
			want := make(map[string]int)
			for part, n := range first {
				if strings.HasPrefix(part, "chart ") {
					want[part] = 1
				} else if n != 1 {
					t.Errorf("%s is read %d times at first", part, n)
				}
			}
			for _, part := range test.want {
				if first[part] != want[part]+1 {
					t.Errorf("%s is read %d times at first", part, first[part])
				}
				want[part]++
			}
			if diff := cmp.Diff(want, read(s.At(source.NewTree(with(files, test.name, test.text)), []string{"."}))); diff != "" {
				t.Errorf("read again (-want +got):\n%s", diff)
			}
		})
	}
}
