package egress

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/secret"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// target is a cloud service instance with its allow-list.
type target struct {
	*model.Target
	scope   *alicloud.Scope
	res     *terraform.Resource
	product product
	entries []allowEntry
	unknown string // why the list is not known in full
	// Of products that filter their public endpoint by a list of its own.
	publicEntries []allowEntry
	publicUnknown string
	omitted       bool // no list is written and the product is closed then
	attribute     string
	origin        place.Origin // the list, else the instance
	vswitch       *alicloud.VSwitch
	vpc           *alicloud.VPC
	prefixes      []string // first labels of its private host names
	public        []string // first labels of its public host names
	names         []string // what a declaration may call it
	port          int      // the port it listens on; 0 if the files do not decide it

	// Of ECS instances, load balancers and buckets.
	addresses []netip.Addr // private addresses that are in the files
	internet  truth.Truth  // whether a load balancer has a public address
	groups    ids          // security groups
	listeners []*listener
}

type allowEntry struct {
	text   string
	cidr   netip.Prefix // invalid for a reference
	ref    string       // the reference, e.g. alicloud_eip_address.a.ip_address
	origin place.Origin
}

// targets reads the cloud service instances of a scope.
func (b *builder) targets(s *alicloud.Scope) []*target {
	var list []*target
	for _, res := range s.Root.Resources {
		p, ok := products[res.Type]
		if !ok || res.Data {
			continue
		}
		list = append(list, b.target(s, res, p))
	}
	return list
}

func (b *builder) target(s *alicloud.Scope, res *terraform.Resource, p product) *target {
	t := &target{
		Target: &model.Target{
			Address: res.Address, Kind: p.kind, Product: p.name, Name: res.Name, Root: s.Root.Dir,
			Managed: truth.Open, AllowList: []model.AllowListEntry{}, Origin: s.AtBlock(res),
		},
		scope: s, res: res, product: p,
	}
	t.names = []string{res.Name}
	for _, name := range p.names {
		if text, ok := secret.Plain(res.Body.Get(name)); ok && text != "" && located.Display(text) == text {
			t.Name = text
			t.names = append(t.names, text)
			break
		}
	}
	t.port = defaultPort(res, p.kind)
	t.prefixes = literalArguments(res, p.prefix)
	for _, connection := range publicConnections {
		for _, res := range s.ByType[connection.typ] {
			if s.Ident(res.Body.Get(connection.instance)).Key == t.res.Address {
				t.public = append(t.public, literalArguments(res, []string{connection.prefix})...)
			}
		}
	}
	b.placeTarget(t)
	b.readAllowList(t)
	t.Managed = truth.Open
	if t.unknown != "" {
		t.Managed, t.Reason = truth.Unknown, t.unknown
	}
	return t
}

// defaultPort is the port an instance listens on: the configured one, else the
// product's or the engine's (provider documentation, connection attributes).
func defaultPort(res *terraform.Resource, kind string) int {
	for _, name := range []string{"port", "private_connection_port"} {
		if v := res.Body.Get(name); !v.IsNull() {
			return v.Int()
		}
	}
	engine, _ := res.Body.Get("engine").Text()
	if kind == "polardb" {
		engine, _ = res.Body.Get("db_type").Text()
	}
	switch kind {
	case "redis":
		return 6379
	case "mongodb":
		return 3717
	}
	return map[string]int{"MySQL": 3306, "MariaDB": 3306, "PostgreSQL": 5432, "SQLServer": 1433, "Oracle": 1521}[engine]
}

func literalArguments(res *terraform.Resource, names []string) []string {
	var list []string
	for _, name := range names {
		if text, ok := res.Body.Get(name).Text(); ok && text != "" && located.Display(text) == text {
			list = append(list, strings.ToLower(text))
		}
	}
	return list
}

// placeTarget finds the VPC of an instance.
func (b *builder) placeTarget(t *target) {
	list, _ := t.scope.Idents(t.res.Body.Get("vswitch_id"))
	if len(list) > 0 {
		t.vswitch = t.scope.VSwitch(list[0])
		t.vpc = t.vswitch.VPC
	}
	if t.vpc == nil {
		t.vpc = t.scope.VPC(t.scope.Ident(t.res.Body.Get("vpc_id")))
	}
	if t.vpc != nil && t.vpc.Resource != nil {
		t.VPC = t.vpc.Name
	}
}

