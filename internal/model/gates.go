package model

import (
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
)

// Gates are the places at which packets can be stopped: for each kind one object per
// blocker with everything that a rule needs to judge it, so that no rule has to join
// collections. They hold what passes too where a rule or a reader wants to see it;
// Status tells. A kind that is a hop of paths has the name of the hop.
type Gates struct {
	NameResolution       []*NameResolution       `json:"dns" doc:"DNS of workloads that NetworkPolicies isolate for egress"`
	DNSPolicies          []*DNSPolicy            `json:"dns_settings" doc:"DNS settings of pods that cannot resolve the names they need"`
	LoadBalancerAccess   []*LoadBalancerAccess   `json:"load_balancer" doc:"in-cluster access to the external address of a LoadBalancer Service of the same cluster"`
	PolicyBlocks         []*PolicyBlock          `json:"egress_policy" doc:"requirements that NetworkPolicies do not admit"`
	SecurityGroupEgress  []*SecurityGroupEgress  `json:"security_group" doc:"outbound rules of the source's security groups"`
	NetworkACLBlocks     []*NetworkACLBlock      `json:"network_acl" doc:"network ACLs of source segments"`
	RouteBlocks          []*RouteBlock           `json:"route" doc:"custom route tables that lead public traffic nowhere"`
	IPv6Access           []*IPv6Access           `json:"ipv6" doc:"the way to public IPv6 addresses"`
	InternetAccess       []*InternetAccess       `json:"nat" doc:"the way to public IPv4 addresses, one object for each cluster and role of segment"`
	AllowListAccess      []*AllowListAccess      `json:"whitelist" doc:"whitelists of targets against the source addresses of a cluster"`
	ACLAccess            []*AllowListAccess      `json:"target_acl" doc:"access control lists of load balancer listeners against the source addresses of a cluster"`
	SecurityGroupIngress []*SecurityGroupIngress `json:"target_security_group" doc:"inbound rules of a destination's security groups"`
	BucketPolicyBlocks   []*BucketPolicyBlock    `json:"bucket_policy" doc:"bucket policies that deny the sources of a cluster"`
	PolicyEnforcement    []*PolicyEnforcement    `json:"policy_enforcement" doc:"policies in clusters that do not enforce them"`
	UnsupportedPolicies  []*UnsupportedPolicy    `json:"unsupported_policies" doc:"policies of kinds that the cluster does not enforce"`
	DeadPeers            []*DeadPeer             `json:"dead_peers" doc:"peers and ports of policies that can never match"`
}

// Evidence is one workload's need in a gate: the example a finding shows.
type Evidence struct {
	Workload    string       `json:"workload" doc:"namespace/name of the workload, with its kind"`
	Destination string       `json:"destination" doc:"what it needs to reach, as host:port or target name"`
	Origin      place.Origin `json:"origin" doc:"where the files say so"`
}

// Need sums up the requirements that meet one gate.
type Need struct {
	Strength Strength   `json:"strength" doc:"the strongest evidence: declared, referenced, inferred, or none"`
	Evidence []Evidence `json:"evidence" doc:"the requirements, strongest first, then by workload"`
}

// Source is a segment or public address that packets of a cluster come from, with
// the verdict of the gate it stands in. A segment is a part of a VPC with a CIDR of its
// own, on Alibaba Cloud a vSwitch.
type Source struct {
	Name   string        `json:"name" doc:"address or id of the segment, or the public address, for messages"`
	CIDR   string        `json:"cidr" doc:"its IPv4 CIDR, empty if unknown"`
	Status truth.Verdict `json:"status" doc:"open, blocked or unknown"`
	Reason string        `json:"reason" doc:"why it is unknown"`
	Origin place.Origin  `json:"origin" doc:"the element of the list that names it, else the list"`
}

