package egress

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

// sources are the vSwitches that packets of one kind come from: those of a cluster's
// pods, those of its nodes, or those that something gives to certain pods.
type sources struct {
	role    string
	scope   string // which pods these are, for messages; empty for those of the whole cluster
	members []member
	unknown string       // why there may be others; empty if members is all
	origin  place.Origin // the argument that names them
	// own are the security groups on the interfaces of certain pods; nil if they carry
	// the cluster's.
	own *ids
}

type member struct {
	vswitch *alicloud.VSwitch
	origin  place.Origin // the element that names it
	named   bool         // whether the cluster resource itself names it
}

// readSources collects the vSwitches that the cluster's packets come from.
func readSources(f *facts, c *cluster) {
	c.pod.role, c.node.role = rolePod, roleNode
	readNodeSources(c)
	switch c.plugin {
	case pluginTerway:
		readPodSources(f, c)
		return
	case pluginServerless:
		// The pods are container groups in the cluster's own vSwitches.
		addSources(c, &c.pod, c.res, true, "vswitch_ids", "vswitch_id", "worker_vswitch_ids")
		if len(c.pod.members) == 0 && c.pod.unknown == "" {
			c.pod.unknown = "the cluster names no vSwitches"
		}
		c.node = sources{role: roleNode, unknown: "a serverless cluster has no nodes in the files"}
	case pluginFlannel:
		c.pod.unknown = "Flannel pods have no vSwitch of their own"
	default:
		c.pod.unknown = "the network plug-in is unknown"
	}
	if reason := c.res.Uncertain; reason != "" {
		c.pod = sources{role: rolePod, unknown: reason}
		c.node = sources{role: roleNode, unknown: reason}
	}
}

// addSources appends the vSwitches that the first written one of some arguments
// names.
func addSources(c *cluster, src *sources, holder *terraform.Resource, named bool, arguments ...string) {
	for _, name := range arguments {
		v := holder.Body.Get(name)
		if v.IsNull() {
			continue
		}
		if alicloud.Ignored(holder, name) {
			src.unknown = holder.Address + " leaves " + name + " to be changed outside Terraform"
			return
		}
		if src.origin.Ref == 0 {
			src.origin = c.scope.At(holder, v)
		}
		for _, item := range v.Split() {
			id := c.scope.Ident(item)
			if !id.Known() {
				if src.unknown == "" {
					src.unknown = item.ReasonOr("an element of " + name + " of " + holder.Address + " is unknown")
				}
				continue
			}
			src.addMember(member{vswitch: c.scope.VSwitch(id), origin: c.scope.At(holder, item), named: named})
		}
		return
	}
}

// addMember adds a vSwitch, once.
func (s *sources) addMember(m member) {
	if i := slices.IndexFunc(s.members, func(have member) bool { return have.vswitch == m.vswitch }); i >= 0 {
		s.members[i].named = s.members[i].named || m.named
		return
	}
	s.members = append(s.members, m)
}

func readNodeSources(c *cluster) {
	for _, pool := range c.pools {
		own := sources{role: roleNode}
		addSources(c, &own, pool.res, false, "vswitch_ids")
		if len(own.members) == 0 && own.unknown == "" && pool.res.Body.Get("vswitch_ids").IsNull() {
			own.unknown = "the vswitch_ids of " + pool.res.Address + " are not in the files"
		}
		pool.unknown = cmp.Or(own.unknown, pool.res.Uncertain)
		for _, m := range own.members {
			pool.vswitches = append(pool.vswitches, m.vswitch)
			c.node.addMember(m)
		}
		c.node.unknown = cmp.Or(c.node.unknown, pool.unknown)
		if c.node.origin.Ref == 0 {
			c.node.origin = own.origin
		}
	}
	// A cluster's vswitch_ids are those of the control plane; they are node vSwitches
	// only where no node pool is in the files. A dedicated cluster's masters are
	// nodes too.
	if len(c.pools) == 0 {
		addSources(c, &c.node, c.res, true, "worker_vswitch_ids", "vswitch_ids")
	}
	if c.kind == "dedicated" {
		addSources(c, &c.node, c.res, true, "master_vswitch_ids")
	}
	if reason := c.unattachedPools(); reason != "" && c.node.unknown == "" {
		c.node.unknown = reason
	}
	if len(c.node.members) == 0 && c.node.unknown == "" {
		c.node.unknown = "no vSwitch of the nodes is in the files"
	}
	// The cluster's own lists matter for new_nat_gateway.
	for _, name := range []string{"worker_vswitch_ids", "vswitch_ids", "master_vswitch_ids", "pod_vswitch_ids"} {
		list, _ := c.scope.Idents(c.res.Body.Get(name))
		for _, id := range list {
			for i := range c.node.members {
				if c.node.members[i].vswitch.Key == id.Key {
					c.node.members[i].named = true
				}
			}
		}
	}
}

var vswitchID = regexp.MustCompile(`vsw-[a-z0-9]+`)

func readPodSources(f *facts, c *cluster) {
	c.base = sources{role: rolePod}
	addSources(c, &c.base, c.res, true, "pod_vswitch_ids")
	addons, _ := c.addons()
	for _, a := range addons {
		text, _ := a.config.Text()
		if a.plugin != pluginTerway || !strings.Contains(text, "PodVswitchId") {
			if a.plugin == pluginTerway && a.config.IsUnknown() && len(c.base.members) == 0 {
				c.base.unknown = a.config.Reason
			}
			continue
		}
		addAddonVSwitches(c, a, text)
	}
	if reason := c.res.Uncertain; reason != "" {
		c.base = sources{role: rolePod, unknown: reason}
		c.node = sources{role: roleNode, unknown: reason}
	}
	applyPodConfig(f, c)
	c.spreadPods()
}

