package alicloud

import "github.com/egresslint/egresslint/parser/located"

// Table answers for the Terraform evaluator what an attribute holds that a
// configuration leaves out. It is the provider's schema in the form in which the
// evaluator takes one.
type Table struct{}

// Attribute tells how Terraform plans an attribute of a new resource, or of a data
// source, for which the configuration has no value: neither the attribute nor a
// block of that name, or null. The path names the blocks around the attribute,
// which the configuration does have, and the attribute itself, without indexes.
//
// If known, then either computed, and what the attribute holds is up to the
// service, or unset is its value: the default if the schema has one, an empty List
// for a type of nested block, else Null.
//
// It is not known for types and attributes that are not in the table, for those
// that the configuration must set, for those that the provider would fill in but
// may leave empty, and for those that it has removed, which older versions may still
// fill in.
func (Table) Attribute(resourceType string, data bool, path []string) (computed bool, unset *located.Value, known bool) {
	t, ok := Lookup(resourceType, data)
	if !ok {
		return false, nil, false
	}
	switch a, ok := t.Attribute(path...); {
	case !ok, a.Required, a.Removed, a.Suppressed && (a.HasDefault || a.Computed):
		return false, nil, false
	case a.Computed:
		return true, nil, true
	case a.HasDefault:
		return false, a.DefaultValue(), true
	case a.Block:
		return false, &located.Value{Kind: located.List}, true
	default:
		return false, &located.Value{}, true
	}
}
