package terraform_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

var update = flag.Bool("update", false, "rewrite golden files")

// treeOf returns a tree with the files of a txtar archive, and the names of the
// Terraform files in it.
func treeOf(archive string) (*source.Tree, []string) {
	fsys := make(fstest.MapFS)
	var names []string
	for _, f := range txtar.Parse([]byte(archive)).Files {
		fsys[f.Name] = &fstest.MapFile{Data: f.Data}
		if isTerraform(f.Name) {
			names = append(names, f.Name)
		}
	}
	return source.NewTree(fsys), names
}

func isTerraform(name string) bool {
	for _, ext := range []string{".tf", ".tf.json", ".tofu"} {
		if strings.HasSuffix(name, ext) {
			return true
		}
	}
	return false
}

// resource returns the resource of a root with an address.
func resource(t *testing.T, root *terraform.Root, address string) *terraform.Resource {
	t.Helper()
	for _, r := range root.Resources {
		if r.Address == address {
			return r
		}
	}
	t.Fatalf("no resource %s among %q", address, addresses(root))
	return nil
}

func addresses(root *terraform.Root) []string {
	var out []string
	for _, r := range root.Resources {
		out = append(out, r.Address)
	}
	return out
}

// show renders a value on one line: JSON, with ${} around references and ? with
// the reason for what is unknown.
func show(v *located.Value) string {
	switch v.Kind {
	case located.Unknown:
		return "?(" + v.Reason + ")"
	case located.List:
		parts := make([]string, len(v.List))
		for i, e := range v.List {
			parts[i] = show(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case located.Map:
		parts := make([]string, len(v.Map))
		for i, f := range v.Map {
			parts[i] = f.Key + " = " + show(f.Value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case located.String:
		return quote(located.Display(v.Str))
	case located.Null:
		return "null"
	default:
		s, _ := v.Text()
		return s
	}
}

func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

// where renders the places of a value: its own, callers after "<", via after "~".
func where(v *located.Value) string {
	var b strings.Builder
	b.WriteString(short(v.Range))
	for _, c := range v.Callers {
		b.WriteString(" <" + short(c))
	}
	for _, c := range v.Via {
		b.WriteString(" ~" + short(c.Range))
	}
	return b.String()
}

func short(r source.Range) string {
	name := r.File
	if path.Base(name) == "main.tf" {
		name = path.Dir(name)
	}
	return fmt.Sprintf("%s:%d:%d", name, r.Start.Line, r.Start.Column)
}

// asJSON converts a value to what encoding/json makes of the same data.
func asJSON(t *testing.T, v *located.Value) any {
	t.Helper()
	switch v.Kind {
	case located.Null:
		return nil
	case located.Bool:
		return v.Bool
	case located.Number:
		return json.Number(v.Str)
	case located.String:
		return v.Str
	case located.List:
		out := make([]any, len(v.List))
		for i, e := range v.List {
			out[i] = asJSON(t, e)
		}
		return out
	case located.Map:
		out := make(map[string]any)
		for _, f := range v.Map {
			out[f.Key] = asJSON(t, f.Value)
		}
		return out
	default:
		return "unknown: " + v.Reason
	}
}

func canonical(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

func sorted(s []string) []string {
	out := slices.Clone(s)
	slices.Sort(out)
	return out
}
