package gitops

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// fastParameter is a parameter of the simple templates of Argo CD, as {{name}},
// {{path.basename}} and {{path[0]}}.
var fastParameter = regexp.MustCompile(`\{\{\s*([\w.\-\[\]/]+)\s*\}\}`)

// fillFast fills in a simple template. A parameter that is not there stays, as Argo
// CD leaves it. It returns the values that were used.
func fillFast(in string, parameters *located.Value) (out string, used []*located.Value, err error) {
	var b strings.Builder
	last := 0
	for _, m := range fastParameter.FindAllStringSubmatchIndex(in, -1) {
		v := fastValue(in[m[2]:m[3]], parameters)
		s, ok := v.Text()
		if !ok {
			continue
		}
		used = append(used, v)
		b.WriteString(in[last:m[0]])
		b.WriteString(s)
		last = m[1]
		if b.Len() > maxText {
			return "", nil, errText
		}
	}
	b.WriteString(in[last:])
	return b.String(), used, nil
}

func fastValue(name string, parameters *located.Value) *located.Value {
	switch {
	case name == "path": // in Go templates it is a map
		if v := parameters.Get("path"); v.Kind != located.Map {
			return v
		}
		return parameters.Get("path", "path")
	case strings.HasPrefix(name, "path[") && strings.HasSuffix(name, "]"):
		segments := parameters.Get("path", "segments").Items()
		i, err := strconv.Atoi(name[len("path[") : len(name)-1])
		if err != nil || i < 0 || i >= len(segments) {
			return nil
		}
		return segments[i]
	}
	if f, ok := parameters.Field(name); ok { // a key with dots in it
		return f.Value
	}
	return parameters.Get(strings.Split(name, ".")...)
}

// goFunctions are the functions of Go templates that are known: those that make a
// text longer by no more than a few characters. Others could double it at each step.
var goFunctions = template.FuncMap{
	"default": func(fallback, v any) any {
		if v == nil || v == "" || v == false {
			return fallback
		}
		return v
	},
	"lower":      strings.ToLower,
	"upper":      strings.ToUpper,
	"trim":       strings.TrimSpace,
	"quote":      func(v any) string { return `"` + fmt.Sprint(v) + `"` },
	"squote":     func(v any) string { return "'" + fmt.Sprint(v) + "'" },
	"normalize":  normalize,
	"toString":   func(v any) string { return fmt.Sprint(v) },
	"trimPrefix": func(prefix, s string) string { return strings.TrimPrefix(s, prefix) },
	"trimSuffix": func(suffix, s string) string { return strings.TrimSuffix(s, suffix) },
	"hasPrefix":  func(prefix, s string) bool { return strings.HasPrefix(s, prefix) },
	"hasSuffix":  func(suffix, s string) bool { return strings.HasSuffix(s, suffix) },
	"contains":   func(part, s string) bool { return strings.Contains(s, part) },
	"print":      notKnown,
	"println":    notKnown,
	"printf":     notKnown,
	"html":       notKnown,
	"js":         notKnown,
	"urlquery":   notKnown,
}

func notKnown(...any) (string, error) { return "", errors.New("it is not known here") }

var errLoop = errors.New("loops and named templates are not followed")

// fillGo fills in a Go template without loops; data is the parameters as it sees
// them. It returns the values that were used if it is nothing but one of them.
func fillGo(in string, parameters *located.Value, data any, budget *Budget) (out string, used []*located.Value, err error) {
	if _, _, err := source.CheckTemplate(in); err != nil {
		return "", nil, err
	}
	t, err := template.New("text").Funcs(budget.functions).Option("missingkey=error").Parse(in)
	if err != nil {
		return "", nil, errors.New("it uses what is not known here")
	}
	if len(t.Templates()) > 1 || t.Tree == nil || loops(t.Root) {
		return "", nil, errLoop
	}
	var b limitedText
	if err := t.Execute(&b, data); err != nil {
		if errors.Is(err, errText) {
			return "", nil, errText
		}
		if limit := budget.templates.Err(); limit != nil {
			return "", nil, overrun{limit}
		}
		return "", nil, errors.New("a parameter is not known")
	}
	if fields := onlyField(t.Root); fields != nil {
		used = append(used, parameters.Get(fields...))
	}
	return b.String(), used, nil
}

// limitedText is a text that gets no longer than maxText.
type limitedText struct{ strings.Builder }

func (b *limitedText) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxText {
		return 0, errText
	}
	return b.Builder.Write(p)
}

// loops reports whether a template may take more time than its text is long.
func loops(list *parse.ListNode) bool {
	if list == nil {
		return false
	}
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.RangeNode, *parse.TemplateNode:
			return true
		case *parse.IfNode:
			if loops(n.List) || loops(n.ElseList) {
				return true
			}
		case *parse.WithNode:
			if loops(n.List) || loops(n.ElseList) {
				return true
			}
		}
	}
	return false
}

// onlyField returns the path of the parameter that a template consists of; nil if
// there is more to it.
func onlyField(list *parse.ListNode) []string {
	if len(list.Nodes) != 1 {
		return nil
	}
	action, ok := list.Nodes[0].(*parse.ActionNode)
	if !ok || len(action.Pipe.Decl) > 0 || len(action.Pipe.Cmds) != 1 || len(action.Pipe.Cmds[0].Args) != 1 {
		return nil
	}
	field, ok := action.Pipe.Cmds[0].Args[0].(*parse.FieldNode)
	if !ok {
		return nil
	}
	return field.Ident
}

// plain is v as templates see it.
func plain(v *located.Value) any {
	switch v.Kind {
	case located.Map:
		m := make(map[string]any, len(v.Map))
		for _, f := range v.Map {
			m[f.Key] = plain(f.Value)
		}
		return m
	case located.List:
		list := make([]any, len(v.List))
		for i, e := range v.List {
			list[i] = plain(e)
		}
		return list
	case located.Bool:
		return v.Bool
	case located.String, located.Number:
		return v.Str
	default:
		return nil
	}
}
