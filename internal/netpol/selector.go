package netpol

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/truth"
)

// Labels are the labels of a pod or namespace.
type Labels map[string]string

// nameLabel is the label that the API server sets on every namespace.
const nameLabel = "kubernetes.io/metadata.name"

// labelSet is what is known about the labels of one object.
type labelSet struct {
	known   Labels
	unknown []string // keys that are certainly present, with an undecided value
	open    bool     // whether there may be labels beyond these
}

// key returns a string that is equal for equal label sets.
func (s labelSet) key() string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(s.known)) {
		b.WriteString(k)
		b.WriteByte(0)
		b.WriteString(s.known[k])
		b.WriteByte(0)
	}
	b.WriteByte(1)
	for _, k := range slices.Sorted(slices.Values(s.unknown)) {
		b.WriteString(k)
		b.WriteByte(0)
	}
	if s.open {
		b.WriteByte(2)
	}
	return b.String()
}

// operator is the operator of a selector requirement.
type operator uint8

const (
	opIn operator = iota
	opNotIn
	opExists
	opDoesNotExist
)

// requirement is one condition of a selector. A matchLabels entry is an In with
// one value.
type requirement struct {
	key    string
	op     operator
	values []string // sorted
	// unsure is set when the files leave some of the values undecided, unsureKey
	// when they leave the key undecided.
	unsure    bool
	unsureKey bool
}

func (r *requirement) match(s labelSet) truth.Truth {
	if r.unsureKey {
		return truth.Maybe
	}
	if slices.Contains(s.unknown, r.key) {
		switch r.op {
		case opExists:
			return truth.Yes
		case opDoesNotExist:
			return truth.No
		default:
			return truth.Maybe
		}
	}
	value, present := s.known[r.key]
	if !present && s.open {
		return truth.Maybe
	}
	switch r.op {
	case opExists:
		return truth.Of(present)
	case opDoesNotExist:
		return truth.Of(!present)
	case opIn:
		return r.holds(value, present)
	default:
		return -r.holds(value, present)
	}
}

// holds reports whether a label that is present has one of the values.
func (r *requirement) holds(value string, present bool) truth.Truth {
	switch {
	case !present:
		return truth.No
	case slices.Contains(r.values, value):
		return truth.Yes
	case r.unsure:
		return truth.Maybe
	default:
		return truth.No
	}
}

// selector is a label selector; the empty one selects everything.
type selector struct {
	requirements []requirement // sorted by key
	unknown      bool          // whether the files leave the selector as such undecided
	text         string        // canonical, in the notation of kubectl
}

// newSelector puts the requirements in canonical order.
func newSelector(requirements []requirement, unknown bool) selector {
	s := selector{requirements: requirements, unknown: unknown}
	texts := make([]string, len(requirements))
	for i := range requirements {
		r := &requirements[i]
		slices.Sort(r.values)
		r.values = slices.Compact(r.values)
		texts[i] = r.String()
	}
	slices.Sort(texts)
	s.text = strings.Join(slices.Compact(texts), ",")
	slices.SortFunc(requirements, func(a, b requirement) int { return strings.Compare(a.key, b.key) })
	if unknown {
		s.text = strings.TrimPrefix(s.text+",(unknown)", ",")
	}
	return s
}

// String renders the requirement in the notation of kubectl's --selector.
func (r *requirement) String() string {
	if r.unsureKey {
		return "(unknown)"
	}
	values := r.values
	if r.unsure {
		values = append(slices.Clone(values), "(unknown)")
	}
	switch r.op {
	case opExists:
		return r.key
	case opDoesNotExist:
		return "!" + r.key
	case opIn:
		if len(values) == 1 {
			return r.key + "=" + values[0]
		}
		return r.key + " in (" + strings.Join(values, ",") + ")"
	default:
		return r.key + " notin (" + strings.Join(values, ",") + ")"
	}
}

// empty reports whether the selector certainly selects everything.
func (s *selector) empty() bool { return len(s.requirements) == 0 && !s.unknown }

func (s *selector) match(labels labelSet) truth.Truth {
	t := truth.Yes
	if s.unknown {
		t = truth.Maybe
	}
	for i := range s.requirements {
		t = min(t, s.requirements[i].match(labels))
		if t == truth.No {
			return truth.No
		}
	}
	return t
}

