package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/egresslint/egresslint/parser/guard"
)

// DefaultRuleMemory bounds what the evaluation of one rule of a project's own adds to
// the memory in use.
const DefaultRuleMemory = 512 << 20

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
	var e runtime.Error
	if err, ok := r.(error); ok && errors.As(err, &e) || !guard.On(guard.ErrorText) {
		return fmt.Errorf("internal error: %v", r)
	}
	return errors.New("internal error")
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

// The measures of memory: what objects and stacks take, and what the last collection
// found in use.
const (
	inObjects = "/memory/classes/heap/objects:bytes"
	inStacks  = "/memory/classes/heap/stacks:bytes"
	inUse     = "/gc/heap/live:bytes"
)

// watchMemory calls over once if the process comes to use so many bytes more than
// now, until stop is called. Nothing else tells how much an evaluation uses, so that
// rules of a project's own run one after the other.
func watchMemory(limit uint64, over func()) (stop func()) {
	before := read(inUse, inStacks)
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
			if read(inObjects, inStacks) <= before+limit {
				continue
			}
			// Some of it may be in use no more.
			runtime.GC()
			if read(inObjects, inStacks) > before+limit {
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
