package netpol_test

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

// plainAdmin is a policy of policy.networking.k8s.io in the plainest way.
type plainAdmin struct {
	kind       string
	tier       string // of a ClusterNetworkPolicy
	priority   int
	namespaces plainSelector
	pods       *plainSelector // nil for a subject of namespaces
	egress     []plainAdminRule
	ingress    []plainAdminRule
}

type plainAdminRule struct {
	action string // Allow, Deny or Pass
	peers  []plainAdminPeer
	ports  []plainAdminPort
}

type plainAdminPeer struct {
	namespaces plainSelector
	pods       *plainSelector // nil for a peer of namespaces
	networks   []string       // instead of both
}

type plainAdminPort struct {
	protocol string
	from, to int
	name     string
}

// plainCilium is a Cilium policy in the plainest way.
type plainCilium struct {
	namespace       string // empty for a clusterwide one
	pods            plainSelector
	egress, ingress plainCiliumSide
}

type plainCiliumSide struct {
	rules, denies []plainCiliumRule
	noDefaultDeny bool
}

type plainCiliumRule struct {
	endpoints []plainEndpoint
	entities  []string
	cidr      string
	except    string
	ports     []plainAdminPort
}

type plainEndpoint struct {
	pods      plainSelector
	namespace string // empty if it is not written
}

// podAddress is the address of every pod of the plain world.
var podAddress = netip.MustParseAddr("10.1.0.7")

// layered is a plainWorld with everything that can stand beside NetworkPolicies.
type layered struct {
	plainWorld
	global []plainGlobal
	cilium []plainCilium
	admin  []plainAdmin // of different priorities in a tier
}

// plainGlobal is a plainPolicy for the namespaces of a selector.
type plainGlobal struct {
	plainPolicy
	namespaces plainSelector
}

// passes follows one packet through all policies of one pod.
func (w layered) passes(pod *netpol.Pod, ingress bool, other plainEnd, protocol string, port int) bool {
	switch w.decide("Admin", pod, ingress, other, protocol, port) {
	case "Allow":
		return true
	case "Deny":
		return false
	}
	isolated, denied := false, false
	consider := w.plainWorld
	for _, g := range w.global {
		if g.namespaces.matches(w.namespaces[pod.Namespace]) {
			p := g.plainPolicy
			p.namespace = pod.Namespace // its peers all have namespaceSelectors
			consider.policies = append(slices.Clip(consider.policies), p)
		}
	}
	direction := map[bool]string{false: "Egress", true: "Ingress"}[ingress]
	for _, p := range consider.policies {
		types := p.types
		if len(types) == 0 {
			types = []string{"Ingress"}
			if len(p.egress) > 0 {
				types = append(types, "Egress")
			}
		}
		if p.namespace == pod.Namespace && p.pods.matches(pod.Labels) && slices.Contains(types, direction) {
			isolated = true
		}
	}
	admitted := isolated && consider.passes(pod, ingress, other, protocol, port)
	for _, c := range w.cilium {
		if c.namespace != "" && c.namespace != pod.Namespace || !c.pods.matches(pod.Labels) {
			continue
		}
		side, destination := c.egress, other.pod
		if ingress {
			side, destination = c.ingress, pod
		}
		isolated = isolated || len(side.rules)+len(side.denies) > 0 && !side.noDefaultDeny
		for _, r := range side.rules {
			admitted = admitted || c.matches(r, other, destination, protocol, port)
		}
		for _, r := range side.denies {
			denied = denied || c.matches(r, other, destination, protocol, port)
		}
	}
	switch {
	case denied:
		return false
	case isolated:
		return admitted
	default:
		return w.decide("Baseline", pod, ingress, other, protocol, port) != "Deny"
	}
}

// decide returns the action of the first rule of a tier that matches, or Pass.
func (w layered) decide(tier string, pod *netpol.Pod, ingress bool, other plainEnd, protocol string, port int) string {
	ordered := slices.Clone(w.admin)
	slices.SortFunc(ordered, func(a, b plainAdmin) int { return cmp.Compare(a.priority, b.priority) })
	for _, a := range ordered {
		if a.inTier() != tier || !a.namespaces.matches(w.namespaces[pod.Namespace]) || a.pods != nil && !a.pods.matches(pod.Labels) {
			continue
		}
		rules, destination := a.egress, other.pod
		if ingress {
			rules, destination = a.ingress, pod
		}
		for _, r := range rules {
			if w.adminPeers(r, other) && adminPorts(r.ports, destination, protocol, port) {
				return r.action
			}
		}
	}
	return "Pass"
}