// readAllowList reads every list of an instance: those of one endpoint are a
// union.
func (b *builder) readAllowList(t *target) {
	body := t.res.Body
	t.origin = t.Origin
	written := false
	for _, list := range t.product.lists {
		if list.when != "" {
			switch on, ok := body.Get(list.when).Truth(); {
			case ok && on:
			case body.Get(list.when).IsUnknown():
				b.unknownList(t, list, body.Get(list.when).Reason)
				continue
			default:
				continue // the list has no effect
			}
		}
		if ignored(t.res, cmp.Or(list.block, list.name)) {
			b.unknownList(t, list, "lifecycle.ignore_changes leaves "+list.String()+" to be changed outside Terraform")
		}
		written = b.readLists(t, t.res, list) || written
	}
	if t.product.attached.typ != "" {
		written = b.readAttached(t) || written
	}
	if mode, ok := body.Get("modify_mode").Text(); ok && mode == "Delete" {
		t.unknown = "modify_mode Delete removes the listed addresses from a list that is not in the files"
		t.entries, t.AllowList = nil, []model.AllowListEntry{}
	} else if mode == "Append" {
		t.unknown = "modify_mode Append adds to a list that is not in the files"
	}
	if !written {
		t.attribute = t.product.lists[0].String()
		if t.product.closed {
			t.omitted = true
		} else {
			t.unknown = "the allow-list is left to the service's default"
		}
	}
	if t.product.hasPublicList() && len(t.publicEntries) == 0 && t.publicUnknown == "" {
		t.publicUnknown = "the list of the public endpoint is left to the service's default"
	}
	if t.product.partial != "" {
		t.unknown = t.product.partial
	}
	for _, template := range t.product.templates {
		b.readTemplates(t, template)
	}
	for _, name := range t.product.unless {
		if v := body.Get(name); v.IsUnknown() || len(v.Split()) > 0 {
			t.unknown = name + " may admit sources in ways the files do not decide"
		}
	}
	if t.res.Uncertain != "" {
		t.unknown = t.res.Uncertain
	}
	if reason, found := t.scope.UnreadModule(t.res.Address); found && t.unknown == "" {
		t.unknown = reason
	}
}

func (b *builder) unknownList(t *target, list listArgument, reason string) {
	if list.endpoint == publicEndpoint {
		t.publicUnknown = reason
	} else {
		t.unknown = reason
	}
}

func ignored(res *terraform.Resource, attribute string) bool {
	return slices.Contains(res.IgnoreChanges, attribute) || slices.Contains(res.IgnoreChanges, "all")
}

// readLists adds the entries of one argument, in every block that holds it; it
// reports whether a list is written.
func (b *builder) readLists(t *target, holder *terraform.Resource, list listArgument) bool {
	if list.block == "" {
		return b.readList(t, holder, holder.Body, list)
	}
	blocks := holder.Body.Get(list.block)
	written := false
	if blocks.IsUnknown() {
		b.unknownList(t, list, blocks.Reason)
		written = true
	}
	for _, block := range blocks.Items() {
		written = b.readList(t, holder, block, list) || written
	}
	return written
}

// readAttached adds the entries that resources of their own add to the list.
func (b *builder) readAttached(t *target) bool {
	attached := t.product.attached
	written := false
	for _, res := range t.scope.ByType[attached.typ] {
		switch owner := t.scope.Ident(res.Body.Get(attached.owner)); {
		case owner.Unknown():
			t.unknown = "which instance " + res.Address + " belongs to is unknown"
		case owner.Key == t.res.Address:
			if attached.only != "" && !res.Body.Get(attached.only).Is(attached.value) {
				continue
			}
			if res.Uncertain != "" {
				t.unknown = res.Uncertain
			}
			written = b.readLists(t, res, listArgument{name: attached.list}) || written
		}
	}
	return written
}

// readTemplates adds the entries of the global groups that an argument names.
func (b *builder) readTemplates(t *target, template templateArgument) {
	for _, item := range t.res.Body.Get(template.argument).Split() {
		id := t.scope.Ident(item)
		if id.Resource == nil || id.Resource.Type != template.typ {
			t.unknown = item.ReasonOr(template.argument + " names a group outside the files")
			continue
		}
		b.readLists(t, id.Resource, listArgument{name: template.list})
	}
}

