package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/pipeline"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/internal/revision"
)

// diffFlags say which revisions to compare and how to print the outcome.
type diffFlags struct {
	input     inputFlags
	format    string
	mergeBase bool
}

func newDiffCommand(a *app) *cobra.Command {
	f := &diffFlags{}
	cmd := &cobra.Command{
		Use:   "diff [flags] base [head] [-- path...]",
		Short: "Print which paths were opened or closed between two revisions",
		Long: `Diff analyses the files of the revision base, and those of the revision head or of
the work tree with what is not committed, and prints the paths whose verdict
differs: what a workload could reach and no longer can, and the reverse. Paths
after -- say which files and folders are analysed; without them it is the working
directory.

Base is the commit itself, not the one at which the two histories part: that is
what --merge-base is for. The configuration, and files that git ignores, are those
of the work tree on both sides.

Exit codes:
  0  printed, whatever differs
  2  wrong flag, argument, revision or configuration
  3  one side could not be analysed in full; the rest is printed`,
		Args: func(cmd *cobra.Command, args []string) error {
			revisions, _ := splitAtDash(cmd, args)
			switch {
			case len(revisions) == 0:
				return usagef("give the revision to compare with, as in 'egresslint diff origin/main'")
			case len(revisions) > 2:
				return usagef("give one or two revisions; paths come after --, as in 'egresslint diff %s -- %s'", revisions[0], revisions[1])
			}
			for _, ref := range revisions {
				switch from, to, ranged := strings.Cut(ref, ".."); {
				case ranged:
					return usagef("use %q: want two revisions, as in 'egresslint diff %s %s', with --merge-base to compare with where they part", ref, from, strings.TrimPrefix(to, "."))
				case revision.CheckRef(ref) != nil:
					return usagef("use %q: want a branch, a tag or a commit", ref)
				}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			revisions, paths := splitAtDash(cmd, args)
			return a.diff(f, revisions, paths)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.format, "format", "text", "print as text, json or markdown")
	flags.BoolVar(&f.mergeBase, "merge-base", false, "compare with the commit at which base and head part instead of base")
	f.input.register(cmd)
	_ = flags.MarkHidden("stdin-filename") // it exists; standard input has no revisions
	complete(cmd, "format", report.PathDiffFormats()...)
	return cmd
}

// splitAtDash splits arguments into those before and those after --.
func splitAtDash(cmd *cobra.Command, args []string) (before, after []string) {
	if n := cmd.ArgsLenAtDash(); n >= 0 {
		return args[:n], args[n:]
	}
	return args, nil
}

func (a *app) diff(f *diffFlags, revisions, paths []string) error {
	if !slices.Contains(report.PathDiffFormats(), f.format) {
		return usagef("unknown --format %q%s", f.format, config.DidYouMean(f.format, report.PathDiffFormats()))
	}
	if slices.Contains(paths, stdinArg) {
		return mistakef("read standard input: it has no revisions to compare")
	}
	ctx, cancel := withTimeout(f.input.timeout)
	defer cancel()
	in, err := a.input(ctx, &f.input, paths)
	if err != nil {
		return timedOut(err, f.input.timeout)
	}
	base, head, err := in.sides(ctx, revisions, f.mergeBase)
	if err != nil {
		return timedOut(err, f.input.timeout)
	}
	// Both are read at once; where nothing differs, once.
	was := start(func() (*world, error) { return base.read(ctx) })
	is := was
	if !base.same(head) {
		is = start(func() (*world, error) { return head.read(ctx) })
	} else {
		head.close()
	}
	before, err := was.wait(ctx)
	if err != nil {
		return timedOut(err, f.input.timeout)
	}
	after, err := is.wait(ctx)
	if err != nil {
		return timedOut(err, f.input.timeout)
	}
	d := &report.PathDiff{
		PathComparison: pipeline.ComparePaths(before.model, after.model),
		Version:        version(), Base: base.report(before), Head: head.report(after),
	}
	a.showBroken(&report.Report{Diagnostics: before.diagnostics, SkipInvalid: f.input.skipInvalid, Display: d.Base.Display})
	if is != was {
		a.showBroken(&report.Report{Diagnostics: after.diagnostics, SkipInvalid: f.input.skipInvalid, Display: d.Head.Display})
	}
	if err := report.WritePathDiff(a.stdout, f.format, d); err != nil {
		return err
	}
	empty := before.parsed.Empty() && after.parsed.Empty()
	if empty && !f.input.allowEmpty || (!d.Base.Complete || !d.Head.Complete) && !f.input.skipInvalid {
		a.code = ExitIncomplete
	}
	return nil
}

// side is a state of the files: that of a commit, or of the work tree.
type side struct {
	in     *input
	files  *earlier // nil for the work tree
	ref    string   // empty for the work tree
	commit string
	label  string // of the revision, before the names of its files
	parted bool   // commit is the merge base of ref and the other side
}

// sides opens what is compared. That a revision cannot be found is a usage error.
func (in *input) sides(ctx context.Context, revisions []string, mergeBase bool) (base, head *side, err error) {
	usage := func(err error) error {
		var missing *revision.Unavailable
		if ctx.Err() == nil && (errors.Is(err, revision.ErrRef) || errors.As(err, &missing)) {
			return &usageError{err: err, plain: true}
		}
		return err
	}
	repo, err := revision.Open(ctx, in.root)
	if err != nil {
		return nil, nil, usage(err)
	}
	var commits []string
	for i, ref := range revisions {
		commit, err := repo.Resolve(ctx, ref)
		if err != nil {
			if _, missing := os.Lstat(ref); i > 0 && missing == nil {
				err = fmt.Errorf("%w; paths come after --", err)
			}
			return nil, nil, usage(err)
		}
		commits = append(commits, commit)
	}
	base, head = &side{in: in, ref: revisions[0], commit: commits[0], label: revisions[0]}, &side{in: in}
	if len(revisions) == 2 {
		head.ref, head.commit, head.label = revisions[1], commits[1], revisions[1]
	}
	if mergeBase {
		other := head.commit
		if other == "" {
			if other, err = repo.Resolve(ctx, "HEAD"); err != nil {
				return nil, nil, usage(err)
			}
		}
		if base.commit, err = repo.MergeBase(ctx, base.commit, other); err != nil {
			return nil, nil, usage(err)
		}
		base.parted, base.label = true, fmt.Sprintf("%.10s", base.commit)
	}
	for _, s := range []*side{base, head} {
		if s.commit == "" {
			continue
		}
		if s.files, err = in.at(ctx, repo, s.commit); err != nil {
			base.close()
			return nil, nil, err
		}
		s.in = s.files.input
	}
	return base, head, nil
}

// same reports whether both sides certainly have the same files.
func (s *side) same(head *side) bool {
	return s.commit == head.commit || head.files == nil && !s.files.Changed()
}

// read parses the files of the side and builds the model.
func (s *side) read(ctx context.Context) (*world, error) {
	w, err := read(ctx, s.in, newStopwatch())
	if s.files != nil {
		// What could not be read is not what the commit holds.
		if unreadable := s.files.close(); err == nil {
			err = unreadable
		}
	}
	return w, err
}

// close ends a side that was not read.
func (s *side) close() {
	if s.files != nil {
		_ = s.files.close() // nothing was read
	}
}

// report describes the side. Names of files are written as git does for revisions.
func (s *side) report(w *world) report.PathDiffSide {
	display := s.in.display
	if s.commit != "" {
		display = func(name string) string { return s.label + ":" + name }
	}
	return report.PathDiffSide{Ref: s.ref, Commit: s.commit, MergeBase: s.parted, Complete: w.complete(), Display: display}
}
