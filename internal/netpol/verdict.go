// Package netpol decides which packets the NetworkPolicies of
// networking.k8s.io/v1 admit, for egress and ingress, IPv4 and IPv6; and beside
// them, on clusters that enforce these, the policies of policy.networking.k8s.io, of
// Cilium, and the GlobalNetworkPolicies of ACK. It also lists who may talk to whom,
// and what in policies can never match.
//
// It answers in three values. What the files do not decide, such as the labels
// of a namespace without a manifest or the behaviour of an unknown network
// plug-in, widens the set of packets that may pass but never the set that
// certainly passes; a packet between the two is Unknown. Unknown facts are
// taken as independent of each other: two policies that depend on the same
// unknown label may answer Unknown where only one of them could apply, never
// the reverse.
//
// Destinations are what the packet carries after Service translation: backend
// pods and container ports, not ClusterIPs and Service ports.
package netpol

// Verdict is what the policies do with packets.
type Verdict int8

// Verdicts. The zero Verdict is Unknown. Partial is the answer to a question
// about many packets (a range of addresses, or any port) of which some
// certainly pass and some certainly do not.
const (
	Unknown Verdict = iota
	Allow
	Deny
	Partial
)

// String renders v as "allow", "deny", "partial" or "unknown".
func (v Verdict) String() string {
	switch v {
	case Allow:
		return "allow"
	case Deny:
		return "deny"
	case Partial:
		return "partial"
	default:
		return "unknown"
	}
}

// Direction is the side of a pod that a policy filters.
type Direction int8

// Directions.
const (
	Egress Direction = iota
	Ingress
)

// String renders d as "egress" or "ingress".
func (d Direction) String() string {
	if d == Ingress {
		return "ingress"
	}
	return "egress"
}
