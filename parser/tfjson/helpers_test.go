package tfjson_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
	"github.com/egresslint/egresslint/parser/tfjson"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares text with a file, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func mustRead(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// samples are plans that Terraform made, with their configurations.
func samples(t testing.TB) []string {
	t.Helper()
	dirs, err := filepath.Glob("../../testdata/plans/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no plans: %v", err)
	}
	for i, dir := range dirs {
		dirs[i] = filepath.Base(dir)
	}
	return dirs
}

// parse reads a document that must have nothing wrong with it, without the
// configuration beside it.
func parse(t testing.TB, name string, data []byte) *terraform.Root {
	t.Helper()
	root, diagnostics := tfjson.Parse(context.Background(), nil, name, data, alicloud.Identities())
	for _, d := range diagnostics {
		t.Errorf("%s: %s: %s", d.Range, d.Kind, d.Message)
	}
	if root == nil {
		t.Fatal("no root")
	}
	return root
}

// evaluate returns the only root of a sample's configuration.
func evaluate(t testing.TB, sample string) *terraform.Root {
	t.Helper()
	tree, err := source.OpenTree("../../testdata/plans")
	if err != nil {
		t.Fatal(err)
	}
	files, _ := tree.Walk([]string{sample + "/config"}, source.WalkOptions{})
	var names []string
	for _, f := range files {
		if f.Kind == source.Terraform {
			names = append(names, f.Name)
		}
	}
	roots, diagnostics := terraform.Load(context.Background(), tree, names, terraform.Options{})
	for _, d := range diagnostics {
		t.Errorf("%s: %s: %s", d.Range, d.Kind, d.Message)
	}
	if len(roots) != 1 {
		t.Fatalf("got %d roots", len(roots))
	}
	return roots[0]
}

func byAddress(root *terraform.Root) map[string]*terraform.Resource {
	out := make(map[string]*terraform.Resource)
	for _, res := range root.Resources {
		out[res.Address] = res
	}
	return out
}

// addresses are those of the managed resources.
func addresses(root *terraform.Root) []string {
	var out []string
	for _, res := range root.Resources {
		if !res.Data {
			out = append(out, res.Address)
		}
	}
	return out
}

// show renders a value on one line, with an unknown as its reason in (...).
func show(v *located.Value) string {
	text := "null"
	switch v.Kind {
	case located.Unknown:
		text = "(" + v.Reason + ")"
	case located.String:
		text = fmt.Sprintf("%q", located.Display(v.Str))
		if ref, ok := v.Ref(); ok {
			text = "-> " + ref.String()
		}
	case located.Bool, located.Number:
		text, _ = v.Text()
	case located.List:
		var parts []string
		for _, e := range v.List {
			parts = append(parts, show(e))
		}
		text = "[" + strings.Join(parts, ", ") + "]"
	case located.Map:
		var parts []string
		for _, f := range v.Map {
			parts = append(parts, f.Key+": "+show(f.Value))
		}
		text = "{" + strings.Join(parts, ", ") + "}"
	}
	if v.Sensitive {
		text += " (sensitive)"
	}
	return text
}

// dump renders the resources of a root, with the places of their attributes.
func dump(root *terraform.Root) string {
	var b strings.Builder
	for _, res := range root.Resources {
		fmt.Fprintf(&b, "%s %s", res.Address, place(res.Body.Range))
		if res.Uncertain != "" {
			fmt.Fprintf(&b, " uncertain: %s", res.Uncertain)
		}
		if len(res.IgnoreChanges) > 0 {
			fmt.Fprintf(&b, " ignores %s", strings.Join(res.IgnoreChanges, ", "))
		}
		b.WriteString("\n")
		for _, f := range res.Body.Map {
			fmt.Fprintf(&b, "  %s = %s %s\n", f.Key, show(f.Value), place(f.Value.Range))
		}
	}
	return b.String()
}

func place(r source.Range) string {
	return fmt.Sprintf("@%s:%d:%d", path.Base(r.File), r.Start.Line, r.Start.Column)
}

// walk calls visit for v and everything in it.
func walk(v *located.Value, visit func(*located.Value)) {
	visit(v)
	for _, e := range v.List {
		walk(e, visit)
	}
	for _, f := range v.Map {
		walk(f.Value, visit)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
