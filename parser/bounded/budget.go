// Package bounded keeps Go templates within limits: of the time that their functions
// take, of what these make and the templates write, and of how deep values and calls
// lie in each other. The functions of a template cannot be interrupted, and Go cannot
// recover from a stack that is full, so that everything is counted before it is done.
package bounded

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/egresslint/egresslint/parser/guard"
)

const (
	// maxSteps is how many rounds of loops, calls of named templates and numbers of
	// sequences there may be.
	maxSteps = 100_000
	// maxMade is how many bytes functions may make, and templates write, together.
	maxMade = 64 << 20
	// maxRead is how many bytes functions may look at together.
	maxRead = 512 << 20
	// maxTotalRead is how many bytes the functions of all charts of a run may look at: a
	// hundred times of what a repository of thirty charts needs.
	maxTotalRead = 2048 << 20
	// maxDepth is how deep values that are looked at may lie in each other.
	maxDepth = 1000
	// maxCalls is how deep templates may call each other. Helm ends those that call
	// themselves a thousand times.
	maxCalls = 2000
	// callCost is how many bytes looked at a call of a function stands for.
	callCost = 100
)

// The limits that templates reach.
var (
	errSteps = fmt.Errorf("it takes more than %d steps", maxSteps)
	errMade  = fmt.Errorf("its functions make, and it writes, more than %d MiB", maxMade>>20)
	errRead  = fmt.Errorf("its functions look at more than %d MiB", maxRead>>20)
	errTotal = fmt.Errorf("all charts of the run take more than %d GiB to look at", maxTotalRead>>30)
	errDeep  = fmt.Errorf("its values lie more than %d levels deep in each other", maxDepth)
	errCalls = fmt.Errorf("its templates call each other more than %d levels deep", maxCalls)
	errCycle = errors.New("it puts a map into itself")
)

// Total is what all renderings of a run may use together. They come one after the other.
type Total struct{ read int }

// Used is how much is used.
func (t *Total) Used() int { return t.read }

// Use uses n as a rendering did before, and reports whether there is as much.
func (t *Total) Use(n int) bool {
	if t.read+n > maxTotalRead {
		return false
	}
	t.read += n
	return true
}

// over reports whether nothing is left.
func (t *Total) over() bool { return t != nil && t.read > maxTotalRead }

// Budget is what the templates of one rendering may use.
type Budget struct {
	ctx               context.Context
	total             *Total
	steps, made, read int
	calls             []string // the templates that are being executed, the outermost first
	err               error
}

// New returns a budget that nothing is taken of. What is taken of it is taken of total
// too; nil for a rendering that is alone.
func New(ctx context.Context, total *Total) *Budget { return &Budget{ctx: ctx, total: total} }

// Err returns the limit that was reached, or why the time is over; nil if a rendering
// fails for another reason, or not.
func (b *Budget) Err() error { return b.err }

// Calls returns the names of the templates that are being executed, the outermost
// first: after an error those that led there.
func (b *Budget) Calls() []string { return b.calls }

// Limit says that a limit is reached.
func (b *Budget) Limit(err error) error {
	if !guard.On(guard.HelmBudgets) {
		return nil
	}
	if b.err == nil {
		b.err = err
	}
	return err
}

// Steps counts steps.
func (b *Budget) Steps(n int) error {
	b.steps += n
	if b.steps > maxSteps {
		return b.Limit(errSteps)
	}
	return b.look(n * callCost)
}

// Fits returns an error if there are not n steps left.
func (b *Budget) Fits(n float64) error {
	if n > float64(maxSteps-b.steps) {
		return b.Limit(errSteps)
	}
	return nil
}

// Make counts bytes that are made.
func (b *Budget) Make(bytes int) error {
	b.made += max(bytes, 0)
	if b.made > maxMade {
		return b.Limit(errMade)
	}
	return nil
}

// willMake returns an error if so many bytes cannot be made any more.
func (b *Budget) willMake(bytes int) error {
	if bytes > maxMade-b.made {
		return b.Limit(errMade)
	}
	return nil
}

// look counts bytes that are looked at.
func (b *Budget) look(bytes int) error {
	if err := guard.Overdue(b.ctx); err != nil {
		if b.err == nil {
			b.err = err
		}
		return err
	}
	bytes = min(max(bytes, 0), 2*maxRead)
	b.read = min(b.read, maxRead) + bytes
	if b.read > maxRead {
		return b.Limit(errRead)
	}
	if b.total != nil {
		b.total.read += bytes
	}
	if b.total.over() {
		return b.Limit(errTotal)
	}
	return nil
}

// Enter says that a template begins, which writes at least size bytes. It returns
// nothing to write itself.
func (b *Budget) Enter(name string, size int) (string, error) {
	if name == "" && len(b.calls) > 0 {
		name = b.calls[len(b.calls)-1]
	}
	b.calls = append(b.calls, name)
	if len(b.calls) > maxCalls {
		return "", b.Limit(errCalls)
	}
	return b.Step(size)
}

// Leave says that a template ends.
func (b *Budget) Leave() string {
	if len(b.calls) > 0 {
		b.calls = b.calls[:len(b.calls)-1]
	}
	return ""
}

// Step counts a step in which at least size bytes are written.
func (b *Budget) Step(size int) (string, error) {
	if err := b.Steps(1); err != nil {
		return "", err
	}
	return "", b.Make(size)
}

// Hold returns what a pipeline gives. A text in it is counted: methods of values make
// texts that are not counted otherwise.
func (b *Budget) Hold(v reflect.Value) (reflect.Value, error) {
	if err := b.look(callCost); err != nil {
		return v, err
	}
	return v, b.Make(shallow(v))
}

// Write returns what a template writes, and counts its text.
func (b *Budget) Write(v reflect.Value) (reflect.Value, error) {
	n, err := b.size(v, false)
	if err != nil {
		return v, err
	}
	return v, b.Make(n)
}
