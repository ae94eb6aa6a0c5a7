// Package model holds what egresslint knows about the scanned files in the form that
// rules read and "egresslint model" prints.
package model

import (
	"slices"

	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
)

// APIVersion is the version of the model's JSON form, which is a public contract.
const APIVersion = "egresslint.io/v1alpha1"

// Model is everything egresslint knows about the scanned files. Its JSON form is
// the input of the Rego rules and what "egresslint model" prints; it is described
// by policies/schemas/model.json, which is generated from these types.
//
// The entities come first. After them come the gates: for each hop at which
// packets can be stopped, one object per blocker with everything that a rule
// needs to judge it, so that no rule has to join collections. Gates hold what
// passes too where a rule or a reader wants to see it; Status tells.
type Model struct {
	APIVersion   string         `json:"apiVersion" doc:"version of this document"`
	Clusters     []*Cluster     `json:"clusters" doc:"the clusters in the files, by root and address"`
	SNATEntries  []*SNATEntry   `json:"snat_entries" doc:"SNAT entries of all NAT gateways"`
	Targets      []*Target      `json:"targets" doc:"cloud service instances with an address and perhaps an allow-list"`
	Workloads    []*Workload    `json:"workloads" doc:"workloads that run pods"`
	Policies     []*Policy      `json:"network_policies" doc:"NetworkPolicies"`
	Requirements []*Requirement `json:"requirements" doc:"what workloads need to reach, with the evidence"`

	InternetAccess      []*InternetAccess      `json:"internet_access" doc:"gate: the way to public IPv4, one object per cluster and role of vSwitch"`
	RouteBlocks         []*RouteBlock          `json:"route_blocks" doc:"gate: custom route tables that lead public traffic nowhere"`
	AllowListAccess     []*AllowListAccess     `json:"allow_list_access" doc:"gate: allow-lists of cloud services against the source addresses of a cluster"`
	LoadBalancerAccess  []*LoadBalancerAccess  `json:"load_balancer_access" doc:"gate: in-cluster access to the external address of a LoadBalancer Service of the same cluster"`
	NameResolution      []*NameResolution      `json:"name_resolution" doc:"gate: DNS of workloads that NetworkPolicies isolate for egress"`
	PolicyBlocks        []*PolicyBlock         `json:"policy_blocks" doc:"gate: requirements that NetworkPolicies do not admit"`
	PolicyEnforcement   []*PolicyEnforcement   `json:"policy_enforcement" doc:"gate: NetworkPolicies in clusters that do not enforce them"`
	SecurityGroupEgress []*SecurityGroupEgress `json:"security_group_egress" doc:"gate: outbound rules of the source's security groups"`

	ACLAccess            []*AllowListAccess      `json:"acl_access" doc:"gate: access control lists of load balancer listeners against the source addresses of a cluster"`
	SecurityGroupIngress []*SecurityGroupIngress `json:"security_group_ingress" doc:"gate: inbound rules of a destination's security groups"`
	NetworkACLBlocks     []*NetworkACLBlock      `json:"network_acl_blocks" doc:"gate: network ACLs of source vSwitches"`
	BucketPolicyBlocks   []*BucketPolicyBlock    `json:"bucket_policy_blocks" doc:"gate: OSS bucket policies"`
	PodEIPs              []*PodEIP               `json:"pod_eips" doc:"gate: pod EIP annotations that do not work"`
	IPv6Access           []*IPv6Access           `json:"ipv6_access" doc:"gate: the way to public IPv6 addresses"`
	DeadPeers            []*DeadPeer             `json:"dead_peers" doc:"gate: peers and ports of NetworkPolicies that can never match"`
	UnsupportedPolicies  []*UnsupportedPolicy    `json:"unsupported_policies" doc:"gate: policies of kinds that ACK does not enforce"`
	DNSPolicies          []*DNSPolicy            `json:"dns_policies" doc:"gate: DNS settings of pods that cannot resolve the names they need"`
	Injectors            []*Injector             `json:"injectors" doc:"gate: annotations of the whitelist injector that do not work"`

	Paths []*Path `json:"paths" doc:"requirements hop by hop; for rules only those that do not pass"`

	// Origins resolves Origin.Ref; index 0 is "no place".
	Origins []place.Place `json:"-"`
	// Ignores are all annotations [IgnoreAnnotation], in the order of their objects.
	Ignores []place.Ignore `json:"-"`
	// Unknowns are the facts that the files do not decide, for the run's summary.
	Unknowns []Unknown `json:"-"`
	// Bindings says for the summary how manifests were bound to clusters.
	Bindings []Binding `json:"-"`
}

