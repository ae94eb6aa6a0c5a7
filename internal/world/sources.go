package world

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// Sources are the vSwitches that packets of one kind come from: those of a cluster's
// pods, those of its nodes, or those that something gives to certain pods.
type Sources struct {
	Role    string
	Scope   string // which pods these are, for messages; empty for those of the whole cluster
	Members []Member
	Unknown string       // why there may be others; empty if members is all
	Origin  place.Origin // the argument that names them
	// Own are the security groups on the interfaces of certain pods; nil if they carry
	// the cluster's.
	Own *IDs
}

// Member is a vSwitch that packets leave from.
type Member struct {
	VSwitch *alicloud.VSwitch
	Origin  place.Origin // the element that names it
	Named   bool         // whether the cluster resource itself names it
}

// readSources collects the vSwitches that the cluster's packets come from.
func readSources(f *Facts, c *Cluster) {
	c.Pod.Role, c.Node.Role = RolePod, RoleNode
	readNodeSources(c)
	switch c.Plugin {
	case PluginTerway:
		readPodSources(f, c)
		return
	case pluginServerless:
		// The pods are container groups in the cluster's own vSwitches.
		addSources(c, &c.Pod, c.Res, true, "vswitch_ids", "vswitch_id", "worker_vswitch_ids")
		if len(c.Pod.Members) == 0 && c.Pod.Unknown == "" {
			c.Pod.Unknown = "the cluster names no vSwitches"
		}
		c.Node = Sources{Role: RoleNode, Unknown: "a serverless cluster has no nodes in the files"}
	case PluginFlannel:
		c.Pod.Unknown = "Flannel pods have no vSwitch of their own"
	default:
		c.Pod.Unknown = "the network plug-in is unknown"
	}
	if reason := c.Res.Uncertain; reason != "" {
		c.Pod = Sources{Role: RolePod, Unknown: reason}
		c.Node = Sources{Role: RoleNode, Unknown: reason}
	}
}

// addSources appends the vSwitches that the first written one of some arguments
// names.
func addSources(c *Cluster, src *Sources, holder *terraform.Resource, named bool, arguments ...string) {
	for _, name := range arguments {
		v := holder.Body.Get(name)
		if v.IsNull() {
			continue
		}
		if alicloud.Ignored(holder, name) {
			src.Unknown = holder.Address + " leaves " + name + " to be changed outside Terraform"
			return
		}
		if src.Origin.Ref == 0 {
			src.Origin = c.Scope.At(holder, v)
		}
		for _, item := range v.Split() {
			id := c.Scope.Ident(item)
			if !id.Known() {
				if src.Unknown == "" {
					src.Unknown = item.ReasonOr("an element of " + name + " of " + holder.Address + " is unknown")
				}
				continue
			}
			src.addMember(Member{VSwitch: c.Scope.VSwitch(id), Origin: c.Scope.At(holder, item), Named: named})
		}
		return
	}
}

// addMember adds a vSwitch, once.
func (s *Sources) addMember(m Member) {
	if i := slices.IndexFunc(s.Members, func(have Member) bool { return have.VSwitch == m.VSwitch }); i >= 0 {
		s.Members[i].Named = s.Members[i].Named || m.Named
		return
	}
	s.Members = append(s.Members, m)
}

