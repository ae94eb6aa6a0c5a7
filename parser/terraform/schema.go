package terraform

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/egresslint/egresslint/parser/located"
)

// Schema knows of a provider's resource and data source types what their
// attributes hold that a configuration leaves out. It must be safe for concurrent
// use.
type Schema interface {
	// Attribute tells of an attribute, or a type of nested block, for which a
	// configuration has no value, or null. The path names the blocks around it,
	// which the configuration does have, and the attribute itself, without indexes.
	// If known, then either computed, and only the service knows the value, or unset
	// is the value: a Null, a default, or an empty List for a type of nested block.
	Attribute(resourceType string, data bool, path []string) (computed bool, unset *located.Value, known bool)
}

// unset returns the value of an attribute that the configuration leaves out. ok is
// false where no schema tells, or tells that only the service knows it.
func (in *instance) unset(ev *evaluator, path []string) (v value, ok bool) {
	if ev.load.schema == nil {
		return value{}, false
	}
	computed, unset, known := ev.load.schema.Attribute(in.res.blk.typ, in.res.blk.data, path)
	if !known || computed {
		return value{}, false
	}
	v, ok = constantOf(unset)
	if ok {
		ev.presume(located.Display(in.address) + "." + strings.Join(path, ".") + " is not set")
	}
	return v, ok
}

// constantOf converts a value that a schema holds.
func constantOf(v *located.Value) (value, bool) {
	switch v.Kind {
	case located.Null:
		return value{v: cty.NullVal(cty.DynamicPseudoType)}, true
	case located.Bool:
		return value{v: cty.BoolVal(v.Bool)}, true
	case located.String:
		return value{v: cty.StringVal(v.Str)}, true
	case located.Number:
		n, _, err := big.ParseFloat(v.Str, 10, 512, big.ToNearestEven)
		if err != nil {
			return value{}, false
		}
		return value{v: cty.NumberVal(n)}, true
	case located.List:
		return value{v: cty.EmptyTupleVal}, len(v.List) == 0
	default:
		return value{}, false
	}
}

// isBlock reports whether a schema says that an argument is a type of nested
// block. JSON syntax does not tell arguments and blocks apart.
func (in *instance) isBlock(ev *evaluator, path []string) bool {
	if ev.load.schema == nil {
		return false
	}
	_, unset, known := ev.load.schema.Attribute(in.res.blk.typ, in.res.blk.data, path)
	return known && unset != nil && unset.Kind == located.List
}

// listed returns blocks as a list: JSON syntax allows a single block to be written
// as an object.
func listed(v value) value {
	if u, _ := v.v.Unmark(); u.Type().IsObjectType() {
		return value{cty.TupleVal([]cty.Value{v.v}), &origin{elems: []*origin{v.o}}}
	}
	return v
}

// nestedBlock marks the value of a nested block that other expressions read: it
// has attributes, computed and left out ones, that the configuration does not show.
type nestedBlock struct {
	in   *instance
	path string // e.g. network_info[0]
}

// names are the names in the path of an attribute of the block, without indexes.
func (b nestedBlock) names(attribute string) []string {
	names := strings.Split(b.path, ".")
	for i, n := range names {
		names[i], _, _ = strings.Cut(n, "[")
	}
	return append(names, attribute)
}

// attr returns an attribute of the block that the configuration leaves out.
func (b nestedBlock) attr(ev *evaluator, name string) value {
	if v, ok := b.in.unset(ev, b.names(name)); ok {
		return v
	}
	return b.in.computed(b.path + "." + name)
}

// blocksAsSeen marks the objects in v if it is a list of nested blocks.
func (in *instance) blocksAsSeen(v cty.Value, path string) cty.Value {
	list, marks := v.Unmark()
	if !list.Type().IsTupleType() || !list.IsKnown() || list.IsNull() || list.LengthInt() == 0 {
		return v
	}
	elems := list.AsValueSlice()
	for i, e := range elems {
		if u, _ := e.Unmark(); !u.Type().IsObjectType() {
			return v
		}
		elems[i] = e.Mark(nestedBlock{in, fmt.Sprintf("%s[%d]", path, i)})
	}
	return cty.TupleVal(elems).WithMarks(marks)
}
