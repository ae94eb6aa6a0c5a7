package gitops

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"maps"
	"slices"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// keyOf returns what [Deployment.Key] is. All that a deployment says comes from its
// object, from the objects that values and variables stand in, and from the tree,
// which does not change.
func (f *finder) keyOf(x *Deployment) string {
	h := digest{sha256.New()}
	o := x.Object
	h.add("%q %q %q %d %s\n", o.From, o.Deployer, x.By, x.Index, f.fingerprint(o))
	h.add("%q\n", x.Files)
	if x.Overlay != nil {
		h.add("%q\n", x.Overlay.Resources)
	}
	if x.Release != nil {
		for _, v := range x.Release.Values {
			h.add("%q\n", v.File)
			if v.Root != nil {
				h.value(v.Root)
			}
		}
	}
	if s := x.Substitution; s != nil {
		h.add("%t\n", s.incomplete)
		for _, name := range slices.Sorted(maps.Keys(s.variables)) {
			h.add("%q ", name)
			h.value(s.variables[name])
		}
	}
	return h.sum()
}

// fingerprint is the hash of an object. A set of applications has one for all.
func (f *finder) fingerprint(o *kubernetes.Object) string {
	if s, ok := f.fingerprints[o]; ok {
		return s
	}
	h := digest{sha256.New()}
	h.value(o.Root)
	s := h.sum()
	f.fingerprints[o] = s
	return s
}

// digest is what a key is made of.
type digest struct{ hash.Hash }

func (h digest) add(format string, args ...any) { h.Write(fmt.Appendf(nil, format, args...)) }

// value adds a value and its places. What leads to the places is left out: it
// grows each time that a value is filled in again.
func (h digest) value(v *located.Value) {
	h.add("%v %s %q %t %d %d\n", v.Kind, v.Range, v.Str, v.Bool, len(v.List), len(v.Map))
	for _, e := range v.List {
		h.value(e)
	}
	for _, field := range v.Map {
		h.add("%q ", field.Key)
		h.value(field.Value)
	}
}

func (h digest) sum() string { return fmt.Sprintf("%x", h.Sum(nil)) }
