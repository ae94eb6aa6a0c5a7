package egress

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
	pluginTerway     = "terway"
	pluginFlannel    = "flannel"
	pluginServerless = "serverless"
	pluginUnknown    = "unknown"
)

// Roles of vSwitches.
const (
	rolePod  = "pod"
	roleNode = "node"
	roleEIP  = "eip"
)

// cluster is an ACK cluster with where its packets come from.
type cluster struct {
	network
	id, name      string
	address       string // in Terraform; empty for a cluster that only the configuration names
	root, variant string
	kind          string // see Cluster.Kind
	proxyMode     string
	version       string
	serviceCIDR   string
	podCIDR       string
	intent        string // see Cluster.InternetIntent
	mismatches    []model.Mismatch
	origin        place.Origin

	scope *alicloud.Scope     // nil for a cluster that only the configuration names
	res   *terraform.Resource // nil likewise
	pools []*nodePool
	// base are the pod vSwitches that the cluster names; pod and node are where the
	// packets of its pods and nodes come from, own those of certain pods.
	base sources
	pod  sources
	node sources
	own  []*sources
	// publicNodes says whether the nodes have public addresses of their own, and
	// publicBy what gives them to some of the nodes.
	publicNodes truth.Truth
	publicBy    []place.Origin
	// ipStack is ipv4, dual or empty if unknown.
	ipStack string
	// newGateway is new_nat_gateway: ACK itself gives the vSwitches that the cluster
	// names a way out.
	newGateway truth.Truth
	vpc        *alicloud.VPC
	config     *ClusterConfig
	worlds     []*world // what runs on it, or what may
	// podGroups are the security groups of pods that a ConfigMap of Terway names; nil
	// if none does.
	podGroups *ids
	// acs says that the cluster has no pods but those of Container Compute Service.
	acs bool
}

// nodePool is a node pool of a cluster.
type nodePool struct {
	res       *terraform.Resource
	groups    ids
	vswitches []*alicloud.VSwitch
	unknown   string // why its vSwitches are not all known
	// pods is the pool's own configuration of Terway; nil if it has none.
	pods *podConfig

	labels     map[string]string
	moreLabels bool // whether its nodes may have labels beyond these
	taints     []taint
}

// ids are things named by their ids, such as security groups.
type ids struct {
	list    []alicloud.Ident
	unknown string
	value   *located.Value // what names them in Terraform, with the resource that holds it
	holder  *terraform.Resource
	at      place.Origin // what names them in a Kubernetes object
	created bool         // whether nothing names any, so that ACK creates one
	pool    *nodePool    // whose nodes they are for; nil for all
}

// clusterKinds are the resource types of clusters.
var clusterKinds = map[string]string{
	"alicloud_cs_managed_kubernetes":    "managed",
	"alicloud_cs_kubernetes":            "dedicated",
	"alicloud_cs_edge_kubernetes":       "edge",
	"alicloud_cs_serverless_kubernetes": "serverless",
}

// readClusters reads the clusters of a scope.
func readClusters(f *facts, s *alicloud.Scope) []*cluster {
	var list []*cluster
	for _, res := range s.Root.Resources {
		kind, ok := clusterKinds[res.Type]
		if !ok || res.Data {
			continue
		}
		list = append(list, readCluster(f, s, res, kind))
	}
	return list
}

func readCluster(f *facts, s *alicloud.Scope, res *terraform.Resource, kind string) *cluster {
	body := res.Body
	c := &cluster{
		network: undecided, id: scopeID(s, res.Address), name: clusterName(res), address: res.Address,
		root: s.Root.Dir, variant: s.Root.Variant, kind: kind, proxyMode: "unknown",
		mismatches: []model.Mismatch{}, origin: s.AtBlock(res), scope: s, res: res,
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
		c.name = c.config.Name
	}
	c.version, _ = secret.Plain(body.Get("version"))
	c.serviceCIDR, _ = body.Get("service_cidr").Text()
	c.podCIDR, _ = body.Get("pod_cidr").Text()
	readProxyMode(c, body)
	readPools(c)
	readNewGateway(c, body)
	readPublicNodes(c)
	readIntent(c)
	return c
}

// vpcName is the address of the cluster's VPC; empty if it is outside the files.
func (c *cluster) vpcName() string {
	if c.vpc == nil || c.vpc.Resource == nil {
		return ""
	}
	return c.vpc.Name
}

