package terraform

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// reason is the mark of an unknown value: why it is unknown.
type reason string

// unknown returns a value that is unknown for the given reason.
func unknown(why string) value { return value{v: cty.DynamicVal.Mark(reason(why))} }

// unknownLike returns a value that is unknown for the reasons of v.
func unknownLike(v cty.Value) value {
	return value{v: cty.DynamicVal.WithMarks(reasonsOf(v))}
}

// reasonsOf returns the marks of v, and of its unknown parts.
func reasonsOf(v cty.Value) cty.ValueMarks {
	_, marks := v.Unmark()
	if len(marks) == 0 && v.ContainsMarked() {
		_, marks = v.UnmarkDeep()
	}
	return marks
}

// whyUnknown picks one of the reasons in marks, always the same one.
func whyUnknown(marks cty.ValueMarks) (why string) {
	for m := range marks {
		if r, ok := m.(reason); ok && (why == "" || string(r) < why) {
			why = string(r)
		}
	}
	return why
}

// fail reports a mistake that Terraform would reject as well and returns the
// value to go on with. In an instance that may not exist it is none: what the
// instance stands on may then not be there either. Nor is it one that rests on
// something presumed: see evaluator.presume.
func (sc scope) fail(rng hcl.Range, format string, args ...any) value {
	doubtful := sc.self != nil && sc.self.uncertain != "" || sc.mod != nil && sc.mod.uncertain != "" || sc.ev.presumed != ""
	if !doubtful || sc.ev.sink != sc.ev.global {
		for i, arg := range args {
			if err, ok := arg.(error); ok {
				args[i] = explained(err)
			}
		}
		sc.ev.report(source.EvaluationError, rng, fmt.Sprintf(format, args...))
	}
	if sc.ev.presumed != "" {
		return unknown(sc.ev.presumed)
	}
	return unknown("its expression is not valid")
}

// asString returns the text of a known string.
func asString(v cty.Value) (string, bool) {
	v, _ = v.Unmark()
	if v.Type() != cty.String || v.IsNull() || !v.IsKnown() {
		return "", false
	}
	return v.AsString(), true
}

// asInt returns a known whole number.
func asInt(v cty.Value) (int, bool) {
	v, _ = v.Unmark()
	if v.IsNull() || !v.IsKnown() {
		return 0, false
	}
	v, err := convertTo(v, cty.Number)
	if err != nil || v.IsNull() {
		return 0, false
	}
	f := v.AsBigFloat()
	if !f.IsInt() {
		return 0, false
	}
	i, _ := f.Int64()
	return int(i), true
}

// isEmpty reports whether v is known to be a list without elements.
func isEmpty(v cty.Value) bool {
	v, _ = v.Unmark()
	return v.IsKnown() && v.LengthInt() == 0
}

// describe names the type of a value in a message.
func describe(v cty.Value) string {
	v, _ = v.Unmark()
	switch {
	case v.IsNull():
		return "null"
	case v.Type().IsCapsuleType():
		return "a resource"
	default:
		return "a value of type " + v.Type().FriendlyName()
	}
}

// indexText renders an index step of an address, ["a"] or [0].
func indexText(key cty.Value) string {
	key, _ = key.Unmark()
	switch {
	case key == cty.NilVal:
		return ""
	case !key.IsKnown() || key.IsNull():
		return "[?]"
	case key.Type() == cty.String:
		return "[" + quoteKey(key.AsString()) + "]"
	case key.Type() == cty.Number:
		return "[" + key.AsBigFloat().Text('f', -1) + "]"
	default:
		return "[?]"
	}
}

// quoteKey renders a key as a string of the language, as Terraform does in
// addresses, so that the address can be pasted where Terraform takes one.
func quoteKey(key string) string {
	var b strings.Builder
	for _, r := range strings.NewReplacer("${", "$${", "%{", "%%{").Replace(key) {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r) || unicode.Is(unicode.Co, r): // placeholders are of private use
			b.WriteRune(r)
		case r < 1<<16:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return `"` + located.Display(b.String()) + `"`
}

// Placeholders are recognised by their first code point.
var placeholderMark, _, _ = strings.Cut(located.Ref{}.Placeholder(), "\ue0e1")

// hasPlaceholder reports whether a string in v holds a placeholder.
func hasPlaceholder(v cty.Value) bool { return firstPlaceholder(v) != "" }

// firstPlaceholder returns the first string in v that holds a placeholder.
func firstPlaceholder(v cty.Value) string {
	v, _ = v.Unmark()
	if v.IsNull() || !v.IsKnown() {
		return ""
	}
	t := v.Type()
	if t == cty.String {
		if s := v.AsString(); strings.Contains(s, placeholderMark) {
			return s
		}
		return ""
	}
	if t.IsPrimitiveType() || t.IsCapsuleType() || !v.CanIterateElements() {
		return ""
	}
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		if k.Type() == cty.String && !t.IsSetType() {
			if s, ok := asString(k); ok && strings.Contains(s, placeholderMark) {
				return s
			}
		}
		if s := firstPlaceholder(e); s != "" {
			return s
		}
	}
	return ""
}

