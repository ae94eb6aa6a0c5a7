package tfjson

import (
	"slices"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// moduleInstance is an instance of a module.
type moduleInstance struct {
	address string
	name    string          // of the call
	up      *moduleInstance // nil for the root module
	key     key
	call    *configCall   // nil for the root module, and where there is no configuration
	config  *configModule // nil where there is no configuration
	blocks  map[string][]*instance
	calls   map[string][]*moduleInstance
}

// instance is a resource instance of the document.
type instance struct {
	res    *terraform.Resource
	module *moduleInstance
	block  string // address of its block in the module
	key    key
	config *configBlock // nil where there is no configuration
	// unknown are the top-level attributes that exist only after apply.
	unknown map[string]bool
	// pending are the unknown arguments that may be resolved once every instance
	// is read.
	pending []pending
}

// pending is an argument that the configuration sets and the plan does not know.
type pending struct {
	name  string
	expr  *expression
	value *located.Value
}

// maxTrace bounds how many references a trace follows, one through another.
const maxTrace = 32

// trace follows what an argument refers to until it is certain which single
// attribute of which single instance its unknown value comes from.
//
// A plan does not tell how an expression uses its references. What makes the
// answer certain is the argument: it takes one id, so if only one id can reach it,
// it is that one. Where several can, or something that the plan does not spell out
// is involved, as a local value, the argument stays unknown.
type trace struct {
	argument string
	found    []located.Ref
	opaque   bool
}

// place of an expression: the module, and the repetition of the block it stands in.
type surroundings struct {
	module   *moduleInstance
	key      key
	repeat   *expression
	siblings []key
}

// resolve turns the pending arguments of an instance into placeholders, as far as
// it is certain what they refer to.
func (in *instance) resolve() {
	for _, p := range in.pending {
		if !isIDArgument(p.name) {
			continue
		}
		t := &trace{argument: p.name}
		t.expression(p.expr, in.surroundings(), 0)
		if t.opaque || len(t.found) != 1 {
			continue
		}
		p.value.Kind, p.value.Reason = located.String, ""
		p.value.Str = t.found[0].Placeholder()
	}
}

func (in *instance) surroundings() surroundings {
	s := surroundings{module: in.module, key: in.key}
	if in.config != nil {
		s.repeat = in.config.repeat
	}
	for _, sibling := range in.module.blocks[in.block] {
		s.siblings = append(s.siblings, sibling.key)
	}
	return s
}

func (m *moduleInstance) surroundings() surroundings {
	s := surroundings{module: m.up, key: m.key, repeat: m.call.repeat}
	for _, sibling := range m.up.calls[m.name] {
		s.siblings = append(s.siblings, sibling.key)
	}
	return s
}

func (t *trace) expression(e *expression, s surroundings, depth int) {
	if depth > maxTrace {
		t.opaque = true
		return
	}
	for _, ref := range e.refs {
		if t.opaque || len(t.found) > 1 {
			return
		}
		t.reference(ref, e, s, depth+1)
	}
}

func (t *trace) reference(ref reference, e *expression, s surroundings, depth int) {
	switch ref.kind {
	case refOther, refKey, refCount:
	case refLocal:
		t.opaque = true
	case refVar:
		t.variable(ref.name, s, depth)
	case refEach:
		t.eachValue(ref, s, depth)
	case refModule:
		t.module(ref, e, s, depth)
	case refBlock:
		t.block(ref, e, s, depth)
	}
}

// variable follows a variable to the module call that sets it. The variables of the
// root module, and those that the call leaves at their defaults, are known.
func (t *trace) variable(name string, s surroundings, depth int) {
	m := s.module
	if m.up == nil {
		return
	}
	if m.call == nil {
		t.opaque = true
		return
	}
	if e := m.call.args.exprs[name]; e != nil {
		t.expression(e, m.surroundings(), depth)
	}
}

// eachValue follows each.value where for_each is a whole resource: then it is the
// instance with the same key.
func (t *trace) eachValue(ref reference, s surroundings, depth int) {
	if s.repeat == nil {
		t.opaque = true
		return
	}
	if len(s.repeat.refs) == 1 && s.repeat.refs[0].kind == refBlock {
		over := s.repeat.refs[0]
		instances := s.module.blocks[over.name]
		if !over.key.set && len(over.attrs) == 0 && len(instances) == len(s.siblings) {
			for _, in := range instances {
				if in.key == s.key && slices.Contains(s.siblings, in.key) && sameKeys(instances, s.siblings) {
					t.attribute(in, ref.attrs, depth)
					return
				}
			}
		}
	}
	// Values that are all known cannot be what the argument waits for.
	before := len(t.found)
	t.expression(s.repeat, surroundings{module: s.module}, depth)
	if len(t.found) != before {
		t.opaque = true
	}
}

func sameKeys(instances []*instance, keys []key) bool {
	for _, in := range instances {
		if !slices.Contains(keys, in.key) {
			return false
		}
	}
	return len(instances) == len(keys)
}

func (t *trace) module(ref reference, e *expression, s surroundings, depth int) {
	if s.module.config == nil || s.module.config.calls[ref.name] == nil {
		t.opaque = true
		return
	}
	call := s.module.config.calls[ref.name]
	mods := s.module.calls[ref.name]
	switch {
	case ref.key.set || call.repeat == nil:
		// The instance is certain even if it has no resources.
		mods = []*moduleInstance{s.module.child(ref.name, ref.key)}
	default:
		k, ok := sameKey(e, s, keysOf(mods, func(m *moduleInstance) key { return m.key }))
		i := slices.IndexFunc(mods, func(m *moduleInstance) bool { return m.key == k })
		if !ok || i < 0 {
			// An instance without resources would not be among mods.
			t.opaque = true
			return
		}
		mods = mods[i : i+1]
	}
	for _, m := range mods {
		for _, out := range call.module.outputs {
			if len(ref.attrs) == 0 || ref.attrs[0] == out.name {
				t.expression(out.expr, surroundings{module: m}, depth)
			}
		}
	}
}

func (t *trace) block(ref reference, e *expression, s surroundings, depth int) {
	instances := s.module.blocks[ref.name]
	if ref.key.set {
		instances = slices.DeleteFunc(slices.Clone(instances), func(in *instance) bool { return in.key != ref.key })
	} else if len(instances) > 1 {
		if k, ok := sameKey(e, s, keysOf(instances, func(in *instance) key { return in.key })); ok {
			instances = slices.DeleteFunc(slices.Clone(instances), func(in *instance) bool { return in.key != k })
		}
	}
	for _, in := range instances {
		t.attribute(in, ref.attrs, depth)
	}
}

// sameKey returns the key of the block an expression stands in, if the expression
// is an index into something by it, and into something that has just such keys.
// With other keys there may be arithmetic between the two, as in count.index + 1.
func sameKey(e *expression, s surroundings, keys []key) (key, bool) {
	if len(e.refs) != 2 || !s.key.set {
		return key{}, false
	}
	byKey := e.refs[0].kind == refKey || e.refs[1].kind == refKey
	byCount := e.refs[0].kind == refCount || e.refs[1].kind == refCount
	if byCount && len(keys) != len(s.siblings) || !byKey && !byCount {
		return key{}, false
	}
	for _, k := range s.siblings {
		if !slices.Contains(keys, k) {
			return key{}, false
		}
	}
	return s.key, true
}

func keysOf[T any](list []T, of func(T) key) []key {
	out := make([]key, len(list))
	for i, e := range list {
		out[i] = of(e)
	}
	return out
}

// attribute adds what attrs of an instance may hand to the argument. Without attrs
// it may be any attribute that fits the argument.
func (t *trace) attribute(in *instance, attrs []string, depth int) {
	if len(attrs) == 0 {
		ownID := in.unknown["id"] && isNamedAfter(t.argument, in.res.Type)
		for _, name := range in.unknownAttributes() {
			switch fitOf(t.argument, in.res, name) {
			case fitsWell:
				if name == t.argument && ownID {
					continue // the id again, as the allocation_id of an EIP
				}
				t.source(in, name, depth)
			case mayFit:
				t.opaque = true
			}
		}
		return
	}
	name := attrs[0]
	switch {
	case !in.unknown[name]:
	case len(attrs) > 1 || fitOf(t.argument, in.res, name) != fitsWell:
		t.opaque = true
	default:
		t.source(in, name, depth)
	}
}

func (in *instance) unknownAttributes() []string {
	names := make([]string, 0, len(in.unknown))
	for name := range in.unknown {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// source adds one unknown attribute, or what the configuration sets it to.
func (t *trace) source(in *instance, name string, depth int) {
	if in.res.Data {
		t.opaque = true
		return
	}
	if in.config != nil {
		if e := in.config.args.exprs[name]; e != nil {
			t.expression(e, in.surroundings(), depth)
			return
		}
	}
	ref := located.Ref{Address: in.res.Address, Attribute: name}
	if !slices.Contains(t.found, ref) {
		t.found = append(t.found, ref)
	}
}
