package terraform

import (
	"regexp"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/egresslint/egresslint/parser/located"
)

// textFunctions are functions on strings, and on secrecy, with rules of their own.
var textFunctions = map[string]specialFunc{
	"split":           {2, 2, split},
	"format":          {1, -1, format},
	"jsondecode":      {1, 1, decode},
	"yamldecode":      {1, 1, decode},
	"startswith":      {2, 2, startsWith},
	"endswith":        {2, 2, endsWith},
	"strcontains":     {2, 2, strContains},
	"sensitive":       {1, 1, markSensitive},
	"nonsensitive":    {1, 1, markNonsensitive},
	"issensitive":     {1, 1, isSensitive},
	"ephemeralasnull": {1, 1, func(_ scope, c *callSite) value { return c.args[0] }},
}

// texts converts all arguments to strings. bad is the result where one is not known.
func (sc scope) texts(c *callSite) (texts []string, bad *value) {
	for i, a := range c.args {
		u, marks := a.v.Unmark()
		if !u.IsKnown() {
			r := value{v: cty.UnknownVal(cty.String).WithMarks(marks)}
			return nil, &r
		}
		s, err := convertTo(u, cty.String)
		if err != nil || s.IsNull() {
			r := sc.fail(c.argRange(i), "call %s: it takes a string, not %s", c.name, describe(u))
			return nil, &r
		}
		texts = append(texts, s.AsString())
	}
	return texts, nil
}

// split cuts a string, but never inside a placeholder, whose address may hold
// the separator.
func split(sc scope, c *callSite) value {
	if bad := sc.affordable(c); bad != nil {
		return *bad
	}
	texts, bad := sc.texts(c)
	if bad != nil {
		return value{v: cty.UnknownVal(cty.List(cty.String)).WithSameMarks(bad.v)}
	}
	if why := cutsPlaceholder(texts[0], texts[1]); why != "" {
		return unknownWith(why, c.args)
	}
	var marks cty.ValueMarks
	for _, a := range c.args {
		marks = joinMarks(marks, sensitiveMarks(a.v))
	}
	var parts []cty.Value
	open := false
	if o, ok := openOf(c.args[1].v); ok && o.sized {
		marks = joinMarks(marks, cty.NewValueMarks(o))
	}
	for _, p := range splitText(texts[0], texts[1]) {
		v := cty.StringVal(p)
		if o, ok := openOf(v); ok && !open {
			open = true
			marks = joinMarks(marks, cty.NewValueMarks(openEnded{exact: len(parts), why: o.why}))
		}
		parts = append(parts, v)
	}
	if len(parts) == 0 {
		return value{cty.ListValEmpty(cty.String).WithMarks(marks), combined(c.args)}
	}
	o := combined(c.args[1:])
	if joined := c.args[1].o; joined != nil && joined.fields != nil {
		out := &origin{elems: make([]*origin, len(parts))}
		if o != nil {
			out.callers, out.via = o.callers, o.via
		}
		for i, p := range parts {
			out.elems[i] = joined.fields[p.AsString()]
		}
		o = out
	}
	return value{cty.ListVal(parts).WithMarks(marks), o}
}

// cutsPlaceholder says why splitting s could cut a value that we know by its name
// only: ids are made of parts joined by colons, names and addresses have dots,
// dashes and slashes. Commas and white space stand between such values, never
// in them.
func cutsPlaceholder(sep, s string) (why string) {
	refs, _ := located.Refs(s)
	if len(refs) == 0 || strings.Trim(sep, ",;| \t\r\n") == "" && sep != "" {
		return ""
	}
	for _, r := range refs {
		name := r.Attribute[strings.LastIndexByte(r.Attribute, '.')+1:]
		if sep != ":" || name == "id" || strings.HasPrefix(name, "endpoint") || strings.HasSuffix(name, "_endpoint") {
			return r.String() + " is known only after apply"
		}
	}
	return ""
}

func splitText(sep, s string) []string {
	if !strings.Contains(s, placeholderMark) {
		return strings.Split(s, sep)
	}
	if sep == "" {
		return []string{s}
	}
	var parts []string
	var cur strings.Builder
	for s != "" {
		i := strings.Index(s, sep)
		p := strings.Index(s, placeholderMark)
		if i < 0 {
			break
		}
		if p >= 0 && p < i {
			end := strings.Index(s, placeholderEnd)
			if end < 0 {
				break
			}
			end += len(placeholderEnd)
			cur.WriteString(s[:end])
			s = s[end:]
			continue
		}
		cur.WriteString(s[:i])
		parts = append(parts, cur.String())
		cur.Reset()
		s = s[i+len(sep):]
	}
	cur.WriteString(s)
	return append(parts, cur.String())
}

