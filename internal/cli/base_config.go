package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/baseline"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/revision"
	"github.com/egresslint/egresslint/internal/revision/git"
	"github.com/egresslint/egresslint/parser/source"
)

// ofChangedSince is the value of --config-from-base without one. It is none that names
// a revision.
const ofChangedSince = "(of --changed-since)"

func (f *lintFlags) registerBase(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.input.configFrom.ref, "config-from-base", "", "take the configuration, the policies and the baseline of the tree from the revision `ref`, without one from where --changed-since compares with, so that a change does not judge itself")
	flags.Lookup("config-from-base").NoOptDefVal = ofChangedSince
	flags.BoolVar(&f.failOnWeakened, "fail-on-weakened", false, "give exit code 1 if the change does something to the checks: to the configuration, suppressions, baseline, policies, or what is linted; needs --changed-since")
}

// checkBase checks the flags that are about a base, and says where its configuration is
// to come from.
func (f *lintFlags) checkBase() error {
	from := &f.input.configFrom
	switch {
	case f.failOnWeakened && f.changedSince == "":
		return usagef("--fail-on-weakened needs --changed-since, which says what to compare with")
	case from.ref == "":
		return nil
	case f.input.config != "" || f.input.noConfig:
		return usagef("--config-from-base and --config or --no-config exclude each other")
	case from.ref == ofChangedSince && f.changedSince == "":
		return usagef("--config-from-base names no revision and there is no --changed-since: write --config-from-base=REF")
	case from.ref == ofChangedSince:
		from.ref, from.parted = f.changedSince, true
	case git.CheckRef(from.ref) != nil:
		return usagef("use --config-from-base %q: want a branch, a tag or a commit", from.ref)
	}
	return nil
}

// configRevision says where the configuration comes from; the zero value is the work
// tree.
type configRevision struct {
	ref string
	// parted says that it is the commit at which HEAD and ref part.
	parted bool
}

// configBefore is the name of the commit that --config-from-base is about.
const configBefore = "config"

// files are all that the commit has; nil if none was asked for.
func (from configRevision) files(ctx context.Context, repo *git.Repository) (*revision.Snapshot, error) {
	if from.ref == "" {
		return nil, nil //nolint:nilnil // the work tree has the configuration
	}
	resolve := repo.Resolve
	if from.parted {
		resolve = func(ctx context.Context, ref string) (string, error) { return parting(ctx, repo, ref) }
	}
	id, err := resolve(ctx, from.ref)
	if err != nil {
		return nil, err
	}
	files, err := repo.Commit(ctx, id)
	if err != nil {
		return nil, err
	}
	// What it was called then, what the run is over tells the renames since.
	since, err := repo.Snapshot(ctx, id)
	if err != nil {
		return nil, err
	}
	files.Renames = since.Renames
	return files, nil
}

// configBase is a commit from which configuration, policies and baseline are taken.
type configBase struct {
	label string // before the names of its files
	tree  *source.Tree
	files contents
	// start is the folder from which the configuration is looked for.
	start string
	// beside are its files that places may lie in, by their names in places.
	beside map[string][]byte
}

// openBase opens the commit that the configuration is taken from. That it cannot be read
// is a usage error: the files of the change itself never stand in for it.
func (in *input) openBase(ctx context.Context, from configRevision) error {
	c := in.commit(configBefore)
	if err := c.unavailable(); err != nil {
		return baseError(from, err)
	}
	files := in.contents(ctx, revision.Nothing{}, c.Snapshot)
	b := &configBase{label: from.label(c.Snapshot.Commit), tree: source.NewTree(files), files: files, beside: make(map[string][]byte)}
	former := formerPaths(c.Snapshot, b.tree, in.settings.Paths)
	if b.start = in.startDir(); len(former) > 0 {
		b.start = startDir(b.tree, former)
	}
	in.base = b
	return nil
}

// label is what the files of the commit are printed with.
func (from configRevision) label(id string) string {
	if from.parted || strings.HasPrefix(id, from.ref) {
		return id[:min(len(id), shortID)]
	}
	return from.ref
}

// shortID is how many digits of a commit's id are printed.
const shortID = 10

