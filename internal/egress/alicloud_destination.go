package egress

import (
	"cmp"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
)

// aclHop judges the listener that a requirement meets.
func (j *listJudge) aclHop(r *Need) model.Hop {
	hop := model.Hop{Name: "target-acl", Status: truth.Unknown}
	var met *alicloud.Listener
	for _, l := range r.target.Listeners {
		if l.Port == r.port || r.port == 0 && len(r.target.Listeners) == 1 {
			met = l
		}
	}
	switch {
	case met == nil:
		hop.Detail = "no listener of " + r.target.Address + " for the port is in the files"
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

func (j *listJudge) aclAccess(l *alicloud.Listener, r *Need) *allowListGate {
	c, src := r.world.cluster, r.view().sources
	return j.acls.at(gateKey{l.ACL, src, r.public}, func() *allowListGate {
		gate := newAllowListGate(l.ACL, c, src, r.public)
		gate.List, gate.Listener, gate.Port = l.Filter, l.Resource.Address, l.Port
		gate.Target, gate.TargetName, gate.Product = r.target.Address, r.target.Name, r.target.Product
		switch {
		case l.Filter == "black-acl":
			judgeBlackList(gate, l.ACL, r.public)
		case r.public:
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
	if public || t.List.Unknown != "" || len(src.members) == 0 {
		gate.Reason = t.List.Unknown
		return
	}
	gate.SourceOrigin = src.origin
	var first *alicloud.AllowEntry
	gate.take(coverMembers(src, func(m member) (truth.Verdict, string) {
		if !m.vswitch.CIDR.IsValid() {
			return truth.Unknown, m.vswitch.Reason
		}
		i := slices.IndexFunc(t.List.Entries, func(e alicloud.AllowEntry) bool { return e.CIDR.Overlaps(m.vswitch.CIDR) })
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
func (j *ingressJudge) hop(r *Need) model.Hop {
	hop := model.Hop{Name: "target-security-group", Status: truth.Unknown}
	t, v := r.target, r.view()
	switch {
	case r.public || len(t.Groups.List) == 0 && t.Groups.Unknown == "" && t.Kind == "nlb":
		hop.Status = truth.Open // an NLB without a group filters nothing
		if r.public {
			hop.Status, hop.Detail = truth.Unknown, "which public addresses arrive is known only after apply"
		}
		return hop
	case len(t.Groups.List) == 0 || t.Groups.Unknown != "":
		hop.Detail = "the security groups of " + t.Address + " are not in the files"
		return hop
	}
	gate := j.access(r)
	status := gate.Status
	if !v.whole() && gate.verdicts != nil {
		status = v.sum(gate.verdicts)
	}
	hop.Status, hop.Code, hop.Origin = status, gate.Code, gate.Origin
	hop.Component, hop.Sources, hop.Facts = strings.Join(gate.Groups, ", "), v.labels(), gate.facts
	if hop.Status == truth.Unknown {
		hop.Detail = cmp.Or(gate.reason, v.someReason())
	}
	if status == truth.Partial {
		hop.Status = truth.Blocked
	}
	if v.whole() || hop.Status == truth.Blocked {
		gate.need.add(r)
	} else {
		hop.Code = ""
	}
	return hop
}

func (j *ingressJudge) access(r *Need) *ingressGate {
	v := r.view()
	key := ingressKey{gateKey{r.target, v.sources, false}, v.groups, r.protocol, r.port}
	return j.gates.at(key, func() *ingressGate { return j.judge(r) })
}

func (j *ingressJudge) judge(r *Need) *ingressGate {
	t, c, v := r.target, r.world.cluster, r.view()
	src, role := v.sources, v.role
	gate := &ingressGate{SecurityGroupIngress: &model.SecurityGroupIngress{
		Target: t.Address, TargetName: t.Name, Product: t.Product, Cluster: c.id, ClusterName: c.name, Plugin: c.pluginOf(src),
		Role: role, Scope: src.scope, Groups: []string{}, Status: truth.Unknown, Port: r.port, Protocol: r.protocol,
		Uncovered: []string{}, Covered: []string{}, WrongCovers: []string{}, SourceOrigin: src.origin,
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
	verdict := coverMembers(src, func(m member) (truth.Verdict, string) {
		if !m.vswitch.CIDR.IsValid() {
			return truth.Unknown, m.vswitch.Reason
		}
		v := ingressVerdict(groups, ipset.Of(m.vswitch.CIDR), from, fromUnknown, strings.ToLower(r.protocol), r.port)
		if v.status == truth.Blocked && v.drop != nil && gate.Rule == "" {
			gate.Rule, gate.Drop = v.drop.Resource.Address, t.Scope.AtBlock(v.drop.Resource)
		}
		return v.status, v.reason
	})
	gate.verdicts, gate.Status, gate.reason = verdict.verdicts, verdict.status, verdict.reason
	gate.Covered, gate.Uncovered = verdict.covered, verdict.uncovered
	for _, m := range src.members {
		gate.facts = append(gate.facts, fact("source vSwitch", m.vswitch.Label(), m.origin))
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
		if verdict.none() && src == c.primary() {
			findWrongRule(gate, t, c, role, groups, r)
		}
	}
	return gate
}

// findWrongRule looks for an inbound rule that admits the cluster's other kind of
// vSwitch.
func findWrongRule(gate *ingressGate, t *alicloud.Target, c *cluster, role string, groups []*alicloud.SecurityGroup, r *Need) {
	for _, g := range groups {
		for _, rule := range g.Ingress {
			if !rule.Accept || !rule.Matches(strings.ToLower(r.protocol), r.port) {
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
func (j *ingressJudge) sourceGroups(c *cluster, v *view) (keys []string, unknown string) {
	keys = []string{}
	for _, set := range j.groups.setsOf(c, v.groups) {
		if set.unknown != "" {
			unknown = set.unknown
		}
		for _, g := range set.groups {
			keys = append(keys, g.Key)
		}
	}
	return keys, unknown
}
