package egress

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/secret"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// destinationType says how a resource type that is no cloud service with an
// allow-list is named and guarded.
type destinationType struct {
	kind, name string
	names      []string // arguments that hold its own name
	addresses  []string // arguments that hold its private address
	groups     []string // arguments that hold its security groups
}

var destinationTypes = map[string]destinationType{
	"alicloud_slb_load_balancer": {
		kind: "slb", name: "CLB instance", names: []string{"load_balancer_name", "name"}, addresses: []string{"address"},
	},
	"alicloud_alb_load_balancer": {kind: "alb", name: "ALB instance", names: []string{"load_balancer_name"}},
	"alicloud_nlb_load_balancer": {
		kind: "nlb", name: "NLB instance", names: []string{"load_balancer_name"}, groups: []string{"security_group_ids"},
	},
	"alicloud_instance": {
		kind: "ecs", name: "ECS instance", names: []string{"instance_name"}, addresses: []string{"private_ip"},
		groups: []string{"security_groups"},
	},
	"alicloud_ecs_network_interface": {
		kind: "ecs", name: "elastic network interface", names: []string{"network_interface_name", "name"},
		addresses: []string{"primary_ip_address", "private_ip"}, groups: []string{"security_group_ids", "security_groups"},
	},
	"alicloud_oss_bucket": {kind: "oss", name: "OSS bucket", names: []string{"bucket"}},
}

// groupAttachments put a security group on a load balancer from outside.
var groupAttachments = []string{"alicloud_nlb_load_balancer_security_group_attachment"}

// destinations reads the ECS instances, load balancers and buckets of a scope.
func (b *builder) destinations(s *alicloud.Scope) []*target {
	var list []*target
	for _, res := range s.Root.Resources {
		typ, ok := destinationTypes[alicloud.Canonical(res.Type)]
		if !ok || res.Data {
			continue
		}
		list = append(list, b.destination(s, res, typ))
	}
	return list
}

func (b *builder) destination(s *alicloud.Scope, res *terraform.Resource, typ destinationType) *target {
	t := &target{
		Target: &model.Target{
			Address: res.Address, Kind: typ.kind, Product: typ.name, Name: res.Name, Root: s.Root.Dir,
			Managed: truth.Unknown, Reason: "it has no allow-list of its own", AllowList: []model.AllowListEntry{}, Origin: s.AtBlock(res),
		},
		scope: s, res: res, names: []string{res.Name},
	}
	t.origin = t.Origin
	for _, argument := range typ.names {
		for _, name := range literalArguments(res, []string{argument}) {
			if _, plain := secret.Plain(res.Body.Get(argument)); plain {
				t.Name = name
			}
			t.names = append(t.names, name)
		}
	}
	for _, text := range literalArguments(res, typ.addresses) {
		if a, err := netip.ParseAddr(text); err == nil {
			t.addresses = append(t.addresses, a)
		}
	}
	if typ.kind == "oss" {
		t.prefixes = literalArguments(res, typ.names)
	}
	b.placeTarget(t)
	if mappings := res.Body.Get("zone_mappings"); t.vswitch == nil && len(mappings.Items()) > 0 {
		if id := s.Ident(mappings.Items()[0].Get("vswitch_id")); id.Known() {
			t.vswitch = s.VSwitch(id)
		}
	}
	t.internet = internetFacing(res, t)
	t.groups = destinationGroups(s, res, typ)
	return t
}

// internetFacing reports whether a load balancer has a public address. A CLB
// without address_type has one unless it names a vSwitch (API documentation,
// CreateLoadBalancer).
func internetFacing(res *terraform.Resource, t *target) truth.Truth {
	if t.Kind != "slb" && t.Kind != "alb" && t.Kind != "nlb" {
		return truth.No
	}
	v := res.Body.Get("address_type")
	text, ok := v.Text()
	switch {
	case ok && strings.EqualFold(text, "internet"):
		return truth.Yes
	case ok:
		return truth.No
	case v.IsUnknown() || t.Kind != "slb":
		return truth.Maybe
	case res.Body.Get("vswitch_id").IsNull():
		return truth.Yes
	default:
		return truth.No
	}
}

func destinationGroups(s *alicloud.Scope, res *terraform.Resource, typ destinationType) ids {
	var out ids
	for _, name := range typ.groups {
		if v := res.Body.Get(name); !v.IsNull() {
			out.list, out.unknown = s.Idents(v)
			out.value, out.holder = v, res
			break
		}
	}
	for _, attachment := range groupAttachments {
		for _, a := range s.ByType[attachment] {
			lb := s.Ident(a.Body.Get("load_balancer_id"))
			if lb.Unknown() {
				out.unknown = "which load balancer " + a.Address + " attaches a group to is unknown"
			}
			if lb.Key == res.Address {
				list, unknown := s.Idents(a.Body.Get("security_group_id"))
				out.list = append(out.list, list...)
				out.unknown += unknown
			}
		}
	}
	if _, found := s.UnreadModule(res.Address); found && out.unknown == "" {
		out.unknown = "a module that was not read may change " + res.Address
	}
	return out
}

