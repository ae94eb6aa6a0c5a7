package netpol

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// adminKind says how a kind of policy.networking.k8s.io is written.
type adminKind struct {
	fields  []string
	actions []string // by action
	ports   string   // the field of a rule that holds its ports
	// The greatest number of rules per direction, and of peers or ports per rule.
	maxRules, maxItems int
}

// adminKinds are the kinds by name; v1alpha1 has the first two, v1alpha2 the last.
var adminKinds = map[string]adminKind{
	"AdminNetworkPolicy": {
		[]string{"priority", "subject", "ingress", "egress"}, []string{"Allow", "Deny", "Pass"}, "ports", 100, 100,
	},
	"BaselineAdminNetworkPolicy": {
		[]string{"subject", "ingress", "egress"}, []string{"Allow", "Deny"}, "ports", 100, 100,
	},
	"ClusterNetworkPolicy": {
		[]string{"tier", "priority", "subject", "ingress", "egress"}, []string{"Accept", "Deny", "Pass"}, "protocols", 25, 25,
	},
}

const (
	maxPriority = 1000
	maxNetworks = 25 // also of domainNames
	maxRuleName = 100
)

// ParseAdmin reads an AdminNetworkPolicy or BaselineAdminNetworkPolicy
// (policy.networking.k8s.io/v1alpha1) or a ClusterNetworkPolicy (v1alpha2). See
// [Parse] for what it returns. An object of another kind is rejected.
func ParseAdmin(o *kubernetes.Object) (*Admin, []source.Diagnostic) {
	r := &adminReader{reader: reader{object: o.Kind + " " + o.Name, dialect: adminPolicy}}
	a := &Admin{Kind: o.Kind, Name: o.Name, Object: o}
	kind, ok := adminKinds[o.Kind]
	c := r.root(o)
	switch {
	case !ok:
		r.reject(c, "cannot be read: the kind is none of policy.networking.k8s.io")
	case c.IsUnknown():
		a.unsureTier = o.Kind == "ClusterNetworkPolicy"
		a.pods, a.namespaces = newSelector(nil, true), selector{}
		for d := range a.rules {
			a.rules[d] = []adminRule{undecidedRule(c.at)}
		}
	case r.fields(c, kind.fields...):
		r.kind = kind
		r.order(a, c)
		r.subject(a, c.field("subject"))
		for _, d := range []Direction{Egress, Ingress} {
			a.rules[d] = r.rules(c.field(d.String()), d)
		}
	}
	slices.SortStableFunc(r.diagnostics, source.Diagnostic.Compare)
	if r.invalid {
		return nil, r.diagnostics
	}
	return a, r.diagnostics
}

// adminReader is a reader that knows the kind of its object.
type adminReader struct {
	reader
	kind adminKind
}

// order reads the tier and the priority.
func (r *adminReader) order(a *Admin, spec cursor) {
	switch a.Kind {
	case "BaselineAdminNetworkPolicy":
		a.Tier = BaselineTier
		metadata := a.Object.Root.Get("metadata", "name")
		if name, ok := metadata.Text(); !ok || !decided(metadata) || name != "default" {
			at := cursor{metadata, place(metadata.Range, a.Object.Root.Range), "metadata.name"}
			if ok && decided(metadata) {
				r.reject(at, "must be default: a cluster has one BaselineAdminNetworkPolicy")
			}
		}
		return
	case "ClusterNetworkPolicy":
		switch c := spec.field("tier"); {
		case !decided(c.Value):
			a.unsureTier = true
		default:
			switch s, ok := r.text(c); {
			case s == BaselineTier.String():
				a.Tier = BaselineTier
			case s == AdminTier.String():
			case ok:
				r.reject(c, "%q is no tier: write Admin or Baseline", s)
			case c.IsNull():
				r.reject(spec, "needs a tier: write Admin or Baseline")
			}
		}
	}
	c := spec.field("priority")
	switch {
	case c.IsNull():
		r.reject(spec, "needs a priority from 0 to %d", maxPriority)
	case decided(c.Value):
		a.priority, a.ranked = r.number(c, 0, maxPriority)
	}
}