// isWholePlaceholder reports whether v is a string that is one placeholder and
// nothing else.
func isWholePlaceholder(v cty.Value) bool {
	s, ok := asString(v)
	if !ok || !strings.HasPrefix(s, placeholderMark) {
		return false
	}
	refs, rest := located.Refs(s)
	return len(refs) == 1 && rest == ""
}

// afterApply is the reason for what a placeholder in v leaves open.
func afterApply(v cty.Value) string {
	refs, _ := located.Refs(firstPlaceholder(v))
	if len(refs) == 0 {
		return "it is known only after apply"
	}
	return refs[0].String() + " is known only after apply"
}

// Values that stand for a resource instance, for a module instance, and for a
// resource or module of which the number of instances is not known. They pass
// through lists, maps and functions like any value, and their attributes are
// evaluated only when something asks for them.
var (
	instanceType = cty.Capsule("resource instance", reflect.TypeFor[instance]())
	moduleType   = cty.Capsule("module instance", reflect.TypeFor[module]())
	symbolicType = cty.Capsule("resource instances", reflect.TypeFor[symbolic]())
)

// symbolic is a resource or module whose only instance stands for all there may be.
type symbolic struct {
	inst *instance
	mod  *module
	keyV cty.Value
	why  string
}

func symbolicOf(v cty.Value) *symbolic { return v.EncapsulatedValue().(*symbolic) }

func (s *symbolic) instance() cty.Value {
	if s.inst != nil {
		return cty.CapsuleVal(instanceType, s.inst)
	}
	return cty.CapsuleVal(moduleType, s.mod)
}

func (s *symbolic) key() cty.Value { return s.keyV }

// equal compares two values. The result is unknown where it depends on what
// only the cloud knows.
func equal(a, b cty.Value) cty.Value {
	ua, ma := a.Unmark()
	ub, mb := b.Unmark()
	var marks []cty.ValueMarks
	for _, m := range []cty.ValueMarks{ma, mb} {
		if len(m) > 0 {
			marks = append(marks, m)
		}
	}
	if ua.CanIterateElements() && ub.CanIterateElements() {
		for _, v := range []cty.Value{a, b} {
			if o, ok := openOf(v); ok {
				return cty.UnknownVal(cty.Bool).Mark(reason(o.why))
			}
		}
	}
	return equalPlain(ua, ub).WithMarks(marks...)
}

func equalPlain(a, b cty.Value) cty.Value {
	if a.Type().IsCapsuleType() || b.Type().IsCapsuleType() {
		switch {
		case a.IsNull() || b.IsNull():
			return cty.BoolVal(a.IsNull() && b.IsNull())
		case a.Type() == symbolicType || b.Type() == symbolicType || !a.IsKnown() || !b.IsKnown():
			return cty.UnknownVal(cty.Bool)
		case a.Type().Equals(b.Type()):
			return a.Equals(b)
		default:
			return cty.UnknownVal(cty.Bool).Mark(reason("a whole resource is known only after apply"))
		}
	}
	if !hasPlaceholder(a) && !hasPlaceholder(b) {
		if (a.ContainsMarked() || b.ContainsMarked()) && a.Type().Equals(b.Type()) {
			return a.Equals(b)
		}
		return a.Equals(b)
	}
	if a.IsNull() || b.IsNull() || !a.IsKnown() || !b.IsKnown() {
		return a.Equals(b)
	}
	if a.Type() == cty.String && b.Type() == cty.String {
		x, y := a.AsString(), b.AsString()
		switch {
		case x == y:
			return cty.True
		case x == "" || y == "":
			return cty.False
		default:
			why := a
			if !strings.Contains(x, placeholderMark) {
				why = b
			}
			return cty.UnknownVal(cty.Bool).Mark(reason(afterApply(why)))
		}
	}
	if a.CanIterateElements() && b.CanIterateElements() && a.LengthInt() != b.LengthInt() {
		return cty.False
	}
	if a.CanIterateElements() && b.CanIterateElements() && !a.Type().IsSetType() && !b.Type().IsSetType() {
		return equalElements(a, b)
	}
	if a.CanIterateElements() != b.CanIterateElements() {
		return cty.False
	}
	if a.RawEquals(b) {
		return cty.True
	}
	return cty.UnknownVal(cty.Bool).Mark(reason(afterApply(cty.TupleVal([]cty.Value{a, b}))))
}

// equalElements compares two collections of the same length, of which one holds
// a placeholder.
func equalElements(a, b cty.Value) cty.Value {
	result := cty.True
	ia, ib := a.ElementIterator(), b.ElementIterator()
	for ia.Next() && ib.Next() {
		ka, va := ia.Element()
		kb, vb := ib.Element()
		if !ka.RawEquals(kb) {
			return cty.False
		}
		switch eq, _ := equal(va, vb).Unmark(); {
		case !eq.IsKnown():
			result = equal(va, vb)
		case eq.False():
			return cty.False
		}
	}
	return result
}