// listener is a listener of a load balancer with its access control list.
type listener struct {
	res     *terraform.Resource
	port    int
	kind    string // white-acl, black-acl, or empty if it filters nothing
	unknown string
	list    *target // the entries, as a target of their own
}

// listeners reads the listeners of a CLB or ALB.
func (b *builder) listeners(t *target) []*listener {
	if t.listeners != nil {
		return t.listeners
	}
	typ, portArgument := "alicloud_slb_listener", "frontend_port"
	if t.Kind == "alb" {
		typ, portArgument = "alicloud_alb_listener", "listener_port"
	}
	for _, res := range t.scope.ByType[typ] {
		if t.scope.Ident(res.Body.Get("load_balancer_id")).Key != t.res.Address {
			continue
		}
		l := &listener{res: res, port: res.Body.Get(portArgument).Int(), unknown: res.Uncertain}
		l.list = &target{
			Target: t.Target, scope: t.scope, res: res, origin: t.scope.AtBlock(res), attribute: "the ACL of " + res.Address,
			vpc: t.vpc, vswitch: t.vswitch,
		}
		if t.Kind == "alb" {
			b.readALBList(l)
		} else {
			b.readCLBList(l)
		}
		l.list.unknown = l.unknown
		t.listeners = append(t.listeners, l)
	}
	return t.listeners
}

func (b *builder) readCLBList(l *listener) {
	body := l.res.Body
	status := body.Get("acl_status")
	if status.IsUnknown() {
		l.unknown = status.Reason
		return
	}
	if !status.Is("on") {
		return
	}
	l.readKind(body.Get("acl_type"))
	for _, name := range []string{"acl_ids", "acl_id"} {
		if v := body.Get(name); !v.IsNull() {
			for _, item := range v.Split() {
				b.readACL(l, l.list.scope.Ident(item), "alicloud_slb_acl", "entry_list", "alicloud_slb_acl_entry_attachment")
			}
			return
		}
	}
	l.unknown = "the ACL of " + l.res.Address + " is not in the files"
}

func (b *builder) readALBList(l *listener) {
	s := l.list.scope
	for _, config := range l.res.Body.Get("acl_config").Items() {
		l.readKind(config.Get("acl_type"))
		for _, relation := range config.Get("acl_relations").Items() {
			b.readACL(l, s.Ident(relation.Get("acl_id")), "alicloud_alb_acl", "acl_entries", "alicloud_alb_acl_entry_attachment")
		}
	}
	for _, res := range s.ByType["alicloud_alb_listener_acl_attachment"] {
		id := s.Ident(res.Body.Get("listener_id"))
		if id.Unknown() {
			l.unknown = "which listener " + res.Address + " attaches an ACL to is unknown"
		}
		if id.Key != l.res.Address {
			continue
		}
		l.readKind(res.Body.Get("acl_type"))
		b.readACL(l, s.Ident(res.Body.Get("acl_id")), "alicloud_alb_acl", "acl_entries", "alicloud_alb_acl_entry_attachment")
	}
}

func (l *listener) readKind(v *located.Value) {
	switch text, _ := v.Text(); strings.ToLower(text) {
	case "white":
		l.kind = "white-acl"
	case "black":
		l.kind = "black-acl"
	default:
		l.unknown = v.ReasonOr("the acl_type of " + l.res.Address + " is not in the files")
	}
}

// readACL adds the entries of an ACL: its own blocks and those attached from
// outside.
func (b *builder) readACL(l *listener, id alicloud.Ident, typ, block, attachment string) {
	s := l.list.scope
	if id.Resource == nil || id.Resource.Type != typ {
		l.unknown = "the ACL of " + l.res.Address + " is outside the files"
		return
	}
	if id.Resource.Uncertain != "" {
		l.unknown = id.Resource.Uncertain
	}
	add := func(res *terraform.Resource, v *located.Value) {
		text, ok := v.Text()
		cidr, valid := ipset.Parse(text)
		if !ok || !valid || res.Uncertain != "" {
			l.unknown = v.ReasonOr("an entry of " + id.Resource.Address + " is not in the files")
			return
		}
		l.list.entries = append(l.list.entries, allowEntry{text: secret.Shown(v), cidr: cidr, origin: s.At(res, v)})
	}
	blocks := id.Resource.Body.Get(block)
	if blocks.IsUnknown() {
		l.unknown = blocks.Reason
	}
	for _, entry := range blocks.Items() {
		add(id.Resource, entry.Get("entry"))
	}
	for _, res := range s.ByType[attachment] {
		switch owner := s.Ident(res.Body.Get("acl_id")); {
		case owner.Key == id.Key:
			add(res, res.Body.Get("entry"))
		case owner.Unknown():
			l.unknown = "which ACL " + res.Address + " adds to is unknown"
		}
	}
	if reason, found := s.UnreadModule(id.Key, l.res.Address); found {
		l.unknown = reason
	}
}

