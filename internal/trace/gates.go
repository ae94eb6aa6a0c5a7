package trace

import (
	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
)

// gates are the gates of one kind, in the order in which they are met. What has the same
// key meets the same gate.
type gates[K comparable, G any] struct {
	byKey map[K]G
	list  []G
}

// at returns the gate of a key, which judge makes when it is met first.
func (g *gates[K, G]) at(key K, judge func() G) G {
	gate, ok := g.byKey[key]
	if !ok {
		if g.byKey == nil {
			g.byKey = make(map[K]G)
		}
		gate = judge()
		g.byKey[key] = gate
		g.list = append(g.list, gate)
	}
	return gate
}

// entities are the gates as the model shows them.
func entities[G, E any](list []G, entity func(G) E) []E {
	shown := make([]E, 0, len(list))
	for _, gate := range list {
		shown = append(shown, entity(gate))
	}
	return shown
}

// gateKey is what a gate at a target is for: packets from some sources, which arrive
// with public addresses or not.
type gateKey struct {
	target *alicloud.Target
	src    *world.Sources
	public bool
}

// ingressKey is what the inbound rules of a destination are asked for.
type ingressKey struct {
	gateKey
	groups   *world.Sources // whose groups the packets' interfaces carry
	protocol string
	port     int
}

// policyKey is a place of a policy that stops workloads of one namespace.
type policyKey struct {
	world     *world.World
	namespace string
	at        place.Origin
}

// dnsKey is what workloads have in common whose names one place of one policy is to be
// changed for.
type dnsKey struct {
	world               *world.World
	namespace, resolver string
	udp, tcp            truth.Verdict
	code                string
	at, ports           place.Origin
	admitsOther         bool
}

// groupKey is what stops packets of a cluster at its interfaces: the first of the groups,
// or the address of a rule.
type groupKey struct {
	cluster *world.Cluster
	blocker string
}

// loadBalancerKey is a load balancer with one kind of clients and one verdict on them.
type loadBalancerKey struct {
	world                  *world.World
	service, clients, code string
}

// aclKey is an entry of a network ACL that drops packets of one direction.
type aclKey struct {
	cluster                *world.Cluster
	role, scope, direction string
	at                     place.Origin
}

// ipv6Key is what keeps a cluster's packets from leaving by IPv6.
type ipv6Key struct {
	cluster *world.Cluster
	code    string
	at      place.Origin
	literal bool
}
