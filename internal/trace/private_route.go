package trace

import (
	"net/netip"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
)

// Routes to private addresses. Every route table has a local route for the addresses of
// its VPC, and one for the range of the cloud's own services (vendor's page on route
// tables). What leads into other networks is not followed.

// notFollowed is why the way to a private address outside the VPC is not decided.
const notFollowed = "routes out of the VPC to private addresses are not followed"

// routeHop judges the route to a private destination outside of the cluster.
func routeHop(r *world.Need) model.Hop {
	hop := model.Hop{Name: model.HopRoute, Status: truth.Unknown, Sources: r.View().Labels()}
	c := r.World.Cluster
	if c == nil || c.Scope == nil || c.VPC == nil {
		hop.Detail = "the VPC of the cluster is not in the files"
		return hop
	}
	to, at, inside := insideVPC(c, r)
	switch {
	case inside == truth.Yes:
		hop.Status, hop.Code, hop.Component, hop.Origin = truth.Open, "local", c.VPC.Name, at
		hop.Facts = []model.Fact{fact("local route of "+c.VPC.Name, to, at)}
	case inside == truth.No:
		hop.Code, hop.Detail = "not-followed", notFollowed
	default:
		hop.Detail = "where " + r.Display() + " is, is not in the files"
	}
	return hop
}

// insideVPC says whether a destination has an address of the cluster's VPC or of the
// cloud's own services, which address or range that is, and where it stands.
func insideVPC(c *world.Cluster, r *world.Need) (to string, at place.Origin, inside truth.Truth) {
	var dest netip.Prefix
	switch {
	case r.Prefix.IsValid():
		dest = r.Prefix
	case r.Addr.IsValid():
		dest = netip.PrefixFrom(r.Addr, r.Addr.BitLen())
	case r.Target != nil && r.Target.Kind == "oss":
		dest = cloudServices
	case r.Target != nil && r.Target.VPC != nil:
		if r.Target.VPC != c.VPC {
			return "", at, truth.No
		}
		return r.Target.VPC.Name, r.Target.Origin, truth.Yes
	default:
		return "", at, truth.Maybe
	}
	if ipset.Covers(cloudServices, dest) {
		return cloudServices.String(), at, truth.Yes
	}
	if r.Target != nil && r.Target.VPC == c.VPC {
		return r.Target.VPC.Name, r.Target.Origin, truth.Yes
	}
	if c.VPC.Resource != nil {
		for _, name := range []string{"cidr_block", "secondary_cidr_blocks"} {
			for _, v := range c.VPC.Resource.Body.Get(name).Split() {
				text, _ := v.Text()
				if cidr, ok := ipset.Parse(text); ok && ipset.Covers(cidr, dest) {
					return cidr.String(), c.Scope.At(c.VPC.Resource, v), truth.Yes
				}
			}
		}
	}
	for _, m := range c.Node.Members {
		if inVSwitch(m.VSwitch, dest) {
			return m.VSwitch.Label(), m.Origin, truth.Yes
		}
	}
	for _, m := range c.Pod.Members {
		if inVSwitch(m.VSwitch, dest) {
			return m.VSwitch.Label(), m.Origin, truth.Yes
		}
	}
	if c.VPC.Resource == nil {
		return "", at, truth.Maybe
	}
	return "", at, truth.No
}

func inVSwitch(v *alicloud.VSwitch, dest netip.Prefix) bool {
	return v.CIDR.IsValid() && ipset.Covers(v.CIDR, dest)
}