// selectorID identifies an interned selector within one matcher.
type selectorID int32

// matcher evaluates many selectors against a label set at once. Selectors are
// found through one of their equality requirements, so the cost of a label set
// does not grow with the number of selectors that have nothing to do with it.
type matcher struct {
	selectors []selector
	ids       map[string]selectorID
	byPair    map[[2]string][]selectorID
	byKey     map[string][]selectorID // the same selectors by key, for keys of undecided value
	rest      []selectorID            // selectors without an equality requirement
}

// intern returns the id of the selector; equal selectors share one.
func (m *matcher) intern(s selector) selectorID {
	if id, ok := m.ids[s.text]; ok {
		return id
	}
	if m.ids == nil {
		m.ids = make(map[string]selectorID)
	}
	id := m.add(s)
	m.ids[s.text] = id
	return id
}

// add is intern for a selector that need not share its id.
func (m *matcher) add(s selector) selectorID {
	id := selectorID(len(m.selectors))
	m.selectors = append(m.selectors, s)
	return id
}

// index prepares the matcher after its last selector. Each selector is filed
// under its rarest equality requirement: a label that every workload carries,
// such as the name of the product, tells nothing apart.
func (m *matcher) index() {
	count := make(map[[2]string]int)
	for i := range m.selectors {
		for _, r := range m.selectors[i].requirements {
			if r.op == opIn && !r.unsure && !r.unsureKey {
				for _, v := range r.values {
					count[[2]string{r.key, v}]++
				}
			}
		}
	}
	m.byPair = make(map[[2]string][]selectorID)
	m.byKey = make(map[string][]selectorID)
	for i := range m.selectors {
		id := selectorID(i)
		var best *requirement
		cost := 0
		for j := range m.selectors[i].requirements {
			r := &m.selectors[i].requirements[j]
			if r.op != opIn || r.unsure || r.unsureKey {
				continue
			}
			n := 0
			for _, v := range r.values {
				n += count[[2]string{r.key, v}]
			}
			if best == nil || n < cost {
				best, cost = r, n
			}
		}
		if best == nil {
			m.rest = append(m.rest, id)
			continue
		}
		for _, v := range best.values {
			pair := [2]string{best.key, v}
			m.byPair[pair] = append(m.byPair[pair], id)
		}
		m.byKey[best.key] = append(m.byKey[best.key], id)
	}
}

// vector holds the answer of every selector of a matcher for one label set.
type vector struct {
	yes, maybe bitset
}

func (v vector) get(id selectorID) truth.Truth {
	switch {
	case v.yes.has(int(id)):
		return truth.Yes
	case v.maybe.has(int(id)):
		return truth.Maybe
	default:
		return truth.No
	}
}

func (m *matcher) match(labels labelSet) vector {
	v := vector{yes: newBitset(len(m.selectors)), maybe: newBitset(len(m.selectors))}
	m.visit(labels, func(id selectorID, t truth.Truth) {
		if t == truth.Yes {
			v.yes.set(int(id))
		} else {
			v.maybe.set(int(id))
		}
	})
	return v
}

// visit calls found with every selector that matches a label set, or perhaps does, once
// or more often.
func (m *matcher) visit(labels labelSet, found func(id selectorID, t truth.Truth)) {
	check := func(id selectorID) {
		if t := m.selectors[id].match(labels); t != truth.No {
			found(id, t)
		}
	}
	if labels.open {
		for i := range m.selectors {
			check(selectorID(i))
		}
		return
	}
	each := func(ids []selectorID) {
		for _, id := range ids {
			check(id)
		}
	}
	each(m.rest)
	for k, value := range labels.known {
		each(m.byPair[[2]string{k, value}])
	}
	for _, k := range labels.unknown {
		each(m.byKey[k])
	}
}

// bitset is a fixed-size set of small integers.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

// key returns a string that is equal for equal vectors.
func (v vector) key() string {
	b := make([]byte, 0, 8*(len(v.yes)+len(v.maybe)))
	for _, set := range []bitset{v.yes, v.maybe} {
		for _, word := range set {
			b = binary.LittleEndian.AppendUint64(b, word)
		}
	}
	return string(b)
}
