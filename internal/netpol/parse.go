package netpol

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// Parse reads a NetworkPolicy of networking.k8s.io/v1. Namespace is the one it
// is applied to. A policy that the API server rejects is returned nil, with an
// InvalidObject diagnostic for each reason; so are warnings about a policy that
// is accepted: fields that the API does not have, and notations that only older
// API servers accept.
func Parse(o *kubernetes.Object, namespace string) (*Policy, []source.Diagnostic) {
	r := &reader{object: "NetworkPolicy " + namespace + "/" + o.Name}
	p := &Policy{Namespace: namespace, Name: o.Name, Object: o}
	r.spec(p)
	slices.SortStableFunc(r.diagnostics, source.Diagnostic.Compare)
	if r.invalid {
		return nil, r.diagnostics
	}
	return p, r.diagnostics
}

// reader collects what is wrong with one object.
type reader struct {
	object      string
	dialect     dialect
	invalid     bool
	diagnostics []source.Diagnostic
}

// cursor is a value with the two ways to name it: where it is and how it is
// reached.
type cursor struct {
	*located.Value
	at   source.Range // place of the value or, if it has none, of what holds it
	path string
}

func (r *reader) warn(c cursor, format string, args ...any) {
	r.diagnostics = append(r.diagnostics, source.Diagnostic{
		Kind:    source.InvalidObject,
		Range:   c.at,
		Message: fmt.Sprintf("apply %s: %s %s", r.object, c.path, located.Display(fmt.Sprintf(format, args...))),
	})
}

func (r *reader) reject(c cursor, format string, args ...any) {
	r.invalid = true
	r.warn(c, format, args...)
}

// field returns the cursor of a field, null if it is missing.
func (c cursor) field(key string) cursor {
	v := c.Get(key)
	return cursor{v, place(v.Range, c.at), c.path + "." + key}
}

// key returns the place of a field's key, zero if the field is missing or null.
func (c cursor) key(key string) source.Range {
	if f, ok := c.Field(key); ok && !f.Value.IsNull() {
		return place(f.KeyRange, c.at)
	}
	return source.Range{}
}

// has returns how many of the fields are there and not null.
func (c cursor) has(names ...string) (n int) {
	for _, name := range names {
		if f, ok := c.Field(name); ok && !f.Value.IsNull() {
			n++
		}
	}
	return n
}

// fields reports whether c is a map or null, and warns of fields the API does
// not have. An unknown passes.
func (r *reader) fields(c cursor, names ...string) bool {
	switch c.Kind {
	case located.Null, located.Unknown:
		return true
	case located.Map:
		for _, f := range c.Map {
			if !slices.Contains(names, f.Key) {
				r.warn(cursor{f.Value, place(f.KeyRange, c.at), c.path},
					"has no field %q: kubectl rejects the object, other clients drop the field", f.Key)
			}
		}
		return true
	default:
		r.reject(c, "must be a map of fields")
		return false
	}
}

// items returns the elements of a list field. Unknown tells that the files do
// not decide the list.
func (r *reader) items(c cursor) (items []cursor, unknown bool) {
	switch c.Kind {
	case located.Null:
		return nil, false
	case located.Unknown:
		return nil, true
	case located.List:
		items = make([]cursor, len(c.List))
		for i, v := range c.List {
			items[i] = cursor{v, place(v.Range, c.at), c.path + "[" + strconv.Itoa(i) + "]"}
		}
		return items, false
	default:
		r.reject(c, "must be a list")
		return nil, false
	}
}

// text returns a string field. It is false for a value that is missing, wrong
// or undecided.
func (r *reader) text(c cursor) (string, bool) {
	switch {
	case c.IsNull() || !decided(c.Value):
		return "", false
	case c.Kind != located.String:
		if s, ok := c.Text(); ok {
			r.reject(c, "must be a string: write \"%s\" in quotes", s)
		} else {
			r.reject(c, "must be a string")
		}
		return "", false
	default:
		return c.Str, true
	}
}

