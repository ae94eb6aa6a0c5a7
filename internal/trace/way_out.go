package trace

import (
	"cmp"
	"slices"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/terraform"
)

// wayOut is the verdict on one vSwitch's way to public IPv4 addresses.
type wayOut struct {
	member  world.Member
	status  truth.Verdict
	code    string      // for Blocked: gateway-unusable, eip-not-associated, route or missing
	reason  string      // for Unsure and Open
	covered truth.Truth // whether an SNAT entry or something equal covers it
	entry   *alicloud.SNATEntry
	route   alicloud.Route
	// byRoute says that it depends on the destination: the route table has routes
	// for some public addresses only.
	byRoute bool
}

// judgeWay judges one vSwitch, in the order of rules of the domain: a public
// address of the node itself, the NAT gateway that ACK makes, the route table,
// then SNAT entries.
func judgeWay(f *world.Facts, c *world.Cluster, src *world.Sources, m world.Member) wayOut {
	v := m.VSwitch
	way := wayOut{member: m, status: truth.Unknown, covered: truth.Maybe}
	if v.VPC == nil || v.Resource == nil {
		way.reason = v.Reason
		return way
	}
	public := publicNodesIn(c, v)
	if src.Role == world.RoleNode && public == truth.Yes {
		way.status, way.covered, way.reason = truth.Open, truth.Yes, "the nodes have public addresses"
		return way
	}
	switch {
	case c.NewGateway == truth.Maybe:
		way.reason = c.Res.Body.Get("new_nat_gateway").ReasonOr("new_nat_gateway is unknown")
		return way
	case c.NewGateway == truth.Yes && m.Named:
		way.status, way.covered, way.reason = truth.Open, truth.Yes, "new_nat_gateway: ACK gives the vSwitches of the cluster a way out"
		return way
	}
	way.route = alicloud.DefaultRoute(c.Scope, v)
	if way.route.Kind == alicloud.RouteOther || way.route.Kind == alicloud.RouteUnknown {
		way.reason = way.route.Reason
		return way
	}
	throughEntries(f, c, &way)
	if way.route.Kind == alicloud.RouteNone {
		judgeRoute(&way, c.Primary() == src || src.Scope != "")
	}
	if way.covered != truth.Yes && c.NewGateway == truth.Yes {
		way.status, way.code = truth.Unknown, ""
		way.covered = truth.Maybe
		way.reason = "which vSwitches new_nat_gateway serves beyond those the cluster names is not documented"
	}
	if way.status == truth.Blocked && src.Role == world.RoleNode && public == truth.Maybe {
		way.status, way.code, way.covered = truth.Unknown, "", truth.Maybe
		way.reason = "some nodes may have public addresses of their own"
	}
	return way
}

// publicNodesIn says whether the nodes in a vSwitch have public addresses of their
// own, which the node pools that name it decide.
func publicNodesIn(c *world.Cluster, v *alicloud.VSwitch) truth.Truth {
	if c.PublicNodes != truth.Maybe {
		return c.PublicNodes
	}
	var answers []truth.Truth
	for _, pool := range c.Pools {
		list, unknown := c.Scope.Idents(pool.Res.Body.Get("vswitch_ids"))
		if unknown != "" {
			return truth.Maybe
		}
		if !slices.ContainsFunc(list, func(id alicloud.Ident) bool { return id.Key == v.Key }) {
			continue
		}
		answer, _ := world.PublicPool(pool.Res.Body)
		if answer == truth.No && mayAssociate(c, pool) {
			answer = truth.Maybe
		}
		answers = append(answers, answer)
	}
	answers = slices.Compact(answers)
	if len(answers) != 1 {
		return truth.Maybe // of some of them only, or the vSwitch is that of no pool
	}
	return answers[0]
}

// mayAssociate reports whether an EIP is, or may be, associated with a node of a
// pool.
func mayAssociate(c *world.Cluster, pool *world.NodePool) bool {
	instances, unknown := c.Scope.Idents(pool.Res.Body.Get("instances"))
	return slices.ContainsFunc(c.Scope.ByType["alicloud_eip_association"], func(assoc *terraform.Resource) bool {
		id := c.Scope.Ident(assoc.Body.Get("instance_id"))
		return id.Unknown() || unknown != "" && id.Resource != nil && id.Resource.Type == "alicloud_instance" ||
			slices.ContainsFunc(instances, func(i alicloud.Ident) bool { return i.Key == id.Key })
	})
}

// judgeRoute judges a vSwitch whose route table has no route for every public
// address. Without any, the table is told before a missing SNAT entry is; nodes
// beside pods of their own vSwitches need no way out for certain, so theirs is left
// to the SNAT rules.
func judgeRoute(way *wayOut, primary bool) {
	some := len(way.route.Some) > 0
	switch {
	case way.code == "route" && some:
		way.status, way.code, way.byRoute = truth.Unknown, "", true
		way.reason = way.route.Table.Address + " has routes for some public addresses only"
	case way.code == "missing" && !some && primary:
		way.code = "route"
	}
}

