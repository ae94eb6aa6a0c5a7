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
func (b *builder) aclHop(r *requirementOf) model.Hop {
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
	return b.aclAccess(met, r).hop(b, r, hop)
}

func (b *builder) aclAccess(l *alicloud.Listener, r *requirementOf) *allowListGate {
	c, src := r.world.cluster, r.view().sources
	return b.acls.at(gateKey{l.ACL, src, r.public}, func() *allowListGate {
		gate := b.newAllowListGate(l.ACL, c, src, r.public)
		gate.List, gate.Listener, gate.Port = l.Filter, l.Resource.Address, l.Port
		gate.Target, gate.TargetName, gate.Product = r.target.Address, r.target.Name, r.target.Product
		switch {
		case l.Filter == "black-acl":
			b.judgeBlackList(gate, l.ACL, r.public)
		case r.public:
			b.judgePublicList(gate, l.ACL, c)
		default:
			b.judgeList(gate, l.ACL, c)
		}
		return gate
	})
}

// judgeBlackList reports the sources that a black list holds.
func (b *builder) judgeBlackList(gate *allowListGate, t *target, public bool) {
	src := gate.src
	if public || t.List.Unknown != "" || len(src.members) == 0 {
		gate.Reason = t.List.Unknown
		return
	}
	gate.SourceOrigin = src.origin
	var first *alicloud.AllowEntry
	gate.take(coverMembers(src, func(m member) (truth.Verdict, string) {
		if !m.vswitch.CIDR.IsValid() {
			return truth.Unknown, ""
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

// ingressGate is a SecurityGroupIngress under construction.
type ingressGate struct {
	*model.SecurityGroupIngress
	verdicts []truth.Verdict // on the members of the sources
	need     needs
}

func (gate *ingressGate) entity() *model.SecurityGroupIngress {
	gate.Need = gate.need.sum()
	return gate.SecurityGroupIngress
}

// ingressHop judges the inbound rules of a destination's security groups.
func (b *builder) ingressHop(r *requirementOf) model.Hop {
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
	gate := b.ingressAccess(r)
	status := gate.Status
	if !v.whole() && gate.verdicts != nil {
		status = v.sum(gate.verdicts)
	}
	hop.Status, hop.Code, hop.Origin = status, gate.Code, gate.Origin
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

func (b *builder) ingressAccess(r *requirementOf) *ingressGate {
	v := r.view()
	key := ingressKey{gateKey{r.target, v.sources, false}, v.groups, r.protocol, r.port}
	return b.ingress.at(key, func() *ingressGate { return b.judgeIngress(r) })
}

func (b *builder) judgeIngress(r *requirementOf) *ingressGate {
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
	}
	if groups[0].Resource != nil {
		gate.Origin = t.Scope.AtBlock(groups[0].Resource)
	}
	from, fromUnknown := b.sourceGroups(c, v)
	verdict := coverMembers(src, func(m member) (truth.Verdict, string) {
		if !m.vswitch.CIDR.IsValid() {
			return truth.Unknown, ""
		}
		v := ingressVerdict(groups, ipset.Of(m.vswitch.CIDR), from, fromUnknown, strings.ToLower(r.protocol), r.port)
		if v.status == truth.Blocked && v.drop != nil && gate.Rule == "" {
			gate.Rule, gate.Drop = v.drop.Resource.Address, t.Scope.AtBlock(v.drop.Resource)
		}
		return v.status, ""
	})
	gate.verdicts, gate.Status = verdict.verdicts, verdict.status
	gate.Covered, gate.Uncovered = verdict.covered, verdict.uncovered
	switch {
	case len(verdict.uncovered) == 0:
	case gate.Rule != "":
		gate.Code = "dropped"
	default:
		gate.Code = "missing"
		if verdict.none() && src == c.primary() {
			b.findWrongRule(gate, t, c, role, groups, r)
		}
	}
	return gate
}

// findWrongRule looks for an inbound rule that admits the cluster's other kind of
// vSwitch.
func (b *builder) findWrongRule(gate *ingressGate, t *target, c *cluster, role string, groups []*alicloud.SecurityGroup, r *requirementOf) {
	for _, g := range groups {
		for _, rule := range g.Ingress {
			if !rule.Accept || !rule.Matches(strings.ToLower(r.protocol), r.port) {
				continue
			}
			for _, cidr := range rule.CIDRs {
				covers := c.wrongCovers(role, byCIDR(cidr))
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
func (b *builder) sourceGroups(c *cluster, v *view) (keys []string, unknown string) {
	keys = []string{}
	for _, set := range b.groups.setsOf(c, v.groups) {
		if set.unknown != "" {
			unknown = set.unknown
		}
		for _, g := range set.groups {
			keys = append(keys, g.Key)
		}
	}
	return keys, unknown
}