// RuleInput returns the model as rules see it: without the paths that pass.
func (m *Model) RuleInput() *Model {
	input := *m
	input.Paths = slices.DeleteFunc(slices.Clone(m.Paths), func(p *Path) bool { return p.Status == truth.Open })
	return &input
}

// Strength is how certain it is that a workload needs a destination.
type Strength string

// Strengths, weakest first. None stands for a gate with no known requirement:
// what the infrastructure alone proves.
const (
	None       Strength = "none"
	Inferred   Strength = "inferred"
	Referenced Strength = "referenced"
	Declared   Strength = "declared"
)

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

// Cluster is an ACK cluster of the files, or one that only the configuration names.
type Cluster struct {
	ID             string       `json:"id" doc:"key of the cluster in this document"`
	Name           string       `json:"name" doc:"name for messages"`
	Address        string       `json:"address" doc:"Terraform address, empty if the cluster is not in the files"`
	Root           string       `json:"root" doc:"Terraform root directory"`
	Variant        string       `json:"variant" doc:"variable variant of the root"`
	Kind           string       `json:"kind" doc:"managed, dedicated, edge, serverless or unknown"`
	VPC            string       `json:"vpc" doc:"address of its VPC, empty if outside the files"`
	Plugin         string       `json:"plugin" doc:"network plug-in: terway, flannel, serverless (pods are container groups in the cluster's vSwitches) or unknown"`
	PluginSource   string       `json:"plugin_source" doc:"what says so: configuration, addon-resource, addons, cluster_network_type, pod_vswitch_ids, pod_cidr, kind, manifests or none"`
	PluginOrigin   place.Origin `json:"plugin_origin" doc:"where it says so"`
	Datapath       string       `json:"datapath" doc:"veth, ipvlan, v2 or unknown"`
	ProxyMode      string       `json:"proxy_mode" doc:"ipvs, iptables, nftables or unknown"`
	Version        string       `json:"version" doc:"Kubernetes version as written, empty if unknown"`
	ServiceCIDR    string       `json:"service_cidr" doc:"CIDR of ClusterIPs, empty if unknown"`
	PodCIDR        string       `json:"pod_cidr" doc:"CIDR of Flannel pods, empty if none"`
	InternetIntent string       `json:"internet_intent" doc:"what the configuration says of Internet access: yes, no or unsaid"`
	Enforcement    string       `json:"enforcement" doc:"whether NetworkPolicies are enforced: enforced, not-enforced or unknown"`
	Mismatches     []Mismatch   `json:"mismatches" doc:"arguments that belong to the other network plug-in"`
	Origin         place.Origin `json:"origin" doc:"the cluster's block"`
}

// Mismatch is an argument of the other network plug-in.
type Mismatch struct {
	Code      string       `json:"code" doc:"pod-vswitches-with-flannel, pod-cidr-with-terway or two-plugins"`
	Attribute string       `json:"attribute" doc:"the argument that has no place here"`
	Origin    place.Origin `json:"origin" doc:"the argument"`
	Plugin    place.Origin `json:"plugin" doc:"what names the plug-in"`
}

// SourceVSwitch is a vSwitch that packets of a cluster come from, with the
// verdict of the gate it stands in.
type SourceVSwitch struct {
	Name   string        `json:"name" doc:"address or id of the vSwitch, for messages"`
	CIDR   string        `json:"cidr" doc:"its IPv4 CIDR, empty if unknown"`
	Status truth.Verdict `json:"status" doc:"open, blocked or unknown"`
	Reason string        `json:"reason" doc:"why it is unknown"`
	Origin place.Origin  `json:"origin" doc:"the element of the list that names it, else the list"`
}

