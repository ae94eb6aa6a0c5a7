package alicloud

import (
	"net/netip"
	"strings"

	"github.com/egresslint/egresslint/internal/product"
	"github.com/egresslint/egresslint/internal/secret"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/terraform"
)

// groupAttachments put a security group on a load balancer from outside.
var groupAttachments = []string{"alicloud_nlb_load_balancer_security_group_attachment"}

// readDestination reads an ECS instance, a load balancer or a bucket.
func readDestination(s *Scope, res *terraform.Resource, p *product.Product, typ *product.Type) *Target {
	t := newTarget(s, res, p, typ)
	t.List.Origin = t.Origin
	for _, argument := range typ.Names {
		for _, name := range literalArguments(res, []string{argument}) {
			if _, plain := secret.Plain(res.Body.Get(argument)); plain {
				t.Name = name
			}
			t.Names = append(t.Names, name)
		}
	}
	for _, text := range literalArguments(res, typ.Addresses) {
		if a, err := netip.ParseAddr(text); err == nil {
			t.Addresses = append(t.Addresses, a)
		}
	}
	if mappings := res.Body.Get("zone_mappings"); t.VSwitch == nil && len(mappings.Items()) > 0 {
		if id := s.Ident(mappings.Items()[0].Get("vswitch_id")); id.Known() {
			t.VSwitch = s.VSwitch(id)
		}
	}
	t.Internet = internetFacing(res, p.Kind)
	t.Groups = destinationGroups(s, res, typ)
	t.Listeners = readListeners(s, t)
	return t
}

// internetFacing reports whether a load balancer has a public address. A CLB
// without address_type has one unless it names a vSwitch (API documentation,
// CreateLoadBalancer).
func internetFacing(res *terraform.Resource, kind string) truth.Truth {
	if kind != "slb" && kind != "alb" && kind != "nlb" {
		return truth.No
	}
	v := res.Body.Get("address_type")
	text, ok := v.Text()
	switch {
	case ok && strings.EqualFold(text, "internet"):
		return truth.Yes
	case ok:
		return truth.No
	case v.IsUnknown() || kind != "slb":
		return truth.Maybe
	case res.Body.Get("vswitch_id").IsNull():
		return truth.Yes
	default:
		return truth.No
	}
}

func destinationGroups(s *Scope, res *terraform.Resource, typ *product.Type) IDs {
	var out IDs
	for _, name := range typ.Groups {
		if v := res.Body.Get(name); !v.IsNull() {
			out.List, out.Unknown = s.Idents(v)
			break
		}
	}
	for _, attachment := range groupAttachments {
		for _, a := range s.ByType[attachment] {
			lb := s.Ident(a.Body.Get("load_balancer_id"))
			if lb.Unknown() {
				out.Unknown = "which load balancer " + a.Address + " attaches a group to is unknown"
			}
			if lb.Key == res.Address {
				list, unknown := s.Idents(a.Body.Get("security_group_id"))
				out.List = append(out.List, list...)
				out.Unknown += unknown
			}
		}
	}
	if _, found := s.UnreadModule(res.Address); found && out.Unknown == "" {
		out.Unknown = "a module that was not read may change " + res.Address
	}
	return out
}
