package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/egresslint/egresslint/internal/cli"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
)

const modelGoldens = "../../testdata/golden/model"

// modelProjects returns the sample repositories whose models are kept, by the names of
// the files that hold them: one for each rule, and those that show what else there is.
func modelProjects(t *testing.T) map[string]string {
	t.Helper()
	dirs := make(map[string]string)
	for _, pattern := range []string{"/rules/*/fires", "/model/*"} {
		list, err := filepath.Glob(projects + pattern)
		if err != nil || len(list) == 0 {
			t.Fatalf("found no projects: %v", err)
		}
		for _, dir := range list {
			name := strings.TrimSuffix(filepath.ToSlash(strings.TrimPrefix(dir, filepath.FromSlash(projects+"/"))), "/fires")
			dirs[strings.ReplaceAll(name, "/", "-")+".yaml"] = dir
		}
	}
	return dirs
}

// printModel returns what "egresslint model" prints about the paths.
func printModel(t *testing.T, paths ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := cli.Main(nil, &stdout, &stderr, append([]string{"model"}, paths...)); code != cli.ExitOK {
		t.Fatalf("%s: exit code %d: %s", paths, code, &stderr)
	}
	return stdout.Bytes()
}

// TestModelGoldens compares the model of each project with the one that is kept, in
// which only what is not zero is written.
func TestModelGoldens(t *testing.T) {
	dirs := modelProjects(t)
	for name, dir := range dirs {
		t.Run(name, func(t *testing.T) {
			golden := filepath.Join(modelGoldens, name)
			got := shortModel(t, dir, printModel(t, dir))
			if *update {
				if err := os.MkdirAll(modelGoldens, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v (go test ./internal/cli -run TestModelGoldens -update writes it)", err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("the model differs (-want +got):\n%s", diff)
			}
		})
	}
	kept, err := os.ReadDir(modelGoldens)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range kept {
		if dirs[e.Name()] == "" {
			t.Errorf("%s is the model of no project", e.Name())
		}
	}
}

// shortModel writes a printed model as YAML without what is zero, with places as
// file:line:column, and paths of files relative to dir.
func shortModel(t *testing.T, dir string, printed []byte) []byte {
	t.Helper()
	prefix := strings.TrimPrefix(filepath.ToSlash(dir), "../../")
	printed = bytes.ReplaceAll(printed, []byte(prefix+"/"), nil)
	printed = bytes.ReplaceAll(printed, []byte(prefix), []byte("."))
	var document any
	if err := json.Unmarshal(printed, &document); err != nil {
		t.Fatal(err)
	}
	short, err := yaml.Marshal(withoutZero(document))
	if err != nil {
		t.Fatal(err)
	}
	return short
}

// withoutZero returns a decoded document without what is zero, nil if all of it is.
func withoutZero(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["ref"]; ok {
			if v["ref"] == 0.0 {
				return nil
			}
			return fmt.Sprintf("%v:%v:%v", v["file"], v["line"], v["column"])
		}
		kept := make(map[string]any)
		for name, value := range v {
			if value = withoutZero(value); value != nil {
				kept[name] = value
			}
		}
		if len(kept) == 0 {
			return nil
		}
		return kept
	case []any:
		if len(v) == 0 {
			return nil
		}
		kept := make([]any, len(v))
		for i, value := range v {
			kept[i] = withoutZero(value)
		}
		return kept
	case nil:
		return "null, where a list is due"
	case string, float64, bool:
		if reflect.ValueOf(v).IsZero() {
			return nil
		}
		if number, ok := v.(float64); ok {
			return int(number)
		}
	}
	return v
}

// TestModelGoldensHaveEveryField wants each field of the model to be something else than
// zero in one of the models that are kept, so that no change to one goes unseen.
func TestModelGoldensHaveEveryField(t *testing.T) {
	seen := make(map[string]bool)
	noteFields(seen, reflect.TypeFor[model.Model](), reflect.Value{})
	for _, dir := range modelProjects(t) {
		var m model.Model
		decoder := json.NewDecoder(bytes.NewReader(printModel(t, dir)))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&m); err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		noteFields(seen, reflect.TypeOf(m), reflect.ValueOf(m))
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if !seen[name] {
			t.Errorf("no model that is kept has a value of %s", name)
		}
	}
}

// noteFields notes for each field of typ and of the types in it, as Type.field, whether
// it has a value in v. An invalid v has none.
func noteFields(seen map[string]bool, typ reflect.Type, v reflect.Value) {
	switch typ.Kind() {
	case reflect.Pointer:
		if v.IsValid() {
			v = v.Elem()
		}
		noteFields(seen, typ.Elem(), v)
	case reflect.Slice:
		if !v.IsValid() {
			noteFields(seen, typ.Elem(), v)
			return
		}
		for i := range v.Len() {
			noteFields(seen, typ.Elem(), v.Index(i))
		}
	case reflect.Struct:
		for field := range typ.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			key := typ.Name() + "." + name
			var value reflect.Value
			if v.IsValid() {
				value = v.FieldByIndex(field.Index)
			}
			seen[key] = seen[key] || value.IsValid() && !value.IsZero() && (value.Kind() != reflect.Slice || value.Len() > 0)
			noteFields(seen, field.Type, value)
		}
	}
}

// The model that is printed has every path with all of its hops; rules do without those
// that pass.
func TestModelPrintsPathsInFull(t *testing.T) {
	var m model.Model
	if err := json.Unmarshal(printModel(t, filepath.Join(projects, "shop")), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Paths) != len(m.Requirements) {
		t.Errorf("%d paths of %d requirements", len(m.Paths), len(m.Requirements))
	}
	open := 0
	for _, p := range m.Paths {
		if p.Status == truth.Open {
			open++
		}
		if len(p.Hops) == 0 {
			t.Errorf("%s -> %s has no hop", p.Workload, p.Destination)
		}
	}
	if open == 0 || open == len(m.Paths) || len(m.RuleInput().Paths) != len(m.Paths)-open {
		t.Errorf("%d of %d paths are open, rules get %d", open, len(m.Paths), len(m.RuleInput().Paths))
	}
}

// The order in which files are named does not show in the model.
func TestModelIsDeterministic(t *testing.T) {
	var files []string
	err := filepath.WalkDir(filepath.Join(projects, "shop"), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(name) != ".md" {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	first := printModel(t, files...)
	random := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		random.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		if diff := cmp.Diff(string(first), string(printModel(t, files...))); diff != "" {
			t.Fatalf("the model differs with the files in the order %q:\n%s", files, diff)
		}
	}
}
