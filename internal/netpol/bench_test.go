package netpol_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
)

// cluster is a large but ordinary cluster: every workload has labels of its own,
// policies default-deny namespaces, open DNS, and let single workloads reach
// others, a database and the Internet.
func cluster(b testing.TB, pods, policies int) ([]*netpol.Policy, []netpol.Namespace, []netpol.Pod) {
	b.Helper()
	const namespaces = 50
	var nss []netpol.Namespace
	for i := range namespaces {
		nss = append(nss, netpol.Namespace{
			Name: fmt.Sprintf("ns-%d", i), Known: i%10 != 0,
			Labels: netpol.Labels{"env": []string{"prod", "dev"}[i%2], "team": fmt.Sprintf("team-%d", i%7)},
		})
	}
	var ps []netpol.Pod
	for i := range pods {
		ps = append(ps, netpol.Pod{
			ID: fmt.Sprint(i), Namespace: nss[i%namespaces].Name, UnknownLabels: []string{"pod-template-hash"},
			Labels: netpol.Labels{
				"app": fmt.Sprintf("app-%d", i), "app.kubernetes.io/part-of": "shop", "tier": []string{"web", "db", "job"}[i%3],
			},
			Ports: []netpol.Port{{Name: "http", Number: 8080 + i%3, Protocol: "TCP"}},
		})
	}
	var parsed []*netpol.Policy
	for i := range policies {
		p := plainPolicy{namespace: nss[i%namespaces].Name, types: []string{"Egress", "Ingress"}}
		if i >= namespaces {
			app := fmt.Sprintf("app-%d", i)
			other := fmt.Sprintf("app-%d", (i*7)%pods)
			p.pods = plainSelector{{"app", "In", []string{app}}, {"app.kubernetes.io/part-of", "In", []string{"shop"}}}
			dns := plainSelector{{"kubernetes.io/metadata.name", "In", []string{"kube-system"}}}
			all := plainSelector{}
			to := plainSelector{{"app", "In", []string{other}}}
			p.egress = []plainRule{
				{peers: []plainPeer{{namespaces: &dns}}, ports: []plainPort{{protocol: "UDP", port: 53}, {protocol: "TCP", port: 53}}},
				{peers: []plainPeer{{pods: &to, namespaces: &all}}, ports: []plainPort{{name: "http"}}},
				{peers: []plainPeer{{cidr: fmt.Sprintf("10.%d.0.0/16", i%256)}}, ports: []plainPort{{port: 3306}}},
				{peers: []plainPeer{{cidr: "0.0.0.0/0", except: []string{"10.0.0.0/8", "172.16.0.0/12"}}}, ports: []plainPort{{port: 443}}},
			}
			p.ingress = []plainRule{{peers: []plainPeer{{namespaces: &plainSelector{{"env", "In", []string{"prod"}}}}}}}
		}
		parsed = append(parsed, parsePlain(b, []plainPolicy{p})...)
	}
	return parsed, nss, ps
}

func BenchmarkNew(b *testing.B) {
	policies, namespaces, pods := cluster(b, 2000, 1000)
	profile := netpol.Profile{Datapath: "veth", Enforced: truth.Yes, PodCIDRs: podCIDRs}
	b.ReportAllocs()
	for b.Loop() {
		netpol.New(b.Context(), policies, namespaces, pods, profile)
	}
}

// BenchmarkFirstAnswers asks for every pod what a run asks: DNS, the Internet,
// an address and another pod, on a fresh evaluator.
func BenchmarkFirstAnswers(b *testing.B) {
	policies, namespaces, pods := cluster(b, 2000, 1000)
	profile := netpol.Profile{Datapath: "veth", Enforced: truth.Yes, PodCIDRs: podCIDRs}
	dns := netpol.Pod{Namespace: "kube-system", Labels: netpol.Labels{"k8s-app": "kube-dns"}, MoreLabels: true}
	rds := netpol.AddrDest(netip.MustParseAddr("10.9.0.5")).Outside()
	b.ReportAllocs()
	for b.Loop() {
		e := netpol.New(b.Context(), policies, namespaces, pods, profile)
		resolver := e.Describe(dns)
		for i := range pods {
			e.Egress(i, resolver, "UDP", 53)
			e.Egress(i, netpol.InternetDest(), "TCP", 443)
			e.Egress(i, rds, "TCP", 3306)
			e.Connect(i, (i*7)%len(pods), "TCP", 8080)
		}
	}
}

