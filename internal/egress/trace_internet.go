package egress

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/terraform"
)

// wayOut is the verdict on one vSwitch's way to public IPv4 addresses.
type wayOut struct {
	member  member
	status  truth.Verdict
	code    string      // for Blocked: gateway-unusable, eip-not-associated, route or missing
	reason  string      // for Unsure and Open
	covered truth.Truth // whether an SNAT entry or something equal covers it
	entry   *alicloud.SNATEntry
	route   alicloud.Route
	// byRoute says that it depends on the destination: the route table has routes
	// for some public addresses only.
	byRoute bool
}

// internetGate is an InternetAccess under construction: requirements are added
// while paths are traced.
type internetGate struct {
	*model.InternetAccess
	src    *sources
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
	*facts
	*notes
	bySource map[*sources]*internetGate
	gates    []*internetGate
	routes   []*routeGate
	entries  []entryGate
}

func newWays(f *facts, n *notes) *ways {
	y := &ways{facts: f, notes: n, bySource: make(map[*sources]*internetGate)}
	for _, c := range f.clusterList {
		if c.scope == nil {
			continue
		}
		y.unknownSources(c)
		if c.plugin != pluginUnknown {
			y.judgeCluster(c)
		}
		y.routeBlocks(c)
	}
	for _, s := range f.scopes {
		y.entryGates(s)
	}
	y.entries = onceEach(y.entries)
	return y
}

// of is the gate of the sources that packets of a view come from; nil if there is none.
func (y *ways) of(v *view) *internetGate { return y.bySource[v.sources] }

// judgeCluster judges the vSwitches of each role of a cluster.
func (y *ways) judgeCluster(c *cluster) {
	for _, src := range c.allSources() {
		if src == &c.pod && c.plugin == pluginFlannel || len(src.members) == 0 {
			continue
		}
		gate := &internetGate{InternetAccess: &model.InternetAccess{
			Cluster: c.id, ClusterName: c.name, Plugin: c.pluginOf(src), Role: src.role, Scope: src.scope,
			Primary: c.primary() == src || src.scope != "", Intent: c.intent, Origin: src.origin,
			VSwitches: []model.SourceVSwitch{}, Uncovered: []string{}, Covered: []string{}, EntryCovers: []string{}, PublicNodes: []place.Origin{},
		}, src: src}
		for _, m := range src.members {
			way := judgeWay(y.facts, c, src, m)
			gate.ways = append(gate.ways, way)
			gate.VSwitches = append(gate.VSwitches, model.SourceVSwitch{
				Name: m.vswitch.Name, CIDR: cidrText(m.vswitch), Status: way.status, Reason: way.reason, Origin: m.origin,
			})
		}
		y.bySource[src] = gate
		y.gates = append(y.gates, gate)
	}
	for _, src := range c.allSources() {
		if gate := y.bySource[src]; gate != nil {
			y.conclude(c, gate)
		}
	}
}

// unknownSources tells that the vSwitches which pods' packets come from are not
// known, whether or not a workload is known to need anything.
func (y *ways) unknownSources(c *cluster) {
	subject := "vSwitches of cluster " + c.name
	if c.plugin == pluginUnknown {
		y.unknown(subject, "the network plug-in of "+c.name+" is unknown", c.origin)
		return
	}
	if reason := c.primary().unknown; reason != "" {
		y.unknown(subject, reason, c.origin)
	}
}

func cidrText(v *alicloud.VSwitch) string {
	if !v.CIDR.IsValid() {
		return ""
	}
	return v.CIDR.String()
}

