package netpol_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/netpol"
)

// The types below describe policies a second time, in the plainest way, for an
// evaluator that follows the words of the API one by one and knows nothing of
// classes, sets or unknown facts.

type plainPolicy struct {
	namespace string
	pods      plainSelector
	egress    []plainRule
	ingress   []plainRule
	types     []string
}

type plainRule struct {
	peers []plainPeer
	ports []plainPort
}

type plainPeer struct {
	pods, namespaces *plainSelector
	cidr             string
	except           []string
}

type plainPort struct {
	protocol string // "" is not written
	name     string
	port     int // 0 is not written
	endPort  int
}

type plainSelector []plainRequirement

type plainRequirement struct {
	key, operator string
	values        []string
}

func (s plainSelector) matches(labels netpol.Labels) bool {
	for _, r := range s {
		value, present := labels[r.key]
		switch r.operator {
		case "In":
			if !present || !slices.Contains(r.values, value) {
				return false
			}
		case "NotIn":
			if present && slices.Contains(r.values, value) {
				return false
			}
		case "Exists":
			if !present {
				return false
			}
		case "DoesNotExist":
			if present {
				return false
			}
		}
	}
	return true
}

// plainEnd is one end of a packet: a pod, or an address.
type plainEnd struct {
	pod  *netpol.Pod
	addr netip.Addr // of the address, or of the pod where blocks cover pods
}

// plainWorld is everything the plain evaluator knows. All of it is certain.
type plainWorld struct {
	namespaces map[string]netpol.Labels
	policies   []plainPolicy
}

// passes follows one packet through the policies of one pod.
func (w plainWorld) passes(pod *netpol.Pod, ingress bool, other plainEnd, protocol string, port int) bool {
	isolated := false
	for _, p := range w.policies {
		if p.namespace != pod.Namespace || !p.pods.matches(pod.Labels) {
			continue
		}
		types := p.types
		if len(types) == 0 {
			types = []string{"Ingress"}
			if len(p.egress) > 0 {
				types = append(types, "Egress")
			}
		}
		rules, direction, destination := p.egress, "Egress", other.pod
		if ingress {
			rules, direction, destination = p.ingress, "Ingress", pod
		}
		if !slices.Contains(types, direction) {
			continue
		}
		isolated = true
		for _, r := range rules {
			if w.peersMatch(p, r, other) && portsMatch(r, destination, protocol, port) {
				return true
			}
		}
	}
	return !isolated
}

func (w plainWorld) peersMatch(p plainPolicy, r plainRule, other plainEnd) bool {
	if len(r.peers) == 0 {
		return true
	}
	for _, peer := range r.peers {
		if peer.cidr != "" {
			if !other.addr.IsValid() || !netip.MustParsePrefix(peer.cidr).Contains(other.addr) {
				continue
			}
			excepted := false
			for _, x := range peer.except {
				excepted = excepted || netip.MustParsePrefix(x).Contains(other.addr)
			}
			if !excepted {
				return true
			}
			continue
		}
		if other.pod == nil {
			continue
		}
		if peer.namespaces == nil {
			if other.pod.Namespace != p.namespace {
				continue
			}
		} else if !peer.namespaces.matches(w.namespaces[other.pod.Namespace]) {
			continue
		}
		if peer.pods == nil || peer.pods.matches(other.pod.Labels) {
			return true
		}
	}
	return false
}

func portsMatch(r plainRule, destination *netpol.Pod, protocol string, port int) bool {
	if len(r.ports) == 0 {
		return true
	}
	for _, p := range r.ports {
		if p.protocol != protocol && (p.protocol != "" || protocol != "TCP") {
			continue
		}
		switch {
		case p.name != "":
			if destination == nil {
				continue
			}
			for _, c := range destination.Ports {
				if c.Name == p.name && c.Protocol == protocol && c.Number == port {
					return true
				}
			}
		case p.port == 0,
			p.endPort == 0 && port == p.port,
			p.endPort != 0 && p.port <= port && port <= p.endPort:
			return true
		}
	}
	return false
}

