package netpol

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// clusterwideKind is the kind of Cilium policies that have no namespace.
const clusterwideKind = "CiliumClusterwideNetworkPolicy"

// ParseCilium reads a CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy of
// cilium.io/v2. It returns one policy for spec and each element of specs. Namespace
// is the one it is applied to; a clusterwide policy has none, whatever namespace
// says. What Cilium's API server or agent rejects is left out as in [Parse].
//
// What only a running cluster knows is undecided: the addresses behind domain names
// and Services, groups, authentication, and what Layer 7 rules let through.
// https://docs.cilium.io/en/stable/security/policy/
func ParseCilium(o *kubernetes.Object, namespace string) ([]*Policy, []source.Diagnostic) {
	object := o.Kind + " " + namespace + "/" + o.Name
	if o.Kind == clusterwideKind {
		namespace, object = "", o.Kind+" "+o.Name
	}
	r := &ciliumReader{reader: reader{object: object, dialect: ciliumPolicy}, namespace: namespace}
	spec, specs := r.root(o), withoutPlaceholders(o.Root.Get("specs"))
	list, unknown := r.items(cursor{specs, place(specs.Range, o.Root.Range, o.KindRange()), "specs"})
	var policies []*Policy
	read := func(c cursor) {
		p := &Policy{Namespace: namespace, Name: o.Name, Object: o, dialect: ciliumPolicy}
		r.rule(p, c)
		policies = append(policies, p)
	}
	if !spec.IsNull() || len(list) == 0 && !unknown {
		read(spec)
	}
	for _, c := range list {
		read(c)
	}
	if unknown {
		read(cursor{specs, place(specs.Range, o.Root.Range, o.KindRange()), "specs"})
	}
	slices.SortStableFunc(r.diagnostics, source.Diagnostic.Compare)
	if r.invalid {
		return nil, r.diagnostics
	}
	return policies, r.diagnostics
}

// ciliumReader is a reader of one Cilium policy. Fields that it does not know make
// what holds them undecided, since each version of Cilium adds some.
type ciliumReader struct {
	reader
	namespace string // empty for a clusterwide policy
}

// rule reads a rule of Cilium, which is a whole policy in the words of this package.
func (r *ciliumReader) rule(p *Policy, c cursor) {
	if c.IsUnknown() {
		p.pods = newSelector(nil, true)
		p.isolates = [2]truth.Truth{}
		for d := range p.rules {
			p.rules[d] = []rule{unknownRule(c.at)}
			p.denies[d] = []rule{unknownRule(c.at)}
		}
		return
	}
	if c.Kind != located.Map {
		r.reject(c, "must be a map of fields")
		return
	}
	endpoints, nodes := c.field("endpointSelector"), c.field("nodeSelector")
	switch {
	case c.has("endpointSelector", "nodeSelector") != 1:
		r.reject(c, "must have either an endpointSelector or a nodeSelector")
	case !nodes.IsNull() && r.namespace != "":
		r.reject(nodes, "selects nodes, which only a %s can do", clusterwideKind)
	case !nodes.IsNull():
		r.selector(nodes)
		p.hosts = true
	default:
		s := r.endpoints(endpoints, r.namespace != "")
		p.pods, p.namespaces = s.pods, s.namespaces
	}
	defaults := c.field("enableDefaultDeny")
	for _, d := range []Direction{Egress, Ingress} {
		p.rules[d] = r.rules(c.field(d.String()), d)
		p.denies[d] = r.rules(c.field(d.String()+"Deny"), d)
		p.denies[d] = append(p.denies[d], r.required(c.field(d.String()))...)
		p.isolates[d] = truth.No
		for _, key := range []string{d.String(), d.String() + "Deny"} {
			switch list := c.field(key); {
			case list.IsUnknown():
				p.isolates[d] = max(p.isolates[d], truth.Maybe)
			case len(list.List) > 0:
				p.isolates[d] = truth.Yes
			}
		}
		if on := defaults.field(d.String()); !on.IsNull() {
			switch value, ok := on.Truth(); {
			case on.IsUnknown() || !ok && !decided(on.Value):
				p.isolates[d] = truth.Maybe
			case on.Kind != located.Bool:
				r.reject(on, "must be true or false")
			default:
				p.isolates[d] = truth.Of(value)
			}
		}
	}
}

func (r *ciliumReader) rules(c cursor, d Direction) []rule {
	items, unknown := r.items(c)
	if unknown {
		return []rule{unknownRule(c.at)}
	}
	var rules []rule
	for _, item := range items {
		switch item.Kind {
		case located.Unknown:
			rules = append(rules, unknownRule(item.at))
		case located.Map, located.Null:
			rules = append(rules, r.traffic(item, d))
		default:
			r.reject(item, "must be a map of fields")
		}
	}
	return rules
}

