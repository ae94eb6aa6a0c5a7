package source_test

import (
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/parser/source"
)

func TestOverlayIsAFile(t *testing.T) {
	tree := source.NewTree(fstest.MapFS{"a/b.tf": {Data: []byte("old")}, "a/d.tf": {}})
	tree.Overlay("a/b.tf", []byte("new"))
	tree.Overlay("a/c.tf", []byte("more"))
	tree.Overlay("x/y.tf", nil)

	for name, want := range map[string]string{"a/b.tf": "new", "a/c.tf": "more", "x/y.tf": ""} {
		data, err := tree.ReadFile(name)
		if err != nil || string(data) != want {
			t.Errorf("%s reads %q, %v", name, data, err)
		}
		info, err := tree.Stat(name)
		if err != nil || info.Size() != int64(len(want)) || !info.Mode().IsRegular() {
			t.Errorf("%s is %v, %v", name, info, err)
		}
	}
	for dir, want := range map[string][]string{"a": {"b.tf", "c.tf", "d.tf"}, "x": {"y.tf"}} {
		entries, err := tree.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if len(names) != len(want) {
			t.Fatalf("%s holds %q, want %q", dir, names, want)
		}
		for i := range want {
			if names[i] != want[i] {
				t.Errorf("%s holds %q, want %q", dir, names, want)
			}
		}
	}
	if _, err := tree.ReadDir("z"); err == nil {
		t.Error("a directory without files can be listed")
	}
}
