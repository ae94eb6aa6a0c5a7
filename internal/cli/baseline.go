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
findings into the baseline. What it has of other files, or of files that --exclude
or the configuration leaves out, stays. What is suppressed in the files or in the
configuration is not part of it. Paths in it are relative to the root of the
repository.

Exit codes:
  0  the file is written
  2  wrong flag, argument or configuration
  3  something could not be analysed; nothing is written, unless --skip-invalid is given`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error { return a.writeBaseline(f, output, args) },
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
		RunE: func(_ *cobra.Command, args []string) error { return a.updateBaseline(f, file, args) },
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&file, "baseline", "", "update `file` (default: the baseline of the configuration, else "+defaultBaseline+")")
	registerPolicies(cmd, &f.policies)
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
	kept, err := run.in.others(file)
	if err != nil {
		return err
	}
	b, added := b.With(kept), b.Len()
	if err := file.write(b, a.redactor); err != nil {
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
	ran := run.judged.enabled(run.opts)
	gone := slices.DeleteFunc(run.opts.Baseline.Left(), func(e baseline.Entry) bool {
		return !slices.Contains(ran, e.Rule) || !run.in.linted(e.File)
	})
	b := base.Without(gone)
	removed := base.Len() - b.Len()
	if removed > 0 {
		if err := file.write(b, a.redactor); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.stdout, "Removed %s from %s, %d left.\n", report.Plural(removed, "finding"), report.Visible(file.path), b.Len())
	if n := len(run.judged.Findings); n > 0 && err == nil {
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

// linted reports whether what is found in a file is for the run to say: the paths name
// it, and it is not left out.
func (in *input) linted(name string) bool {
	if !fs.ValidPath(name) {
		return in.lints(name) // of a baseline that somebody wrote: no file has the name
	}
	return slices.Contains(in.parser.Paths, name) || in.lints(name) &&
		!slices.ContainsFunc(in.parser.Exclude, func(glob string) bool { return source.MatchGlobAbove(glob, name) })
}

// others returns the entries of a baseline that are about files that the run does not
// lint. One with mistakes, as a merge leaves them, has none if the run is over
// everything; a file that was never a baseline is an error, so that it is not replaced.
func (in *input) others(file baselineFile) ([]baseline.Entry, error) {
	old, err := file.read()
	switch {
	case errors.Is(err, errNoFile):
		return nil, nil
	case err != nil:
		data, readErr := file.data()
		switch {
		case readErr == nil && len(data) > 0 && !baseline.Is(data):
			return nil, mistakef("write baseline %s: the file holds something else; name another one, or remove it", file.path)
		case in.lintsAll() && len(in.parser.Exclude) == 0:
			return nil, nil
		}
		return nil, err
	}
	return slices.DeleteFunc(old.Entries, func(e baseline.Entry) bool { return in.linted(e.File) }), nil
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
		if !slices.Contains(ran, e.Rule) || !in.linted(e.File) {
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
	// path is what the user knows; name is relative to the root of the tree, empty if
	// the file lies outside.
	path, name string
	// inside is the folder that the file must not lead out of; empty for a file that a
	// flag names. What lies there under any other name may be a symlink of whoever
	// opened a pull request.
	inside string
}

// baselineFile returns the file that a flag names, else that of the configuration,
// else the default one.
func (in *input) baselineFile(flag string) baselineFile {
	f := baselineFile{path: flag, name: in.cfg.Baseline.Name, inside: in.root}
	switch {
	case flag != "":
		f.name, _ = in.name(flag) // it may lie outside
		f.inside = ""
	case f.name != "":
		f.path = in.display(f.name)
	default:
		f.path = defaultBaseline
		if name, ok := in.workspace.inside(filepath.Join(in.cwd, defaultBaseline)); ok {
			f.name = name
		} else {
			f.inside = in.cwd
		}
	}
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
	data, err := f.data()
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w; 'egresslint baseline write' writes it", errNoFile)
		}
		return nil, mistakef("read baseline %s: %w", f.path, unwrapPath(err))
	}
	b, err := baseline.Parse(f.name, f.path, data)
	if err != nil {
		return nil, &usageError{err: err, plain: true}
	}
	return b, nil
}

// errNoFile is the error for a baseline that does not exist.
var errNoFile = errors.New("no such file")

// data reads the file, up to the size of the largest file of a tree.
func (f baselineFile) data() ([]byte, error) {
	if f.inside != "" {
		tree, err := source.OpenTree(f.inside)
		if err != nil {
			return nil, err
		}
		return tree.ReadFile(cmp.Or(f.name, f.path))
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return readAll(file)
}

// write writes the file. Without a flag that names it, it follows no symlink that
// leads out of the folder.
func (f baselineFile) write(b *baseline.Baseline, redactor *report.Redactor) error {
	data, err := b.Encode()
	if err != nil {
		return err
	}
	data = []byte(redactor.Text(string(data)))
	if f.inside == "" {
		err = os.WriteFile(f.path, data, 0o644)
	} else {
		err = writeInside(f.inside, cmp.Or(f.name, f.path), data)
	}
	if err != nil {
		return mistakef("write baseline %s: %w", f.path, unwrapPath(err))
	}
	return nil
}

// writeInside writes a file of a folder, and follows no symlink out of it.
func writeInside(dir, name string, data []byte) error {
	root, err := os.OpenRoot(dir)
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
