package egress

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/parser/terraform"
)

// route is where a vSwitch's route table sends packets for public addresses.
type route struct {
	kind    routeKind
	gateway *gateway            // for routeNAT
	table   *terraform.Resource // the custom route table, nil for the system table
	attach  *terraform.Resource // what attaches it
	entry   *terraform.Resource // the route, nil when there is none
	reason  string              // for routeOther and routeUnknown
	some    []someRoute         // the table's routes for some public addresses
}

// someRoute is a route for a part of the public addresses.
type someRoute struct {
	cidr    netip.Prefix
	gateway *gateway // nil unless it leads to a NAT gateway of the files
	reason  string   // why where it leads to is not decided
}

type routeKind int

const (
	routeSystem  routeKind = iota // the system table without a route of its own in the files
	routeNAT                      // to a NAT gateway
	routeOther                    // to something whose way on is not modelled
	routeNone                     // a custom table without a route for public addresses
	routeUnknown                  // not decided by the files
)

// defaultRoute finds the route for 0.0.0.0/0 of a vSwitch.
func (s *scope) defaultRoute(v *vswitch) route {
	r := route{kind: routeSystem}
	for _, res := range s.byType["alicloud_route_table_attachment"] {
		id := s.ident(res.Body.Get("vswitch_id"))
		if !id.known() || id.res == nil && !strings.HasPrefix(id.key, "id:") {
			return route{kind: routeUnknown, reason: "which vSwitch " + res.Address + " attaches is unknown"}
		}
		if id.key != v.key {
			continue
		}
		table := s.ident(res.Body.Get("route_table_id"))
		if res.Uncertain != "" || table.res == nil || table.res.Type != "alicloud_route_table" {
			return route{kind: routeUnknown, attach: res, reason: "the route table that " + res.Address + " attaches is outside the files"}
		}
		r.table, r.attach = table.res, res
	}
	tableKey := ""
	if r.table != nil {
		tableKey = r.table.Address
		r.kind = routeNone
	} else if v.vpc != nil {
		tableKey = v.vpc.key
	}
	for _, typ := range []string{"alicloud_route_entry", "alicloud_vpc_route_entry"} {
		for _, res := range s.byType[typ] {
			s.applyRoute(&r, res, tableKey)
			if r.kind == routeOther || r.kind == routeUnknown {
				return r
			}
		}
	}
	if r.kind == routeNone {
		if reason, found := s.unreadModule(r.table.Address, v.key); found {
			return route{kind: routeUnknown, table: r.table, attach: r.attach, reason: reason}
		}
	}
	if reason := s.publishedRoutes(v.vpc); reason != "" && r.kind != routeNAT {
		return route{kind: routeOther, table: r.table, attach: r.attach, reason: reason}
	}
	return r
}

func (s *scope) applyRoute(r *route, res *terraform.Resource, tableKey string) {
	body := res.Body
	table := s.ident(body.Get("route_table_id"))
	if !table.known() {
		r.kind, r.reason = routeUnknown, "the route table of "+res.Address+" is unknown"
		return
	}
	if table.key != tableKey {
		return
	}
	dest := body.Get("destination_cidrblock")
	if dest.IsNull() {
		dest = body.Get("destination_cidr_block")
	}
	text, ok := dest.Text()
	if !ok {
		r.kind, r.reason = routeUnknown, "the destination of "+res.Address+" is unknown"
		return
	}
	cidr, ok := ipset.Parse(text)
	if !ok || !cidr.Addr().Is4() {
		return
	}
	kind, g, reason := s.nextHop(res)
	// Halves and quarters of the address space are used to outrank a default route.
	if cidr.Bits() > 2 {
		if ipset.Public4.OverlapsPrefix(cidr) {
			r.some = append(r.some, someRoute{cidr, g, reason})
		}
		return
	}
	r.entry = res
	if kind == routeNAT && cidr.Bits() != 0 {
		kind, reason = routeOther, "egress by route to NatGateway ("+res.Address+"), not modelled"
	}
	r.kind, r.gateway, r.reason = kind, g, reason
}

// nextHop is what a route leads to: a NAT gateway of the files, something that is
// not modelled, or something that the files do not decide.
func (s *scope) nextHop(res *terraform.Resource) (kind routeKind, g *gateway, reason string) {
	if res.Uncertain != "" {
		return routeUnknown, nil, res.Uncertain
	}
	hop, _ := res.Body.Get("nexthop_type").Text()
	switch {
	case hop == "":
		hop = "an unknown next hop"
	case hop == "NatGateway":
		if g := s.gateway(s.ident(res.Body.Get("nexthop_id"))); g != nil {
			return routeNAT, g, ""
		}
		return routeUnknown, nil, "the NAT gateway that " + res.Address + " leads to is outside the files"
	}
	return routeOther, nil, fmt.Sprintf("egress by route to %s (%s), not modelled", hop, res.Address)
}

// towards is the route of a table without a default route for one address: the
// most specific of its routes for some addresses.
func (r *route) towards(addr netip.Addr) route {
	best := route{kind: routeNone}
	bits := -1
	for _, some := range r.some {
		if !some.cidr.Contains(addr) || some.cidr.Bits() <= bits {
			continue
		}
		bits = some.cidr.Bits()
		best = route{kind: routeNAT, gateway: some.gateway, reason: some.reason}
		if some.gateway == nil {
			best.kind = routeOther
		}
	}
	return best
}

// publishedRoutes says whether a transit router may publish a default route into
// the VPC.
func (s *scope) publishedRoutes(v *vpc) string {
	if v == nil {
		return ""
	}
	for _, res := range s.byType["alicloud_cen_transit_router_vpc_attachment"] {
		if s.ident(res.Body.Get("vpc_id")).key != v.key {
			continue
		}
		publish := res.Body.Get("auto_publish_route_enabled")
		if on, ok := publish.Truth(); ok && on || publish.IsUnknown() {
			return "egress by routes that a transit router publishes (" + res.Address + "), not modelled"
		}
	}
	return ""
}
