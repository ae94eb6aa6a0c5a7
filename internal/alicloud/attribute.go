package alicloud

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/located"
)

// Attribute is the schema of an attribute or of a type of nested block.
type Attribute struct {
	// Type is String, Bool, Int, Float, List, Set or Map.
	Type string
	// Elem is the type of the elements of a List, Set or Map: a Type, or Object for
	// elements that have attributes of their own. Empty for all others.
	Elem string
	// Required, Optional and Computed are the provider's flags. An attribute that is
	// Optional and Computed is filled in by the service if a configuration leaves it
	// out.
	Required, Optional, Computed bool
	// Default is the value of an attribute that a configuration leaves out, as the
	// provider's documentation would print it. The provider gives defaults only to
	// attributes that are neither Required nor Computed.
	Default    string
	HasDefault bool
	// Suppressed attributes are those for which the provider may drop what it would
	// change. Whether a default takes effect, and whether anything is computed, then
	// depends on other attributes.
	Suppressed bool
	// Deprecated says in words since when the attribute is deprecated or removed, and
	// what replaces it. Empty for current attributes.
	Deprecated string
	// Removed attributes are in the schema only to be refused.
	Removed bool
	// Block says that a configuration writes it as nested blocks. Its Elem is Object.
	Block bool

	replacement string // an attribute beside it, or a type
}

// DefaultValue returns the default as a Bool, Number or String that stands
// nowhere, or nil if the attribute has none.
func (a Attribute) DefaultValue() *located.Value {
	if !a.HasDefault {
		return nil
	}
	switch a.Type {
	case "Bool":
		return &located.Value{Kind: located.Bool, Bool: a.Default == "true"}
	case "Int", "Float":
		return &located.Value{Kind: located.Number, Str: a.Default}
	default:
		return &located.Value{Kind: located.String, Str: a.Default}
	}
}

// typeNames are the types by the letters that the table has for them.
var typeNames = map[byte]string{
	'b': "Bool", 'i': "Int", 'f': "Float", 's': "String", 'L': "List", 'S': "Set", 'M': "Map", 'o': "Object",
}

// decode reads the lines of one type; gen.go describes them.
func decode(name string, data bool, text string) *Type {
	n := strings.Count(text, "\n")
	t := &Type{Name: name, Data: data, attrs: make(map[string]Attribute, n), paths: make([]string, 0, n)}
	var around []string // the names of the blocks around the attribute
	for line := range strings.Lines(text) {
		own := strings.TrimLeft(line, ".")
		depth := len(line) - len(own) - 1
		own, rest, _ := strings.Cut(strings.TrimSuffix(own, "\n"), " ")
		around = append(around[:depth], own)
		path := strings.Join(around, ".")
		t.attrs[path] = decodeAttribute(rest)
		t.paths = append(t.paths, path)
	}
	slices.Sort(t.paths)
	return t
}

// decodeAttribute reads what stands behind the name of an attribute.
func decodeAttribute(s string) Attribute {
	var a Attribute
	s, a.Default, a.HasDefault = strings.Cut(s, " =")
	code, notice, noticed := strings.Cut(s, " !")
	for i := range len(code) {
		switch c := code[i]; c {
		case 'R':
			a.Required = true
		case 'O':
			a.Optional = true
		case 'C':
			a.Computed = true
		case 'D':
			a.Suppressed = true
		case 'X':
			a.Removed = true
		default:
			if a.Type == "" {
				a.Type = typeNames[c]
			} else {
				a.Elem = typeNames[c]
			}
		}
	}
	// A list of objects that nobody can set is an attribute to Terraform.
	a.Block = a.Elem == "Object" && (a.Required || a.Optional)
	if noticed {
		var since string
		since, a.replacement, _ = strings.Cut(notice, ">")
		a.Deprecated = deprecation(a.Removed, since, a.replacement)
	}
	return a
}

func deprecation(removed bool, since, replacement string) string {
	text, when := "deprecated", " since "
	if removed {
		text, when = "removed", " in "
	}
	if since != "" {
		text += when + "provider version " + since
	}
	if replacement != "" {
		text += ": use " + replacement
	}
	return text
}

// Synonyms returns the old names of a resource type's attributes and the current
// ones, as zone_id for availability_zone. Both are paths with dots. It holds the
// attributes, deprecated and removed ones, for which the provider names a
// replacement in the same block that takes the same values: of the same type, or a
// list for a single string. Where a replacement means the same in other words, as
// payment_type for instance_charge_type does, the values of the two differ.
func Synonyms(resourceType string) map[string]string {
	t, ok := Lookup(resourceType, false)
	if !ok {
		return nil
	}
	names := make(map[string]string)
	for _, path := range t.paths {
		old := t.attrs[path]
		to := path[:strings.LastIndexByte(path, '.')+1] + old.replacement
		if current, ok := t.attrs[to]; ok && old.replacement != "" && t.takes(to, current, path, old) {
			names[path] = to
		}
	}
	return names
}

// takes reports whether the attribute current at to takes what old at from does.
func (t *Type) takes(to string, current Attribute, from string, old Attribute) bool {
	list := current.Type == "List" || current.Type == "Set"
	switch {
	case current.Elem == "Object" || old.Elem == "Object":
		return current.Type == old.Type && current.Elem == old.Elem && slices.Equal(t.inside(to), t.inside(from))
	case list && (old.Type == "List" || old.Type == "Set"):
		return current.Elem == old.Elem
	case list:
		return current.Elem == old.Type
	case current.Type == "String":
		return old.Type == "String" || old.Type == "Int" // as node_count and desired_size
	default:
		return current.Type == old.Type && current.Elem == old.Elem
	}
}

// inside returns the paths of the attributes of a block, relative to it.
func (t *Type) inside(block string) []string {
	var names []string
	for _, path := range t.paths {
		if name, ok := strings.CutPrefix(path, block+"."); ok {
			names = append(names, name)
		}
	}
	return names
}
