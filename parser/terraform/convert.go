package terraform

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/egresslint/egresslint/parser/guard"
)

// convertTo converts v as [convert.Convert] does. It takes a short way for whole
// numbers, which the library renders at full precision, and for long tuples, for
// which the library compares every two types.
func convertTo(v cty.Value, t cty.Type) (cty.Value, error) {
	if v.Type().Equals(t) {
		return v, nil
	}
	u, marks := v.Unmark()
	if u.IsNull() || !u.IsKnown() {
		return convert.Convert(v, t)
	}
	switch {
	case t == cty.String && u.Type() == cty.Number:
		if s, ok := wholeNumber(u); ok {
			return cty.StringVal(s).WithMarks(marks), nil
		}
	case u.Type().IsTupleType() && (t.IsListType() || t.IsSetType()) && u.LengthInt() > 8:
		if out, ok := convertElements(u, t); ok {
			return out.WithMarks(marks), nil
		}
	}
	out, err := convert.Convert(v, t)
	if err != nil {
		return cty.NilVal, mismatch(u, t, marks.Has(sensitive{}), err)
	}
	return out, nil
}

// mismatch says why v is no t. It names the first element that does not fit, unless its
// key is hidden; the library names any.
func mismatch(v cty.Value, t cty.Type, hidden bool, err error) error {
	from := v.Type()
	structure := from.IsObjectType() || from.IsMapType()
	switch {
	case t.IsObjectType() && from.IsObjectType():
		var missing []string
		for _, name := range slices.Sorted(maps.Keys(t.AttributeTypes())) {
			if !from.HasAttribute(name) && !t.AttributeOptional(name) {
				missing = append(missing, strconv.Quote(name))
			}
		}
		switch n := len(missing); n {
		case 0:
		case 1:
			return fmt.Errorf("attribute %s is required", missing[0])
		default:
			return fmt.Errorf("attributes %s and %s are required", strings.Join(missing[:n-1], ", "), missing[n-1])
		}
	case (t.IsListType() || t.IsSetType()) && isSequence(from), t.IsMapType() && structure:
	default:
		return err
	}
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		var want cty.Type
		switch name, isText := asString(k); {
		case !t.IsObjectType():
			want = t.ElementType()
		case isText && t.HasAttribute(name):
			want = t.AttributeType(name)
		default:
			continue
		}
		if hidden {
			e = e.Mark(sensitive{})
		}
		if _, err := convertTo(e, want); err != nil {
			return fmt.Errorf("%s: %w", elementName(t, k, hidden), err)
		}
	}
	return err
}

func elementName(t cty.Type, key cty.Value, hidden bool) string {
	switch name, isText := asString(key); {
	case hidden && !t.IsObjectType() && guard.On(guard.ErrorText):
		return "an element"
	case t.IsObjectType():
		return "attribute " + strconv.Quote(name)
	case isText && t.IsMapType():
		return "element " + strconv.Quote(name)
	case key.Type() == cty.Number:
		return "element " + key.AsBigFloat().Text('f', -1)
	default: // of a set
		return "an element"
	}
}

// wholeNumber returns the decimal form of a whole number.
func wholeNumber(v cty.Value) (string, bool) {
	f := v.AsBigFloat()
	if !f.IsInt() || f.Sign() == 0 && f.Signbit() {
		return "", false
	}
	i, acc := f.Int64()
	if acc != 0 {
		return "", false
	}
	return strconv.FormatInt(i, 10), true
}

// convertElements converts a tuple to a list or set one element at a time. It
// can do so where no element has a say in the type of the others.
func convertElements(u cty.Value, t cty.Type) (cty.Value, bool) {
	want := t.ElementType()
	if want == cty.DynamicPseudoType {
		types := u.Type().TupleElementTypes()
		want = types[0]
		for _, et := range types {
			if !et.Equals(want) {
				return cty.NilVal, false
			}
		}
	}
	if want.HasDynamicTypes() {
		return cty.NilVal, false
	}
	elems := make([]cty.Value, 0, u.LengthInt())
	for it := u.ElementIterator(); it.Next(); {
		_, e := it.Element()
		c, err := convertTo(e, want)
		if err != nil {
			return cty.NilVal, false
		}
		elems = append(elems, c)
	}
	if t.IsSetType() {
		return cty.SetVal(elems), true
	}
	return cty.ListVal(elems), true
}
