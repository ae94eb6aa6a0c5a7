package kustomize_test

import (
	"testing"

	"github.com/egresslint/egresslint/parser/source"
)

// The overlays of the directory that -overlays names.
func BenchmarkLoadDirectory(b *testing.B) {
	if *overlays == "" {
		b.Skip("no -overlays")
	}
	tree, err := source.OpenTree(*overlays)
	if err != nil {
		b.Fatal(err)
	}
	files, _ := tree.Walk([]string{"."}, source.WalkOptions{})
	b.ReportAllocs()
	for b.Loop() {
		loadFiles(tree, files)
	}
}
