package egress

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// vpc is a virtual private cloud that a scope names.
type vpc struct {
	key, name string
	res       *terraform.Resource // nil if it is outside the files
}

// vswitch is a vSwitch that a scope names.
type vswitch struct {
	key, name string
	cidr      netip.Prefix // invalid if unknown
	reason    string       // why the CIDR or the VPC is unknown
	vpc       *vpc         // nil if unknown
	zone      string       // empty if unknown
	res       *terraform.Resource
}

func (v *vswitch) label() string { return label(v.name, v.cidr) }

// gateway is a NAT gateway.
type gateway struct {
	key, name string
	vpc       *vpc // nil if unknown
	reason    string
	internet  truth.Truth // whether it is an Internet NAT gateway; intranet ones give no Internet access
	res       *terraform.Resource
}

func (s *scope) vpc(id ident) *vpc {
	if !id.known() {
		return nil
	}
	v, ok := s.vpcs[id.key]
	if !ok {
		v = &vpc{key: id.key, name: id.name(), res: id.res}
		s.vpcs[id.key] = v
	}
	return v
}

func (s *scope) vswitch(id ident) *vswitch {
	if v, ok := s.vswitches[id.key]; ok {
		return v
	}
	v := &vswitch{key: id.key, name: id.name(), res: id.res, reason: id.name() + " is outside the files"}
	s.vswitches[id.key] = v
	if id.res == nil || alicloud.Canonical(id.res.Type) != "alicloud_vswitch" {
		return v
	}
	v.reason = ""
	body := id.res.Body
	v.vpc = s.vpc(s.ident(body.Get("vpc_id")))
	if v.vpc == nil {
		v.reason = reasonFor(body.Get("vpc_id"), v.name+" names no VPC")
	}
	if text, ok := body.Get("cidr_block").Text(); ok {
		if cidr, ok := ipset.Parse(text); ok {
			v.cidr = cidr
		}
	}
	if !v.cidr.IsValid() {
		v.reason = reasonFor(body.Get("cidr_block"), "the cidr_block of "+v.name+" is not in the files")
	}
	v.zone = zoneOf(body)
	if id.res.Uncertain != "" {
		v.reason = id.res.Uncertain
		v.vpc = nil
	}
	return v
}

func zoneOf(body *located.Value) string {
	for _, name := range []string{"zone_id", "availability_zone"} {
		v := body.Get(name)
		if text, ok := v.Text(); ok {
			if refs, _ := located.Refs(text); len(refs) == 0 {
				return text
			}
		}
	}
	return ""
}

// gateway resolves a NAT gateway by its id or by one of its tables.
func (s *scope) gateway(id ident) *gateway {
	if id.res == nil || id.res.Type != "alicloud_nat_gateway" {
		return nil
	}
	if g, ok := s.gateways[id.key]; ok {
		return g
	}
	g := &gateway{key: id.key, name: id.name(), res: id.res, internet: truth.Yes}
	s.gateways[id.key] = g
	body := id.res.Body
	g.vpc = s.vpc(s.ident(body.Get("vpc_id")))
	if g.vpc == nil {
		g.reason = reasonFor(body.Get("vpc_id"), g.name+" names no VPC")
	}
	// network_type omitted means internet (provider documentation, nat_gateway).
	if v := body.Get("network_type"); !v.IsNull() {
		switch text, ok := v.Text(); {
		case !ok:
			g.internet = truth.Maybe
		case strings.EqualFold(text, "intranet"):
			g.internet = truth.No
		}
	}
	return g
}

// gatewaysOf returns the NAT gateways of a VPC, and a reason if there may be
// others.
func (s *scope) gatewaysOf(v *vpc) (list []*gateway, reason string) {
	for _, res := range s.byType["alicloud_nat_gateway"] {
		g := s.gateway(ident{key: res.Address, res: res})
		switch {
		case g.vpc == v:
			list = append(list, g)
		case g.vpc == nil && reason == "":
			reason = "the VPC of " + g.name + " is unknown: " + g.reason
		}
	}
	return list, reason
}