func BenchmarkEgress(b *testing.B) {
	policies, namespaces, pods := cluster(b, 2000, 1000)
	e := netpol.New(b.Context(), policies, namespaces, pods, netpol.Profile{Datapath: "veth", Enforced: truth.Yes, PodCIDRs: podCIDRs})
	for _, bm := range []struct {
		name string
		dest netpol.Dest
	}{
		{"pod", e.PodDest(700)},
		{"address", netpol.AddrDest(netip.MustParseAddr("10.9.0.5")).Outside()},
		{"prefix", netpol.PrefixDest(netip.MustParsePrefix("10.9.0.0/24"))},
		{"internet", netpol.InternetDest()},
	} {
		b.Run(bm.name, func(b *testing.B) {
			for b.Loop() {
				e.Egress(100, bm.dest, "TCP", 443)
			}
		})
	}
}

func BenchmarkConnectAll(b *testing.B) {
	policies, namespaces, pods := cluster(b, 500, 300)
	for b.Loop() {
		e := netpol.New(b.Context(), policies, namespaces, pods, netpol.Profile{Datapath: "v2", Enforced: truth.Yes})
		for i := range pods {
			for j := range pods {
				e.Connect(i, j, "TCP", 8080)
			}
		}
	}
}

func BenchmarkClosest(b *testing.B) {
	policies, namespaces, pods := cluster(b, 2000, 1000)
	e := netpol.New(b.Context(), policies, namespaces, pods, netpol.Profile{Datapath: "v2", Enforced: truth.Yes})
	for b.Loop() {
		e.Closest(100, netpol.InternetDest(), "TCP", 80)
	}
}

// BenchmarkConnections lists who may talk to whom, on a fresh evaluator.
func BenchmarkConnections(b *testing.B) {
	for _, bm := range []struct {
		name, datapath string
		pods           int
		tiers          netpol.Policies
	}{
		{"100", "v2", 100, netpol.Policies{}},
		{"500", "v2", 500, netpol.Policies{}},
		{"2000", "v2", 2000, netpol.Policies{}},
		{"5000", "v2", 5000, netpol.Policies{}},
		{"2000-veth", "veth", 2000, netpol.Policies{}},
		{"2000-tiers", "v2", 2000, shields(b)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			policies, namespaces, ps := cluster(b, bm.pods, bm.pods/2)
			bm.tiers.Network = policies
			b.ReportAllocs()
			links := 0
			for b.Loop() {
				links = 0
				e := netpol.NewTiered(b.Context(), bm.tiers, namespaces, ps, netpol.Profile{Datapath: bm.datapath, Enforced: truth.Yes, PodCIDRs: podCIDRs})
				for range e.Connections() {
					links++
				}
			}
			b.ReportMetric(float64(links), "links")
		})
	}
}

// mixed is a cluster in which policies cross: peers are many pods and whole namespaces
// beside blocks with exceptions, so that every pod meets many others.
func mixed(b testing.TB, pods, policies int) ([]*netpol.Policy, []netpol.Namespace, []netpol.Pod) {
	b.Helper()
	_, namespaces, ps := cluster(b, pods, 0)
	tiers := []string{"web", "db", "job"}
	var parsed []*netpol.Policy
	for i := range policies {
		p := plainPolicy{namespace: namespaces[i%len(namespaces)].Name, types: []string{"Egress", "Ingress"}}
		p.pods = plainSelector{{"app", "In", []string{fmt.Sprintf("app-%d", (i*3)%pods), fmt.Sprintf("app-%d", i)}}}
		tier := plainSelector{{"tier", "In", []string{tiers[i%3]}}}
		env := plainSelector{{"env", "NotIn", []string{"prod"}}}
		team := plainSelector{{"team", "In", []string{fmt.Sprintf("team-%d", i%7)}}}
		peers := []plainPeer{
			{pods: &tier},
			{namespaces: &team, pods: &tier},
			{cidr: fmt.Sprintf("10.1.%d.0/24", i%256), except: []string{fmt.Sprintf("10.1.%d.128/26", i%256)}},
			{cidr: fmt.Sprintf("10.%d.0.0/16", i%32), except: []string{fmt.Sprintf("10.%d.7.0/24", i%32)}},
		}
		p.egress = []plainRule{
			{peers: peers, ports: []plainPort{{name: "http"}, {port: 443}}},
			{peers: []plainPeer{{namespaces: &env}}, ports: []plainPort{{port: 8000, endPort: 9000}}},
			{peers: []plainPeer{{cidr: "0.0.0.0/0", except: []string{"10.0.0.0/8", "172.16.0.0/12"}}}, ports: []plainPort{{port: 443}}},
		}
		p.ingress = []plainRule{{peers: peers, ports: []plainPort{{name: "http"}}}, {peers: []plainPeer{{namespaces: &env}}}}
		parsed = append(parsed, parsePlain(b, []plainPolicy{p})...)
	}
	return parsed, namespaces, ps
}

