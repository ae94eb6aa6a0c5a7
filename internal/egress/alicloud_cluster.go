package egress

import (
	"cmp"
	"encoding/json"
	"path"
	"slices"
	"strconv"
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
	c.readProxyMode(body)
	c.readPools()
	c.readNewGateway(body)
	readPublicNodes(c)
	c.readIntent()
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
func (c *cluster) readProxyMode(body *located.Value) {
	v := body.Get("proxy_mode")
	if text, ok := v.Text(); ok {
		c.proxyMode = text
	} else if v.IsNull() && c.res.Type == "alicloud_cs_managed_kubernetes" {
		c.proxyMode = "ipvs"
	}
}

func (c *cluster) readPools() {
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

// addon is a network addon of a cluster.
type addon struct {
	plugin string
	source string
	name   *located.Value
	holder *terraform.Resource
	config *located.Value
}

func pluginOfAddon(name string) string {
	switch {
	case strings.HasPrefix(name, "terway"):
		return pluginTerway
	case name == "flannel" || strings.HasPrefix(name, "kube-flannel"):
		return pluginFlannel
	default:
		return ""
	}
}

// addons returns the enabled network addons, the addon resources first, and
// whether there may be others.
func (c *cluster) addons() (list []addon, unknown bool) {
	for _, res := range c.scope.ByType["alicloud_cs_kubernetes_addon"] {
		if c.scope.Ident(res.Body.Get("cluster_id")).Key != c.res.Address {
			continue
		}
		v := res.Body.Get("name")
		name, ok := v.Text()
		if !ok {
			unknown = true
			continue
		}
		if plugin := pluginOfAddon(name); plugin != "" && res.Uncertain == "" {
			list = append(list, addon{plugin, "addon-resource", v, res, res.Body.Get("config")})
		}
	}
	blocks := c.res.Body.Get("addons")
	if blocks.IsUnknown() {
		return list, true
	}
	for _, block := range blocks.Items() {
		if block.IsUnknown() {
			unknown = true
			continue
		}
		v := block.Get("name")
		name, ok := v.Text()
		disabled, known := block.Get("disabled").Truth()
		switch {
		case !ok || !known && !block.Get("disabled").IsNull():
			unknown = true
		case disabled:
		default:
			if plugin := pluginOfAddon(name); plugin != "" {
				list = append(list, addon{plugin, "addons", v, c.res, block.Get("config")})
			}
		}
	}
	return list, unknown
}

// terraformPlugin decides the network plug-in: the first of addon resource, addons
// block, cluster_network_type, pod_vswitch_ids, pod_cidr and kind that says so. More says
// that there may be other addons.
func terraformPlugin(c *cluster, addons []addon, more bool) network {
	body := c.res.Body
	podVSwitches, podCIDR := body.Get("pod_vswitch_ids"), body.Get("pod_cidr")
	hasVSwitches := podVSwitches.IsUnknown() || len(podVSwitches.Split()) > 0
	podCIDRText, _ := podCIDR.Text()
	hasCIDR := podCIDR.IsUnknown() || podCIDRText != ""
	n := undecided
	switch networkType := body.Get("cluster_network_type"); {
	case len(addons) > 0:
		first := addons[0]
		n.plugin, n.pluginSource = first.plugin, first.source
		n.pluginAt = c.scope.At(first.holder, first.name)
	case networkType.Is(pluginTerway, pluginFlannel):
		n.plugin, _ = networkType.Text()
		n.pluginSource = "cluster_network_type"
		n.pluginAt = c.scope.At(c.res, networkType)
	case c.kind == "serverless":
		n.plugin, n.pluginSource, n.pluginAt = pluginServerless, "kind", c.origin
	case c.kind == "edge":
		n.plugin, n.pluginSource, n.pluginAt = pluginFlannel, "kind", c.origin
	case podVSwitches.IsUnknown() || more && hasVSwitches && hasCIDR:
	case hasVSwitches:
		n.plugin, n.pluginSource = pluginTerway, "pod_vswitch_ids"
		n.pluginAt = c.scope.At(c.res, podVSwitches)
	case hasCIDR && !podCIDR.IsUnknown():
		n.plugin, n.pluginSource = pluginFlannel, "pod_cidr"
		n.pluginAt = c.scope.At(c.res, podCIDR)
	}
	return n
}

// mismatchesOf are the arguments of the other plug-in, where the plug-in is named and
// not only inferred from these arguments.
func mismatchesOf(c *cluster, n network, addons []addon) []model.Mismatch {
	for _, a := range addons {
		if a.plugin != addons[0].plugin {
			return []model.Mismatch{{
				Code: "two-plugins", Attribute: "addons",
				Origin: c.scope.At(a.holder, a.name), Plugin: c.scope.At(addons[0].holder, addons[0].name),
			}}
		}
	}
	list := []model.Mismatch{}
	switch n.pluginSource {
	case "configuration", "addon-resource", "addons", "cluster_network_type":
	default:
		return list
	}
	podVSwitches, podCIDR := c.res.Body.Get("pod_vswitch_ids"), c.res.Body.Get("pod_cidr")
	if n.plugin == pluginFlannel && !podVSwitches.IsUnknown() && len(podVSwitches.Split()) > 0 {
		list = append(list, model.Mismatch{
			Code: "pod-vswitches-with-flannel", Attribute: "pod_vswitch_ids",
			Origin: c.scope.At(c.res, podVSwitches), Plugin: n.pluginAt,
		})
	}
	if text, _ := podCIDR.Text(); n.plugin == pluginTerway && text != "" {
		list = append(list, model.Mismatch{
			Code: "pod-cidr-with-terway", Attribute: "pod_cidr",
			Origin: c.scope.At(c.res, podCIDR), Plugin: n.pluginAt,
		})
	}
	return list
}

// readTerwayAddons reads what the addons of Terway say: their config is a JSON object of
// strings (provider documentation; keys as in the vendor's pages on Terway).
func readTerwayAddons(c *cluster, n *network, addons []addon) {
	for _, a := range addons {
		if a.plugin == pluginTerway {
			n.applyTerwayConfig(a.config)
		}
	}
	if e := c.exclusiveENI(addons); e.value != nil {
		n.enforcement, n.exclusive, n.exclusiveAt = "not-enforced", true, c.scope.At(e.holder, e.value)
	}
}

// holding is a value with the resource that holds it.
type holding struct {
	value  *located.Value
	holder *terraform.Resource
}

// exclusiveENI finds what gives every pod a network interface of its own, on which
// nothing enforces NetworkPolicies: the addon terway-eni, or a label on every node
// pool (vendor's pages on Terway and on exclusive ENIs of node pools).
func (c *cluster) exclusiveENI(addons []addon) holding {
	for _, a := range addons {
		if a.name.Is("terway-eni") {
			return holding{a.name, a.holder}
		}
	}
	if c.unattachedPools() != "" {
		return holding{}
	}
	var first holding
	for _, pool := range c.pools {
		label := pool.exclusiveLabel()
		if label == nil || pool.res.Uncertain != "" {
			return holding{}
		}
		if first.value == nil {
			first = holding{label, pool.res}
		}
	}
	return first
}

// exclusiveLabel is the label that gives every pod on the pool's nodes a network
// interface of its own; nil if it has none.
func (p *nodePool) exclusiveLabel() *located.Value {
	for _, label := range p.res.Body.Get("labels").Items() {
		if label.Get("key").Is("k8s.aliyun.com/exclusive-mode-eni-type") && label.Get("value").Is("eniOnly") {
			return label.Get("value")
		}
	}
	return nil
}

func (n *network) applyTerwayConfig(v *located.Value) {
	text, ok := v.Text()
	if !ok || text == "" {
		return
	}
	var config map[string]any
	if json.Unmarshal([]byte(text), &config) != nil {
		return
	}
	flag := func(key string) string {
		switch value := config[key].(type) {
		case string:
			return strings.ToLower(value)
		case bool:
			return strconv.FormatBool(value)
		default:
			return ""
		}
	}
	n.trunkingOff = flag("ENITrunking") == "false"
	switch flag("NetworkPolicy") {
	case "true":
		n.enforcement = "enforced"
	case "false":
		n.enforcement = "not-enforced"
	}
	switch {
	case strings.EqualFold(flag("DataPathType"), "v2") || strings.EqualFold(flag("DataPathType"), "datapathv2"):
		n.datapath = "v2"
	case flag("IPVlan") == "true":
		n.datapath = "ipvlan"
	case flag("IPVlan") == "false":
		n.datapath = "veth"
	}
}

// readIPStack: a cluster has IPv4 only unless ip_stack says dual (provider
// documentation, cs_managed_kubernetes); Flannel has no dual stack. The API may
// choose where the argument is left out, but has no choice without IPv6 in the
// vSwitches.
func (c *cluster) readIPStack(body *located.Value) {
	v := body.Get("ip_stack")
	switch text, ok := v.Text(); {
	case c.plugin == pluginFlannel, v.IsNull() && !c.hasIPv6VSwitch():
		c.ipStack = "ipv4"
	case ok:
		c.ipStack = text
	}
}

// hasIPv6VSwitch reports whether one of the cluster's vSwitches has IPv6, or may.
func (c *cluster) hasIPv6VSwitch() bool {
	return slices.ContainsFunc(slices.Concat(c.pod.members, c.node.members), func(m member) bool {
		if m.vswitch.Resource == nil {
			return true
		}
		body := m.vswitch.Resource.Body
		on, _ := body.Get("enable_ipv6").Truth()
		return on || body.Get("enable_ipv6").IsUnknown() || !body.Get("ipv6_cidr_block_mask").IsNull()
	})
}

func (c *cluster) readIntent() {
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