func readNodeSources(c *Cluster) {
	for _, pool := range c.Pools {
		own := Sources{Role: RoleNode}
		addSources(c, &own, pool.Res, false, "vswitch_ids")
		if len(own.Members) == 0 && own.Unknown == "" && pool.Res.Body.Get("vswitch_ids").IsNull() {
			own.Unknown = "the vswitch_ids of " + pool.Res.Address + " are not in the files"
		}
		pool.unknown = cmp.Or(own.Unknown, pool.Res.Uncertain)
		for _, m := range own.Members {
			pool.vswitches = append(pool.vswitches, m.VSwitch)
			c.Node.addMember(m)
		}
		c.Node.Unknown = cmp.Or(c.Node.Unknown, pool.unknown)
		if c.Node.Origin.Ref == 0 {
			c.Node.Origin = own.Origin
		}
	}
	// A cluster's vswitch_ids are those of the control plane; they are node vSwitches
	// only where no node pool is in the files. A dedicated cluster's masters are
	// nodes too.
	if len(c.Pools) == 0 {
		addSources(c, &c.Node, c.Res, true, "worker_vswitch_ids", "vswitch_ids")
	}
	if c.kind == "dedicated" {
		addSources(c, &c.Node, c.Res, true, "master_vswitch_ids")
	}
	if reason := c.unattachedPools(); reason != "" && c.Node.Unknown == "" {
		c.Node.Unknown = reason
	}
	if len(c.Node.Members) == 0 && c.Node.Unknown == "" {
		c.Node.Unknown = "no vSwitch of the nodes is in the files"
	}
	// The cluster's own lists matter for new_nat_gateway.
	for _, name := range []string{"worker_vswitch_ids", "vswitch_ids", "master_vswitch_ids", "pod_vswitch_ids"} {
		list, _ := c.Scope.Idents(c.Res.Body.Get(name))
		for _, id := range list {
			for i := range c.Node.Members {
				if c.Node.Members[i].VSwitch.Key == id.Key {
					c.Node.Members[i].Named = true
				}
			}
		}
	}
}

var vswitchID = regexp.MustCompile(`vsw-[a-z0-9]+`)

func readPodSources(f *Facts, c *Cluster) {
	c.base = Sources{Role: RolePod}
	addSources(c, &c.base, c.Res, true, "pod_vswitch_ids")
	for _, a := range c.addons().enabled {
		text, _ := a.config.Text()
		if a.plugin != PluginTerway || !strings.Contains(text, "PodVswitchId") {
			if a.plugin == PluginTerway && a.config.IsUnknown() && len(c.base.Members) == 0 {
				c.base.Unknown = a.config.Reason
			}
			continue
		}
		addAddonVSwitches(c, a, text)
	}
	if reason := c.Res.Uncertain; reason != "" {
		c.base = Sources{Role: RolePod, Unknown: reason}
		c.Node = Sources{Role: RoleNode, Unknown: reason}
	}
	applyPodConfig(f, c)
	spreadPods(c)
}

// addAddonVSwitches reads PodVswitchId of the addon's config, the only way to
// change a cluster's pod vSwitches after its creation.
func addAddonVSwitches(c *Cluster, a addon, text string) {
	_, text, _ = strings.Cut(text, "PodVswitchId")
	origin := c.Scope.At(a.holder, a.config)
	refs, rest := located.Refs(text)
	list := make([]alicloud.Ident, 0, len(refs))
	for _, ref := range refs {
		v := &located.Value{Kind: located.String, Str: ref.Placeholder()}
		list = append(list, c.Scope.Ident(v))
	}
	for _, id := range vswitchID.FindAllString(rest, -1) {
		list = append(list, alicloud.Ident{Key: "id:" + id})
	}
	for _, id := range list {
		c.base.addMember(Member{VSwitch: c.Scope.VSwitch(id), Origin: origin})
	}
}

// readNewGateway reads new_nat_gateway, which defaults to true in the provider
// for every kind of cluster.
func readNewGateway(c *Cluster, body *located.Value) {
	v := body.Get("new_nat_gateway")
	on, ok := v.Truth()
	switch {
	case v.IsNull():
		c.NewGateway = truth.Yes
	case !ok:
		c.NewGateway = truth.Maybe
	case on:
		c.NewGateway = truth.Yes
	default:
		c.NewGateway = truth.No
	}
}

