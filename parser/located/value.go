// Package located holds values that know where they were written. Kubernetes
// manifests and evaluated Terraform both become trees of [Value], so everything
// downstream reads one shape.
package located

import (
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/parser/source"
)

// Kind is the type of a [Value].
type Kind uint8

// The kinds of values. The zero Kind is Null, so the zero Value is a null that
// stands nowhere.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Map
	// Unknown is a value that the files do not decide; Value.Reason says why.
	Unknown
)

// Value is one datum with its place. Values are shared and must not be changed
// once built.
type Value struct {
	Kind Kind
	Bool bool
	// Sensitive values are never printed.
	Sensitive bool
	// Str is the text of a String, which may hold placeholders (see [Ref]), or the
	// shortest decimal form of a Number.
	Str  string
	List []*Value
	Map  []Field // in source order; keys are unique

	// Range is the text a developer would edit to change this value: the
	// expression or scalar itself; for a block or an object its header line or
	// metadata.name.
	Range source.Range
	// Callers are the module arguments through which the value entered the module
	// that Range lies in, innermost first. Empty when the value was written where
	// Range points, and always empty for manifests.
	Callers []source.Range
	// Via are the other places the value passed through: locals, variable
	// defaults, lines of variable files. In the order in which they were followed.
	Via []Step

	// Reason says why an Unknown is unknown, in words a user can act on
	// ("var.vpc_id has no value: pass --var-file").
	Reason string
}

// Step is a place that a value passed through on its way.
type Step struct {
	Range source.Range
	// Says tells what happens there, as in "local.pod_cidrs is set here"; empty where
	// nothing more can be said than that the value comes from there.
	Says string
}

// Field is one entry of a Map. KeyRange is the key's own text.
type Field struct {
	Key      string
	KeyRange source.Range
	Value    *Value
}

var null = &Value{}

// Get returns the value at a path of map keys. It returns a Null without a
// place when a key is missing, and the Unknown itself when the path leads
// through one. It is safe on a nil receiver and never returns nil.
func (v *Value) Get(path ...string) *Value {
	for _, key := range path {
		if v == nil || v.Kind == Null {
			return null
		}
		if v.Kind == Unknown {
			return v
		}
		f, ok := v.Field(key)
		if !ok {
			return null
		}
		v = f.Value
	}
	if v == nil {
		return null
	}
	return v
}

// Field returns the entry of a Map with the given key.
func (v *Value) Field(key string) (Field, bool) {
	if v == nil || v.Kind != Map {
		return Field{}, false
	}
	for _, f := range v.Map {
		if f.Key == key {
			return f, true
		}
	}
	return Field{}, false
}

// Split returns the elements of a list argument. Providers and people write
// such lists as lists, scalars, comma-joined strings and lists of those.
func (v *Value) Split() []*Value {
	var out []*Value
	for _, item := range v.Items() {
		if item.Kind != String || !strings.Contains(item.Str, ",") {
			if text, ok := item.Text(); !ok || strings.TrimSpace(text) != "" {
				out = append(out, item)
			}
			continue
		}
		for part := range strings.SplitSeq(item.Str, ",") {
			if part = strings.TrimSpace(part); part != "" {
				c := *item
				c.Str = part
				out = append(out, &c)
			}
		}
	}
	return out
}

