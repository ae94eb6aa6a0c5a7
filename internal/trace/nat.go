package trace

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
)

// internetGate is an InternetAccess under construction: requirements are added
// while paths are traced.
type internetGate struct {
	*model.InternetAccess
	src    *world.Sources
	ways   []wayOut
	routes []*routeGate
	wrong  []*alicloud.SNATEntry // those that cover the wrong kind of vSwitch only
	need   needs
}

func (gate *internetGate) entity() *model.InternetAccess {
	gate.Need = gate.need.sum()
	return gate.InternetAccess
}

// ways are the ways of clusters to public IPv4 addresses.
type ways struct {
	*world.Facts
	*world.Notes
	bySource map[*world.Sources]*internetGate
	gates    []*internetGate
	routes   []*routeGate
	entries  []entryGate
}

func newWays(f *world.Facts, n *world.Notes) *ways {
	y := &ways{Facts: f, Notes: n, bySource: make(map[*world.Sources]*internetGate)}
	for _, c := range f.Clusters {
		if c.Scope == nil {
			continue
		}
		y.unknownSources(c)
		if c.Plugin != world.PluginUnknown {
			y.judgeCluster(c)
		}
		y.routeBlocks(c)
	}
	for _, s := range f.Scopes {
		y.entryGates(s)
	}
	y.entries = onceEach(y.entries)
	return y
}

// of is the gate of the sources that packets of a view come from; nil if there is none.
func (y *ways) of(v *world.View) *internetGate { return y.bySource[v.Sources] }

// judgeCluster judges the vSwitches of each role of a cluster.
func (y *ways) judgeCluster(c *world.Cluster) {
	for _, src := range c.AllSources() {
		if src == &c.Pod && c.Plugin == world.PluginFlannel || len(src.Members) == 0 {
			continue
		}
		gate := &internetGate{InternetAccess: &model.InternetAccess{
			Cluster: c.ID, ClusterName: c.Name, Plugin: c.PluginOf(src), Role: src.Role, Scope: src.Scope,
			Primary: c.Primary() == src || src.Scope != "", Intent: c.Intent, Origin: src.Origin,
			VSwitches: []model.Source{}, Uncovered: []string{}, Covered: []string{}, EntryCovers: []string{}, PublicNodes: []place.Origin{},
		}, src: src}
		for _, m := range src.Members {
			way := judgeWay(y.Facts, c, src, m)
			gate.ways = append(gate.ways, way)
			gate.VSwitches = append(gate.VSwitches, model.Source{
				Name: m.VSwitch.Name, CIDR: cidrText(m.VSwitch), Status: way.status, Reason: way.reason, Origin: m.Origin,
			})
		}
		y.bySource[src] = gate
		y.gates = append(y.gates, gate)
	}
	for _, src := range c.AllSources() {
		if gate := y.bySource[src]; gate != nil {
			y.conclude(c, gate)
		}
	}
}

// unknownSources tells that the vSwitches which pods' packets come from are not
// known, whether or not a workload is known to need anything.
func (y *ways) unknownSources(c *world.Cluster) {
	subject := "vSwitches of cluster " + c.Name
	if c.Plugin == world.PluginUnknown {
		y.Unknown(subject, "the network plug-in of "+c.Name+" is unknown", c.Origin)
		return
	}
	if reason := c.Primary().Unknown; reason != "" {
		y.Unknown(subject, reason, c.Origin)
	}
}

func cidrText(v *alicloud.VSwitch) string {
	if !v.CIDR.IsValid() {
		return ""
	}
	return v.CIDR.String()
}

