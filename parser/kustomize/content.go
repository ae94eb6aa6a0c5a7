package kustomize

import (
	"crypto/sha256"
	"encoding/json"
	"hash"
	"io"

	"github.com/egresslint/egresslint/parser/source"
)

// Content is a digest of all that the build of the kustomization in dir depends on.
func (s *Set) Content(dir string) source.Digest { return s.reader.content(s.reader.layers[dir]) }

// Content is a digest of all that the build depends on, besides the deployment itself.
func (p *Prepared) Content() source.Digest { return p.set.reader.content(p.root) }

func (r *reader) content(root *layer) (d source.Digest) {
	sum := sha256.New()
	if root != nil {
		r.sum(sum, root, make(map[*layer]bool))
	}
	sum.Sum(d[:0])
	return d
}

// sum adds l and all below it. One that was added already is told by its name.
func (r *reader) sum(to hash.Hash, l *layer, seen map[*layer]bool) {
	encoder := json.NewEncoder(to)
	// What cannot be encoded cannot be built, which depends on nothing else.
	_ = encoder.Encode([]any{l.dir, l.file, l.written, l.component, l.incomplete, l.broken, len(l.lines), len(l.plugins), len(l.inputs), len(l.children), l.diagnostics})
	if seen[l] {
		return
	}
	seen[l] = true
	_ = encoder.Encode(l.spec)
	for _, line := range l.lines {
		_, _ = io.WriteString(to, line+"\n")
	}
	for _, p := range l.plugins {
		_ = encoder.Encode([]string{p.name, p.text})
	}
	for _, in := range l.inputs {
		_ = encoder.Encode([]any{in.name, in.manifest, len(r.contents[in.name])})
		_, _ = to.Write(r.contents[in.name])
	}
	for _, c := range l.children {
		r.sum(to, c, seen)
	}
}