// aclHop judges the listener that a requirement meets.
func (b *builder) aclHop(r *requirementOf) model.Hop {
	hop := model.Hop{Name: "target-acl", Status: truth.Unknown}
	var met *listener
	list := b.listeners(r.target)
	for _, l := range list {
		if l.port == r.port || r.port == 0 && len(list) == 1 {
			met = l
		}
	}
	switch {
	case met == nil:
		hop.Detail = "no listener of " + r.target.Address + " for the port is in the files"
		return hop
	case met.kind == "" && met.unknown == "", met.kind == "white-acl" && len(met.list.entries) == 0 && met.unknown == "":
		// A white list without entries forwards everything (API documentation, ACLs).
		hop.Status = truth.Open
		return hop
	case met.kind == "":
		hop.Detail = met.unknown
		return hop
	}
	return b.aclAccess(met, r).hop(b, r, hop)
}

func (b *builder) aclAccess(l *listener, r *requirementOf) *allowListGate {
	c, src := r.world.cluster, r.view().sources
	return b.acls.at(gateKey{l.list, src, r.public}, func() *allowListGate {
		gate := b.newAllowListGate(l.list, c, src, r.public)
		gate.List, gate.Listener, gate.Port = l.kind, l.res.Address, l.port
		gate.Target, gate.TargetName, gate.Product = r.target.Address, r.target.Name, r.target.Target.Product
		switch {
		case l.kind == "black-acl":
			b.judgeBlackList(gate, l.list, r.public)
		case r.public:
			b.judgePublicList(gate, l.list, c)
		default:
			b.judgeList(gate, l.list, c)
		}
		return gate
	})
}

// judgeBlackList reports the sources that a black list holds.
func (b *builder) judgeBlackList(gate *allowListGate, t *target, public bool) {
	src := gate.src
	if public || t.unknown != "" || len(src.members) == 0 {
		gate.Reason = t.unknown
		return
	}
	gate.SourceOrigin = src.origin
	var first *allowEntry
	gate.take(coverMembers(src, func(m member) (truth.Verdict, string) {
		if !m.vswitch.CIDR.IsValid() {
			return truth.Unknown, ""
		}
		i := slices.IndexFunc(t.entries, func(e allowEntry) bool { return e.cidr.Overlaps(m.vswitch.CIDR) })
		if i < 0 {
			return truth.Open, ""
		}
		first = cmp.Or(first, &t.entries[i])
		return truth.Blocked, ""
	}))
	if first != nil {
		gate.Origin = first.origin
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
	case r.public || len(t.groups.list) == 0 && t.groups.unknown == "" && t.Kind == "nlb":
		hop.Status = truth.Open // an NLB without a group filters nothing
		if r.public {
			hop.Status, hop.Detail = truth.Unknown, "which public addresses arrive is known only after apply"
		}
		return hop
	case len(t.groups.list) == 0 || t.groups.unknown != "":
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
		Target: t.Address, TargetName: t.Name, Product: t.Target.Product, Cluster: c.id, ClusterName: c.name, Plugin: c.pluginOf(src),
		Role: role, Scope: src.scope, Groups: []string{}, Status: truth.Unknown, Port: r.port, Protocol: r.protocol,
		Uncovered: []string{}, Covered: []string{}, WrongCovers: []string{}, SourceOrigin: src.origin,
	}}
	var groups []*alicloud.SecurityGroup
	for _, id := range t.groups.list {
		g := t.scope.SecurityGroup(id)
		groups = append(groups, g)
		gate.Groups = append(gate.Groups, g.Name)
	}
	if groups[0].Resource != nil {
		gate.Origin = t.scope.AtBlock(groups[0].Resource)
	}
	from, fromUnknown := b.sourceGroups(c, v)
	verdict := coverMembers(src, func(m member) (truth.Verdict, string) {
		if !m.vswitch.CIDR.IsValid() {
			return truth.Unknown, ""
		}
		v := ingressVerdict(groups, ipset.Of(m.vswitch.CIDR), from, fromUnknown, strings.ToLower(r.protocol), r.port)
		if v.status == truth.Blocked && v.drop != nil && gate.Rule == "" {
			gate.Rule, gate.Drop = v.drop.Resource.Address, t.scope.AtBlock(v.drop.Resource)
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
					gate.Code, gate.Wrong = "wrong-vswitch", t.scope.AtBlock(rule.Resource)
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
