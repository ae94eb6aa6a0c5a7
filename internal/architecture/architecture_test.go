package architecture

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/egresslint/egresslint"

// layers lists the packages of the module from the lowest to the highest. A
// package may import the packages of the layers above its own line only.
// Packages that share a line do not import each other.
var layers = [][]string{
	{"parser/guard", "parser/nearest"},
	{"parser/source"},
	{"parser/part", "parser/bounded"},
	{"parser/located", "parser/comment"},
	{"parser/kubernetes", "parser/terraform"},
	{"parser/tfjson", "parser/helm", "parser/kustomize", "parser/mask"},
	{"parser/gitops"},
	{"parser"},
	{"policies"},
	{"internal/finding"},
	{"internal/revision"},
	{"internal/revision/git"},
	{"internal/truth", "internal/ipset", "internal/place", "internal/secret", "internal/product"},
	{"internal/model"},
	{"internal/requirement"},
	{"internal/netpol"},
	{"internal/alicloud", "internal/kube"},
	{"internal/config"},
	{"internal/world"},
	{"internal/trace"},
	{"internal/suppress", "internal/baseline"},
	{"internal/checks"},
	{"internal/engine"},
	{"internal/pipeline"},
	{"internal/analysis"},
	{"internal/report", "internal/actions"},
	{"internal/explain"},
	{"internal/disk", "internal/sandbox", "internal/supervise"},
	{"internal/cli"},
	{"cmd/egresslint"},
	{"internal/architecture", "internal/hostile", "tools/mutate"},
}

// forbidden imports would go down the list and are still wrong. Each gives the
// reason that a developer reads when the test fails.
var forbidden = []struct{ from, to, reason string }{
	{"policies", "parser/...", "policies holds Rego and its embedding; it must be usable without any of egresslint's Go code"},
	{"internal/explain", "internal/world", "what is explained stands in the model and its findings; nothing is judged again"},
	{"internal/explain", "internal/trace", "what is explained stands in the model and its findings; nothing is judged again"},
	{"internal/engine", "internal/trace", "the engine runs rules over any document; it must not know the model that the rules read"},
}

// imports maps each package, by its path inside the module, to the packages of
// the module that its non-test files import.
type imports map[string][]string

// violations returns one sentence for each import that breaks the order,
// sorted by package, then import.
func violations(found imports) []string {
	rank := make(map[string]int)
	for i, layer := range layers {
		for _, pkg := range layer {
			rank[pkg] = i
		}
	}
	var out []string
	report := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for pkg, targets := range found {
		own, ok := rank[pkg]
		if !ok {
			report("%s: not in the list of layers: add it where its imports belong", pkg)
			continue
		}
		for _, target := range targets {
			other, ok := rank[target]
			switch {
			case !ok:
				report("%s: imports %s, which is not in the list of layers", pkg, target)
			case other >= own:
				report("%s: imports %s, which is not below it", pkg, target)
			}
			for _, rule := range forbidden {
				if rule.from == pkg && matches(rule.to, target) {
					report("%s: imports %s: %s", pkg, target, rule.reason)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// matches reports whether the package target is pattern, or lies in or below
// dir for a pattern of the form dir/... .
func matches(pattern, target string) bool {
	dir, tree := strings.CutSuffix(pattern, "/...")
	return target == dir || tree && strings.HasPrefix(target, dir+"/")
}

// readImports reads the import clauses of every package under root. Test files
// are left out: a test may use a higher package to check a lower one, as the
// rules' tests do with the engine. Build constraints are ignored on purpose, so
// that the order holds on every platform.
func readImports(root string) (imports, error) {
	found := make(imports)
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			base := entry.Name()
			if rel != "." && (base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
				return filepath.SkipDir // as the go command does
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(fset, name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Dir(filepath.ToSlash(rel))
		if _, seen := found[pkg]; !seen {
			found[pkg] = nil // a package without imports of ours must be in the list too
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if target, ok := strings.CutPrefix(imported, module+"/"); ok {
				found[pkg] = append(found[pkg], target)
			}
		}
		return nil
	})
	for pkg, list := range found {
		slices.Sort(list)
		found[pkg] = slices.Compact(list)
	}
	return found, err
}

func TestImportsGoDownTheLayers(t *testing.T) {
	found, err := readImports(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(found["cmd/egresslint"]) == 0 {
		t.Fatal("cmd/egresslint imports nothing of the module: the test reads the wrong directory")
	}
	for _, violation := range violations(found) {
		t.Error(violation)
	}
}

func TestViolations(t *testing.T) {
	tests := []struct {
		name  string
		found imports
		want  []string
	}{
		{"down", imports{"internal/trace": {"internal/netpol", "parser/source"}, "cmd/egresslint": {"internal/cli"}}, nil},
		{"up", imports{"parser": {"internal/finding"}}, []string{"parser: imports internal/finding, which is not below it"}},
		{"itself", imports{"parser": {"parser"}}, []string{"parser: imports parser, which is not below it"}},
		{"sideways", imports{"parser/terraform": {"parser/kubernetes"}}, []string{"parser/terraform: imports parser/kubernetes, which is not below it"}},
		{"policies stand alone", imports{"policies": {"parser/source"}}, []string{
			"policies: imports parser/source: " + forbidden[0].reason,
		}},
		{"the engine does not know the model", imports{"internal/engine": {"internal/trace", "internal/finding"}}, []string{
			"internal/engine: imports internal/trace: " + forbidden[3].reason,
		}},
		{"unlisted package", imports{"internal/misc": nil}, []string{
			"internal/misc: not in the list of layers: add it where its imports belong",
		}},
		{"unlisted import", imports{"internal/cli": {"internal/misc"}}, []string{
			"internal/cli: imports internal/misc, which is not in the list of layers",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := violations(test.found); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestReadImports(t *testing.T) {
	root := t.TempDir()
	files := map[string]string{
		"a/a.go":            "package a\n\nimport (\n\t\"fmt\"\n\n\t\"" + module + "/b\"\n)\n",
		"a/a_windows.go":    "package a\n\nimport \"" + module + "/c\"\n",
		"a/a_test.go":       "package a\n\nimport \"" + module + "/d\"\n",
		"b/b.go":            "package b\n",
		"b/testdata/src.go": "package src\n\nimport \"" + module + "/d\"\n",
	}
	for name, text := range files {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := readImports(root)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(found), "map[a:[b c] b:[]]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
