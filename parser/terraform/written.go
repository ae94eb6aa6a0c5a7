package terraform

import (
	"path"
	"slices"

	"github.com/egresslint/egresslint/parser/source"
)

// Written is a resource, data or module block as it stands in a file, whatever an
// evaluation makes of it.
type Written struct {
	// Address is that in the block's own module, without keys.
	Address string
	At      source.Range // the block's header line
	// Calls is the directory that a module block leads to in the tree; empty if it leads
	// to none.
	Calls string
}

// ReadWritten returns the blocks of a configuration file; false if part of the file
// cannot be read.
func ReadWritten(tree *source.Tree, name string) ([]Written, bool) {
	var e fileEntry
	e.parse(tree, name)
	var list []Written
	for _, b := range e.body.blocks {
		w := Written{}
		switch {
		case (b.typ == "resource" || b.typ == "data") && len(b.labels) == 2:
			w.Address = resourceKey(b.typ == "data", b.labels[0], b.labels[1])
		case b.typ == "module" && len(b.labels) == 1:
			w.Address = "module." + b.labels[0]
			if call := newCall(b); isLocalSource(call.source) {
				w.Calls, _ = source.Join(path.Dir(name), call.source)
			}
		default:
			continue
		}
		w.At = e.text.rng(b.header)
		list = append(list, w)
	}
	return list, !slices.ContainsFunc(e.diags, source.Diagnostic.Fatal)
}