// Int is the whole number that v holds; 0 if it holds none.
func (v *Value) Int() int {
	text, _ := v.Text()
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

// Is reports whether v is certainly one of some texts.
func (v *Value) Is(texts ...string) bool {
	text, ok := v.Text()
	return ok && slices.Contains(texts, text)
}

// Text returns the string of a String, Number or Bool; false for anything else.
func (v *Value) Text() (string, bool) {
	if v == nil {
		return "", false
	}
	switch v.Kind {
	case String, Number:
		return v.Str, true
	case Bool:
		if v.Bool {
			return "true", true
		}
		return "false", true
	default:
		return "", false
	}
}

// Truth returns the value of a Bool, or of the strings "true" and "false",
// which Terraform converts.
func (v *Value) Truth() (value, ok bool) {
	switch s, _ := v.Text(); s {
	case "true":
		return true, true
	case "false":
		return false, true
	default:
		return false, false
	}
}

// Items returns the elements of a List, nothing for a Null, and the value
// itself for any other kind: in the provider's resources and in hand-written
// manifests a scalar often stands for a list of one.
func (v *Value) Items() []*Value {
	if v == nil || v.Kind == Null {
		return nil
	}
	if v.Kind == List {
		return v.List
	}
	return []*Value{v}
}

// IsNull reports whether v is absent or null.
func (v *Value) IsNull() bool { return v == nil || v.Kind == Null }

// IsUnknown reports whether the files do not decide v itself. A List or Map is
// known even when it holds unknown elements.
func (v *Value) IsUnknown() bool { return v != nil && v.Kind == Unknown }

// ReasonOr is why v, or the first part of it, is unknown; otherwise where it is known or
// has no reason.
func (v *Value) ReasonOr(otherwise string) string {
	if u := v.FirstUnknown(); u != nil && u.Reason != "" {
		return u.Reason
	}
	return otherwise
}

// FirstUnknown returns the first Unknown in v, depth first, or nil.
func (v *Value) FirstUnknown() *Value {
	switch {
	case v == nil:
		return nil
	case v.Kind == Unknown:
		return v
	}
	for _, e := range v.List {
		if u := e.FirstUnknown(); u != nil {
			return u
		}
	}
	for _, f := range v.Map {
		if u := f.Value.FirstUnknown(); u != nil {
			return u
		}
	}
	return nil
}

// Ref names an attribute of a resource instance whose value exists only after
// apply but identifies it: its id, its connection string, its address. In
// values a Ref is written as a placeholder, a string that no real input holds,
// so that references survive the string and list juggling of real Terraform.
type Ref struct {
	// Root is empty for a resource of the root that the reference stands in, else it
	// identifies the root that the resource belongs to: see terraform.Root.ID.
	Root string
	// Address is that of the resource instance, e.g.
	// module.net["a"].alicloud_vswitch.pod[0]. That of another root's resource
	// starts with Root and a colon, so that it is never taken for a resource of the
	// root at hand; Local has it without.
	Address   string
	Attribute string // e.g. id
}

// Placeholders are delimited by private-use code points. What YAML, JSON, CSV and
// templates take for their own, such as the quotes and brackets of an address, is
// written as one too: a document with a placeholder in it then still is one.
const (
	refStart = "\ue0e0"
	refSep   = "\ue0e1"
	refEnd   = "\ue0e2"
	refRoot  = "\ue0e3"
	// refPlain is where the code points of ASCII begin.
	refPlain = '\ue100'
)

// Placeholder returns the string that stands for r.
func (r Ref) Placeholder() string {
	if r.Root != "" {
		return refStart + quoted(r.Root) + refRoot + quoted(r.Local().Address) + refSep + quoted(r.Attribute) + refEnd
	}
	return refStart + quoted(r.Address) + refSep + quoted(r.Attribute) + refEnd
}

// quoted writes s for the inside of a placeholder.
func quoted(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 0x80, 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.ContainsRune("_-./", c):
			return c
		default:
			return refPlain + c
		}
	}, s)
}

// unquoted reads what quoted wrote.
func unquoted(s string) string {
	return strings.Map(func(c rune) rune {
		if refPlain <= c && c < refPlain+0x80 {
			return c - refPlain
		}
		return c
	}, s)
}

// Local returns the reference as it is written in the root that the resource
// belongs to.
func (r Ref) Local() Ref {
	if r.Root == "" {
		return r
	}
	return Ref{Address: strings.TrimPrefix(r.Address, r.Root+":"), Attribute: r.Attribute}
}

// String renders r as Terraform would write it.
func (r Ref) String() string { return r.Address + "." + r.Attribute }

// Ref returns the reference that makes up the whole of a String.
func (v *Value) Ref() (Ref, bool) {
	if v == nil || v.Kind != String {
		return Ref{}, false
	}
	refs, rest := Refs(v.Str)
	if len(refs) != 1 || rest != "" {
		return Ref{}, false
	}
	return refs[0], true
}

// Refs returns the references inside a string, in order, and the string without
// their placeholders.
func Refs(s string) (refs []Ref, rest string) {
	if !strings.Contains(s, refStart) {
		return nil, s
	}
	var b strings.Builder
	for {
		i := strings.Index(s, refStart)
		if i < 0 {
			b.WriteString(s)
			return refs, b.String()
		}
		j := strings.Index(s[i:], refEnd)
		if j < 0 {
			b.WriteString(s)
			return refs, b.String()
		}
		address, attribute, _ := strings.Cut(unquoted(s[i+len(refStart):i+j]), refSep)
		root, local, foreign := strings.Cut(address, refRoot)
		if foreign {
			refs = append(refs, Ref{Root: root, Address: root + ":" + local, Attribute: attribute})
		} else {
			refs = append(refs, Ref{Address: address, Attribute: attribute})
		}
		b.WriteString(s[:i])
		s = s[i+j+len(refEnd):]
	}
}

// Display returns s with every placeholder rendered as Terraform would write it,
// in ${...}.
func Display(s string) string {
	if !strings.Contains(s, refStart) {
		return s
	}
	return unquoted(strings.NewReplacer(refStart, "${", refSep, ".", refEnd, "}", refRoot, ":").Replace(s))
}

// FromRoot returns s, text of the root that root identifies, as another root sees
// it: with every reference to a resource of that root naming the root.
func FromRoot(s, root string) string {
	if !strings.Contains(s, refStart) {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(s, refStart)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		i += len(refStart)
		b.WriteString(s[:i])
		s = s[i:]
		if j := strings.Index(s, refEnd); j >= 0 && !strings.Contains(s[:j], refRoot) {
			b.WriteString(quoted(root) + refRoot)
		}
	}
}
