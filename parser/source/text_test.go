package source_test

import (
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/parser/source"
)

func TestCheckText(t *testing.T) {
	tests := []struct {
		name, data, want string
	}{
		{"text", "a = 1\n", ""},
		{"white space", "\n", ""},
		{"byte order mark", "\ufeffa: é\n", ""},
		{"empty", "", "x: parse-error: read file: it is empty\n"},
		{"binary", "\x7fELF\x00\xff", "x: parse-error: read file: it is binary, not text\n"},
		{"NUL at the end of the prefix", strings.Repeat("a", 8191) + "\x00", "x: parse-error: read file: it is binary, not text\n"},
		{"NUL after the prefix", strings.Repeat("a", 8192) + "\x00", ""},
		{"not UTF-8", "a: 1\nbé: \xff\n", "x:2:5: parse-error: read file: it is not UTF-8 text\n"},
		{"not UTF-8 after a byte order mark", "\ufeffa\xe9", "x:1:2: parse-error: read file: it is not UTF-8 text\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if d := source.CheckText("x", []byte(tt.data)); d != nil {
				got = messages([]source.Diagnostic{*d})
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLines(t *testing.T) {
	tr := source.NewTree(fstest.MapFS{
		"lf":     {Data: []byte("one\ntwo\nthree\n")},
		"crlf":   {Data: []byte("\ufeffone\r\ntwo\r\nthree")},
		"blank":  {Data: []byte("\n\nx\n\n")},
		"empty":  {},
		"dir/in": {},
	})
	tests := []struct {
		name        string
		first, last int
		want        []string
	}{
		{"lf", 1, 3, []string{"one", "two", "three"}},
		{"lf", 2, 2, []string{"two"}},
		{"lf", 3, 9, []string{"three"}},
		{"lf", -1, 1, []string{"one"}},
		{"lf", 4, 5, nil},
		{"lf", 3, 2, nil},
		{"crlf", 1, 3, []string{"one", "two", "three"}},
		{"blank", 1, 9, []string{"", "", "x", ""}},
		{"empty", 1, 1, nil},
		{"dir", 1, 1, nil},
		{"missing", 1, 1, nil},
	}
	for range 2 { // the second time from the cache
		for _, tt := range tests {
			if diff := cmp.Diff(tt.want, tr.Lines(tt.name, tt.first, tt.last)); diff != "" {
				t.Errorf("Lines(%q, %d, %d) (-want +got):\n%s", tt.name, tt.first, tt.last, diff)
			}
		}
	}
	tr.Overlay("lf", []byte("changed"))
	if got := tr.Lines("lf", 1, 9); !cmp.Equal(got, []string{"changed"}) {
		t.Errorf("after Overlay: %q", got)
	}
}

func TestLinesConcurrently(t *testing.T) {
	tr := source.NewTree(fstest.MapFS{"x": {Data: []byte("one\ntwo")}, "y": {Data: []byte("three")}})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := tr.Lines("x", 2, 2); !cmp.Equal(got, []string{"two"}) {
				t.Errorf("got %q", got)
			}
			tr.Lines("y", 1, 1)
		})
	}
	wg.Wait()
}

func BenchmarkWalk(b *testing.B) {
	fsys := fstest.MapFS{".gitignore": {Data: []byte("*.tfstate\nbuild/\n/dist\n**/tmp/*\n!keep\n")}}
	for _, dir := range []string{"infra", "apps", "build", "docs", "modules"} {
		for _, sub := range []string{"a", "b", "c", "d"} {
			for _, name := range []string{"main.tf", "variables.tf", "x.yaml", "y.json", "README.md", "z.go"} {
				fsys[dir+"/"+sub+"/"+name] = &fstest.MapFile{}
			}
		}
	}
	tr := source.NewTree(fsys)
	b.ReportAllocs()
	for b.Loop() {
		if files, _ := tr.Walk([]string{"."}, source.WalkOptions{}); len(files) != 64 {
			b.Fatalf("%d files", len(files))
		}
	}
}