// BenchmarkMixedConnections is BenchmarkConnections of mixed policies.
func BenchmarkMixedConnections(b *testing.B) {
	policies, namespaces, pods := mixed(b, 2000, 1000)
	for _, datapath := range []string{"v2", "veth", "unknown"} {
		b.Run(datapath, func(b *testing.B) {
			b.ReportAllocs()
			links := 0
			for b.Loop() {
				links = 0
				e := netpol.New(b.Context(), policies, namespaces, pods, netpol.Profile{Datapath: datapath, Enforced: truth.Yes, PodCIDRs: podCIDRs})
				for range e.Connections() {
					links++
				}
			}
			b.ReportMetric(float64(links), "links")
		})
	}
}

// shields are policies of administrators over the whole cluster.
func shields(b *testing.B) netpol.Policies {
	policies, diagnostics := parseTiers(b, `kind: ClusterNetworkPolicy
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  egress:
  - {action: Accept, to: [{namespaces: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}], protocols: [{udp: {destinationPort: {number: 53}}}]}
  - {action: Deny, to: [{networks: [100.100.100.200/32, 10.1.0.0/28]}]}
  - {action: Pass, to: [{namespaces: {}}]}
---
kind: ClusterNetworkPolicy
spec: {tier: Baseline, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {matchLabels: {env: dev}}}]}]}
---
kind: CiliumClusterwideNetworkPolicy
spec: {endpointSelector: {}, enableDefaultDeny: {egress: false}, egressDeny: [{toPorts: [{ports: [{port: '25', protocol: TCP}]}]}]}`)
	if len(diagnostics) > 0 {
		b.Fatal(diagnostics)
	}
	return policies
}

// BenchmarkTieredAnswers is BenchmarkFirstAnswers below policies of administrators.
func BenchmarkTieredAnswers(b *testing.B) {
	all := shields(b)
	policies, namespaces, pods := cluster(b, 2000, 1000)
	all.Network = policies
	profile := netpol.Profile{Datapath: "veth", Enforced: truth.Yes, PodCIDRs: podCIDRs}
	rds := netpol.AddrDest(netip.MustParseAddr("10.9.0.5")).Outside()
	b.ReportAllocs()
	for b.Loop() {
		e := netpol.NewTiered(b.Context(), all, namespaces, pods, profile)
		for i := range pods {
			e.Egress(i, netpol.InternetDest(), "TCP", 443)
			e.Egress(i, rds, "TCP", 3306)
			e.Connect(i, (i*7)%len(pods), "TCP", 8080)
		}
	}
}

// BenchmarkDeadPeers has a Service for every pod.
func BenchmarkDeadPeers(b *testing.B) {
	policies, namespaces, pods := cluster(b, 2000, 1000)
	var services []netpol.ServicePort
	for _, p := range pods {
		services = append(services, netpol.ServicePort{
			Namespace: p.Namespace, Service: p.ID, Selector: netpol.Labels{"app": p.Labels["app"]}, Port: 3306, TargetName: "http",
		})
	}
	e := netpol.New(b.Context(), policies, namespaces, pods, netpol.Profile{Datapath: "v2", Enforced: truth.Yes, PodCIDRs: podCIDRs})
	b.ReportAllocs()
	for b.Loop() {
		e.DeadPeers(services)
	}
}