func (r *adminReader) subject(a *Admin, c cursor) {
	if c.IsUnknown() {
		a.pods = newSelector(nil, true)
		return
	}
	if !r.fields(c, "namespaces", "pods") {
		return
	}
	switch namespaces, pods := c.field("namespaces"), c.field("pods"); {
	case c.has("namespaces", "pods") != 1:
		r.reject(c, "must have either namespaces or pods")
	case !namespaces.IsNull():
		a.namespaces = r.selector(namespaces)
	default:
		a.namespaces, a.pods = r.namespacedPod(pods)
	}
}

// namespacedPod reads the two selectors of a field pods, which must both be there.
func (r *adminReader) namespacedPod(c cursor) (namespaces, pods selector) {
	if c.IsUnknown() {
		return selector{}, newSelector(nil, true)
	}
	if !r.fields(c, "namespaceSelector", "podSelector") {
		return selector{}, selector{}
	}
	for _, key := range []string{"namespaceSelector", "podSelector"} {
		if c.field(key).IsNull() {
			r.reject(c, "needs a %s: write {} to select everything", key)
		}
	}
	return r.selector(c.field("namespaceSelector")), r.selector(c.field("podSelector"))
}

// undecidedRule may do anything with anything.
func undecidedRule(at source.Range) adminRule {
	return adminRule{rule: unknownRule(at), actions: []action{allow, deny, pass}}
}

func (r *adminReader) rules(c cursor, d Direction) []adminRule {
	items, unknown := r.items(c)
	if unknown {
		return []adminRule{undecidedRule(c.at)}
	}
	r.atMost(c, len(items), r.kind.maxRules)
	peers := "to"
	if d == Ingress {
		peers = "from"
	}
	var rules []adminRule
	for _, item := range items {
		switch {
		case item.IsUnknown():
			rules = append(rules, undecidedRule(item.at))
		case r.fields(item, "name", "action", peers, r.kind.ports):
			rules = append(rules, r.rule(item, peers, d))
		}
	}
	return rules
}

func (r *adminReader) rule(c cursor, peers string, d Direction) adminRule {
	out := adminRule{rule: rule{at: c.at, portsAt: c.key(r.kind.ports)}}
	if name, ok := r.text(c.field("name")); ok {
		if out.name = name; len(name) > maxRuleName {
			r.reject(c.field("name"), "is longer than %d characters", maxRuleName)
		}
	}
	out.actions = r.action(c)
	out.ports = r.ports(c.field(r.kind.ports))
	named := slices.ContainsFunc(out.ports, func(p portRange) bool { return p.name != "" })

	to := c.field(peers)
	items, unknown := r.items(to)
	switch {
	case unknown:
		out.peers = []peer{{kind: unknownPeer, at: to.at}}
	case to.Kind == located.Null:
		r.reject(c, "needs a list %s with the peers that the rule is about", peers)
	case to.Kind == located.List && len(items) == 0:
		r.reject(to, "is empty: the rule needs a peer")
	}
	r.atMost(to, len(items), r.kind.maxItems)
	for _, item := range items {
		found := r.peer(item, d)
		for _, p := range found {
			if p.kind != podPeer && p.kind != unknownPeer && named {
				r.reject(item, "cannot be combined with a named port: only pods have these")
				break
			}
		}
		out.peers = append(out.peers, found...)
	}
	return out
}

func (r *adminReader) action(rule cursor) []action {
	c := rule.field("action")
	all := []action{allow, deny, pass}[:len(r.kind.actions)]
	if !decided(c.Value) {
		return all
	}
	switch s, ok := r.text(c); {
	case slices.Contains(r.kind.actions, s):
		return []action{action(slices.Index(r.kind.actions, s))}
	case ok:
		r.reject(c, "%q is no action: write %s", s, join(r.kind.actions, "or"))
	case c.IsNull():
		r.reject(rule, "needs an action: write %s", join(r.kind.actions, "or"))
	}
	return all
}