// InternetAccess judges the way of one role of segment of a cluster to public
// IPv4 addresses.
type InternetAccess struct {
	Cluster      string         `json:"cluster" doc:"id of the cluster"`
	ClusterName  string         `json:"cluster_name" doc:"name of the cluster"`
	Plugin       string         `json:"plugin" doc:"terway or flannel"`
	Role         string         `json:"role" doc:"pod or node: whose segments these are"`
	Scope        string         `json:"scope" doc:"which pods these are, such as pods of PodNetworking dmz; empty for those of the whole cluster"`
	Primary      bool           `json:"primary" doc:"whether packets of ordinary pods leave from here"`
	Status       truth.Verdict  `json:"status" doc:"verdict over all segments"`
	Code         string         `json:"code" doc:"most specific reason: gateway-unusable, eip-not-associated, node-eip, route, wrong-vswitch, missing, or empty"`
	Intent       string         `json:"intent" doc:"yes, no or unsaid: what the configuration says of Internet access"`
	VSwitches    []Source       `json:"sources" doc:"every source segment"`
	Uncovered    []string       `json:"uncovered" doc:"name and CIDR of each segment without a way out"`
	Covered      []string       `json:"covered" doc:"name and CIDR of each segment with a way out"`
	Entry        place.Origin   `json:"translation" doc:"the translation at fault: for wrong-vswitch the argument that says what it covers, for gateway-unusable the block"`
	EntryCovers  []string       `json:"translation_covers" doc:"what it covers instead"`
	Gateway      place.Origin   `json:"gateway" doc:"a NAT gateway of the VPC, if there is one"`
	GatewayName  string         `json:"gateway_name" doc:"its address"`
	PublicNodes  []place.Origin `json:"public_nodes" doc:"for node-eip: what gives the nodes public addresses"`
	GatewayCode  string         `json:"gateway_code" doc:"for gateway-unusable: intranet or other-vpc"`
	OtherCovered bool           `json:"other_covered" doc:"whether all segments of the other role have a way out"`
	AllServed    bool           `json:"all_served" doc:"whether every scanned workload of the cluster has its own way out"`
	Need         Need           `json:"need" doc:"requirements for public IPv4 that leave from here"`
	Origin       place.Origin   `json:"origin" doc:"the argument that names the segments; the one element if a single one is uncovered"`
}

// RouteBlock is a route table that has no usable way to public addresses for a
// source segment.
type RouteBlock struct {
	Cluster     string       `json:"cluster" doc:"id of the cluster"`
	ClusterName string       `json:"cluster_name" doc:"name of the cluster"`
	Role        string       `json:"role" doc:"pod or node: whose segments these are"`
	Scope       string       `json:"scope" doc:"which pods these are, such as pods of PodNetworking dmz; empty for those of the whole cluster"`
	Primary     bool         `json:"primary" doc:"whether packets of ordinary pods leave from here"`
	Tables      []string     `json:"tables" doc:"addresses of the route tables"`
	Code        string       `json:"code" doc:"no-default-route; other-gateway: it leads to a NAT gateway without a translation for the segment; no-way: there is neither a route nor a translation"`
	VSwitches   []string     `json:"segments" doc:"name and CIDR of the segments on it"`
	Gateway     string       `json:"gateway" doc:"address of the NAT gateway that holds the translation, empty for no-way"`
	Intent      string       `json:"intent" doc:"yes, no or unsaid: what the configuration says of Internet access"`
	Partial     bool         `json:"partial" doc:"whether other segments that packets leave from have a translation or something equal"`
	AllServed   bool         `json:"all_served" doc:"whether every scanned workload of the cluster has its own way out"`
	Need        Need         `json:"need" doc:"requirements for public IPv4 that the route table stops"`
	Origin      place.Origin `json:"origin" doc:"the route table attachment"`
	Entry       place.Origin `json:"cause" doc:"the translation or the route that leads elsewhere, none for no-way"`
}

