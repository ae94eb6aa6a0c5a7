package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/baseline"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/report"
)

// defaultBaseline is the file of the baseline, in the working directory, unless the
// configuration or a flag names another.
const defaultBaseline = "egresslint-baseline.json"

func newBaselineCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Keep the findings that are there, so that only new ones count",
		Long: `The baseline is a file of the findings that were there when a project began to use
egresslint. A run with --baseline, or with the key baseline in the configuration,
counts only those that are not in it.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command \"baseline %s\"%s", args[0], config.DidYouMean(args[0], []string{"write", "update"}))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBaselineWriteCommand(a), newBaselineUpdateCommand(a))
	return cmd
}

func newBaselineWriteCommand(a *app) *cobra.Command {
	f := &inputFlags{}
	var output string
	cmd := &cobra.Command{
		Use:   "write [flags] [path...]",
		Short: "Write all findings into the baseline",
		Long: `Write lints the given files and folders, or the working directory, and writes all
findings into the baseline. What it has of other files, or of files that --exclude
or the configuration leaves out, stays. What is suppressed in the files or in the
configuration is not part of it. Paths in it are relative to the root of the
repository.

Exit codes:
  0  the file is written
  2  wrong flag, argument or configuration
  3  something could not be analysed; nothing is written, unless --skip-invalid is given`,
		Args: cobra.ArbitraryArgs,
		RunE: a.confined(
			func(_ *cobra.Command, args []string) (*needs, error) { return baselineNeeds(f, output, args) },
			func(_ *cobra.Command, args []string) error { return a.writeBaseline(f, output, args) },
		),
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVarP(&output, "output", "o", "", "write to `file` (default: the baseline of the configuration, else "+defaultBaseline+")")
	registerPolicies(cmd, &f.policies)
	f.register(cmd)
	return cmd
}

func newBaselineUpdateCommand(a *app) *cobra.Command {
	f := &inputFlags{}
	var file string
	cmd := &cobra.Command{
		Use:   "update [flags] [path...]",
		Short: "Remove from the baseline what is fixed",
		Long: `Update lints the given files and folders, or the working directory, and removes
from the baseline the findings in them that are gone. What it has of files that
--exclude or the configuration leaves out stays, and so does what is of rules that
do not run. It adds none: what is new counts, until "egresslint baseline write"
takes all findings anew.

