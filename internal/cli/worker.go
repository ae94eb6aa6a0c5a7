package cli

import (
	"bytes"
	"context"
	"os"
	"slices"
	"time"

	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/internal/sandbox"
	"github.com/egresslint/egresslint/internal/supervise"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/part"
)

// work does the job of this process, which is a worker, and returns the exit code.
func work() int {
	in, out := os.Stdin, os.Stdout
	// Whatever a library prints must not come between the frames.
	os.Stdout = os.Stderr
	var j job
	w, err := supervise.Attach(in, out, &j)
	if err != nil {
		return ExitIncomplete // the supervisor tells that it ended
	}
	redactor := &report.Redactor{}
	stdout, stderr := redactor.Writer(w.Stdout()), redactor.Writer(w.Stderr())
	a := &app{
		stdin: bytes.NewReader(j.Stdin), stdout: stdout, stderr: stderr, redactor: redactor,
		now: func() time.Time { return j.Now }, args: j.Args, worker: w, job: &j,
	}
	code := ExitUsage
	if err := a.confine(); err != nil {
		a.complain(err)
	} else {
		code = a.run()
	}
	_, _ = stdout.Flush(), stderr.Flush() // the supervisor tells if it cannot print
	if !a.panicked {
		w.Exit(code)
	}
	return code
}

// confine gives up what reading the tree does not need. Nothing of the tree was read
// so far.
func (a *app) confine() error {
	if !guard.On(guard.Sandbox) {
		return nil
	}
	dirs := slices.Clone(a.job.Place.Boundaries)
	for _, f := range a.job.Files {
		if f.Folder != "" {
			dirs = append(dirs, f.Folder)
		}
	}
	slices.Sort(dirs)
	var err error
	if a.confinement, err = sandbox.Enter(a.job.Sandbox, dirs); err != nil {
		return &usageError{err: err, plain: true}
	}
	return nil
}

// context is that of all that is read: it ends with the time of the run, and what is
// read is told to the supervisor.
func (a *app) context() (context.Context, context.CancelFunc) {
	ctx, cancel := context.Background(), context.CancelFunc(func() {})
	if !a.job.Deadline.IsZero() && guard.On(guard.Deadline) {
		ctx, cancel = context.WithDeadline(ctx, a.job.Deadline)
	}
	return part.With(ctx, a.worker.Watch()), cancel
}

// write lets the supervisor write a file.
func (a *app) write(name string, data []byte) error {
	return a.worker.Write(supervise.File{Name: name, Data: []byte(a.redactor.Text(string(data)))})
}
