package netpol

import (
	"strconv"
	"strings"
)

// maxListed is how many peers or ports a description names before it counts the
// rest.
const maxListed = 4

// describe says what a rule admits, such as "TCP 5432 to pods app=db". A policy
// of the given namespace holds it.
func (r *rule) describe(d Direction, namespace string) string {
	if r.nothing {
		return "nothing that has a port"
	}
	preposition := " to "
	if d == Ingress {
		preposition = " from "
	}
	peers := make([]string, len(r.peers))
	for i := range r.peers {
		peers[i] = r.peers[i].describe(namespace)
	}
	if len(peers) == 0 {
		peers = []string{"any address"}
	}
	ports := make([]string, len(r.ports))
	for i := range r.ports {
		ports[i] = r.ports[i].describe()
	}
	if len(ports) == 0 {
		ports = []string{"every port"}
	}
	return join(ports, "and") + preposition + join(peers, "or")
}

func join(items []string, conjunction string) string {
	if n := len(items) - maxListed; n > 0 {
		items = append(items[:maxListed:maxListed], strconv.Itoa(n)+" more")
	}
	last := len(items) - 1
	if last == 0 {
		return items[0]
	}
	return strings.Join(items[:last], ", ") + " " + conjunction + " " + items[last]
}

func (p *portRange) describe() string {
	if len(p.protocols) == 0 {
		return "no port"
	}
	if len(p.protocols) > 1 && !p.every || p.name == "" && p.sure == 0 && !p.filtered {
		return "ports that the files leave undecided"
	}
	protocol := "TCP, UDP and SCTP"
	if !p.every {
		protocol = protocols[p.protocols[0]]
	}
	var s string
	switch {
	case p.name != "" && p.every:
		s = "the port named " + p.name
	case p.name != "":
		s = protocol + " port named " + p.name
	case p.from == 1 && p.to == maxPort:
		s = "every " + protocol + " port"
	case p.from != p.to:
		s = protocol + " " + strconv.Itoa(p.from) + "-" + strconv.Itoa(p.to)
	default:
		s = protocol + " " + strconv.Itoa(p.from)
	}
	if p.filtered {
		s = "some requests on " + s
	}
	return s
}

func (p *peer) describe(namespace string) string {
	switch p.kind {
	case everyPeer:
		return "any address"
	case nobodyPeer:
		return "nobody"
	case worldPeer:
		return "any address outside the cluster"
	case unknownPeer, nodePeer, namePeer:
		if p.says != "" {
			return p.says
		}
		return "an undecided peer"
	case blockPeer:
		s := p.block.String()
		if len(p.except) > 0 {
			except := make([]string, len(p.except))
			for i, x := range p.except {
				except[i] = x.String()
			}
			s += " except " + join(except, "and")
		}
		return s
	}
	pods := "every pod"
	if !p.pods.empty() {
		pods = "pods " + p.pods.text
	}
	switch {
	case p.namespaces == nil:
		return pods + " in namespace " + namespace
	case p.namespaces.empty():
		return pods + " in any namespace"
	default:
		return pods + " in namespaces " + p.namespaces.text
	}
}