// AllowListAccess judges the whitelist of one target against the addresses
// that one cluster's packets come from.
type AllowListAccess struct {
	Target        string        `json:"target" doc:"address of the target"`
	TargetName    string        `json:"target_name" doc:"name of the target, for messages"`
	Product       string        `json:"product" doc:"the product's name, for messages"`
	Attribute     string        `json:"attribute" doc:"the argument that holds the list"`
	Cluster       string        `json:"cluster" doc:"id of the cluster"`
	ClusterName   string        `json:"cluster_name" doc:"name of the cluster"`
	Plugin        string        `json:"plugin" doc:"terway or flannel"`
	Role          string        `json:"role" doc:"pod, node or eip: what kind of source the list must hold"`
	Scope         string        `json:"scope" doc:"which pods these are, such as pods of PodNetworking dmz; empty for those of the whole cluster"`
	Status        truth.Verdict `json:"status" doc:"verdict over all sources"`
	Code          string        `json:"code" doc:"missing, wrong-vswitch or empty"`
	Reason        string        `json:"reason" doc:"why it is unknown"`
	List          string        `json:"list" doc:"whitelist, white-acl, black-acl, or target: the list that the configuration gives of something outside the files"`
	Listener      string        `json:"listener" doc:"for an ACL: address of the listener"`
	Port          int           `json:"port" doc:"for an ACL: port of the listener"`
	Omitted       bool          `json:"omitted" doc:"whether the list is left out, which for this product admits nobody"`
	Sources       []Source      `json:"sources" doc:"every source"`
	Uncovered     []string      `json:"uncovered" doc:"name and CIDR of each source that is not admitted"`
	Covered       []string      `json:"covered" doc:"name and CIDR of each source that is admitted"`
	Entries       []string      `json:"entries" doc:"the entries of the list, for messages"`
	WrongEntry    string        `json:"wrong_entry" doc:"for wrong-vswitch: the entry that admits the wrong kind of segment"`
	WrongCovers   []string      `json:"wrong_covers" doc:"name and CIDR of the segments it admits"`
	SameVPC       bool          `json:"same_vpc" doc:"whether the target is in the cluster's VPC"`
	CoversCluster bool          `json:"covers_cluster" doc:"whether the list admits any source of any cluster of the target's VPC"`
	Need          Need          `json:"need" doc:"requirements for this target from this cluster and role"`
	Origin        place.Origin  `json:"origin" doc:"the wrong element, else the list, else the instance"`
	SourceOrigin  place.Origin  `json:"source_origin" doc:"the cluster's argument that names the source segments"`
	Extensions    struct {
		Alicloud AlicloudList `json:"alicloud" doc:"what only lists of Alibaba Cloud have"`
	} `json:"extensions" doc:"what only one cloud has"`
}

// LoadBalancerAccess judges access from pods to the external address of a
// LoadBalancer Service of their own cluster.
type LoadBalancerAccess struct {
	Cluster      string        `json:"cluster" doc:"id of the cluster, empty if unbound"`
	ClusterName  string        `json:"cluster_name" doc:"name of the cluster, empty if unbound"`
	Service      string        `json:"service" doc:"namespace/name"`
	Address      string        `json:"address" doc:"the address or host that clients use"`
	Clients      string        `json:"clients" doc:"pod or host: where the clients' packets come from"`
	Status       truth.Verdict `json:"status" doc:"open, blocked or unknown"`
	Code         string        `json:"code" doc:"proved: code and vendor documentation agree that it is blocked; documented: only the vendor says so for this unknown version or mode; disputed: code and vendor documentation differ; else why it is open or unknown"`
	Plugin       string        `json:"plugin" doc:"terway, flannel or unknown"`
	ProxyMode    string        `json:"proxy_mode" doc:"ipvs, iptables, nftables or unknown"`
	Version      string        `json:"version" doc:"Kubernetes version, empty if unknown"`
	InternalOnly bool          `json:"internal_local" doc:"whether internalTrafficPolicy is Local, which defeats the Service name as a way out"`
	Need         Need          `json:"need" doc:"the clients"`
	Origin       place.Origin  `json:"origin" doc:"the Service's externalTrafficPolicy"`
	Extensions   struct {
		Alicloud AlicloudLoadBalancer `json:"alicloud" doc:"what only load balancers of Alibaba Cloud have"`
	} `json:"extensions" doc:"what only one cloud has"`
}