Exit codes:
  0  the file is up to date
  2  wrong flag, argument or configuration, or there is no such file
  3  something could not be analysed; the file is left as it is, unless --skip-invalid is given`,
		Args: cobra.ArbitraryArgs,
		RunE: a.confined(
			func(_ *cobra.Command, args []string) (*needs, error) { return baselineNeeds(f, file, args) },
			func(_ *cobra.Command, args []string) error { return a.updateBaseline(f, file, args) },
		),
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&file, "baseline", "", "update `file` (default: the baseline of the configuration, else "+defaultBaseline+")")
	registerPolicies(cmd, &f.policies)
	f.register(cmd)
	return cmd
}

// baselineNeeds is what a command wants that writes a baseline: into the file that a
// flag names, or else into one of the tree or of the working directory.
func baselineNeeds(f *inputFlags, flag string, args []string) (*needs, error) {
	n, err := f.needs(args)
	if err != nil {
		return nil, err
	}
	n.files = append(n.files, flag)
	n.outputs = append(n.outputs, cmp.Or(flag, defaultBaseline))
	n.writesTree = flag == ""
	return n, nil
}

func (a *app) writeBaseline(f *inputFlags, output string, args []string) error {
	run, err := a.runForBaseline(f, args, nil)
	if err != nil || run == nil {
		return err
	}
	b := baseline.New(run.result.Findings)
	file := run.in.baselineFile(output)
	kept, err := file.others(run.session)
	if err != nil {
		return err
	}
	b, added := b.With(kept), b.Len()
	if err := a.writeTo(file, b); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(a.stdout, "Wrote %s to %s.\n", report.Plural(added, "finding"), report.Visible(file.path)); err != nil {
		return err
	}
	if n := b.Len() - added; n > 0 {
		if _, err := fmt.Fprintf(a.stdout, "Kept %s that it had of other files.\n", report.Plural(n, "finding")); err != nil {
			return err
		}
	}
	if run.in.cfg.Baseline.Name == "" {
		_, err = fmt.Fprintf(a.stdout, "Use it with --baseline %s, or name it under baseline in %s.\n", report.Visible(file.path), config.FileName)
	}
	return err
}

func (a *app) updateBaseline(f *inputFlags, path string, args []string) error {
	var file baselineFile
	var base *baseline.Baseline
	run, err := a.runForBaseline(f, args, func(in *input) (*baseline.Baseline, error) {
		var err error
		file = in.baselineFile(path)
		base, err = file.read()
		return base, err
	})
	if err != nil || run == nil {
		return err
	}
	scope := run.session.Scope()
	gone := slices.DeleteFunc(run.result.Baseline.Left(), func(e baseline.Entry) bool {
		return !slices.Contains(run.result.Ran, e.Rule) || !scope.Covers(e.File)
	})
	b := base.Without(gone)
	removed := base.Len() - b.Len()
	if removed > 0 {
		if err := a.writeTo(file, b); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.stdout, "Removed %s from %s, %d left.\n", report.Plural(removed, "finding"), report.Visible(file.path), b.Len())
	if n := len(run.result.Findings); n > 0 && err == nil {
		verb := "are"
		if n == 1 {
			verb = "is"
		}
		_, err = fmt.Fprintf(a.stdout, "%s %s not in it and not added.\n", report.Plural(n, "finding"), verb)
	}
	return err
}

// baselineRun is a run whose findings go into a baseline.
type baselineRun struct {
	in      *input
	session analysis.Session
	result  *analysis.Result
}

// runForBaseline lints args against the baseline that load returns, if it is given. It
// returns nil, and sets the exit code, if something could not be analysed: a baseline
// that lacks findings would make them count later as new ones.
func (a *app) runForBaseline(f *inputFlags, args []string, load func(*input) (*baseline.Baseline, error)) (*baselineRun, error) {
	rules := analysis.BuiltIn(analysis.Selection{})
	ctx, cancel := a.context()
	defer cancel()
	in, err := a.input(ctx, f, args)
	if err != nil {
		return nil, failed(err, f.limits.timeout)
	}
	session := a.session(in).WithRules(rules.With(ctx, in.policies, in.cfg, analysis.Selection{}), analysis.Selection{})
	if load != nil {
		base, err := load(in)
		if err != nil {
			return nil, err
		}
		session = session.WithBaseline(base)
	}
	result, err := session.Analyze(ctx)
	if err != nil {
		return nil, failed(err, f.limits.timeout)
	}
	switch {
	case !f.incomplete(result.Parsed.Empty(), result.Complete()):
		return &baselineRun{in: in, session: session, result: result}, nil
	case !result.Complete() && !f.skipInvalid:
		a.showBroken(&report.Report{Diagnostics: result.Diagnostics, Display: in.display})
		a.logf("nothing was written, since findings may be missing; --skip-invalid writes what there is")
	default:
		a.logf("found no Kubernetes manifest and no Terraform in %s; nothing was written", strings.Join(displayAll(in, args), ", "))
	}
	a.code = ExitIncomplete
	return nil, nil
}

// others returns the entries of a baseline that are about files that the run does not
// lint. One with mistakes, as a merge leaves them, has none if the run is over
// everything; a file that was never a baseline is an error, so that it is not replaced.
func (f baselineFile) others(session analysis.Session) ([]baseline.Entry, error) {
	old, err := f.read()
	switch {
	case errors.Is(err, errNoFile):
		return nil, nil
	case err != nil:
		data, readErr := f.data()
		switch {
		case readErr == nil && len(data) > 0 && !baseline.Is(data):
			return nil, mistakef("write baseline %s: the file holds something else; name another one, or remove it", f.path)
		case session.LintsAll() && !session.Excludes():
			return nil, nil
		}
		return nil, err
	}
	scope := session.Scope()
	return slices.DeleteFunc(old.Entries, func(e baseline.Entry) bool { return scope.Covers(e.File) }), nil
}

// baselineFile is where a baseline is kept.
type baselineFile struct {
	*workspace
	// path is what the user knows; name is relative to the root of the tree, empty for
	// a file that a flag names.
	path, name string
}

// baselineFile returns the file that a flag names, else that of the configuration,
// else the default one.
func (in *input) baselineFile(flag string) baselineFile {
	f := baselineFile{workspace: in.workspace, path: flag}
	switch {
	case flag != "":
	case in.cfg.Baseline.Name != "":
		f.name = in.cfg.Baseline.Name
		f.path = in.display(f.name)
	default:
		f.path = defaultBaseline
	}
	return f
}

// baseline reads the baseline of a run; nil if there is none.
func (in *input) baseline(flag string) (*baseline.Baseline, error) {
	if flag == "" && in.cfg.Baseline.Name == "" {
		return nil, nil
	}
	file := in.baselineFile(flag)
	if name := file.place(); in.base != nil && name != "" {
		return in.base.baseline(name)
	}
	return file.read()
}

func (f baselineFile) read() (*baseline.Baseline, error) {
	data, err := f.data()
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w; 'egresslint baseline write' writes it", errNoFile)
		}
		return nil, mistakef("read baseline %s: %w", f.path, unwrapPath(err))
	}
	b, err := baseline.Parse(f.place(), f.path, data)
	if err != nil {
		return nil, &usageError{err: err, plain: true}
	}
	return b, nil
}

// place is the name of the file in the tree, where it lies there.
func (f baselineFile) place() string {
	if f.name != "" {
		return f.name
	}
	name, _ := f.workspace.name(f.path) // it may lie outside
	return name
}

// errNoFile is the error for a baseline that does not exist.
var errNoFile = errors.New("no such file")

// data reads the file.
func (f baselineFile) data() ([]byte, error) {
	if f.name != "" {
		return f.tree.ReadFile(f.name)
	}
	_, data, err := f.flagFile(f.path)
	return data, err
}

// writeTo writes a baseline into a file.
func (a *app) writeTo(f baselineFile, b *baseline.Baseline) error {
	data, err := b.Encode()
	if err != nil {
		return err
	}
	if err := a.write(f.path, data); err != nil {
		return mistakef("write baseline %s: %w", f.path, err)
	}
	return nil
}

// unwrapPath returns the cause of an error without the path, which the message has.
func unwrapPath(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