// conclude sums up the vSwitches of a gate.
func (y *ways) conclude(c *world.Cluster, gate *internetGate) {
	src, other := gate.src, y.bySource[&c.Node]
	if gate.Role == world.RoleNode {
		other = y.bySource[&c.Pod]
	}
	var verdicts []truth.Verdict
	var uncovered []world.Member
	for _, way := range gate.ways {
		verdicts = append(verdicts, way.status)
		switch {
		case way.code == "missing":
			uncovered = append(uncovered, way.member)
			gate.Uncovered = append(gate.Uncovered, way.member.VSwitch.Label())
		case way.leadsOut():
			gate.Covered = append(gate.Covered, way.member.VSwitch.Label())
		}
		if way.code != "" && rankOf(way.code) < rankOf(gate.Code) {
			gate.Code = way.code
		}
		if at := unusableEntry(c, way); at.Ref != 0 && at.Same(gate.Entry) {
			gate.EntryCovers = append(gate.EntryCovers, way.member.VSwitch.Label())
		} else if at.Ref != 0 && gate.Entry.Ref == 0 {
			gate.Entry = at
			gate.EntryCovers = append(gate.EntryCovers, way.member.VSwitch.Label())
			gate.GatewayName = way.entry.Gateway.Name
			gate.GatewayCode = "other-vpc"
			if way.entry.Gateway.Internet == truth.No {
				gate.GatewayCode = "intranet"
			}
			gate.Gateway = c.Scope.AtBlock(way.entry.Gateway.Resource)
		}
	}
	gate.Status = truth.Sum(verdicts, src.Unknown != "")
	gate.OtherCovered = other != nil && allCovered(other)
	if gate.GatewayName == "" && c.VPC != nil {
		if list, _ := alicloud.GatewaysOf(c.Scope, c.VPC); len(list) > 0 {
			gate.GatewayName = list[0].Name
			gate.Gateway = c.Scope.AtBlock(list[0].Resource)
		}
	}
	if len(uncovered) == 1 && len(gate.ways) > 1 {
		gate.Origin = uncovered[0].Origin
	}
	// What certain pods lack, nobody meant to give them by what serves the others.
	if c.Primary() == src && gate.Code == "missing" && allUncovered(gate) && src.Unknown == "" {
		if c.Plugin == world.PluginTerway && len(c.PublicBy) > 0 {
			// The nodes' public addresses look like a way out, and are none for pods.
			gate.Code, gate.PublicNodes, gate.Origin = "node-eip", c.PublicBy, c.PublicBy[0]
			return
		}
		findWrongEntry(y.Facts, c, gate)
	}
}

// unusableEntry is the SNAT entry of a gateway that gives no Internet access.
func unusableEntry(c *world.Cluster, way wayOut) place.Origin {
	if way.code != "gateway-unusable" {
		return place.Origin{}
	}
	return c.Scope.AtBlock(way.entry.Resource)
}

func allCovered(gate *internetGate) bool {
	return gate.src.Unknown == "" && len(gate.ways) > 0 &&
		!slices.ContainsFunc(gate.ways, func(w wayOut) bool { return !w.leadsOut() })
}

func allUncovered(gate *internetGate) bool {
	return !slices.ContainsFunc(gate.ways, func(w wayOut) bool { return w.covered != truth.No })
}

// findWrongEntry looks for an SNAT entry that covers the cluster's other kind of
// vSwitch: the node vSwitches under Terway, the pod vSwitches or the pod CIDR
// under Flannel.
func findWrongEntry(f *world.Facts, c *world.Cluster, gate *internetGate) {
	for _, e := range f.Entries[c.Scope] {
		covers := wrongCovers(c, gate.Role, admission{
			func(v *alicloud.VSwitch) bool { return e.Covers(v) == truth.Yes },
			func(pods netip.Prefix) bool { return e.CIDR.IsValid() && e.CIDR.Overlaps(pods) },
		})
		if len(covers) == 0 {
			continue
		}
		origin := c.Scope.At(e.Resource, e.Source)
		if gate.Entry.Ref == 0 || origin.Before(gate.Entry) {
			gate.Entry = origin
		}
		gate.Code = "wrong-vswitch"
		gate.wrong = append(gate.wrong, e)
		gate.EntryCovers = append(gate.EntryCovers, covers...)
	}
	// An entry without a public address serves nobody, which is told first.
	if len(gate.wrong) > 0 && !slices.ContainsFunc(gate.wrong, func(e *alicloud.SNATEntry) bool { return e.EIP.Status != truth.Blocked }) {
		gate.Code = "eip-not-associated"
	}
	gate.EntryCovers = sorted(gate.EntryCovers)
}

// hop judges the way to public IPv4 addresses.
func (y *ways) hop(r *world.Need) model.Hop {
	hop := model.Hop{Name: model.HopNAT, Status: truth.Unknown}
	c := r.World.Cluster
	if c == nil {
		hop.Detail = "the cluster is not in the files"
		return hop
	}
	if r.Workload.HostNetwork == truth.No && r.World.HasWayOut(r.Index) {
		hop.Status, hop.Code = truth.Open, "pod-eip"
		hop.Origin = y.Places.Object(r.Workload.Object, podEIPAnnotation(r.Workload))
		hop.Component = "EIP of the pods"
		return hop
	}
	v := r.View()
	if v.Reason != "" {
		hop.Detail = v.Reason
		return hop
	}
	gate := y.of(v)
	if c.Plugin == world.PluginFlannel && !v.Container && wantsPodEIP(r.Workload) && gate != nil && gate.Status != truth.Open {
		// The annotation is at fault, and told.
		hop.Status, hop.Code, hop.Origin = truth.Blocked, "pod-eip", y.Places.Object(r.Workload.Object, podEIPAnnotation(r.Workload))
		return hop
	}
	if gate == nil {
		hop.Detail = cmp.Or(v.Gap, "the vSwitches of "+c.Name+" are unknown")
		return hop
	}
	return gate.hop(c, r)
}