// throughEntries judges the SNAT entries that cover a vSwitch.
func throughEntries(f *world.Facts, c *world.Cluster, way *wayOut) {
	v := way.member.VSwitch
	entries := f.Entries[c.Scope]
	possible := ""
	outside := ""
	for _, e := range entries {
		switch e.Covers(v) {
		case truth.No:
			if outside == "" && e.MayShareVPC(v) {
				outside = "the NAT gateway of " + e.Resource.Address + " is outside the files, it may have other SNAT entries"
			}
		case truth.Maybe:
			if possible == "" {
				possible = e.Resource.Address + " may cover it: " + whyUnsure(e)
			}
		case truth.Yes: // the best of several decides
			status, code, reason := usable(c.Scope, e, v, way.route)
			if way.covered != truth.Yes || status.Better(way.status) {
				way.status, way.code, way.reason, way.entry = status, code, reason, e
			}
			way.covered = truth.Yes
		}
	}
	if way.covered == truth.Yes {
		return
	}
	if possible == "" {
		possible = cmp.Or(outside, otherSupply(f, c.Scope, v))
	}
	if possible != "" {
		way.status, way.reason = truth.Unknown, possible
		return
	}
	way.status, way.code, way.covered = truth.Blocked, "missing", truth.No
}

func whyUnsure(e *alicloud.SNATEntry) string {
	switch {
	case e.Resource.Uncertain != "":
		return e.Resource.Uncertain
	case e.Unknown != "":
		return e.Unknown
	default:
		return "the files do not decide it"
	}
}

// usable judges an SNAT entry that covers a vSwitch: its gateway, its EIPs and
// the route to it.
func usable(s *alicloud.Scope, e *alicloud.SNATEntry, v *alicloud.VSwitch, r alicloud.Route) (status truth.Verdict, code, reason string) {
	switch {
	case e.Gateway == nil:
		return truth.Unknown, "", "the NAT gateway of " + e.Resource.Address + " is outside the files"
	case e.Gateway.Internet == truth.No, e.Gateway.VPC != nil && e.Gateway.VPC != v.VPC:
		return truth.Blocked, "gateway-unusable", ""
	case e.Gateway.Internet == truth.Maybe:
		return truth.Unknown, "", "the network_type of " + e.Gateway.Name + " is unknown"
	}
	switch r.Kind {
	case alicloud.RouteNone:
		return truth.Blocked, "route", ""
	case alicloud.RouteNAT:
		if r.Gateway != e.Gateway {
			return truth.Blocked, "route", ""
		}
	case alicloud.RouteSystem:
		// Only the first Internet NAT gateway of a VPC gets a route by itself.
		list, unknown := alicloud.GatewaysOf(s, v.VPC)
		list = slices.DeleteFunc(list, func(g *alicloud.Gateway) bool { return g.Internet == truth.No })
		if len(list) > 1 || unknown != "" {
			return truth.Unknown, "", "the system route table's default route belongs to the first of several NAT gateways"
		}
	}
	switch e.EIP.Status {
	case truth.Blocked:
		return truth.Blocked, "eip-not-associated", ""
	case truth.Unknown:
		return truth.Unknown, "", e.EIP.Reason
	default:
		return truth.Open, "", ""
	}
}

// otherSupply says what might give a vSwitch a way out that the scope does not
// show: its absence must be proved before it counts.
func otherSupply(f *world.Facts, s *alicloud.Scope, v *alicloud.VSwitch) string {
	if v.VPC.Resource == nil {
		return "the VPC " + v.VPC.Name + " is outside the files, it may have a NAT gateway of its own"
	}
	keys := []string{v.Key, v.VPC.Key}
	list, unknown := alicloud.GatewaysOf(s, v.VPC)
	if unknown != "" {
		return unknown
	}
	for _, g := range list {
		keys = append(keys, g.Key)
	}
	if reason, found := s.UnreadModule(keys...); found {
		return reason
	}
	return foreignGateway(f, s)
}

// foreignGateway says which NAT gateway of another root may serve any VPC: one
// whose VPC its own root does not decide.
func foreignGateway(f *world.Facts, s *alicloud.Scope) string {
	for _, other := range f.Scopes {
		if other.Root.Dir == s.Root.Dir || other.Root.Uncalled {
			continue
		}
		for _, res := range other.ByType["alicloud_nat_gateway"] {
			if g := other.Gateway(alicloud.Ident{Key: res.Address, Resource: res}); g.VPC == nil || g.VPC.Resource == nil {
				return res.Address + " in " + other.Root.Dir + " may serve its VPC"
			}
		}
		for _, res := range other.ByType["alicloud_snat_entry"] {
			if other.Gateway(other.Ident(alicloud.FirstItem(res.Body.Get("snat_table_id")))) == nil {
				return res.Address + " in " + other.Root.Dir + " may cover it"
			}
		}
	}
	return ""
}

// leadsOut reports whether an SNAT entry or something equal covers the vSwitch; an
// entry of a gateway that gives no Internet access does not.
func (w *wayOut) leadsOut() bool { return w.covered == truth.Yes && w.code != "gateway-unusable" }

// rankOf orders codes of vSwitches by how specific the rule is that speaks.
func rankOf(code string) int {
	order := []string{"gateway-unusable", "missing", "route", "eip-not-associated", ""}
	return slices.Index(order, code)
}
