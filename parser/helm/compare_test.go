package helm_test

import (
	"flag"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chartloader "helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"

	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

var charts = flag.String("charts", "", "a directory whose charts are compared with what Helm renders")

// plain is the value without its places, as JSON would decode.
func plain(v *located.Value) any {
	switch v.Kind {
	case located.Map:
		m := make(map[string]any, len(v.Map))
		for _, f := range v.Map {
			m[f.Key] = plain(f.Value)
		}
		return m
	case located.List:
		list := make([]any, len(v.List))
		for i, e := range v.List {
			list[i] = plain(e)
		}
		return list
	case located.Number:
		n, _ := strconv.ParseFloat(v.Str, 64)
		return n
	case located.String:
		return v.Str
	case located.Bool:
		return v.Bool
	default:
		return nil
	}
}

// reference is what Helm renders of a chart on disk, with none of its functions
// replaced.
func reference(root string, r helm.Rendering, valuesFiles []string) ([]any, error) {
	c, err := chartloader.Load(filepath.Join(root, filepath.FromSlash(r.Dir)))
	if err != nil {
		return nil, err
	}
	user := map[string]any{}
	for _, f := range valuesFiles {
		data, err := os.Open(filepath.Join(root, filepath.FromSlash(f)))
		if err != nil {
			return nil, err
		}
		values, err := chartloader.LoadValues(data)
		_ = data.Close()
		if err != nil {
			return nil, err
		}
		user = chartloader.MergeMaps(user, values)
	}
	if err := chartutil.ProcessDependencies(c, user); err != nil {
		return nil, err
	}
	capabilities := common.DefaultCapabilities.Copy()
	version, err := common.ParseKubeVersion("v1.32.0")
	if err != nil {
		return nil, err
	}
	capabilities.KubeVersion = *version
	values, err := util.ToRenderValuesWithSchemaValidation(c, user, common.ReleaseOptions{
		Name: r.Release, Namespace: "default", Revision: 1, IsInstall: true,
	}, capabilities, true)
	if err != nil {
		return nil, err
	}
	outputs, err := engine.Render(c, values)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(outputs))
	for name := range outputs {
		if path.Base(name) != "NOTES.txt" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var objects []any
	for _, name := range names {
		parsed, _ := kubernetes.Parse("rendered.yaml", []byte(outputs[name]))
		for _, o := range parsed {
			if hook, _ := o.Root.Get("metadata", "annotations", "helm.sh/hook").Text(); !strings.HasPrefix(hook, "test") {
				objects = append(objects, plain(o.Root))
			}
		}
	}
	return objects, nil
}

// counts are what a comparison saw.
type counts struct{ renderings, objects, differing, refused, scalars, placed, values int }

// compare checks that the charts below root are rendered as Helm renders them.
// Values that Helm makes at random differ; strict says that there are none.
func compare(t *testing.T, root string, strict bool) (n counts) {
	tree, err := source.OpenTree(root)
	if err != nil {
		t.Fatal(err)
	}
	all := load(tree, helm.Options{})
	at := 0
	for _, r := range all.Renderings {
		objects := all.Objects[at : at+r.Objects]
		at += r.Objects
		if data, err := tree.ReadFile(path.Join(r.Dir, "Chart.yaml")); err == nil && strings.Contains(string(data), "file://") {
			continue // Helm wants these copied into the chart first
		}
		want, err := reference(root, r, valuesFiles(tree, r))
		if err != nil {
			n.refused++
			if !slices.ContainsFunc(all.Diagnostics, func(d source.Diagnostic) bool { return strings.HasPrefix(d.Range.File, r.Dir) || r.Dir == "." }) {
				t.Errorf("%s %s: helm refuses it: %v", r.Dir, r.Variant, err)
			}
			continue
		}
		var got []any
		for _, o := range objects {
			got = append(got, plain(o.Root))
		}
		n.renderings++
		n.objects += len(got)
		if len(want) != len(got) {
			t.Errorf("%s %s: %d objects, helm renders %d", r.Dir, r.Variant, len(got), len(want))
			continue
		}
		for i := range want {
			if diff := cmp.Diff(want[i], got[i]); diff != "" {
				n.differing++
				if strict {
					t.Errorf("%s %s (-helm +egresslint):\n%s", r.Dir, r.Variant, diff)
				} else {
					t.Logf("%s %s: %s", r.Dir, r.Variant, diff)
				}
			}
		}
		for _, o := range objects {
			n.count(o.Root)
		}
	}
	t.Logf("%+v, %d diagnostics", n, len(all.Diagnostics))
	return n
}

func (n *counts) count(v *located.Value) {
	switch v.Kind {
	case located.Map:
		for _, f := range v.Map {
			n.count(f.Value)
		}
	case located.List:
		for _, e := range v.List {
			n.count(e)
		}
	default:
		n.scalars++
		if v.Range.Start.Line > 0 {
			n.placed++
		}
		if len(v.Via) > 0 {
			n.values++
		}
	}
}

// valuesFiles are those of a rendering: the shared ones, then its own.
func valuesFiles(tree *source.Tree, r helm.Rendering) (files []string) {
	if r.Variant == "" {
		return nil
	}
	for _, dir := range []string{r.Dir, path.Join(r.Dir, "values")} {
		for _, name := range []string{"common.yaml", "values-common.yaml", r.Variant} {
			if _, err := tree.Stat(path.Join(dir, name)); err == nil {
				files = append(files, path.Join(dir, name))
			}
		}
	}
	return files
}

func TestAsHelm(t *testing.T) {
	for _, name := range []string{"basic", "shapes", "functions"} {
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
			if err != nil {
				t.Fatal(err)
			}
			root := t.TempDir()
			for _, f := range archive.Files {
				file := filepath.Join(root, filepath.FromSlash(f.Name))
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			n := compare(t, root, name != "shapes")
			if n.renderings == 0 || n.differing > 1 { // one object has a password
				t.Errorf("%+v", n)
			}
		})
	}
}

// The charts of a real repository, named by -charts.
func TestAsHelmInDirectory(t *testing.T) {
	if *charts == "" {
		t.Skip("no -charts")
	}
	compare(t, *charts, false)
}