// NameResolution judges DNS for the workloads that one set of policies isolates.
type NameResolution struct {
	Cluster     string         `json:"cluster" doc:"id of the cluster, empty if unbound"`
	Namespace   string         `json:"namespace" doc:"their namespace"`
	Workloads   []string       `json:"workloads" doc:"the workloads, kind/name"`
	Policies    []string       `json:"policies" doc:"names of the policies that isolate them for egress"`
	Enforcement string         `json:"enforcement" doc:"enforced, or unknown when the network plug-in is not known"`
	Resolver    string         `json:"resolver" doc:"what they ask, for messages"`
	UDP         truth.Verdict  `json:"udp" doc:"UDP port 53 of the resolver"`
	TCP         truth.Verdict  `json:"tcp" doc:"TCP port 53 of the resolver"`
	Code        string         `json:"code" doc:"the nearest miss: own-namespace, service-address, port, resolver-address, or no-rule; denied: a rule denies it"`
	Denies      string         `json:"denies" doc:"for denied: kind and name of the policy with the rule, and what it denies"`
	AdmitsOther bool           `json:"admits_other" doc:"whether the policies admit anything at all"`
	Need        Need           `json:"need" doc:"requirements that need a name resolved"`
	Origin      place.Origin   `json:"origin" doc:"spec.egress of the policy with the nearest miss, else of the first; spec.policyTypes if absent"`
	Miss        place.Origin   `json:"miss" doc:"the rule that misses, for the codes other than no-rule"`
	Ports       place.Origin   `json:"ports" doc:"the ports of the rule that admits UDP 53"`
	WorkloadAt  []place.Origin `json:"workload_origins" doc:"the workloads' places"`
}

// PolicyBlock is a destination that the policies of some workloads do not admit.
type PolicyBlock struct {
	Cluster     string         `json:"cluster" doc:"id of the cluster, empty if unbound"`
	Namespace   string         `json:"namespace" doc:"namespace of the workloads"`
	Workloads   []string       `json:"workloads" doc:"the workloads, kind/name"`
	Destination string         `json:"destination" doc:"what they need, for messages"`
	Also        []string       `json:"also" doc:"further destinations that stop at the same place"`
	Port        int            `json:"port" doc:"destination port after Service translation; 0 for any"`
	Protocol    string         `json:"protocol" doc:"TCP, UDP or SCTP"`
	Translated  string         `json:"translated" doc:"what the policy sees after Service translation, empty if it is the destination itself"`
	Policies    []string       `json:"policies" doc:"names of the policies that isolate them for egress"`
	Closest     string         `json:"closest" doc:"name of the closest policy; kind and name of the one that denies"`
	Code        string         `json:"code" doc:"why the closest rule does not match: port, service-port, protocol, peer, family, or no-rule; admin-deny, baseline-deny and cilium-deny: a rule denies it"`
	Says        string         `json:"says" doc:"what the closest rule admits, or what the rule denies, for messages"`
	Enforcement string         `json:"enforcement" doc:"enforced, or unknown when the network plug-in is not known"`
	Need        Need           `json:"need" doc:"the requirements"`
	Origin      place.Origin   `json:"origin" doc:"the closest rule, else the closest policy's egress"`
	Related     []place.Origin `json:"related" doc:"the other isolating policies"`
}

// PolicyEnforcement is a cluster that does not enforce the policies bound to it.
type PolicyEnforcement struct {
	Cluster     string         `json:"cluster" doc:"id of the cluster"`
	ClusterName string         `json:"cluster_name" doc:"name of the cluster"`
	Code        string         `json:"code" doc:"flannel; disabled: switched off in the Terway addon or eni-config; exclusive-eni: every pod has a network interface of its own; exclusive-eni-pods: certain pods have; acs-pods: certain pods run in Container Compute Service without the agent for policies"`
	Workloads   []string       `json:"workloads" doc:"for certain pods: namespace/name of the workloads that the policies select"`
	Policies    []string       `json:"policies" doc:"namespace/name of the policies"`
	Origin      place.Origin   `json:"origin" doc:"the first policy's kind"`
	Others      []place.Origin `json:"related" doc:"the other policies' kinds"`
	Cause       place.Origin   `json:"cause" doc:"what decides that they are not enforced"`
}

// SecurityGroupEgress judges the outbound side of the groups on a cluster's
// source interfaces.
type SecurityGroupEgress struct {
	Cluster     string       `json:"cluster" doc:"id of the cluster"`
	ClusterName string       `json:"cluster_name" doc:"name of the cluster"`
	Role        string       `json:"role" doc:"pod or node: whose interfaces"`
	Scope       string       `json:"scope" doc:"which pods these are, such as pods of PodNetworking dmz; empty for those of the whole cluster"`
	Groups      []string     `json:"groups" doc:"addresses of the groups"`
	Code        string       `json:"code" doc:"no-rule: an enterprise group without any egress rule; not-covered: no accept for the destination; dropped: a drop wins for the destination; drops-all: a drop wins for everything; drops-platform: a drop wins for the platform's own ranges"`
	Destination string       `json:"destination" doc:"the destination, for not-covered and dropped; the platform range for drops-platform"`
	Also        []string     `json:"also" doc:"further destinations that the same groups stop"`
	Port        int          `json:"port" doc:"destination port; 0 for any"`
	Protocol    string       `json:"protocol" doc:"TCP, UDP or SCTP"`
	Rule        string       `json:"rule" doc:"address of the drop rule"`
	Priority    int          `json:"priority" doc:"priority of the drop rule, from 1 to 100, 1 first"`
	Need        Need         `json:"need" doc:"the requirements it stops; none for what the groups alone prove"`
	Origin      place.Origin `json:"origin" doc:"the group, or the drop rule"`
	Cause       place.Origin `json:"cause" doc:"the argument that puts the group on the interfaces"`
}