func (a plainAdmin) inTier() string {
	switch a.kind {
	case "AdminNetworkPolicy":
		return "Admin"
	case "BaselineAdminNetworkPolicy":
		return "Baseline"
	default:
		return a.tier
	}
}

func (w layered) adminPeers(r plainAdminRule, other plainEnd) bool {
	for _, p := range r.peers {
		address := other.addr
		if other.pod != nil {
			address = podAddress
		}
		for _, n := range p.networks {
			if netip.MustParsePrefix(n).Contains(address) {
				return true
			}
		}
		if len(p.networks) == 0 && other.pod != nil && p.namespaces.matches(w.namespaces[other.pod.Namespace]) &&
			(p.pods == nil || p.pods.matches(other.pod.Labels)) {
			return true
		}
	}
	return false
}

func adminPorts(ports []plainAdminPort, destination *netpol.Pod, protocol string, port int) bool {
	if len(ports) == 0 {
		return true
	}
	for _, p := range ports {
		switch {
		case p.name != "":
			if destination != nil && slices.ContainsFunc(destination.Ports, func(c netpol.Port) bool {
				return c.Name == p.name && c.Protocol == protocol && c.Number == port && (p.protocol == "" || p.protocol == protocol)
			}) {
				return true
			}
		case (p.protocol == protocol || p.protocol == "") && p.from <= port && port <= p.to:
			return true
		}
	}
	return false
}

func (c plainCilium) matches(r plainCiliumRule, other plainEnd, destination *netpol.Pod, protocol string, port int) bool {
	found := len(r.ports) > 0 // a rule of ports alone is about everybody
	if len(r.endpoints)+len(r.entities) > 0 || r.cidr != "" {
		found = false
	}
	for _, e := range r.endpoints {
		namespace := e.namespace
		if namespace == "" {
			namespace = c.namespace
		}
		found = found || other.pod != nil && (namespace == "" || namespace == other.pod.Namespace) && e.pods.matches(other.pod.Labels)
	}
	for _, e := range r.entities {
		found = found || e == "all" || e == "world" && other.pod == nil || e == "cluster" && other.pod != nil
	}
	if r.cidr != "" && other.pod == nil && netip.MustParsePrefix(r.cidr).Contains(other.addr) {
		found = found || r.except == "" || !netip.MustParsePrefix(r.except).Contains(other.addr)
	}
	return found && adminPorts(r.ports, destination, protocol, port)
}

// yaml writes the policy the way its API spells it.
func (a plainAdmin) yaml(name string) string {
	var b strings.Builder
	version, ports := "v1alpha1", "ports"
	if a.kind == "ClusterNetworkPolicy" {
		version, ports = "v1alpha2", "protocols"
	}
	if a.kind == "BaselineAdminNetworkPolicy" {
		name = "default"
	}
	fmt.Fprintf(&b, "apiVersion: policy.networking.k8s.io/%s\nkind: %s\nmetadata: {name: %s}\nspec:\n", version, a.kind, name)
	if a.tier != "" {
		fmt.Fprintf(&b, "  tier: %s\n", a.tier)
	}
	if a.kind != "BaselineAdminNetworkPolicy" {
		fmt.Fprintf(&b, "  priority: %d\n", a.priority)
	}
	fmt.Fprintf(&b, "  subject: %s\n", plainAdminPeer{namespaces: a.namespaces, pods: a.pods}.yaml())
	for _, side := range []struct {
		key, peers string
		rules      []plainAdminRule
	}{{"egress", "to", a.egress}, {"ingress", "from", a.ingress}} {
		if len(side.rules) == 0 {
			continue
		}
		fmt.Fprintf(&b, "  %s:\n", side.key)
		for _, r := range side.rules {
			action := r.action
			if action == "Allow" && version == "v1alpha2" {
				action = "Accept"
			}
			var peers, items []string
			for _, p := range r.peers {
				peers = append(peers, p.yaml())
			}
			for _, p := range r.ports {
				items = append(items, p.adminYAML(ports == "protocols"))
			}
			fmt.Fprintf(&b, "  - {action: %s, %s: [%s]", action, side.peers, strings.Join(peers, ", "))
			if len(items) > 0 {
				fmt.Fprintf(&b, ", %s: [%s]", ports, strings.Join(items, ", "))
			}
			b.WriteString("}\n")
		}
	}
	return b.String()
}