// judgeWay judges one vSwitch, in the order of rules of the domain: a public
// address of the node itself, the NAT gateway that ACK makes, the route table,
// then SNAT entries.
func judgeWay(f *facts, c *cluster, src *sources, m member) wayOut {
	v := m.vswitch
	way := wayOut{member: m, status: truth.Unknown, covered: truth.Maybe}
	if v.VPC == nil || v.Resource == nil {
		way.reason = v.Reason
		return way
	}
	public := publicNodesIn(c, v)
	if src.role == roleNode && public == truth.Yes {
		way.status, way.covered, way.reason = truth.Open, truth.Yes, "the nodes have public addresses"
		return way
	}
	switch {
	case c.newGateway == truth.Maybe:
		way.reason = c.res.Body.Get("new_nat_gateway").ReasonOr("new_nat_gateway is unknown")
		return way
	case c.newGateway == truth.Yes && m.named:
		way.status, way.covered, way.reason = truth.Open, truth.Yes, "new_nat_gateway: ACK gives the vSwitches of the cluster a way out"
		return way
	}
	way.route = c.scope.DefaultRoute(v)
	if way.route.Kind == alicloud.RouteOther || way.route.Kind == alicloud.RouteUnknown {
		way.reason = way.route.Reason
		return way
	}
	throughEntries(f, c, &way)
	if way.route.Kind == alicloud.RouteNone {
		judgeRoute(&way, c.primary() == src || src.scope != "")
	}
	if way.covered != truth.Yes && c.newGateway == truth.Yes {
		way.status, way.code = truth.Unknown, ""
		way.covered = truth.Maybe
		way.reason = "which vSwitches new_nat_gateway serves beyond those the cluster names is not documented"
	}
	if way.status == truth.Blocked && src.role == roleNode && public == truth.Maybe {
		way.status, way.code, way.covered = truth.Unknown, "", truth.Maybe
		way.reason = "some nodes may have public addresses of their own"
	}
	return way
}

// publicNodesIn says whether the nodes in a vSwitch have public addresses of their
// own, which the node pools that name it decide.
func publicNodesIn(c *cluster, v *alicloud.VSwitch) truth.Truth {
	if c.publicNodes != truth.Maybe {
		return c.publicNodes
	}
	var answers []truth.Truth
	for _, pool := range c.pools {
		list, unknown := c.scope.Idents(pool.res.Body.Get("vswitch_ids"))
		if unknown != "" {
			return truth.Maybe
		}
		if !slices.ContainsFunc(list, func(id alicloud.Ident) bool { return id.Key == v.Key }) {
			continue
		}
		answer, _ := publicPool(pool.res.Body)
		if answer == truth.No && mayAssociate(c, pool) {
			answer = truth.Maybe
		}
		answers = append(answers, answer)
	}
	answers = slices.Compact(answers)
	if len(answers) != 1 {
		return truth.Maybe // of some of them only, or the vSwitch is that of no pool
	}
	return answers[0]
}

// mayAssociate reports whether an EIP is, or may be, associated with a node of a
// pool.
func mayAssociate(c *cluster, pool *nodePool) bool {
	instances, unknown := c.scope.Idents(pool.res.Body.Get("instances"))
	return slices.ContainsFunc(c.scope.ByType["alicloud_eip_association"], func(assoc *terraform.Resource) bool {
		id := c.scope.Ident(assoc.Body.Get("instance_id"))
		return id.Unknown() || unknown != "" && id.Resource != nil && id.Resource.Type == "alicloud_instance" ||
			slices.ContainsFunc(instances, func(i alicloud.Ident) bool { return i.Key == id.Key })
	})
}

// judgeRoute judges a vSwitch whose route table has no route for every public
// address. Without any, the table is told before a missing SNAT entry is; nodes
// beside pods of their own vSwitches need no way out for certain, so theirs is left
// to the SNAT rules.
func judgeRoute(way *wayOut, primary bool) {
	some := len(way.route.Some) > 0
	switch {
	case way.code == "route" && some:
		way.status, way.code, way.byRoute = truth.Unknown, "", true
		way.reason = way.route.Table.Address + " has routes for some public addresses only"
	case way.code == "missing" && !some && primary:
		way.code = "route"
	}
}

// throughEntries judges the SNAT entries that cover a vSwitch.
func throughEntries(f *facts, c *cluster, way *wayOut) {
	v := way.member.vswitch
	entries := f.entries[c.scope]
	possible := ""
	outside := ""
	for _, e := range entries {
		switch e.Covers(v) {
		case truth.No:
			if outside == "" && e.MayShareVPC(v) {
				outside = "the NAT gateway of " + e.Resource.Address + " is outside the files, it may have other SNAT entries"
			}
		case truth.Maybe:
			if possible == "" {
				possible = e.Resource.Address + " may cover it: " + whyUnsure(e)
			}
		case truth.Yes: // the best of several decides
			status, code, reason := usable(c.scope, e, v, way.route)
			if way.covered != truth.Yes || status.Better(way.status) {
				way.status, way.code, way.reason, way.entry = status, code, reason, e
			}
			way.covered = truth.Yes
		}
	}
	if way.covered == truth.Yes {
		return
	}
	if possible == "" {
		possible = cmp.Or(outside, otherSupply(f, c.scope, v))
	}
	if possible != "" {
		way.status, way.reason = truth.Unknown, possible
		return
	}
	way.status, way.code, way.covered = truth.Blocked, "missing", truth.No
}

