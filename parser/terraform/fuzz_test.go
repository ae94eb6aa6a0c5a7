package terraform_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// FuzzLoad checks that no configuration and no variable file makes Load panic or
// hang, and that the same input gives the same result.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		tree, names := treeOf(string(data))
		for _, name := range names {
			src, err := tree.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(src), "env = \"prod\"\n", strings.HasSuffix(name, ".json"))
		}
	}
	exprs, err := os.ReadFile(consoleDir + "/expressions.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(exprs)) {
		f.Add("resource \"t\" \"x\" {\n  x = "+strings.TrimSpace(line)+"\n}\n", "", false)
	}
	f.Fuzz(func(t *testing.T, src, vars string, isJSON bool) {
		name := "main.tf"
		if isJSON {
			name += ".json"
		}
		load := func() string {
			tree := source.NewTree(fstest.MapFS{
				name:                    {Data: []byte(src)},
				"m/main.tf":             {Data: []byte("variable \"a\" {\n  type = list(string)\n}\nresource \"t\" \"m\" {\n  a = var.a\n}\noutput \"a\" {\n  value = var.a\n}\n")},
				"prod.tfvars":           {Data: []byte(vars)},
				"terraform.tfvars.json": {Data: []byte(vars)},
			})
			roots, diags := terraform.Load(tree, []string{name}, terraform.Options{})
			return report(roots, diags, true)
		}
		if a, b := load(), load(); a != b {
			t.Errorf("two runs differ:\n%s\n%s", a, b)
		}
	})
}

// TestNesting checks that deep nesting of all kinds ends in a diagnostic, or in
// a value, but not in a crash.
func TestNesting(t *testing.T) {
	const n = 200_000
	for name, expr := range map[string]string{
		"parentheses": strings.Repeat("(", n) + "1" + strings.Repeat(")", n),
		"lists":       strings.Repeat("[", n) + strings.Repeat("]", n),
		"calls":       strings.Repeat("abs(", n) + "1" + strings.Repeat(")", n),
		"templates":   strings.Repeat("\"${", n) + "1" + strings.Repeat("}\"", n),
		"not":         strings.Repeat("!", n) + "true",
		"minus":       strings.Repeat("- ", n) + "1",
		"conditions":  strings.Repeat("true ? 1 : ", n) + "1",
		"sums":        strings.Repeat("1 + ", n) + "1",
		"indexes":     "local.x" + strings.Repeat("[0]", n),
		"attributes":  "local.x" + strings.Repeat(".a", n),
		"splats":      "local.x" + strings.Repeat("[*]", n),
		"directives":  "\"" + strings.Repeat("%{ if true }", n) + "\"",
		"heredocs":    strings.Repeat("<<A\n${", n),
	} {
		t.Run(name, func(t *testing.T) {
			tree, names := treeOf("-- main.tf --\nlocals {\n  x = " + expr + "\n}\nresource \"t\" \"x\" {\n  x = local.x\n}\n")
			terraform.Load(tree, names, terraform.Options{})
		})
	}
	t.Run("blocks", func(t *testing.T) {
		tree, names := treeOf("-- main.tf --\n" + strings.Repeat("a {\n", n))
		terraform.Load(tree, names, terraform.Options{})
	})
	t.Run("json", func(t *testing.T) {
		tree, names := treeOf("-- main.tf.json --\n{\"locals\":" + strings.Repeat("{\"a\":", n))
		terraform.Load(tree, names, terraform.Options{})
	})
	t.Run("locals", func(t *testing.T) {
		var b strings.Builder
		b.WriteString("-- main.tf --\nlocals {\n  x0 = 1\n")
		for i := range 20_000 {
			b.WriteString("  x" + strconv.Itoa(i+1) + " = local.x" + strconv.Itoa(i) + "\n")
		}
		b.WriteString("}\nresource \"t\" \"x\" {\n  x = local.x20000\n}\n")
		tree, names := treeOf(b.String())
		roots, _ := terraform.Load(tree, names, terraform.Options{})
		if got := show(resource(t, roots[0], "t.x").Body.Get("x")); got != "?(its references go too deep)" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("data in functions", func(t *testing.T) {
		for _, call := range []string{"jsondecode", "yamldecode"} {
			tree, names := treeOf("-- main.tf --\nresource \"t\" \"x\" {\n  x = " + call + "(file(\"deep\"))\n}\n-- deep --\n" + strings.Repeat("[", n))
			terraform.Load(tree, names, terraform.Options{})
		}
	})
}
