package analysis

import (
	"context"
	"runtime/debug"

	"github.com/egresslint/egresslint/parser/guard"
)

// Pending is a value that another goroutine computes.
type Pending[T any] struct{ ch chan outcome[T] }

type outcome[T any] struct {
	value T
	err   error
}

// Panic is the error for a mistake of the program.
type Panic struct {
	// Text is what may be told of it, see [guard.PanicText].
	Text  string
	Stack []byte
}

func (e *Panic) Error() string { return "internal error: " + e.Text }

// Start computes a value in another goroutine. A panic there becomes a [Panic] instead
// of the end of the process.
func Start[T any](compute func() (T, error)) Pending[T] {
	p := Pending[T]{ch: make(chan outcome[T], 1)}
	go func() {
		var o outcome[T]
		defer func() {
			if r := recover(); r != nil {
				o.err = &Panic{Text: guard.PanicText(r), Stack: debug.Stack()}
			}
			p.ch <- o
		}()
		o.value, o.err = compute()
	}()
	return p
}

// Wait returns the value, or the error of ctx if that is done first. Several may wait,
// one after the other.
func (p Pending[T]) Wait(ctx context.Context) (T, error) {
	select {
	case o := <-p.ch:
		p.ch <- o // for others that wait
		return o.value, o.err
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
}