// required stands for toRequires and fromRequires of older versions, which limit
// the peers of every rule: they may deny anything.
func (r *ciliumReader) required(rules cursor) []rule {
	var denies []rule
	for _, v := range rules.Items() {
		for _, key := range []string{"toRequires", "fromRequires"} {
			if f, ok := v.Field(key); ok && !f.Value.IsNull() {
				denies = append(denies, unknownRule(place(f.KeyRange, rules.at)))
			}
		}
	}
	return denies
}

// traffic reads a rule of one direction. Its peers are in several fields, of which
// it may use one.
func (r *ciliumReader) traffic(c cursor, d Direction) rule {
	prefix := "to"
	if d == Ingress {
		prefix = "from"
	}
	out := rule{at: c.at, portsAt: c.key("toPorts")}
	used, known := "", []string{"toPorts", "icmps"}
	for _, field := range []struct {
		name string
		read func(cursor) []peer
	}{
		{"Endpoints", r.endpointPeers},
		{"Entities", r.entities},
		{"CIDR", r.cidrs},
		{"CIDRSet", r.cidrSets},
		{"FQDNs", undecidedPeers("the addresses of domain names", namePeer)},
		{"Services", undecidedPeers("the endpoints of Services", unknownPeer)},
		{"Groups", undecidedPeers("groups of a cloud provider", unknownPeer)},
		{"Nodes", undecidedPeers("nodes by label", nodePeer)},
	} {
		name := prefix + field.name
		known = append(known, name)
		list := c.field(name)
		if list.IsNull() {
			continue
		}
		items, unknown := r.items(list)
		switch {
		case unknown:
			out.peers = append(out.peers, peer{kind: unknownPeer, at: list.at})
			continue
		case len(items) == 0:
			// Versions differ: an empty list is no list to some and nobody to others.
			out.peers = append(out.peers, peer{kind: unknownPeer, at: list.at, says: "an empty list " + name})
			continue
		case used != "":
			r.reject(list, "cannot stand beside %s: write two rules", used)
		}
		used = name
		for _, item := range items {
			out.peers = append(out.peers, field.read(item)...)
		}
	}
	ports := c.field("toPorts")
	switch {
	case c.has("icmps") > 0 && c.has("toPorts") > 0:
		r.reject(ports, "cannot stand beside icmps: write two rules")
	case c.has("icmps") > 0:
		out.nothing = true
	case len(out.peers) == 0 && len(ports.Items()) == 0 && !ports.IsUnknown():
		// A rule without peers and ports matches nothing: it is there to deny the rest.
		out.nothing = true
	}
	out.ports = r.portRules(ports)
	for _, f := range c.Map {
		if !slices.Contains(known, f.Key) && !f.Value.IsNull() {
			at := place(f.KeyRange, c.at)
			// Whatever the field asks for, only some of what the rule matches may meet it.
			out.nothing = false
			out.peers = []peer{{kind: unknownPeer, at: at, says: "peers that " + f.Key + " limits"}}
		}
	}
	return out
}

// undecidedPeers reads an element of a field that only a running cluster decides.
func undecidedPeers(says string, kind peerKind) func(cursor) []peer {
	return func(c cursor) []peer { return []peer{{kind: kind, at: c.at, says: says}} }
}

// entities are the names that Cilium gives to kinds of peers.
var entities = map[string]func(source.Range) []peer{
	"all":        func(at source.Range) []peer { return []peer{{kind: everyPeer, at: at}} },
	"world":      func(at source.Range) []peer { return []peer{{kind: worldPeer, at: at}} },
	"world-ipv4": func(at source.Range) []peer { return []peer{{kind: blockPeer, at: at, block: worldBlocks[0].block}} },
	"world-ipv6": func(at source.Range) []peer { return []peer{{kind: blockPeer, at: at, block: worldBlocks[1].block}} },
	"cluster": func(at source.Range) []peer {
		return []peer{{kind: podPeer, at: at, namespaces: &selector{}}, {kind: nodePeer, at: at, says: "every node"}}
	},
	"host":        func(at source.Range) []peer { return []peer{{kind: nodePeer, at: at, says: "the pod's own node"}} },
	"remote-node": func(at source.Range) []peer { return []peer{{kind: nodePeer, at: at, says: "the other nodes"}} },
	"none":        func(at source.Range) []peer { return []peer{{kind: nobodyPeer, at: at}} },
	"kube-apiserver": func(at source.Range) []peer {
		return []peer{{kind: unknownPeer, at: at, says: "the addresses of the API server"}}
	},
	"health": func(at source.Range) []peer {
		return []peer{{kind: unknownPeer, at: at, says: "Cilium's health checks"}}
	},
	"init": func(at source.Range) []peer {
		return []peer{{kind: unknownPeer, at: at, says: "pods that are starting"}}
	},
	"ingress": func(at source.Range) []peer { return []peer{{kind: unknownPeer, at: at, says: "Cilium's Ingress"}} },
	"unmanaged": func(at source.Range) []peer {
		return []peer{{kind: unknownPeer, at: at, says: "pods that Cilium does not manage"}}
	},
}

