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