// snatEntry is an SNAT entry with what it covers.
type snatEntry struct {
	res     *terraform.Resource
	gateway *gateway       // nil if outside the files
	vswitch string         // key of the vSwitch it names, empty if it names a CIDR
	cidr    netip.Prefix   // the CIDR it names
	unknown string         // why its source is unknown; neither vswitch nor cidr is set then
	source  *located.Value // the argument that says what it covers
	eip     eipVerdict
	// sourceVPC is the VPC of the vSwitch it names, nil if it is unknown.
	sourceVPC *vpc
}

// eipVerdict says whether the public addresses of an SNAT entry are EIPs of its
// gateway.
type eipVerdict struct {
	status   truth.Verdict
	code     string // see SNATEntry.Code
	eip      string
	instance string
	reason   string
}

// snatEntries reads the SNAT entries of a scope.
func (s *scope) snatEntries() []*snatEntry {
	var list []*snatEntry
	for _, res := range s.byType["alicloud_snat_entry"] {
		e := &snatEntry{res: res, gateway: s.gateway(s.ident(firstItem(res.Body.Get("snat_table_id"))))}
		s.readSource(e)
		e.eip = s.eipsOf(e)
		list = append(list, e)
	}
	return list
}

// readSource decides what an entry covers: a vSwitch by id, or a CIDR.
func (s *scope) readSource(e *snatEntry) {
	byID, byCIDR := firstItem(e.res.Body.Get("source_vswitch_id")), e.res.Body.Get("source_cidr")
	if text, ok := byCIDR.Text(); ok && text != "" {
		e.source = byCIDR
		if cidr, ok := ipset.Parse(text); ok {
			e.cidr = cidr
		} else {
			e.unknown = "its source_cidr is not a CIDR"
		}
		return
	}
	if byCIDR.IsUnknown() && byID.IsNull() {
		e.source, e.unknown = byCIDR, byCIDR.Reason
		return
	}
	e.source = byID
	id := s.ident(byID)
	switch {
	case !id.known():
		e.unknown = reasonFor(byID, "it names no source")
	case id.res == nil && !strings.HasPrefix(id.key, "id:"):
		e.unknown = id.name() + " is not decided by the files"
	default:
		e.vswitch, e.sourceVPC = id.key, s.vswitch(id).vpc
	}
}

// firstItem unwraps the one-element lists that old configurations write where the
// provider wants a string.
func firstItem(v *located.Value) *located.Value {
	if v.Kind == located.List && len(v.List) == 1 {
		return v.List[0]
	}
	return v
}

// covers reports whether the entry translates packets of the whole vSwitch.
func (e *snatEntry) covers(v *vswitch) truth.Truth {
	answer := truth.No
	switch {
	case e.unknown != "":
		answer = truth.Maybe
	case e.vswitch == v.key:
		answer = truth.Yes
	case e.vswitch != "":
		// An id written as a literal may be that of a vSwitch in the files.
		if strings.HasPrefix(e.vswitch, "id:") != (v.res == nil) {
			answer = truth.Maybe
		}
	case !v.cidr.IsValid():
		answer = truth.Maybe
	case ipset.Covers(e.cidr, v.cidr):
		answer = truth.Yes
		if e.gateway == nil || e.gateway.vpc == nil || v.vpc == nil {
			answer = truth.Maybe
		}
	}
	if answer == truth.No {
		return truth.No
	}
	// A CIDR, or a source that is unknown, means something only inside the
	// gateway's VPC.
	if e.vswitch != v.key && e.gateway != nil && e.gateway.vpc != nil && v.vpc != nil && e.gateway.vpc != v.vpc {
		return truth.No
	}
	if e.res.Uncertain != "" {
		return truth.Maybe
	}
	return answer
}