// SecurityGroupIngress judges the inbound rules of a destination's groups
// against the addresses that one cluster's packets come from.
type SecurityGroupIngress struct {
	Target       string        `json:"target" doc:"address of the destination"`
	TargetName   string        `json:"target_name" doc:"name of the destination, for messages"`
	Product      string        `json:"product" doc:"what it is: ECS instance, elastic network interface, NLB"`
	Cluster      string        `json:"cluster" doc:"id of the cluster"`
	ClusterName  string        `json:"cluster_name" doc:"name of the cluster"`
	Plugin       string        `json:"plugin" doc:"terway or flannel"`
	Role         string        `json:"role" doc:"pod or node: whose addresses must be admitted"`
	Scope        string        `json:"scope" doc:"which pods these are, such as pods of PodNetworking dmz; empty for those of the whole cluster"`
	Groups       []string      `json:"groups" doc:"addresses of the groups"`
	Status       truth.Verdict `json:"status" doc:"verdict over all sources"`
	Code         string        `json:"code" doc:"missing, wrong-vswitch, dropped or empty"`
	Port         int           `json:"port" doc:"destination port; 0 for any"`
	Protocol     string        `json:"protocol" doc:"TCP or UDP"`
	Uncovered    []string      `json:"uncovered" doc:"name and CIDR of each source that is not admitted"`
	Covered      []string      `json:"covered" doc:"name and CIDR of each source that is admitted"`
	WrongCovers  []string      `json:"wrong_covers" doc:"for wrong-vswitch: name and CIDR of the segments that are admitted instead"`
	Rule         string        `json:"rule" doc:"for dropped: address of the drop rule"`
	Need         Need          `json:"need" doc:"the requirements"`
	Origin       place.Origin  `json:"origin" doc:"the first group"`
	Drop         place.Origin  `json:"drop" doc:"the rule that drops, if one does"`
	Wrong        place.Origin  `json:"wrong" doc:"for wrong-vswitch: the rule that admits the wrong kind of segment"`
	SourceOrigin place.Origin  `json:"source_origin" doc:"the cluster's argument that names the source segments"`
}

// NetworkACLBlock is a network ACL of a source segment that drops packets of a
// requirement, or the replies to them.
type NetworkACLBlock struct {
	Cluster     string       `json:"cluster" doc:"id of the cluster"`
	ClusterName string       `json:"cluster_name" doc:"name of the cluster"`
	Role        string       `json:"role" doc:"pod or node: whose segments"`
	Scope       string       `json:"scope" doc:"which pods these are, such as pods of PodNetworking dmz; empty for those of the whole cluster"`
	ACL         string       `json:"acl" doc:"address of the network ACL"`
	VSwitches   []string     `json:"segments" doc:"name and CIDR of the source segments it filters"`
	Direction   string       `json:"direction" doc:"egress: the packets; ingress: the replies, which a stateless ACL must admit too"`
	Destination string       `json:"destination" doc:"what the workloads need"`
	Also        []string     `json:"also" doc:"further destinations that the same entry stops"`
	Port        int          `json:"port" doc:"destination port; 0 for any"`
	Protocol    string       `json:"protocol" doc:"TCP or UDP"`
	Entry       string       `json:"entry" doc:"the entry, for messages"`
	Need        Need         `json:"need" doc:"the requirements"`
	Origin      place.Origin `json:"origin" doc:"the entry"`
}