// peer reads one peer, which stands for several where it lists networks.
func (r *adminReader) peer(c cursor, d Direction) []peer {
	if c.IsUnknown() {
		return []peer{{kind: unknownPeer, at: c.at}}
	}
	known := []string{"namespaces", "pods"}
	if d == Egress {
		known = append(known, "nodes", "networks", "domainNames")
	}
	if !r.fields(c, known...) {
		return nil
	}
	if n := c.has(known...); n != 1 {
		r.reject(c, "has %d of the fields %s: write one of them", n, join(known, "and"))
		return nil
	}
	switch {
	case c.has("namespaces") > 0:
		namespaces := r.selector(c.field("namespaces"))
		return []peer{{kind: podPeer, at: c.at, namespaces: &namespaces}}
	case c.has("pods") > 0:
		namespaces, pods := r.namespacedPod(c.field("pods"))
		return []peer{{kind: podPeer, at: c.at, namespaces: &namespaces, pods: pods}}
	case c.has("nodes") > 0:
		s := r.selector(c.field("nodes"))
		says := "every node"
		if !s.empty() {
			says = "nodes " + s.text
		}
		return []peer{{kind: nodePeer, at: c.at, says: says}}
	case c.has("networks") > 0:
		return r.networks(c.field("networks"))
	default:
		return r.domainNames(c.field("domainNames"))
	}
}

func (r *adminReader) networks(c cursor) []peer {
	items, unknown := r.items(c)
	if unknown {
		return []peer{{kind: unknownPeer, at: c.at}}
	}
	if c.Kind == located.List && len(items) == 0 {
		r.reject(c, "is empty: name a network")
	}
	r.atMost(c, len(items), maxNetworks)
	var peers []peer
	for _, item := range items {
		if !decided(item.Value) {
			peers = append(peers, peer{kind: unknownPeer, at: item.at})
		} else if block, ok := r.cidr(item); ok {
			peers = append(peers, peer{kind: blockPeer, at: item.at, block: block})
		}
	}
	return peers
}

func (r *adminReader) domainNames(c cursor) []peer {
	items, unknown := r.items(c)
	if unknown {
		return []peer{{kind: unknownPeer, at: c.at}}
	}
	if c.Kind == located.List && len(items) == 0 {
		r.reject(c, "is empty: write a domain name")
	}
	r.atMost(c, len(items), maxNetworks)
	var names []string
	for _, item := range items {
		switch name, ok := r.text(item); {
		case ok:
			names = append(names, name)
		case item.IsNull():
			r.reject(item, "must be a domain name")
		default:
			names = append(names, "(unknown)")
		}
	}
	if len(names) == 0 {
		return nil
	}
	// Addresses in the cluster may have names too.
	return []peer{{kind: unknownPeer, at: c.at, says: "the addresses of " + join(names, "and")}}
}

func (r *adminReader) atMost(c cursor, n, limit int) {
	if n > limit {
		r.reject(c, "has %d elements, more than the %d that the API server accepts", n, limit)
	}
}

func (r *adminReader) ports(c cursor) []portRange {
	items, unknown := r.items(c)
	if unknown {
		return []portRange{unknownPort(c.at)}
	}
	r.atMost(c, len(items), r.kind.maxItems)
	var ports []portRange
	for _, item := range items {
		switch {
		case item.IsUnknown():
			ports = append(ports, unknownPort(item.at))
		case r.kind.ports == "protocols":
			ports = append(ports, r.protocolPort(item))
		default:
			ports = append(ports, r.adminPort(item))
		}
	}
	return ports
}

// namedPort is a port of any protocol that has a name.
func (r *adminReader) namedPort(at source.Range, c cursor) portRange {
	p := portRange{at: at, protocols: allProtocols(), every: true, from: 1, to: maxPort, sure: maxPort}
	if name, ok := r.text(c); ok {
		p.name = name
	} else {
		p.every = false
	}
	return p
}

// adminPort reads an element of ports in v1alpha1.
func (r *adminReader) adminPort(c cursor) portRange {
	known := []string{"portNumber", "namedPort", "portRange"}
	if !r.fields(c, known...) {
		return portRange{}
	}
	if n := c.has(known...); n != 1 {
		r.reject(c, "has %d of the fields %s: write one of them", n, join(known, "and"))
		return portRange{}
	}
	number, span := c.field("portNumber"), c.field("portRange")
	switch {
	case number.IsUnknown() || span.IsUnknown():
		return unknownPort(c.at)
	case !number.IsNull():
		if !r.fields(number, "protocol", "port") {
			return portRange{}
		}
		return r.numbered(c.at, r.transport(number.field("protocol")), number, number.field("port"), number.field("port"))
	case !span.IsNull():
		if !r.fields(span, "protocol", "start", "end") {
			return portRange{}
		}
		return r.numbered(c.at, r.transport(span.field("protocol")), span, span.field("start"), span.field("end"))
	default:
		return r.namedPort(c.at, c.field("namedPort"))
	}
}