var placeholderEnd = func() string {
	p := located.Ref{}.Placeholder()
	_, size := lastRune(p)
	return p[len(p)-size:]
}()

func lastRune(s string) (rune, int) {
	r := []rune(s)
	last := r[len(r)-1]
	return last, len(string(last))
}

// plainVerb matches the verbs of format that write a string as it is.
var plainVerb = regexp.MustCompile(`%(?:\[\d+\])?[sv]`)

func format(sc scope, c *callSite) value {
	if bad := sc.affordable(c); bad != nil {
		return *bad
	}
	spec, _ := asString(c.args[0].v)
	for _, a := range c.args[1:] {
		if !hasPlaceholder(a.v) {
			continue
		}
		// What is left of the verbs could change or cut the placeholder.
		rest := plainVerb.ReplaceAllString(strings.ReplaceAll(spec, "%%", ""), "")
		if strings.Contains(rest, "s") && strings.Contains(rest, "%") && widthVerb.MatchString(rest) {
			return unknownWith(afterApply(a.v), c.args)
		}
	}
	vals := make([]cty.Value, len(c.args))
	for i, a := range c.args {
		vals[i] = a.v
	}
	out, err := stdlib.FormatFunc.Call(vals)
	if err != nil {
		for _, a := range c.args {
			if hasPlaceholder(a.v) || hasCapsule(a.v) {
				return unknownWith(afterApply(a.v), c.args)
			}
		}
		return sc.fail(c.rng(), "call format: %s", refused(err, vals...))
	}
	return value{withReasons(out, c.args), combined(c.args)}
}

// widthVerb matches the verbs that pad or cut a string.
var widthVerb = regexp.MustCompile(`%[-+# 0-9.*\[\]]+[sv]`)

// known compares two strings by a test which an unknown string may pass or fail
// by its known prefix.
func (sc scope) compareText(c *callSite, test func(s, part string) bool, byPrefix func(prefix, part string) (decided bool)) value {
	u, marks := c.args[0].v.Unmark()
	part, isText := asString(c.args[1].v)
	if !u.IsKnown() && isText && byPrefix != nil && u.Type() == cty.String {
		if byPrefix(u.Range().StringPrefix(), part) {
			return value{v: cty.BoolVal(strings.HasPrefix(u.Range().StringPrefix(), part))}
		}
	}
	if !u.IsKnown() {
		return value{v: cty.UnknownVal(cty.Bool).WithMarks(marks)}
	}
	texts, bad := sc.texts(c)
	if bad != nil {
		return value{v: cty.UnknownVal(cty.Bool).WithSameMarks(bad.v)}
	}
	if strings.Contains(texts[0], placeholderMark) || strings.Contains(texts[1], placeholderMark) {
		prefix, _, _ := strings.Cut(texts[0], placeholderMark)
		if byPrefix != nil && !strings.Contains(texts[1], placeholderMark) && byPrefix(prefix, texts[1]) {
			return value{v: cty.BoolVal(strings.HasPrefix(prefix, texts[1]))}
		}
		return unknown(afterApply(cty.TupleVal([]cty.Value{cty.StringVal(texts[0]), cty.StringVal(texts[1])})))
	}
	return value{cty.BoolVal(test(texts[0], texts[1])), combined(c.args)}
}

func startsWith(sc scope, c *callSite) value {
	return sc.compareText(c, strings.HasPrefix, func(prefix, part string) bool {
		return strings.HasPrefix(prefix, part) || !strings.HasPrefix(part, prefix)
	})
}

func endsWith(sc scope, c *callSite) value { return sc.compareText(c, strings.HasSuffix, nil) }

func strContains(sc scope, c *callSite) value { return sc.compareText(c, strings.Contains, nil) }

func markSensitive(_ scope, c *callSite) value {
	return value{secret(c.args[0].v), c.args[0].o}
}

func markNonsensitive(_ scope, c *callSite) value {
	v, marks := c.args[0].v.Unmark()
	for m := range marks {
		if m != (sensitive{}) {
			v = v.Mark(m)
		}
	}
	return value{v, c.args[0].o}
}

func isSensitive(_ scope, c *callSite) value {
	return value{v: cty.BoolVal(c.args[0].v.HasMark(sensitive{}))}
}