// readPublicNodes says whether nodes have public addresses of their own: a pool's
// internet_max_bandwidth_out above 0, a bound EIP, or an EIP associated with an
// instance that the pool names (provider documentation, cs_kubernetes_node_pool).
func readPublicNodes(c *Cluster) {
	c.PublicNodes = truth.No
	public := 0
	for _, pool := range c.Pools {
		answer, by := PublicPool(pool.Res.Body)
		switch answer {
		case truth.Yes:
			public++
			c.PublicBy = append(c.PublicBy, c.Scope.At(pool.Res, by))
		case truth.Maybe:
			c.PublicNodes = truth.Maybe
		}
	}
	switch {
	case public > 0 && public == len(c.Pools):
		c.PublicNodes = truth.Yes
	case public > 0:
		c.PublicNodes = truth.Maybe
	}
	for _, assoc := range c.Scope.ByType["alicloud_eip_association"] {
		instance := c.Scope.Ident(assoc.Body.Get("instance_id"))
		// EIPs of nodes are associated through attributes that the cluster computes.
		if c.PublicNodes == truth.No && instance.Unknown() {
			c.PublicNodes = truth.Maybe
		}
		for _, pool := range c.Pools {
			list, _ := c.Scope.Idents(pool.Res.Body.Get("instances"))
			if slices.ContainsFunc(list, func(id alicloud.Ident) bool { return id.Resource != nil && id.Key == instance.Key }) {
				c.PublicBy = append(c.PublicBy, c.Scope.AtBlock(assoc))
				if c.PublicNodes == truth.No {
					c.PublicNodes = truth.Maybe
				}
			}
		}
	}
}

// PublicPool says whether a node pool gives its nodes public addresses, and which argument says so.
func PublicPool(body *located.Value) (answer truth.Truth, by *located.Value) {
	answer = truth.No
	if v := body.Get("internet_max_bandwidth_out"); v.IsUnknown() {
		answer = truth.Maybe
	} else if text, ok := v.Text(); ok && text != "" && text != "0" {
		return truth.Yes, v
	}
	for _, block := range body.Get("scaling_config").Items() {
		v := block.Get("is_bond_eip")
		on, ok := v.Truth()
		switch {
		case ok && on:
			return truth.Yes, v
		case v.IsUnknown():
			answer = truth.Maybe
		}
	}
	return answer, nil
}

// findVPC is the VPC of the first vSwitch whose VPC is known; all vSwitches of a
// cluster lie in one.
func (c *Cluster) findVPC() *alicloud.VPC {
	for _, m := range slices.Concat(c.Pod.Members, c.Node.Members) {
		if m.VSwitch.VPC != nil {
			return m.VSwitch.VPC
		}
	}
	for _, name := range []string{"vswitch_ids", "worker_vswitch_ids", "master_vswitch_ids"} {
		list, _ := c.Scope.Idents(c.Res.Body.Get(name))
		for _, id := range list {
			if v := c.Scope.VSwitch(id); v.VPC != nil {
				return v.VPC
			}
		}
	}
	return c.Scope.VPC(c.Scope.Ident(c.Res.Body.Get("vpc_id")))
}

// Primary is where the packets of ordinary pods come from.
func (c *Cluster) Primary() *Sources {
	if c.Plugin == PluginFlannel {
		return &c.Node
	}
	return &c.Pod
}

// AllSources are where packets of the cluster come from: its pods, its nodes, certain
// pods.
func (c *Cluster) AllSources() []*Sources {
	return append([]*Sources{&c.Pod, &c.Node}, c.Own...)
}

// PluginOf is what gives packets from sources their address.
func (c *Cluster) PluginOf(src *Sources) string {
	if c.Plugin == PluginFlannel && src.Role == RolePod {
		return pluginServerless // container groups beside nodes
	}
	return c.Plugin
}

// sourcesOf is where the packets of plain pods come from, or those of pods on the
// nodes' network.
func (c *Cluster) sourcesOf(hostNetwork bool) *Sources {
	if hostNetwork {
		return &c.Node
	}
	return c.Primary()
}

// podAddresses are the IPv4 addresses that pods may have; nil if they are not all
// known.
func (c *Cluster) podAddresses() *netipx.IPSet {
	if c.Pod.Unknown != "" {
		return nil
	}
	all := c.Pod.Addresses()
	for _, src := range c.Own {
		more := src.Addresses()
		if all == nil || more == nil {
			return nil
		}
		all = ipset.Union(all, more)
	}
	return all
}

// Addresses are the IPv4 addresses of all vSwitches; nil if the CIDR of one is
// unknown.
func (s *Sources) Addresses() *netipx.IPSet {
	var list []netip.Prefix
	for _, m := range s.Members {
		if !m.VSwitch.CIDR.IsValid() {
			return nil
		}
		list = append(list, m.VSwitch.CIDR)
	}
	return ipset.Of(list...)
}
