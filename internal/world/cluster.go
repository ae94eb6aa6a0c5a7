package world

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/secret"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// Network plug-ins. A serverless cluster's pods are container groups that live in
// the cluster's own vSwitches.
const (
	PluginTerway     = "terway"
	PluginFlannel    = "flannel"
	pluginServerless = "serverless"
	PluginUnknown    = "unknown"
)

// Roles of vSwitches.
const (
	RolePod  = "pod"
	RoleNode = "node"
	RoleEIP  = "eip"
)

// Cluster is an ACK cluster with where its packets come from.
type Cluster struct {
	network
	ID, Name      string
	address       string // in Terraform; empty for a cluster that only the configuration names
	root, variant string
	kind          string // see Cluster.Kind
	ProxyMode     string
	Version       string
	ServiceCIDR   string
	PodCIDR       string
	Intent        string // see Cluster.InternetIntent
	mismatches    []model.Mismatch
	Origin        place.Origin

	Scope *alicloud.Scope     // nil for a cluster that only the configuration names
	Res   *terraform.Resource // nil likewise
	Pools []*NodePool
	// base are the pod vSwitches that the cluster names; pod and node are where the
	// packets of its pods and nodes come from, own those of certain pods.
	base Sources
	Pod  Sources
	Node Sources
	Own  []*Sources
	// PublicNodes says whether the nodes have public addresses of their own, and
	// publicBy what gives them to some of the nodes.
	PublicNodes truth.Truth
	PublicBy    []place.Origin
	// IPStack is ipv4, dual or empty if unknown.
	IPStack string
	// NewGateway is new_nat_gateway: ACK itself gives the vSwitches that the cluster
	// names a way out.
	NewGateway truth.Truth
	VPC        *alicloud.VPC
	config     *ClusterConfig
	Worlds     []*World // what runs on it, or what may
	// podGroups are the security groups of pods that a ConfigMap of Terway names; nil
	// if none does.
	podGroups *IDs
	// acs says that the cluster has no pods but those of Container Compute Service.
	acs bool
}

// NodePool is a node pool of a cluster.
type NodePool struct {
	Res       *terraform.Resource
	groups    IDs
	vswitches []*alicloud.VSwitch
	unknown   string // why its vSwitches are not all known
	// pods is the pool's own configuration of Terway; nil if it has none.
	pods *podConfig

	labels     map[string]string
	moreLabels bool // whether its nodes may have labels beyond these
	taints     []taint
}

// IDs are things named by their ids, such as security groups.
type IDs struct {
	List    []alicloud.Ident
	Unknown string
	Value   *located.Value // what names them in Terraform, with the resource that holds it
	Holder  *terraform.Resource
	At      place.Origin // what names them in a Kubernetes object
	Created bool         // whether nothing names any, so that ACK creates one
	Pool    *NodePool    // whose nodes they are for; nil for all
}

// clusterKinds are the resource types of clusters.
var clusterKinds = map[string]string{
	"alicloud_cs_managed_kubernetes":    "managed",
	"alicloud_cs_kubernetes":            "dedicated",
	"alicloud_cs_edge_kubernetes":       "edge",
	"alicloud_cs_serverless_kubernetes": "serverless",
}

// readClusters reads the clusters of a scope.
func readClusters(f *Facts, s *alicloud.Scope) []*Cluster {
	var list []*Cluster
	for _, res := range s.Root.Resources {
		kind, ok := clusterKinds[res.Type]
		if !ok || res.Data {
			continue
		}
		list = append(list, readCluster(f, s, res, kind))
	}
	return list
}

func readCluster(f *Facts, s *alicloud.Scope, res *terraform.Resource, kind string) *Cluster {
	body := res.Body
	c := &Cluster{
		network: undecided, ID: scopeID(s, res.Address), Name: clusterName(res), address: res.Address,
		root: s.Root.Dir, variant: s.Root.Variant, kind: kind, ProxyMode: "unknown",
		mismatches: []model.Mismatch{}, Origin: s.AtBlock(res), Scope: s, Res: res,
	}
	if profile, _ := body.Get("profile").Text(); kind == "managed" {
		switch profile {
		case "Serverless", "Acs":
			c.kind, c.acs = "serverless", profile == "Acs"
		case "Edge":
			c.kind = "edge"
		}
	}
	c.config = configOf(f, c)
	if c.config != nil && c.config.Name != "" {
		c.Name = c.config.Name
	}
	c.Version, _ = secret.Plain(body.Get("version"))
	c.ServiceCIDR, _ = body.Get("service_cidr").Text()
	c.PodCIDR, _ = body.Get("pod_cidr").Text()
	readProxyMode(c, body)
	readPools(c)
	readNewGateway(c, body)
	readPublicNodes(c)
	readIntent(c)
	return c
}