func (p plainAdminPeer) yaml() string {
	switch {
	case len(p.networks) > 0:
		return "{networks: ['" + strings.Join(p.networks, "', '") + "']}"
	case p.pods != nil:
		return "{pods: {namespaceSelector: " + p.namespaces.yaml() + ", podSelector: " + p.pods.yaml() + "}}"
	default:
		return "{namespaces: " + p.namespaces.yaml() + "}"
	}
}

func (p plainAdminPort) adminYAML(v1alpha2 bool) string {
	switch {
	case p.name != "" && v1alpha2:
		return "{destinationNamedPort: " + p.name + "}"
	case p.name != "":
		return "{namedPort: " + p.name + "}"
	case v1alpha2 && p.from == p.to:
		return fmt.Sprintf("{%s: {destinationPort: {number: %d}}}", strings.ToLower(p.protocol), p.from)
	case v1alpha2:
		return fmt.Sprintf("{%s: {destinationPort: {range: {start: %d, end: %d}}}}", strings.ToLower(p.protocol), p.from, p.to)
	case p.from == p.to:
		return fmt.Sprintf("{portNumber: {protocol: %s, port: %d}}", p.protocol, p.from)
	default:
		return fmt.Sprintf("{portRange: {protocol: %s, start: %d, end: %d}}", p.protocol, p.from, p.to)
	}
}

func (c plainCilium) yaml(name string) string {
	var b strings.Builder
	kind, namespace := "CiliumNetworkPolicy", ", namespace: "+c.namespace
	if c.namespace == "" {
		kind, namespace = "CiliumClusterwideNetworkPolicy", ""
	}
	fmt.Fprintf(&b, "apiVersion: cilium.io/v2\nkind: %s\nmetadata: {name: %s%s}\nspec:\n  endpointSelector: %s\n", kind, name, namespace, c.pods.yaml())
	fmt.Fprintf(&b, "  enableDefaultDeny: {egress: %v, ingress: %v}\n", c.egress.isolates(), c.ingress.isolates())
	for _, side := range []struct {
		key, prefix string
		rules       []plainCiliumRule
	}{
		{"egress", "to", c.egress.rules},
		{"egressDeny", "to", c.egress.denies},
		{"ingress", "from", c.ingress.rules},
		{"ingressDeny", "from", c.ingress.denies},
	} {
		if len(side.rules) == 0 {
			continue
		}
		fmt.Fprintf(&b, "  %s:\n", side.key)
		for _, r := range side.rules {
			b.WriteString("  - " + r.yaml(side.prefix) + "\n")
		}
	}
	return b.String()
}

func (s plainCiliumSide) isolates() bool { return len(s.rules)+len(s.denies) > 0 && !s.noDefaultDeny }

