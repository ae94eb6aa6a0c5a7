package netpol

import (
	"strings"

	"github.com/egresslint/egresslint/parser/located"
)

// selector reads a label selector. A missing one is the empty selector.
func (r *reader) selector(c cursor) selector {
	if c.IsUnknown() {
		return newSelector(nil, true)
	}
	if !r.fields(c, "matchLabels", "matchExpressions") {
		return selector{}
	}
	var requirements []requirement
	unknown := false
	switch labels := c.field("matchLabels"); labels.Kind {
	case located.Null:
	case located.Unknown:
		unknown = true
	case located.Map:
		for _, f := range labels.Map {
			at := labels.field(f.Key)
			req := requirement{key: f.Key, op: opIn, unsureKey: !decided(&located.Value{Kind: located.String, Str: f.Key})}
			if !req.unsureKey {
				r.labelKey(cursor{f.Value, place(f.KeyRange, at.at), at.path}, f.Key)
			}
			switch value, ok := r.text(at); {
			case ok:
				r.labelValue(at, value)
				req.values = []string{value}
			case at.IsNull():
				req.values = []string{""} // JSON's null leaves the string empty
			default:
				req.unsure = true
			}
			requirements = append(requirements, req)
		}
	default:
		r.reject(labels, "must be a map of labels")
	}
	items, unsure := r.items(c.field("matchExpressions"))
	for _, item := range items {
		if item.IsUnknown() {
			unsure = true
			continue
		}
		if req, ok := r.requirement(item); ok {
			requirements = append(requirements, req)
		}
	}
	return newSelector(requirements, unknown || unsure)
}

func (r *reader) requirement(c cursor) (requirement, bool) {
	if !r.fields(c, "key", "operator", "values") {
		return requirement{}, false
	}
	var req requirement
	key := c.field("key")
	switch s, ok := r.text(key); {
	case ok:
		req.key = s
		r.labelKey(key, s)
	case key.IsNull():
		r.reject(c, "needs a key")
	default:
		req.unsureKey = true
	}
	values := c.field("values")
	items, unknown := r.items(values)
	req.unsure = unknown
	for _, item := range items {
		switch s, ok := r.text(item); {
		case ok:
			r.labelValue(item, s)
			req.values = append(req.values, s)
		case item.IsNull():
			req.values = append(req.values, "")
		default:
			req.unsure = true
		}
	}
	op := c.field("operator")
	if !decided(op.Value) {
		req.unsureKey = true
		return req, true
	}
	s, _ := r.text(op)
	switch s {
	case "In", "NotIn":
		if s == "NotIn" {
			req.op = opNotIn
		}
		if len(items) == 0 && !unknown {
			r.reject(presentOr(values, c), "needs values for operator %s", s)
		}
	case "Exists", "DoesNotExist":
		req.op = opExists
		if s == "DoesNotExist" {
			req.op = opDoesNotExist
		}
		if len(items) > 0 {
			r.reject(values, "must be left out for operator %s", s)
		}
	default:
		r.reject(presentOr(op, c), "%q is no operator: write In, NotIn, Exists or DoesNotExist", s)
	}
	return req, true
}

// presentOr is c, or what holds it if c is missing.
func presentOr(c, holder cursor) cursor {
	if c.IsNull() {
		return holder
	}
	return c
}

func (r *reader) labelKey(c cursor, key string) {
	if r.dialect == ciliumPolicy {
		_, key = labelSource(key)
	}
	prefix, name, found := strings.Cut(key, "/")
	if !found {
		prefix, name = "", key
	}
	if found && !dnsSubdomain(prefix) || !labelText(name) || name == "" {
		r.reject(c, "%q is no label key: write name or dns.domain/name, the name at most 63 letters, digits, '-', '_' or '.'", key)
	}
}

func (r *reader) labelValue(c cursor, value string) {
	if !labelText(value) {
		r.reject(c, "%q is no label value: at most 63 letters, digits, '-', '_' or '.', first and last a letter or digit", value)
	}
}

// labelText reports whether s can be a label's value, or its name if not empty.
func labelText(s string) bool {
	if s == "" {
		return true
	}
	return len(s) <= 63 && alphanumeric(s[0]) && alphanumeric(s[len(s)-1]) &&
		strings.IndexFunc(s, func(c rune) bool {
			return !(c < 128 && alphanumeric(byte(c)) || c == '-' || c == '_' || c == '.')
		}) < 0
}

func dnsSubdomain(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || !labelText(label) || strings.ContainsAny(label, "_.") || strings.ToLower(label) != label {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
