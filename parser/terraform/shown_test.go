package terraform_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// loaded returns all that is said of a root of one file: its diagnostics, the modules that
// were not read, and why its values are unknown.
func loaded(t *testing.T, text string) string {
	t.Helper()
	tree := source.NewTree(fstest.MapFS{"main.tf": {Data: []byte(text)}})
	roots, diagnostics := terraform.Load(context.Background(), tree, []string{"main.tf"}, terraform.Options{})
	var said []string
	for _, d := range diagnostics {
		said = append(said, d.Message)
	}
	for _, root := range roots {
		for _, m := range root.UnreadModules {
			said = append(said, m.Source, m.Reason)
		}
		for _, r := range root.Resources {
			if u := r.Body.FirstUnknown(); u != nil {
				said = append(said, u.Reason)
			}
		}
	}
	return strings.Join(said, "\n")
}

// The address of a module is told without what lets somebody in.
func TestModuleSourcesWithoutCredentials(t *testing.T) {
	for _, src := range []string{
		"git::https://u:SECRET@example.com/o/r", "https://SECRET@example.com/a.zip", "git::https://SECRET:x-oauth-basic@example.com/o/r",
		"https://example.com/a.zip?token=SECRET", "s3::https://s3.example.com/b/k?aws_access_key_secret=SECRET", "git::ssh://u:SECRET@example.com/o/r",
	} {
		said := loaded(t, "module \"a\" {\n  source = \""+src+"\"\n}\nresource \"x\" \"y\" {\n  a = module.a.b\n}\n")
		if strings.Contains(said, "SECRET") || !strings.Contains(said, "example.com") {
			t.Errorf("%s: %s", src, said)
		}
	}
}

// A mistake in a library is told without the stack of the program.
func TestPanicOfALibraryIsPlain(t *testing.T) {
	said := loaded(t, "locals {\n  x = 1e999999999 % 7\n}\nresource \"x\" \"y\" {\n  a = \"${local.x}\"\n}\n")
	if strings.Contains(said, "goroutine") || strings.Contains(said, ".go:") || !strings.Contains(said, "it is not to be computed") {
		t.Error(said)
	}
}