// protocolPort reads an element of protocols in v1alpha2.
func (r *adminReader) protocolPort(c cursor) portRange {
	known := []string{"tcp", "udp", "sctp", "destinationNamedPort"}
	if !r.fields(c, known...) {
		return portRange{}
	}
	if n := c.has(known...); n != 1 {
		r.reject(c, "has %d of the fields %s: write one of them", n, join(known, "and"))
		return portRange{}
	}
	if named := c.field("destinationNamedPort"); !named.IsNull() {
		return r.namedPort(c.at, named)
	}
	protocol := slices.IndexFunc(known[:3], func(key string) bool { return !c.field(key).IsNull() })
	body := c.field(known[protocol])
	if !r.fields(body, "destinationPort") {
		return portRange{}
	}
	port := body.field("destinationPort")
	switch {
	case body.IsUnknown() || port.IsUnknown():
		return portRange{at: c.at, protocols: []int{protocol}, from: 1, to: maxPort}
	case port.IsNull():
		r.reject(body, "is empty: write a destinationPort")
		return portRange{}
	case !r.fields(port, "number", "range"):
		return portRange{}
	case port.has("number", "range") != 1:
		r.reject(port, "must have either number or range")
		return portRange{}
	}
	span := port.field("range")
	switch {
	case span.IsNull():
		return r.numbered(c.at, []int{protocol}, port, port.field("number"), port.field("number"))
	case span.IsUnknown():
		return portRange{at: c.at, protocols: []int{protocol}, from: 1, to: maxPort}
	case !r.fields(span, "start", "end"):
		return portRange{}
	}
	return r.numbered(c.at, []int{protocol}, span, span.field("start"), span.field("end"))
}

// numbered reads the ports from a first to a last one, which may be the same field.
func (r *adminReader) numbered(at source.Range, protocols []int, holder, first, last cursor) portRange {
	p := portRange{at: at, protocols: protocols, from: 1, to: maxPort}
	p.ranged = first.path != last.path
	for _, c := range []cursor{first, last} {
		if c.IsNull() {
			r.reject(holder, "needs a %s", c.path[strings.LastIndexByte(c.path, '.')+1:])
			return p
		}
	}
	from, knownFrom := 1, false
	if decided(first.Value) {
		if from, knownFrom = r.number(first, 1, maxPort); !knownFrom {
			return p
		}
		p.from = from
	}
	to, knownTo := maxPort, false
	switch {
	case !p.ranged:
		to, knownTo = from, knownFrom
	case decided(last.Value):
		if to, knownTo = r.number(last, 1, maxPort); !knownTo {
			return p
		}
	}
	switch {
	case !knownFrom && !knownTo:
	case !knownFrom:
		// The last port is certain: every range reaches it.
		p.to = to
	case !knownTo:
		p.sure = from
	case to < from || p.ranged && to == from && r.kind.ports == "protocols":
		// v1alpha2 rejects it; v1alpha1 accepts a range that holds no port.
		if r.kind.ports == "protocols" {
			r.reject(last, "is %d: it must be greater than start, which is %d", to, from)
		} else {
			r.warn(last, "is %d, below start, which is %d: the range holds no port", to, from)
		}
		p.protocols = nil
	default:
		p.to, p.sure = to, to
	}
	return p
}

// transport reads the protocol of v1alpha1, which the API server does not check.
func (r *adminReader) transport(c cursor) []int {
	if c.IsNull() {
		return []int{0}
	}
	if !decided(c.Value) {
		return allProtocols()
	}
	s, ok := r.text(c)
	for i, name := range protocols {
		if ok && s == name {
			return []int{i}
		}
	}
	if ok {
		r.warn(c, "%q is no protocol that the API defines: write TCP, UDP or SCTP", s)
	}
	return allProtocols()
}
