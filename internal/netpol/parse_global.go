package netpol

import (
	"slices"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// ParseGlobal reads a GlobalNetworkPolicy of network.alibabacloud.com, which
// Poseidon enforces on ACK: a NetworkPolicy for the pods of every namespace that
// its namespaceSelector matches, or of all namespaces without one. See [Parse] for
// what it returns.
//
// The vendor's documentation leaves open what a peer with a podSelector alone
// selects, since the policy has no namespace of its own. It may be such pods of any
// namespace. Peers of kinds that are not documented are undecided.
// https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/user-guide/using-ack-globalnetworkpolicy
func ParseGlobal(o *kubernetes.Object) (*Policy, []source.Diagnostic) {
	r := &reader{object: "GlobalNetworkPolicy " + o.Name, dialect: globalPolicy}
	p := &Policy{Name: o.Name, Object: o, dialect: globalPolicy}
	c := r.root(o)
	if r.fields(c, "podSelector", "namespaceSelector", "policyTypes", Ingress.String(), Egress.String()) {
		p.pods = r.selector(c.field("podSelector"))
		namespaces := r.selector(c.field("namespaceSelector"))
		p.namespaces = &namespaces
		for _, d := range []Direction{Egress, Ingress} {
			p.rules[d] = r.rules(c.field(d.String()), d)
			for i := range p.rules[d] {
				spread(p.rules[d][i].peers)
			}
		}
		p.isolates = r.policyTypes(c)
	}
	slices.SortStableFunc(r.diagnostics, source.Diagnostic.Compare)
	if r.invalid {
		return nil, r.diagnostics
	}
	return p, r.diagnostics
}

// spread lets peers without a namespaceSelector perhaps select pods of any
// namespace.
func spread(peers []peer) {
	for i := range peers {
		if p := &peers[i]; p.kind == podPeer && p.namespaces == nil {
			p.namespaces, p.unsure = &selector{}, true
		}
	}
}