// InternetAccess judges the way of one role of vSwitch of a cluster to public
// IPv4 addresses.
type InternetAccess struct {
	Cluster      string          `json:"cluster" doc:"id of the cluster"`
	ClusterName  string          `json:"cluster_name" doc:"name of the cluster"`
	Plugin       string          `json:"plugin" doc:"terway or flannel"`
	Role         string          `json:"role" doc:"pod or node: whose vSwitches these are"`
	Scope        string          `json:"scope" doc:"which pods these are, such as pods of PodNetworking dmz; empty for those of the whole cluster"`
	Primary      bool            `json:"primary" doc:"whether packets of ordinary pods leave from here"`
	Status       truth.Verdict   `json:"status" doc:"verdict over all vSwitches"`
	Code         string          `json:"code" doc:"most specific reason: gateway-unusable, eip-not-associated, node-eip, route, wrong-vswitch, missing, or empty"`
	Intent       string          `json:"intent" doc:"yes, no or unsaid: what the configuration says of Internet access"`
	VSwitches    []SourceVSwitch `json:"vswitches" doc:"every source vSwitch"`
	Uncovered    []string        `json:"uncovered" doc:"name and CIDR of each vSwitch without a way out"`
	Covered      []string        `json:"covered" doc:"name and CIDR of each vSwitch with a way out"`
	Entry        place.Origin    `json:"entry" doc:"the SNAT entry at fault: for wrong-vswitch the argument that says what it covers, for gateway-unusable the block"`
	EntryCovers  []string        `json:"entry_covers" doc:"what that entry covers instead"`
	Gateway      place.Origin    `json:"gateway" doc:"a NAT gateway of the VPC, if there is one"`
	GatewayName  string          `json:"gateway_name" doc:"its address"`
	PublicNodes  []place.Origin  `json:"public_nodes" doc:"for node-eip: what gives the nodes public addresses"`
	GatewayCode  string          `json:"gateway_code" doc:"for gateway-unusable: intranet or other-vpc"`
	OtherCovered bool            `json:"other_covered" doc:"whether all vSwitches of the other role have a way out"`
	AllServed    bool            `json:"all_served" doc:"whether every scanned workload of the cluster has its own way out"`
	Need         Need            `json:"need" doc:"requirements for public IPv4 that leave from here"`
	Origin       place.Origin    `json:"origin" doc:"the argument that names the vSwitches; the one element if a single one is uncovered"`
}

// SNATEntry is an SNAT entry with the verdict on its public addresses.
type SNATEntry struct {
	Address  string        `json:"address" doc:"Terraform address"`
	Gateway  string        `json:"gateway" doc:"address of the NAT gateway, empty if outside the files"`
	Status   truth.Verdict `json:"status" doc:"open if every address is an EIP of the gateway, blocked if one is proved not to be, else unknown"`
	Code     string        `json:"code" doc:"not-associated, other-instance, no-eip or empty"`
	EIP      string        `json:"eip" doc:"the address at fault"`
	Instance string        `json:"instance" doc:"what the EIP is associated with instead"`
	Clusters []string      `json:"clusters" doc:"names of the clusters whose vSwitches it covers"`
	WrongFor []string      `json:"wrong_for" doc:"names of those whose only entries cover vSwitches that their pods do not leave from"`
	Need     Need          `json:"need" doc:"requirements that leave through it"`
	Origin   place.Origin  `json:"origin" doc:"its snat_ip, else the gateway"`
}

// RouteBlock is a route table that has no usable way to public addresses for a
// source vSwitch.
type RouteBlock struct {
	Cluster     string       `json:"cluster" doc:"id of the cluster"`
	ClusterName string       `json:"cluster_name" doc:"name of the cluster"`
	Role        string       `json:"role" doc:"pod or node: whose vSwitches these are"`
	Scope       string       `json:"scope" doc:"which pods these are, such as pods of PodNetworking dmz; empty for those of the whole cluster"`
	Primary     bool         `json:"primary" doc:"whether packets of ordinary pods leave from here"`
	Tables      []string     `json:"tables" doc:"addresses of the route tables"`
	Code        string       `json:"code" doc:"no-default-route; other-gateway: it leads to a NAT gateway without an entry for the vSwitch; no-way: there is neither a route nor an SNAT entry"`
	VSwitches   []string     `json:"vswitches" doc:"name and CIDR of the vSwitches on it"`
	Gateway     string       `json:"gateway" doc:"address of the NAT gateway that holds the entry, empty for no-way"`
	Intent      string       `json:"intent" doc:"yes, no or unsaid: what the configuration says of Internet access"`
	Partial     bool         `json:"partial" doc:"whether other vSwitches that packets leave from have an SNAT entry or something equal"`
	AllServed   bool         `json:"all_served" doc:"whether every scanned workload of the cluster has its own way out"`
	Need        Need         `json:"need" doc:"requirements for public IPv4 that the route table stops"`
	Origin      place.Origin `json:"origin" doc:"the route table attachment"`
	Entry       place.Origin `json:"entry" doc:"the SNAT entry or the route that leads elsewhere, none for no-way"`
}

