package terraform_test

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// TestUnreadable checks what becomes of files that are no text, that are empty or
// that have many mistakes: they are told of, and all others are read.
func TestUnreadable(t *testing.T) {
	const whole = "resource \"t\" \"x\" {\n  a = var.a\n}\nvariable \"a\" {\n  default = 1\n}\n"
	for _, tc := range []struct {
		name, file, data string
		want             string // diagnostics
		value            string // of t.x
		incomplete       bool
	}{
		{"binary", "b.tf", "\x7fELF\x00\x01", "b.tf: parse-error: read file: it is binary, not text\n", "{a = 1}", true},
		{"not UTF-8", "b.tf", "# h\xe9\n", "b.tf:1:4: parse-error: read file: it is not UTF-8 text\n", "{a = 1}", true},
		{"empty", "b.tf", "", "b.tf: empty-file: read file: it is empty\n", "{a = 1}", false},
		{"empty JSON", "b.tf.json", "", "b.tf.json: empty-file: read file: it is empty\n", "{a = 1}", false},
		{"empty variables", "terraform.tfvars", "", "terraform.tfvars: empty-file: read file: it is empty\n", "{a = 1}", false},
		{"binary variables", "terraform.tfvars", "\x00", "terraform.tfvars: parse-error: read file: it is binary, not text\n", "{a = ?(terraform.tfvars could not be read in full)}", true},
		{"blank", "b.tf", "\n", "", "{a = 1}", false},
		{"a byte order mark", "b.tf", "\ufeff# x\n", "", "{a = 1}", false},
		{
			"many mistakes", "b.tf", strings.Repeat("provider \"t\" {\n  a = [1 2]\n}\n", 50),
			"b.tf:2:10: parse-error: parse file: missing item separator: expected a comma to mark the beginning of the next item\n" +
				"b.tf:5:10: parse-error: parse file: missing item separator: expected a comma to mark the beginning of the next item\n" +
				"b.tf:8:10: parse-error: parse file: missing item separator: expected a comma to mark the beginning of the next item\n",
			"{a = 1}", true,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tree := source.NewTree(fstest.MapFS{"main.tf": {Data: []byte(whole)}, tc.file: {Data: []byte(tc.data)}})
			names := []string{"main.tf"}
			if path.Ext(tc.file) != ".tfvars" {
				names = append(names, tc.file)
			}
			roots, diags := terraform.Load(context.Background(), tree, names, terraform.Options{})
			if got := messages(diags); got != tc.want {
				t.Errorf("got diagnostics\n%swant\n%s", got, tc.want)
			}
			if got := show(resource(t, roots[0], "t.x").Body); got != tc.value {
				t.Errorf("got %s, want %s", got, tc.value)
			}
			if roots[0].Incomplete != tc.incomplete {
				t.Errorf("incomplete is %t", roots[0].Incomplete)
			}
		})
	}
}

func messages(diags []source.Diagnostic) string {
	var b strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&b, "%s: %s: %s\n", d.Range, d.Kind, d.Message)
	}
	return b.String()
}

// panicking panics when a certain file is read.
type panicking struct {
	fs.FS
	name string
}

func (f panicking) Open(name string) (fs.File, error) {
	if name == f.name {
		panic("out of order")
	}
	return f.FS.Open(name)
}

// TestPanic checks that a mistake of the program itself, in whichever goroutine,
// costs no more than the file or the root that it happened in.
func TestPanic(t *testing.T) {
	for _, tc := range []struct{ file, want string }{
		{"a/other.tf", "a/other.tf: parse-error: read file: internal error, please report it: a panic with a value of type string\n"},
		{"a/text", "a/main.tf: parse-error: read file: internal error, please report it: a panic with a value of type string\n"},
		{"a/terraform.tfvars", "a/terraform.tfvars: parse-error: read file: internal error, please report it: a panic with a value of type string\n"},
	} {
		t.Run(tc.file, func(t *testing.T) {
			tree := source.NewTree(panicking{fstest.MapFS{
				"a/main.tf":          {Data: []byte("resource \"t\" \"x\" {\n  a = file(\"text\")\n}\n")},
				"a/other.tf":         {Data: []byte("resource \"t\" \"y\" {}\n")},
				"a/text":             {Data: []byte("text")},
				"a/terraform.tfvars": {Data: []byte("x = 1\n")},
				"b/main.tf":          {Data: []byte("resource \"t\" \"x\" {}\n")},
			}, tc.file})
			roots, diags := terraform.Load(context.Background(), tree, []string{"a/main.tf", "a/other.tf", "b/main.tf"}, terraform.Options{})
			if got := messages(diags); got != tc.want {
				t.Errorf("got diagnostics\n%swant\n%s", got, tc.want)
			}
			if len(roots) != 2 || !roots[0].Incomplete || roots[1].Incomplete {
				t.Fatalf("got roots %+v", roots)
			}
			resource(t, roots[1], "t.x")
		})
	}
}
