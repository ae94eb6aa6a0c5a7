package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/metrics"
	"time"

	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/egresslint/egresslint/parser/guard"
)

// DefaultRuleMemory bounds what the evaluation of one rule of a project's own adds to
// the memory in use.
const DefaultRuleMemory = 256 << 20

// patience is how long the end of an evaluation is waited for once its time is over.
const patience = time.Second

// errMemory is why an evaluation was ended by [watchMemory].
var errMemory = errors.New("out of memory")

// bounded returns what compute returns, or the cause of ctx's end if compute has not
// come to an end soon after it. OPA looks at the context between the steps of an
// evaluation, but a hostile rule can make one step last for ever, and nothing ends the
// compiler: what does not return is left behind, and the process ends soon.
func bounded[T any](ctx context.Context, compute func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		// A panic in a goroutine would end the process before the command line could
		// say anything useful.
		defer func() {
			if r := recover(); r != nil {
				o = outcome{err: panicked(r)}
			}
			done <- o
		}()
		o.value, o.err = compute()
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case o := <-done:
		return o.value, o.err
	case <-timer.C:
		var none T
		return none, context.Cause(ctx)
	}
}

// panicked is the error of a panic. What it says may hold values.
func panicked(r any) error {
	if i, ok := r.(interrupted); ok {
		return i.cause
	}
	return fmt.Errorf("internal error: %s", guard.PanicText(r))
}

// limits are those of the evaluation of rules of a project's own.
type limits struct {
	time   time.Duration
	memory uint64
}

// within runs compute with limits of time and memory. The error is a *limitError if
// one of them is reached, or that of ctx if its time is over.
func within[T any](ctx context.Context, l limits, compute func(context.Context) (T, error)) (T, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timed, stop := context.WithTimeoutCause(inner, l.time, limitf("took longer than %s", l.time))
	defer stop()
	if !guard.On(guard.RegoBudgets) {
		return compute(timed)
	}
	defer watchMemory(l.memory, func() { cancel(errMemory) })()
	value, err := bounded(timed, func() (T, error) { return compute(timed) })
	var reached *limitError
	switch cause := context.Cause(timed); {
	case err == nil, errors.As(err, &reached):
		return value, err
	case errors.Is(cause, errMemory):
		return value, limitf("takes more than %d MiB of memory", l.memory>>20)
	case errors.As(cause, &reached):
		return value, reached
	case ctx.Err() != nil:
		return value, ctx.Err()
	}
	return value, err
}

// The measures of memory: what the stacks take, and what the last collection found in
// use on the heap. The next comes when it has doubled.
const (
	inStacks = "/memory/classes/heap/stacks:bytes"
	inUse    = "/gc/heap/live:bytes"
)

// maxStacks is how many bytes the stacks may grow. A goroutine whose stack comes to a
// gigabyte ends the process.
const maxStacks = 128 << 20

// watchMemory calls over once if the process comes to use so many bytes more than
// now, until stop is called. Nothing else tells how much an evaluation uses, so that
// rules of a project's own run one after the other.
func watchMemory(limit uint64, over func()) (stop func()) {
	stacks := read(inStacks)
	before := read(inUse) + stacks
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			if read(inUse, inStacks) > before+limit || read(inStacks) > stacks+maxStacks {
				over()
				return
			}
		}
	}()
	return func() { close(done) }
}

// read returns the sum of measures.
func read(names ...string) uint64 {
	samples := make([]metrics.Sample, len(names))
	for i, name := range names {
		samples[i].Name = name
	}
	metrics.Read(samples)
	var sum uint64
	for _, s := range samples {
		sum += s.Value.Uint64()
	}
	return sum
}

// interrupter ends an evaluation inside a step. OPA compares two large values in one
// step, without looking at the context, and takes stack for each element.
type interrupter struct {
	ctx   context.Context
	steps int
}

// interrupted is what an interrupter panics with: there is no other way out.
type interrupted struct{ cause error }

func (i *interrupter) Enabled() bool { return true }

func (i *interrupter) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

func (i *interrupter) TraceEvent(e topdown.Event) {
	if e.Op != topdown.UnifyOp {
		return
	}
	if i.steps++; i.steps%1024 == 0 && i.ctx.Err() != nil {
		panic(interrupted{context.Cause(i.ctx)})
	}
}
