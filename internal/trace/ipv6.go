package trace

import (
	"slices"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/located"
)

// ipv6Judge judges the way to public IPv6 addresses.
type ipv6Judge struct {
	*world.Facts
	gates gates[ipv6Key, *ipv6Gate]
}

// ipv6Gate is an IPv6Access under construction.
type ipv6Gate struct {
	*model.IPv6Access
	need needs
}

func (gate *ipv6Gate) entity() *model.IPv6Access {
	gate.Need = gate.need.sum()
	return gate.IPv6Access
}

// hop judges the way to public IPv6 addresses (vendor's page on IPv6
// bandwidth of pods: without it an IPv6 address reaches only its VPC).
func (j *ipv6Judge) hop(r *world.Need) model.Hop {
	hop := model.Hop{Name: model.HopIPv6, Status: truth.Unknown}
	c := r.World.Cluster
	if c == nil || c.Scope == nil || c.Plugin == world.PluginUnknown || r.Workload.HostNetwork != truth.No {
		hop.Detail = "whether the pods have public IPv6 addresses is not in the files"
		return hop
	}
	hop.Facts = []model.Fact{fact("ip_stack", orNone(c.IPStack), c.Scope.AtArgument(c.Res, "ip_stack"))}
	switch {
	case c.IPStack == "ipv4":
		hop.Code, hop.Origin = "single-stack", j.blockIPv6(r, "single-stack", r.Origin, c.Scope.AtArgument(c.Res, "ip_stack"))
	case c.IPStack != "dual":
		hop.Detail = c.Res.Body.Get("ip_stack").ReasonOr("the ip_stack of " + c.Name + " is unknown")
		return hop
	case lacksIPv6Gateway(j.Facts, c):
		hop.Code, hop.Origin = "no-gateway", j.blockIPv6(r, "no-gateway", c.Scope.AtBlock(c.VPC.Resource), c.Origin)
	case !r.Workload.Annotation("k8s.aliyun.com/ipv6-bandwidth").IsNull():
		hop.Status = truth.Open
		return hop
	case len(c.Scope.ByType["alicloud_vpc_ipv6_internet_bandwidth"]) > 0 || r.Workload.Annotation("k8s.aliyun.com/eci-vswitch").Kind != located.Null:
		hop.Detail = "which addresses have public bandwidth is known only at run time"
		return hop
	default:
		hop.Code, hop.Origin = "no-bandwidth", j.blockIPv6(r, "no-bandwidth", j.Places.Range(r.Workload.Object, r.Workload.Object.Root.Range), c.Origin)
	}
	hop.Status = truth.Blocked
	return hop
}

// blockIPv6 records a requirement that cannot leave by IPv6, and returns the place that
// tells why: what makes it so if the evidence itself is where it is reported.
func (j *ipv6Judge) blockIPv6(r *world.Need, code string, at, cause place.Origin) place.Origin {
	c := r.World.Cluster
	literal := r.Addr.Is6()
	gate := j.gates.at(ipv6Key{c, code, at, literal}, func() *ipv6Gate {
		return &ipv6Gate{IPv6Access: &model.IPv6Access{
			Cluster: c.ID, ClusterName: c.Name, Code: code, Literal: literal, Plugin: c.Plugin, VPC: c.VPCName(),
			Workloads: []string{}, Origin: at, Cause: cause,
		}}
	})
	if name := r.Workload.Display(); !slices.Contains(gate.Workloads, name) {
		gate.Workloads = append(gate.Workloads, name)
	}
	gate.need.add(r)
	if code == "single-stack" {
		return cause
	}
	return at
}

// lacksIPv6Gateway reports whether the files prove that the cluster's VPC has no
// IPv6 gateway.
func lacksIPv6Gateway(f *world.Facts, c *world.Cluster) bool {
	if c.VPC == nil || c.VPC.Resource == nil {
		return false
	}
	for _, s := range f.Scopes {
		for _, res := range s.ByType["alicloud_vpc_ipv6_gateway"] {
			id := s.Ident(res.Body.Get("vpc_id"))
			if s != c.Scope {
				if s.Root.Dir != c.Scope.Root.Dir && id.Resource == nil {
					return false
				}
				continue
			}
			if !id.Known() || id.Key == c.VPC.Key || id.Resource == nil {
				return false
			}
		}
	}
	_, unread := c.Scope.UnreadModule(c.VPC.Key)
	return !unread
}
