package source_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/egresslint/egresslint/parser/source"
)

// tree writes a txtar archive to a directory. A file whose contents begin with
// "->" becomes a symlink to what follows.
func tree(t *testing.T, archive string) (root string, tr *source.Tree) {
	t.Helper()
	root = t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(root, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(string(f.Data), "->"); ok {
			err = os.Symlink(strings.TrimSpace(target), name)
		} else {
			err = os.WriteFile(name, f.Data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	tr, err := source.OpenTree(root)
	if err != nil {
		t.Fatal(err)
	}
	tr.SetGit(".", source.ReadGit(root))
	return root, tr
}

func names(files []source.File) string {
	var b strings.Builder
	for _, f := range files {
		b.WriteString(f.Name)
		if f.Chart {
			b.WriteString(" (chart)")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func messages(diagnostics []source.Diagnostic) string {
	var b strings.Builder
	for _, d := range diagnostics {
		fmt.Fprintf(&b, "%s: %s: %s\n", d.Range, d.Kind, d.Message)
	}
	return b.String()
}

func TestWalk(t *testing.T) {
	tests := []struct {
		name        string
		archive     string
		paths       []string
		exclude     []string
		files       string
		diagnostics string
	}{
		{
			name: "kinds and skipped directories",
			archive: `
-- a.tf --
-- b.tf.json --
-- c.tofu --
-- d.tfvars --
-- e.auto.tfvars.json --
-- f.yaml --
-- g.yml --
-- h.json --
-- README.md --
-- x.tftest.hcl --
-- .git/config.yaml --
-- .terraform/modules/m/a.tf --
-- sub/.terragrunt-cache/a.tf --
-- sub/node_modules/a.json --
-- sub/vendor/a.yaml --
-- sub/z.tf --
-- .github/w.yaml --
`,
			paths: []string{"."},
			files: ".github/w.yaml\na.tf\nb.tf.json\nc.tofu\nd.tfvars\ne.auto.tfvars.json\nf.yaml\ng.yml\nh.json\nsub/z.tf\n",
		},
		{
			name: "gitignore",
			archive: `
-- .gitignore --
*.tfvars
!keep.tfvars
/build/
out
!out/x.yaml
-- .git/info/exclude --
local.yaml
-- a.tfvars --
-- keep.tfvars --
-- local.yaml --
-- build/a.yaml --
-- sub/build/a.yaml --
-- out/x.yaml --
-- sub/out/x.yaml --
-- sub/.gitignore --
!a.tfvars
gen/*
!gen/b.yaml
-- sub/a.tfvars --
-- sub/gen/a.yaml --
-- sub/gen/b.yaml --
-- gen/a.yaml --
`,
			paths: []string{"."},
			files: "gen/a.yaml\nkeep.tfvars\nsub/a.tfvars\nsub/build/a.yaml\nsub/gen/b.yaml\n",
		},
		{
			name: "named paths are read whatever leaves them out",
			archive: `
-- .gitignore --
build/
*.tfvars
-- build/a.yaml --
-- build/deep/b.yaml --
-- build/c.tfvars --
-- vendor/m/a.tf --
-- x.tfvars --
-- y.tfvars --
-- other.yaml --
`,
			paths:   []string{"build", "x.tfvars", "vendor/m", "other.yaml"},
			exclude: []string{"*.yaml", "build/deep", "vendor/**"},
			files:   "build/a.yaml\nother.yaml\nx.tfvars\n",
		},
		{
			name: "ignore files above a named directory count",
			archive: `
-- .gitignore --
*.gen.yaml
-- a/.gitignore --
secret.yaml
-- a/b/x.gen.yaml --
-- a/b/secret.yaml --
-- a/b/x.yaml --
-- a/x.yaml --
`,
			paths: []string{"a/b"},
			files: "a/b/x.yaml\n",
		},
		{
			name: "excludes",
			archive: `
-- a/x.yaml --
-- a/test/x.yaml --
-- b/test/x.yaml --
-- b/x_test.yaml --
-- c/x.yaml --
`,
			paths:   []string{"."},
			exclude: []string{"**/test", "**/*_test.yaml", "c/**", "[", "a/{y,z}.yaml"},
			files:   "a/x.yaml\n",
		},
		{
			name: "charts",
			archive: `
-- chart/Chart.yaml --
-- chart/values.yaml --
-- chart/crds/a.yaml --
-- chart/templates/a.yaml --
-- chart/templates/sub/b.yaml --
-- chart/charts/dep/Chart.yaml --
-- chart/charts/dep/templates/c.yaml --
-- templates/d.yaml --
`,
			paths: []string{"."},
			files: "chart/Chart.yaml\nchart/charts/dep/Chart.yaml\nchart/charts/dep/templates/c.yaml (chart)\nchart/crds/a.yaml\n" +
				"chart/templates/a.yaml (chart)\nchart/templates/sub/b.yaml (chart)\nchart/values.yaml\ntemplates/d.yaml\n",
		},
		{
			name: "a named file of a chart",
			archive: `
-- chart/Chart.yaml --
-- chart/templates/sub/b.yaml --
-- chart/templates/c.yaml --
`,
			paths: []string{"chart/templates/c.yaml", "chart/templates/sub"},
			files: "chart/templates/c.yaml (chart)\nchart/templates/sub/b.yaml (chart)\n",
		},
		{
			name: "symlinks to files",
			archive: `
-- real/a.yaml --
-- real/versions.tf --
-- one/a.yaml --
->../real/a.yaml
-- one/versions.tf --
->../real/versions.tf
-- .gitignore --
hidden
-- hidden/b.yaml --
-- one/b.yaml --
->../hidden/b.yaml
-- two/b.yaml --
->../hidden/b.yaml
-- gone.yaml --
->nowhere.yaml
-- gone.txt --
->nowhere.txt
-- out.yaml --
->/etc/hosts
`,
			paths:       []string{"."},
			files:       "one/b.yaml\none/versions.tf\nreal/a.yaml\nreal/versions.tf\n",
			diagnostics: "gone.yaml: parse-error: read file: no such file or directory\n",
		},
		{
			name: "symlinks to directories",
			archive: `
-- a-link --
->z
-- z/x.yaml --
-- z/up --
->..
-- z/sub/self --
->../sub
-- z/sub/y.yaml --
-- z/around --
->around
-- z/sub/other --
->../../w
-- w/v.yaml --
-- outside --
->../..
-- .gitignore --
ignored
-- ignored/i.yaml --
-- shown --
->ignored
-- modules --
->node_modules/m
-- node_modules/m/a.tf --
`,
			paths: []string{"."},
			files: "shown/i.yaml\nw/v.yaml\nz/sub/y.yaml\nz/x.yaml\n",
			diagnostics: "z/around: limit-reached: follow symlink: it leads back to itself\n" +
				"z/sub/self: limit-reached: follow symlink: it leads back to z/sub\n" +
				"z/up: limit-reached: follow symlink: it leads back to .\n",
		},
		{
			name: "a directory reached through a symlink only",
			archive: `
-- a/x.yaml --
-- a/link --
->../b
-- b/y.yaml --
-- b/back --
->../a
-- b/loop --
->../b
`,
			paths:       []string{"a"},
			files:       "a/link/y.yaml\na/x.yaml\n",
			diagnostics: "a/link/loop: limit-reached: follow symlink: it leads back to b\n",
		},
		{
			name: "named paths that cannot be read",
			archive: `
-- a.txt --
-- out --
->../..
`,
			paths: []string{"a.txt", "out", "missing", "../x", "/etc"},
			diagnostics: "../x: parse-error: read path: path leaves the tree\n" +
				"/etc: parse-error: read path: path leaves the tree\n" +
				"a.txt: parse-error: read file: its name does not end in .tf, .tofu, .tfvars, .yaml, .yml or .json\n" +
				"missing: parse-error: read path: no such file or directory\n" +
				"out: parse-error: read path: path leaves the tree\n",
		},
		{
			name: "paths that overlap",
			archive: `
-- a/b/x.yaml --
-- a/y.yaml --
`,
			paths: []string{"a/b/x.yaml", "a/b", ".", "a"},
			files: "a/b/x.yaml\na/y.yaml\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, tr := tree(t, tt.archive)
			files, diagnostics := tr.Walk(tt.paths, source.WalkOptions{Exclude: tt.exclude})
			if diff := cmp.Diff(tt.files, names(files)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.diagnostics, messages(diagnostics)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWalkKinds(t *testing.T) {
	for name, want := range map[string]source.FileKind{
		"main.tf": source.Terraform, "main.tf.json": source.Terraform, "main.tofu": source.Terraform, "main.tofu.json": source.Terraform,
		"x.tfvars": source.TerraformVars, "x.auto.tfvars": source.TerraformVars, "x.tfvars.json": source.TerraformVars,
		"x.yaml": source.YAML, "x.yml": source.YAML, "x.json": source.JSON,
		"x.tf.bak": 0, "tf": 0, "x.hcl": 0, "x.tfstate": 0,
	} {
		if got, ok := source.KindOf(name); got != want || ok != (want != 0) {
			t.Errorf("KindOf(%q) = %v, %v", name, got, ok)
		}
	}
}

func TestWalkUnreadableDirectory(t *testing.T) {
	root, tr := tree(t, "-- a/x.yaml --\n-- b.yaml --\n")
	if err := os.Chmod(filepath.Join(root, "a"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(root, "a"), 0o755) })
	if _, err := os.ReadDir(filepath.Join(root, "a")); err == nil {
		t.Skip("permissions do not bind this user")
	}
	files, diagnostics := tr.Walk([]string{"."}, source.WalkOptions{})
	if got := names(files); got != "b.yaml\n" {
		t.Errorf("files: %s", got)
	}
	if len(diagnostics) != 1 || !strings.HasPrefix(messages(diagnostics), "a: parse-error: read directory: ") {
		t.Errorf("diagnostics: %s", messages(diagnostics))
	}
}

func TestWalkLimits(t *testing.T) {
	deep := strings.Repeat("d/", source.MaxDirDepth)
	fsys := fstest.MapFS{deep + "x.yaml": {}, deep + "d/y.yaml": {}}
	files, diagnostics := source.NewTree(fsys).Walk([]string{"."}, source.WalkOptions{})
	if got := names(files); got != deep+"x.yaml\n" {
		t.Errorf("files: %s", got)
	}
	if want := deep + "d: limit-reached: walk directory: it lies more than 64 directories deep\n"; messages(diagnostics) != want {
		t.Errorf("diagnostics: %s", messages(diagnostics))
	}

	fsys = fstest.MapFS{}
	for i := range source.MaxFiles + 5 {
		fsys[fmt.Sprintf("%06d.yaml", i)] = &fstest.MapFile{}
	}
	files, diagnostics = source.NewTree(fsys).Walk([]string{"."}, source.WalkOptions{})
	if len(files) != source.MaxFiles {
		t.Errorf("%d files", len(files))
	}
	if want := "050000.yaml: limit-reached: walk files: there are more than 50000; the rest is left out\n"; messages(diagnostics) != want {
		t.Errorf("diagnostics: %s", messages(diagnostics))
	}
}

// Ignore files with patterns without end leave out less, and say so.
func TestWalkManyPatterns(t *testing.T) {
	const files = 250
	fsys := fstest.MapFS{".gitignore": {Data: []byte("*0.yaml\n" + strings.Repeat("x\n", 100_000) + "*1.yaml\n")}}
	for i := range files {
		fsys[fmt.Sprintf("%03d.yaml", i)] = &fstest.MapFile{}
	}
	found, diagnostics := source.NewTree(fsys).Walk([]string{"."}, source.WalkOptions{})
	const want = ".gitignore: limit-reached: read file: there are more than 99999 patterns here and above it; further ones leave out nothing\n" +
		"200.yaml: limit-reached: match .gitignore: there are too many patterns for so many files; from here on they leave out nothing\n"
	if got := messages(diagnostics); got != want {
		t.Errorf("diagnostics: %s", got)
	}
	if len(found) != files-20 || found[0].Name != "001.yaml" { // the first 200 but every tenth
		t.Errorf("found %d files, first %s", len(found), found[0].Name)
	}
}

func TestWalkOverlay(t *testing.T) {
	tr := source.NewTree(fstest.MapFS{"a.yaml": {}})
	tr.Overlay("stdin.yaml", []byte("x"))
	files, diagnostics := tr.Walk([]string{"stdin.yaml"}, source.WalkOptions{})
	if names(files) != "stdin.yaml\n" || len(diagnostics) != 0 {
		t.Errorf("got %s%s", names(files), messages(diagnostics))
	}
}
