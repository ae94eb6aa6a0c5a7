package alicloud

import (
	"net/netip"
	"strings"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// VPC is a virtual private cloud that a scope names.
type VPC struct {
	Key, Name string
	Resource  *terraform.Resource // nil if it is outside the files
}

// VSwitch is a vSwitch that a scope names.
type VSwitch struct {
	Key, Name string
	CIDR      netip.Prefix // invalid if unknown
	Reason    string       // why the CIDR or the VPC is unknown
	VPC       *VPC         // nil if unknown
	Zone      string       // empty if unknown
	Resource  *terraform.Resource
}

// Label names the vSwitch with its CIDR, as messages show it.
func (v *VSwitch) Label() string { return label(v.Name, v.CIDR) }

// Gateway is a NAT gateway.
type Gateway struct {
	Key, Name string
	VPC       *VPC // nil if unknown
	reason    string
	Internet  truth.Truth // whether it is an Internet NAT gateway; intranet ones give no Internet access
	Resource  *terraform.Resource
}

// VPC is the VPC that an id names; nil if the id is unknown.
func (s *Scope) VPC(id Ident) *VPC {
	if !id.Known() {
		return nil
	}
	v, ok := s.vpcs[id.Key]
	if !ok {
		v = &VPC{Key: id.Key, Name: id.name(), Resource: id.Resource}
		s.vpcs[id.Key] = v
	}
	return v
}

// VSwitch is the vSwitch that an id names, in the files or outside.
func (s *Scope) VSwitch(id Ident) *VSwitch {
	if v, ok := s.vswitches[id.Key]; ok {
		return v
	}
	v := &VSwitch{Key: id.Key, Name: id.name(), Resource: id.Resource, Reason: id.name() + " is outside the files"}
	s.vswitches[id.Key] = v
	if id.Resource == nil || Canonical(id.Resource.Type) != "alicloud_vswitch" {
		return v
	}
	v.Reason = ""
	body := id.Resource.Body
	v.VPC = s.VPC(s.Ident(body.Get("vpc_id")))
	if v.VPC == nil {
		v.Reason = body.Get("vpc_id").ReasonOr(v.Name + " names no VPC")
	}
	if text, ok := body.Get("cidr_block").Text(); ok {
		if cidr, ok := ipset.Parse(text); ok {
			v.CIDR = cidr
		}
	}
	if !v.CIDR.IsValid() {
		v.Reason = body.Get("cidr_block").ReasonOr("the cidr_block of " + v.Name + " is not in the files")
	}
	v.Zone = zoneOf(body)
	if id.Resource.Uncertain != "" {
		v.Reason = id.Resource.Uncertain
		v.VPC = nil
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

// Gateway resolves a NAT gateway by its id or by one of its tables.
func (s *Scope) Gateway(id Ident) *Gateway {
	if id.Resource == nil || id.Resource.Type != "alicloud_nat_gateway" {
		return nil
	}
	if g, ok := s.gateways[id.Key]; ok {
		return g
	}
	g := &Gateway{Key: id.Key, Name: id.name(), Resource: id.Resource, Internet: truth.Yes}
	s.gateways[id.Key] = g
	body := id.Resource.Body
	g.VPC = s.VPC(s.Ident(body.Get("vpc_id")))
	if g.VPC == nil {
		g.reason = body.Get("vpc_id").ReasonOr(g.Name + " names no VPC")
	}
	// network_type omitted means internet (provider documentation, nat_gateway).
	if v := body.Get("network_type"); !v.IsNull() {
		switch text, ok := v.Text(); {
		case !ok:
			g.Internet = truth.Maybe
		case strings.EqualFold(text, "intranet"):
			g.Internet = truth.No
		}
	}
	return g
}

// GatewaysOf returns the NAT gateways of a VPC, and a reason if there may be
// others.
func GatewaysOf(s *Scope, v *VPC) (list []*Gateway, reason string) {
	for _, res := range s.ByType["alicloud_nat_gateway"] {
		g := s.Gateway(Ident{Key: res.Address, Resource: res})
		switch {
		case g.VPC == v:
			list = append(list, g)
		case g.VPC == nil && reason == "":
			reason = "the VPC of " + g.Name + " is unknown: " + g.reason
		}
	}
	return list, reason
}
