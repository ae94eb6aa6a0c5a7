package egress

import (
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
		v.reason = body.Get("vpc_id").ReasonOr(v.name + " names no VPC")
	}
	if text, ok := body.Get("cidr_block").Text(); ok {
		if cidr, ok := ipset.Parse(text); ok {
			v.cidr = cidr
		}
	}
	if !v.cidr.IsValid() {
		v.reason = body.Get("cidr_block").ReasonOr("the cidr_block of " + v.name + " is not in the files")
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
		g.reason = body.Get("vpc_id").ReasonOr(g.name + " names no VPC")
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
