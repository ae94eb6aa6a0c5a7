package egress

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
)

// groupGate is a SecurityGroupEgress under construction.
type groupGate struct {
	*model.SecurityGroupEgress
	need needs
}

func (gate *groupGate) entity() *model.SecurityGroupEgress {
	gate.Need = gate.need.sum()
	return gate.SecurityGroupEgress
}

// cloudServices is the range of the cloud's own services inside every VPC: OSS,
// registries, name servers (vendor's page on OSS endpoints and their ranges).
var cloudServices = netip.MustParsePrefix("100.64.0.0/10")

// platformProbes are the flows that every node or pod needs for the platform
// itself: name resolution of the VPC, and the range that holds the cloud's own
// services (vendor's page on cluster security groups).
var platformProbes = []struct {
	cidr     netip.Prefix
	protocol string
	port     int
}{
	{cloudServices, "tcp", 443},
	{cloudServices, "tcp", 80},
	{netip.MustParsePrefix("100.100.2.136/32"), "udp", 53},
	{netip.MustParsePrefix("100.100.2.138/32"), "udp", 53},
}

// groupJudge judges the outbound rules of the security groups on the interfaces that
// packets leave from.
type groupJudge struct {
	sets  map[*sources][]*groupSet
	gates gates[groupKey, *groupGate]
}

// groupSet is the groups on one kind of interface.
type groupSet struct {
	groups   []*alicloud.SecurityGroup
	unknown  string
	ids      ids
	verdicts map[groupQuery]groupVerdict // thousands of workloads ask the same few questions
}

type groupQuery struct {
	dest, protocol string
	port           int
}

// setsOf returns the groups on the interfaces of a cluster's sources, one set for
// each node pool with groups of its own.
func (j *groupJudge) setsOf(c *cluster, src *sources) []*groupSet {
	if sets, ok := j.sets[src]; ok || c.scope == nil {
		return sets
	}
	var sets []*groupSet
	for _, list := range c.groupsOf(src) {
		set := &groupSet{unknown: list.unknown, ids: list, verdicts: make(map[groupQuery]groupVerdict)}
		for _, id := range list.list {
			set.groups = append(set.groups, c.scope.SecurityGroup(id))
		}
		sets = append(sets, set)
	}
	j.sets[src] = sets
	return sets
}

// under are the groups that the interfaces of a workload carry: one set for
// each kind of node that can run it.
func (j *groupJudge) under(c *cluster, v *view) []*groupSet {
	sets := j.setsOf(c, v.groups)
	if v.pools == nil {
		return sets
	}
	plain := slices.ContainsFunc(v.pools, func(p *nodePool) bool {
		return !slices.ContainsFunc(sets, func(s *groupSet) bool { return s.ids.pool == p })
	})
	return slices.DeleteFunc(slices.Clone(sets), func(s *groupSet) bool {
		if s.ids.pool == nil {
			return !plain
		}
		return !slices.Contains(v.pools, s.ids.pool)
	})
}

func (s *groupSet) verdict(dest *netipx.IPSet, protocol string, port int) groupVerdict {
	if s.unknown != "" {
		return groupVerdict{status: truth.Unknown, reason: s.unknown}
	}
	query := groupQuery{fmt.Sprint(dest.Ranges()), strings.ToLower(protocol), port}
	v, ok := s.verdicts[query]
	if !ok {
		v = egressVerdict(s.groups, dest, query.protocol, port)
		s.verdicts[query] = v
	}
	return v
}

// judgeCluster judges what the groups alone prove: an enterprise group without
// any egress rule, and drops that cut off everything or the platform.
func (j *groupJudge) judgeCluster(c *cluster) {
	for _, src := range c.allSources() {
		if len(src.members) == 0 && src.own == nil || src.scope != "" && src.own == nil {
			continue
		}
		for _, set := range j.setsOf(c, src) {
			if set.unknown == "" {
				j.judgeSet(c, src, set)
			}
		}
	}
}

