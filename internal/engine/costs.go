package engine

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// price is what a call costs at most.
type price struct {
	bytes int64  // what it makes
	steps int64  // what it computes
	why   string // why it is not made at all; empty if it is
}

// cost tells the price of a call from its operands alone. It may be more than what the
// call turns out to take, never much less. Operands of a wrong type cost nothing,
// since the call fails.
type cost func(m *meter, operands []*ast.Term) price

// Sizes in bytes.
const (
	sizeTerm  = 64  // a term of its own, with its place in a collection
	sizeEntry = 128 // an entry of an object or a set
)

// costs has every function that rules may call, so that none is forgotten. Those that
// make nothing to speak of have none.
var costs = byFunction([]priced{
	{nil, []string{
		"eq", "assign", "count", "object.get", "contains", "endswith", "startswith", "strings.count",
		"trim_prefix", "trim_space", "trim_suffix", "to_number",
		"is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string", "type_name",
		"net.cidr_contains", "net.cidr_intersects", "net.cidr_is_valid", "internal.test_case",
	}},
	{arithmetic, []string{"plus", "mul", "div", "rem", "abs", "ceil", "floor", "round", "format_int", "sum"}},
	{comparison, []string{"equal", "neq", "lt", "lte", "gt", "gte"}},
	{ofSets, []string{"minus", "and", "or", "union", "intersection"}},
	{membership, []string{"internal.member_2", "internal.member_3"}},
	{ordering, []string{"max", "min", "sort"}},
	{whole, []string{
		"object.union", "object.union_n", "object.subset", "json.filter", "json.remove",
		"strings.any_prefix_match", "strings.any_suffix_match",
	}},
	{shallow, []string{"array.concat", "array.slice", "array.reverse", "object.keys", "object.filter", "object.remove"}},
	{flattened, []string{"array.flatten"}},
	{numberRange, []string{"numbers.range"}},
	{copied, []string{"lower", "upper", "substring", "indexof", "strings.reverse"}},
	{trimmed, []string{"trim", "trim_left", "trim_right"}},
	{joined, []string{"concat"}},
	{divided, []string{"split"}},
	{replaced, []string{"replace"}},
	{replacedAll, []string{"strings.replace_n"}},
	{formatted, []string{"sprintf"}},
	{printed, []string{"print", "internal.print"}},
	{matched, []string{"regex.match", "regex.is_valid"}},
	{cut, []string{"regex.split"}},
	{rewritten, []string{"regex.replace"}},
	{globbed, []string{"glob.match"}},
	{crossed, []string{"net.cidr_contains_matches"}},
	{merged, []string{"net.cidr_merge"}},
})

// priced are the functions that have a cost in common.
type priced struct {
	cost  cost
	names []string
}

func byFunction(list []priced) map[string]cost {
	all := make(map[string]cost)
	for _, p := range list {
		for _, name := range p.names {
			all[name] = p.cost
		}
	}
	return all
}

// arithmetic is exact for whole numbers of any length, so that a product that is
// multiplied by itself grows without bound. A large exponent is as many digits.
func arithmetic(_ *meter, operands []*ast.Term) price {
	var p price
	add := func(v ast.Value) {
		if n, ok := v.(ast.Number); ok {
			size := digits(n)
			if p.bytes += size; size > maxDigits {
				p.why = "a number has more than " + strconv.Itoa(maxDigits) + " digits"
			}
		}
	}
	for _, o := range operands {
		switch v := o.Value.(type) {
		case *ast.Array:
			v.Foreach(func(t *ast.Term) { add(t.Value) })
		case ast.Set:
			v.Foreach(func(t *ast.Term) { add(t.Value) })
		default:
			add(v)
		}
	}
	return p
}

// digits is how many digits a number has when it is written out.
func digits(n ast.Number) int64 {
	size := int64(len(n))
	if i := strings.IndexAny(string(n), "eE"); i >= 0 {
		exponent, err := strconv.ParseInt(strings.TrimPrefix(string(n[i+1:]), "+"), 10, 32)
		if err != nil {
			return maxDigits + 1
		}
		size += max(exponent, -exponent)
	}
	return size
}

