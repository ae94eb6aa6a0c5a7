package engine

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/egresslint/egresslint/internal/finding"
)

// Result is one finding of a rule. Places are handles of the model's origins.
type Result struct {
	Rule     string
	Severity finding.Severity
	At       int          // handle of the place to change, never 0
	Related  []RelatedRef // without places that the model does not know, and without At
	Case     string       // which of the rule's messages this is
	Message  string
	Remedy   string
	Key      []string // stable arguments for the fingerprint
}

// RelatedRef is a place that helps to understand a result.
type RelatedRef struct {
	At   int
	Text string
}

func (r Result) compare(s Result) int {
	return cmp.Or(
		cmp.Compare(r.Rule, s.Rule),
		cmp.Compare(r.At, s.At),
		cmp.Compare(r.Case, s.Case),
		slices.Compare(r.Key, s.Key),
		cmp.Compare(r.Message, s.Message),
	)
}

// maxResults bounds, in bytes, what a rule of a project's own reports.
const maxResults = 16 << 20

// size is about how many bytes the result takes in a report.
func (r *Result) size() int {
	n := 512 + len(r.Message) + len(r.Remedy)
	for _, k := range r.Key {
		n += 16 + len(k)
	}
	for _, related := range r.Related {
		n += 64 + len(related.Text)
	}
	return n
}

// decode reads one element of a rule's violation set:
//
//	{"at": origin, "level": "warning", "case": "name", "args": {...},
//	 "key": ["..."], "related": [{"at": origin, "text": "..."}]}
//
// where level and related may be left out.
func decode(rule *Rule, v ast.Value) (Result, error) {
	violation, ok := v.(ast.Object)
	if !ok {
		return Result{}, errors.New("read violation: not an object")
	}
	d := decoder{object: violation}
	result := Result{
		Rule:     rule.ID,
		Severity: rule.Severity,
		At:       d.origin("at"),
		Case:     d.string("case"),
	}
	if level := violation.Get(ast.InternedTerm("level")); level != nil {
		severity, err := finding.ParseSeverity(d.string("level"))
		if err != nil {
			return Result{}, fmt.Errorf("read violation: level: %w", err)
		}
		result.Severity = severity
	}
	d.each("key", func(v ast.Value) bool {
		s, ok := v.(ast.String)
		result.Key = append(result.Key, string(s))
		return ok
	})
	if violation.Get(ast.InternedTerm("related")) != nil {
		d.each("related", func(v ast.Value) bool {
			object, ok := v.(ast.Object)
			if !ok {
				return false
			}
			r := decoder{object: object}
			ref := RelatedRef{At: r.origin("at"), Text: r.string("text")}
			if r.err == nil && ref.At != 0 && ref.At != result.At && !slices.Contains(result.Related, ref) {
				result.Related = append(result.Related, ref)
			}
			return r.err == nil
		})
	}
	args := d.objectAt("args")
	if d.err != nil {
		return Result{}, d.err
	}
	if result.At == 0 {
		return Result{}, errors.New("read violation: at is no place")
	}

	t, ok := rule.cases[result.Case]
	if !ok {
		return Result{}, fmt.Errorf("read violation: no message for case %q", result.Case)
	}
	var err error
	if result.Message, err = t.message.render(args); err != nil {
		return Result{}, err
	}
	if result.Remedy, err = t.remedy.render(args); err != nil {
		return Result{}, err
	}
	return result, nil
}

// decoder reads fields of a Rego object and keeps the first error.
type decoder struct {
	object ast.Object
	err    error
}

func (d *decoder) fail(name, want string) {
	if d.err == nil {
		d.err = fmt.Errorf("read violation: %s is not %s", name, want)
	}
}

func get[T ast.Value](d *decoder, object ast.Object, name, want string) (value T) {
	if term := object.Get(ast.InternedTerm(name)); term != nil {
		if v, ok := term.Value.(T); ok {
			return v
		}
	}
	d.fail(name, want)
	return value
}

func (d *decoder) string(name string) string {
	return string(get[ast.String](d, d.object, name, "a string"))
}

func (d *decoder) objectAt(name string) ast.Object {
	return get[ast.Object](d, d.object, name, "an object")
}

// origin reads the handle of an origin object.
func (d *decoder) origin(name string) int {
	object := d.objectAt(name)
	if object == nil {
		return 0
	}
	ref, ok := get[ast.Number](d, object, "ref", "a number").Int()
	if !ok {
		d.fail(name+".ref", "an integer")
	}
	return ref
}

func (d *decoder) each(name string, f func(ast.Value) bool) {
	array := get[*ast.Array](d, d.object, name, "an array")
	if array == nil {
		return
	}
	for i := range array.Len() {
		if !f(array.Elem(i).Value) {
			d.fail(fmt.Sprintf("%s[%d]", name, i), "valid")
			return
		}
	}
}