func whyUnsure(e *alicloud.SNATEntry) string {
	switch {
	case e.Resource.Uncertain != "":
		return e.Resource.Uncertain
	case e.Unknown != "":
		return e.Unknown
	default:
		return "the files do not decide it"
	}
}

// usable judges an SNAT entry that covers a vSwitch: its gateway, its EIPs and
// the route to it.
func usable(s *alicloud.Scope, e *alicloud.SNATEntry, v *alicloud.VSwitch, r alicloud.Route) (status truth.Verdict, code, reason string) {
	switch {
	case e.Gateway == nil:
		return truth.Unknown, "", "the NAT gateway of " + e.Resource.Address + " is outside the files"
	case e.Gateway.Internet == truth.No, e.Gateway.VPC != nil && e.Gateway.VPC != v.VPC:
		return truth.Blocked, "gateway-unusable", ""
	case e.Gateway.Internet == truth.Maybe:
		return truth.Unknown, "", "the network_type of " + e.Gateway.Name + " is unknown"
	}
	switch r.Kind {
	case alicloud.RouteNone:
		return truth.Blocked, "route", ""
	case alicloud.RouteNAT:
		if r.Gateway != e.Gateway {
			return truth.Blocked, "route", ""
		}
	case alicloud.RouteSystem:
		// Only the first Internet NAT gateway of a VPC gets a route by itself.
		list, unknown := s.GatewaysOf(v.VPC)
		list = slices.DeleteFunc(list, func(g *alicloud.Gateway) bool { return g.Internet == truth.No })
		if len(list) > 1 || unknown != "" {
			return truth.Unknown, "", "the system route table's default route belongs to the first of several NAT gateways"
		}
	}
	switch e.EIP.Status {
	case truth.Blocked:
		return truth.Blocked, "eip-not-associated", ""
	case truth.Unknown:
		return truth.Unknown, "", e.EIP.Reason
	default:
		return truth.Open, "", ""
	}
}

// otherSupply says what might give a vSwitch a way out that the scope does not
// show: its absence must be proved before it counts.
func otherSupply(f *facts, s *alicloud.Scope, v *alicloud.VSwitch) string {
	if v.VPC.Resource == nil {
		return "the VPC " + v.VPC.Name + " is outside the files, it may have a NAT gateway of its own"
	}
	keys := []string{v.Key, v.VPC.Key}
	list, unknown := s.GatewaysOf(v.VPC)
	if unknown != "" {
		return unknown
	}
	for _, g := range list {
		keys = append(keys, g.Key)
	}
	if reason, found := s.UnreadModule(keys...); found {
		return reason
	}
	return foreignGateway(f, s)
}

// foreignGateway says which NAT gateway of another root may serve any VPC: one
// whose VPC its own root does not decide.
func foreignGateway(f *facts, s *alicloud.Scope) string {
	for _, other := range f.scopes {
		if other.Root.Dir == s.Root.Dir || other.Root.Uncalled {
			continue
		}
		for _, res := range other.ByType["alicloud_nat_gateway"] {
			if g := other.Gateway(alicloud.Ident{Key: res.Address, Resource: res}); g.VPC == nil || g.VPC.Resource == nil {
				return res.Address + " in " + other.Root.Dir + " may serve its VPC"
			}
		}
		for _, res := range other.ByType["alicloud_snat_entry"] {
			if other.Gateway(other.Ident(alicloud.FirstItem(res.Body.Get("snat_table_id")))) == nil {
				return res.Address + " in " + other.Root.Dir + " may cover it"
			}
		}
	}
	return ""
}

