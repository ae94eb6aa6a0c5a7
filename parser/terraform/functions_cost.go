package terraform

import (
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/egresslint/egresslint/parser/guard"
)

// affordable returns nil if a call with such arguments stays within bounds, else its
// result. What would be too large is known from the arguments, before it is made.
func (sc scope) affordable(c *callSite) *value {
	left := maxWeight
	given := 0 // bytes of text
	for _, a := range c.args {
		if !weigh(a.v, &left) {
			sc.ev.limit(c.rng(), "call %s: the arguments are too large", c.name)
			u := unknown("its value is too large")
			return &u
		}
		given += textIn(a.v)
	}
	pattern, text := searched(c)
	search := 0
	if pattern != "" {
		search = matching(pattern, len(text))
	}
	if !sc.ev.spend(steps, maxWeight-left+given/256+min(search, maxMatching)/100, c.rng()) {
		u := unknown(tooCostly)
		return &u
	}
	tooMuch := given > maxArgument || search > maxMatching
	if !tooMuch {
		letters, elements := made(c)
		tooMuch = letters > maxText || elements > maxWeight
	}
	if tooMuch && guard.On(guard.TerraformBudgets) {
		sc.ev.limit(c.rng(), "call %s: the result is too large", c.name)
		u := unknown("its value is too large")
		return &u
	}
	return nil
}

// searched is the regular expression of a call and the text that it is looked for in.
func searched(c *callSite) (pattern, text string) {
	switch c.name {
	case "regex", "regexall":
		return c.text(0), c.text(1)
	case "replace":
		if p := c.text(1); len(p) > 1 && strings.HasPrefix(p, "/") && strings.HasSuffix(p, "/") {
			return p[1 : len(p)-1], c.text(0)
		}
	}
	return "", ""
}

// text is argument i if it is a known string.
func (c *callSite) text(i int) string {
	if i >= len(c.args) {
		return ""
	}
	s, _ := asString(c.args[i].v)
	return s
}

// made is the most that a function makes of its arguments, as far as it can be much
// more than they are.
func made(c *callSite) (letters, elements int) {
	switch c.name {
	case "setproduct":
		n := len(c.args)
		for _, a := range c.args {
			n = min(n*max(lengthOf(a.v), 1), maxWeight+1)
		}
		return 0, n
	case "join":
		n := 0
		for _, a := range c.args[1:] {
			n += lengthOf(a.v)
		}
		return len(c.text(0)) * n, 0
	case "replace":
		return replacedSize(c.text(0), c.text(1), c.text(2)), 0
	case "indent":
		n, _ := asInt(c.args[0].v)
		return min(max(n, 0), maxText) * (1 + strings.Count(c.text(1), "\n")), 0
	case "format", "formatlist":
		n := 1
		for _, a := range c.args[1:] {
			if c.name == "formatlist" {
				n = max(n, lengthOf(a.v))
			}
		}
		// Each argument may stand in the place of each verb, by its number.
		size := 0
		for _, a := range c.args[1:] {
			size = max(size, textIn(a.v)/max(1, lengthOf(a.v)))
		}
		return min(padding(c.text(0))+strings.Count(c.text(0), "%")*size, maxText+1) * n, n
	case "split":
		return 0, strings.Count(c.text(1), c.text(0)) + 1
	case "regexall":
		return 0, matches(c.text(0), c.text(1))
	case "jsondecode", "yamldecode", "csvdecode":
		n := 0
		for _, mark := range []string{",", "[", "{", "\n", "- "} {
			n += strings.Count(c.text(0), mark)
		}
		if c.name == "csvdecode" {
			n += strings.Count(c.text(0), "\n") * strings.Count(firstLine(c.text(0)), ",")
		}
		return 0, n
	case "cidrsubnets", "range":
		return 0, len(c.args)
	}
	return 0, 0
}

// lengthOf is the number of elements of a list that is known, else 0.
func lengthOf(v cty.Value) int {
	u, _ := v.Unmark()
	if !isSequence(u.Type()) || !u.IsKnown() || u.IsNull() {
		return 0
	}
	return u.LengthInt()
}

// textIn is the length of all strings in v, which weigh has found to be small enough
// to be looked at.
func textIn(v cty.Value) int {
	v, _ = v.Unmark()
	if v.IsNull() || !v.IsKnown() {
		return 0
	}
	t := v.Type()
	if t == cty.String {
		return len(v.AsString())
	}
	n := 0
	if !t.IsPrimitiveType() && !t.IsCapsuleType() && v.CanIterateElements() {
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			n += textIn(e)
		}
	}
	return n
}

// replacedSize is the most that replace can make of a string, in bytes.
func replacedSize(s, old, replacement string) int {
	n := strings.Count(s, old)
	if !strings.HasPrefix(old, "/") {
		return len(s) + n*len(replacement)
	}
	// A match for each byte, and each reference in the replacement may stand for all
	// that was matched.
	return len(s) + (len(s)+1)*len(replacement) + len(s)*strings.Count(replacement, "$")
}

// matches is the number of values that regexall finds: the groups of each match.
func matches(pattern, s string) int {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return 0 // which the function itself reports
	}
	each := 1 + re.NumSubexp()
	return each * len(re.FindAllStringIndex(s, maxWeight/each+1))
}

var verbWidth = regexp.MustCompile(`%[-+# 0]*(?:\[\d+\])?(\d*)\.?(\d*)`)

// padding is the most that the widths and precisions in a format make of nothing.
func padding(spec string) int {
	n := 0
	for _, m := range verbWidth.FindAllStringSubmatch(spec, -1) {
		for _, digits := range m[1:] {
			w, err := strconv.Atoi(digits)
			if err != nil && digits != "" {
				w = maxText + 1
			}
			n = min(n+w, maxText+1)
		}
	}
	return n
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// pay spends what the result of a function took to make, with all that is in it.
func (sc scope) pay(rng hcl.Range, v cty.Value) bool {
	left, size := maxWeight, 0
	if weigh(v, &left) {
		size = textIn(v)
	}
	return sc.ev.spend(elements, maxWeight-max(left, 0), rng) && sc.ev.spend(letters, size, rng)
}

// paid returns the result of a function that puts values together which are there
// already, after spending what it took.
func (sc scope) paid(rng hcl.Range, v value) value {
	n, size := 0, 0
	switch u, _ := v.v.Unmark(); {
	case u.IsNull() || !u.IsKnown():
	case u.Type() == cty.String:
		size = len(u.AsString())
	case !u.Type().IsCapsuleType() && u.CanIterateElements():
		n = u.LengthInt()
	}
	if !sc.ev.spend(elements, n, rng) || !sc.ev.spend(letters, size, rng) {
		return unknown(tooCostly)
	}
	return v
}

// maxMatching bounds the bytes of a text times the instructions of the regular
// expression that it is searched for.
const maxMatching = 1 << 28

// matching is what it takes to search a text for a regular expression, in
// instructions for each byte.
func matching(pattern string, text int) int {
	if len(pattern) > maxPattern {
		return maxMatching + 1
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0 // which the function itself reports
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return 0
	}
	return (text + 1) * len(prog.Inst)
}

// maxPattern bounds the length of a regular expression.
const maxPattern = 10_000
