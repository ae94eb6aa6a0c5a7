package alicloud

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/parser/terraform"
)

// Route is where a vSwitch's route table sends packets for public addresses.
type Route struct {
	Kind    RouteKind
	Gateway *Gateway            // for routeNAT
	Table   *terraform.Resource // the custom route table, nil for the system table
	Attach  *terraform.Resource // what attaches it
	Entry   *terraform.Resource // the route, nil when there is none
	Reason  string              // for routeOther and routeUnknown
	Some    []SomeRoute         // the table's routes for some public addresses
}

// SomeRoute is a route for a part of the public addresses.
type SomeRoute struct {
	CIDR    netip.Prefix
	gateway *Gateway // nil unless it leads to a NAT gateway of the files
	reason  string   // why where it leads to is not decided
}

// RouteKind is what a vSwitch's route for public addresses leads to.
type RouteKind int

// The kinds of routes.
const (
	RouteSystem  RouteKind = iota // the system table without a route of its own in the files
	RouteNAT                      // to a NAT gateway
	RouteOther                    // to something whose way on is not modelled
	RouteNone                     // a custom table without a route for public addresses
	RouteUnknown                  // not decided by the files
)

// DefaultRoute finds the route for 0.0.0.0/0 of a vSwitch.
func DefaultRoute(s *Scope, v *VSwitch) Route {
	r := Route{Kind: RouteSystem}
	for _, res := range s.ByType["alicloud_route_table_attachment"] {
		id := s.Ident(res.Body.Get("vswitch_id"))
		if !id.Known() || id.Resource == nil && !strings.HasPrefix(id.Key, "id:") {
			return Route{Kind: RouteUnknown, Reason: "which vSwitch " + res.Address + " attaches is unknown"}
		}
		if id.Key != v.Key {
			continue
		}
		table := s.Ident(res.Body.Get("route_table_id"))
		if res.Uncertain != "" || table.Resource == nil || table.Resource.Type != "alicloud_route_table" {
			return Route{Kind: RouteUnknown, Attach: res, Reason: "the route table that " + res.Address + " attaches is outside the files"}
		}
		r.Table, r.Attach = table.Resource, res
	}
	tableKey := ""
	if r.Table != nil {
		tableKey = r.Table.Address
		r.Kind = RouteNone
	} else if v.VPC != nil {
		tableKey = v.VPC.Key
	}
	for _, typ := range []string{"alicloud_route_entry", "alicloud_vpc_route_entry"} {
		for _, res := range s.ByType[typ] {
			applyRoute(s, &r, res, tableKey)
			if r.Kind == RouteOther || r.Kind == RouteUnknown {
				return r
			}
		}
	}
	if r.Kind == RouteNone {
		if reason, found := s.UnreadModule(r.Table.Address, v.Key); found {
			return Route{Kind: RouteUnknown, Table: r.Table, Attach: r.Attach, Reason: reason}
		}
	}
	if reason := publishedRoutes(s, v.VPC); reason != "" && r.Kind != RouteNAT {
		return Route{Kind: RouteOther, Table: r.Table, Attach: r.Attach, Reason: reason}
	}
	return r
}

func applyRoute(s *Scope, r *Route, res *terraform.Resource, tableKey string) {
	body := res.Body
	table := s.Ident(body.Get("route_table_id"))
	if !table.Known() {
		r.Kind, r.Reason = RouteUnknown, "the route table of "+res.Address+" is unknown"
		return
	}
	if table.Key != tableKey {
		return
	}
	dest := body.Get("destination_cidrblock")
	if dest.IsNull() {
		dest = body.Get("destination_cidr_block")
	}
	text, ok := dest.Text()
	if !ok {
		r.Kind, r.Reason = RouteUnknown, "the destination of "+res.Address+" is unknown"
		return
	}
	cidr, ok := ipset.Parse(text)
	if !ok || !cidr.Addr().Is4() {
		return
	}
	kind, g, reason := nextHop(s, res)
	// Halves and quarters of the address space are used to outrank a default route.
	if cidr.Bits() > 2 {
		if ipset.Public4.OverlapsPrefix(cidr) {
			r.Some = append(r.Some, SomeRoute{cidr, g, reason})
		}
		return
	}
	r.Entry = res
	if kind == RouteNAT && cidr.Bits() != 0 {
		kind, reason = RouteOther, "egress by route to NatGateway ("+res.Address+"), not modelled"
	}
	r.Kind, r.Gateway, r.Reason = kind, g, reason
}

// nextHop is what a route leads to: a NAT gateway of the files, something that is
// not modelled, or something that the files do not decide.
func nextHop(s *Scope, res *terraform.Resource) (kind RouteKind, g *Gateway, reason string) {
	if res.Uncertain != "" {
		return RouteUnknown, nil, res.Uncertain
	}
	hop, _ := res.Body.Get("nexthop_type").Text()
	switch {
	case hop == "":
		hop = "an unknown next hop"
	case hop == "NatGateway":
		if g := s.Gateway(s.Ident(res.Body.Get("nexthop_id"))); g != nil {
			return RouteNAT, g, ""
		}
		return RouteUnknown, nil, "the NAT gateway that " + res.Address + " leads to is outside the files"
	}
	return RouteOther, nil, fmt.Sprintf("egress by route to %s (%s), not modelled", hop, res.Address)
}

// Towards is the route of a table without a default route for one address: the
// most specific of its routes for some addresses.
func (r *Route) Towards(addr netip.Addr) Route {
	best := Route{Kind: RouteNone}
	bits := -1
	for _, some := range r.Some {
		if !some.CIDR.Contains(addr) || some.CIDR.Bits() <= bits {
			continue
		}
		bits = some.CIDR.Bits()
		best = Route{Kind: RouteNAT, Gateway: some.gateway, Reason: some.reason}
		if some.gateway == nil {
			best.Kind = RouteOther
		}
	}
	return best
}

// publishedRoutes says whether a transit router may publish a default route into
// the VPC.
func publishedRoutes(s *Scope, v *VPC) string {
	if v == nil {
		return ""
	}
	for _, res := range s.ByType["alicloud_cen_transit_router_vpc_attachment"] {
		if s.Ident(res.Body.Get("vpc_id")).Key != v.Key {
			continue
		}
		publish := res.Body.Get("auto_publish_route_enabled")
		if on, ok := publish.Truth(); ok && on || publish.IsUnknown() {
			return "egress by routes that a transit router publishes (" + res.Address + "), not modelled"
		}
	}
	return ""
}