// BucketPolicyBlock is a statement of a bucket policy that denies the
// addresses or the VPC that a cluster's packets come from.
type BucketPolicyBlock struct {
	Bucket      string       `json:"bucket" doc:"address of the bucket or of its policy"`
	BucketName  string       `json:"bucket_name" doc:"name of the bucket"`
	Cluster     string       `json:"cluster" doc:"id of the cluster"`
	ClusterName string       `json:"cluster_name" doc:"name of the cluster"`
	Code        string       `json:"code" doc:"source-ip or source-vpc"`
	Role        string       `json:"role" doc:"pod, node or eip: what kind of source the policy sees"`
	Scope       string       `json:"scope" doc:"which pods these are, such as pods of PodNetworking dmz; empty for those of the whole cluster"`
	Listed      []string     `json:"listed" doc:"what the condition admits"`
	Uncovered   []string     `json:"uncovered" doc:"the sources that are denied"`
	Need        Need         `json:"need" doc:"the requirements"`
	Origin      place.Origin `json:"origin" doc:"the policy"`
}

// IPv6Access judges the way to public IPv6 addresses.
type IPv6Access struct {
	Cluster     string       `json:"cluster" doc:"id of the cluster"`
	ClusterName string       `json:"cluster_name" doc:"name of the cluster"`
	Code        string       `json:"code" doc:"single-stack: the cluster has IPv4 only; no-gateway: the VPC has no IPv6 gateway; no-bandwidth: the pods have no public bandwidth for IPv6"`
	Literal     bool         `json:"literal" doc:"whether a literal IPv6 address is needed, not only IPv6 in general"`
	Workloads   []string     `json:"workloads" doc:"kind/name of the workloads"`
	Plugin      string       `json:"plugin" doc:"terway or flannel"`
	VPC         string       `json:"vpc" doc:"address of the VPC"`
	Need        Need         `json:"need" doc:"the requirements"`
	Origin      place.Origin `json:"origin" doc:"the evidence for single-stack, the VPC for no-gateway, else the workload"`
	Cause       place.Origin `json:"cause" doc:"what makes it so: the cluster's ip_stack or block"`
}

// DeadPeer is a peer or port of a NetworkPolicy that can never match a packet.
type DeadPeer struct {
	Cluster   string       `json:"cluster" doc:"id of the cluster, empty if unbound"`
	Kind      string       `json:"kind" doc:"kind of the policy"`
	Namespace string       `json:"namespace" doc:"namespace of the policy, empty for one of the whole cluster"`
	Policy    string       `json:"policy" doc:"name of the policy"`
	Direction string       `json:"direction" doc:"egress or ingress"`
	Code      string       `json:"code" doc:"service-cidr: an ipBlock of ClusterIPs, which are translated before policies see a packet; pod-cidr: an ipBlock of this cluster's pods on a data path where blocks never match pods; service-port: the port of a Service where its pods listen on another; named-port: a port name that no selected pod declares"`
	Says      string       `json:"says" doc:"the peer or port and why it never matches, for messages"`
	Origin    place.Origin `json:"origin" doc:"the peer or port"`
}

// UnsupportedPolicy is a policy of a kind that the cluster does not enforce.
type UnsupportedPolicy struct {
	Cluster     string       `json:"cluster" doc:"id of the cluster"`
	ClusterName string       `json:"cluster_name" doc:"name of the cluster"`
	Kind        string       `json:"kind" doc:"kind of the object"`
	Group       string       `json:"group" doc:"its API group"`
	Name        string       `json:"name" doc:"namespace/name, or the name of a cluster-wide object"`
	Origin      place.Origin `json:"origin" doc:"the object's kind"`
}

// DNSPolicy is a DNS setting of pods that cannot resolve the names they need.
type DNSPolicy struct {
	Cluster   string       `json:"cluster" doc:"id of the cluster, empty if unbound"`
	Workload  string       `json:"workload" doc:"kind/name of the workload"`
	Namespace string       `json:"namespace" doc:"its namespace"`
	Code      string       `json:"code" doc:"host-network: ClusterFirst on the node's network asks the node's resolver, which knows no Services; default: dnsPolicy Default asks the node's resolver too; no-nameserver: dnsPolicy None without a nameserver"`
	Need      Need         `json:"need" doc:"the names it cannot resolve"`
	Origin    place.Origin `json:"origin" doc:"dnsPolicy, else hostNetwork"`
}
