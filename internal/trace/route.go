package trace

import (
	"cmp"
	"slices"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
)

// Routes to public addresses: what a route table of one's own lacks.

// routeGate is a RouteBlock under construction.
type routeGate struct {
	*model.RouteBlock
	gate *internetGate
	ways []wayOut
	need needs // those of the gate that the route table stops
}

// routeBlocks groups the vSwitches of a cluster's gates whose route table leads
// nowhere, by the attachment that puts them on it.
func (y *ways) routeBlocks(c *world.Cluster) {
	for _, src := range c.AllSources() {
		gate := y.bySource[src]
		if gate == nil {
			continue
		}
		for _, way := range gate.ways {
			if way.code == "route" || way.byRoute {
				y.addRouteBlock(c, gate, way)
			}
		}
	}
}

func (y *ways) addRouteBlock(c *world.Cluster, gate *internetGate, way wayOut) {
	block := routeBlock(c, gate, way)
	i := slices.IndexFunc(gate.routes, func(r *routeGate) bool { return r.Origin.Same(block.Origin) })
	if i < 0 {
		i = len(gate.routes)
		gate.routes = append(gate.routes, &routeGate{RouteBlock: block, gate: gate})
		y.routes = append(y.routes, gate.routes[i])
	}
	r := gate.routes[i]
	// What an entry is meant for weighs more than what has none.
	if r.Code == "no-way" {
		r.Code, r.Gateway, r.Entry = block.Code, block.Gateway, block.Entry
	}
	if !slices.Contains(r.Tables, block.Tables[0]) {
		r.Tables = append(r.Tables, block.Tables...)
	}
	r.VSwitches = append(r.VSwitches, way.member.VSwitch.Label())
	r.ways = append(r.ways, way)
}

// routeBlock is what one vSwitch adds to the block of its attachment.
func routeBlock(c *world.Cluster, gate *internetGate, way wayOut) *model.RouteBlock {
	block := &model.RouteBlock{
		Cluster: c.ID, ClusterName: c.Name, Role: gate.Role, Scope: gate.Scope, Primary: gate.Primary, Intent: gate.Intent,
		Partial: len(gate.Covered) > 0, Code: "no-way", Tables: []string{"the system route table"}, VSwitches: []string{},
	}
	holder := way.route.Attach
	if way.route.Table != nil {
		block.Tables = []string{way.route.Table.Address}
	}
	if way.entry != nil {
		block.Code, block.Entry = "no-default-route", c.Scope.AtBlock(way.entry.Resource)
		block.Gateway = way.entry.Gateway.Name
	}
	if way.route.Kind == alicloud.RouteNAT {
		block.Code, block.Entry = "other-gateway", c.Scope.AtBlock(way.route.Entry)
		if holder == nil {
			holder = way.route.Entry
		}
	}
	block.Origin = c.Scope.AtBlock(holder)
	return block
}

// judge judges the route tables of a block for one requirement, and says why if it
// cannot.
func (r *routeGate) judge(s *alicloud.Scope, req *world.Need) (status truth.Verdict, reason string) {
	status = truth.Open
	for _, way := range r.ways {
		if !req.View().Takes(way.member.VSwitch) {
			continue
		}
		one, why := way.towards(s, req)
		if one == truth.Blocked {
			return truth.Blocked, ""
		}
		if one == truth.Unknown {
			status, reason = truth.Unknown, cmp.Or(reason, why)
		}
	}
	return status, reason
}

// towards judges the way to the destination of a requirement. Of a name only the
// addresses that it may have are known.
func (w *wayOut) towards(s *alicloud.Scope, r *world.Need) (status truth.Verdict, reason string) {
	addr := r.Addr
	switch {
	case !w.byRoute, r.Anywhere:
		return truth.Blocked, ""
	case r.Prefix.IsValid():
		addr = r.Prefix.Addr()
		if !slices.ContainsFunc(w.route.Some, func(some alicloud.SomeRoute) bool { return ipset.Covers(some.CIDR, r.Prefix) }) {
			return truth.Blocked, ""
		}
	case !addr.IsValid(), len(r.Others) > 0:
		return truth.Unknown, w.reason
	}
	to := w.route.Towards(addr)
	if to.Kind == alicloud.RouteOther {
		return truth.Unknown, to.Reason
	}
	status, code, reason := usable(s, w.entry, w.member.VSwitch, to)
	if status == truth.Blocked && code != "route" {
		return truth.Open, "" // told by another rule, not by the route table
	}
	return status, reason
}

// routeEntities are the route tables that stop something: a known requirement or, where
// none of the gate is known, whatever there may be.
func (y *ways) routeEntities() []*model.RouteBlock {
	list := []*model.RouteBlock{}
	for _, r := range y.routes {
		r.Need, r.AllServed = r.need.sum(), r.gate.AllServed
		latent := len(r.gate.need.list) == 0 && slices.ContainsFunc(r.ways, func(w wayOut) bool { return !w.byRoute })
		if latent || r.Need.Strength != model.None {
			list = append(list, r.RouteBlock)
		}
	}
	return list
}
