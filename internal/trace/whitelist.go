package trace

import (
	"cmp"
	"net/netip"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
)

// targetEntity is a target as the model shows it.
func targetEntity(t *alicloud.Target) *model.Target {
	shown := &model.Target{
		Address: t.Address, Kind: t.Kind, Product: t.Product, Name: t.Name, Root: t.Scope.Root.Dir,
		Managed: truth.Open, AllowList: make([]model.AllowListEntry, 0, len(t.List.All)), Origin: t.Origin,
	}
	if t.VPC != nil && t.VPC.Resource != nil {
		shown.VPC = t.VPC.Name
	}
	switch {
	case !t.HasList():
		shown.Managed, shown.Reason = truth.Unknown, "it has no allow-list of its own"
	case t.List.Unknown != "":
		shown.Managed, shown.Reason = truth.Unknown, t.List.Unknown
	}
	for _, e := range t.List.All {
		shown.AllowList = append(shown.AllowList, model.AllowListEntry{
			Value: e.Text, Open: e.CIDR.IsValid() && e.CIDR.Bits() == 0, Attribute: e.Attribute, Origin: e.Origin,
		})
	}
	return shown
}

// listJudge judges the lists of targets: the whitelists of cloud services, and the
// access control lists of load balancers' listeners.
type listJudge struct {
	ways       *ways
	whitelists gates[gateKey, *allowListGate]
	acls       gates[gateKey, *allowListGate]
}

// allowListGate is an AllowListAccess under construction.
type allowListGate struct {
	*model.AllowListAccess
	target  *alicloud.Target
	cluster *world.Cluster
	src     *world.Sources
	// verdicts are those on the members of the sources; for packets that arrive with
	// public addresses, admitted are these.
	verdicts []truth.Verdict
	admitted map[string]bool
	need     needs
	said     []model.Fact // see facts
	// serves says that the list lets in somebody who is known to need it; servesPart that
	// some who do come from a part of the sources, and nothing stops them.
	serves, servesPart bool
}

func (gate *allowListGate) entity() *model.AllowListAccess {
	gate.Need = gate.need.sum()
	return gate.AllowListAccess
}

// access returns the gate of a target for one cluster and role, judging
// it on first use.
func (j *listJudge) access(t *alicloud.Target, c *world.Cluster, src *world.Sources, public bool) *allowListGate {
	return j.whitelists.at(gateKey{t, src, public}, func() *allowListGate {
		gate := newAllowListGate(t, c, src, public)
		switch {
		case c.Plugin == world.PluginUnknown:
			gate.Reason = "the network plug-in of " + c.Name + " is unknown"
		case public:
			j.judgePublicList(gate, t, c)
		default:
			judgeList(gate, t, c)
		}
		return gate
	})
}

// hop judges the list for one requirement, whose packets may come from a part of the
// sources only.
func (gate *allowListGate) hop(y *ways, r *world.Need, hop model.Hop) model.Hop {
	v := r.View()
	status := gate.Status
	switch {
	case v.Whole():
	case gate.admitted != nil:
		status = gate.publicVerdict(y, v)
	case gate.verdicts != nil:
		status = v.Sum(gate.verdicts)
	}
	hop.Status, hop.Code, hop.Detail, hop.Origin = status, gate.Code, gate.Reason, gate.Origin
	hop.Component, hop.Sources, hop.Facts = gate.component(), gate.seen(v), gate.facts()
	if status == truth.Partial {
		hop.Status = truth.Blocked
	}
	gate.serves = gate.serves || hop.Status == truth.Open
	if v.Whole() || hop.Status == truth.Blocked {
		gate.need.add(r)
		return hop
	}
	hop.Code = ""
	if hop.Status == truth.Unknown {
		hop.Detail = cmp.Or(gate.Reason, v.SomeReason())
	}
	gate.servesPart = true
	return hop
}

// component names the list.
func (gate *allowListGate) component() string {
	if gate.Listener != "" {
		return gate.Listener
	}
	return gate.AllowListAccess.Target + ", " + gate.Attribute
}

// seen are the addresses that the target sees packets of a view come from.
func (gate *allowListGate) seen(v *world.View) []string {
	if gate.Role != world.RoleEIP {
		return v.Labels()
	}
	var list []string
	for _, source := range gate.Sources {
		list = append(list, source.Name)
	}
	return list
}

// facts are the elements of the list, and the sources that it is compared with.
func (gate *allowListGate) facts() []model.Fact {
	if gate.said != nil {
		return gate.said
	}
	for _, e := range gate.target.List.Entries {
		gate.said = append(gate.said, fact("element", e.Text, e.Origin))
	}
	if len(gate.target.List.Entries) == 0 && gate.target.List.Unknown == "" {
		gate.said = append(gate.said, fact("elements", "none", gate.Origin))
	}
	for _, source := range gate.Sources {
		text := source.Name
		if source.CIDR != "" {
			text += " (" + source.CIDR + ")"
		}
		gate.said = append(gate.said, fact("source range", text+": "+string(source.Status), source.Origin))
	}
	return gate.said
}