// hop judges the gate for one requirement, whose packets may leave from a part of the
// vSwitches only.
func (gate *internetGate) hop(c *world.Cluster, r *world.Need) model.Hop {
	v := r.View()
	verdicts := make([]truth.Verdict, len(gate.ways))
	for i, way := range gate.ways {
		verdicts[i] = way.status
	}
	hop := model.Hop{Name: model.HopNAT, Status: v.Sum(verdicts), Code: gate.Code}
	if hop.Status == truth.Partial {
		hop.Status = truth.Blocked
	}
	if hop.Status != truth.Blocked {
		hop.Code = ""
	}
	hop.Origin, hop.Sources = gate.at(c), v.Labels()
	hop.Component, hop.Facts = gate.describe(c, v)
	reason := v.Gap
	decided := reason == "" && !v.Some
	for i, way := range gate.ways {
		if v.Takes(v.Members[i].VSwitch) && way.status == truth.Unknown && !way.byRoute {
			decided, reason = false, cmp.Or(way.reason, reason)
			break
		}
	}
	for _, block := range gate.routes {
		switch status, why := block.judge(c.Scope, r); {
		case status == truth.Blocked && !v.Some:
			block.need.add(r)
			if hop.Status == truth.Unknown {
				hop.Status, hop.Code, hop.Origin = truth.Blocked, "route", block.Origin
			}
		case status != truth.Open:
			decided, reason = false, cmp.Or(reason, why)
		}
	}
	if hop.Status == truth.Unknown {
		hop.Detail = cmp.Or(reason, v.SomeReason())
		if decided {
			hop.Status = truth.Open
		}
	}
	if v.Whole() || hop.Status == truth.Blocked {
		gate.need.add(r)
	}
	return hop
}

// describe names what packets of a view leave through, and says what decides that.
func (gate *internetGate) describe(c *world.Cluster, v *world.View) (component string, list []model.Fact) {
	entries := make(map[*alicloud.SNATEntry]bool)
	for _, way := range gate.ways {
		if !v.Takes(way.member.VSwitch) {
			continue
		}
		list = append(list, fact("source vSwitch", way.member.VSwitch.Label()+": "+string(way.status), way.member.Origin))
		if way.route.Table != nil {
			list = append(list, fact("route table", way.route.Table.Address, c.Scope.AtBlock(way.route.Table)))
		}
		e := way.entry
		if e == nil || entries[e] {
			continue
		}
		entries[e] = true
		component = cmp.Or(component, e.Resource.Address)
		list = append(list, fact("SNAT entry", e.Resource.Address, c.Scope.At(e.Resource, e.Source)))
		if e.Gateway != nil && e.Gateway.Resource != nil {
			list = append(list, fact("NAT gateway", e.Gateway.Name, c.Scope.AtBlock(e.Gateway.Resource)))
		}
		list = append(list, fact("EIP", strings.TrimSpace(cmp.Or(e.EIP.EIP, "of the SNAT entry")+": "+string(e.EIP.Status)), c.Scope.AtArgument(e.Resource, "snat_ip")))
	}
	if component == "" {
		component = gate.GatewayName
	}
	return component, list
}

// at is the place of what the code of the gate names.
func (gate *internetGate) at(c *world.Cluster) place.Origin {
	switch gate.Code {
	case "wrong-vswitch", "gateway-unusable":
		return gate.Entry
	case "route":
		if len(gate.routes) > 0 {
			return gate.routes[0].Origin
		}
	case "eip-not-associated":
		entries := slices.Clone(gate.wrong)
		for _, way := range gate.ways {
			if way.code == gate.Code {
				entries = append(entries, way.entry)
			}
		}
		if len(entries) > 0 {
			return c.Scope.AtArgument(entries[0].Resource, "snat_ip")
		}
	}
	return gate.Origin
}

// describeUnknowns collects the reasons of unknown vSwitches for the summary.
func (gate *internetGate) describeUnknowns() []model.Unknown {
	var list []model.Unknown
	for _, way := range gate.ways {
		// Known requirements are judged by their destinations.
		if way.byRoute && len(gate.need.list) > 0 {
			continue
		}
		if way.status == truth.Unknown && way.reason != "" {
			list = append(list, model.Unknown{
				Subject: "Internet access of " + way.member.VSwitch.Name,
				Reason:  way.reason, Origin: way.member.Origin,
			})
		}
	}
	return list
}

// markServed notes on the gates of a cluster whether all of its workloads have a way out
// of their own.
func markServed(y *ways, c *world.Cluster) {
	some := false
	for _, w := range c.Worlds {
		for i, wl := range w.Workloads {
			if !w.HasWayOut(i) && !wantsPodEIP(wl) {
				return
			}
			some = true
		}
	}
	if !some {
		return
	}
	for _, src := range c.AllSources() {
		if gate := y.bySource[src]; gate != nil && (src != &c.Node || src == c.Primary()) {
			gate.AllServed = true
		}
	}
}