func (j *groupJudge) judgeSet(c *cluster, src *sources, set *groupSet) {
	all := set.verdict(ipset.Of(netip.MustParsePrefix("0.0.0.0/0")), "tcp", 0)
	if all.status == truth.Blocked {
		if all.drop == nil && slices.ContainsFunc(set.groups, func(g *alicloud.SecurityGroup) bool { return len(g.Egress) > 0 }) {
			return // rules for other protocols or families: no accept, but not without any rule
		}
		code := "no-rule"
		if all.drop != nil {
			code = "drops-all"
		}
		j.gate(c, src, set, code, all.drop, "", 0, "")
		return
	}
	for _, probe := range platformProbes {
		if v := set.verdict(ipset.Of(probe.cidr), probe.protocol, probe.port); v.status == truth.Blocked && v.drop != nil {
			j.gate(c, src, set, "drops-platform", v.drop, probe.cidr.String(), probe.port, strings.ToUpper(probe.protocol))
			return
		}
	}
}

// gate returns the gate of one blocker, one for both roles if they share the
// group.
func (j *groupJudge) gate(c *cluster, src *sources, set *groupSet, code string, drop *alicloud.GroupRule, dest string, port int, protocol string) *groupGate {
	blocker := set.groups[0].Key
	if drop != nil {
		blocker = drop.Resource.Address
	}
	gate := j.gates.at(groupKey{c, blocker}, func() *groupGate {
		gate := &groupGate{SecurityGroupEgress: &model.SecurityGroupEgress{
			Cluster: c.id, ClusterName: c.name, Role: src.role, Scope: src.scope, Groups: []string{}, Also: []string{},
			Code: code, Destination: dest, Port: port, Protocol: protocol,
		}}
		for _, g := range set.groups {
			gate.Groups = append(gate.Groups, g.Name)
		}
		if set.ids.value != nil && set.ids.holder != nil {
			gate.Cause = c.scope.At(set.ids.holder, set.ids.value)
		} else {
			gate.Cause = set.ids.at
		}
		if drop != nil {
			gate.Rule, gate.Priority, gate.Origin = drop.Resource.Address, drop.Priority, c.scope.AtBlock(drop.Resource)
		} else {
			gate.Origin = c.scope.AtBlock(set.groups[0].Resource)
		}
		return gate
	})
	// What the groups alone prove says it all; a further destination adds to it.
	if dest != "" && dest != gate.Destination && !slices.Contains(gate.Also, dest) {
		gate.Also = append(gate.Also, dest)
	}
	return gate
}

// hop judges the source's security groups for one requirement.
func (j *groupJudge) hop(r *requirementOf) model.Hop {
	hop := model.Hop{Name: "security-group", Status: truth.Unknown}
	c := r.world.cluster
	if c == nil || c.scope == nil || c.plugin == pluginUnknown || r.workload.HostNetwork == truth.Maybe {
		hop.Detail = "the cluster's network is not in the files"
		return hop
	}
	view := r.view()
	if view.reason != "" && view.groups == nil {
		hop.Detail = view.reason
		return hop
	}
	dest := r.destinationSet()
	if dest == nil {
		hop.Detail = "the address of " + r.display() + " is not in the files"
		return hop
	}
	status, stopped, verdict := j.verdict(c, view, dest, r.protocol, r.port)
	hop.Status, hop.Detail, hop.Sources = status, verdict.reason, view.labels()
	if stopped == nil {
		if sets := j.under(c, view); len(sets) == 1 {
			stopped = sets[0]
		}
	}
	hop.Component, hop.Facts = stopped.describe(c)
	if verdict.drop != nil {
		hop.Facts = append(hop.Facts, fact("drop rule", verdict.drop.Text(), c.scope.AtBlock(verdict.drop.Resource)))
	}
	switch {
	case status == truth.Blocked:
		hop.Code = verdict.code()
		gate := j.gate(c, view.groups, stopped, hop.Code, verdict.drop, r.display(), r.port, strings.ToUpper(r.protocol))
		gate.need.add(r)
		hop.Detail, hop.Origin = "by "+strings.Join(gate.Groups, ", "), gate.Origin
	case status == truth.Open && verdict.created:
		hop.Code = "ack-created"
	}
	return hop
}

