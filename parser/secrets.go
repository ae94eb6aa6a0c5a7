package parser

import (
	"strings"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// Secrets returns the texts of all that is secret in what was read, but for names that
// the files say in the open too.
func (r *Result) Secrets() *located.Secrets {
	s := &located.Secrets{}
	for _, o := range r.Objects {
		s.Add(o.Root)
	}
	for _, root := range r.Roots {
		for _, v := range valuesOf(root) {
			s.Add(v)
		}
	}
	for _, list := range r.Rendered {
		for _, o := range list {
			s.Add(o.Root)
		}
	}
	if len(s.Texts()) == 0 {
		return s
	}
	for _, o := range r.Objects {
		s.Spare(o.Root)
	}
	for _, list := range r.Rendered {
		for _, o := range list {
			s.Spare(o.Root)
		}
	}
	for _, root := range r.Roots {
		for _, v := range valuesOf(root) {
			s.Spare(v)
		}
		for _, res := range root.Resources {
			s.SpareText(res.Name)
			s.SpareText(res.Address)
		}
	}
	for _, f := range r.Linted {
		s.SpareText(f.Name)
		for element := range strings.SplitSeq(f.Name, "/") {
			s.SpareText(element)
		}
	}
	return s
}

// valuesOf returns the values of a root.
func valuesOf(root *terraform.Root) []*located.Value {
	var list []*located.Value
	for _, res := range root.Resources {
		body := res.Body
		if strings.HasPrefix(res.Type, "kubernetes_secret") { // it says in its type what manifests say in kind
			kind := located.Field{Key: "kind", Value: &located.Value{Kind: located.String, Str: "Secret"}}
			body = &located.Value{Kind: located.Map, Map: append([]located.Field{kind}, body.Map...)}
		}
		list = append(list, body)
	}
	for _, p := range root.Providers {
		list = append(list, p.Body)
	}
	for _, m := range root.UnreadModules {
		list = append(list, m.Arguments)
	}
	return list
}
