package netpol

import (
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// LabelSelector is a label selector of an object that is no policy, such as those
// of PodNetworking.
type LabelSelector struct{ selector selector }

// ParseLabelSelector reads a label selector that stands in an object. An absent one
// selects everything. What the API server would reject counts as undecided: whoever
// reads the object says so.
func ParseLabelSelector(o *kubernetes.Object, v *located.Value) LabelSelector {
	r := &reader{object: o.Kind + " " + o.Name}
	s := r.selector(cursor{Value: withoutPlaceholders(v), at: o.Root.Range})
	if len(r.diagnostics) > 0 {
		s = newSelector(nil, true)
	}
	return LabelSelector{s}
}

// Matches reports whether the selector matches an object with the given labels.
// Of the keys in undecided only the presence is known; more says that there may be
// labels beyond these.
func (s LabelSelector) Matches(labels Labels, undecided []string, more bool) truth.Truth {
	return s.selector.match(labelSet{known: labels, unknown: undecided, open: more})
}