// readList adds the entries of one list; it reports whether the list is written.
func (b *builder) readList(t *target, holder *terraform.Resource, body *located.Value, list listArgument) bool {
	v := body.Get(list.name)
	if v.IsNull() {
		return false
	}
	if t.attribute == "" && list.endpoint == anyEndpoint {
		t.attribute, t.origin = list.String(), t.scope.At(holder, v)
	}
	if mode, _ := body.Get("modify_mode").Text(); list.block != "" && mode == "Delete" {
		t.unknown = "modify_mode Delete removes the listed addresses from a list that is not in the files"
		return true
	}
	for _, item := range v.Split() {
		text, ok := item.Text()
		if !ok {
			b.unknownList(t, list, item.ReasonOr("an element of "+list.String()+" is unknown"))
			continue
		}
		e := allowEntry{text: secret.Shown(item), origin: t.scope.At(holder, item)}
		if ref, ok := item.Ref(); ok {
			e.ref = ref.String()
			if res := t.scope.ByAddress[ref.Address]; res == nil || res.Data || !singleAddress(ref.Attribute) {
				b.unknownList(t, list, "the element "+ref.String()+" is not in the files")
			}
		} else if cidr, ok := ipset.Parse(text); ok {
			e.cidr = cidr
		} else {
			b.unknownList(t, list, "the element "+e.text+" of "+list.String()+" is not an address")
		}
		switch list.endpoint {
		case anyEndpoint:
			t.entries = append(t.entries, e)
		case publicEndpoint:
			t.publicEntries = append(t.publicEntries, e)
		}
		t.AllowList = append(t.AllowList, model.AllowListEntry{
			Value: e.text, Open: e.cidr.IsValid() && e.cidr.Bits() == 0, Attribute: list.String(), Origin: e.origin,
		})
	}
	return list.endpoint == anyEndpoint
}

// singleAddress reports whether an attribute is one host's address, which never
// covers a vSwitch.
func singleAddress(attribute string) bool {
	return strings.HasSuffix(attribute, "_ip") || strings.HasSuffix(attribute, "ip_address") || attribute == "address"
}

// setOf is the union of entries, IPv4 and IPv6.
func setOf(entries []allowEntry) *netipx.IPSet {
	var builder netipx.IPSetBuilder
	for _, e := range entries {
		if e.cidr.IsValid() {
			builder.AddPrefix(e.cidr)
		}
	}
	return ipset.Build(&builder)
}

func (t *target) loopbackOnly() bool {
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	for _, e := range t.entries {
		if !e.cidr.IsValid() || !ipset.Covers(loopback, e.cidr) && e.text != "::1" {
			return false
		}
	}
	return len(t.entries) > 0 || t.omitted
}

// allowListGate is an AllowListAccess under construction.
type allowListGate struct {
	*model.AllowListAccess
	target  *target
	cluster *cluster
	src     *sources
	// verdicts are those on the members of the sources; for packets that arrive with
	// public addresses, admitted are these.
	verdicts []truth.Verdict
	admitted map[string]bool
	need     needs
	// serves says that the list lets in somebody who is known to need it; servesPart that
	// some who do come from a part of the sources, and nothing stops them.
	serves, servesPart bool
}

func (gate *allowListGate) entity() *model.AllowListAccess {
	gate.Need = gate.need.sum()
	return gate.AllowListAccess
}

// allowListAccess returns the gate of a target for one cluster and role, judging
// it on first use.
func (b *builder) allowListAccess(t *target, c *cluster, src *sources, public bool) *allowListGate {
	return b.allowLists.at(gateKey{t, src, public}, func() *allowListGate {
		gate := b.newAllowListGate(t, c, src, public)
		switch {
		case c.plugin == pluginUnknown:
			gate.Reason = "the network plug-in of " + c.name + " is unknown"
		case public:
			b.judgePublicList(gate, t, c)
		default:
			b.judgeList(gate, t, c)
		}
		return gate
	})
}

