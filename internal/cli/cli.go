// Package cli is the command line of egresslint, one file per command.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/internal/supervise"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/nearest"
	"github.com/egresslint/egresslint/parser/source"
)

// The exit codes. They are a contract with scripts; help texts state them.
const (
	ExitOK         = 0 // nothing at or above --fail-on
	ExitFindings   = 1 // findings, unknowns with --fail-on-unknown, or changes to the checks with --fail-on-weakened
	ExitUsage      = 2 // wrong flag, argument or configuration
	ExitIncomplete = 3 // something could not be analysed; the rest was, and its findings are printed
)

const exitCodesHelp = `Exit codes:
  0  no finding at or above --fail-on
  1  findings at or above --fail-on, or unknown facts with --fail-on-unknown, or
     something done to the checks with --fail-on-weakened
  2  wrong flag, argument or configuration
  3  something could not be analysed; the rest was, and its findings are printed`

// helpWidth is how long the lines of help texts may be, in columns.
const helpWidth = 100

// Main runs the command line args and returns the exit code. What reads a tree is done
// by a process of its own: this program again, whose Main then takes everything from
// the one that started it.
func Main(stdin io.Reader, stdout, stderr io.Writer, args []string) int {
	if IsWorker() {
		return work()
	}
	return mainAt(time.Now, stdin, stdout, stderr, args)
}

// IsWorker reports whether Main does the work for another process of this program. A
// program that does anything else before it calls Main must not then.
func IsWorker() bool { return supervise.IsWorker() }

// mainAt is Main with a clock that says what day it is.
func mainAt(now func() time.Time, stdin io.Reader, stdout, stderr io.Writer, args []string) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, now: now, args: args}
	return a.run()
}

// run runs the command line.
func (a *app) run() (code int) {
	defer func() {
		if r := recover(); r != nil {
			code = a.crash(&analysis.Panic{Text: guard.PanicText(r), Stack: debug.Stack()})
		}
	}()
	root := newRootCommand(a)
	root.SetArgs(a.args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	cmd, err := root.ExecuteContextC(context.Background())
	return a.exit(cmd, err)
}

// app is one run of the command line: in the supervisor, or the same again in its
// worker.
type app struct {
	args   []string
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	now    func() time.Time
	// worker and job are nil in the supervisor.
	worker *supervise.Worker
	job    *job
	// confinement says what keeps the worker from the rest of the system.
	confinement string
	panicked    bool
	// redactor knows what must not be printed.
	redactor *report.Redactor
	// started is set when flags and arguments were accepted.
	started bool
	code    int // of a run without an error
}

// usageError is a mistake in what the user typed or configured.
type usageError struct {
	err error
	// plain says that the help text would not tell the user more.
	plain bool
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// mistakef is a usageError that tells by itself what to do.
func mistakef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...), plain: true}
}

// exit tells the user of err and returns the exit code.
func (a *app) exit(cmd *cobra.Command, err error) int {
	var usage *usageError
	var panicked *analysis.Panic
	var overdue *overdueError
	switch {
	case err == nil:
		return a.code
	case errors.As(err, &overdue) && a.worker != nil:
		a.worker.Overdue() // the supervisor tells what it was at
		return ExitIncomplete
	case errors.As(err, &overdue):
		a.showBroken(&report.Report{Diagnostics: []source.Diagnostic{{Kind: source.LimitReached, Message: err.Error()}}})
		return ExitIncomplete
	case errors.As(err, &panicked):
		return a.crash(panicked)
	case errors.As(err, &usage), !a.started:
		a.complain(err)
		if usage == nil || !usage.plain {
			_, _ = fmt.Fprintf(a.stderr, "Run '%s --help' for usage.\n", cmd.CommandPath())
		}
		return ExitUsage
	default:
		a.complain(err)
		return ExitIncomplete
	}
}

// complain prints each line of an error: a configuration has one for each mistake.
func (a *app) complain(err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		a.logf("%s", line)
	}
}

// logf prints a line to the user beside the reports.
func (a *app) logf(format string, args ...any) {
	_, _ = fmt.Fprintf(a.stderr, "egresslint: %s\n", report.Visible(fmt.Sprintf(format, args...)))
}

// crash asks the user to report what must not happen. A worker leaves that to its
// supervisor, which begins anew without what was being read.
func (a *app) crash(p *analysis.Panic) int {
	if a.panicked = a.worker != nil; a.panicked {
		a.worker.Panic(p.Text, p.Stack)
		return ExitIncomplete
	}
	_, _ = fmt.Fprintf(a.stderr, `egresslint: %v
This is a mistake in egresslint. Please report it at https://github.com/egresslint/egresslint/issues with these lines:
egresslint %s

%s`, report.Visible(p.Error()), version(), p.Stack)
	return ExitIncomplete
}

func newRootCommand(a *app) *cobra.Command {
	root := newLintCommand(a)
	root.Use = "egresslint [flags] [path...]"
	root.Short = "Find the line of a repository that stops a pod's packet"
	root.Long = `egresslint reads the Kubernetes manifests and the Terraform of Alibaba Cloud ACK
clusters together and tells, from the files alone, which pods cannot reach what
they need, and which line of which file stops them.

Without a command it lints the given files and folders, or the working directory.
Nothing is downloaded or sent anywhere, and nothing of the files is executed.

` + exitCodesHelp
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "FlagUsages", fmt.Sprintf("FlagUsagesWrapped %d", helpWidth)))
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.SetFlagErrorFunc(flagError)
	root.PersistentPreRun = func(*cobra.Command, []string) { a.started = true }
	root.AddCommand(
		newLintCommand(a),
		newModelCommand(a),
		newExplainCommand(a),
		newConnectivityCommand(a),
		newDiffCommand(a),
		newConfigCommand(a),
		newBaselineCommand(a),
		newRulesCommand(a),
		newTestCommand(a),
		newNewCommand(a),
		newVersionCommand(a),
		newGitHubOutputsCommand(),
		newManCommand(),
	)
	return root
}

// flagError adds the flag that was probably meant.
func flagError(cmd *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	if !errors.As(err, &missing) || missing.GetSpecifiedShortnames() != "" {
		return &usageError{err: err}
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if name := nearest.To(missing.GetSpecifiedName(), known); name != "" {
		return usagef("unknown flag --%s, did you mean --%s?", missing.GetSpecifiedName(), name)
	}
	return &usageError{err: err}
}
