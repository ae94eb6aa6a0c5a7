package explain

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/model"
)

// Code is a reason that a hop or a gate of the model gives for its verdict.
type Code struct {
	// At is the hop that gives the code, or in words what else of the model does.
	At   string
	Name string
	// Meaning is what the code says of the packet.
	Meaning string
	// Way is what repairs it, or what settles it where the verdict is unknown. It is empty
	// where packets pass.
	Way string
	// Assumes is what the verdict takes for granted without a line in the files; empty
	// if nothing.
	Assumes string
	// Rules are those that may report it, the most specific first.
	Rules []string
}

// What besides hops gives codes.
const (
	atCluster  = "cluster"
	atEIPs     = "SNAT entry"
	atGateway  = "NAT gateway"
	atRoutes   = "route table"
	atGroups   = "security group"
	atPolicies = "enforcement of policies"
	atPeers    = "peer of a policy"
	atPodEIP   = "pod EIP annotation"
	atInjector = "whitelist injector annotation"
)

// Codes are all codes: those of hops first, in the order in which a packet meets them.
func Codes() []Code { return slices.Concat(sourceCodes, wayCodes, targetCodes, gateCodes) }

// CodeNames are the names of all codes, each once.
func CodeNames() []string {
	var names []string
	for _, c := range Codes() {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// Lookup returns what a code means at a hop; false if it is not known there.
func Lookup(hop, name string) (Code, bool) {
	for _, c := range Codes() {
		if c.At == hop && c.Name == name {
			return c, true
		}
	}
	return Code{}, false
}

// rulesOf are the rules that may report a hop with a code; those of all its codes if the
// hop does not say why.
func rulesOf(hop, name string) []string {
	var rules []string
	for _, c := range Codes() {
		if c.At == hop && (c.Name == name || name == "") {
			rules = append(rules, c.Rules...)
		}
	}
	return rules
}

// Paragraph is the code in prose.
func (c Code) Paragraph() string {
	var b strings.Builder
	b.WriteString(c.Meaning)
	for _, more := range []string{c.Way, c.Assumes} {
		if more != "" {
			b.WriteString(" " + more)
		}
	}
	return b.String()
}

var (
	dnsRules    = []string{"dns-egress-blocked"}
	lbRules     = []string{"loadbalancer-in-cluster-local"}
	policyRules = []string{"network-policy-blocks-egress"}
)

// sourceCodes are those of the hops at which the packet is still on its node.
var sourceCodes = []Code{
	{
		At: model.HopDNS, Name: "no-nameserver", Rules: []string{"dns-policy-unusable"},
		Meaning: "The pods have dnsPolicy None and no nameserver in dnsConfig, so that they resolve no name.",
		Way:     "Add nameservers to dnsConfig, or leave dnsPolicy out.",
	},
	{
		At: model.HopDNS, Name: "host-network", Rules: []string{"dns-policy-unusable"},
		Meaning: "The pods use the node's network with dnsPolicy ClusterFirst, which then means the node's resolver; that one knows no Services.",
		Way:     "Set dnsPolicy to ClusterFirstWithHostNet.",
	},
	{
		At: model.HopDNS, Name: "default", Rules: []string{"dns-policy-unusable"},
		Meaning: "The pods have dnsPolicy Default: they ask the node's resolver, which knows no Services.",
		Way:     "Set dnsPolicy to ClusterFirst, or leave it out.",
	},
	{
		At: model.HopDNS, Name: "security-group", Rules: []string{"security-group-egress-dropped", "security-group-egress-missing"},
		Meaning: "The pods ask the VPC's resolvers, and a security group on their interfaces stops packets to these.",
		Way:     "Let UDP and TCP port 53 to 100.100.2.136 and 100.100.2.138 out.",
	},
	{
		At: model.HopDNS, Name: "no-rule", Rules: dnsRules,
		Meaning: "NetworkPolicies isolate the pods, and no rule of them admits UDP port 53 to the resolver.",
		Way:     "Admit UDP and TCP port 53 to the pods labelled k8s-app: kube-dns in the namespace kube-system.",
	},
	{
		At: model.HopDNS, Name: "port", Rules: dnsRules,
		Meaning: "A rule names the pods of the resolver, but not their UDP port 53.",
		Way:     "Add UDP port 53 to the ports of that rule.",
	},
	{
		At: model.HopDNS, Name: "own-namespace", Rules: dnsRules,
		Meaning: "A rule selects the resolver's pods by label only, which means pods of the policy's own namespace; the resolver runs in kube-system.",
		Way:     "Add a namespaceSelector for kube-system beside the podSelector.",
	},
	{
		At: model.HopDNS, Name: "service-address", Rules: dnsRules,
		Meaning: "A rule admits the address of the resolver's Service; policies see the packet only after that was translated to the address of a pod.",
		Way:     "Admit the resolver's pods in place of the address.",
	},
	{
		At: model.HopDNS, Name: "resolver-address", Rules: dnsRules,
		Meaning: "A rule for port 53 admits addresses, but not those of the resolver that these pods ask.",
		Way:     "Admit the resolver's own addresses.",
	},
	{
		At: model.HopDNS, Name: "denied", Rules: dnsRules,
		Meaning: "A rule that denies comes before everything that admits, and it denies packets to the resolver.",
		Way:     "Take the resolver out of that rule.",
	},
	{
		At: model.HopService, Name: "no-port",
		Meaning: "The Service has no port of that number.",
		Way:     "Use a port of the Service, or add this one to it.",
	},
	{
		At: model.HopService, Name: "no-selector",
		Meaning: "The Service selects no pods, and what its endpoints are is not in the files.",
		Way:     "Add its Endpoints or EndpointSlice to the files.",
	},
	{
		At: model.HopService, Name: "no-pods",
		Meaning: "No pods that the Service selects are in the files.",
		Way:     "Add the workload behind it to the files.",
	},
	{
		At: model.HopService, Name: "port-not-declared",
		Meaning: "The Service names a port of its pods, and they declare none of that name.",
		Way:     "Name the port of the container, or write its number.",
	},
	{
		At: model.HopLoadBalancer, Name: "proved", Rules: lbRules,
		Meaning: "The address is that of a LoadBalancer Service of the same cluster with externalTrafficPolicy Local, and the node drops packets to it unless a backend runs there.",
		Way:     "Use the Service's name, or set externalTrafficPolicy to Cluster.",
	},
	{
		At: model.HopLoadBalancer, Name: "documented", Rules: lbRules,
		Meaning: "The address is that of a LoadBalancer Service of the same cluster with externalTrafficPolicy Local. For this version or proxy mode only the vendor's documentation says that packets to it are dropped.",
		Way:     "Use the Service's name, or set externalTrafficPolicy to Cluster.",
		Assumes: "The vendor's documentation is taken to be right.",
	},
	{
		At: model.HopLoadBalancer, Name: "disputed", Rules: lbRules,
		Meaning: "The address is that of a LoadBalancer Service of the same cluster with externalTrafficPolicy Local. The vendor says that packets to it are dropped, and the code of kube-proxy lets them pass.",
		Way:     "Use the Service's name, or set externalTrafficPolicy to Cluster: both hold whoever is right.",
		Assumes: "The vendor's documentation is taken to be right.",
	},
	{
		At: model.HopLoadBalancer, Name: "policy-unknown",
		Meaning: "The files do not say the externalTrafficPolicy of the Service.",
		Way:     "Give the value that it depends on.",
	},
	{
		At: model.HopLoadBalancer, Name: "leaves-to-load-balancer",
		Meaning: "Packets really go to the load balancer, and no file says whether it answers clients of its own cluster.",
		Way:     "Use the Service's name, which avoids the question.",
	},
	{
		At: model.HopLoadBalancer, Name: "ebpf-datapath",
		Meaning: "Terway's eBPF data path handles the address, and no file says how.",
		Way:     "Set in_cluster_loadbalance in Terway's configuration, or use the Service's name.",
	},
	{At: model.HopLoadBalancer, Name: "in-cluster-loadbalance", Meaning: "Terway's in_cluster_loadbalance sends packets to a backend, whatever the traffic policy."},
	{At: model.HopLoadBalancer, Name: "cluster-policy", Meaning: "The Service has externalTrafficPolicy Cluster, so that every node passes packets on to a backend."},
	{At: model.HopLoadBalancer, Name: "backend-on-every-node", Meaning: "A DaemonSet puts a backend on every node that the client can run on, so that externalTrafficPolicy Local finds one."},
	{
		At: model.HopEgressPolicy, Name: "port", Rules: policyRules,
		Meaning: "A rule admits the destination, but on other ports.",
		Way:     "Add the port to that rule.",
	},
	{
		At: model.HopEgressPolicy, Name: "service-port", Rules: policyRules,
		Meaning: "A rule admits the port of the Service; policies see the port of the pods behind it, which is another.",
		Way:     "Put the pods' own port into that rule.",
	},
	{
		At: model.HopEgressPolicy, Name: "protocol", Rules: policyRules,
		Meaning: "A rule admits the destination, but for another protocol.",
		Way:     "Add the protocol to the ports of that rule.",
	},
	{
		At: model.HopEgressPolicy, Name: "peer", Rules: policyRules,
		Meaning: "NetworkPolicies isolate the pods, and no peer of their rules is the destination.",
		Way:     "Add the destination to the peers of a rule.",
	},
	{
		At: model.HopEgressPolicy, Name: "family", Rules: policyRules,
		Meaning: "The rules admit addresses of the other IP family only.",
		Way:     "Add an ipBlock of the destination's family.",
	},
	{
		At: model.HopEgressPolicy, Name: "no-rule", Rules: policyRules,
		Meaning: "NetworkPolicies isolate the pods for egress and have no rule at all, which admits nothing.",
		Way:     "Add a rule for the destination.",
	},
	{
		At: model.HopEgressPolicy, Name: "admin-deny", Rules: policyRules,
		Meaning: "A rule of a policy for the whole cluster denies it, before any NetworkPolicy is asked.",
		Way:     "Take the destination out of that rule, or put one that accepts before it.",
	},
	{
		At: model.HopEgressPolicy, Name: "baseline-deny", Rules: policyRules,
		Meaning: "No NetworkPolicy isolates the pods, and the cluster's baseline denies it.",
		Way:     "Write a NetworkPolicy that admits it, or change the baseline.",
	},
	{
		At: model.HopEgressPolicy, Name: "cilium-deny", Rules: policyRules,
		Meaning: "A deny rule of a Cilium policy holds the destination; it comes before whatever admits it.",
		Way:     "Take the destination out of that rule.",
	},
	{
		At: model.HopEgressPolicy, Name: "denied",
		Meaning: "A rule denies a part of the destination, or may deny it.",
		Way:     "Give what the rule's selectors depend on.",
	},
	{
		At: model.HopEgressPolicy, Name: "part",
		Meaning: "The policies admit a part of the destination, or the files do not decide whether they admit it.",
		Way:     "Name the destination more exactly, or give what the selectors depend on.",
	},
	{At: model.HopEgressPolicy, Name: "not-enforced", Meaning: "Nothing in this cluster enforces NetworkPolicies for these pods, so that everything passes."},
	{At: model.HopEgressPolicy, Name: "host-network", Meaning: "The pods use, or may use, the node's network, which NetworkPolicies do not judge."},
	{At: model.HopEgressPolicy, Name: "not-isolated", Meaning: "No NetworkPolicy isolates the pods for egress, so that everything passes."},
}

// wayCodes are those of the hops between the node and the destination.
var wayCodes = []Code{
	{
		At: model.HopSecurityGroup, Name: "dropped", Rules: []string{"security-group-egress-dropped"},
		Meaning: "A drop rule of a security group on the source holds the destination, and no accept rule comes before it.",
		Way:     "Narrow the rule, or add an accept rule with a smaller priority number.",
	},
	{
		At: model.HopSecurityGroup, Name: "not-covered", Rules: []string{"security-group-egress-missing"},
		Meaning: "The source's security group is an enterprise one, which lets nothing out by itself, and no accept rule holds the destination.",
		Way:     "Add an accept rule for the destination and port.",
	},
	{
		At: model.HopSecurityGroup, Name: "ack-created",
		Meaning: "The group is the one that ACK creates with the cluster, which lets everything out.",
		Assumes: "Nobody has changed the rules of the group that ACK created.",
	},
	{
		At: model.HopNetworkACL, Name: "egress", Rules: []string{"network-acl-blocks"},
		Meaning: "The first entry of the source vSwitch's network ACL that matches the packet drops it.",
		Way:     "Put an entry that accepts it before that one.",
	},
	{
		At: model.HopNetworkACL, Name: "ingress", Rules: []string{"network-acl-blocks"},
		Meaning: "The packet leaves, but the network ACL of the source vSwitch drops the answer: ACLs remember no connections.",
		Way:     "Accept answers from the destination on ports 1024 to 65535 before the entry that drops them.",
	},
	{
		At: model.HopRoute, Name: "local",
		Meaning: "The destination is in the VPC of the cluster, or in the range of the cloud's own services: every route table leads there.",
	},
	{
		At: model.HopRoute, Name: "not-followed",
		Meaning: "The destination has a private address outside of the VPC of the cluster. Routes that lead into other networks are not followed.",
		Way:     "Look at the route table and at what connects the networks.",
	},
	{
		At: model.HopIPv6, Name: "single-stack", Rules: []string{"ipv6-single-stack"},
		Meaning: "The cluster has IPv4 only, and the destination is an IPv6 address.",
		Way:     "Use a destination with an IPv4 address; the stack of a cluster is chosen when it is created.",
	},
	{
		At: model.HopIPv6, Name: "no-gateway", Rules: []string{"ipv6-bandwidth-missing"},
		Meaning: "The VPC has no IPv6 gateway, without which no IPv6 packet leaves it.",
		Way:     "Add an alicloud_vpc_ipv6_gateway to the VPC.",
	},
	{
		At: model.HopIPv6, Name: "no-bandwidth", Rules: []string{"ipv6-bandwidth-missing"},
		Meaning: "The pods have IPv6 addresses without public bandwidth, which reach their VPC only.",
		Way:     "Add the annotation k8s.aliyun.com/ipv6-bandwidth to the pods.",
	},
	{
		At: model.HopNAT, Name: "gateway-unusable", Rules: []string{"nat-gateway-unusable"},
		Meaning: "An SNAT entry holds the source, but its NAT gateway is one for private networks or stands in another VPC.",
		Way:     "Use an Internet NAT gateway of the source's VPC.",
	},
	{
		At: model.HopNAT, Name: "route", Rules: []string{"default-route-missing"},
		Meaning: "The route table of the source leads public traffic to no NAT gateway with an entry for it.",
		Way:     "Add a default route to the NAT gateway that has the entry.",
	},
	{
		At: model.HopNAT, Name: "eip-not-associated", Rules: []string{"snat-eip-not-associated"},
		Meaning: "The SNAT entry's address is no EIP of its NAT gateway, so that the entry serves nobody.",
		Way:     "Associate the EIP with the gateway.",
	},
	{
		At: model.HopNAT, Name: "node-eip", Rules: []string{"node-eip-with-terway", "snat-missing"},
		Meaning: "The nodes have public addresses, but Terway pods leave with their own, and no SNAT entry holds these.",
		Way:     "Add an SNAT entry for the pod vSwitches.",
	},
	{
		At: model.HopNAT, Name: "pod-eip", Rules: []string{"pod-eip-with-flannel"},
		Meaning: "The pods ask for an EIP of their own. Where the plug-in can give it, packets leave with it; under Flannel it gives none.",
		Way:     "Under Flannel, give the nodes a way out instead.",
	},
	{
		At: model.HopNAT, Name: "wrong-vswitch", Rules: []string{"snat-wrong-vswitch"},
		Meaning: "The SNAT entries hold the vSwitches of the other network plug-in: those of the nodes under Terway, those of the pods under Flannel.",
		Way:     "Let the entry hold the vSwitches that packets leave from.",
	},
	{
		At: model.HopNAT, Name: "missing", Rules: []string{"snat-missing", "node-snat-missing"},
		Meaning: "No SNAT entry holds a vSwitch that packets leave from, and nothing else gives it a public address.",
		Way:     "Add an SNAT entry for that vSwitch.",
	},
}

// targetCodes are those of the hops at the destination.
var targetCodes = []Code{
	{
		At: model.HopWhitelist, Name: "missing", Rules: []string{"whitelist-missing"},
		Meaning: "The instance's allow-list lacks an address range that packets come from.",
		Way:     "Add the range to the list.",
	},
	{
		At: model.HopWhitelist, Name: "wrong-vswitch", Rules: []string{"whitelist-wrong-vswitch"},
		Meaning: "The instance's allow-list has the vSwitches of the other network plug-in and none that packets come from.",
		Way:     "Put the ranges that packets come from into the list.",
	},
	{
		At: model.HopWhitelist, Name: "injector",
		Meaning: "An annotation asks the whitelist injector to add the pods' addresses to the list.",
		Assumes: "The injector is installed and has the permission to change the list.",
	},
	{
		At: model.HopTargetACL, Name: "missing", Rules: []string{"acl-missing"},
		Meaning: "The access control list of the listener does not let the source in: a white list lacks it, or a black list holds it.",
		Way:     "Add the source to the white list, or take it out of the black list.",
	},
	{
		At: model.HopTargetACL, Name: "wrong-vswitch", Rules: []string{"acl-wrong-vswitch"},
		Meaning: "The listener's white list has the vSwitches of the other network plug-in and none that packets come from.",
		Way:     "Put the ranges that packets come from into the list.",
	},
	{
		At: model.HopTargetSecurityGroup, Name: "missing", Rules: []string{"security-group-ingress-missing"},
		Meaning: "No inbound rule of the destination's security groups accepts the source and port.",
		Way:     "Add an inbound accept rule for the source.",
	},
	{
		At: model.HopTargetSecurityGroup, Name: "wrong-vswitch", Rules: []string{"security-group-ingress-wrong-vswitch"},
		Meaning: "The destination's security groups accept the vSwitches of the other network plug-in and none that packets come from.",
		Way:     "Let the rule accept the ranges that packets come from.",
	},
	{
		At: model.HopTargetSecurityGroup, Name: "dropped", Rules: []string{"security-group-ingress-missing"},
		Meaning: "An inbound drop rule of the destination's security groups holds the source, and no accept rule comes before it.",
		Way:     "Narrow the rule, or add an accept rule with a smaller priority number.",
	},
	{
		At: model.HopBucketPolicy, Name: "source-ip", Rules: []string{"bucket-policy-blocks"},
		Meaning: "A Deny of the bucket's policy depends on acs:SourceIp, and the source is on the wrong side of it.",
		Way:     "Add the source's addresses to the condition.",
	},
	{
		At: model.HopBucketPolicy, Name: "source-vpc", Rules: []string{"bucket-policy-blocks"},
		Meaning: "A Deny of the bucket's policy depends on acs:SourceVpc, and the cluster's VPC is on the wrong side of it.",
		Way:     "Add the VPC to the condition.",
	},
	{
		At: model.HopIngressPolicy, Name: "not-admitted",
		Meaning: "NetworkPolicies isolate the pods behind the Service for ingress, and their rules do not admit these packets for certain.",
		Way:     "Admit the client's pods and the port in a policy of the destination.",
	},
	{At: model.HopIngressPolicy, Name: "not-isolated", Meaning: "No policy isolates the pods behind the Service for ingress."},
	{At: model.HopIngressPolicy, Name: "not-enforced", Meaning: "Nothing on this cluster enforces NetworkPolicies."},
}

// gateCodes are those that stand in the model beside the hops.
var gateCodes = []Code{
	{At: atCluster, Name: "two-plugins", Rules: []string{"cluster-network-mismatch"}, Meaning: "Two network plug-ins are enabled at once.", Way: "Disable one of them."},
	{At: atCluster, Name: "pod-vswitches-with-flannel", Rules: []string{"cluster-network-mismatch"}, Meaning: "The cluster has Flannel and pod_vswitch_ids, which only Terway uses.", Way: "Remove the argument, or choose Terway."},
	{At: atCluster, Name: "pod-cidr-with-terway", Rules: []string{"cluster-network-mismatch"}, Meaning: "The cluster has Terway and pod_cidr, which ACK ignores then.", Way: "Remove the argument."},
	{At: atEIPs, Name: "not-associated", Rules: []string{"snat-eip-not-associated"}, Meaning: "Nothing associates the EIP with the NAT gateway.", Way: "Add the association."},
	{At: atEIPs, Name: "other-instance", Rules: []string{"snat-eip-not-associated"}, Meaning: "The EIP is associated with something else than the NAT gateway.", Way: "Use an EIP of the gateway."},
	{At: atEIPs, Name: "no-eip", Rules: []string{"snat-eip-not-associated"}, Meaning: "The address is no EIP at all.", Way: "Use an EIP of the gateway."},
	{At: atGateway, Name: "intranet", Rules: []string{"nat-gateway-unusable"}, Meaning: "The NAT gateway is one for private networks.", Way: "Set its network_type to internet."},
	{At: atGateway, Name: "other-vpc", Rules: []string{"nat-gateway-unusable"}, Meaning: "The NAT gateway stands in another VPC than the vSwitch.", Way: "Use a gateway of the vSwitch's VPC."},
	{At: atRoutes, Name: "no-default-route", Rules: []string{"default-route-missing"}, Meaning: "The route table has no route for public addresses.", Way: "Add a default route to the NAT gateway."},
	{At: atRoutes, Name: "other-gateway", Rules: []string{"default-route-missing"}, Meaning: "The default route leads to a NAT gateway that has no entry for the vSwitch.", Way: "Add the entry there, or change the route."},
	{At: atRoutes, Name: "no-way", Rules: []string{"default-route-missing", "snat-missing"}, Meaning: "There is neither a route nor an SNAT entry for the vSwitch.", Way: "Add both."},
	{At: atGroups, Name: "no-rule", Rules: []string{"security-group-egress-missing"}, Meaning: "An enterprise security group in use has no outbound rule.", Way: "Add accept rules for what the pods need."},
	{At: atGroups, Name: "drops-all", Rules: []string{"security-group-egress-dropped"}, Meaning: "A drop rule wins for every destination.", Way: "Narrow the rule."},
	{At: atGroups, Name: "drops-platform", Rules: []string{"security-group-egress-dropped"}, Meaning: "A drop rule wins for the platform's own addresses: name resolution, images, metadata.", Way: "Accept these before it."},
	{At: atPolicies, Name: "flannel", Rules: []string{"network-policy-not-enforced"}, Meaning: "Flannel does not enforce NetworkPolicies.", Way: "Remove the policies, or move to Terway."},
	{At: atPolicies, Name: "disabled", Rules: []string{"network-policy-not-enforced"}, Meaning: "The configuration of Terway switches NetworkPolicies off.", Way: "Switch them on."},
	{At: atPolicies, Name: "exclusive-eni", Rules: []string{"network-policy-not-enforced"}, Meaning: "Every pod has a network interface of its own, at which nothing enforces policies.", Way: "Use security groups instead."},
	{At: atPolicies, Name: "exclusive-eni-pods", Rules: []string{"network-policy-not-enforced"}, Meaning: "These pods have network interfaces of their own, at which nothing enforces policies.", Way: "Use security groups instead."},
	{At: atPolicies, Name: "acs-pods", Rules: []string{"network-policy-not-enforced"}, Meaning: "These pods run in Container Compute Service without the agent that enforces policies.", Way: "Add its annotation."},
	{At: atPeers, Name: "service-cidr", Rules: []string{"network-policy-dead-peer"}, Meaning: "The ipBlock holds addresses of Services, which are translated before policies see a packet.", Way: "Select the pods behind them."},
	{At: atPeers, Name: "pod-cidr", Rules: []string{"network-policy-dead-peer"}, Meaning: "The ipBlock holds this cluster's pods, and on this data path blocks match no pods.", Way: "Select the pods by label."},
	{At: atPeers, Name: "service-port", Rules: []string{"network-policy-dead-peer"}, Meaning: "The port is a Service's, and its pods listen on another.", Way: "Name the pods' port."},
	{At: atPeers, Name: "named-port", Rules: []string{"network-policy-dead-peer"}, Meaning: "No selected pod declares a port of that name.", Way: "Use a name that they declare, or the number."},
	{At: atPodEIP, Name: "flannel", Rules: []string{"pod-eip-with-flannel"}, Meaning: "Pods under Flannel get no EIP of their own.", Way: "Remove the annotation."},
	{At: atPodEIP, Name: "on-owner", Rules: []string{"pod-eip-misconfigured"}, Meaning: "The annotation stands on the controller and not on its pods.", Way: "Move it to the pod template."},
	{At: atPodEIP, Name: "shared-instance", Rules: []string{"pod-eip-misconfigured"}, Meaning: "One EIP is named for several replicas.", Way: "Let each pod get one of its own."},
	{At: atPodEIP, Name: "host-network", Rules: []string{"pod-eip-misconfigured"}, Meaning: "Pods on the node's network get no EIP.", Way: "Remove hostNetwork or the annotation."},
	{At: atPodEIP, Name: "controller-absent", Rules: []string{"pod-eip-misconfigured"}, Meaning: "The add-on that serves the annotation is not installed.", Way: "Install it."},
	{At: atInjector, Name: "flannel", Rules: []string{"whitelist-injector-misconfigured"}, Meaning: "The injector does not work with Flannel.", Way: "Write the nodes' ranges into the list."},
	{At: atInjector, Name: "on-owner", Rules: []string{"whitelist-injector-misconfigured"}, Meaning: "The annotation stands on the controller and not on its pods.", Way: "Move it to the pod template."},
	{At: atInjector, Name: "no-group", Rules: []string{"whitelist-injector-misconfigured"}, Meaning: "An instance is named without the group of its list.", Way: "Add white_list_name."},
	{At: atInjector, Name: "unsupported-product", Rules: []string{"whitelist-injector-misconfigured"}, Meaning: "The injector does not serve this product.", Way: "Write the ranges into the list."},
	{At: atInjector, Name: "no-openapi", Rules: []string{"whitelist-injector-misconfigured"}, Meaning: "Policies cut the injector off from the OpenAPI.", Way: "Admit it."},
	{At: atInjector, Name: "no-internet", Rules: []string{"whitelist-injector-misconfigured"}, Meaning: "The injector calls public endpoints and has no way there.", Way: "Give it a way out, or let it use the VPC's endpoints."},
	{At: atInjector, Name: "perhaps-no-internet", Rules: []string{"whitelist-injector-misconfigured"}, Meaning: "The injector has no way to public endpoints, unless something outside the files tells it to use others.", Way: "Give it a way out, or write its setting into the files."},
	{At: atInjector, Name: "terraform-covers", Rules: []string{"whitelist-injector-misconfigured"}, Meaning: "Terraform overwrites the group of the list that the injector writes.", Way: "Set modify_mode to Append, or use another group."},
}
