package kustomize_test

import (
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

var overlays = flag.String("overlays", "", "a directory whose overlays are compared with what kustomize builds")

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

// reference is what kustomize builds by itself from the same files.
func reference(t *testing.T, fsys filesys.FileSystem, dir string) ([]any, error) {
	t.Helper()
	options := krusty.MakeDefaultOptions()
	options.LoadRestrictions = types.LoadRestrictionsNone
	built, err := krusty.MakeKustomizer(options).Run(fsys, dir)
	if err != nil {
		return nil, err
	}
	var objects []any
	for _, r := range built.Resources() {
		data, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var o any
		if err := json.Unmarshal(data, &o); err != nil {
			t.Fatal(err)
		}
		if r.GetKind() == "CustomResourceDefinition" {
			o = withoutSchemas(o)
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// withoutSchemas drops the schemas in a definition, which may be left out.
func withoutSchemas(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "openAPIV3Schema")
		for _, e := range v {
			withoutSchemas(e)
		}
	case []any:
		for _, e := range v {
			withoutSchemas(e)
		}
	}
	return v
}

// places counts the scalars of a result, and those whose text stands where their
// range says.
func places(tree *source.Tree, r result) (scalars, exact int) {
	var walk func(v *located.Value)
	walk = func(v *located.Value) {
		switch v.Kind {
		case located.Map:
			for _, f := range v.Map {
				walk(f.Value)
			}
		case located.List:
			for _, e := range v.List {
				walk(e)
			}
		default:
			scalars++
			text, _ := v.Text()
			text, _, _ = strings.Cut(text, "\n")
			lines := tree.Lines(v.Range.File, v.Range.Start.Line, v.Range.Start.Line)
			if len(lines) == 1 && (strings.Contains(lines[0], text) || strings.ContainsAny(lines[0], `|>\`)) {
				exact++
			}
		}
	}
	for _, o := range r.objects {
		walk(o.Root)
	}
	return scalars, exact
}

// compare checks that the overlays of a tree are what kustomize builds of them.
func compare(t *testing.T, tree *source.Tree, fsys filesys.FileSystem, root string) {
	files, _ := tree.Walk([]string{"."}, source.WalkOptions{})
	all := loadFiles(tree, files)
	var compared, objects, refused, unread, scalars, exact int
	for _, o := range all.overlays {
		own := slices.DeleteFunc(slices.Clone(files), func(f source.File) bool { return path.Dir(f.Name) != o.dir })
		r := loadFiles(tree, own)
		if slices.ContainsFunc(r.diagnostics, func(d source.Diagnostic) bool { return d.Kind == source.Unread }) {
			unread++ // kustomize would look for it on the network
			continue
		}
		want, err := reference(t, fsys, path.Join(root, o.dir))
		if len(r.diagnostics) > 0 {
			refused++
			t.Logf("%s: %v", o.dir, r.diagnostics)
			if err == nil {
				t.Errorf("%s: kustomize builds %d objects", o.dir, len(want))
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: kustomize refuses it: %v", o.dir, err)
			continue
		}
		var got []any
		for _, o := range r.objects {
			object := plain(o.Root)
			if o.Kind == "CustomResourceDefinition" {
				object = withoutSchemas(object)
			}
			got = append(got, object)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-kustomize +egresslint):\n%s", o.dir, diff)
		}
		compared++
		objects += len(got)
		s, e := places(tree, r)
		scalars, exact = scalars+s, exact+e
	}
	t.Logf("%d overlays with %d objects compared, %d refused by both, %d with parts outside the tree; %d of %d scalars stand where they are said to",
		compared, objects, refused, unread, exact, scalars)
	if compared == 0 && refused == 0 && len(all.overlays) == 0 {
		t.Error("there is no overlay")
	}
}

func TestAsKustomize(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			fsys := filesys.MakeFsInMemory()
			for _, f := range archive.Files {
				if err := fsys.WriteFile("/"+f.Name, f.Data); err != nil {
					t.Fatal(err)
				}
			}
			compare(t, treeOf(archive), fsys, "/")
		})
	}
}

// What kubectl builds, where it is installed.
func TestAsKubectl(t *testing.T) {
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Skip("kubectl is not installed")
	}
	for _, name := range []string{"components", "deleted", "diamond", "patches", "texts"} {
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
		r := load(treeOf(archive))
		for _, o := range r.overlays {
			out, err := exec.Command(kubectl, "kustomize", "--load-restrictor=LoadRestrictionsNone", filepath.Join(root, o.dir)).Output()
			if err != nil {
				t.Fatalf("%s: kubectl kustomize %s: %v", name, o.dir, err)
			}
			built, _ := kubernetes.Parse("kubectl.yaml", out)
			want, got := make(map[string]any), make(map[string]any)
			for _, b := range built {
				want[b.Kind+" "+b.Name] = plain(b.Root)
			}
			for _, b := range r.objects {
				if b.From == "overlay "+o.dir {
					got[b.Kind+" "+b.Name] = plain(b.Root)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
				t.Errorf("%s: %s (-kubectl +egresslint):\n%s", name, o.dir, diff)
			}
		}
	}
}

// The overlays of a real repository, named by -overlays.
func TestAsKustomizeInDirectory(t *testing.T) {
	if *overlays == "" {
		t.Skip("no -overlays")
	}
	root, err := filepath.Abs(*overlays)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Stat(os.DirFS(root), "."); err != nil {
		t.Fatal(err)
	}
	tree, err := source.OpenTree(root)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, tree, filesys.MakeFsOnDisk(), root)
}
