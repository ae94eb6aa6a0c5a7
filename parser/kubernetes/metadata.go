package kubernetes

import (
	"slices"

	"github.com/egresslint/egresslint/parser/located"
)

// WithMetadata returns o with labels and annotations, each a map or nil, added to its
// own, not to those of its pods. They count more than what has the same name. Without
// any it returns o.
func (o *Object) WithMetadata(labels, annotations *located.Value) *Object {
	metadata, ok := o.Root.Field("metadata")
	if !ok || metadata.Value.Kind != located.Map {
		return o
	}
	with := withFields(withFields(metadata.Value, "labels", labels), "annotations", annotations)
	if with == metadata.Value {
		return o
	}
	root := *o.Root
	root.Map = slices.Clone(root.Map)
	for i := range root.Map {
		if root.Map[i].Key == "metadata" {
			root.Map[i].Value = with
		}
	}
	c := *o
	c.Root = &root
	return &c
}

// withFields returns the map v with the fields of more in the map that is its field
// name.
func withFields(v *located.Value, name string, more *located.Value) *located.Value {
	if more == nil || len(more.Map) == 0 {
		return v
	}
	fields := *more
	if own := v.Get(name); own.Kind == located.Map {
		fields = *own
		fields.Map = slices.DeleteFunc(slices.Clone(own.Map), func(f located.Field) bool {
			_, again := more.Field(f.Key)
			return again
		})
		fields.Map = append(fields.Map, more.Map...)
	}
	c := *v
	c.Map = slices.DeleteFunc(slices.Clone(v.Map), func(f located.Field) bool { return f.Key == name })
	c.Map = append(c.Map, located.Field{Key: name, KeyRange: fields.Range, Value: &fields})
	return &c
}