// describe names the groups of a set.
func (s *groupSet) describe(c *cluster) (component string, list []model.Fact) {
	if s == nil {
		return "", nil
	}
	names := make([]string, 0, len(s.groups))
	for _, g := range s.groups {
		names = append(names, g.Name)
		if g.Resource != nil {
			list = append(list, fact("security group", g.Name+", "+string(groupType(g)), c.scope.AtBlock(g.Resource)))
		}
	}
	if s.ids.created {
		list = append(list, fact("security group", "made by ACK: it accepts everything outbound", place.Origin{}))
	}
	return strings.Join(names, ", "), list
}

// groupType is the kind of a group in the provider's words.
func groupType(g *alicloud.SecurityGroup) string {
	switch g.Enterprise {
	case truth.Yes:
		return "enterprise"
	case truth.No:
		return "normal"
	default:
		return "type not in the files"
	}
}

// verdict judges the groups on the interfaces that packets leave from: they stop
// a packet for certain if those of every kind of node that can run the pods do. It
// returns the first groups that stop it.
func (j *groupJudge) verdict(c *cluster, v *view, dest *netipx.IPSet, protocol string, port int) (truth.Verdict, *groupSet, groupVerdict) {
	sets := j.under(c, v)
	if len(sets) == 1 && sets[0].ids.created {
		// ACK's own group accepts everything outbound (vendor's page on cluster
		// security groups).
		return truth.Open, nil, groupVerdict{created: true}
	}
	blocked := 0
	var stopped *groupSet
	var first, unsure groupVerdict
	for _, set := range sets {
		switch one := set.verdict(dest, protocol, port); one.status {
		case truth.Blocked:
			blocked++
			if blocked == 1 {
				stopped, first = set, one
			}
		case truth.Unknown:
			unsure = one
		}
	}
	switch {
	case len(sets) == 0:
		return truth.Unknown, nil, groupVerdict{reason: "the security groups of the pods are not in the files"}
	case blocked > 0 && blocked < len(sets):
		return truth.Unknown, nil, groupVerdict{reason: cmp.Or(unsure.reason, "the security groups of some node pools stop it, those of others do not")}
	case unsure.reason != "" && blocked == 0:
		return truth.Unknown, nil, unsure
	case blocked > 0:
		return truth.Blocked, stopped, first
	default:
		return truth.Open, nil, groupVerdict{}
	}
}

// destinationSet is the addresses a requirement may lead to outside the cluster;
// nil if they are not known.
func (r *requirementOf) destinationSet() *netipx.IPSet {
	switch {
	case len(r.others) > 0:
		prefixes := []netip.Prefix{netip.PrefixFrom(r.addr, r.addr.BitLen())}
		for _, other := range r.others {
			if r.scattered || int(other.Port()) != r.port {
				return nil
			}
			prefixes = append(prefixes, netip.PrefixFrom(other.Addr(), other.Addr().BitLen()))
		}
		return ipset.Of(prefixes...)
	case r.addr.IsValid():
		return ipset.Of(netip.PrefixFrom(r.addr, r.addr.BitLen()))
	case r.prefix.IsValid():
		return ipset.Of(r.prefix)
	case r.anywhere6:
		return ipset.Of(netip.MustParsePrefix("2000::/3"))
	case r.kind == toInternet, r.public:
		return ipset.Public4
	case r.kind == toTarget && r.target.Kind == "oss":
		return ipset.Of(cloudServices)
	case r.kind == toTarget && r.target.VSwitch != nil && r.target.VSwitch.CIDR.IsValid():
		return ipset.Of(r.target.VSwitch.CIDR)
	case r.outside != nil && len(r.outside.Addresses) > 0:
		return ipset.Of(r.outside.Addresses...)
	default:
		return nil
	}
}