// VPCName is the address of the cluster's VPC; empty if it is outside the files.
func (c *Cluster) VPCName() string {
	if c.VPC == nil || c.VPC.Resource == nil {
		return ""
	}
	return c.VPC.Name
}

// Entity is the cluster as the model shows it.
func (c *Cluster) Entity() *model.Cluster {
	e := &model.Cluster{
		ID: c.ID, Name: c.Name, Address: c.address, Root: c.root, Variant: c.variant, Kind: c.kind, VPC: c.VPCName(),
		Plugin: c.Plugin, PluginSource: c.pluginSource, PluginOrigin: c.PluginAt,
		ProxyMode: c.ProxyMode, Version: c.Version, ServiceCIDR: c.ServiceCIDR, PodCIDR: c.PodCIDR,
		InternetIntent: c.Intent, Enforcement: c.Enforcement, Origin: c.Origin,
	}
	e.Extensions.Alicloud = model.AlicloudCluster{Datapath: c.Datapath, Mismatches: c.mismatches}
	if c.Res != nil && secret.Conceals(c.Res.Body.Get("service_cidr")) {
		e.ServiceCIDR = secret.Concealed
	}
	if c.Res != nil && secret.Conceals(c.Res.Body.Get("pod_cidr")) {
		e.PodCIDR = secret.Concealed
	}
	return e
}

// scopeID is unique over all roots and variants.
func scopeID(s *alicloud.Scope, address string) string {
	id := path.Join(s.Root.Dir, address)
	if s.Root.Variant != "" {
		id += "@" + s.Root.Variant
	}
	return id
}

// clusterName is the name the user gave the cluster, else its address.
func clusterName(res *terraform.Resource) string {
	if name, ok := secret.Plain(res.Body.Get("name")); ok {
		if refs, _ := located.Refs(name); len(refs) == 0 && name != "" {
			return name
		}
	}
	return res.Address
}

// readProxyMode: the managed resource defaults to ipvs (provider documentation,
// cs_managed_kubernetes); the others leave it to the API.
func readProxyMode(c *Cluster, body *located.Value) {
	v := body.Get("proxy_mode")
	if text, ok := v.Text(); ok {
		c.ProxyMode = text
	} else if v.IsNull() && c.Res.Type == "alicloud_cs_managed_kubernetes" {
		c.ProxyMode = "ipvs"
	}
}

func readPools(c *Cluster) {
	for _, res := range c.Scope.ByType["alicloud_cs_kubernetes_node_pool"] {
		if c.Scope.Ident(res.Body.Get("cluster_id")).Key != c.Res.Address {
			continue
		}
		pool := &NodePool{Res: res, groups: poolGroups(c.Scope, res)}
		pool.groups.Pool = pool
		pool.readPlacement()
		c.Pools = append(c.Pools, pool)
	}
}

func poolGroups(s *alicloud.Scope, res *terraform.Resource) IDs {
	for _, name := range []string{"security_group_ids", "security_group_id"} {
		if v := res.Body.Get(name); !v.IsNull() {
			list, unknown := s.Idents(v)
			if len(list) > 0 || unknown != "" {
				return IDs{List: list, Unknown: unknown, Value: v, Holder: res}
			}
		}
	}
	return IDs{}
}

// unattachedPools says whether some node pool may belong to the cluster without
// the files saying so.
func (c *Cluster) unattachedPools() string {
	for _, res := range c.Scope.ByType["alicloud_cs_kubernetes_node_pool"] {
		if v := res.Body.Get("cluster_id"); c.Scope.Ident(v).Unknown() {
			return "which cluster " + res.Address + " belongs to is unknown: " + v.Reason
		}
	}
	if reason, found := c.Scope.UnreadModule(c.Res.Address); found {
		return reason
	}
	return ""
}

