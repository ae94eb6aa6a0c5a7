package cli

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/nearest"
	"github.com/egresslint/egresslint/parser/source"
)

// unused returns a notice for each glob that matches nothing, each chart of the
// configuration that is not rendered, each variable that nothing declares, and each
// annotation with a slip in its name. They have no effect that anybody would notice
// otherwise.
func (in *input) unused(f *inputFlags, parsed *parser.Result) []source.Diagnostic {
	return slices.Concat(in.unusedGlobs(f), in.unusedManifests(parsed), in.unusedCharts(parsed), in.unusedVars(f, parsed), unknownAnnotations(parsed))
}

// unusedCharts returns a notice for each entry of a chart that lies outside the
// paths, unless these are only a part of what the configuration is about.
func (in *input) unusedCharts(parsed *parser.Result) []source.Diagnostic {
	if len(in.cfg.Helm) == 0 || !in.lintsAll() {
		return nil
	}
	var out []source.Diagnostic
	for _, c := range in.cfg.Helm {
		linted := slices.ContainsFunc(parsed.Linted, func(f source.File) bool {
			return f.Name == c.Dir || strings.HasPrefix(f.Name, c.Dir+"/")
		})
		if !linted && c.Dir != "." {
			out = append(out, source.Diagnostic{
				Kind: source.UnmatchedEntry, Range: c.At,
				Message: fmt.Sprintf("chart %s is not rendered: it is not among the files that the run was given", c.Dir),
			})
		}
	}
	return out
}

// lintsAll reports whether the paths name all that the configuration is about, or
// all of the tree if there is none.
func (in *input) lintsAll() bool {
	dir := path.Dir(in.cfg.File)
	return len(in.cfg.Paths) > 0 && slices.Equal(in.parser.Paths, in.cfg.Paths) ||
		slices.ContainsFunc(in.parser.Paths, func(p string) bool {
			return p == "." || p == dir || strings.HasPrefix(dir, p+"/")
		})
}

func (in *input) unusedGlobs(f *inputFlags) []source.Diagnostic {
	// Globs of the configuration are meant for all of its folder: a run over a part
	// of it says nothing of them.
	fromConfig := in.cfg.Exclude
	if !in.lintsAll() {
		fromConfig = nil
	}
	if len(f.exclude) == 0 && len(fromConfig) == 0 {
		return nil
	}
	files, _ := in.tree.Walk(in.parser.Paths, source.WalkOptions{})
	var trials source.Trials
	matches := func(glob string) bool {
		return slices.ContainsFunc(files, func(f source.File) bool {
			return trials.Over() || trials.MatchAbove(glob, f.Name) // over, it is not known any more
		})
	}
	var out []source.Diagnostic
	notice := func(at source.Range, what, where string) {
		out = append(out, source.Diagnostic{
			Kind: source.UnmatchedEntry, Range: at,
			Message: fmt.Sprintf("%s matched nothing that egresslint reads (globs are relative to %s)", what, where),
		})
	}
	for _, pattern := range f.exclude {
		if glob, err := in.glob(pattern); err == nil && !matches(glob) {
			notice(source.Range{}, "--exclude "+pattern, "the working directory")
		}
	}
	for _, glob := range fromConfig {
		if !matches(glob.Pattern) {
			notice(glob.At, "exclude "+glob.Text, "the folder of this file")
		}
	}
	return out
}

// variableBlock is the head of the declaration of a Terraform variable.
var variableBlock = regexp.MustCompile(`\bvariable\s+"?([A-Za-z_][\w-]*)`)

func (in *input) unusedVars(f *inputFlags, parsed *parser.Result) []source.Diagnostic {
	if len(f.vars) == 0 {
		return nil
	}
	// A text that only looks like a declaration keeps a notice away, which is no
	// harm; so does a file of the JSON syntax.
	var declared []string
	read := make(map[string]bool)
	for _, root := range parsed.Roots {
		if read[root.Dir] {
			continue
		}
		read[root.Dir] = true
		entries, _ := in.tree.ReadDir(root.Dir)
		for _, e := range entries {
			name := path.Join(root.Dir, e.Name())
			if kind, _ := source.KindOf(name); kind != source.Terraform {
				continue
			}
			if strings.HasSuffix(name, ".json") {
				return nil
			}
			data, _ := in.tree.ReadFile(name) // what cannot be read is told already
			for _, m := range variableBlock.FindAllSubmatch(data, -1) {
				declared = append(declared, string(m[1]))
			}
		}
	}
	slices.Sort(declared)
	var out []source.Diagnostic
	for _, v := range in.parser.Terraform.Vars {
		if slices.Contains(declared, v.Name) {
			continue
		}
		message := "no root declares variable " + v.Name
		if near := nearest.To(v.Name, declared); near != "" {
			message += fmt.Sprintf(", did you mean %q?", near)
		}
		out = append(out, source.Diagnostic{Kind: source.UnmatchedEntry, Message: message})
	}
	return out
}
