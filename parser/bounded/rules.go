package bounded

import (
	"reflect"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// rule says what a function costs. The zero rule is for one that looks at all of what
// it is given, and makes a text that is not much longer.
type rule struct {
	// walks says which arguments are looked at with all that is in them; all if nil.
	walks func(i int) bool
	// tall says that it writes a line for each value, indented or with a path.
	tall bool
	// makes is how many bytes it makes at most of arguments of a size together.
	makes func(args []reflect.Value, size int) int
	// work is how many more bytes it looks at.
	work func(args []reflect.Value, size int) int
	// check does for it all that is done before a call.
	check func(b *Budget, args []reflect.Value) error
	// passes says that it makes nothing new; deep, that all in what it returns is new.
	passes, deep bool
}

func never(int) bool   { return false }
func isKey(i int) bool { return i%2 == 0 }

var (
	// passing functions return something that they are given.
	passing = rule{walks: never, passes: true, makes: times(0)}
	// gathering functions make a map or a list of what they are given.
	gathering = rule{walks: never, makes: elements}
	quoting   = rule{makes: times(8)}
	writing   = rule{tall: true, makes: times(6)}
	reading   = rule{makes: times(4 * nodeSize), deep: true}
	comparing = rule{makes: elements, work: product}
	searching = rule{work: search}
	dividing  = rule{makes: divided}
	exact     = rule{work: func(args []reflect.Value, _ int) int { return fieldSize * len(args) * len(args) }}
	merging   = rule{check: (*Budget).merges, passes: true}
)

// rules has the functions of Helm and Go that the zero rule is not right for.
var rules = map[string]rule{
	"default": passing, "coalesce": passing, "ternary": passing, "required": passing, "get": passing, "dig": passing,
	"first": passing, "mustFirst": passing, "last": passing, "mustLast": passing, "unset": passing, "hasKey": passing,
	"empty": passing, "all": passing, "any": passing,
	"kindOf": passing, "kindIs": passing, "typeOf": passing, "typeIs": passing, "typeIsLike": passing,

	"list": gathering, "tuple": gathering, "append": gathering, "push": gathering, "mustAppend": gathering, "mustPush": gathering,
	"prepend": gathering, "mustPrepend": gathering, "rest": gathering, "mustRest": gathering, "initial": gathering, "mustInitial": gathering,
	"reverse": gathering, "mustReverse": gathering, "slice": gathering, "mustSlice": gathering, "concat": gathering,
	"chunk": gathering, "mustChunk": gathering, "compact": gathering, "mustCompact": gathering,
	"keys": gathering, "values": gathering, "pick": gathering, "omit": gathering, "pluck": gathering,
	"dict": {walks: isKey, makes: elements},

	"set":   {check: (*Budget).sets, passes: true},
	"merge": merging, "mustMerge": merging, "mergeOverwrite": merging, "mustMergeOverwrite": merging,
	"deepCopy": {makes: times(4), deep: true}, "mustDeepCopy": {makes: times(4), deep: true},

	"uniq": comparing, "mustUniq": comparing, "without": comparing, "mustWithout": comparing,
	"trimAll": {work: product}, "trimall": {work: product},
	"add1f": exact, "addf": exact, "subf": exact, "divf": exact, "mulf": exact,

	"quote": quoting, "squote": quoting, "html": quoting, "js": quoting, "urlquery": quoting, "regexQuoteMeta": quoting,
	"toYaml": writing, "mustToYaml": writing, "toYamlPretty": writing, "toToml": writing, "mustToToml": writing,
	"toJson": writing, "mustToJson": writing, "toRawJson": writing, "mustToRawJson": writing,
	"toPrettyJson": writing, "mustToPrettyJson": writing,
	"fromYaml": reading, "fromYamlArray": reading, "fromJson": reading, "mustFromJson": reading, "fromJsonArray": reading, "fromToml": reading,

	"indent": {makes: indented}, "nindent": {makes: indented},
	"wrapWith": {makes: func(args []reflect.Value, size int) int {
		return size + mul(len(text(args, 2))+1, len(text(args, 1))+1)
	}},
	"join": {makes: func(args []reflect.Value, size int) int { return size + mul(size/nodeSize, len(text(args, 0))) }},
	"replace": {makes: func(args []reflect.Value, size int) int {
		return size + mul(strings.Count(text(args, 2), text(args, 0)), len(text(args, 1)))
	}},
	"print": {makes: times(1)}, "println": {makes: times(1)}, "printf": {makes: formatted},
	"split": dividing, "splitn": dividing, "splitList": dividing,

	"regexMatch": searching, "mustRegexMatch": searching, "regexFind": searching, "mustRegexFind": searching,
	"regexFindAll": {makes: found, work: search}, "mustRegexFindAll": {makes: found, work: search},
	"regexSplit": {makes: found, work: search}, "mustRegexSplit": {makes: found, work: search},
	"regexReplaceAll": {makes: replaced, work: search}, "mustRegexReplaceAll": {makes: replaced, work: search},
	"regexReplaceAllLiteral": {makes: replaced, work: search}, "mustRegexReplaceAllLiteral": {makes: replaced, work: search},
}

// most is more than anything may make.
const most = 1 << 40

// mul multiplies without overflow.
func mul(a, b int) int {
	a, b = max(a, 0), max(b, 0)
	if b > 0 && a > most/b {
		return most
	}
	return a * b
}

func times(n int) func([]reflect.Value, int) int {
	return func(_ []reflect.Value, size int) int { return mul(size, n) }
}

func text(args []reflect.Value, i int) string {
	if i < len(args) && args[i].Kind() == reflect.String {
		return args[i].String()
	}
	return ""
}

func number(args []reflect.Value, i int) int {
	if i < len(args) && args[i].CanInt() {
		return int(min(max(args[i].Int(), 0), most))
	}
	return 0
}

// elements is the size of a list, or a map, of all the elements of the arguments.
func elements(args []reflect.Value, _ int) int {
	n := len(args)
	for _, a := range args {
		for a.Kind() == reflect.Interface {
			a = a.Elem()
		}
		if k := a.Kind(); k == reflect.Map || k == reflect.Slice {
			n += a.Len()
		}
	}
	return mul(n, fieldSize)
}

// product is the work of comparing each with each.
func product(args []reflect.Value, size int) int {
	if len(args) == 1 {
		return mul(size, size/nodeSize)
	}
	return mul(size, size-shallow(args[0]))
}

func indented(args []reflect.Value, size int) int {
	return size + mul(number(args, 0), 1+strings.Count(text(args, 1), "\n"))
}

func divided(args []reflect.Value, _ int) int {
	return mul(fieldSize, 2+strings.Count(text(args, len(args)-1), text(args, 0)))
}

// formatted is what printf makes: each verb may write any argument, in any width.
func formatted(args []reflect.Value, size int) int {
	const widest = 1_000_000 // package fmt takes no more
	format := text(args, 0)
	verbs, width := 0, 0
	for part := range strings.SplitSeq(format, "%") {
		verbs++
		digits := 0
		for _, r := range part {
			switch {
			case r >= '0' && r <= '9':
				digits = min(digits*10+int(r-'0'), widest)
				continue
			case r == '*':
				digits = widest
				continue
			case r == '.':
				width, digits = width+digits, 0
				continue
			}
			if !strings.ContainsRune("+-# []", r) { // the verb
				break
			}
		}
		width += digits
	}
	if !strings.Contains(format, "[") {
		verbs = 1
	}
	return width + mul(verbs, mul(size, 6))
}

// found is the size of the parts of the text that a regular expression finds.
func found(args []reflect.Value, _ int) int {
	return mul(2*nodeSize, utf8.RuneCountInString(text(args, 1))+1)
}

// replaced is the size of a text with all that a regular expression finds replaced.
func replaced(args []reflect.Value, _ int) int {
	in, by := text(args, 1), text(args, 2)
	return len(in) + mul(len(in)+1, len(by)) + mul(len(in), strings.Count(by, "$"))
}

// search is the work of looking for a regular expression: each of its steps for each
// byte of the text.
func search(args []reflect.Value, _ int) int {
	parsed, err := syntax.Parse(text(args, 0), syntax.Perl)
	if err != nil {
		return 0
	}
	return mul(steps(parsed), len(text(args, 1))+1)
}

// steps is how many steps a regular expression has.
func steps(r *syntax.Regexp) int {
	n := 1 + len(r.Rune)
	for _, s := range r.Sub {
		n += steps(s)
	}
	if r.Op == syntax.OpRepeat {
		n = mul(n, max(r.Min, r.Max)+1)
	}
	return n
}

// sets refuses to put a map into itself.
func (b *Budget) sets(args []reflect.Value) error {
	if len(args) != 3 || args[0].IsNil() {
		return nil
	}
	held, err := b.containers(args[2])
	if err != nil {
		return err
	}
	if held[container{at: args[0].Pointer()}] {
		if err := b.Limit(errCycle); err != nil {
			return err
		}
	}
	return b.Make(fieldSize)
}

// merges puts copies in the place of maps that are merged into another one and hold
// parts of it: they would change while they are read, and may come to hold themselves.
func (b *Budget) merges(args []reflect.Value) error {
	if len(args) == 0 {
		return nil
	}
	into, err := b.containers(args[0])
	if err != nil {
		return err
	}
	for _, a := range args[1:] {
		held, err := b.containers(a)
		if err != nil {
			return err
		}
		for c := range held {
			if !into[c] {
				continue
			}
			n, err := b.size(a, false)
			if err != nil {
				return err
			}
			if err := b.Make(n); err != nil {
				return err
			}
			a.Set(reflect.ValueOf(copied(a.Interface())))
			break
		}
		if err := b.Make(fieldSize * len(held)); err != nil {
			return err
		}
		for c := range held {
			into[c] = true
		}
	}
	return nil
}

// copied is v with maps and lists of its own.
func copied(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = copied(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = copied(e)
		}
		return out
	default:
		return v
	}
}
