package trace

import (
	"cmp"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
)

// aclHop judges the listener that a requirement meets.
func (j *listJudge) aclHop(r *world.Need) model.Hop {
	hop := model.Hop{Name: model.HopTargetACL, Status: truth.Unknown}
	var met *alicloud.Listener
	for _, l := range r.Target.Listeners {
		if l.Port == r.Port || r.Port == 0 && len(r.Target.Listeners) == 1 {
			met = l
		}
	}
	switch {
	case met == nil:
		hop.Detail = "no listener of " + r.Target.Address + " for the port is in the files"
		return hop
	case met.Filter == "" && met.Unknown == "", met.Filter == "white-acl" && len(met.ACL.List.Entries) == 0 && met.Unknown == "":
		// A white list without entries forwards everything (API documentation, ACLs).
		hop.Status = truth.Open
		return hop
	case met.Filter == "":
		hop.Detail = met.Unknown
		return hop
	}
	return j.aclAccess(met, r).hop(j.ways, r, hop)
}

func (j *listJudge) aclAccess(l *alicloud.Listener, r *world.Need) *allowListGate {
	c, src := r.World.Cluster, r.View().Sources
	return j.acls.at(gateKey{l.ACL, src, r.Public}, func() *allowListGate {
		gate := newAllowListGate(l.ACL, c, src, r.Public)
		gate.List, gate.Listener, gate.Port = l.Filter, l.Resource.Address, l.Port
		gate.Target, gate.TargetName, gate.Product = r.Target.Address, r.Target.Name, r.Target.Product
		switch {
		case l.Filter == "black-acl":
			judgeBlackList(gate, l.ACL, r.Public)
		case r.Public:
			j.judgePublicList(gate, l.ACL, c)
		default:
			judgeList(gate, l.ACL, c)
		}
		return gate
	})
}

// judgeBlackList reports the sources that a black list holds.
func judgeBlackList(gate *allowListGate, t *alicloud.Target, public bool) {
	src := gate.src
	if public || t.List.Unknown != "" || len(src.Members) == 0 {
		gate.Reason = t.List.Unknown
		return
	}
	gate.SourceOrigin = src.Origin
	var first *alicloud.AllowEntry
	gate.take(coverMembers(src, func(m world.Member) (truth.Verdict, string) {
		if !m.VSwitch.CIDR.IsValid() {
			return truth.Unknown, m.VSwitch.Reason
		}
		i := slices.IndexFunc(t.List.Entries, func(e alicloud.AllowEntry) bool { return e.CIDR.Overlaps(m.VSwitch.CIDR) })
		if i < 0 {
			return truth.Open, ""
		}
		first = cmp.Or(first, &t.List.Entries[i])
		return truth.Blocked, ""
	}))
	if first != nil {
		gate.Origin = first.Origin
	}
}

// ingressJudge judges the inbound rules of a destination's security groups.
type ingressJudge struct {
	groups *groupJudge
	gates  gates[ingressKey, *ingressGate]
}

// ingressGate is a SecurityGroupIngress under construction.
type ingressGate struct {
	*model.SecurityGroupIngress
	verdicts []truth.Verdict // on the members of the sources
	need     needs
	reason   string // why it is unknown
	facts    []model.Fact
}

func (gate *ingressGate) entity() *model.SecurityGroupIngress {
	gate.Need = gate.need.sum()
	return gate.SecurityGroupIngress
}

// hop judges the inbound rules of a destination's security groups.
func (j *ingressJudge) hop(r *world.Need) model.Hop {
	hop := model.Hop{Name: model.HopTargetSecurityGroup, Status: truth.Unknown}
	t, v := r.Target, r.View()
	switch {
	case r.Public || len(t.Groups.List) == 0 && t.Groups.Unknown == "" && t.Kind == "nlb":
		hop.Status = truth.Open // an NLB without a group filters nothing
		if r.Public {
			hop.Status, hop.Detail = truth.Unknown, "which public addresses arrive is known only after apply"
		}
		return hop
	case len(t.Groups.List) == 0 || t.Groups.Unknown != "":
		hop.Detail = "the security groups of " + t.Address + " are not in the files"
		return hop
	}
	gate := j.access(r)
	status := gate.Status
	if !v.Whole() && gate.verdicts != nil {
		status = v.Sum(gate.verdicts)
	}
	hop.Status, hop.Code, hop.Origin = status, gate.Code, gate.Origin
	hop.Component, hop.Sources, hop.Facts = strings.Join(gate.Groups, ", "), v.Labels(), gate.facts
	if hop.Status == truth.Unknown {
		hop.Detail = cmp.Or(gate.reason, v.SomeReason())
	}
	if status == truth.Partial {
		hop.Status = truth.Blocked
	}
	if v.Whole() || hop.Status == truth.Blocked {
		gate.need.add(r)
	} else {
		hop.Code = ""
	}
	return hop
}

