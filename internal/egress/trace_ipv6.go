package egress

import (
	"slices"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
)

// ipv6Judge judges the way to public IPv6 addresses.
type ipv6Judge struct {
	*facts
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
func (j *ipv6Judge) hop(r *requirementOf) model.Hop {
	hop := model.Hop{Name: "ipv6", Status: truth.Unknown}
	c := r.world.cluster
	if c == nil || c.scope == nil || c.plugin == pluginUnknown || r.workload.HostNetwork != truth.No {
		hop.Detail = "whether the pods have public IPv6 addresses is not in the files"
		return hop
	}
	hop.Facts = []model.Fact{fact("ip_stack", orNone(c.ipStack), c.scope.AtArgument(c.res, "ip_stack"))}
	switch {
	case c.ipStack == "ipv4":
		hop.Origin = j.block(r, "single-stack", r.origin, c.scope.AtArgument(c.res, "ip_stack"))
	case c.ipStack != "dual":
		hop.Detail = c.res.Body.Get("ip_stack").ReasonOr("the ip_stack of " + c.name + " is unknown")
		return hop
	case lacksIPv6Gateway(j.facts, c):
		hop.Origin = j.block(r, "no-gateway", c.scope.AtBlock(c.vpc.Resource), c.origin)
	case !r.workload.Annotation("k8s.aliyun.com/ipv6-bandwidth").IsNull():
		hop.Status = truth.Open
		return hop
	case len(c.scope.ByType["alicloud_vpc_ipv6_internet_bandwidth"]) > 0 || r.workload.Annotation("k8s.aliyun.com/eci-vswitch").Kind != located.Null:
		hop.Detail = "which addresses have public bandwidth is known only at run time"
		return hop
	default:
		hop.Origin = j.block(r, "no-bandwidth", j.places.Range(r.workload.Object, r.workload.Object.Root.Range), c.origin)
	}
	hop.Status = truth.Blocked
	return hop
}

// block records a requirement that cannot leave by IPv6, and returns the place that
// tells why: what makes it so if the evidence itself is where it is reported.
func (j *ipv6Judge) block(r *requirementOf, code string, at, cause place.Origin) place.Origin {
	c := r.world.cluster
	literal := r.addr.Is6()
	gate := j.gates.at(ipv6Key{c, code, at, literal}, func() *ipv6Gate {
		return &ipv6Gate{IPv6Access: &model.IPv6Access{
			Cluster: c.id, ClusterName: c.name, Code: code, Literal: literal, Plugin: c.plugin, VPC: c.vpcName(),
			Workloads: []string{}, Origin: at, Cause: cause,
		}}
	})
	if name := r.workload.Display(); !slices.Contains(gate.Workloads, name) {
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
func lacksIPv6Gateway(f *facts, c *cluster) bool {
	if c.vpc == nil || c.vpc.Resource == nil {
		return false
	}
	for _, s := range f.scopes {
		for _, res := range s.ByType["alicloud_vpc_ipv6_gateway"] {
			id := s.Ident(res.Body.Get("vpc_id"))
			if s != c.scope {
				if s.Root.Dir != c.scope.Root.Dir && id.Resource == nil {
					return false
				}
				continue
			}
			if !id.Known() || id.Key == c.vpc.Key || id.Resource == nil {
				return false
			}
		}
	}
	_, unread := c.scope.UnreadModule(c.vpc.Key)
	return !unread
}