// addAddonVSwitches reads PodVswitchId of the addon's config, the only way to
// change a cluster's pod vSwitches after its creation.
func addAddonVSwitches(c *cluster, a addon, text string) {
	_, text, _ = strings.Cut(text, "PodVswitchId")
	origin := c.scope.At(a.holder, a.config)
	refs, rest := located.Refs(text)
	list := make([]alicloud.Ident, 0, len(refs))
	for _, ref := range refs {
		v := &located.Value{Kind: located.String, Str: ref.Placeholder()}
		list = append(list, c.scope.Ident(v))
	}
	for _, id := range vswitchID.FindAllString(rest, -1) {
		list = append(list, alicloud.Ident{Key: "id:" + id})
	}
	for _, id := range list {
		c.base.addMember(member{vswitch: c.scope.VSwitch(id), origin: origin})
	}
}

// readNewGateway reads new_nat_gateway, which defaults to true in the provider
// for every kind of cluster.
func (c *cluster) readNewGateway(body *located.Value) {
	v := body.Get("new_nat_gateway")
	on, ok := v.Truth()
	switch {
	case v.IsNull():
		c.newGateway = truth.Yes
	case !ok:
		c.newGateway = truth.Maybe
	case on:
		c.newGateway = truth.Yes
	default:
		c.newGateway = truth.No
	}
}

// readPublicNodes says whether nodes have public addresses of their own: a pool's
// internet_max_bandwidth_out above 0, a bound EIP, or an EIP associated with an
// instance that the pool names (provider documentation, cs_kubernetes_node_pool).
func readPublicNodes(c *cluster) {
	c.publicNodes = truth.No
	public := 0
	for _, pool := range c.pools {
		answer, by := publicPool(pool.res.Body)
		switch answer {
		case truth.Yes:
			public++
			c.publicBy = append(c.publicBy, c.scope.At(pool.res, by))
		case truth.Maybe:
			c.publicNodes = truth.Maybe
		}
	}
	switch {
	case public > 0 && public == len(c.pools):
		c.publicNodes = truth.Yes
	case public > 0:
		c.publicNodes = truth.Maybe
	}
	for _, assoc := range c.scope.ByType["alicloud_eip_association"] {
		instance := c.scope.Ident(assoc.Body.Get("instance_id"))
		// EIPs of nodes are associated through attributes that the cluster computes.
		if c.publicNodes == truth.No && instance.Unknown() {
			c.publicNodes = truth.Maybe
		}
		for _, pool := range c.pools {
			list, _ := c.scope.Idents(pool.res.Body.Get("instances"))
			if slices.ContainsFunc(list, func(id alicloud.Ident) bool { return id.Resource != nil && id.Key == instance.Key }) {
				c.publicBy = append(c.publicBy, c.scope.AtBlock(assoc))
				if c.publicNodes == truth.No {
					c.publicNodes = truth.Maybe
				}
			}
		}
	}
}

func publicPool(body *located.Value) (answer truth.Truth, by *located.Value) {
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
func (c *cluster) findVPC() *alicloud.VPC {
	for _, m := range slices.Concat(c.pod.members, c.node.members) {
		if m.vswitch.VPC != nil {
			return m.vswitch.VPC
		}
	}
	for _, name := range []string{"vswitch_ids", "worker_vswitch_ids", "master_vswitch_ids"} {
		list, _ := c.scope.Idents(c.res.Body.Get(name))
		for _, id := range list {
			if v := c.scope.VSwitch(id); v.VPC != nil {
				return v.VPC
			}
		}
	}
	return c.scope.VPC(c.scope.Ident(c.res.Body.Get("vpc_id")))
}

// primary is where the packets of ordinary pods come from.
func (c *cluster) primary() *sources {
	if c.plugin == pluginFlannel {
		return &c.node
	}
	return &c.pod
}

// allSources are where packets of the cluster come from: its pods, its nodes, certain
// pods.
func (c *cluster) allSources() []*sources {
	return append([]*sources{&c.pod, &c.node}, c.own...)
}

// pluginOf is what gives packets from sources their address.
func (c *cluster) pluginOf(src *sources) string {
	if c.plugin == pluginFlannel && src.role == rolePod {
		return pluginServerless // container groups beside nodes
	}
	return c.plugin
}

// sourcesOf is where the packets of plain pods come from, or those of pods on the
// nodes' network.
func (c *cluster) sourcesOf(hostNetwork bool) *sources {
	if hostNetwork {
		return &c.node
	}
	return c.primary()
}

// podAddresses are the IPv4 addresses that pods may have; nil if they are not all
// known.
func (c *cluster) podAddresses() *netipx.IPSet {
	if c.pod.unknown != "" {
		return nil
	}
	all := c.pod.addresses()
	for _, src := range c.own {
		more := src.addresses()
		if all == nil || more == nil {
			return nil
		}
		all = ipset.Union(all, more)
	}
	return all
}

// addresses are the IPv4 addresses of all vSwitches; nil if the CIDR of one is
// unknown.
func (s *sources) addresses() *netipx.IPSet {
	var list []netip.Prefix
	for _, m := range s.members {
		if !m.vswitch.CIDR.IsValid() {
			return nil
		}
		list = append(list, m.vswitch.CIDR)
	}
	return ipset.Of(list...)
}