func newAllowListGate(t *alicloud.Target, c *world.Cluster, src *world.Sources, public bool) *allowListGate {
	role := src.Role
	if public {
		role = world.RoleEIP
	}
	gate := &allowListGate{target: t, cluster: c, src: src, AllowListAccess: &model.AllowListAccess{
		Target: t.Address, TargetName: t.Name, Product: t.Product, Attribute: t.List.Attribute,
		Cluster: c.ID, ClusterName: c.Name, Plugin: c.PluginOf(src), Role: role, Scope: src.Scope, Status: truth.Unknown,
		List: "whitelist", Omitted: t.List.Omitted, Sources: []model.Source{},
		Uncovered: []string{}, Covered: []string{}, Entries: []string{}, WrongCovers: []string{},
		SameVPC: t.VPC != nil && t.VPC == c.VPC, Origin: t.List.Origin,
	}}
	gate.Extensions.Alicloud.Loopback = t.List.LoopbackOnly()
	for _, e := range t.List.Entries {
		gate.Entries = append(gate.Entries, e.Text)
	}
	return gate
}

// judgeList compares an allow-list with the vSwitches of its sources.
func judgeList(gate *allowListGate, t *alicloud.Target, c *world.Cluster) {
	src, role := gate.src, gate.src.Role
	gate.SourceOrigin = src.Origin
	set := alicloud.SetOf(t.List.Entries)
	everything := set.ContainsPrefix(netip.MustParsePrefix("0.0.0.0/0"))
	verdict := coverMembers(src, func(m world.Member) (truth.Verdict, string) {
		switch cidr := m.VSwitch.CIDR; {
		case everything, cidr.IsValid() && set.ContainsPrefix(cidr):
			return truth.Open, ""
		case !cidr.IsValid() && !t.List.LoopbackOnly(): // a list that admits nobody refuses any address
			return truth.Unknown, m.VSwitch.Reason
		case t.List.Unknown != "":
			return truth.Unknown, t.List.Unknown
		case role == world.RoleNode && addsNodesTo(c, t) != truth.No:
			return truth.Open, "the node pool's rds_instances adds the nodes to the list"
		case role == world.RolePod && addsNodesTo(c, t) != truth.No:
			return truth.Unknown, "whether the node pool's rds_instances adds pods to the list too is not documented"
		default:
			return truth.Blocked, ""
		}
	})
	for i, m := range src.Members {
		gate.Sources = append(gate.Sources, model.Source{
			Name: m.VSwitch.Name, CIDR: cidrText(m.VSwitch), Origin: m.Origin, Status: verdict.verdicts[i], Reason: verdict.reasons[i],
		})
	}
	gate.take(verdict)
	gate.CoversCluster = len(verdict.covered) > 0
	if verdict.none() && src == c.Primary() {
		findWrongElement(gate, t, c, role)
	}
}

// take takes over how far the list admits the sources.
func (gate *allowListGate) take(c coverage) {
	gate.verdicts, gate.Status, gate.Reason = c.verdicts, c.status, c.reason
	gate.Covered, gate.Uncovered = c.covered, c.uncovered
	if len(c.uncovered) > 0 {
		gate.Code = "missing"
	}
}

// addsNodesTo reports whether a node pool itself adds its nodes to the target's
// list.
func addsNodesTo(c *world.Cluster, t *alicloud.Target) truth.Truth {
	answer := truth.No
	for _, pool := range c.Pools {
		list, unknown := c.Scope.Idents(pool.Res.Body.Get("rds_instances"))
		for _, id := range list {
			if id.Key == t.Resource.Address {
				return truth.Yes
			}
			if id.Resource == nil {
				answer = truth.Maybe
			}
		}
		if unknown != "" {
			answer = truth.Maybe
		}
	}
	return answer
}

// findWrongElement looks for an element that admits the cluster's other kind of
// vSwitch.
func findWrongElement(gate *allowListGate, t *alicloud.Target, c *world.Cluster, role string) {
	for _, e := range t.List.Entries {
		if !e.CIDR.IsValid() {
			continue
		}
		covers := wrongCovers(c, role, byCIDR(e.CIDR))
		if len(covers) > 0 && gate.WrongEntry == "" {
			gate.Code, gate.WrongEntry, gate.Origin = "wrong-vswitch", e.Text, e.Origin
		}
		gate.WrongCovers = append(gate.WrongCovers, covers...)
	}
	gate.WrongCovers = sorted(gate.WrongCovers)
}