// Target is a cloud service instance.
type Target struct {
	Address   string           `json:"address" doc:"Terraform address"`
	Kind      string           `json:"kind" doc:"what it is, as in declarations: rds, redis, mongodb, polardb, slb, ecs, oss and so on"`
	Product   string           `json:"product" doc:"the product's name, for messages"`
	Name      string           `json:"name" doc:"the instance's own name, else its label"`
	Root      string           `json:"root" doc:"Terraform root directory"`
	VPC       string           `json:"vpc" doc:"address of its VPC, empty if unknown"`
	Managed   truth.Verdict    `json:"managed" doc:"open if the files decide the whole allow-list, else unknown"`
	Reason    string           `json:"reason" doc:"why the allow-list is unknown"`
	AllowList []AllowListEntry `json:"allow_list" doc:"every entry of every list"`
	Origin    place.Origin     `json:"origin" doc:"the instance's block"`
}

// AllowListEntry is one address or CIDR of an allow-list.
type AllowListEntry struct {
	Value     string       `json:"value" doc:"as written"`
	Open      bool         `json:"open" doc:"whether it admits every address of its family"`
	Attribute string       `json:"attribute" doc:"the argument it stands in"`
	Origin    place.Origin `json:"origin" doc:"the element"`
}

// AllowListAccess judges the allow-list of one target against the addresses
// that one cluster's packets come from.
type AllowListAccess struct {
	Target        string          `json:"target" doc:"address of the target"`
	TargetName    string          `json:"target_name" doc:"name of the target, for messages"`
	Product       string          `json:"product" doc:"the product's name, for messages"`
	Attribute     string          `json:"attribute" doc:"the argument that holds the list"`
	Cluster       string          `json:"cluster" doc:"id of the cluster"`
	ClusterName   string          `json:"cluster_name" doc:"name of the cluster"`
	Plugin        string          `json:"plugin" doc:"terway or flannel"`
	Role          string          `json:"role" doc:"pod, node or eip: what kind of source the list must hold"`
	Scope         string          `json:"scope" doc:"which pods these are, such as pods of PodNetworking dmz; empty for those of the whole cluster"`
	Status        truth.Verdict   `json:"status" doc:"verdict over all sources"`
	Code          string          `json:"code" doc:"missing, wrong-vswitch or empty"`
	Reason        string          `json:"reason" doc:"why it is unknown"`
	Loopback      bool            `json:"loopback" doc:"whether the list holds nothing but 127.0.0.1, written or by default"`
	List          string          `json:"list" doc:"whitelist, white-acl, black-acl, or target: the list that the configuration gives of something outside the files"`
	Listener      string          `json:"listener" doc:"for an ACL: address of the listener"`
	Port          int             `json:"port" doc:"for an ACL: port of the listener"`
	Omitted       bool            `json:"omitted" doc:"whether the list is left out, which for this product admits nobody"`
	Sources       []SourceVSwitch `json:"sources" doc:"every source"`
	Uncovered     []string        `json:"uncovered" doc:"name and CIDR of each source that is not admitted"`
	Covered       []string        `json:"covered" doc:"name and CIDR of each source that is admitted"`
	Entries       []string        `json:"entries" doc:"the entries of the list, for messages"`
	WrongEntry    string          `json:"wrong_entry" doc:"for wrong-vswitch: the entry that admits the wrong kind of vSwitch"`
	WrongCovers   []string        `json:"wrong_covers" doc:"name and CIDR of the vSwitches it admits"`
	SameVPC       bool            `json:"same_vpc" doc:"whether the target is in the cluster's VPC"`
	CoversCluster bool            `json:"covers_cluster" doc:"whether the list admits any source of any cluster of the target's VPC"`
	Need          Need            `json:"need" doc:"requirements for this target from this cluster and role"`
	Origin        place.Origin    `json:"origin" doc:"the wrong element, else the list, else the instance"`
	SourceOrigin  place.Origin    `json:"source_origin" doc:"the cluster's argument that names the source vSwitches"`
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
	ENIBackend   bool          `json:"eni_backend" doc:"whether backend-type eni is set"`
	Need         Need          `json:"need" doc:"the clients"`
	Origin       place.Origin  `json:"origin" doc:"the Service's externalTrafficPolicy"`
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
	Others      []place.Origin `json:"others" doc:"the other policies' kinds"`
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
	WrongCovers  []string      `json:"wrong_covers" doc:"for wrong-vswitch: name and CIDR of the vSwitches that are admitted instead"`
	Rule         string        `json:"rule" doc:"for dropped: address of the drop rule"`
	Need         Need          `json:"need" doc:"the requirements"`
	Origin       place.Origin  `json:"origin" doc:"the first group"`
	Drop         place.Origin  `json:"drop" doc:"the rule that drops, if one does"`
	Wrong        place.Origin  `json:"wrong" doc:"for wrong-vswitch: the rule that admits the wrong kind of vSwitch"`
	SourceOrigin place.Origin  `json:"source_origin" doc:"the cluster's argument that names the source vSwitches"`
}

