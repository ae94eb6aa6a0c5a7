package trace

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
	"github.com/egresslint/egresslint/internal/world"
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
	sets  map[*world.Sources][]*groupSet
	gates gates[groupKey, *groupGate]
}

// groupSet is the groups on one kind of interface.
type groupSet struct {
	groups   []*alicloud.SecurityGroup
	unknown  string
	ids      world.IDs
	verdicts map[groupQuery]groupVerdict // thousands of workloads ask the same few questions
}

type groupQuery struct {
	dest, protocol string
	port           int
}

// setsOf returns the groups on the interfaces of a cluster's sources, one set for
// each node pool with groups of its own.
func (j *groupJudge) setsOf(c *world.Cluster, src *world.Sources) []*groupSet {
	if sets, ok := j.sets[src]; ok || c.Scope == nil {
		return sets
	}
	var sets []*groupSet
	for _, list := range c.GroupsOf(src) {
		set := &groupSet{unknown: list.Unknown, ids: list, verdicts: make(map[groupQuery]groupVerdict)}
		for _, id := range list.List {
			set.groups = append(set.groups, c.Scope.SecurityGroup(id))
		}
		sets = append(sets, set)
	}
	j.sets[src] = sets
	return sets
}

// under are the groups that the interfaces of a workload carry: one set for
// each kind of node that can run it.
func (j *groupJudge) under(c *world.Cluster, v *world.View) []*groupSet {
	sets := j.setsOf(c, v.Groups)
	if v.Pools == nil {
		return sets
	}
	plain := slices.ContainsFunc(v.Pools, func(p *world.NodePool) bool {
		return !slices.ContainsFunc(sets, func(s *groupSet) bool { return s.ids.Pool == p })
	})
	return slices.DeleteFunc(slices.Clone(sets), func(s *groupSet) bool {
		if s.ids.Pool == nil {
			return !plain
		}
		return !slices.Contains(v.Pools, s.ids.Pool)
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
func (j *groupJudge) judgeCluster(c *world.Cluster) {
	for _, src := range c.AllSources() {
		if len(src.Members) == 0 && src.Own == nil || src.Scope != "" && src.Own == nil {
			continue
		}
		for _, set := range j.setsOf(c, src) {
			if set.unknown == "" {
				j.judgeSet(c, src, set)
			}
		}
	}
}

func (j *groupJudge) judgeSet(c *world.Cluster, src *world.Sources, set *groupSet) {
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
func (j *groupJudge) gate(c *world.Cluster, src *world.Sources, set *groupSet, code string, drop *alicloud.GroupRule, dest string, port int, protocol string) *groupGate {
	blocker := set.groups[0].Key
	if drop != nil {
		blocker = drop.Resource.Address
	}
	gate := j.gates.at(groupKey{c, blocker}, func() *groupGate {
		gate := &groupGate{SecurityGroupEgress: &model.SecurityGroupEgress{
			Cluster: c.ID, ClusterName: c.Name, Role: src.Role, Scope: src.Scope, Groups: []string{}, Also: []string{},
			Code: code, Destination: dest, Port: port, Protocol: protocol,
		}}
		for _, g := range set.groups {
			gate.Groups = append(gate.Groups, g.Name)
		}
		if set.ids.Value != nil && set.ids.Holder != nil {
			gate.Cause = c.Scope.At(set.ids.Holder, set.ids.Value)
		} else {
			gate.Cause = set.ids.At
		}
		if drop != nil {
			gate.Rule, gate.Priority, gate.Origin = drop.Resource.Address, drop.Priority, c.Scope.AtBlock(drop.Resource)
		} else {
			gate.Origin = c.Scope.AtBlock(set.groups[0].Resource)
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
func (j *groupJudge) hop(r *world.Need) model.Hop {
	hop := model.Hop{Name: model.HopSecurityGroup, Status: truth.Unknown}
	c := r.World.Cluster
	if c == nil || c.Scope == nil || c.Plugin == world.PluginUnknown || r.Workload.HostNetwork == truth.Maybe {
		hop.Detail = "the cluster's network is not in the files"
		return hop
	}
	view := r.View()
	if view.Reason != "" && view.Groups == nil {
		hop.Detail = view.Reason
		return hop
	}
	dest := destinationSet(r)
	if dest == nil {
		hop.Detail = "the address of " + r.Display() + " is not in the files"
		return hop
	}
	status, stopped, verdict := j.verdict(c, view, dest, r.Protocol, r.Port)
	if status == truth.Blocked {
		if name := commonGroup(stopped, r); name != "" {
			// Members of a basic group stay connected whatever its rules for arriving
			// packets; whether they do for a drop of leaving ones is not documented.
			status, stopped, verdict = truth.Unknown, nil, groupVerdict{
				reason: "whether a drop rule holds between members of " + name + ", which let each other in, is not documented",
			}
		}
	}
	hop.Status, hop.Detail, hop.Sources = status, verdict.reason, view.Labels()
	if stopped == nil {
		if sets := j.under(c, view); len(sets) == 1 {
			stopped = sets[0]
		}
	}
	hop.Component, hop.Facts = stopped.describe(c)
	if verdict.drop != nil {
		hop.Facts = append(hop.Facts, fact("drop rule", verdict.drop.Text(), c.Scope.AtBlock(verdict.drop.Resource)))
	}
	switch {
	case status == truth.Blocked:
		hop.Code = verdict.code()
		gate := j.gate(c, view.Groups, stopped, hop.Code, verdict.drop, r.Display(), r.Port, strings.ToUpper(r.Protocol))
		gate.need.add(r)
		hop.Detail, hop.Origin = "by "+strings.Join(gate.Groups, ", "), gate.Origin
	case status == truth.Open && verdict.created:
		hop.Code = "ack-created"
	}
	return hop
}

// commonGroup is a basic group, with inner access, of both the source's interface and the
// destination; empty if there is none.
func commonGroup(set *groupSet, r *world.Need) string {
	if r.Target == nil {
		return ""
	}
	for _, g := range set.groups {
		if g.Enterprise == truth.No && g.Inner == truth.Yes &&
			slices.ContainsFunc(r.Target.Groups.List, func(id alicloud.Ident) bool { return id.Key == g.Key }) {
			return g.Name
		}
	}
	return ""
}

// describe names the groups of a set.
func (s *groupSet) describe(c *world.Cluster) (component string, list []model.Fact) {
	if s == nil {
		return "", nil
	}
	names := make([]string, 0, len(s.groups))
	for _, g := range s.groups {
		names = append(names, g.Name)
		if g.Resource != nil {
			list = append(list, fact("security group", g.Name+", "+groupType(g), c.Scope.AtBlock(g.Resource)))
		}
	}
	if s.ids.Created {
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
func (j *groupJudge) verdict(c *world.Cluster, v *world.View, dest *netipx.IPSet, protocol string, port int) (truth.Verdict, *groupSet, groupVerdict) {
	sets := j.under(c, v)
	if len(sets) == 1 && sets[0].ids.Created {
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
func destinationSet(r *world.Need) *netipx.IPSet {
	switch {
	case len(r.Others) > 0:
		prefixes := []netip.Prefix{netip.PrefixFrom(r.Addr, r.Addr.BitLen())}
		for _, other := range r.Others {
			if r.Scattered || int(other.Port()) != r.Port {
				return nil
			}
			prefixes = append(prefixes, netip.PrefixFrom(other.Addr(), other.Addr().BitLen()))
		}
		return ipset.Of(prefixes...)
	case r.Addr.IsValid():
		return ipset.Of(netip.PrefixFrom(r.Addr, r.Addr.BitLen()))
	case r.Prefix.IsValid():
		return ipset.Of(r.Prefix)
	case r.Anywhere6:
		return ipset.Of(netip.MustParsePrefix("2000::/3"))
	case r.Kind == world.ToInternet, r.Public:
		return ipset.Public4
	case r.Kind == world.ToTarget && r.Target.Kind == "oss":
		return ipset.Of(cloudServices)
	case r.Kind == world.ToTarget && r.Target.VSwitch != nil && r.Target.VSwitch.CIDR.IsValid():
		return ipset.Of(r.Target.VSwitch.CIDR)
	case r.Outside != nil && len(r.Outside.Addresses) > 0:
		return ipset.Of(r.Outside.Addresses...)
	default:
		return nil
	}
}
