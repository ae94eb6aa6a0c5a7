package trace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/egresslint/egresslint/internal/trace"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/source"
)

// FuzzModel checks that no configuration and no manifests make the model panic, that
// the same files make the same model, and that a hop has a place if it blocks.
func FuzzModel(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("list cases: %v, found %d", err, len(files))
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var configuration, manifests strings.Builder
		for _, part := range archive.Files {
			switch filepath.Ext(part.Name) {
			case ".tf":
				configuration.Write(part.Data)
			case ".yaml":
				manifests.WriteString("---\n")
				manifests.Write(part.Data)
			}
		}
		f.Add(configuration.String(), manifests.String())
	}
	f.Fuzz(func(t *testing.T, configuration, manifests string) {
		tree := source.NewTree(fstest.MapFS{
			"infra/main.tf": {Data: []byte(configuration)},
			"k8s/all.yaml":  {Data: []byte(manifests)},
		})
		parsed, err := parser.Parse(context.Background(), tree, parser.Options{Paths: []string{"."}})
		if err != nil {
			t.Fatal(err)
		}
		var first []byte
		for range 2 {
			input := world.Input{Objects: parsed.Objects, Roots: parsed.Roots}
			model, _, err := trace.Build(context.Background(), input)
			if err != nil {
				t.Fatal(err)
			}
			checkHops(t, model)
			text, err := json.Marshal(model)
			if err != nil {
				t.Fatal(err)
			}
			if first != nil && !bytes.Equal(first, text) {
				t.Errorf("two models of the same files differ:\n%s\n%s", first, text)
			}
			first = text
			if _, _, err := trace.NewConnectivity(context.Background(), input); err != nil {
				t.Fatal(err)
			}
		}
	})
}