// hop judges the list for one requirement, whose packets may come from a part of the
// sources only.
func (gate *allowListGate) hop(b *builder, r *requirementOf, hop model.Hop) model.Hop {
	v := r.view()
	status := gate.Status
	switch {
	case v.whole():
	case gate.admitted != nil:
		status = b.publicVerdict(gate, v)
	case gate.verdicts != nil:
		status = v.sum(gate.verdicts)
	}
	hop.Status, hop.Code, hop.Detail, hop.Origin = status, gate.Code, gate.Reason, gate.Origin
	if status == truth.Partial {
		hop.Status = truth.Blocked
	}
	gate.serves = gate.serves || hop.Status == truth.Open
	if v.whole() || hop.Status == truth.Blocked {
		gate.need.add(r)
		return hop
	}
	hop.Code = ""
	if hop.Status == truth.Unknown {
		hop.Detail = cmp.Or(gate.Reason, v.someReason())
	}
	gate.servesPart = true
	return hop
}

func (b *builder) newAllowListGate(t *target, c *cluster, src *sources, public bool) *allowListGate {
	role := src.role
	if public {
		role = roleEIP
	}
	gate := &allowListGate{target: t, cluster: c, src: src, AllowListAccess: &model.AllowListAccess{
		Target: t.Address, TargetName: t.Name, Product: t.Target.Product, Attribute: t.attribute,
		Cluster: c.id, ClusterName: c.name, Plugin: c.pluginOf(src), Role: role, Scope: src.scope, Status: truth.Unknown,
		List: "whitelist", Omitted: t.omitted, Sources: []model.Source{},
		Uncovered: []string{}, Covered: []string{}, Entries: []string{}, WrongCovers: []string{},
		SameVPC: t.vpc != nil && t.vpc == c.vpc, Origin: t.origin,
	}}
	gate.Extensions.Alicloud.Loopback = t.loopbackOnly()
	for _, e := range t.entries {
		gate.Entries = append(gate.Entries, e.text)
	}
	return gate
}

// judgeList compares an allow-list with the vSwitches of its sources.
func (b *builder) judgeList(gate *allowListGate, t *target, c *cluster) {
	src, role := gate.src, gate.src.role
	gate.SourceOrigin = src.origin
	set := setOf(t.entries)
	everything := set.ContainsPrefix(netip.MustParsePrefix("0.0.0.0/0"))
	verdict := coverMembers(src, func(m member) (truth.Verdict, string) {
		switch cidr := m.vswitch.CIDR; {
		case everything, cidr.IsValid() && set.ContainsPrefix(cidr):
			return truth.Open, ""
		case !cidr.IsValid():
			return truth.Unknown, m.vswitch.Reason
		case t.unknown != "":
			return truth.Unknown, t.unknown
		case role == roleNode && c.addsNodesTo(t) != truth.No:
			return truth.Open, "the node pool's rds_instances adds the nodes to the list"
		case role == rolePod && c.addsNodesTo(t) != truth.No:
			return truth.Unknown, "whether the node pool's rds_instances adds pods to the list too is not documented"
		default:
			return truth.Blocked, ""
		}
	})
	for i, m := range src.members {
		gate.Sources = append(gate.Sources, model.Source{
			Name: m.vswitch.Name, CIDR: cidrText(m.vswitch), Origin: m.origin, Status: verdict.verdicts[i], Reason: verdict.reasons[i],
		})
	}
	gate.take(verdict)
	gate.CoversCluster = len(verdict.covered) > 0
	if verdict.none() && src == c.primary() {
		b.findWrongElement(gate, t, c, role)
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
func (c *cluster) addsNodesTo(t *target) truth.Truth {
	answer := truth.No
	for _, pool := range c.pools {
		list, unknown := c.scope.Idents(pool.res.Body.Get("rds_instances"))
		for _, id := range list {
			if id.Key == t.res.Address {
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
func (b *builder) findWrongElement(gate *allowListGate, t *target, c *cluster, role string) {
	for _, e := range t.entries {
		if !e.cidr.IsValid() {
			continue
		}
		covers := c.wrongCovers(role, byCIDR(e.cidr))
		if len(covers) > 0 && gate.WrongEntry == "" {
			gate.Code, gate.WrongEntry, gate.Origin = "wrong-vswitch", e.text, e.origin
		}
		gate.WrongCovers = append(gate.WrongCovers, covers...)
	}
	gate.WrongCovers = sorted(gate.WrongCovers)
}
