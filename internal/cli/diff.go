package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/pipeline"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/internal/revision"
	"github.com/egresslint/egresslint/internal/revision/git"
	"github.com/egresslint/egresslint/parser/part"
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
				case git.CheckRef(ref) != nil:
					return usagef("use %q: want a branch, a tag or a commit", ref)
				}
			}
			return nil
		},
		RunE: a.confined(
			func(cmd *cobra.Command, args []string) (*needs, error) {
				refs, paths := splitAtDash(cmd, args)
				if slices.Contains(paths, stdinArg) {
					return nil, mistakef("read standard input: it has no revisions to compare")
				}
				n, err := f.input.needs(paths)
				if err != nil {
					return nil, err
				}
				n.revisions, n.mustRevise = f.revisionsOf(refs), true
				return n, nil
			},
			func(cmd *cobra.Command, args []string) error {
				revisions, paths := splitAtDash(cmd, args)
				return a.diff(f, revisions, paths)
			},
		),
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
	ctx, cancel := a.context()
	defer cancel()
	in, err := a.input(ctx, &f.input, paths)
	if err != nil {
		return failed(err, f.input.limits.timeout)
	}
	base, head := in.sides(ctx, revisions, f.mergeBase)
	// Both are read at once; where nothing differs, once.
	was := analysis.Start(func() (*analysis.Facts, error) { return base.read(ctx, a) })
	is := was
	if part.Alone(ctx) {
		_, _ = was.Wait(ctx) // told below
	}
	if !base.same(head) {
		is = analysis.Start(func() (*analysis.Facts, error) { return head.read(ctx, a) })
	} else {
		head.close()
	}
	before, err := was.Wait(ctx)
	if err != nil {
		return failed(err, f.input.limits.timeout)
	}
	after, err := is.Wait(ctx)
	if err != nil {
		return failed(err, f.input.limits.timeout)
	}
	d := &report.PathDiff{
		PathComparison: pipeline.ComparePaths(before.Model, after.Model),
		Version:        version(), Base: base.report(before), Head: head.report(after),
	}
	a.showBroken(&report.Report{Diagnostics: before.Diagnostics, SkipInvalid: f.input.skipInvalid, Display: d.Base.Display})
	if is != was {
		a.showBroken(&report.Report{Diagnostics: after.Diagnostics, SkipInvalid: f.input.skipInvalid, Display: d.Head.Display})
	}
	if err := report.WritePathDiff(a.stdout, f.format, d); err != nil {
		return err
	}
	if f.input.incomplete(before.Parsed.Empty() && after.Parsed.Empty(), d.Base.Complete && d.Head.Complete) {
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

// The names of the commits that diff compares; without a commit, the work tree is.
const (
	diffBase = "base"
	diffHead = "head"
)

// revisionsOf asks git for the commits that are compared.
func (f *diffFlags) revisionsOf(refs []string) revisions {
	return func(ctx context.Context, repo *git.Repository) (map[string]commit, error) {
		ids := make([]string, len(refs))
		for i, ref := range refs {
			id, err := repo.Resolve(ctx, ref)
			if err != nil {
				if _, missing := os.Lstat(ref); i > 0 && missing == nil {
					err = revision.Unavailablef("%v; paths come after --", err)
				}
				return nil, err
			}
			ids[i] = id
		}
		if f.mergeBase {
			other, err := repo.Resolve(ctx, append(refs, "HEAD")[1])
			if err != nil {
				return nil, err
			}
			if ids[0], err = repo.MergeBase(ctx, ids[0], other); err != nil {
				return nil, err
			}
		}
		commits := make(map[string]commit)
		for i, name := range []string{diffBase, diffHead}[:len(ids)] {
			s, err := repo.Snapshot(ctx, ids[i])
			if err != nil {
				return nil, err
			}
			commits[name] = commit{Snapshot: s}
		}
		return commits, nil
	}
}

// sides opens what is compared.
func (in *input) sides(ctx context.Context, refs []string, mergeBase bool) (base, head *side) {
	base, head = &side{in: in, ref: refs[0], label: refs[0], parted: mergeBase}, &side{in: in}
	if len(refs) == 2 {
		head.ref, head.label = refs[1], refs[1]
	}
	for name, s := range map[string]*side{diffBase: base, diffHead: head} {
		c := in.commit(name)
		if c.Snapshot == nil {
			continue
		}
		s.commit, s.files = c.Snapshot.Commit, in.at(ctx, c.Snapshot)
		s.in = s.files.input
	}
	if mergeBase {
		base.label = fmt.Sprintf("%.10s", base.commit)
	}
	return base, head
}

// same reports whether both sides certainly have the same files.
func (s *side) same(head *side) bool {
	return s.commit == head.commit || head.files == nil && !s.files.snapshot.Changed()
}

// read parses the files of the side and builds the model.
func (s *side) read(ctx context.Context, a *app) (*analysis.Facts, error) {
	w, err := a.session(s.in).Facts(ctx)
	if s.files != nil {
		// What could not be read is not what the commit holds.
		if unreadable := s.files.Close(); err == nil {
			err = unreadable
		}
	}
	return w, err
}

// close ends a side that was not read.
func (s *side) close() {
	if s.files != nil {
		_ = s.files.Close() // nothing was read
	}
}

// report describes the side. Names of files are written as git does for revisions.
func (s *side) report(w *analysis.Facts) report.PathDiffSide {
	display := s.in.display
	if s.commit != "" {
		display = func(name string) string { return s.label + ":" + name }
	}
	return report.PathDiffSide{Ref: s.ref, Commit: s.commit, MergeBase: s.parted, Complete: w.Complete(), Display: display}
}
