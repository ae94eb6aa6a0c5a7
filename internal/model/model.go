// Package model holds what egresslint knows about the scanned files in the form that
// rules read and "egresslint model" prints.
package model

import (
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
)

// APIVersion is the version of the model's JSON form, which is a public contract.
const APIVersion = "egresslint.io/v1beta1"

// Model is everything egresslint knows about the scanned files. Its JSON form is
// the input of the Rego rules and what "egresslint model" prints; it is described
// by policies/schemas/model.json, which is generated from these types.
//
// Names in it belong to no cloud. What only one cloud has stands under extensions, of
// the object that has it or of the whole model. Values may be words of a cloud, such as
// the name of a network plug-in.
type Model struct {
	APIVersion   string         `json:"apiVersion" doc:"version of this document"`
	Clusters     []*Cluster     `json:"clusters" doc:"the clusters in the files, by root and address"`
	Translations []*Translation `json:"translations" doc:"the entries of NAT gateways that give segments a way to public addresses"`
	Targets      []*Target      `json:"targets" doc:"cloud service instances with an address and perhaps a whitelist"`
	Workloads    []*Workload    `json:"workloads" doc:"workloads that run pods"`
	Policies     []*Policy      `json:"policies" doc:"NetworkPolicies"`
	Requirements []*Requirement `json:"requirements" doc:"what workloads need to reach, with the evidence"`
	Gates        `json:"gates" doc:"where packets can be stopped"`
	Paths        []*Path    `json:"paths" doc:"requirements hop by hop; for rules only those that do not pass, with the hops that do not"`
	Extensions   Extensions `json:"extensions" doc:"what only one cloud has"`

	// Origins resolves Origin.Ref; index 0 is "no place".
	Origins []place.Place `json:"-"`
	// Ignores are all annotations [IgnoreAnnotation], in the order of their objects.
	Ignores []place.Ignore `json:"-"`
	// Unknowns are the facts that the files do not decide, for the run's summary.
	Unknowns []Unknown `json:"-"`
	// Bindings says for the summary how manifests were bound to clusters.
	Bindings []Binding `json:"-"`
}

