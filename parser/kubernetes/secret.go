package kubernetes

import (
	"slices"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/located"
)

// marked returns v with the values that are secrets marked: the data of a Secret, and
// whatever a key says that it is one, in environments too. Values without any are not
// copied.
func marked(v *located.Value) *located.Value {
	if !guard.On(guard.Taint) {
		return v
	}
	return markedFields(v)
}

// markedFields marks the fields in v that hold secrets. One that is true or false is
// left as it is: automountServiceAccountToken is called like a secret.
func markedFields(v *located.Value) *located.Value {
	switch v.Kind {
	case located.List:
		copied := false
		for i, e := range v.List {
			m := markedFields(e)
			if m == e {
				continue
			}
			if !copied {
				v, copied = replaced(v), true
			}
			v.List[i] = m
		}
	case located.Map:
		copied := false
		for i, f := range v.Map {
			m := markedFields(f.Value)
			if f.Value.Kind != located.Bool && v.Hides(f) {
				m = secret(m)
			}
			if m == f.Value {
				continue
			}
			if !copied {
				v, copied = replaced(v), true
			}
			v.Map[i].Value = m
		}
	}
	return v
}

// replaced returns a copy of v whose list or map may be changed.
func replaced(v *located.Value) *located.Value {
	c := *v
	c.List, c.Map = slices.Clone(v.List), slices.Clone(v.Map)
	return &c
}

// secret returns v with all that is in it marked.
func secret(v *located.Value) *located.Value {
	changed := *v
	changed.Sensitive = true
	copied := false
	for i, e := range v.List {
		if m := secret(e); m != e {
			if !copied {
				changed.List, copied = slices.Clone(v.List), true
			}
			changed.List[i] = m
		}
	}
	for i, f := range v.Map {
		if m := secret(f.Value); m != f.Value {
			if !copied {
				changed.Map, copied = slices.Clone(v.Map), true
			}
			changed.Map[i].Value = m
		}
	}
	if v.Sensitive && !copied {
		return v
	}
	return &changed
}
