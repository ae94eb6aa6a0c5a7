package suppress_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/internal/suppress"
	"github.com/egresslint/egresslint/parser/source"
)

// BenchmarkRead reads the comments of 2,000 manifests, of which one in twenty has one.
func BenchmarkRead(b *testing.B) {
	fsys := make(fstest.MapFS)
	var files []source.File
	for i := range 2000 {
		name := fmt.Sprintf("apps/%d.yaml", i)
		text := strings.Repeat("kind: ConfigMap\nmetadata:\n  name: \"a\" # a remark\ndata:\n  text: |\n    line\n---\n", 20)
		if i%20 == 0 {
			text = "# egresslint:ignore snat-missing -- why\n" + text
		}
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
		files = append(files, source.File{Name: name, Kind: source.YAML})
	}
	tree := source.NewTree(fsys)
	for b.Loop() {
		if _, err := suppress.Read(b.Context(), suppress.Input{Tree: tree, Files: files, Now: now}); err != nil {
			b.Fatal(err)
		}
	}
}
