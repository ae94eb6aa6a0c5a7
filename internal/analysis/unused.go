package analysis

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
func (s Session) unused(parsed *parser.Result) []source.Diagnostic {
	return slices.Concat(s.unusedGlobs(), s.unusedManifests(parsed), s.unusedCharts(parsed), s.unusedVars(parsed), unknownAnnotations(parsed))
}

// unusedCharts returns a notice for each entry of a chart that lies outside the
// paths, unless these are only a part of what the configuration is about.
func (s Session) unusedCharts(parsed *parser.Result) []source.Diagnostic {
	if len(s.settings.Config.Helm) == 0 || !s.LintsAll() {
		return nil
	}
	var out []source.Diagnostic
	for _, c := range s.settings.Config.Helm {
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

func (s Session) unusedGlobs() []source.Diagnostic {
	// Globs of the configuration are meant for all of its folder: a run over a part
	// of it says nothing of them.
	fromConfig := s.settings.Config.Exclude
	if !s.LintsAll() {
		fromConfig = nil
	}
	if len(s.settings.Exclude) == 0 && len(fromConfig) == 0 {
		return nil
	}
	files, _ := s.tree.Walk(s.parser.Paths, source.WalkOptions{})
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
	for _, glob := range s.settings.Exclude {
		if !matches(glob.Pattern) {
			notice(source.Range{}, glob.Text, "the working directory")
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

func (s Session) unusedVars(parsed *parser.Result) []source.Diagnostic {
	if len(s.parser.Terraform.Vars) == 0 {
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
		entries, _ := s.tree.ReadDir(root.Dir)
		for _, e := range entries {
			name := path.Join(root.Dir, e.Name())
			if kind, _ := source.KindOf(name); kind != source.Terraform {
				continue
			}
			if strings.HasSuffix(name, ".json") {
				return nil
			}
			data, _ := s.tree.ReadFile(name) // what cannot be read is told already
			for _, m := range variableBlock.FindAllSubmatch(data, -1) {
				declared = append(declared, string(m[1]))
			}
		}
	}
	slices.Sort(declared)
	var out []source.Diagnostic
	for _, v := range s.parser.Terraform.Vars {
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
