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
	blocks  map[string]*repeated[*instance]
	calls   map[string]*repeated[*moduleInstance]
}

// repeated are the instances of a block or a module call.
type repeated[T any] struct {
	list []T
	keys *keySet
}

// keySet are the keys of such instances.
type keySet struct {
	index map[key]int // in the list
}

// insert adds an instance to those of a name.
func insert[T any](all map[string]*repeated[T], name string, k key, member T) {
	r := all[name]
	if r == nil {
		r = &repeated[T]{keys: &keySet{index: make(map[key]int)}}
		all[name] = r
	}
	if _, ok := r.keys.index[k]; !ok {
		r.keys.index[k] = len(r.list)
	}
	r.list = append(r.list, member)
}

// get returns the instance with a key.
func (r *repeated[T]) get(k key) (member T, ok bool) {
	if r == nil {
		return member, false
	}
	i, ok := r.keys.index[k]
	if !ok {
		return member, false
	}
	return r.list[i], true
}

// instance is a resource instance of the document.
type instance struct {
	res    *terraform.Resource
	module *moduleInstance
	block  string // address of its block in the module
	key    key
	config *configBlock // nil where there is no configuration
	// unknown are the top-level attributes that exist only after apply, by name.
	unknown []string
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

// maxTraceDepth bounds how many references a trace follows one through another, and
// maxTraceSteps how many it follows in all. A trace that needs more finds nothing.
const (
	maxTraceDepth = 32
	maxTraceSteps = 256
)

// resolver finds what unknown arguments refer to.
type resolver struct {
	ids Identities
	// results are those of expressions that do not depend on the instance.
	results map[question]answer
	subsets map[[2]*keySet]bool
}

type question struct {
	argument string
	expr     *expression
	module   *moduleInstance
}

type answer struct {
	ref   located.Ref
	found bool
}

func newResolver(ids Identities) *resolver {
	return &resolver{ids: ids, results: make(map[question]answer), subsets: make(map[[2]*keySet]bool)}
}

// trace follows what an argument refers to until it is certain which single
// attribute of which single instance its unknown value comes from.
//
// A plan does not tell how an expression uses its references. What makes the
// answer certain is the argument: it takes one id, so if only one id can reach it,
// it is that one. Where several can, or something that the plan does not spell out
// is involved, as a local value, the argument stays unknown.
type trace struct {
	*resolver
	argument string
	steps    *int
	found    []located.Ref
	// opaque is set by a reference that may hand over an id that is not in found.
	opaque bool
	// foreign is set by an unknown that cannot be such an id, but may decide which.
	foreign bool
}

// surroundings of an expression: the module, and the repetition of the block it
// stands in.
type surroundings struct {
	module   *moduleInstance
	key      key
	repeat   *expression
	siblings *keySet
}

// resolve turns the pending arguments of an instance into placeholders, as far as
// it is certain what they refer to.
func (r *resolver) resolve(in *instance) {
	for _, p := range in.pending {
		if !isIDArgument(p.name) {
			continue
		}
		if a := r.answer(in, p); a.found {
			p.value.Kind, p.value.Reason = located.String, ""
			p.value.Str = a.ref.Placeholder()
		}
	}
}

func (r *resolver) answer(in *instance, p pending) answer {
	q := question{p.name, p.expr, in.module}
	if a, ok := r.results[q]; ok {
		return a
	}
	t := &trace{resolver: r, argument: p.name, steps: new(int)}
	t.expression(p.expr, in.surroundings(), 0)
	a := answer{found: !t.opaque && !t.foreign && len(t.found) == 1}
	if a.found {
		a.ref = t.found[0]
	}
	if !p.expr.repeats() {
		r.results[q] = a
	}
	return a
}

// repeats reports whether an expression differs between the instances of its block.
func (e *expression) repeats() bool {
	return slices.ContainsFunc(e.refs, func(ref reference) bool {
		return ref.kind == refKey || ref.kind == refCount || ref.kind == refEach
	})
}

func (in *instance) surroundings() surroundings {
	s := surroundings{module: in.module, key: in.key, siblings: in.module.blocks[in.block].keys}
	if in.config != nil {
		s.repeat = in.config.repeat
	}
	return s
}

func (m *moduleInstance) surroundings() surroundings {
	s := surroundings{module: m.up, key: m.key, repeat: m.call.repeat}
	if calls := m.up.calls[m.name]; calls != nil {
		s.siblings = calls.keys
	}
	return s
}

func (t *trace) expression(e *expression, s surroundings, depth int) {
	for _, ref := range e.refs {
		if *t.steps++; depth > maxTraceDepth || *t.steps > maxTraceSteps {
			t.opaque = true
		}
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
	if len(s.repeat.refs) == 1 && s.repeat.refs[0].kind == refBlock && s.siblings != nil {
		over := s.repeat.refs[0]
		instances := s.module.blocks[over.name]
		if in, ok := instances.get(s.key); ok && !over.key.set && len(over.attrs) == 0 &&
			t.subset(s.siblings, instances.keys) && t.subset(instances.keys, s.siblings) {
			t.attribute(in, ref.attrs, depth)
			return
		}
	}
	// Values that are all known cannot be what the argument waits for.
	before := len(t.found)
	t.expression(s.repeat, surroundings{module: s.module}, depth)
	if len(t.found) != before {
		t.opaque = true
	}
}

func (t *trace) module(ref reference, e *expression, s surroundings, depth int) {
	if s.module.config == nil || s.module.config.calls[ref.name] == nil {
		t.opaque = true
		return
	}
	call := s.module.config.calls[ref.name]
	var m *moduleInstance
	if ref.key.set || call.repeat == nil {
		// The instance is certain even if it has no resources.
		m = s.module.child(ref.name, ref.key)
	} else {
		mods := s.module.calls[ref.name]
		ok := mods != nil && t.byOwnKey(e, s, mods.keys)
		if m, _ = mods.get(s.key); !ok || m == nil {
			// An instance without resources would not be among mods.
			t.opaque = true
			return
		}
	}
	for _, out := range call.module.outputs {
		switch {
		case len(ref.attrs) == 0:
			t.someOutput(out.expr, m, depth)
		case ref.attrs[0] == out.name:
			t.expression(out.expr, surroundings{module: m}, depth)
		}
	}
}

// someOutput follows an output that may or may not be the one referred to. It is not
// if it holds nothing but values that cannot be the id.
func (t *trace) someOutput(e *expression, m *moduleInstance, depth int) {
	sub := &trace{resolver: t.resolver, argument: t.argument, steps: t.steps}
	sub.expression(e, surroundings{module: m}, depth)
	t.opaque = t.opaque || sub.opaque
	t.foreign = t.foreign || sub.foreign && len(sub.found) > 0
	for _, ref := range sub.found {
		t.add(ref)
	}
}

func (t *trace) block(ref reference, e *expression, s surroundings, depth int) {
	instances := s.module.blocks[ref.name]
	if instances == nil {
		return
	}
	k := ref.key
	if !k.set && t.byOwnKey(e, s, instances.keys) {
		k = s.key
	}
	if k.set {
		if in, ok := instances.get(k); ok {
			t.attribute(in, ref.attrs, depth)
		}
		return
	}
	for _, in := range instances.list {
		if t.attribute(in, ref.attrs, depth); t.opaque || len(t.found) > 1 {
			return
		}
	}
}

// byOwnKey reports whether an expression is an index by the key of the block that it
// stands in, into something that has just such keys. With other keys there may be
// arithmetic between the two, as in count.index + 1.
func (t *trace) byOwnKey(e *expression, s surroundings, keys *keySet) bool {
	if len(e.refs) != 2 || !s.key.set || s.siblings == nil {
		return false
	}
	byKey := e.refs[0].kind == refKey || e.refs[1].kind == refKey
	byCount := e.refs[0].kind == refCount || e.refs[1].kind == refCount
	if byCount && len(keys.index) != len(s.siblings.index) || !byKey && !byCount {
		return false
	}
	return t.subset(s.siblings, keys)
}

func (r *resolver) subset(a, b *keySet) bool {
	pair := [2]*keySet{a, b}
	is, ok := r.subsets[pair]
	if !ok {
		is = len(a.index) <= len(b.index)
		for k := range a.index {
			if _, has := b.index[k]; !has {
				is = false
				break
			}
		}
		r.subsets[pair] = is
	}
	return is
}

// attribute adds what attrs of an instance may hand to the argument. Without attrs
// it may be any attribute that fits the argument.
func (t *trace) attribute(in *instance, attrs []string, depth int) {
	if *t.steps++; *t.steps > maxTraceSteps {
		t.opaque = true
		return
	}
	if len(attrs) == 0 {
		ownID := slices.Contains(in.unknown, "id") && t.ids.isNamedAfter(t.argument, in.res.Type)
		for _, name := range in.unknown {
			switch t.ids.fitOf(t.argument, in.res, name) {
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
	if !slices.Contains(in.unknown, name) {
		return
	}
	switch t.ids.fitOf(t.argument, in.res, name) {
	case fitsWell:
		if len(attrs) > 1 {
			t.opaque = true
			return
		}
		t.source(in, name, depth)
	case mayFit:
		t.opaque = true
	default:
		t.foreign = true
		// Whatever its name, an id of several parts may have the wanted one in it.
		t.opaque = t.opaque || name == "id" && !t.ids[in.res.Type].PlainID
	}
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
	t.add(located.Ref{Address: in.res.Address, Attribute: name})
}

func (t *trace) add(ref located.Ref) {
	if !slices.Contains(t.found, ref) {
		t.found = append(t.found, ref)
	}
}