// root returns the cursor of the object's spec.
func (r *reader) root(o *kubernetes.Object) cursor {
	v := withoutPlaceholders(o.Root.Get("spec"))
	return cursor{v, place(v.Range, o.Root.Range, o.KindRange()), "spec"}
}

func (r *reader) spec(p *Policy) {
	c := r.root(p.Object)
	if !r.fields(c, "podSelector", "policyTypes", Ingress.String(), Egress.String()) {
		return
	}
	p.pods = r.selector(c.field("podSelector"))
	for _, d := range []Direction{Egress, Ingress} {
		p.rules[d] = r.rules(c.field(d.String()), d)
	}
	p.isolates = r.policyTypes(c)
}

// policyTypes returns the directions that the policy isolates. Without the
// field it is Ingress, and Egress only if there is an egress rule.
func (r *reader) policyTypes(spec cursor) [2]truth.Truth {
	c := spec.field("policyTypes")
	items, unknown := r.items(c)
	if unknown {
		return [2]truth.Truth{}
	}
	if len(items) == 0 {
		egress := spec.Get(Egress.String())
		if egress.IsUnknown() {
			return [2]truth.Truth{Egress: truth.Maybe, Ingress: truth.Yes}
		}
		return [2]truth.Truth{Egress: truth.Of(len(egress.Items()) > 0), Ingress: truth.Yes}
	}
	if len(items) > 2 {
		r.reject(c, "names %d types: there are only Ingress and Egress", len(items))
	}
	types := [2]truth.Truth{truth.No, truth.No}
	for _, item := range items {
		if !decided(item.Value) {
			for d := range types {
				types[d] = max(types[d], truth.Maybe)
			}
			continue
		}
		switch s, ok := r.text(item); {
		case s == "Egress":
			types[Egress] = truth.Yes
		case s == "Ingress":
			types[Ingress] = truth.Yes
		case ok:
			r.reject(item, "%q is no policy type: write Ingress or Egress", s)
		case item.IsNull():
			r.reject(item, "must be Ingress or Egress")
		}
	}
	return types
}

func (r *reader) rules(c cursor, d Direction) []rule {
	items, unknown := r.items(c)
	if unknown {
		return []rule{unknownRule(c.at)}
	}
	peers := "to"
	if d == Ingress {
		peers = "from"
	}
	rules := make([]rule, 0, len(items))
	for _, item := range items {
		if item.IsUnknown() {
			rules = append(rules, unknownRule(item.at))
			continue
		}
		if !r.fields(item, peers, "ports") {
			continue
		}
		rules = append(rules, rule{
			at:      item.at,
			portsAt: item.key("ports"),
			peers:   r.peers(item.field(peers)),
			ports:   r.ports(item.field("ports")),
		})
	}
	return rules
}

func unknownRule(at source.Range) rule {
	return rule{at: at, peers: []peer{{kind: unknownPeer, at: at}}, ports: []portRange{unknownPort(at)}}
}

func (r *reader) peers(c cursor) []peer {
	items, unknown := r.items(c)
	if unknown {
		return []peer{{kind: unknownPeer, at: c.at}}
	}
	var peers []peer
	for _, item := range items {
		if item.IsUnknown() {
			peers = append(peers, peer{kind: unknownPeer, at: item.at})
			continue
		}
		if p, ok := r.peer(item); ok {
			peers = append(peers, p)
		}
	}
	return peers
}

