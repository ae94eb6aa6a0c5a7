package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/parser/source"
)

func registerPolicies(cmd *cobra.Command, paths *[]string) {
	cmd.Flags().StringArrayVar(paths, "policy", nil, "run the rules in `path` too: a folder of Rego files or an OPA bundle (repeatable)")
}

// policyTree is the tree that a configuration with policies lies in; display names its
// files.
type policyTree struct {
	tree    *source.Tree
	display func(name string) string
}

func (w *workspace) policyTree() policyTree { return policyTree{w.tree, w.display} }

func (in *input) policyTree() policyTree {
	if in.base != nil {
		return policyTree{in.base.tree, in.base.place}
	}
	return in.workspace.policyTree()
}

// policySources are the folders and bundles of --policy, then those of the
// configuration. The former may lie anywhere; the latter are part of what is
// scanned, so that they are read through the tree.
func (w *workspace) policySources(in policyTree, flags []string, configured []config.Path) ([]engine.PolicySource, error) {
	var sources []engine.PolicySource
	taken := make(map[string]bool) // so that a folder may be named by both
	for _, p := range flags {
		s, err := w.policySource(p)
		if err != nil {
			return nil, err
		}
		if name, err := w.name(p); err == nil {
			taken[name], s.Path = true, name
		}
		sources = append(sources, s)
	}
	for _, p := range configured {
		if taken[p.Name] {
			continue
		}
		taken[p.Name] = true
		s, err := policiesInTree(in.tree, filepath.ToSlash(in.display(p.Name)), p.Name)
		s.Path = p.Name
		if err != nil {
			return nil, err
		}
		sources = append(sources, s)
	}
	return sources, nil
}

// configuredPolicies are those that the configuration file names, or the one that
// is found from the working directory if file is empty. Its other mistakes are not
// told.
func (w *workspace) configuredPolicies(file string) ([]config.Path, error) {
	if file == "" {
		dir, err := w.name(".")
		if err != nil {
			return nil, err
		}
		f, err := config.Locate(w.tree, dir)
		if err != nil || f == nil {
			return nil, nil //nolint:nilerr // its mistakes are not told, see above
		}
		return config.ReadPolicies(w.tree, f), nil
	}
	name, data, err := w.flagFile(file)
	if err != nil {
		return nil, mistakef("read configuration %s: %w", file, err)
	}
	return config.ReadPolicies(w.tree, &config.File{Name: name, Data: data}), nil
}

// policySource reads a path of the command line: in the tree, or outside of it.
func (w *workspace) policySource(p string) (engine.PolicySource, error) {
	shown := filepath.ToSlash(filepath.Clean(p))
	f := w.flags[p]
	switch {
	case f.Read:
		return engine.PolicySource{Name: shown, Bundle: f.Data}, nil
	case f.Folder != "":
		tree, err := source.OpenTree(f.Folder)
		if err != nil {
			return engine.PolicySource{}, mistakef("read policies %s: %w", p, err)
		}
		return engine.PolicySource{Name: shown, FS: subtree{tree, "."}}, nil
	}
	name, err := w.name(p)
	if err != nil {
		return engine.PolicySource{}, mistakef("read %s: no such file or directory", p)
	}
	return policiesInTree(w.tree, shown, name)
}

// policiesInTree reads a folder or a bundle of the tree.
func policiesInTree(tree *source.Tree, shown, name string) (engine.PolicySource, error) {
	s := engine.PolicySource{Name: shown}
	info, err := tree.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, mistakef("read %s: no such file or directory", shown)
	case err != nil:
	case info.IsDir():
		s.FS = subtree{tree, name}
	default:
		s.Bundle, err = tree.ReadFile(name)
	}
	if err != nil {
		return s, mistakef("read policies %s: %w", shown, unwrapPath(err))
	}
	return s, nil
}

// loadPolicies parses the rules of the project's own; nil if it has none.
func loadPolicies(ctx context.Context, sources []engine.PolicySource) (*engine.Policies, error) {
	if len(sources) == 0 {
		return nil, nil //nolint:nilnil // most projects have none
	}
	own, err := engine.LoadPolicies(ctx, sources, analysis.BuiltInIDs())
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, mistakef("%w", err)
	}
	for _, r := range own.Rules() {
		if isCode(r.ID) {
			return nil, mistakef("%s: load rule: id %q: egresslint uses it in messages that are no findings", r.File, r.ID)
		}
	}
	return own, nil
}

// subtree is a folder of a tree as a file system.
type subtree struct {
	tree *source.Tree
	dir  string
}

func (s subtree) ReadFile(name string) ([]byte, error) {
	return s.tree.ReadFile(path.Join(s.dir, name))
}

func (s subtree) ReadDir(name string) ([]fs.DirEntry, error) {
	return s.tree.ReadDir(path.Join(s.dir, name))
}

func (s subtree) Stat(name string) (fs.FileInfo, error) { return s.tree.Stat(path.Join(s.dir, name)) }

// Open is there because fs.FS asks for it: a tree gives whole files only.
func (s subtree) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: errors.ErrUnsupported}
}

// allRules are the ids of the built-in rules and of the project's own, sorted.
func (in *input) allRules() []string {
	ids := analysis.BuiltInIDs()
	if in.policies != nil {
		for _, r := range in.policies.Rules() {
			ids = append(ids, r.ID)
		}
		ids = append(ids, in.policies.LeftIDs()...)
		slices.Sort(ids)
	}
	return ids
}

// checkParameters compares the parameters in the configuration with those that
// the rules declare. Built-in rules have none.
func (in *input) checkParameters() error {
	own := make(map[string]engine.Rule)
	var left []string // of these, nobody knows the parameters
	if in.policies != nil {
		left = in.policies.LeftIDs()
		for _, r := range in.policies.Rules() {
			own[r.ID] = r
		}
	}
	var mistakes []error
	for _, r := range in.cfg.Rules {
		if slices.Contains(left, r.ID) {
			continue
		}
		rule := own[r.ID]
		rule.ID = r.ID
		for _, p := range r.Parameters {
			if err := rule.CheckParameter(p.Name, p.Value); err != nil {
				at := p.At
				at.File = in.display(at.File)
				mistakes = append(mistakes, fmt.Errorf("%s: %w", at, err))
			}
		}
	}
	if len(mistakes) > 0 {
		return mistakef("%w", errors.Join(mistakes...))
	}
	return nil
}
