package guard_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/egresslint/egresslint/parser/guard"
)

// A mistake of Go is told, and no value that may be a part of a file.
func TestPanicText(t *testing.T) {
	panicked := func(f func()) (value any) {
		defer func() { value = recover() }()
		f()
		return nil
	}
	outOfRange := panicked(func() { _ = []int{1}[len(t.Name())] })
	const said = "runtime error: index out of range [13] with length 1"
	tests := map[string]struct {
		value any
		want  string
	}{
		"a mistake of Go":         {outOfRange, said},
		"a mistake of Go, quoted": {fmt.Errorf("hunter2: %w", outOfRange.(error)), said},
		"a text":                  {"hunter2", "a panic with a value of type string"},
		"an error":                {errors.New("hunter2"), "a panic with a value of type *errors.errorString"},
	}
	for name, test := range tests {
		if got := guard.PanicText(test.value); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
