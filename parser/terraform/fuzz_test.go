package terraform_test

import (
	"context"
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
			roots, diags := terraform.Load(context.Background(), tree, []string{name}, terraform.Options{})
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
			terraform.Load(context.Background(), tree, names, terraform.Options{})
		})
	}
	t.Run("blocks", func(t *testing.T) {
		tree, names := treeOf("-- main.tf --\n" + strings.Repeat("a {\n", n))
		terraform.Load(context.Background(), tree, names, terraform.Options{})
	})
	t.Run("json", func(t *testing.T) {
		tree, names := treeOf("-- main.tf.json --\n{\"locals\":" + strings.Repeat("{\"a\":", n))
		terraform.Load(context.Background(), tree, names, terraform.Options{})
	})
	t.Run("types", func(t *testing.T) {
		// Each looks at the types of all that follow, and there are more of them than
		// fit anywhere.
		var b strings.Builder
		b.WriteString("-- main.tf --\nresource \"t\" \"x\" {\n  x = " + strings.Repeat("false ? [1] : ", 4000) + "[\"a\"]\n  y = local.x30\n}\nlocals {\n  x0 = [1]\n")
		for i := range 30 {
			x := "local.x" + strconv.Itoa(i)
			b.WriteString("  x" + strconv.Itoa(i+1) + " = true ? [" + strings.Repeat("1, ", 5000) + "\"a\"] : [" + strings.Repeat(x+", ", 9) + x + "]\n")
		}
		b.WriteString("}\n")
		tree, names := treeOf(b.String())
		roots, _ := terraform.Load(context.Background(), tree, names, terraform.Options{})
		if got := show(resource(t, roots[0], "t.x").Body.Get("x")); got != `["a"]` {
			t.Errorf("got %s", got)
		}
	})
	t.Run("locals", func(t *testing.T) {
		var b strings.Builder
		b.WriteString("-- main.tf --\nlocals {\n  x0 = 1\n")
		for i := range 20_000 {
			b.WriteString("  x" + strconv.Itoa(i+1) + " = local.x" + strconv.Itoa(i) + "\n")
		}
		b.WriteString("}\nresource \"t\" \"x\" {\n  x = local.x20000\n}\n")
		tree, names := treeOf(b.String())
		roots, _ := terraform.Load(context.Background(), tree, names, terraform.Options{})
		if got := show(resource(t, roots[0], "t.x").Body.Get("x")); got != "?(its references go too deep)" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("data in functions", func(t *testing.T) {
		for _, call := range []string{"jsondecode", "yamldecode"} {
			tree, names := treeOf("-- main.tf --\nresource \"t\" \"x\" {\n  x = " + call + "(file(\"deep\"))\n}\n-- deep --\n" + strings.Repeat("[", n))
			terraform.Load(context.Background(), tree, names, terraform.Options{})
		}
	})
}

// TestBombs checks that configurations which ask for more than any machine has
// end soon, and in a diagnostic.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	grow := func(first, next string, n int) string {
		var b strings.Builder
		b.WriteString("locals {\n  x0 = " + first + "\n")
		for i := range n {
			b.WriteString("  x" + strconv.Itoa(i+1) + " = " + strings.ReplaceAll(next, "@", "local.x"+strconv.Itoa(i)) + "\n")
		}
		b.WriteString("}\nresource \"t\" \"x\" {\n  x = local.x" + strconv.Itoa(n) + "\n}\n")
		return b.String()
	}
	for name, src := range map[string]string{
		"lists":       grow("[1]", "[@, @, @, @, @, @, @, @, @, @]", 30),
		"objects":     grow("{ a = 1 }", "{ a = @, b = @, c = @ }", 60),
		"text":        grow("\"0123456789\"", "\"${@}${@}${@}${@}\"", 60),
		"concat":      grow("[1]", "concat(@, @, @, @)", 40),
		"join":        grow("\"0123456789\"", "join(@, [@, @, @, @, @, @])", 40),
		"replace":     grow("\"aaaaaaaaaa\"", "replace(@, \"a\", @)", 20),
		"regex":       grow("\"aaaaaaaaaa\"", "replace(@, \"/a/\", @)", 20),
		"numbers":     grow("10", "@ * @", 60),
		"literal":     "resource \"t\" \"x\" {\n  x = \"${1e99999}\"\n}\n",
		"width":       "resource \"t\" \"x\" {\n  x = format(\"%999999999d\", 1)\n}\n",
		"indent":      "resource \"t\" \"x\" {\n  x = indent(999999999, \"a\\nb\")\n}\n",
		"setproduct":  "resource \"t\" \"x\" {\n  x = setproduct(range(1000), range(1000), range(1000))\n}\n",
		"loops":       "resource \"t\" \"x\" {\n  x = length([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]])\n}\n",
		"json":        grow("[1]", "jsondecode(jsonencode([@, @, @, @, @, @]))", 30),
		"aliases":     "resource \"t\" \"x\" {\n  x = yamldecode(<<-E\n    a: &a [x,x,x,x,x,x,x,x,x]\n" + aliases(9) + "  E\n  )\n}\n",
		"count":       "resource \"t\" \"x\" {\n  count = 1000000\n}\n",
		"count_twice": "module \"m\" {\n  source = \"./m\"\n  count = 10000\n}\n",
		"for_each":    "resource \"t\" \"x\" {\n  for_each = { for p in setproduct(range(200), range(200)) : join(\"-\", p) => 1 }\n}\n",
		"dynamic":     "resource \"t\" \"x\" {\n  dynamic \"a\" {\n    for_each = flatten([for i in range(200) : range(200)])\n    content {}\n  }\n}\n",
		"modules":     "module \"m\" {\n  source = \"./deep/0\"\n}\n",
		"self":        "module \"m\" {\n  source = \"./\"\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{"main.tf": {Data: []byte(src)}}
			fsys["m/main.tf"] = &fstest.MapFile{Data: []byte("resource \"t\" \"x\" {\n  count = 10000\n}\n")}
			for i := range 40 {
				next := "module \"a\" {\n  source = \"../" + strconv.Itoa(i+1) + "\"\n}\nmodule \"b\" {\n  source = \"../" + strconv.Itoa(i+1) + "\"\n}\n"
				fsys["deep/"+strconv.Itoa(i)+"/main.tf"] = &fstest.MapFile{Data: []byte(next)}
			}
			_, diags := terraform.Load(context.Background(), source.NewTree(fsys), []string{"main.tf"}, terraform.Options{})
			if len(diags) == 0 {
				t.Error("no diagnostic")
			}
			for _, d := range diags {
				if d.Range.File == "" {
					t.Errorf("diagnostic without a place: %s", d.Message)
				}
			}
		})
	}
}

func aliases(n int) string {
	var b strings.Builder
	for i := range n {
		p := string(rune('a' + i))
		b.WriteString("    " + string(rune('b'+i)) + ": &" + string(rune('b'+i)) + " [" + strings.Repeat("*"+p+",", 8) + "*" + p + "]\n")
	}
	return b.String()
}