// conclude sums up the vSwitches of a gate.
func (y *ways) conclude(c *cluster, gate *internetGate) {
	src, other := gate.src, y.bySource[&c.node]
	if gate.Role == roleNode {
		other = y.bySource[&c.pod]
	}
	var verdicts []truth.Verdict
	var uncovered []member
	for _, way := range gate.ways {
		verdicts = append(verdicts, way.status)
		switch {
		case way.code == "missing":
			uncovered = append(uncovered, way.member)
			gate.Uncovered = append(gate.Uncovered, way.member.vswitch.Label())
		case way.leadsOut():
			gate.Covered = append(gate.Covered, way.member.vswitch.Label())
		}
		if way.code != "" && rankOf(way.code) < rankOf(gate.Code) {
			gate.Code = way.code
		}
		if at := unusableEntry(c, way); at.Ref != 0 && at.Same(gate.Entry) {
			gate.EntryCovers = append(gate.EntryCovers, way.member.vswitch.Label())
		} else if at.Ref != 0 && gate.Entry.Ref == 0 {
			gate.Entry = at
			gate.EntryCovers = append(gate.EntryCovers, way.member.vswitch.Label())
			gate.GatewayName = way.entry.Gateway.Name
			gate.GatewayCode = "other-vpc"
			if way.entry.Gateway.Internet == truth.No {
				gate.GatewayCode = "intranet"
			}
			gate.Gateway = c.scope.AtBlock(way.entry.Gateway.Resource)
		}
	}
	gate.Status = truth.Sum(verdicts, src.unknown != "")
	gate.OtherCovered = other != nil && allCovered(other)
	if gate.GatewayName == "" && c.vpc != nil {
		if list, _ := c.scope.GatewaysOf(c.vpc); len(list) > 0 {
			gate.GatewayName = list[0].Name
			gate.Gateway = c.scope.AtBlock(list[0].Resource)
		}
	}
	if len(uncovered) == 1 && len(gate.ways) > 1 {
		gate.Origin = uncovered[0].origin
	}
	// What certain pods lack, nobody meant to give them by what serves the others.
	if c.primary() == src && gate.Code == "missing" && allUncovered(gate) && src.unknown == "" {
		if c.plugin == pluginTerway && len(c.publicBy) > 0 {
			// The nodes' public addresses look like a way out, and are none for pods.
			gate.Code, gate.PublicNodes, gate.Origin = "node-eip", c.publicBy, c.publicBy[0]
			return
		}
		findWrongEntry(y.facts, c, gate)
	}
}

// unusableEntry is the SNAT entry of a gateway that gives no Internet access.
func unusableEntry(c *cluster, way wayOut) place.Origin {
	if way.code != "gateway-unusable" {
		return place.Origin{}
	}
	return c.scope.AtBlock(way.entry.Resource)
}

func allCovered(gate *internetGate) bool {
	return gate.src.unknown == "" && len(gate.ways) > 0 &&
		!slices.ContainsFunc(gate.ways, func(w wayOut) bool { return !w.leadsOut() })
}

func allUncovered(gate *internetGate) bool {
	return !slices.ContainsFunc(gate.ways, func(w wayOut) bool { return w.covered != truth.No })
}

// leadsOut reports whether an SNAT entry or something equal covers the vSwitch; an
// entry of a gateway that gives no Internet access does not.
func (w *wayOut) leadsOut() bool { return w.covered == truth.Yes && w.code != "gateway-unusable" }

// rankOf orders codes of vSwitches by how specific the rule is that speaks.
func rankOf(code string) int {
	order := []string{"gateway-unusable", "missing", "route", "eip-not-associated", ""}
	return slices.Index(order, code)
}