func (j *ingressJudge) access(r *world.Need) *ingressGate {
	v := r.View()
	key := ingressKey{gateKey{r.Target, v.Sources, false}, v.Groups, r.Protocol, r.Port}
	return j.gates.at(key, func() *ingressGate { return j.judge(r) })
}

func (j *ingressJudge) judge(r *world.Need) *ingressGate {
	t, c, v := r.Target, r.World.Cluster, r.View()
	src, role := v.Sources, v.Role
	gate := &ingressGate{SecurityGroupIngress: &model.SecurityGroupIngress{
		Target: t.Address, TargetName: t.Name, Product: t.Product, Cluster: c.ID, ClusterName: c.Name, Plugin: c.PluginOf(src),
		Role: role, Scope: src.Scope, Groups: []string{}, Status: truth.Unknown, Port: r.Port, Protocol: r.Protocol,
		Uncovered: []string{}, Covered: []string{}, WrongCovers: []string{}, SourceOrigin: src.Origin,
	}}
	var groups []*alicloud.SecurityGroup
	for _, id := range t.Groups.List {
		g := t.Scope.SecurityGroup(id)
		groups = append(groups, g)
		gate.Groups = append(gate.Groups, g.Name)
		if g.Resource != nil {
			gate.facts = append(gate.facts, fact("security group of the target", g.Name+", "+groupType(g), t.Scope.AtBlock(g.Resource)))
		}
	}
	if groups[0].Resource != nil {
		gate.Origin = t.Scope.AtBlock(groups[0].Resource)
	}
	from, fromUnknown := j.sourceGroups(c, v)
	verdict := coverMembers(src, func(m world.Member) (truth.Verdict, string) {
		if !m.VSwitch.CIDR.IsValid() {
			return truth.Unknown, m.VSwitch.Reason
		}
		v := ingressVerdict(groups, ipset.Of(m.VSwitch.CIDR), from, fromUnknown, strings.ToLower(r.Protocol), r.Port, t.Kind == "nlb")
		if v.status == truth.Blocked && v.drop != nil && gate.Rule == "" {
			gate.Rule, gate.Drop = v.drop.Resource.Address, t.Scope.AtBlock(v.drop.Resource)
		}
		return v.status, v.reason
	})
	gate.verdicts, gate.Status, gate.reason = verdict.verdicts, verdict.status, verdict.reason
	gate.Covered, gate.Uncovered = verdict.covered, verdict.uncovered
	for _, m := range src.Members {
		gate.facts = append(gate.facts, fact("source vSwitch", m.VSwitch.Label(), m.Origin))
	}
	if gate.Rule != "" {
		gate.facts = append(gate.facts, fact("drop rule", gate.Rule, gate.Drop))
	}
	switch {
	case len(verdict.uncovered) == 0:
	case gate.Rule != "":
		gate.Code = "dropped"
	default:
		gate.Code = "missing"
		if verdict.none() && src == c.Primary() {
			findWrongRule(gate, t, c, role, groups, r)
		}
	}
	return gate
}

// findWrongRule looks for an inbound rule that admits the cluster's other kind of
// vSwitch.
func findWrongRule(gate *ingressGate, t *alicloud.Target, c *world.Cluster, role string, groups []*alicloud.SecurityGroup, r *world.Need) {
	for _, g := range groups {
		for _, rule := range g.Ingress {
			if !rule.Accept || !rule.Matches(strings.ToLower(r.Protocol), r.Port) {
				continue
			}
			for _, cidr := range rule.CIDRs {
				covers := wrongCovers(c, role, byCIDR(cidr))
				if len(covers) > 0 && gate.Wrong.Ref == 0 {
					gate.Code, gate.Wrong = "wrong-vswitch", t.Scope.AtBlock(rule.Resource)
				}
				gate.WrongCovers = append(gate.WrongCovers, covers...)
			}
		}
	}
	gate.WrongCovers = sorted(gate.WrongCovers)
}

// sourceGroups are the keys of the groups that the interfaces of packets carry, on
// whichever node.
func (j *ingressJudge) sourceGroups(c *world.Cluster, v *world.View) (keys []string, unknown string) {
	keys = []string{}
	for _, set := range j.groups.setsOf(c, v.Groups) {
		if set.unknown != "" {
			unknown = set.unknown
		}
		for _, g := range set.groups {
			keys = append(keys, g.Key)
		}
	}
	return keys, unknown
}
