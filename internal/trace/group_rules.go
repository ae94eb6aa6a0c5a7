package trace

import (
	"slices"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/truth"
)

// groupVerdict is what the outbound rules of a set of groups say about a
// destination.
type groupVerdict struct {
	status truth.Verdict
	reason string
	drop   *alicloud.GroupRule // the drop that decides a Blocked; nil if nothing accepts
	// created says that ACK itself creates the group.
	created bool
}

// egressVerdict merges the rules of all groups on an interface for outbound
// packets. Basic groups allow what no rule is about, advanced ones deny it.
func egressVerdict(groups []*alicloud.SecurityGroup, dest *netipx.IPSet, protocol string, port int) groupVerdict {
	if len(groups) == 0 {
		return groupVerdict{status: truth.Unknown, reason: "the security group is created by ACK, its rules are not in the files"}
	}
	q := ruleQuery{addresses: dest, protocol: protocol, port: port}
	for _, g := range groups {
		if g.Unknown != "" && q.unknown == "" {
			q.unknown = g.Unknown
		}
		if g.Enterprise != truth.Yes {
			q.defaultAccept = true
		}
		if g.Enterprise == truth.Maybe && q.unknown == "" {
			q.unknown = "the type of " + g.Name + " is unknown"
		}
		q.rules = append(q.rules, g.Egress...)
	}
	return q.verdict()
}

// ingressVerdict merges the rules of a destination's groups for packets from an
// address range whose interfaces carry the groups in from; fromUnknown says why
// those may not be all. Groups on ECS instances and network interfaces deny what no rule
// accepts; those of load balancers accept it (vendor's pages on security groups of NLB).
func ingressVerdict(groups []*alicloud.SecurityGroup, src *netipx.IPSet, from []string, fromUnknown, protocol string, port int, balancer bool) groupVerdict {
	q := ruleQuery{addresses: src, protocol: protocol, port: port, peers: from, peersUnknown: fromUnknown, defaultAccept: balancer}
	for _, g := range groups {
		if g.Unknown != "" && q.unknown == "" {
			q.unknown = g.Unknown
		}
		// Members of a basic group reach each other, whatever its rules.
		if slices.Contains(from, g.Key) && g.Inner != truth.No {
			if g.Inner == truth.Yes {
				return groupVerdict{status: truth.Open}
			}
			q.unknown = "the inner_access_policy of " + g.Name + " is unknown"
		}
		q.rules = append(q.rules, g.Ingress...)
	}
	return q.verdict()
}

// ruleQuery is a question to the merged rules of some groups.
type ruleQuery struct {
	rules         []*alicloud.GroupRule
	defaultAccept bool
	addresses     *netipx.IPSet
	protocol      string
	port          int
	peers         []string // keys of the groups that the other side carries
	peersUnknown  string   // why it may carry others
	unknown       string
}

// verdict answers as the vendor merges rules: lower priority number first, drop
// before accept at equal priority, then the default. A range that is only
// accepted in part is Unsure: the files do not say which part is meant.
func (q *ruleQuery) verdict() groupVerdict {
	rules := slices.Clone(q.rules)
	slices.SortStableFunc(rules, func(a, b *alicloud.GroupRule) int {
		if a.Priority != b.Priority {
			return a.Priority - b.Priority
		}
		switch {
		case a.Accept == b.Accept:
			return 0
		case a.Accept:
			return 1
		default:
			return -1
		}
	})
	unknown := q.unknown
	rest, accepted := q.addresses, &netipx.IPSet{}
	var drop *alicloud.GroupRule
	for _, r := range rules {
		if !r.Touches(q.protocol, q.port) {
			continue
		}
		hit, why := q.hit(r, rest)
		if why != "" && unknown == "" {
			unknown = why
		}
		if hit == nil || ipset.IsEmpty(hit) {
			continue
		}
		// With any port asked for, a rule for some ports accepts in part and drops in
		// part: neither decides.
		if !r.Matches(q.protocol, q.port) {
			if r.Accept {
				accepted = ipset.Union(accepted, hit)
			}
			continue
		}
		rest = ipset.Subtract(rest, hit)
		if r.Accept {
			accepted = ipset.Union(accepted, hit)
		} else if drop == nil {
			drop = r
		}
	}
	if q.defaultAccept {
		accepted = ipset.Union(accepted, rest)
	}
	switch {
	case unknown != "":
		return groupVerdict{status: truth.Unknown, reason: unknown}
	case ipset.IsEmpty(accepted):
		return groupVerdict{status: truth.Blocked, drop: drop}
	case ipset.IsEmpty(ipset.Subtract(q.addresses, accepted)):
		return groupVerdict{status: truth.Open}
	default:
		return groupVerdict{status: truth.Unknown, reason: "the security group admits only a part of the addresses"}
	}
}

// hit is the part of the addresses that a rule is about.
func (q *ruleQuery) hit(r *alicloud.GroupRule, rest *netipx.IPSet) (set *netipx.IPSet, unknown string) {
	switch {
	case r.Unknown != "":
		return nil, r.Unknown
	case r.Group == "":
		return ipset.Intersect(rest, ipset.Of(r.CIDRs...)), ""
	case slices.Contains(q.peers, r.Group):
		return rest, ""
	case q.peersUnknown != "":
		return nil, q.peersUnknown
	case q.peers == nil:
		return nil, r.Resource.Address + " names a group, whose members the files do not say"
	default:
		return nil, ""
	}
}

// code names a verdict of Blocked.
func (v *groupVerdict) code() string {
	if v.drop != nil {
		return "dropped"
	}
	return "not-covered"
}