// NetworkACLBlock is a network ACL of a source vSwitch that drops packets of a
// requirement, or the replies to them.
type NetworkACLBlock struct {
	Cluster     string       `json:"cluster" doc:"id of the cluster"`
	ClusterName string       `json:"cluster_name" doc:"name of the cluster"`
	Role        string       `json:"role" doc:"pod or node: whose vSwitches"`
	Scope       string       `json:"scope" doc:"which pods these are, such as pods of PodNetworking dmz; empty for those of the whole cluster"`
	ACL         string       `json:"acl" doc:"address of the network ACL"`
	VSwitches   []string     `json:"vswitches" doc:"name and CIDR of the source vSwitches it filters"`
	Direction   string       `json:"direction" doc:"egress: the packets; ingress: the replies, which a stateless ACL must admit too"`
	Destination string       `json:"destination" doc:"what the workloads need"`
	Also        []string     `json:"also" doc:"further destinations that the same entry stops"`
	Port        int          `json:"port" doc:"destination port; 0 for any"`
	Protocol    string       `json:"protocol" doc:"TCP or UDP"`
	Entry       string       `json:"entry" doc:"the entry, for messages"`
	Need        Need         `json:"need" doc:"the requirements"`
	Origin      place.Origin `json:"origin" doc:"the entry"`
}

// BucketPolicyBlock is a statement of an OSS bucket policy that denies the
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