// readIPStack: a cluster has IPv4 only unless ip_stack says dual (provider
// documentation, cs_managed_kubernetes); Flannel has no dual stack. The API may
// choose where the argument is left out, but has no choice without IPv6 in the
// vSwitches.
func readIPStack(c *Cluster, body *located.Value) {
	v := body.Get("ip_stack")
	switch text, ok := v.Text(); {
	case c.Plugin == PluginFlannel, v.IsNull() && !hasIPv6VSwitch(c):
		c.IPStack = "ipv4"
	case ok:
		c.IPStack = text
	}
}

// hasIPv6VSwitch reports whether one of the cluster's vSwitches has IPv6, or may.
func hasIPv6VSwitch(c *Cluster) bool {
	return slices.ContainsFunc(slices.Concat(c.Pod.Members, c.Node.Members), func(m Member) bool {
		if m.VSwitch.Resource == nil {
			return true
		}
		body := m.VSwitch.Resource.Body
		on, _ := body.Get("enable_ipv6").Truth()
		return on || body.Get("enable_ipv6").IsUnknown() || !body.Get("ipv6_cidr_block_mask").IsNull()
	})
}

func readIntent(c *Cluster) {
	c.Intent = "unsaid"
	if c.config != nil && c.config.Internet != nil {
		c.Intent = "no"
		if *c.config.Internet {
			c.Intent = "yes"
		}
	}
}

// GroupsOf returns the security groups on the interfaces of sources: for nodes the
// node pools', else the cluster's; for Terway pods those of a node pool's own
// configuration, else of eni-config, else the cluster's; for certain pods their own.
func (c *Cluster) GroupsOf(src *Sources) []IDs {
	if src.Own != nil {
		return []IDs{*src.Own}
	}
	var list []IDs
	for _, pool := range c.Pools {
		switch {
		case src.Role == RoleNode && pool.groups.Value != nil:
			list = append(list, pool.groups)
		case src.Role == RolePod && pool.pods != nil && pool.pods.groups != nil:
			groups := *pool.pods.groups
			groups.Pool = pool
			list = append(list, groups)
		}
	}
	if len(list) == len(c.Pools) && len(list) > 0 {
		return list
	}
	if src.Role == RolePod && c.podGroups != nil {
		return append(list, *c.podGroups)
	}
	v := c.Res.Body.Get("security_group_id")
	found, unknown := c.Scope.Idents(v)
	if len(found) == 0 && unknown == "" {
		unknown = "ACK creates the security group, its rules are not in the files"
	}
	return append(list, IDs{List: found, Unknown: unknown, Value: v, Holder: c.Res, Created: v.IsNull()})
}

// configOf finds the configuration's entry for a cluster of the files: one that
// says what creates it comes before one that has its name.
func configOf(f *Facts, c *Cluster) *ClusterConfig {
	var named *ClusterConfig
	var ofFolder []*ClusterConfig
	for i := range f.options.Clusters {
		config := &f.options.Clusters[i]
		if config.Terraform == "" {
			if named == nil && config.Name == c.Name {
				named = config
			}
			continue
		}
		dir, address, both := strings.Cut(config.Terraform, ":")
		switch {
		case both && path.Clean(dir) == c.root && address == c.address,
			!both && config.Terraform == c.address,
			config.Terraform == c.ID:
			return config
		case !both && path.Clean(config.Terraform) == c.root:
			ofFolder = append(ofFolder, config)
		}
	}
	if len(ofFolder) > 0 {
		return amongFolder(c, ofFolder)
	}
	return named
}

// amongFolder chooses the entry for a cluster among those that name its folder: of several
// the one that has its name, its label or its environment. Nothing tells which of several
// is meant if none has, and several clusters are in the folder.
func amongFolder(c *Cluster, list []*ClusterConfig) *ClusterConfig {
	if len(list) == 1 {
		return list[0]
	}
	variant := environmentsIn(c.variant)
	for _, is := range []func(*ClusterConfig) bool{
		func(config *ClusterConfig) bool { return config.Name == c.Name },
		func(config *ClusterConfig) bool { return config.Name == c.Res.Name },
		func(config *ClusterConfig) bool { return shareEnvironment(environmentsIn(config.Name), variant) },
	} {
		if i := slices.IndexFunc(list, is); i >= 0 {
			return list[i]
		}
	}
	for _, res := range c.Scope.Root.Resources {
		if clusterKinds[res.Type] != "" && !res.Data && res.Address != c.address {
			return nil
		}
	}
	return list[0]
}

func sortClusters(list []*Cluster) {
	slices.SortFunc(list, func(a, b *Cluster) int { return cmp.Compare(a.ID, b.ID) })
}
