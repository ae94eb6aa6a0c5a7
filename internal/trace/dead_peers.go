package trace

import (
	"strconv"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/source"
)

// deadCodes are the model's codes for what a peer never matches for.
var deadCodes = map[string]string{
	netpol.CodeServiceAddress: "service-cidr", netpol.CodePodAddress: "pod-cidr",
	netpol.CodeServicePort: "service-port", netpol.CodePortName: "named-port",
}

// deadPeers reports peers and ports of policies that can never match, except those
// that judgeWorld takes for a rule that was meant to admit DNS: it says the same
// with what follows from it.
func deadPeers(f *world.Facts, w *world.World, dns []*dnsGate) (list []*model.DeadPeer) {
	if w.Network.Enforcement == "not-enforced" {
		return nil
	}
	var ports []netpol.ServicePort
	for _, s := range world.SortedServices(w.Services) {
		if !s.Selects || s.ClusterIP == "None" {
			continue
		}
		for _, p := range s.Ports {
			port := netpol.ServicePort{Namespace: s.Namespace, Service: s.Name, Selector: s.Selector, Protocol: p.Protocol, Port: p.Port}
			if n, err := strconv.Atoi(p.Target); err == nil {
				port.TargetPort = n
			} else {
				port.TargetName = p.Target
			}
			ports = append(ports, port)
		}
	}
	said := make(map[source.Range]bool)
	for _, gate := range dns {
		if gate != nil && gate.Miss.Ref != 0 {
			said[f.Places.List[gate.Miss.Ref].Range] = true
		}
	}
	for _, dead := range w.Evaluator.DeadPeers(ports) {
		if said[dead.Policy.RuleRange(dead.Direction, dead.Rule)] {
			continue
		}
		list = append(list, &model.DeadPeer{
			Cluster: w.ClusterID(), Kind: dead.Policy.Object.Kind, Namespace: dead.Policy.Namespace, Policy: dead.Policy.Name,
			Direction: dead.Direction.String(), Code: deadCodes[dead.Code], Says: dead.Says,
			Origin: f.Places.Range(dead.Policy.Object, dead.Range),
		})
	}
	return list
}