// PodEIP is a pod EIP annotation that has no effect or harms.
type PodEIP struct {
	Cluster     string       `json:"cluster" doc:"id of the cluster, empty if unbound"`
	ClusterName string       `json:"cluster_name" doc:"name of the cluster"`
	Workload    string       `json:"workload" doc:"kind/name of the workload"`
	Namespace   string       `json:"namespace" doc:"its namespace"`
	Annotation  string       `json:"annotation" doc:"the annotation's key"`
	Code        string       `json:"code" doc:"flannel, on-owner: on the controller and not its pods, shared-instance: one EIP for several replicas, host-network, or controller-absent: the addon that serves it is not installed"`
	Replicas    int          `json:"replicas" doc:"for shared-instance: the number of replicas"`
	Origin      place.Origin `json:"origin" doc:"the annotation"`
	Cause       place.Origin `json:"cause" doc:"what makes it so: the network plug-in, the replicas, hostNetwork"`
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

// UnsupportedPolicy is a policy of a kind that ACK does not enforce.
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

// Injector is a whitelist injector annotation that does not do its work.
type Injector struct {
	Cluster     string       `json:"cluster" doc:"id of the cluster, empty if unbound"`
	ClusterName string       `json:"cluster_name" doc:"name of the cluster"`
	Workload    string       `json:"workload" doc:"kind/name of the workload"`
	Namespace   string       `json:"namespace" doc:"its namespace"`
	Annotation  string       `json:"annotation" doc:"the annotation's key"`
	Code        string       `json:"code" doc:"flannel, on-owner, no-group: rds_id without white_list_name, unsupported-product, no-openapi: policies cut the pods off from the OpenAPI, no-internet: the injector calls its public endpoints and the pods have no way there, perhaps-no-internet: the same, if nothing outside the files tells the injector otherwise, or terraform-covers: Terraform overwrites the same group"`
	Group       string       `json:"group" doc:"for terraform-covers: the whitelist group"`
	Target      string       `json:"target" doc:"for terraform-covers: address of the instance"`
	Origin      place.Origin `json:"origin" doc:"the annotation"`
	Cause       place.Origin `json:"cause" doc:"what makes it so: the network plug-in, the policy, the vSwitches, the list"`
}

// Workload is something that runs pods.
type Workload struct {
	ID          string       `json:"id" doc:"namespace/name[Kind], with the cluster when several are in the files, and with the environment, overlay or release where these are alternatives"`
	Kind        string       `json:"kind" doc:"Deployment, StatefulSet, ..."`
	Namespace   string       `json:"namespace" doc:"namespace, default if none is written"`
	Name        string       `json:"name" doc:"name"`
	Cluster     string       `json:"cluster" doc:"id of the cluster, empty if unbound"`
	HostNetwork bool         `json:"host_network" doc:"whether its pods use the node's network"`
	DNSPolicy   string       `json:"dns_policy" doc:"dnsPolicy, ClusterFirst if none is written"`
	Origin      place.Origin `json:"origin" doc:"metadata.name"`
}

// Policy is a NetworkPolicy.
type Policy struct {
	Namespace string       `json:"namespace" doc:"namespace, default if none is written"`
	Name      string       `json:"name" doc:"name"`
	Cluster   string       `json:"cluster" doc:"id of the cluster, empty if unbound"`
	Egress    bool         `json:"egress" doc:"whether it isolates for egress"`
	Ingress   bool         `json:"ingress" doc:"whether it isolates for ingress"`
	Selects   int          `json:"selects" doc:"how many scanned workloads it selects"`
	Origin    place.Origin `json:"origin" doc:"metadata.name"`
}

// Requirement is a workload's need to reach a destination.
type Requirement struct {
	Workload    string       `json:"workload" doc:"id of the workload"`
	Cluster     string       `json:"cluster" doc:"id of the cluster, empty if unbound"`
	Kind        string       `json:"kind" doc:"what it is: internet, target, service, load-balancer, address or name"`
	Destination string       `json:"destination" doc:"host, address or target name"`
	Port        int          `json:"port" doc:"destination port; 0 if not said"`
	Protocol    string       `json:"protocol" doc:"TCP, UDP or SCTP"`
	Target      string       `json:"target" doc:"address of the target, or namespace/name of the Service"`
	Public      bool         `json:"public" doc:"whether the packets certainly leave for public addresses"`
	Strength    Strength     `json:"strength" doc:"declared, referenced or inferred"`
	Origin      place.Origin `json:"origin" doc:"the evidence"`
}

// Path is the way of one requirement.
type Path struct {
	Workload    string        `json:"workload" doc:"id of the workload"`
	Destination string        `json:"destination" doc:"host, address or target name"`
	Port        int           `json:"port" doc:"destination port; 0 if not said"`
	Protocol    string        `json:"protocol" doc:"TCP, UDP or SCTP"`
	Strength    Strength      `json:"strength" doc:"declared, referenced or inferred"`
	Status      truth.Verdict `json:"status" doc:"blocked if a hop blocks, unknown if none blocks and one is unknown, else open"`
	Hops        []Hop         `json:"hops" doc:"in the order in which the packet meets them"`
	Origin      place.Origin  `json:"origin" doc:"the evidence"`
}

// Hop is one check on a path, with the evidence for its verdict.
type Hop struct {
	Name      string        `json:"hop" doc:"dns, load-balancer, network-policy, security-group, network-acl, ipv6, nat, whitelist, target-acl, target-security-group or bucket-policy"`
	Status    truth.Verdict `json:"status" doc:"open, blocked or unknown"`
	Code      string        `json:"code" doc:"stable reason code"`
	Detail    string        `json:"detail" doc:"the facts in a few words"`
	Component string        `json:"component" doc:"what judges here: a Terraform address or kind/namespace/name; empty if nothing does"`
	Sources   []string      `json:"sources" doc:"source addresses as they are seen here, with the name of what they belong to; empty if they are not known"`
	Facts     []Fact        `json:"facts" doc:"what was compared, in the order in which it counts"`
	Origin    place.Origin  `json:"origin" doc:"what stops the packet; no place if nothing does for certain"`
}

// Fact is one thing that a verdict rests on.
type Fact struct {
	Label  string       `json:"label" doc:"what it is, such as source vSwitch, SNAT entry or externalTrafficPolicy"`
	Value  string       `json:"value" doc:"what the files say"`
	Origin place.Origin `json:"origin" doc:"where they say it"`
}

// Unknown is a fact that the files do not decide.
type Unknown struct {
	Subject string // what cannot be told, e.g. "allow-list of alicloud_db_instance.main"
	Reason  string // why, and what to do
	Origin  place.Origin
}

// Binding says which cluster a group of manifests was bound to, and why.
type Binding struct {
	Manifests string // directory or file
	Cluster   string // id; empty if unbound
	Reason    string // configuration, only-cluster, directory, tie or none
	Hint      string // for unbound manifests: what to write in the configuration
}
