package gitops

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// keyOf returns what [Deployment.Key] is. All that a deployment says comes from its
// object, from the objects that values and variables stand in, and from the tree,
// which does not change.
func (f *finder) keyOf(x *Deployment) string {
	h := sha256.New()
	o := x.Object
	fmt.Fprintf(h, "%q %q %q %d %s\n", o.From, o.Deployer, x.By, x.Index, f.fingerprint(o))
	fmt.Fprintf(h, "%q\n", x.Files)
	if x.Overlay != nil {
		fmt.Fprintf(h, "%q\n", x.Overlay.Resources)
	}
	if x.Release != nil {
		for _, v := range x.Release.Values {
			fmt.Fprintf(h, "%q\n", v.File)
			if v.Root != nil {
				hashValue(h, v.Root)
			}
		}
	}
	if s := x.Substitution; s != nil {
		fmt.Fprintf(h, "%t\n", s.incomplete)
		for _, name := range slices.Sorted(maps.Keys(s.variables)) {
			fmt.Fprintf(h, "%q ", name)
			hashValue(h, s.variables[name])
		}
	}
	return sum(h)
}

// fingerprint is the hash of an object. A set of applications has one for all.
func (f *finder) fingerprint(o *kubernetes.Object) string {
	if s, ok := f.fingerprints[o]; ok {
		return s
	}
	h := sha256.New()
	hashValue(h, o.Root)
	s := sum(h)
	f.fingerprints[o] = s
	return s
}

// hashValue adds a value and its places. What leads to the places is left out: it
// grows each time that a value is filled in again.
func hashValue(w io.Writer, v *located.Value) {
	fmt.Fprintf(w, "%v %s %q %t %d %d\n", v.Kind, v.Range, v.Str, v.Bool, len(v.List), len(v.Map))
	for _, e := range v.List {
		hashValue(w, e)
	}
	for _, field := range v.Map {
		fmt.Fprintf(w, "%q ", field.Key)
		hashValue(w, field.Value)
	}
}

func sum(h hash.Hash) string { return fmt.Sprintf("%x", h.Sum(nil)) }
