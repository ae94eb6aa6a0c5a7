package terraform

import (
	"strconv"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
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
	return convert.Convert(v, t)
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