// yaml writes the policy the way the API spells it.
func (p plainPolicy) yaml(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s, namespace: %s}\n", name, p.namespace)
	fmt.Fprintf(&b, "spec:\n  podSelector: %s\n", p.pods.yaml())
	if len(p.types) > 0 {
		fmt.Fprintf(&b, "  policyTypes: [%s]\n", strings.Join(p.types, ", "))
	}
	for _, d := range []struct {
		key, peers string
		rules      []plainRule
	}{{"egress", "to", p.egress}, {"ingress", "from", p.ingress}} {
		if len(d.rules) == 0 {
			continue
		}
		fmt.Fprintf(&b, "  %s:\n", d.key)
		for _, r := range d.rules {
			b.WriteString("  - " + r.yaml(d.peers) + "\n")
		}
	}
	return b.String()
}

func (r plainRule) yaml(peers string) string {
	var fields []string
	if len(r.peers) > 0 {
		var items []string
		for _, p := range r.peers {
			items = append(items, p.yaml())
		}
		fields = append(fields, peers+": ["+strings.Join(items, ", ")+"]")
	}
	if len(r.ports) > 0 {
		var items []string
		for _, p := range r.ports {
			var f []string
			if p.protocol != "" {
				f = append(f, "protocol: "+p.protocol)
			}
			if p.name != "" {
				f = append(f, "port: "+p.name)
			} else if p.port != 0 {
				f = append(f, fmt.Sprintf("port: %d", p.port))
			}
			if p.endPort != 0 {
				f = append(f, fmt.Sprintf("endPort: %d", p.endPort))
			}
			items = append(items, "{"+strings.Join(f, ", ")+"}")
		}
		fields = append(fields, "ports: ["+strings.Join(items, ", ")+"]")
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

func (p plainPeer) yaml() string {
	if p.cidr != "" {
		s := "{ipBlock: {cidr: '" + p.cidr + "'"
		if len(p.except) > 0 {
			s += ", except: ['" + strings.Join(p.except, "', '") + "']"
		}
		return s + "}}"
	}
	var f []string
	if p.pods != nil {
		f = append(f, "podSelector: "+p.pods.yaml())
	}
	if p.namespaces != nil {
		f = append(f, "namespaceSelector: "+p.namespaces.yaml())
	}
	return "{" + strings.Join(f, ", ") + "}"
}

func (s plainSelector) yaml() string {
	var labels, expressions []string
	seen := make(map[string]bool)
	for _, r := range s {
		if r.operator == "In" && len(r.values) == 1 && !seen[r.key] {
			seen[r.key] = true
			labels = append(labels, r.key+": "+r.values[0])
			continue
		}
		e := fmt.Sprintf("{key: %s, operator: %s", r.key, r.operator)
		if len(r.values) > 0 {
			e += ", values: [" + strings.Join(r.values, ", ") + "]"
		}
		expressions = append(expressions, e+"}")
	}
	return "{matchLabels: {" + strings.Join(labels, ", ") + "}, matchExpressions: [" + strings.Join(expressions, ", ") + "]}"
}

// dice draws random policies from a world so small that they meet.
type dice struct{ *rand.Rand }

func pick[T any](d dice, from ...T) T { return from[d.IntN(len(from))] }

func (d dice) list(most int, add func()) {
	for range d.IntN(most + 1) {
		add()
	}
}

func (d dice) selector() plainSelector {
	var s plainSelector
	d.list(2, func() {
		r := plainRequirement{key: pick(d, "app", "tier", "env"), operator: pick(d, "In", "In", "In", "NotIn", "Exists", "DoesNotExist")}
		if r.operator == "In" || r.operator == "NotIn" {
			r.values = []string{pick(d, "x", "z")}
			if d.IntN(3) == 0 {
				r.values = []string{"x", "w"}
			}
		}
		s = append(s, r)
	})
	return s
}

func (d dice) peer() plainPeer {
	switch d.IntN(4) {
	case 0, 1:
		cidr := pick(d, "10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0", "203.0.113.0/24", "203.0.113.4/30", "2001:db8::/32", "::/0", "10.1.128.0/17")
		p := plainPeer{cidr: cidr}
		d.list(2, func() {
			p.except = append(p.except, map[string][]string{
				"10.0.0.0/8":     {"10.1.0.0/16", "10.0.0.0/9"},
				"10.1.0.0/16":    {"10.1.0.0/17", "10.1.0.7/32"},
				"0.0.0.0/0":      {"10.0.0.0/8", "203.0.0.0/16"},
				"203.0.113.0/24": {"203.0.113.0/29", "203.0.113.128/25"},
				"203.0.113.4/30": {"203.0.113.4/31", "203.0.113.7/32"},
				"2001:db8::/32":  {"2001:db8::/64", "2001:db8:8000::/33"},
				"::/0":           {"2001::/16", "8000::/1"},
				"10.1.128.0/17":  {"10.1.128.0/18", "10.1.255.255/32"},
			}[cidr][d.IntN(2)])
		})
		return p
	case 2:
		pods := d.selector()
		return plainPeer{pods: &pods}
	default:
		namespaces := d.selector()
		p := plainPeer{namespaces: &namespaces}
		if d.IntN(2) == 0 {
			pods := d.selector()
			p.pods = &pods
		}
		return p
	}
}

func (d dice) port() plainPort {
	p := plainPort{protocol: pick(d, "", "TCP", "UDP", "SCTP")}
	switch d.IntN(4) {
	case 0:
		p.name = pick(d, "http", "dns", "web")
	case 1:
		p.port = pick(d, 80, 443, 8080)
	case 2:
		p.port = pick(d, 53, 80, 443)
		p.endPort = p.port + pick(d, 0, 1, 400, 10000)
	}
	return p
}

func (d dice) rule() plainRule {
	var r plainRule
	d.list(3, func() { r.peers = append(r.peers, d.peer()) })
	d.list(2, func() { r.ports = append(r.ports, d.port()) })
	return r
}

func (d dice) policy() plainPolicy {
	p := plainPolicy{namespace: pick(d, "a", "b"), pods: d.selector()}
	p.types = pick(d, nil, []string{"Egress"}, []string{"Ingress"}, []string{"Egress", "Ingress"})
	d.list(3, func() { p.egress = append(p.egress, d.rule()) })
	d.list(2, func() { p.ingress = append(p.ingress, d.rule()) })
	return p
}

func (d dice) policies() []plainPolicy {
	var policies []plainPolicy
	d.list(5, func() { policies = append(policies, d.policy()) })
	return policies
}

func (d dice) pod() netpol.Pod {
	p := netpol.Pod{Namespace: pick(d, "a", "b", "c"), Labels: netpol.Labels{}}
	for _, k := range []string{"app", "tier", "env"} {
		if v := pick(d, "", "x", "y", "z"); v != "" {
			p.Labels[k] = v
		}
	}
	if d.IntN(2) == 0 {
		p.Ports = append(p.Ports, netpol.Port{Name: "http", Number: pick(d, 80, 8080), Protocol: "TCP"})
	}
	if d.IntN(2) == 0 {
		p.Ports = append(p.Ports, netpol.Port{Name: "dns", Number: 53, Protocol: pick(d, "TCP", "UDP")})
	}
	return p
}

func (d dice) addr() netip.Addr {
	return netip.MustParseAddr(pick(d, "203.0.113.4", "203.0.113.5", "203.0.113.7", "203.0.113.200", "203.0.114.0",
		"10.1.0.7", "10.1.255.255", "10.200.0.1", "8.8.8.8", "2001:db8::1", "2001:db8:9000::1", "2400::1"))
}

func (d dice) packet() (protocol string, port int) {
	return pick(d, "TCP", "TCP", "UDP", "SCTP"), pick(d, 53, 80, 81, 443, 444, 8080, 9999)
}

// namespaces returns the namespaces with their labels, as the API server has them.
func (d dice) namespaces() ([]netpol.Namespace, map[string]netpol.Labels) {
	var list []netpol.Namespace
	labels := make(map[string]netpol.Labels)
	for _, name := range []string{"a", "b", "c"} {
		written := netpol.Labels{"env": pick(d, "x", "y", "z")}
		list = append(list, netpol.Namespace{Name: name, Labels: written, Known: true})
		labels[name] = netpol.Labels{"env": written["env"], "kubernetes.io/metadata.name": name}
	}
	return list, labels
}
