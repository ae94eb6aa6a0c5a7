package suppress_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/suppress"
	"github.com/egresslint/egresslint/parser/source"
)

func TestWritten(t *testing.T) {
	tree := source.NewTree(fstest.MapFS{
		"a.tf": {Data: []byte("# egresslint:ignore b, c until=2999-01-01 -- why\nresource \"x\" \"y\" {\n  z = 1\n}\n\n# egresslint:ignore d -- about nothing\n\n# egresslint:ignore D -- broken\nlocals {}\n")},
		"b.tf": {Data: []byte("locals { a = 1 } # egresslint:ignore e\n")},
		"c.tf": {Data: []byte("locals {} # egresslint:ignore f\n")},
	})
	set, err := suppress.Read(context.Background(), suppress.Input{Tree: tree, Files: []source.File{{Name: "a.tf", Kind: source.Terraform}}})
	if err != nil {
		t.Fatal(err)
	}
	place := func(file string, line, start, end int) source.Range {
		return source.Range{File: file, Start: source.Pos{Line: line, Column: start}, End: source.Pos{Line: line, Column: end}}
	}
	want := []suppress.Written{
		{
			Rules: []string{"b", "c"}, Reason: "why", Until: time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC), At: place("a.tf", 1, 3, 49),
			Subject: "resource x y ",
		},
		{Rules: []string{"e"}, At: place("b.tf", 1, 20, 39), Subject: "locals "},
	}
	if diff := cmp.Diff(want, set.Written([]string{"b.tf"})); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
}

// A text beside the tree has its own comments, whatever file of the tree has its name.
func TestBeside(t *testing.T) {
	const name = "main:c.yaml"
	text := func(rule string) []byte { return []byte("a: 1 # egresslint:ignore " + rule + " -- why\n") }
	set, err := suppress.Read(context.Background(), suppress.Input{
		Tree:   source.NewTree(fstest.MapFS{name: {Data: text("planted")}}),
		Beside: map[string][]byte{name: text("kept")},
	})
	if err != nil {
		t.Fatal(err)
	}
	at := source.Range{File: name, Start: source.Pos{Line: 1, Column: 1}, End: source.Pos{Line: 1, Column: 2}}
	if by, _ := set.Match(suppress.Finding{Rule: "kept", Anchor: at}); by == nil {
		t.Error("its own comment has no effect")
	}
	if by, _ := set.Match(suppress.Finding{Rule: "planted", Anchor: at}); by != nil {
		t.Error("that of a file of the tree has one")
	}
}