// entity is the cluster as the model shows it.
func (c *cluster) entity() *model.Cluster {
	e := &model.Cluster{
		ID: c.id, Name: c.name, Address: c.address, Root: c.root, Variant: c.variant, Kind: c.kind, VPC: c.vpcName(),
		Plugin: c.plugin, PluginSource: c.pluginSource, PluginOrigin: c.pluginAt,
		ProxyMode: c.proxyMode, Version: c.version, ServiceCIDR: c.serviceCIDR, PodCIDR: c.podCIDR,
		InternetIntent: c.intent, Enforcement: c.enforcement, Origin: c.origin,
	}
	e.Extensions.Alicloud = model.AlicloudCluster{Datapath: c.datapath, Mismatches: c.mismatches}
	if c.res != nil && secret.Conceals(c.res.Body.Get("service_cidr")) {
		e.ServiceCIDR = secret.Concealed
	}
	if c.res != nil && secret.Conceals(c.res.Body.Get("pod_cidr")) {
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
func readProxyMode(c *cluster, body *located.Value) {
	v := body.Get("proxy_mode")
	if text, ok := v.Text(); ok {
		c.proxyMode = text
	} else if v.IsNull() && c.res.Type == "alicloud_cs_managed_kubernetes" {
		c.proxyMode = "ipvs"
	}
}

func readPools(c *cluster) {
	for _, res := range c.scope.ByType["alicloud_cs_kubernetes_node_pool"] {
		if c.scope.Ident(res.Body.Get("cluster_id")).Key != c.res.Address {
			continue
		}
		pool := &nodePool{res: res, groups: poolGroups(c.scope, res)}
		pool.groups.pool = pool
		pool.readPlacement()
		c.pools = append(c.pools, pool)
	}
}

func poolGroups(s *alicloud.Scope, res *terraform.Resource) ids {
	for _, name := range []string{"security_group_ids", "security_group_id"} {
		if v := res.Body.Get(name); !v.IsNull() {
			list, unknown := s.Idents(v)
			if len(list) > 0 || unknown != "" {
				return ids{list: list, unknown: unknown, value: v, holder: res}
			}
		}
	}
	return ids{}
}

// unattachedPools says whether some node pool may belong to the cluster without
// the files saying so.
func (c *cluster) unattachedPools() string {
	for _, res := range c.scope.ByType["alicloud_cs_kubernetes_node_pool"] {
		if v := res.Body.Get("cluster_id"); c.scope.Ident(v).Unknown() {
			return "which cluster " + res.Address + " belongs to is unknown: " + v.Reason
		}
	}
	if reason, found := c.scope.UnreadModule(c.res.Address); found {
		return reason
	}
	return ""
}

// readIPStack: a cluster has IPv4 only unless ip_stack says dual (provider
// documentation, cs_managed_kubernetes); Flannel has no dual stack. The API may
// choose where the argument is left out, but has no choice without IPv6 in the
// vSwitches.
func readIPStack(c *cluster, body *located.Value) {
	v := body.Get("ip_stack")
	switch text, ok := v.Text(); {
	case c.plugin == pluginFlannel, v.IsNull() && !hasIPv6VSwitch(c):
		c.ipStack = "ipv4"
	case ok:
		c.ipStack = text
	}
}

// hasIPv6VSwitch reports whether one of the cluster's vSwitches has IPv6, or may.
func hasIPv6VSwitch(c *cluster) bool {
	return slices.ContainsFunc(slices.Concat(c.pod.members, c.node.members), func(m member) bool {
		if m.vswitch.Resource == nil {
			return true
		}
		body := m.vswitch.Resource.Body
		on, _ := body.Get("enable_ipv6").Truth()
		return on || body.Get("enable_ipv6").IsUnknown() || !body.Get("ipv6_cidr_block_mask").IsNull()
	})
}

func readIntent(c *cluster) {
	c.intent = "unsaid"
	if c.config != nil && c.config.Internet != nil {
		c.intent = "no"
		if *c.config.Internet {
			c.intent = "yes"
		}
	}
}

// groupsOf returns the security groups on the interfaces of sources: for nodes the
// node pools', else the cluster's; for Terway pods those of a node pool's own
// configuration, else of eni-config, else the cluster's; for certain pods their own.
func (c *cluster) groupsOf(src *sources) []ids {
	if src.own != nil {
		return []ids{*src.own}
	}
	var list []ids
	for _, pool := range c.pools {
		switch {
		case src.role == roleNode && pool.groups.value != nil:
			list = append(list, pool.groups)
		case src.role == rolePod && pool.pods != nil && pool.pods.groups != nil:
			groups := *pool.pods.groups
			groups.pool = pool
			list = append(list, groups)
		}
	}
	if len(list) == len(c.pools) && len(list) > 0 {
		return list
	}
	if src.role == rolePod && c.podGroups != nil {
		return append(list, *c.podGroups)
	}
	v := c.res.Body.Get("security_group_id")
	found, unknown := c.scope.Idents(v)
	if len(found) == 0 && unknown == "" {
		unknown = "ACK creates the security group, its rules are not in the files"
	}
	return append(list, ids{list: found, unknown: unknown, value: v, holder: c.res, created: v.IsNull()})
}

// configOf finds the configuration's entry for a cluster of the files: one that
// says what creates it comes before one that has its name.
func configOf(f *facts, c *cluster) *ClusterConfig {
	var named *ClusterConfig
	for i := range f.options.Clusters {
		config := &f.options.Clusters[i]
		if config.Terraform == "" {
			if named == nil && config.Name == c.name {
				named = config
			}
			continue
		}
		dir, address, both := strings.Cut(config.Terraform, ":")
		switch {
		case both && path.Clean(dir) == c.root && address == c.address,
			!both && path.Clean(config.Terraform) == c.root,
			!both && config.Terraform == c.address,
			config.Terraform == c.id:
			return config
		}
	}
	return named
}

func sortClusters(list []*cluster) {
	slices.SortFunc(list, func(a, b *cluster) int { return cmp.Compare(a.id, b.id) })
}
