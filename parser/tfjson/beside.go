package tfjson

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// configurationBeside evaluates the configuration that a plan was made from, with
// the plan's own variables, if the tree has it in one of the usual places. It
// returns nil if it does not, or has another version of it.
func (s *sections) configurationBeside(ctx context.Context, tree *source.Tree, plan *terraform.Root) *terraform.Root {
	if tree == nil || s.configuration == absent || len(plan.Resources) == 0 {
		return nil // a plan that destroys everything says nothing of the configuration
	}
	dir := path.Dir(s.name)
	for _, place := range []string{".", "config", "../config"} {
		d, err := source.Join(dir, place)
		if err != nil {
			continue
		}
		names := configurationFiles(tree, d)
		if len(names) == 0 {
			continue
		}
		roots, diagnostics := terraform.Load(ctx, tree, names, terraform.Options{Stacks: []terraform.Stack{{Dir: d, Vars: s.assignments()}}})
		// Terraform makes no plan of what it cannot read. Everything else that there is
		// to say of the configuration is said by a run over it.
		if slices.ContainsFunc(diagnostics, func(d source.Diagnostic) bool { return d.Kind == source.ParseError }) {
			continue
		}
		for _, root := range roots {
			if root.Dir == d && describes(root, plan) {
				return root
			}
		}
	}
	return nil
}

func configurationFiles(tree *source.Tree, dir string) []string {
	entries, err := tree.ReadDir(dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if kind, ok := source.KindOf(e.Name()); ok && kind == source.Terraform {
			names = append(names, path.Join(dir, e.Name()))
		}
	}
	return names
}

// assignments returns the values that a plan was made with, as Terraform takes them
// on its command line. A variable that is null is left at its default.
func (s *sections) assignments() map[string]string {
	vars := make(map[string]string)
	for f := range s.fields(s.variables) {
		i := s.get(f.value, "value")
		switch s.at(i) {
		case 0, 'n':
		case '"':
			vars[f.key] = s.str(i)
		case '{', '[':
			raw := s.data[i:s.skip(i)]
			typ, err := ctyjson.ImpliedType(raw)
			if err != nil {
				continue
			}
			value, err := ctyjson.Unmarshal(raw, typ)
			if err != nil {
				continue
			}
			vars[f.key] = string(hclwrite.TokensForValue(value).Bytes())
		default:
			vars[f.key] = string(s.data[i:s.skip(i)])
		}
	}
	return vars
}

// describes reports whether a configuration has every block that a plan has managed
// instances of. Otherwise it is not the version that the plan was made from.
func describes(hcl, plan *terraform.Root) bool {
	blocks := make(map[string]bool)
	for _, res := range hcl.Resources {
		blocks[blockOf(res)] = true
	}
	for _, res := range plan.Resources {
		if !res.Data && !blocks[blockOf(res)] && !slices.ContainsFunc(hcl.UnreadModules, func(m terraform.UnreadModule) bool { return within(res, m) }) {
			return false
		}
	}
	return true
}

// within reports whether a module call leads to the module of a resource.
func within(res *terraform.Resource, m terraform.UnreadModule) bool {
	module, call := withoutKeys(res.Module), withoutKeys(m.Address)
	return module == call || strings.HasPrefix(module, call+".")
}

// blockOf returns the address of the block that a resource is an instance of, the
// same for every instance of its module.
func blockOf(res *terraform.Resource) string {
	block := res.Type + "." + res.Name
	if res.Data {
		block = "data." + block
	}
	return withoutKeys(res.Module) + "/" + block
}

func withoutKeys(module string) string {
	steps := splitModules(module)
	for i, step := range steps {
		name, _, _ := strings.Cut(step, "[")
		steps[i] = name
	}
	return strings.Join(steps, ".")
}
