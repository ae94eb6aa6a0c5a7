package tfjson

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/located"
)

// literals maps what the cloud has given out already to what it belongs to. Where a
// resource exists, a plan has its id in place of the reference that the
// configuration makes, and only the reference tells that it is the same thing.
type literals struct {
	ids  Identities
	refs map[string]located.Ref
}

// ambiguous marks a literal that belongs to several instances.
var ambiguous = located.Ref{}

func (r *reader) literals(ids Identities) literals {
	l := literals{ids, make(map[string]located.Ref)}
	for _, in := range r.order {
		if in.res.Data {
			continue // someone else's resource, perhaps one of ours
		}
		for _, name := range ids.ownedBy(in.res.Type) {
			value := in.res.Body.Get(name)
			if value.Kind != located.String || value.Str == "" || in.sets(name) {
				continue
			}
			ref := located.Ref{Address: in.res.Address, Attribute: name}
			if other, taken := l.refs[value.Str]; taken && other.Address != ref.Address {
				ref = ambiguous
			} else if taken {
				continue
			}
			l.refs[value.Str] = ref
		}
	}
	return l
}

func (ids Identities) ownedBy(typ string) []string {
	names := ids[typ].Owned
	if ids[typ].PlainID {
		names = append([]string{"id"}, names...)
	}
	return names
}

// sets reports whether the configuration sets an attribute, which then is not the
// cloud's to give.
func (in *instance) sets(name string) bool {
	return in.config != nil && in.config.args.exprs[name] != nil
}

// replace puts placeholders for literals into the attributes of an instance, but
// for those in which it tells its own.
func (l literals) replace(in *instance) {
	own := l.ids.ownedBy(in.res.Type)
	for _, f := range in.res.Body.Map {
		ref, ok := l.refs[f.Value.Str]
		if ok && ref.Address == in.res.Address && slices.Contains(own, f.Key) {
			continue
		}
		l.value(f.Value)
	}
}

func (l literals) value(v *located.Value) {
	if v.Kind == located.String {
		v.Str = l.text(v.Str)
	}
	for _, e := range v.List {
		l.value(e)
	}
	for _, f := range v.Map {
		l.value(f.Value)
	}
}

// text replaces a string that is a literal, the elements of one that is a list of
// them with commas, as the provider takes SNAT addresses, and the strings in one
// that is a JSON document, as the configuration of an add-on.
func (l literals) text(s string) string {
	if ref, ok := l.refs[s]; ok && ref != ambiguous {
		return ref.Placeholder()
	}
	switch {
	case s == "":
		return s
	case s[0] == '{' || s[0] == '[':
		return l.inJSON(s)
	case strings.Contains(s, ","):
		return l.inList(s)
	default:
		return s
	}
}

// inList replaces the literals among the elements of a list.
func (l literals) inList(s string) string {
	parts := strings.Split(s, ",")
	for i, part := range parts {
		text := strings.TrimSpace(part)
		if ref, ok := l.refs[text]; ok && ref != ambiguous {
			parts[i] = strings.Replace(part, text, ref.Placeholder(), 1)
		}
	}
	return strings.Join(parts, ",")
}

// inJSON replaces the literals among the strings of a JSON document, and of the
// documents that are strings in it.
func (l literals) inJSON(s string) string {
	parts := strings.Split(s, `"`)
	for i := 1; i < len(parts); i++ {
		// The quotes of a document in a string have backslashes before them.
		text := strings.TrimRight(parts[i], `\`)
		ref, ok := l.refs[text]
		if !ok || ref == ambiguous {
			continue
		}
		parts[i] = ref.Placeholder() + parts[i][len(text):]
	}
	return strings.Join(parts, `"`)
}