func (r plainCiliumRule) yaml(prefix string) string {
	var fields []string
	var items []string
	for _, e := range r.endpoints {
		pods := e.pods
		if e.namespace != "" {
			pods = append(slices.Clip(pods), plainRequirement{"k8s:io.kubernetes.pod.namespace", "In", []string{e.namespace}})
		}
		items = append(items, strings.ReplaceAll(pods.yaml(), "k8s:io.kubernetes.pod.namespace", "'k8s:io.kubernetes.pod.namespace'"))
	}
	switch {
	case len(items) > 0:
		fields = append(fields, prefix+"Endpoints: ["+strings.Join(items, ", ")+"]")
	case len(r.entities) > 0:
		fields = append(fields, prefix+"Entities: ["+strings.Join(r.entities, ", ")+"]")
	case r.except != "":
		fields = append(fields, prefix+"CIDRSet: [{cidr: '"+r.cidr+"', except: ['"+r.except+"']}]")
	case r.cidr != "":
		fields = append(fields, prefix+"CIDR: ['"+r.cidr+"']")
	}
	var ports []string
	for _, p := range r.ports {
		protocol := p.protocol
		if protocol == "" {
			protocol = "ANY"
		}
		port := p.name
		if port == "" {
			port = fmt.Sprint(p.from)
		}
		s := "{port: '" + port + "', protocol: " + protocol
		if p.to > p.from {
			s += fmt.Sprintf(", endPort: %d", p.to)
		}
		ports = append(ports, s+"}")
	}
	if len(ports) > 0 {
		fields = append(fields, "toPorts: [{ports: ["+strings.Join(ports, ", ")+"]}]")
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

func (g plainGlobal) yaml(name string) string {
	s := strings.Replace(g.plainPolicy.yaml(name), "networking.k8s.io/v1\nkind: NetworkPolicy", "network.alibabacloud.com/v1beta2\nkind: GlobalNetworkPolicy", 1)
	s = strings.Replace(s, ", namespace: }", "}", 1)
	return strings.Replace(s, "spec:\n", "spec:\n  namespaceSelector: "+g.namespaces.yaml()+"\n", 1)
}

// adminPort draws a port; of any protocol too if anyProtocol is set.
func (d dice) adminPort(anyProtocol bool) plainAdminPort {
	p := plainAdminPort{protocol: pick(d, "TCP", "TCP", "UDP", "SCTP"), from: pick(d, 53, 80, 443, 8080)}
	p.to = p.from + pick(d, 0, 0, 1, 400)
	if anyProtocol && d.IntN(3) == 0 {
		p.protocol = ""
	}
	if d.IntN(4) == 0 {
		p.name, p.from, p.to = pick(d, "http", "dns", "web"), 0, 0
		if !anyProtocol { // policy.networking.k8s.io knows names only without one
			p.protocol = ""
		}
	}
	return p
}

func (d dice) adminRules(egress bool, baseline bool) []plainAdminRule {
	var rules []plainAdminRule
	d.list(3, func() {
		r := plainAdminRule{action: pick(d, "Allow", "Deny", "Pass")}
		if baseline {
			r.action = pick(d, "Allow", "Deny")
		}
		d.list(2, func() { r.ports = append(r.ports, d.adminPort(false)) })
		named := slices.ContainsFunc(r.ports, func(p plainAdminPort) bool { return p.name != "" })
		for range 1 + d.IntN(2) {
			p := plainAdminPeer{namespaces: d.selector()}
			switch {
			case egress && !named && d.IntN(3) == 0:
				p.networks = []string{pick(d, "10.0.0.0/8", "0.0.0.0/0", "203.0.113.0/24", "2001:db8::/32", "::/0")}
			case d.IntN(2) == 0:
				pods := d.selector()
				p.pods = &pods
			}
			r.peers = append(r.peers, p)
		}
		rules = append(rules, r)
	})
	return rules
}

func (d dice) admins() []plainAdmin {
	var list []plainAdmin
	baseline := false
	for _, priority := range d.Perm(1000)[:d.IntN(5)] {
		a := plainAdmin{kind: pick(d, "AdminNetworkPolicy", "ClusterNetworkPolicy"), priority: priority, namespaces: d.selector()}
		if !baseline && d.IntN(3) == 0 {
			// It is ranked among no others, so it stands alone in its tier.
			a.kind, baseline = "BaselineAdminNetworkPolicy", true
		}
		if a.kind == "ClusterNetworkPolicy" {
			a.tier = pick(d, "Admin", "Baseline")
		}
		if d.IntN(2) == 0 {
			pods := d.selector()
			a.pods = &pods
		}
		simple := a.kind == "BaselineAdminNetworkPolicy"
		a.egress, a.ingress = d.adminRules(true, simple), d.adminRules(false, simple)
		list = append(list, a)
	}
	if baseline {
		for i := range list {
			if list[i].tier == "Baseline" {
				list[i].tier = "Admin"
			}
		}
	}
	return list
}

func (d dice) ciliumRules() []plainCiliumRule {
	var rules []plainCiliumRule
	d.list(2, func() {
		var r plainCiliumRule
		switch d.IntN(5) {
		case 0, 1:
			for range 1 + d.IntN(2) {
				r.endpoints = append(r.endpoints, plainEndpoint{pods: d.selector(), namespace: pick(d, "", "", "a", "b", "c")})
			}
		case 2:
			r.entities = []string{pick(d, "all", "world", "cluster")}
		case 3:
			r.cidr = pick(d, "10.0.0.0/8", "0.0.0.0/0", "203.0.113.0/24", "::/0")
			if d.IntN(2) == 0 && r.cidr == "203.0.113.0/24" {
				r.except = "203.0.113.0/29"
			}
		}
		d.list(2, func() { r.ports = append(r.ports, d.adminPort(true)) })
		rules = append(rules, r)
	})
	return rules
}

func (d dice) ciliums() []plainCilium {
	var list []plainCilium
	d.list(2, func() {
		c := plainCilium{namespace: pick(d, "", "a", "b"), pods: d.selector()}
		for _, side := range []*plainCiliumSide{&c.egress, &c.ingress} {
			side.rules = d.ciliumRules()
			if d.IntN(2) == 0 {
				side.denies = d.ciliumRules()
			}
			side.noDefaultDeny = d.IntN(4) == 0
		}
		if len(c.egress.rules)+len(c.egress.denies)+len(c.ingress.rules)+len(c.ingress.denies) > 0 {
			list = append(list, c)
		}
	})
	return list
}

func (d dice) globals() []plainGlobal {
	var list []plainGlobal
	d.list(2, func() {
		g := plainGlobal{d.policy(), d.selector()}
		g.namespace = ""
		for _, r := range slices.Concat(g.egress, g.ingress) {
			for i := range r.peers {
				if p := &r.peers[i]; p.pods != nil && p.namespaces == nil {
					p.namespaces = &plainSelector{}
				}
			}
		}
		list = append(list, g)
	})
	return list
}

// layeredScene is a scene with policies of every kind.
type layeredScene struct {
	scene
	world layered
}

func (d dice) layeredScene() layeredScene {
	s := layeredScene{scene: d.scene()}
	s.world = layered{global: d.globals(), cilium: d.ciliums(), admin: d.admins()}
	if d.IntN(3) == 0 && len(s.world.admin) > 1 { // an undefined order
		for i := range s.world.admin {
			s.world.admin[i].priority = 7
		}
	}
	return s
}

// documents returns the policies as YAML.
func (s layeredScene) documents() []string {
	var out []string
	name := func() string { return fmt.Sprintf("p%d", len(out)) }
	for _, p := range s.policies {
		out = append(out, p.yaml(name()))
	}
	for _, p := range s.world.global {
		out = append(out, p.yaml(name()))
	}
	for _, p := range s.world.cilium {
		out = append(out, p.yaml(name()))
	}
	for _, p := range s.world.admin {
		out = append(out, p.yaml(name()))
	}
	return out
}

func (s layeredScene) text() string { return strings.Join(s.documents(), "---\n") }

// parsed reads the documents back.
func (s layeredScene) parsed(t interface{ Fatalf(string, ...any) }) netpol.Policies {
	return parseDocuments(t, s.documents(), nil)
}

// parseDocuments reads documents that must all be accepted, after a change.
func parseDocuments(t interface{ Fatalf(string, ...any) }, documents []string, change func(*kubernetes.Object)) netpol.Policies {
	var policies netpol.Policies
	for i, text := range documents {
		objects, reasons := kubernetes.Parse(fmt.Sprintf("p%d.yaml", i), []byte(text))
		if len(objects) != 1 || len(reasons) > 0 {
			t.Fatalf("parse %s: %v", text, reasons)
		}
		if change != nil {
			change(objects[0])
		}
		if !add(&policies, &reasons, objects[0]) || len(reasons) > 0 {
			t.Fatalf("parse %s: %v", text, reasons)
		}
	}
	return policies
}

func (s layeredScene) evaluator(t interface{ Fatalf(string, ...any) }) *netpol.Evaluator {
	return netpol.NewTiered(context.Background(), s.parsed(t), s.namespaces, s.pods, s.profile)
}
