// Package part names the parts of a tree that a run reads one by one: a file, a
// chart, an overlay. Whoever reads one says so before and after, so that it is known
// what was being read when something goes wrong, and a run can be made again without
// it.
package part

import (
	"context"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/egresslint/egresslint/parser/guard"
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

// Folder is the directory that p lies in.
func (p Part) Folder() string { return path.Dir(p.Name) }

// In reports whether p lies in a directory, or in one below it. In that of the tree lies
// what lies in no other one.
func (p Part) In(dir string) bool {
	folder := p.Folder()
	return folder == dir || strings.HasPrefix(folder, dir+"/")
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
	// Left says why a part is not to be read, as in "it took more than 2 GiB of memory";
	// nothing if it is. It is nil if all are.
	Left func(Part) string
	// Until is when reading must end, so that there is time for what comes of it; the zero
	// time is never. Nothing more is read then.
	Until time.Time
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

// Reading returns a context for reading parts, which ends when that must end.
func Reading(ctx context.Context) (context.Context, context.CancelFunc) {
	w, _ := ctx.Value(key{}).(*Watch)
	if w == nil || w.Until.IsZero() || !guard.On(guard.Deadline) {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, w.Until)
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
	if left = Left(ctx, p); left != nil {
		return nil, left
	}
	w, _ := ctx.Value(key{}).(*Watch)
	if w == nil || w.Begin == nil {
		return func(int) {}, nil
	}
	return w.Begin(p), nil
}

// Left says why p is to be left out, nil if it is not.
func Left(ctx context.Context, p Part) *source.Diagnostic {
	w, _ := ctx.Value(key{}).(*Watch)
	if w == nil {
		return nil
	}
	why := ""
	if w.Left != nil {
		why = w.Left(p)
	}
	switch {
	case why != "":
	case w.Enough != nil && w.Enough():
		why = "what was read before it takes all the memory that a run may take"
	default:
		return Late(ctx, p)
	}
	return leftOut(p, why)
}

// Late says that p is left out, if the time for reading is over, nil if it is not. What
// was read of p until then may not be all of it.
func Late(ctx context.Context, p Part) *source.Diagnostic {
	if guard.Overdue(ctx) == nil {
		return nil
	}
	return leftOut(p, "the time for reading was over")
}

func leftOut(p Part, why string) *source.Diagnostic {
	return &source.Diagnostic{
		Kind: source.LimitReached, Range: source.Range{File: p.Name},
		Message: fmt.Sprintf("%s: %s; it is left out", action(p.Kind), why),
	}
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
