// Package part names the parts of a tree that a run reads one by one: a file, a
// chart, an overlay. Whoever reads one says so before and after, so that it is known
// what was being read when something goes wrong, and a run can be made again without
// it.
package part

import (
	"context"
	"fmt"

	"github.com/egresslint/egresslint/parser/source"
)

// Kind says what a part is.
type Kind string

// The kinds of parts.
const (
	File        Kind = "file"        // a file of manifests, a plan, a state, a configuration
	Chart       Kind = "chart"       // the directory of a Helm chart
	Archive     Kind = "archive"     // a packaged chart in a charts directory
	Overlay     Kind = "overlay"     // the directory of a kustomization
	Application Kind = "application" // the file of an object of Argo CD or Flux
	Root        Kind = "root"        // the directory of a Terraform root module
	Policies    Kind = "policies"    // a folder or bundle of Rego rules
)

// Part is something that is read as a whole and can be left out as a whole.
type Part struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"` // relative to the tree's root
}

// Valid reports whether p names anything. The zero Part is none.
func (p Part) Valid() bool { return p.Kind != "" }

func (p Part) String() string {
	if p.Kind == File {
		return p.Name
	}
	return string(p.Kind) + " " + p.Name
}

// Watch is who wants to know what is being read, and decides what is left out. Its
// functions are called from several goroutines.
type Watch struct {
	// Begin is called before a part is read, and what it returns after that, with how
	// much came of it: about the number of values.
	Begin func(Part) (end func(weight int))
	// Stage is called with what is done from now on with all that was read, as in
	// "build model".
	Stage func(string)
	// Without has the parts that are not to be read, and why not, as in "it took more
	// than 2 GiB of memory".
	Without map[Part]string
	// Enough, if it is set, is asked before each part whether what was read before takes
	// as much as a run may take. Nothing more is read then.
	Enough func() bool
	// Alone says that one part is to be read after the other.
	Alone bool
}

// Stage says what is done from now on, other than reading parts.
func Stage(ctx context.Context, name string) {
	if w, _ := ctx.Value(key{}).(*Watch); w != nil && w.Stage != nil {
		w.Stage(name)
	}
}

// Alone reports whether parts are to be read one after the other.
func Alone(ctx context.Context) bool {
	w, _ := ctx.Value(key{}).(*Watch)
	return w != nil && w.Alone
}

type key struct{}

// With returns a context for reading under w.
func With(ctx context.Context, w *Watch) context.Context {
	return context.WithValue(ctx, key{}, w)
}

// Enter says that p is read from now on, until leave is called with the weight of what
// came of it. If p is to be left out, leave is nil and left says so; p must not be read
// then.
func Enter(ctx context.Context, p Part) (leave func(weight int), left *source.Diagnostic) {
	w, _ := ctx.Value(key{}).(*Watch)
	if w == nil {
		return func(int) {}, nil
	}
	why, leftOut := w.Without[p]
	if !leftOut && w.Enough != nil && w.Enough() {
		why, leftOut = "what was read before it takes all the memory that a run may take", true
	}
	if leftOut {
		return nil, &source.Diagnostic{
			Kind: source.LimitReached, Range: source.Range{File: p.Name},
			Message: fmt.Sprintf("%s: %s; it is left out", action(p.Kind), why),
		}
	}
	if w.Begin == nil {
		return func(int) {}, nil
	}
	return w.Begin(p), nil
}

// action is what is done with a part, as messages begin.
func action(k Kind) string {
	switch k {
	case Chart:
		return "render chart"
	case Archive:
		return "unpack chart"
	case Overlay:
		return "build overlay"
	case Application:
		return "follow application"
	case Root:
		return "evaluate root"
	case Policies:
		return "load policies"
	default:
		return "read file"
	}
}