// RuleInput returns the model as rules see it: without the paths that pass, and of the
// others without the hops that do, and what hops rest on, which is in the gates.
func (m *Model) RuleInput() *Model {
	input := *m
	input.Paths = make([]*Path, 0, len(m.Paths))
	for _, p := range m.Paths {
		if p.Status == truth.Open {
			continue
		}
		short := *p
		short.Hops = make([]Hop, 0, len(p.Hops))
		for _, hop := range p.Hops {
			if hop.Status != truth.Open {
				hop.Sources, hop.Facts = []string{}, []Fact{}
				short.Hops = append(short.Hops, hop)
			}
		}
		input.Paths = append(input.Paths, &short)
	}
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

// Cluster is a cluster of the files, or one that only the configuration names.
type Cluster struct {
	ID             string       `json:"id" doc:"key of the cluster in this document"`
	Name           string       `json:"name" doc:"name for messages"`
	Address        string       `json:"address" doc:"Terraform address, empty if the cluster is not in the files"`
	Root           string       `json:"root" doc:"Terraform root directory"`
	Variant        string       `json:"variant" doc:"variable variant of the root"`
	Kind           string       `json:"kind" doc:"managed, dedicated, edge, serverless or unknown"`
	VPC            string       `json:"vpc" doc:"address of its VPC, empty if outside the files"`
	Plugin         string       `json:"plugin" doc:"network plug-in: terway, flannel, serverless (pods are container groups in the cluster's segments) or unknown"`
	PluginSource   string       `json:"plugin_source" doc:"what says so: configuration, addon-resource, addons, cluster_network_type, pod_vswitch_ids, pod_cidr, kind, manifests or none"`
	PluginOrigin   place.Origin `json:"plugin_origin" doc:"where it says so"`
	ProxyMode      string       `json:"proxy_mode" doc:"ipvs, iptables, nftables or unknown"`
	Version        string       `json:"version" doc:"Kubernetes version as written, empty if unknown"`
	ServiceCIDR    string       `json:"service_cidr" doc:"CIDR of ClusterIPs, empty if unknown"`
	PodCIDR        string       `json:"pod_cidr" doc:"CIDR of Flannel pods, empty if none"`
	InternetIntent string       `json:"internet_intent" doc:"what the configuration says of Internet access: yes, no or unsaid"`
	Enforcement    string       `json:"enforcement" doc:"whether NetworkPolicies are enforced: enforced, not-enforced or unknown"`
	Extensions     struct {
		Alicloud AlicloudCluster `json:"alicloud" doc:"what only clusters of Alibaba Cloud have"`
	} `json:"extensions" doc:"what only one cloud has"`
	Origin place.Origin `json:"origin" doc:"the cluster's block"`
}

// Translation is an entry of a NAT gateway with the verdict on its public addresses.
type Translation struct {
	Address  string        `json:"address" doc:"Terraform address"`
	Gateway  string        `json:"gateway" doc:"address of the NAT gateway, empty if outside the files"`
	Status   truth.Verdict `json:"status" doc:"open if every address is a public address of the gateway, blocked if one is proved not to be, else unknown"`
	Code     string        `json:"code" doc:"not-associated, other-instance, no-eip or empty"`
	EIP      string        `json:"public_address" doc:"the address at fault"`
	Instance string        `json:"attached_to" doc:"what the public address belongs to instead"`
	Clusters []string      `json:"clusters" doc:"names of the clusters whose segments it covers"`
	WrongFor []string      `json:"wrong_for" doc:"names of those whose only entries cover segments that their pods do not leave from"`
	Need     Need          `json:"need" doc:"requirements that leave through it"`
	Origin   place.Origin  `json:"origin" doc:"its snat_ip, else the gateway"`
}

// Target is a cloud service instance.
type Target struct {
	Address   string           `json:"address" doc:"Terraform address"`
	Kind      string           `json:"kind" doc:"what it is, as in declarations: rds, redis, mongodb, polardb, slb, ecs, oss and so on"`
	Product   string           `json:"product" doc:"the product's name, for messages"`
	Name      string           `json:"name" doc:"the instance's own name, else its label"`
	Root      string           `json:"root" doc:"Terraform root directory"`
	VPC       string           `json:"vpc" doc:"address of its VPC, empty if unknown"`
	Managed   truth.Verdict    `json:"managed" doc:"open if the files decide the whole whitelist, else unknown"`
	Reason    string           `json:"reason" doc:"why the whitelist is unknown"`
	AllowList []AllowListEntry `json:"whitelist" doc:"every entry of every list"`
	Origin    place.Origin     `json:"origin" doc:"the instance's block"`
}

// AllowListEntry is one address or CIDR of a whitelist.
type AllowListEntry struct {
	Value     string       `json:"value" doc:"as written"`
	Open      bool         `json:"open" doc:"whether it admits every address of its family"`
	Attribute string       `json:"attribute" doc:"the argument it stands in"`
	Origin    place.Origin `json:"origin" doc:"the element"`
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
	Name      string        `json:"hop" doc:"what is judged here: dns, service, load-balancer, egress-policy, security-group, network-acl, route, ipv6, nat, whitelist, target-acl, target-security-group, bucket-policy or ingress-policy"`
	Status    truth.Verdict `json:"status" doc:"open, blocked or unknown"`
	Code      string        `json:"code" doc:"stable reason code"`
	Detail    string        `json:"detail" doc:"the facts in a few words"`
	Component string        `json:"component" doc:"what judges here: a Terraform address or kind/namespace/name; empty if nothing does"`
	Sources   []string      `json:"sources" doc:"source addresses as they are seen here, with the name of what they belong to; empty if they are not known"`
	Facts     []Fact        `json:"facts" doc:"what was compared, in the order in which it counts"`
	Origin    place.Origin  `json:"origin" doc:"the place that decides; no place if none does"`
}

// Fact is one thing that a verdict rests on.
type Fact struct {
	Label  string       `json:"label" doc:"what it is, such as source vSwitch, SNAT entry or externalTrafficPolicy"`
	Value  string       `json:"value" doc:"what the files say"`
	Origin place.Origin `json:"origin" doc:"where they say it"`
}

// Unknown is a fact that the files do not decide.
type Unknown struct {
	Subject string // what cannot be told, e.g. "whitelist of alicloud_db_instance.main"
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