func (r *reader) peer(c cursor) (peer, bool) {
	if r.dialect == globalPolicy && c.has("podSelector", "namespaceSelector", "ipBlock") == 0 && len(c.Map) > 0 {
		return peer{kind: unknownPeer, at: c.at}, true
	}
	if !r.fields(c, "podSelector", "namespaceSelector", "ipBlock") {
		return peer{}, false
	}
	pods, namespaces, block := c.field("podSelector"), c.field("namespaceSelector"), c.field("ipBlock")
	switch selectors := !pods.IsNull() || !namespaces.IsNull(); {
	case !selectors && block.IsNull():
		r.reject(c, "names no peer: write podSelector, namespaceSelector or ipBlock, or leave out the whole list to mean everyone")
		return peer{}, false
	case selectors && !block.IsNull():
		r.reject(c, "combines ipBlock with a selector: write them as two list elements")
		return peer{}, false
	case selectors:
		p := peer{kind: podPeer, at: c.at, pods: r.selector(pods)}
		if !namespaces.IsNull() {
			s := r.selector(namespaces)
			p.namespaces = &s
		}
		return p, true
	default:
		return r.block(c, block)
	}
}

func (r *reader) block(c, block cursor) (peer, bool) {
	p := peer{kind: blockPeer, at: c.at}
	if block.IsUnknown() {
		p.kind = unknownPeer
		return p, true
	}
	if !r.fields(block, "cidr", "except") {
		return peer{}, false
	}
	cidr := block.field("cidr")
	if cidr.IsNull() {
		r.reject(block, "needs a cidr")
		return peer{}, false
	}
	excepts, unknown := r.items(block.field("except"))
	p.unsureExcept = unknown
	if !decided(cidr.Value) {
		p.kind = unknownPeer
		return p, true
	}
	var ok bool
	if p.block, ok = r.cidr(cidr); !ok {
		return peer{}, false
	}
	for _, e := range excepts {
		if !decided(e.Value) {
			p.unsureExcept = true
			continue
		}
		hole, ok := r.cidr(e)
		if !ok {
			continue
		}
		smaller := hole.Bits() > p.block.Bits() || r.dialect == ciliumPolicy
		if !smaller || !p.block.Contains(hole.Addr()) {
			r.reject(e, "%s must lie inside %s and be smaller than it", hole, p.block)
			continue
		}
		p.except = append(p.except, hole)
	}
	return p, true
}

// cidr reads a CIDR as the API server does for this field, which is older than
// the strict rules: host bits and leading zeros count as nothing.
func (r *reader) cidr(c cursor) (netip.Prefix, bool) {
	s, ok := r.text(c)
	if !ok {
		if c.IsNull() {
			r.reject(c, "must be a CIDR")
		}
		return netip.Prefix{}, false
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		if stripped := stripZeros(s); stripped != s && r.dialect == networkPolicy {
			if prefix, err = netip.ParsePrefix(stripped); err == nil {
				r.warn(c, "%q has leading zeros: newer API servers reject it, write %s", s, prefix.Masked())
				return prefix.Masked(), true
			}
		}
		if addr, err := netip.ParseAddr(s); err == nil {
			r.reject(c, "%q has no prefix length: write %s/%d for this one address", s, s, addr.BitLen())
		} else {
			r.reject(c, "%q is no CIDR such as 10.0.0.0/8 or 2001:db8::/32", s)
		}
		return netip.Prefix{}, false
	}
	masked := prefix.Masked()
	if masked.Addr() != prefix.Addr() {
		if r.dialect == networkPolicy {
			r.warn(c, "%q has bits set beyond its prefix length: it means %s, and newer API servers reject it", s, masked)
		} else {
			r.warn(c, "%q has bits set beyond its prefix length: it means %s", s, masked)
		}
	}
	if masked.Addr().Is4In6() && masked.Bits() >= 96 {
		masked = netip.PrefixFrom(masked.Addr().Unmap(), masked.Bits()-96)
	}
	return masked, true
}

// stripZeros removes leading zeros from the parts of a dotted IPv4 CIDR.
func stripZeros(s string) string {
	if strings.Contains(s, ":") {
		return s
	}
	addr, bits, _ := strings.Cut(s, "/")
	parts := strings.Split(addr, ".")
	for i, part := range parts {
		if trimmed := strings.TrimLeft(part, "0"); trimmed != "" {
			parts[i] = trimmed
		} else if part != "" {
			parts[i] = "0"
		}
	}
	return strings.Join(parts, ".") + "/" + bits
}