// comparison looks at both sides as far as they are equal.
func comparison(_ *meter, operands []*ast.Term) price {
	if isScalar(operands[0]) || isScalar(operands[1]) {
		return price{}
	}
	return price{steps: min(weight(operands[0]), weight(operands[1]))}
}

// ofSets is about sets of values, or of sets; or about numbers.
func ofSets(m *meter, operands []*ast.Term) price {
	p := arithmetic(m, operands)
	for _, o := range operands {
		if s, ok := o.Value.(ast.Set); ok {
			p.bytes += sizeEntry * int64(s.Len())
			s.Foreach(func(t *ast.Term) {
				if inner, ok := t.Value.(ast.Set); ok {
					p.bytes += sizeEntry * int64(inner.Len())
				}
			})
			p.steps += weight(o)
		}
	}
	return p
}

// membership compares a value with each element.
func membership(_ *meter, operands []*ast.Term) price {
	n := len(operands) - 1
	if isScalar(operands[n-1]) {
		return price{}
	}
	return price{steps: times(weight(operands[n-1]), length(operands[n]))}
}

func ordering(_ *meter, operands []*ast.Term) price {
	return price{bytes: sizeTerm * length(operands[0]), steps: 4 * weight(operands[0])}
}

// whole may copy all of its operands, or walk through them.
func whole(_ *meter, operands []*ast.Term) price {
	var p price
	for _, o := range operands {
		p.bytes += weight(o)
	}
	return p
}

// shallow copies collections without their elements.
func shallow(_ *meter, operands []*ast.Term) price {
	var p price
	for _, o := range operands {
		p.bytes += sizeTerm * length(o)
	}
	return p
}

func flattened(m *meter, operands []*ast.Term) price {
	p := shallow(m, operands)
	if a, ok := operands[0].Value.(*ast.Array); ok {
		a.Foreach(func(t *ast.Term) { p.bytes += sizeTerm * length(t) })
	}
	return p
}

func numberRange(m *meter, operands []*ast.Term) price {
	p := arithmetic(m, operands)
	from, okFrom := wholeNumber(operands[0])
	to, okTo := wholeNumber(operands[1])
	if p.why != "" || !okFrom || !okTo {
		return p
	}
	n := from.Sub(to, from)
	if n.Abs(n); !n.IsInt64() || n.Int64() > maxCall/sizeTerm {
		return price{bytes: maxCall + 1}
	}
	return price{bytes: sizeTerm * (n.Int64() + 1)}
}

// wholeNumber reads a whole number that the function can read.
func wholeNumber(t *ast.Term) (*big.Int, bool) {
	n, ok := t.Value.(ast.Number)
	if !ok || digits(n) > maxDigits {
		return nil, false
	}
	r, ok := new(big.Rat).SetString(string(n))
	if !ok || !r.IsInt() {
		return nil, false
	}
	return new(big.Int).Set(r.Num()), true
}

// copied makes text of about the same length, perhaps by way of its characters.
func copied(_ *meter, operands []*ast.Term) price { return price{bytes: 8 * length(operands[0])} }

func trimmed(_ *meter, operands []*ast.Term) price {
	return price{steps: times(length(operands[0]), length(operands[1]))}
}

func joined(_ *meter, operands []*ast.Term) price {
	p := price{bytes: times(length(operands[0]), length(operands[1]))}
	add := func(t *ast.Term) {
		if s, ok := t.Value.(ast.String); ok {
			p.bytes += int64(len(s))
		}
	}
	switch v := operands[1].Value.(type) {
	case *ast.Array:
		v.Foreach(add)
	case ast.Set:
		v.Foreach(add)
	}
	return p
}

func divided(_ *meter, operands []*ast.Term) price {
	text, _ := operands[0].Value.(ast.String)
	by, _ := operands[1].Value.(ast.String)
	return price{bytes: sizeTerm * int64(strings.Count(string(text), string(by))+1)}
}

