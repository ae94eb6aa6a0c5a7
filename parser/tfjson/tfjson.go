// Package tfjson reads what terraform show -json prints, plans and states, into the
// same resource instances that parser/terraform evaluates from a configuration.
//
// A plan knows the values of variables, of data sources and of what exists already,
// but of what it is about to make it has neither ids nor the expressions that use
// them. Where the configuration lies beside it, both are read and put together, see
// [Merge].
package tfjson

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// byteOrderMark is what some shells put before the output of a command.
const byteOrderMark = "\ufeff"

// Is reports whether data looks like a plan or a state that terraform show -json
// printed. It reads no further than it must.
func Is(data []byte) bool {
	if !bytes.Contains(data, []byte(`"format_version"`)) || !bytes.Contains(data, []byte(`"terraform_version"`)) {
		return false
	}
	d := &document{text: &text{data: bytes.TrimPrefix(data, []byte(byteOrderMark))}, keys: make(map[string]string)}
	format, version, content := false, false, false
	for f := range d.fields(d.blank(0)) {
		switch f.key {
		case "format_version":
			format = true
		case "terraform_version":
			version = true
		case "planned_values", "values", "resource_changes":
			content = true
		}
		if format && version && content {
			return true
		}
	}
	return false
}

// Parse reads the plan or state in the file name. Resources are what there is after
// the plan is applied, ordered by address. If the tree has the configuration that a
// plan was made from, in the plan's directory, in config beside it or in ../config,
// the result is [Merge]d with it: Dir is then the configuration's directory, and
// values stand where it writes them. Otherwise, and if tree is nil, Dir is the
// document's own directory and values stand in the document.
//
// ids tell which attributes of the plan stand for the thing that a resource makes.
//
// The root is nil if the document cannot be read. What is wrong with it is a
// ParseError or LimitReached with its place; a plan for only a part of its
// configuration is told as Unread.
func Parse(ctx context.Context, tree *source.Tree, name string, data []byte, ids Identities) (*terraform.Root, []source.Diagnostic) {
	if len(data) > source.MaxFileSize {
		return nil, []source.Diagnostic{{
			Kind: source.LimitReached, Range: source.Range{File: name},
			Message: fmt.Sprintf("read Terraform document: %v", source.ErrTooLarge),
		}}
	}
	if d := source.CheckText(name, data); d != nil {
		return nil, []source.Diagnostic{*d}
	}
	d, problem := openDocument(name, bytes.TrimPrefix(data, []byte(byteOrderMark)))
	if problem != nil {
		return nil, []source.Diagnostic{*problem}
	}
	s := d.find()
	if problem := s.checkVersion(); problem != nil {
		return nil, []source.Diagnostic{*problem}
	}
	root, diagnostics := s.read(ids)
	if hcl := s.configurationBeside(ctx, tree, root); hcl != nil {
		root = Merge(root, hcl)
	}
	return root, diagnostics
}

// read turns the document into a root.
func (s *sections) read(ids Identities) (*terraform.Root, []source.Diagnostic) {
	r := s.instances()
	resolver := newResolver(ids)
	for _, in := range r.order {
		resolver.resolve(in)
	}
	known := r.literals(ids)
	root := &terraform.Root{Dir: path.Dir(s.name), Providers: s.providers()}
	for _, in := range r.order {
		known.replace(in)
		root.Resources = append(root.Resources, in.res)
	}
	slices.SortFunc(root.Resources, func(a, b *terraform.Resource) int { return compareAddresses(a.Address, b.Address) })
	if s.incomplete == "" {
		return root, nil
	}
	root.UnreadModules = append(root.UnreadModules, s.rest())
	return root, []source.Diagnostic{{
		Kind: source.Unread, Range: source.Range{File: s.name},
		Message: fmt.Sprintf("read plan: %s; make a plan of the whole configuration", s.incomplete),
	}}
}

// rest stands for the resources that an incomplete plan leaves out: they may be
// anything, as those of a module that was not read.
func (s *sections) rest() terraform.UnreadModule {
	whole := source.Range{File: s.name}
	return terraform.UnreadModule{
		Address: s.name, Source: s.name, Range: whole, Reason: s.incomplete,
		Arguments: &located.Value{Kind: located.Unknown, Reason: s.incomplete, Range: whole},
	}
}

// providers reads the provider blocks. Of an argument that is not a constant a plan
// does not have the value.
func (s *sections) providers() []*terraform.Provider {
	var out []*terraform.Provider
	for p := range s.fields(s.get(s.configuration, "provider_config")) {
		expressions := s.get(p.value, "expressions")
		if expressions == absent {
			continue // not a block, or an empty one
		}
		provider := &terraform.Provider{
			Name: s.str(s.get(p.value, "name")), Module: s.str(s.get(p.value, "module_address")),
			Body: &located.Value{Kind: located.Map, Range: s.span(p.start, p.end)},
		}
		if alias := s.str(s.get(p.value, "alias")); alias != "" {
			provider.Name += "." + alias
		}
		provider.Body.Map = s.constants(expressions, provider.Name)
		markKeys(provider.Body)
		out = append(out, provider)
	}
	slices.SortStableFunc(out, func(a, b *terraform.Provider) int {
		return cmp.Or(compareAddresses(a.Module, b.Module), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// constants reads the arguments and nested blocks of a provider block.
func (s *sections) constants(expressions int, path string) []located.Field {
	c := &configReader{document: s.document}
	v := &valueReader{document: s.document}
	var out []located.Field
	for f := range s.fields(expressions) {
		value := &located.Value{Range: s.span(f.value, f.value+1)}
		constant := s.get(f.value, "constant_value")
		switch {
		case s.at(f.value) == '[':
			value.Kind = located.List
			for block := range s.items(f.value) {
				value.List = append(value.List, &located.Value{
					Kind: located.Map, Range: s.span(block, block+1), Map: s.constants(block, path+"."+f.key),
				})
			}
		case !c.isExpression(f.value):
			value.Kind, value.Map = located.Map, s.constants(f.value, path+"."+f.key)
		case constant != absent:
			if value = v.value(constant, absent, absent, nil, f.key); value == nil {
				continue
			}
		default:
			value.Kind = located.Unknown
			value.Reason = path + "." + f.key + " is not in the plan: check the configuration together with it"
		}
		out = append(out, located.Field{Key: f.key, KeyRange: s.span(f.start, f.end), Value: value})
	}
	return unique(out)
}

// compareAddresses orders addresses as parser/terraform does: as text, but indexes
// by number.
func compareAddresses(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	x, y := indexAround(a, i), indexAround(b, i)
	if x != "" && y != "" {
		return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
	}
	return cmp.Compare(a, b)
}

// indexAround returns the number in brackets that position i of an address lies in.
func indexAround(s string, i int) string {
	open := strings.LastIndexByte(s[:i], '[')
	if open < 0 {
		return ""
	}
	number, _, ok := strings.Cut(s[open+1:], "]")
	if !ok || open+1+len(number) < i || strings.Trim(number, "0123456789") != "" {
		return ""
	}
	return number
}