// baseError says that the configuration cannot be taken from where it should be.
func baseError(from configRevision, err error) error {
	var missing *revision.Unavailable
	if !errors.As(err, &missing) {
		return err
	}
	const depth = "fetch-depth"
	hint := ""
	if !strings.Contains(err.Error(), depth) {
		hint = "; in a workflow, give actions/checkout " + depth + ": 0"
	}
	return mistakef("take the configuration from %s: %w%s", from.ref, err, hint)
}

// closeBase ends what reads from the commit. A file that could not be read was not left
// out: the run ends.
func (in *input) closeBase(from configRevision) error {
	if in.base == nil {
		return nil
	}
	if err := in.base.files.Close(); err != nil {
		return baseError(from, err)
	}
	return nil
}

// place is the name of a file of the commit in places.
func (b *configBase) place(name string) string { return b.label + ":" + name }

// config reads the configuration of the commit; nil if it has none.
func (b *configBase) config() (*config.File, error) {
	f, err := config.Locate(b.tree, b.start)
	if err != nil || f == nil {
		return nil, err
	}
	f.Place = b.place(f.Name)
	b.beside[f.Place] = f.Data
	return f, nil
}

// baseline reads a baseline of the commit.
func (b *configBase) baseline(name string) (*baseline.Baseline, error) {
	place := b.place(name)
	data, err := b.tree.ReadFile(name)
	if err != nil {
		return nil, mistakef("read baseline %s: %w", place, unwrapPath(err))
	}
	parsed, err := baseline.Parse(place, place, data)
	if err != nil {
		return nil, &usageError{err: err, plain: true}
	}
	return parsed, nil
}

// noBaseConfig says that the commit has no configuration.
func (in *input) noBaseConfig(from configRevision) []source.Diagnostic {
	if in.base == nil || in.cfg.File != "" {
		return nil
	}
	return []source.Diagnostic{{
		Kind:    source.UnmatchedEntry,
		Message: fmt.Sprintf("take the configuration from %s: it has no %s, so that the defaults count", from.ref, config.FileName),
	}}
}

// display returns the path of a name for a person in the working directory. A file of
// the base is named as git does.
func (in *input) display(name string) string {
	if in.base != nil && strings.HasPrefix(name, in.base.label+":") {
		return name
	}
	return in.workspace.display(name)
}

// configPlace is the configuration file for a person in the working directory.
func (in *input) configPlace() string {
	if in.base != nil {
		return in.base.place(in.cfg.File)
	}
	return in.display(in.cfg.File)
}

// lines returns lines of a file, see [source.Tree.Lines]; none of one that lies elsewhere.
func (in *input) lines(name string, first, last int) []string {
	if in.base != nil && strings.HasPrefix(name, in.base.label+":") {
		return nil
	}
	if _, outside := in.outside[name]; outside {
		return nil
	}
	return in.tree.Lines(name, first, last)
}

// beside are the texts beside the tree that places may lie in.
func (in *input) beside() map[string][]byte {
	if in.base == nil {
		return nil
	}
	return in.base.beside
}

// formerPaths names paths of a run that a commit does not have as the commit does, and
// leaves out those that it has under no name.
func formerPaths(s *revision.Snapshot, tree *source.Tree, names []string) []string {
	var paths []string
	for _, name := range names {
		if _, err := tree.Stat(name); err == nil {
			paths = append(paths, name)
			continue
		}
		// What is new since then has nothing to read there.
		paths = append(paths, slices.DeleteFunc(s.Formerly(name), func(name string) bool {
			_, err := tree.Stat(name)
			return errors.Is(err, fs.ErrNotExist)
		})...)
	}
	return paths
}

// startDir is the folder from which the configuration file is looked for: the
// deepest one that holds all paths.
func startDir(tree *source.Tree, paths []string) string {
	dir := ""
	for _, name := range paths {
		if info, err := tree.Stat(name); err != nil || !info.IsDir() {
			name = path.Dir(name)
		}
		if dir == "" {
			dir = name
		}
		for dir != "." && name != dir && !strings.HasPrefix(name, dir+"/") {
			dir = path.Dir(dir)
		}
	}
	return dir
}
