package kubernetes

import (
	"slices"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/located"
)

// lastApplied is the annotation in which kubectl keeps a whole object.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// marked returns the object root with the values that are secrets marked: the data of
// a Secret, and whatever a key says that it is one, in environments too. Values without
// any are not copied.
func marked(root *located.Value, kind string) *located.Value {
	if !guard.On(guard.Taint) {
		return root
	}
	if kind == "Secret" {
		for _, key := range []string{"data", "stringData"} {
			root = withField(root, key, secret)
		}
		root = withField(root, "metadata", func(v *located.Value) *located.Value {
			return withField(v, "annotations", func(v *located.Value) *located.Value { return withField(v, lastApplied, secret) })
		})
	}
	return markedByKey(root)
}

// markedByKey returns v with the values marked whose keys say that they are secrets.
func markedByKey(v *located.Value) *located.Value {
	switch v.Kind {
	case located.List:
		copied := false
		for i, e := range v.List {
			m := markedByKey(e)
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
		name := v.Get("name")
		for i, f := range v.Map {
			m := markedByKey(f.Value)
			if located.SecretKey(f.Key) || f.Key == "value" && name.Kind == located.String && located.SecretKey(name.Str) {
				m = secretScalar(m)
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

// withField returns the map v with a field changed by f.
func withField(v *located.Value, key string, f func(*located.Value) *located.Value) *located.Value {
	i := slices.IndexFunc(v.Map, func(f located.Field) bool { return f.Key == key })
	if i < 0 {
		return v
	}
	m := f(v.Map[i].Value)
	if m == v.Map[i].Value {
		return v
	}
	v = replaced(v)
	v.Map[i].Value = m
	return v
}

// replaced returns a copy of v whose list or map may be changed.
func replaced(v *located.Value) *located.Value {
	c := *v
	c.List, c.Map = slices.Clone(v.List), slices.Clone(v.Map)
	return &c
}

// secretScalar returns v marked if it is text or a number, or a list of such: a map has
// keys of its own.
func secretScalar(v *located.Value) *located.Value {
	switch v.Kind {
	case located.String, located.Number, located.Unknown, located.List:
		if !slices.ContainsFunc(v.List, func(e *located.Value) bool { return e.Kind == located.Map || e.Kind == located.List }) {
			return secret(v)
		}
	}
	return v
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
