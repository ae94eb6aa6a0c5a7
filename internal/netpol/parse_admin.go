package netpol

import (
	"slices"

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
