package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/baseline"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/pipeline"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/parser/source"
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
findings into the baseline. What is suppressed in the files or in the configuration
is not part of it. Paths in it are relative to the root of the repository.

Exit codes:
  0  the file is written
  2  wrong flag, argument or configuration
  3  something could not be analysed; nothing is written, unless --skip-invalid is given`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error { return a.writeBaseline(f, output, args) },
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVarP(&output, "output", "o", "", "write to `file` (default: the baseline of the configuration, else "+defaultBaseline+")")
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
from the baseline the findings in them that are gone. It adds none: what is new
counts, until "egresslint baseline write" takes all findings anew.

Exit codes:
  0  the file is up to date
  2  wrong flag, argument or configuration, or there is no such file
  3  something could not be analysed; the file is left as it is, unless --skip-invalid is given`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error { return a.updateBaseline(f, file, args) },
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&file, "baseline", "", "update `file` (default: the baseline of the configuration, else "+defaultBaseline+")")
	f.register(cmd)
	return cmd
}

func (a *app) writeBaseline(f *inputFlags, output string, args []string) error {
	run, err := a.runForBaseline(f, args, nil)
	if err != nil || run == nil {
		return err
	}
	b := baseline.New(run.judged.Findings)
	file := run.in.baselineFile(output)
	if err := file.write(b); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(a.stdout, "Wrote %s to %s.\n", findings(b.Len()), report.Visible(file.path)); err != nil {
		return err
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
	ran, known := run.judged.enabled(run.opts), idsOf(run.judged.rules.Rules())
	gone := slices.DeleteFunc(run.opts.Baseline.Left(), func(e baseline.Entry) bool {
		return slices.Contains(known, e.Rule) && !(slices.Contains(ran, e.Rule) && run.in.lints(e.File))
	})
	b := base.Without(gone)
	removed := base.Len() - b.Len()
	if removed > 0 {
		if err := file.write(b); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.stdout, "Removed %s from %s, %d left.\n", findings(removed), report.Visible(file.path), b.Len())
	if n := len(run.judged.Findings); n > 0 && err == nil {
		_, err = fmt.Fprintf(a.stdout, "%s not in it and not added.\n", isOrAre(n))
	}
	return err
}

func findings(n int) string {
	if n == 1 {
		return "1 finding"
	}
	return fmt.Sprintf("%d findings", n)
}

func isOrAre(n int) string {
	if n == 1 {
		return "1 finding is"
	}
	return fmt.Sprintf("%d findings are", n)
}

// baselineRun is a run whose findings go into a baseline.
type baselineRun struct {
	in     *input
	judged *judgement
	opts   pipeline.Options
}

// runForBaseline lints args against the baseline that load returns, if it is given. It
// returns nil, and sets the exit code, if something could not be analysed: a baseline
// that lacks findings would make them count later as new ones.
func (a *app) runForBaseline(f *inputFlags, args []string, load func(*input) (*baseline.Baseline, error)) (*baselineRun, error) {
	watch := newStopwatch()
	compiled := compileBuiltIn(nil, nil)
	in, err := a.input(f, args)
	if err != nil {
		return nil, err
	}
	opts := settings(in.cfg, nil)
	if load != nil {
		base, err := load(in)
		if err != nil {
			return nil, err
		}
		opts.Baseline = base.Use()
	}
	ctx, cancel := withTimeout(f.timeout)
	defer cancel()
	compiled = in.compileOwn(ctx, compiled, nil, nil)
	w, err := read(ctx, in, watch)
	if err != nil {
		return nil, timedOut(err, f.timeout)
	}
	judged, err := judge(ctx, in, w, compiled, opts, a.now(), watch)
	if err != nil {
		return nil, timedOut(err, f.timeout)
	}
	switch {
	case !w.complete() && !f.skipInvalid:
		a.showBroken(&report.Report{Diagnostics: w.diagnostics, Display: in.display})
		a.logf("nothing was written, since findings may be missing; --skip-invalid writes what there is")
	case w.parsed.Empty() && !f.allowEmpty:
		a.logf("found no Kubernetes manifest and no Terraform in %s; nothing was written", strings.Join(displayAll(in, args), ", "))
	default:
		return &baselineRun{in: in, judged: judged, opts: opts}, nil
	}
	a.code = ExitIncomplete
	return nil, nil
}

// lints reports whether the paths of the run name a file.
func (in *input) lints(name string) bool {
	return slices.ContainsFunc(in.parser.Paths, func(p string) bool {
		return p == "." || p == name || strings.HasPrefix(name, p+"/")
	})
}

// fixed returns a notice for each entry of the baseline whose finding is gone: of
// rules that ran, and if the run was over all that the baseline is about.
func (in *input) fixed(base *baseline.Baseline, use *baseline.Use, ran []string) []source.Diagnostic {
	if !in.lintsAll() && slices.ContainsFunc(base.Entries, func(e baseline.Entry) bool { return !in.lints(e.File) }) {
		return nil
	}
	var out []source.Diagnostic
	for _, e := range use.Left() {
		if !slices.Contains(ran, e.Rule) {
			continue
		}
		times := ""
		if e.Count > 1 {
			times = fmt.Sprintf(" (%d times)", e.Count)
		}
		out = append(out, source.Diagnostic{
			Kind: source.BaselineFixed, Range: e.At,
			Message: fmt.Sprintf("keep %s of %s in %s%s: it is fixed; 'egresslint baseline update' removes it", e.Rule, cmp.Or(e.Address, "the file"), e.File, times),
		})
	}
	return out
}

// baselineFile is where a baseline is kept.
type baselineFile struct {
	in *input
	// path is what the user knows; name is relative to the root of the tree, empty if
	// the file lies outside.
	path, name string
	// given says that the user named it. What the configuration names must not lead
	// out of the tree, as whoever opens a pull request may write it.
	given bool
}

// baselineFile returns the file that a flag names, else that of the configuration,
// else the default one.
func (in *input) baselineFile(flag string) baselineFile {
	f := baselineFile{in: in, name: in.cfg.Baseline.Name}
	if flag == "" && f.name != "" {
		f.path = in.display(f.name)
		return f
	}
	f.path, f.given = cmp.Or(flag, defaultBaseline), true
	f.name, _ = in.name(f.path) // it may lie outside
	return f
}

// baseline reads the baseline of a run; nil if there is none.
func (in *input) baseline(flag string) (*baseline.Baseline, error) {
	if flag == "" && in.cfg.Baseline.Name == "" {
		return nil, nil
	}
	return in.baselineFile(flag).read()
}

func (f baselineFile) read() (*baseline.Baseline, error) {
	var data []byte
	var err error
	if f.given {
		data, err = os.ReadFile(f.path)
	} else {
		data, err = f.in.tree.ReadFile(f.name)
	}
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("no such file; 'egresslint baseline write' writes it")
		}
		return nil, mistakef("read baseline %s: %w", f.path, unwrapPath(err))
	}
	b, err := baseline.Parse(f.name, f.path, data)
	if err != nil {
		return nil, &usageError{err: err, plain: true}
	}
	return b, nil
}

func (f baselineFile) write(b *baseline.Baseline) error {
	data, err := b.Encode()
	if err != nil {
		return err
	}
	if f.given {
		err = os.WriteFile(f.path, data, 0o644)
	} else {
		err = f.in.writeInside(f.name, data)
	}
	if err != nil {
		return mistakef("write baseline %s: %w", f.path, unwrapPath(err))
	}
	return nil
}

// writeInside writes a file of the tree, and follows no symlink out of it.
func (w *workspace) writeInside(name string, data []byte) error {
	root, err := os.OpenRoot(w.root)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // nothing was written through it itself
	return root.WriteFile(filepath.FromSlash(name), data, 0o644)
}

// unwrapPath returns the cause of an error without the path, which the message has.
func unwrapPath(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
