package checks

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// document returns the plan or state that takes the place of the configuration in dir,
// which was judged itself when the directory was former; asked says that the command line
// names it.
func (j *judging) document(dir, former string) (name string, asked bool) {
	evaluated := slices.ContainsFunc(j.before.Run.Parsed.Roots, func(r *terraform.Root) bool { return r.Dir == former })
	if !evaluated || len(j.before.Run.Parsed.Documents[former]) > 0 {
		return "", false
	}
	documents := j.now.Run.Parsed.Documents[dir]
	if len(documents) == 0 {
		return "", false
	}
	for _, name := range documents {
		if slices.Contains(j.between.Given, name) {
			return name, true
		}
	}
	return documents[0], false
}

// askedFor reports whether the command line names plans or states for all of the roots.
func (j *judging) askedFor(roots []string) bool {
	for _, root := range roots {
		if _, asked := j.document(root, root); !asked {
			return false
		}
	}
	return len(roots) > 0
}

// reason says why what stands in a file is judged no longer. roots are the directories of
// the roots that evaluated it before.
func (j *judging) reason(f source.File, whole bool, roots []string) string {
	tree, dir := j.now.Run.Tree, path.Dir(f.Name)
	there := func(name string) bool { _, err := tree.Stat(name); return err == nil }
	switch {
	case !whole:
		return "not all of it can be read"
	case f.Kind != source.Terraform:
		if chart := chartAbove(f.Name, there); chart != "" {
			return fmt.Sprintf("it is part of the chart in %s, which does not render it", chart)
		}
		return "a kustomization uses it, and no overlay that can be built has it"
	}
	if twin := terraform.Twin(f.Name); twin != "" && there(twin) {
		return path.Base(twin) + " beside it is read in its place"
	}
	if there(path.Join(dir, "terragrunt.hcl")) || there(path.Join(dir, "terragrunt.hcl.json")) {
		return "its folder belongs to Terragrunt, as terragrunt.hcl says"
	}
	if slices.Contains(strings.Split(dir, "/"), "tests") {
		return "its folder is one of tests"
	}
	for _, root := range append([]string{dir}, roots...) {
		if document, _ := j.document(root, root); document != "" {
			return fmt.Sprintf("%s is read in the place of the configuration", document)
		}
	}
	isRoot := func(dir string) bool {
		return slices.ContainsFunc(j.now.Run.Parsed.Roots, func(r *terraform.Root) bool { return r.Dir == dir })
	}
	for _, root := range append([]string{dir}, roots...) {
		if isRoot(root) {
			continue
		}
		if caller := j.caller(root); caller != "" {
			return fmt.Sprintf("%s calls %s as a module, so that it is no root, and no instance is left", caller, root)
		}
	}
	return "no instance of it is left, as its count or for_each, or that of a module, says"
}

// chartAbove is the directory of the chart that a file lies in; empty if it lies in none.
func chartAbove(name string, there func(string) bool) string {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if there(path.Join(dir, "Chart.yaml")) {
			return dir
		}
		if dir == "." {
			return ""
		}
	}
}

// caller is the place of a module block of the change that leads to a directory.
func (j *judging) caller(dir string) string {
	for _, name := range slices.Sorted(maps.Keys(j.between.Changed)) {
		if kind, _ := source.KindOf(name); kind != source.Terraform {
			continue
		}
		blocks, _ := terraform.ReadWritten(j.now.Run.Tree, name)
		for _, b := range blocks {
			if b.Calls == dir && strings.HasPrefix(b.Address, "module.") {
				return fmt.Sprintf("%s:%d", name, b.At.Start.Line)
			}
		}
	}
	return ""
}
