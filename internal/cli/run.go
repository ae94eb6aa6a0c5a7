package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/egresslint/egresslint/internal/analysis"
)

// session is the analysis that the flags and the configuration ask for, without rules.
func (a *app) session(in *input) analysis.Session {
	settings := in.settings
	settings.Now, settings.Secrets, settings.Beside = a.now(), a.redactor.Add, in.beside()
	return analysis.New(in.tree, settings)
}

// failed puts why an analysis has no result into words: that its time is over, or a
// mistake of the project.
func failed(err error, timeout time.Duration) error {
	var mistake *analysis.Mistake
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &overdueError{timeout}
	case errors.As(err, &mistake):
		return &usageError{err: err, plain: true}
	}
	return err
}

// overdueError says that the time of a run is over.
type overdueError struct{ timeout time.Duration }

func (e *overdueError) Error() string {
	return fmt.Sprintf("analyse: it took longer than --timeout %s", e.timeout)
}

// incomplete reports whether something could not be analysed, or there was nothing to
// analyse, and no flag says that this is right.
func (f *inputFlags) incomplete(empty, complete bool) bool {
	return empty && !f.allowEmpty || !complete && !f.skipInvalid
}
