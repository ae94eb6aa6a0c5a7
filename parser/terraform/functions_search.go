package terraform

import (
	"github.com/zclconf/go-cty/cty"
)

// find compares the elements of a list with v in order. It stops at the first
// that is equal or may be.
func find(list []value, v cty.Value) (i int, found bool, doubt *cty.Value) {
	for i, e := range list {
		eq := equal(e.v, v)
		u, _ := eq.Unmark()
		switch {
		case !u.IsKnown():
			if doubt == nil {
				doubt = &eq
			}
		case u.True():
			return i, true, doubt
		}
	}
	return 0, false, doubt
}

func contains(sc scope, c *callSite) value {
	list, bad := sc.list(c, 0)
	if bad != nil {
		return value{v: cty.UnknownVal(cty.Bool).WithSameMarks(bad.v)}
	}
	if c.args[1].v.IsNull() {
		return sc.fail(c.argRange(1), "call contains: the value is null")
	}
	open, isOpen := openOf(c.args[0].v)
	_, found, doubt := find(sameType(c.args[0].v, list, &c.args[1]), c.args[1].v)
	switch {
	case found:
		return value{cty.True, combined(c.args)}
	case doubt != nil:
		return value{v: *doubt}
	case isOpen && !open.sized:
		return unknown(open.why)
	default:
		return value{cty.False, combined(c.args)}
	}
}

// sameType converts the value that is looked for to the type of the list's
// elements, as Terraform does.
func sameType(coll cty.Value, list []value, v *value) []value {
	u, _ := coll.Unmark()
	if t := u.Type(); t.IsListType() || t.IsSetType() {
		if cv, err := convertTo(v.v, t.ElementType()); err == nil {
			v.v = cv
		}
	}
	return list
}

func indexOf(sc scope, c *callSite) value {
	list, bad := sc.list(c, 0)
	if bad != nil {
		return value{v: cty.UnknownVal(cty.Number).WithSameMarks(bad.v)}
	}
	open, isOpen := openOf(c.args[0].v)
	i, found, doubt := find(sameType(c.args[0].v, list, &c.args[1]), c.args[1].v)
	switch {
	case doubt != nil:
		return value{v: cty.UnknownVal(cty.Number).WithSameMarks(*doubt)}
	case found && isOpen && i >= open.exact:
		return unknown(open.why)
	case found:
		return value{cty.NumberIntVal(int64(i)), combined(c.args)}
	case isOpen && !open.sized:
		return unknown(open.why)
	default:
		return sc.fail(c.rng(), "call index: the list does not hold the value")
	}
}

func matchKeys(sc scope, c *callSite) value {
	for _, a := range c.args {
		if open, ok := openOf(a.v); ok {
			return unknown(open.why)
		}
	}
	vals, bad := sc.list(c, 0)
	if bad != nil {
		return *bad
	}
	ks, bad := sc.list(c, 1)
	if bad != nil {
		return *bad
	}
	wanted, bad := sc.list(c, 2)
	if bad != nil {
		return *bad
	}
	if len(vals) != len(ks) {
		return sc.fail(c.rng(), "call matchkeys: the lists of values and keys differ in length")
	}
	var out []value
	for i, k := range ks {
		_, found, doubt := find(wanted, k.v)
		if !found && doubt != nil {
			return unknownLike(*doubt)
		}
		if found {
			out = append(out, vals[i])
		}
	}
	return sequence(out, c.args[0])
}

func allTrue(sc scope, c *callSite) value { return quantify(sc, c, false) }
func anyTrue(sc scope, c *callSite) value { return quantify(sc, c, true) }

// quantify looks for an element that decides alltrue (false) or anytrue (true).
func quantify(sc scope, c *callSite, decides bool) value {
	list, bad := sc.list(c, 0)
	if bad != nil {
		return value{v: cty.UnknownVal(cty.Bool).WithSameMarks(bad.v)}
	}
	var doubt *value
	for _, e := range list {
		if u, _ := e.v.Unmark(); u.IsNull() {
			if !decides {
				return value{v: cty.False}
			}
			continue
		}
		b, unsure := sc.truth(e, c.argRange(0))
		switch {
		case unsure != nil:
			doubt = unsure
		case b == decides:
			return value{cty.BoolVal(decides), combined(c.args)}
		}
	}
	if doubt != nil {
		return value{v: cty.UnknownVal(cty.Bool).WithSameMarks(doubt.v)}
	}
	if open, ok := openOf(c.args[0].v); ok && !open.sized {
		return unknown(open.why)
	}
	return value{cty.BoolVal(!decides), combined(c.args)}
}