// findWrongEntry looks for an SNAT entry that covers the cluster's other kind of
// vSwitch: the node vSwitches under Terway, the pod vSwitches or the pod CIDR
// under Flannel.
func findWrongEntry(f *facts, c *cluster, gate *internetGate) {
	for _, e := range f.entries[c.scope] {
		covers := wrongCovers(c, gate.Role, admission{
			func(v *alicloud.VSwitch) bool { return e.Covers(v) == truth.Yes },
			func(pods netip.Prefix) bool { return e.CIDR.IsValid() && e.CIDR.Overlaps(pods) },
		})
		if len(covers) == 0 {
			continue
		}
		origin := c.scope.At(e.Resource, e.Source)
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
func (y *ways) hop(r *requirementOf) model.Hop {
	hop := model.Hop{Name: "nat", Status: truth.Unknown}
	c := r.world.cluster
	if c == nil {
		hop.Detail = "the cluster is not in the files"
		return hop
	}
	if r.workload.HostNetwork == truth.No && r.world.hasWayOut(r.index) {
		hop.Status, hop.Code = truth.Open, "pod-eip"
		hop.Origin = y.places.Object(r.workload.Object, podEIPAnnotation(r.workload))
		hop.Component = "EIP of the pods"
		return hop
	}
	v := r.view()
	if v.reason != "" {
		hop.Detail = v.reason
		return hop
	}
	gate := y.of(v)
	if c.plugin == pluginFlannel && !v.container && wantsPodEIP(r.workload) && gate != nil && gate.Status != truth.Open {
		// The annotation is at fault, and told.
		hop.Status, hop.Code, hop.Origin = truth.Blocked, "pod-eip", y.places.Object(r.workload.Object, podEIPAnnotation(r.workload))
		return hop
	}
	if gate == nil {
		hop.Detail = cmp.Or(v.gap, "the vSwitches of "+c.name+" are unknown")
		return hop
	}
	return gate.hop(c, r)
}

// hop judges the gate for one requirement, whose packets may leave from a part of the
// vSwitches only.
func (gate *internetGate) hop(c *cluster, r *requirementOf) model.Hop {
	v := r.view()
	verdicts := make([]truth.Verdict, len(gate.ways))
	for i, way := range gate.ways {
		verdicts[i] = way.status
	}
	hop := model.Hop{Name: "nat", Status: v.sum(verdicts), Code: gate.Code}
	if hop.Status == truth.Partial {
		hop.Status = truth.Blocked
	}
	if hop.Status != truth.Blocked {
		hop.Code = ""
	}
	hop.Origin, hop.Sources = gate.at(c), v.labels()
	hop.Component, hop.Facts = gate.describe(c, v)
	reason := v.gap
	decided := reason == "" && !v.some
	for i, way := range gate.ways {
		if v.takes(v.members[i].vswitch) && way.status == truth.Unknown && !way.byRoute {
			decided, reason = false, cmp.Or(way.reason, reason)
			break
		}
	}
	for _, block := range gate.routes {
		switch status, why := block.judge(c.scope, r); {
		case status == truth.Blocked && !v.some:
			block.need.add(r)
			if hop.Status == truth.Unknown {
				hop.Status, hop.Code, hop.Origin = truth.Blocked, "route", block.Origin
			}
		case status != truth.Open:
			decided, reason = false, cmp.Or(reason, why)
		}
	}
	if hop.Status == truth.Unknown {
		hop.Detail = cmp.Or(reason, v.someReason())
		if decided {
			hop.Status = truth.Open
		}
	}
	if v.whole() || hop.Status == truth.Blocked {
		gate.need.add(r)
	}
	return hop
}

// describe names what packets of a view leave through, and says what decides that.
func (gate *internetGate) describe(c *cluster, v *view) (component string, list []model.Fact) {
	entries := make(map[*alicloud.SNATEntry]bool)
	for _, way := range gate.ways {
		if !v.takes(way.member.vswitch) {
			continue
		}
		list = append(list, fact("source vSwitch", way.member.vswitch.Label()+": "+string(way.status), way.member.origin))
		if way.route.Table != nil {
			list = append(list, fact("route table", way.route.Table.Address, c.scope.AtBlock(way.route.Table)))
		}
		e := way.entry
		if e == nil || entries[e] {
			continue
		}
		entries[e] = true
		component = cmp.Or(component, e.Resource.Address)
		list = append(list, fact("SNAT entry", e.Resource.Address, c.scope.At(e.Resource, e.Source)))
		if e.Gateway != nil && e.Gateway.Resource != nil {
			list = append(list, fact("NAT gateway", e.Gateway.Name, c.scope.AtBlock(e.Gateway.Resource)))
		}
		list = append(list, fact("EIP", strings.TrimSpace(cmp.Or(e.EIP.EIP, "of the SNAT entry")+": "+string(e.EIP.Status)), c.scope.AtArgument(e.Resource, "snat_ip")))
	}
	if len(gate.EntryCovers) > 0 {
		list = append(list, fact("near miss", "an SNAT entry covers "+strings.Join(gate.EntryCovers, ", "), gate.Entry))
	}
	if component == "" {
		component = gate.GatewayName
	}
	return component, list
}

// at is the place of what the code of the gate names.
func (gate *internetGate) at(c *cluster) place.Origin {
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
			return c.scope.AtArgument(entries[0].Resource, "snat_ip")
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
				Subject: "Internet access of " + way.member.vswitch.Name,
				Reason:  way.reason, Origin: way.member.origin,
			})
		}
	}
	return list
}

// markServed notes on the gates of a cluster whether all of its workloads have a way out
// of their own.
func markServed(y *ways, c *cluster) {
	some := false
	for _, w := range c.worlds {
		for i, wl := range w.workloads {
			if !w.hasWayOut(i) && !wantsPodEIP(wl) {
				return
			}
			some = true
		}
	}
	if !some {
		return
	}
	for _, src := range c.allSources() {
		if gate := y.bySource[src]; gate != nil && (src != &c.node || src == c.primary()) {
			gate.AllServed = true
		}
	}
}