// replaced is what replace makes: exactly as much as there are places to replace.
func replaced(_ *meter, operands []*ast.Term) price {
	text, _ := operands[0].Value.(ast.String)
	old, _ := operands[1].Value.(ast.String)
	return price{bytes: int64(len(text)) + times(int64(strings.Count(string(text), string(old))), length(operands[2]))}
}

// replacedAll counts with a table that the function builds for each byte of a word.
func replacedAll(_ *meter, operands []*ast.Term) price {
	words, ok := operands[0].Value.(ast.Object)
	text, isText := operands[1].Value.(ast.String)
	if !ok || !isText {
		return price{}
	}
	p := price{bytes: int64(len(text)), steps: times(int64(words.Len()), int64(len(text)))}
	if p.steps > maxSteps {
		return p
	}
	words.Foreach(func(word, by *ast.Term) {
		old, _ := word.Value.(ast.String)
		p.bytes += 2048*int64(len(old)) + times(int64(strings.Count(string(text), string(old))), length(by))
	})
	return p
}

// formatted is what sprintf makes: its arguments in words, each as often as the format
// asks for it, and the widths.
func formatted(_ *meter, operands []*ast.Term) price {
	format, ok := operands[0].Value.(ast.String)
	args, isArray := operands[1].Value.(*ast.Array)
	if !ok || !isArray {
		return price{}
	}
	var all, longest int64
	args.Foreach(func(t *ast.Term) {
		size := weight(t)
		if n, ok := t.Value.(ast.Number); ok {
			size += digits(n)
		}
		all += size
		longest = max(longest, size)
	})
	verbs, widths, indexed := readFormat(string(format))
	p := price{bytes: int64(len(format)) + all + widths}
	if indexed { // an argument may be written several times
		p.bytes += times(verbs, longest)
	}
	return p
}

// maxWidth is the largest width that fmt heeds.
const maxWidth = 1_000_000

// readFormat returns how many verbs a format has, what their widths and precisions
// come to, and whether it names arguments by their numbers.
func readFormat(format string) (verbs, widths int64, indexed bool) {
	for {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			return verbs, widths, indexed
		}
		verbs++
		format = format[i+1:]
		end := strings.IndexFunc(format, func(r rune) bool { return !strings.ContainsRune("+-# 0123456789.*[]", r) })
		if end < 0 {
			end = len(format)
		}
		flags := format[:end]
		indexed = indexed || strings.Contains(flags, "[")
		widths += maxWidth * int64(strings.Count(flags, "*"))
		for _, number := range strings.FieldsFunc(flags, func(r rune) bool { return r < '0' || r > '9' }) {
			if n, err := strconv.ParseInt(number, 10, 64); err == nil && n <= maxWidth {
				widths += n
			}
		}
		if end < len(format) { // %% is one verb
			_, size := utf8.DecodeRuneInString(format[end:])
			end += size
		}
		format = format[end:]
	}
}

// printed writes a line for each combination of the values of its arguments.
func printed(m *meter, operands []*ast.Term) price {
	p := whole(m, operands)
	lines := int64(1)
	if args, ok := operands[0].Value.(*ast.Array); ok {
		args.Foreach(func(t *ast.Term) {
			if s, ok := t.Value.(ast.Set); ok {
				lines = times(lines, max(1, int64(s.Len())))
			}
		})
	}
	p.bytes = times(p.bytes, lines)
	return p
}

// crossed compares all blocks of one collection with all of another.
func crossed(_ *meter, operands []*ast.Term) price {
	n := times(max(1, elements(operands[0])), max(1, elements(operands[1])))
	return price{bytes: times(n, 8), steps: times(n, 64)}
}

func merged(_ *meter, operands []*ast.Term) price {
	n := length(operands[0])
	return price{bytes: 4 * sizeEntry * n, steps: times(n, n/32)}
}
