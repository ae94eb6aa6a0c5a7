package kubernetes

import (
	"fmt"

	"go.yaml.in/yaml/v4"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// MaxValues is the most values that a manifest file may hold, counting an
// anchor's values again at each alias. Real files hold a few thousand.
const MaxValues = 1_000_000

// MaxNesting is the most maps and lists that a value may lie in.
const MaxNesting = 200

// failure is a diagnostic on its way up: the document it is about is given up.
type failure struct{ diagnostic source.Diagnostic }

func (f *failure) Error() string { return f.diagnostic.Message }

// builder makes values of the nodes of one document.
type builder struct {
	text *text
	base int // the document's offset in the file
	// left counts down from MaxValues over all documents of a file.
	left *int
	// anchored are the anchors' values; nil while the value is being built.
	anchored map[*yaml.Node]*built
	// warnings only matter if the document turns out to hold objects.
	warnings []source.Diagnostic
	// unread is a part of the stream that kubectl does not read.
	unread *source.Diagnostic
	spare  *[]located.Value
	// keys are those of the file so far, of which there are few: one text does for all
	// fields of the key.
	keys map[string]string
}

// built is a value and what its surroundings need to know of it.
type built struct {
	value  *located.Value
	end    int // the offset of the end of its text; of no meaning for block style
	size   int // the values in it, itself included
	height int // the levels of maps and lists in it
	// unwritten is a null that no text stands for, as after "key:".
	unwritten bool
}

// newValue hands out values in batches, which is cheaper than one by one. What one
// document leaves of a batch is for the next.
func (b *builder) newValue() *located.Value {
	if len(*b.spare) == 0 {
		*b.spare = make([]located.Value, 64)
	}
	v := &(*b.spare)[0]
	*b.spare = (*b.spare)[1:]
	return v
}

func (b *builder) fail(kind source.DiagnosticKind, r source.Range, format string, args ...any) error {
	return &failure{source.Diagnostic{Kind: kind, Range: r, Message: fmt.Sprintf(format, args...)}}
}

func (b *builder) offset(n *yaml.Node) int { return b.text.offset(b.base, n.Line, n.Column) }

// spend takes n values at the given depth off the budget.
func (b *builder) spend(offset, n, depth int) error {
	if depth > MaxNesting {
		return b.fail(source.LimitReached, b.text.point(offset), "read manifest: values are nested more than %d levels deep", MaxNesting)
	}
	if *b.left -= n; *b.left < 0 && guard.On(guard.ManifestBudgets) {
		*b.left = 0
		return b.fail(source.LimitReached, b.text.point(offset), "read manifest: the file holds more than %d values", MaxValues)
	}
	return nil
}

// node builds the value of n, which lies in depth maps and lists.
func (b *builder) node(n *yaml.Node, depth int) (built, error) {
	start := b.offset(n)
	if n.Kind == yaml.AliasNode {
		return b.alias(n, start, depth)
	}
	if err := b.spend(start, 1, depth); err != nil {
		return built{}, err
	}
	if n.Anchor != "" {
		if b.anchored == nil {
			b.anchored = make(map[*yaml.Node]*built)
		}
		b.anchored[n] = nil
	}
	start, propertiesEnd := b.afterProperties(n, start)
	var out built
	var err error
	switch n.Kind {
	case yaml.MappingNode:
		out, err = b.mapping(n, start, depth)
	case yaml.SequenceNode:
		out, err = b.sequence(n, start, depth)
	default:
		out, err = b.scalar(n, start, propertiesEnd)
	}
	if err != nil {
		return built{}, err
	}
	if n.Anchor != "" {
		kept := out
		kept.unwritten = false
		b.anchored[n] = &kept
	}
	return out, nil
}

// afterProperties skips the anchor and the tag of n, which starts at start.
func (b *builder) afterProperties(n *yaml.Node, start int) (value, propertiesEnd int) {
	if n.Anchor == "" && n.Tag != "!" && n.Style&yaml.TaggedStyle == 0 {
		return start, start
	}
	return b.text.skipProperties(start, n.Anchor)
}

// alias gives the anchor's value, whose place is where it can be changed.
func (b *builder) alias(n *yaml.Node, start, depth int) (built, error) {
	end := b.text.aliasEnd(start, n.Value)
	anchored := b.anchored[n.Alias]
	if anchored == nil {
		return built{}, b.fail(source.ParseError, b.text.span(start, end), "parse YAML: the anchor %q contains itself", n.Value)
	}
	if err := b.spend(start, anchored.size, depth+anchored.height); err != nil {
		return built{}, err
	}
	out := *anchored
	out.end = end
	return out, nil
}

// scalar builds the value of a scalar node.
func (b *builder) scalar(n *yaml.Node, start, propertiesEnd int) (built, error) {
	start, end, unwritten := b.extent(n, start, propertiesEnd)
	v := b.newValue()
	v.Range = b.text.span(start, end)
	s, err := scalarOf(n)
	if err != nil {
		return built{}, b.fail(source.ParseError, v.Range, "read value: %v", err)
	}
	switch s.kind {
	case nullScalar:
	case boolScalar:
		v.Kind, v.Bool = located.Bool, s.truth
	case stringScalar:
		v.Kind, v.Str = located.String, s.text
	default:
		v.Kind = located.Number
		if v.Str, err = s.number(); err != nil {
			return built{}, b.fail(source.ParseError, v.Range, "read value: %v", err)
		}
	}
	return built{value: v, end: end, size: 1, unwritten: unwritten}, nil
}

// extent returns the offsets between which a scalar is written. A scalar without
// text ends where it starts and is unwritten, unless it has properties.
func (b *builder) extent(n *yaml.Node, start, propertiesEnd int) (from, to int, unwritten bool) {
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle
	switch {
	case n.Style&quoted != 0:
		return start, b.text.quotedEnd(start), false
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return start, b.text.blockEnd(start, n.Value), false
	case n.Value == "":
		first := b.offset(n)
		end := max(first, propertiesEnd)
		return first, end, end == first
	default:
		return start, b.text.plainEnd(start, n.Value), false
	}
}

// scalarOf resolves a scalar node. Quotes and block style make a string unless a
// tag says otherwise.
func scalarOf(n *yaml.Node) (scalar, error) {
	if n.Style&yaml.TaggedStyle != 0 {
		return resolve(n.Tag, n.Value)
	}
	if n.Style != 0 || n.Tag == "!" {
		return scalar{kind: stringScalar, text: n.Value}, nil
	}
	return resolve("", n.Value)
}

func (b *builder) sequence(n *yaml.Node, start, depth int) (built, error) {
	v := b.newValue()
	v.Kind = located.List
	out := built{value: v, end: start, size: 1}
	if len(n.Content) > 0 {
		v.List = make([]*located.Value, len(n.Content))
	}
	for i, item := range n.Content {
		e, err := b.node(item, depth+1)
		if err != nil {
			return built{}, err
		}
		if e.unwritten && b.text.byteAt(e.end-1) == '-' { // the dash stands for it
			e.value.Range = b.text.span(e.end-1, e.end)
		}
		v.List[i] = e.value
		out.add(e)
	}
	if n.Style&yaml.FlowStyle == 0 && len(v.List) > 0 {
		v.Range = b.text.point(start)
		if first := v.List[0].Range; first.Start.Line == v.Range.Start.Line && first.End.Line == first.Start.Line {
			v.Range.End = first.End
		}
	} else {
		b.flow(&out, start, ']')
	}
	return out, nil
}

// add counts the element e in.
func (o *built) add(e built) {
	o.size += e.size
	o.height = max(o.height, e.height+1)
	o.end = e.end
}

// flow sets the range of a collection in flow style.
func (b *builder) flow(out *built, start int, bracket byte) {
	after := max(out.end, min(start+1, len(b.text.data)))
	if end, ok := b.text.closing(after, bracket); ok {
		out.end = end
		out.value.Range = b.text.header(start, end)
		return
	}
	out.value.Range = b.text.span(start, after)
}

func (b *builder) mapping(n *yaml.Node, start, depth int) (built, error) {
	v := b.newValue()
	v.Kind = located.Map
	out := built{value: v, end: start, size: 1}
	size := len(n.Content) / 2
	fields := fieldSet{list: make([]located.Field, 0, size), state: make([]fieldState, 0, size)}
	var first source.Range // the first key's
	for i := 0; i+1 < len(n.Content); i += 2 {
		keyNode, valueNode := n.Content[i], n.Content[i+1]
		key, keyEnd, keyRange, err := b.key(keyNode, depth+1)
		if err != nil {
			return built{}, err
		}
		if i == 0 {
			first = keyRange
		}
		value, err := b.node(valueNode, depth+1)
		if err != nil {
			return built{}, err
		}
		if value.unwritten { // the key stands for it
			value.value.Range = keyRange
			value.end = max(value.end, keyEnd)
		}
		out.add(value)
		if isMerge(keyNode) {
			if err := b.merge(&fields, valueNode, value); err != nil {
				return built{}, err
			}
			continue
		}
		if fields.set(located.Field{Key: key, KeyRange: keyRange, Value: value.value}, ownField) {
			b.duplicate(key, keyRange)
		}
	}
	v.Map = fields.fields()
	switch {
	case n.Style&yaml.FlowStyle == 0, b.text.byteAt(start) != '{': // block style, or a pair in a flow list
		v.Range = first
	default:
		b.flow(&out, start, '}')
	}
	return out, nil
}

// duplicate notes that a map sets a key again.
func (b *builder) duplicate(key string, r source.Range) {
	b.warnings = append(b.warnings, source.Diagnostic{
		Kind: source.InvalidObject, Range: r,
		Message: fmt.Sprintf("read manifest: the key %q is set twice in one map; the last one counts", key),
	})
}

// key reads a map key, which JSON needs to be a string.
func (b *builder) key(n *yaml.Node, depth int) (key string, end int, r source.Range, err error) {
	start, node := b.offset(n), n
	switch {
	case n.Kind == yaml.AliasNode:
		node, end = n.Alias, b.text.aliasEnd(start, n.Value)
	case n.Kind == yaml.ScalarNode:
		var propertiesEnd int
		start, propertiesEnd = b.afterProperties(n, start)
		start, end, _ = b.extent(n, start, propertiesEnd)
	default:
		end = start
	}
	r = b.text.span(start, end)
	if err := b.spend(start, 1, depth); err != nil {
		return "", 0, r, err
	}
	if node.Kind != yaml.ScalarNode {
		return "", 0, r, b.fail(source.ParseError, r, "read manifest: a key is a map or a list, not text%s", b.text.templateHint(start))
	}
	s, err := scalarOf(node)
	if err == nil {
		key, err = s.key()
	}
	if err != nil {
		return "", 0, r, b.fail(source.ParseError, r, "read manifest: %v", err)
	}
	if known, ok := b.keys[key]; ok {
		key = known
	} else {
		b.keys[key] = key
	}
	if n.Anchor != "" { // an alias may stand for a key elsewhere, as a value
		if _, err := b.node(n, depth); err != nil {
			return "", 0, r, err
		}
	}
	return key, end, r, nil
}

func isMerge(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode || n.Value != "<<" {
		return false
	}
	return n.Style == 0 || n.Tag == mergeTag
}

// merge puts the fields of a map, or of a list of maps, into the set. As in
// Kubernetes they replace fields that stand before the merge key, and an earlier
// map of a list goes before a later one.
func (b *builder) merge(fields *fieldSet, n *yaml.Node, value built) error {
	maps := []*located.Value{value.value}
	if n.Kind == yaml.SequenceNode {
		maps = value.value.List
	}
	for i := len(maps) - 1; i >= 0; i-- {
		if maps[i].Kind != located.Map {
			return b.fail(source.ParseError, maps[i].Range, "read manifest: the merge key << needs a map or a list of maps")
		}
		for _, f := range maps[i].Map {
			fields.set(f, mergedField)
		}
	}
	return nil
}

// fieldSet collects the fields of a map: the last one of each key, in the order
// in which they were set.
type fieldSet struct {
	list []located.Field
	// state runs in parallel to list.
	state []fieldState
	dead  int
	// index holds the place of each key, in large maps only.
	index map[string]int
}

type fieldState uint8

const (
	ownField fieldState = iota
	mergedField
	deadField // replaced by a later one
)

// largeMap is the size from which looking a key up beats comparing with each.
const largeMap = 16

// set adds a field. It reports whether both it and the field it replaces were
// written in the map itself.
func (s *fieldSet) set(f located.Field, state fieldState) (duplicate bool) {
	if at := s.find(f.Key); at >= 0 {
		duplicate = state == ownField && s.state[at] == ownField
		s.state[at] = deadField
		s.dead++
	}
	if s.index != nil {
		s.index[f.Key] = len(s.list)
	}
	s.list = append(s.list, f)
	s.state = append(s.state, state)
	return duplicate
}

func (s *fieldSet) find(key string) int {
	if s.index == nil && len(s.list) >= largeMap {
		s.index = make(map[string]int, 2*len(s.list))
		for i := range s.list {
			s.index[s.list[i].Key] = i // a dead field stands before the one that replaced it
		}
	}
	if s.index != nil {
		if i, ok := s.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range s.list {
		if s.list[i].Key == key && s.state[i] != deadField {
			return i
		}
	}
	return -1
}

// fields returns the fields that are left.
func (s *fieldSet) fields() []located.Field {
	if s.dead == 0 {
		return s.list
	}
	live := s.list[:0]
	for i, f := range s.list {
		if s.state[i] != deadField {
			live = append(live, f)
		}
	}
	return live
}
