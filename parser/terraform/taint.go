package terraform

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/located"
)

// sensitive is the mark of values that are never printed. It does not change what is
// made of them.
type sensitive struct{}

// secret returns v with the mark of what is never printed.
func secret(v cty.Value) cty.Value {
	if !guard.On(guard.Taint) {
		return v
	}
	return v.Mark(sensitive{})
}

// named returns v, the value of something that is called name: with the text and
// numbers in it marked if the name says that they are secrets. The keys of maps are
// none.
func named(name string, v cty.Value) cty.Value {
	if !located.SecretKey(name) {
		return v
	}
	return secretParts(v)
}

// secretParts marks the text and numbers in v.
func secretParts(v cty.Value) cty.Value {
	u, marks := v.Unmark()
	t := u.Type()
	switch {
	case t == cty.String || t == cty.Number || t == cty.DynamicPseudoType:
		if u.IsKnown() && u.IsNull() {
			return v
		}
		return secret(v)
	case t.IsPrimitiveType() || t.IsCapsuleType() || u.IsNull():
		return v
	case !u.IsKnown():
		return secret(v)
	}
	return mapParts(u, func(_ string, e cty.Value) cty.Value { return secretParts(e) }).WithMarks(marks)
}

// keyed marks the text and numbers in v whose keys say that they are secrets.
func keyed(v cty.Value) cty.Value {
	u, marks := v.Unmark()
	t := u.Type()
	if u.IsNull() || !u.IsKnown() || t.IsPrimitiveType() || t.IsCapsuleType() {
		return v
	}
	return mapParts(u, func(key string, e cty.Value) cty.Value { return named(key, keyed(e)) }).WithMarks(marks)
}

// mapParts returns a known list, set, map or object with f applied to its elements,
// which must not change their types. The key is empty in lists and sets.
func mapParts(v cty.Value, f func(key string, e cty.Value) cty.Value) cty.Value {
	t := v.Type()
	if !v.CanIterateElements() || v.LengthInt() == 0 {
		return v
	}
	if isSequence(t) {
		list := make([]cty.Value, 0, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			list = append(list, f("", e))
		}
		switch {
		case t.IsSetType():
			return cty.SetVal(list)
		case t.IsListType():
			return cty.ListVal(list)
		default:
			return cty.TupleVal(list)
		}
	}
	fields := make(map[string]cty.Value, v.LengthInt())
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		fields[k.AsString()] = f(k.AsString(), e)
	}
	if t.IsMapType() {
		return cty.MapVal(fields)
	}
	return cty.ObjectVal(fields)
}

// secretAttributes are arguments and attributes of resources that are secret whatever
// they are called.
var secretAttributes = map[string][]string{
	"random_password":      {"result", "bcrypt_hash"},
	"kubernetes_secret":    {"data", "binary_data", "string_data"},
	"kubernetes_secret_v1": {"data", "binary_data", "string_data"},
}

// inSecret marks what is secret in the object that a kubernetes_manifest spells out.
func inSecret(v cty.Value) cty.Value {
	u, marks := v.Unmark()
	if u.IsNull() || !u.IsKnown() || !u.Type().IsObjectType() || !u.Type().HasAttribute("kind") {
		return v
	}
	if kind, _ := asString(u.GetAttr("kind")); kind != "Secret" {
		return v
	}
	return mapParts(u, func(key string, e cty.Value) cty.Value {
		if key == "data" || key == "stringData" {
			return secretParts(e)
		}
		return e
	}).WithMarks(marks)
}

// sensitiveMarks returns the sensitive mark if v itself has it.
func sensitiveMarks(v cty.Value) cty.ValueMarks {
	if v.HasMark(sensitive{}) {
		return cty.NewValueMarks(sensitive{})
	}
	return nil
}

// sensitiveWithin returns the sensitive mark if v or anything in it has it.
func sensitiveWithin(v cty.Value) cty.ValueMarks {
	if m := sensitiveMarks(v); m != nil || !v.ContainsMarked() {
		return m
	}
	if _, marks := v.UnmarkDeep(); marks.Has(sensitive{}) {
		return cty.NewValueMarks(sensitive{})
	}
	return nil
}

func keepSensitive(v cty.Value, marks cty.ValueMarks) cty.Value {
	if marks.Has(sensitive{}) {
		return v.Mark(sensitive{})
	}
	return v
}

// arranging are the functions with rules of their own that pick or arrange the
// elements of what they are given. The elements keep their marks.
var arranging = map[string]bool{
	"concat": true, "element": true, "lookup": true, "merge": true, "flatten": true, "distinct": true, "compact": true, "sort": true,
	"keys": true, "values": true, "one": true, "coalesce": true, "coalescelist": true, "matchkeys": true,
	"tolist": true, "toset": true, "list": true, "map": true, "jsondecode": true, "yamldecode": true,
	"ephemeralasnull": true,
}

// aboutMarks are the functions that say what the marks of their result are.
var aboutMarks = map[string]bool{"sensitive": true, "nonsensitive": true, "issensitive": true}

// kept returns the result of a function with rules of its own, with the mark that its
// arguments give it.
func kept(c *callSite, v value) value {
	switch {
	case aboutMarks[c.name]:
	case c.name == "length": // of a list with a secret in it is none
		v.v = v.v.WithMarks(sensitiveMarks(c.args[0].v))
	case c.name == "element", c.name == "lookup": // which one is picked may tell
		v.v = v.v.WithMarks(sensitiveMarks(c.args[1].v))
	case c.name == "matchkeys":
		v.v = v.v.WithMarks(sensitiveWithin(c.args[1].v), sensitiveWithin(c.args[2].v))
	case arranging[c.name]:
	default:
		for _, a := range c.args {
			v.v = v.v.WithMarks(sensitiveWithin(a.v))
		}
	}
	return v
}