// mayShareVPC reports whether the entry belongs to a NAT gateway outside the files
// that may be in the VPC of a vSwitch: what else that gateway translates is then
// outside the files, too. An entry lies in the VPC of the vSwitch that it names.
func (e *snatEntry) mayShareVPC(v *vswitch) bool {
	return e.gateway == nil && (e.sourceVPC == nil || e.sourceVPC == v.vpc)
}

func Covers(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// eipsOf judges the snat_ip of an entry: every address must be an EIP that is
// associated with the gateway that owns the entry's table.
func (s *scope) eipsOf(e *snatEntry) eipVerdict {
	if e.gateway == nil || e.res.Uncertain != "" {
		return eipVerdict{status: truth.Unknown, reason: "its NAT gateway is outside the files"}
	}
	if e.gateway.internet != truth.Yes {
		return eipVerdict{status: truth.Unknown, reason: e.gateway.name + " is not an Internet NAT gateway"}
	}
	items := splitItems(e.res.Body.Get("snat_ip"))
	verdict := eipVerdict{status: truth.Open}
	if len(items) == 0 {
		verdict = eipVerdict{status: truth.Unknown, reason: "its snat_ip is not in the files"}
	}
	for _, item := range items {
		v := s.eipOn(item, e.gateway)
		if v.status == truth.Blocked {
			return v
		}
		if v.status == truth.Unknown {
			verdict = v
		}
	}
	return verdict
}

// eipOf finds the EIP that an address of an SNAT entry is, and says why if it
// cannot. An EIP may ask for its address, which is then what a reference to it
// evaluates to.
func (s *scope) eipOf(item *located.Value) (eip *terraform.Resource, reason string) {
	ref, ok := item.Ref()
	if ok {
		eip = s.byAddress[ref.Address]
		if eip == nil || eip.Data || alicloud.Canonical(eip.Type) != "alicloud_eip_address" || ref.Attribute != "ip_address" {
			return nil, ref.String() + " is not an EIP in the files"
		}
		return eip, ""
	}
	text, ok := item.Text()
	for _, res := range s.byType["alicloud_eip_address"] {
		if address, written := res.Body.Get("ip_address").Text(); ok && written && address == text {
			return res, ""
		}
	}
	return nil, reasonFor(item, "the address is written as a literal, its EIP is outside the files")
}

func (s *scope) eipOn(item *located.Value, g *gateway) eipVerdict {
	eip, reason := s.eipOf(item)
	if eip == nil {
		return eipVerdict{status: truth.Unknown, reason: reason}
	}
	if eip.Uncertain != "" {
		return eipVerdict{status: truth.Unknown, reason: eip.Uncertain}
	}
	gatewayHasEIP := false
	unsure := ""
	elsewhere := ""
	for _, assoc := range s.byType["alicloud_eip_association"] {
		allocation := s.ident(assoc.Body.Get("allocation_id"))
		instance := s.ident(assoc.Body.Get("instance_id"))
		if instance.key == g.key {
			gatewayHasEIP = true
		}
		switch {
		case !allocation.known() || allocation.res == nil && !strings.HasPrefix(allocation.key, "id:"):
			unsure = "which EIP " + assoc.Address + " associates is unknown"
		case allocation.key != eip.Address:
		case assoc.Uncertain != "":
			unsure = assoc.Uncertain
		case instance.key == g.key:
			return eipVerdict{status: truth.Open}
		case instance.res == nil:
			unsure = "what " + assoc.Address + " associates it with is unknown"
		default:
			elsewhere = instance.name()
		}
	}
	if reason, found := s.unreadModule(eip.Address, g.key); found {
		unsure = reason
	}
	if unsure != "" {
		return eipVerdict{status: truth.Unknown, reason: unsure}
	}
	v := eipVerdict{status: truth.Blocked, code: "not-associated", eip: eip.Address, instance: elsewhere}
	switch {
	case elsewhere != "":
		v.code = "other-instance"
	case !gatewayHasEIP:
		v.code = "no-eip"
	}
	return v
}

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