func (r *ciliumReader) entities(c cursor) []peer {
	s, ok := r.text(c)
	if !ok {
		if c.IsNull() {
			r.reject(c, "must be an entity, such as world or cluster")
		}
		return []peer{{kind: unknownPeer, at: c.at}}
	}
	peers, ok := entities[s]
	if !ok {
		r.reject(c, "%q is no entity, such as world or cluster", s)
		return nil
	}
	return peers(c.at)
}

// cidrs reads an element of toCIDR, which may be a single address.
func (r *ciliumReader) cidrs(c cursor) []peer {
	if !decided(c.Value) {
		return []peer{{kind: unknownPeer, at: c.at}}
	}
	if p, ok := singleAddress(c.Str); ok && c.Kind == located.String {
		return []peer{{kind: blockPeer, at: c.at, block: p}}
	}
	if p, ok := r.cidr(c); ok {
		return []peer{{kind: blockPeer, at: c.at, block: p}}
	}
	return nil
}

func (r *ciliumReader) cidrSets(c cursor) []peer {
	if c.IsUnknown() {
		return []peer{{kind: unknownPeer, at: c.at}}
	}
	for _, key := range []string{"cidrGroupRef", "cidrGroupSelector"} {
		if c.has(key) > 0 {
			return []peer{{kind: unknownPeer, at: c.at, says: "the addresses of a CiliumCIDRGroup"}}
		}
	}
	if p, ok := r.block(c, c); ok {
		return []peer{p}
	}
	return nil
}

// ciliumSelector is a selector of endpoints: pods, and their namespaces.
type ciliumSelector struct {
	pods       selector
	namespaces *selector
}

func (r *ciliumReader) endpointPeers(c cursor) []peer {
	if c.IsUnknown() {
		return []peer{{kind: unknownPeer, at: c.at}}
	}
	s := r.endpoints(c, false)
	p := peer{kind: podPeer, at: c.at, pods: s.pods, namespaces: s.namespaces}
	switch {
	case reserved(s.pods):
		return []peer{{kind: unknownPeer, at: c.at, says: "what a reserved label selects"}}
	case r.namespace == "" && p.namespaces == nil:
		p.namespaces = &selector{}
	}
	return []peer{p}
}

// Labels that Cilium gives to endpoints for what Kubernetes says elsewhere.
const (
	namespaceKey       = "io.kubernetes.pod.namespace"
	namespaceLabelKeys = "io.cilium.k8s.namespace.labels."
	reservedSource     = "reserved"
)

// endpoints reads a label selector of endpoints and tells apart what it says of
// pods and of namespaces, which is nil if it says nothing of them. In the selector
// of a policy that has a namespace, Cilium replaces the name of any other.
func (r *ciliumReader) endpoints(c cursor, own bool) ciliumSelector {
	whole := r.selector(c)
	// What is undecided may be about namespaces too.
	unknown := whole.unknown
	var pods, namespaces []requirement
	for _, q := range whole.requirements {
		origin, key := labelSource(q.key)
		q.key = key
		switch {
		case q.unsureKey:
			unknown = true
		case origin != "" && origin != "k8s" && origin != "any":
			q.key = origin + ":" + key
			q.unsureKey = true
			pods = append(pods, q)
		case key == namespaceKey && own && q.op == opIn:
		case key == namespaceKey:
			q.key = nameLabel
			namespaces = append(namespaces, q)
		case strings.HasPrefix(key, namespaceLabelKeys):
			q.key = strings.TrimPrefix(key, namespaceLabelKeys)
			namespaces = append(namespaces, q)
		case strings.HasPrefix(key, "io.cilium.k8s.") || key == "io.kubernetes.pod.name":
			q.unsureKey = true
			pods = append(pods, q)
		default:
			pods = append(pods, q)
		}
	}
	s := ciliumSelector{pods: newSelector(pods, unknown)}
	if len(namespaces) > 0 || unknown && !own {
		n := newSelector(namespaces, unknown)
		s.namespaces = &n
	}
	return s
}

// labelSource splits the key of a label into its source, empty if it has none, and
// the label that Kubernetes knows.
func labelSource(key string) (origin, name string) {
	if origin, name, ok := strings.Cut(key, ":"); ok {
		return origin, name
	}
	return "", key
}

// reserved reports whether the selector is about something that is no pod.
func reserved(s selector) bool {
	return slices.ContainsFunc(s.requirements, func(q requirement) bool {
		return strings.HasPrefix(q.key, reservedSource+":")
	})
}
