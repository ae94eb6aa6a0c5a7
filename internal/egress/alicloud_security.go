package egress

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/terraform"
)

// securityGroup is a group with its outbound rules.
type securityGroup struct {
	key, name  string
	res        *terraform.Resource // nil if it is outside the files
	enterprise truth.Truth         // advanced groups deny outbound traffic by default, basic ones allow it
	egress     []*groupRule
	ingress    []*groupRule
	inner      truth.Truth // whether members of a basic group reach each other
	// unknown says why the rules are not known in full; empty if they are.
	unknown string
}

// groupRule is one rule.
type groupRule struct {
	res      *terraform.Resource
	accept   bool
	priority int    // 1 to 100, lower first
	protocol string // tcp, udp, icmp, icmpv6, gre, all
	low      int    // port range; 0 to 65535 stands for all
	high     int
	cidrs    []netip.Prefix // the peer's addresses; empty if it is a group or not decided
	group    string         // key of the peer's group
	unknown  string         // why the peer or another decisive argument is unknown
}

// matches reports whether the rule is about a protocol and port; port 0 stands
// for any port, which only a rule for all ports matches as a whole.
func (r *groupRule) matches(protocol string, port int) bool {
	if r.protocol != "all" && !strings.EqualFold(r.protocol, protocol) {
		return false
	}
	if port == 0 {
		return r.low <= 1 && r.high == 65535
	}
	return r.low <= port && port <= r.high
}

// touches reports whether the rule is about at least one port of the query.
func (r *groupRule) touches(protocol string, port int) bool {
	return r.matches(protocol, port) ||
		port == 0 && (r.protocol == "all" || strings.EqualFold(r.protocol, protocol))
}

// securityGroup resolves a group and reads its rules. Domain facts: basic and
// advanced groups, priorities and defaults as in the vendor's page on security
// group rules and the provider's documentation of security_group(_rule).
func (s *scope) securityGroup(id ident) *securityGroup {
	if g, ok := s.groups[id.key]; ok {
		return g
	}
	g := &securityGroup{key: id.key, name: id.name(), enterprise: truth.Maybe, unknown: id.name() + " is outside the files"}
	s.groups[id.key] = g
	if id.res == nil || id.res.Type != "alicloud_security_group" {
		return g
	}
	g.res, g.unknown = id.res, id.res.Uncertain
	switch typ := id.res.Body.Get("security_group_type"); {
	case typ.IsNull():
		g.enterprise = truth.No
	default:
		if text, ok := typ.Text(); ok {
			g.enterprise = truth.No
			if text == "enterprise" {
				g.enterprise = truth.Yes
			}
		}
	}
	g.inner = truth.Yes
	if v := id.res.Body.Get("inner_access_policy"); v.IsUnknown() {
		g.inner = truth.Maybe
	} else if isText(v, "Drop") || g.enterprise == truth.Yes {
		g.inner = truth.No
	}
	for _, res := range s.byType["alicloud_security_group_rule"] {
		owner := s.ident(res.Body.Get("security_group_id"))
		if !owner.known() || owner.res == nil && !strings.HasPrefix(owner.key, "id:") {
			g.unknown = "which group " + res.Address + " belongs to is unknown"
			continue
		}
		if owner.key != g.key {
			continue
		}
		typ, ok := res.Body.Get("type").Text()
		if !ok {
			g.unknown = "the direction of " + res.Address + " is unknown"
			continue
		}
		switch typ {
		case "egress":
			g.egress = append(g.egress, s.readGroupRule(res))
		case "ingress":
			g.ingress = append(g.ingress, s.readGroupRule(res))
		}
	}
	if reason, found := s.unreadModule(g.key); found && g.unknown == "" {
		g.unknown = reason
	}
	return g
}

func (s *scope) readGroupRule(res *terraform.Resource) *groupRule {
	r := &groupRule{res: res, accept: true, priority: 1, low: 0, high: 65535, unknown: res.Uncertain}
	body := res.Body
	if v := body.Get("policy"); !v.IsNull() {
		text, ok := v.Text()
		r.accept = text != "drop"
		if !ok {
			r.unknown = v.Reason
		}
	}
	if v := body.Get("priority"); !v.IsNull() {
		text, _ := v.Text()
		n, err := strconv.Atoi(text)
		if err != nil {
			r.unknown = reasonFor(v, "the priority of "+res.Address+" is not a number")
		} else {
			r.priority = n
		}
	}
	if v := body.Get("ip_protocol"); true {
		text, ok := v.Text()
		r.protocol = strings.ToLower(text)
		if !ok {
			r.unknown = reasonFor(v, "the protocol of "+res.Address+" is unknown")
		}
	}
	if v := body.Get("port_range"); !v.IsNull() {
		text, ok := v.Text()
		low, high, valid := parsePortRange(text)
		switch {
		case !ok || !valid:
			r.unknown = reasonFor(v, "the port_range of "+res.Address+" is not a range")
		case low > 0:
			r.low, r.high = low, high
		}
	}
	s.readPeer(r)
	return r
}

// readPeer reads whose addresses a rule is about: a CIDR, another group, or a
// prefix list.
func (s *scope) readPeer(r *groupRule) {
	body := r.res.Body
	for _, name := range []string{"cidr_ip", "ipv6_cidr_ip"} {
		v := body.Get(name)
		if v.IsUnknown() {
			r.unknown = v.Reason
			return
		}
		if text, ok := v.Text(); ok && text != "" {
			if cidr, ok := ipset.Parse(text); ok {
				r.cidrs = []netip.Prefix{cidr}
			} else {
				r.unknown = "the " + name + " of " + r.res.Address + " is not a CIDR"
			}
			return
		}
	}
	if id := s.ident(body.Get("source_security_group_id")); id.known() {
		r.group = id.key
		return
	}
	if list := s.ident(body.Get("prefix_list_id")); list.res != nil && list.res.Type == "alicloud_ecs_prefix_list" {
		s.readPrefixList(r, list.res)
		return
	}
	if r.unknown == "" {
		r.unknown = reasonFor(body, "the peer of "+r.res.Address+" is outside the files")
	}
}

func (s *scope) readPrefixList(r *groupRule, res *terraform.Resource) {
	entries := res.Body.Get("entry")
	if u := entries.FirstUnknown(); u != nil {
		r.unknown = u.Reason
		return
	}
	for _, entry := range entries.Items() {
		text, _ := entry.Get("cidr").Text()
		if cidr, ok := ipset.Parse(text); ok {
			r.cidrs = append(r.cidrs, cidr)
		}
	}
	if len(r.cidrs) == 0 {
		r.unknown = res.Address + " holds no CIDR"
	}
}

// parsePortRange reads "low/high"; -1/-1 stands for all ports and gives 0, 0.
// 1/-1, a common slip, is accepted as 1/65535.
func parsePortRange(s string) (low, high int, ok bool) {
	a, b, found := strings.Cut(s, "/")
	if !found {
		return 0, 0, false
	}
	low, errLow := strconv.Atoi(strings.TrimSpace(a))
	high, errHigh := strconv.Atoi(strings.TrimSpace(b))
	switch {
	case errLow != nil || errHigh != nil:
		return 0, 0, false
	case low == -1 && high == -1:
		return 0, 0, true
	case high == -1:
		high = 65535
	}
	return low, high, low >= 0 && low <= high && high <= 65535
}

// groupVerdict is what the outbound rules of a set of groups say about a
// destination.
type groupVerdict struct {
	status truth.Verdict
	reason string
	drop   *groupRule // the drop that decides a Blocked; nil if nothing accepts
	// created says that ACK itself creates the group.
	created bool
}

// egressVerdict merges the rules of all groups on an interface for outbound
// packets. Basic groups allow what no rule is about, advanced ones deny it.
func egressVerdict(groups []*securityGroup, dest *netipx.IPSet, protocol string, port int) groupVerdict {
	if len(groups) == 0 {
		return groupVerdict{status: truth.Unknown, reason: "the security group is created by ACK, its rules are not in the files"}
	}
	q := ruleQuery{addresses: dest, protocol: protocol, port: port}
	for _, g := range groups {
		if g.unknown != "" && q.unknown == "" {
			q.unknown = g.unknown
		}
		if g.enterprise != truth.Yes {
			q.defaultAccept = true
		}
		if g.enterprise == truth.Maybe && q.unknown == "" {
			q.unknown = "the type of " + g.name + " is unknown"
		}
		q.rules = append(q.rules, g.egress...)
	}
	return q.verdict()
}

// ingressVerdict merges the rules of a destination's groups for packets from an
// address range whose interfaces carry the groups in from; fromUnknown says why
// those may not be all. Both types of group deny what no rule accepts.
func ingressVerdict(groups []*securityGroup, src *netipx.IPSet, from []string, fromUnknown, protocol string, port int) groupVerdict {
	q := ruleQuery{addresses: src, protocol: protocol, port: port, peers: from, peersUnknown: fromUnknown}
	for _, g := range groups {
		if g.unknown != "" && q.unknown == "" {
			q.unknown = g.unknown
		}
		// Members of a basic group reach each other, whatever its rules.
		if slices.Contains(from, g.key) && g.inner != truth.No {
			if g.inner == truth.Yes {
				return groupVerdict{status: truth.Open}
			}
			q.unknown = "the inner_access_policy of " + g.name + " is unknown"
		}
		q.rules = append(q.rules, g.ingress...)
	}
	return q.verdict()
}

// ruleQuery is a question to the merged rules of some groups.
type ruleQuery struct {
	rules         []*groupRule
	defaultAccept bool
	addresses     *netipx.IPSet
	protocol      string
	port          int
	peers         []string // keys of the groups that the other side carries
	peersUnknown  string   // why it may carry others
	unknown       string
}

// verdict answers as the vendor merges rules: lower priority number first, drop
// before accept at equal priority, then the default. A range that is only
// accepted in part is Unsure: the files do not say which part is meant.
func (q *ruleQuery) verdict() groupVerdict {
	rules := slices.Clone(q.rules)
	slices.SortStableFunc(rules, func(a, b *groupRule) int {
		if a.priority != b.priority {
			return a.priority - b.priority
		}
		switch {
		case a.accept == b.accept:
			return 0
		case a.accept:
			return 1
		default:
			return -1
		}
	})
	unknown := q.unknown
	rest, accepted := q.addresses, &netipx.IPSet{}
	var drop *groupRule
	for _, r := range rules {
		if !r.touches(q.protocol, q.port) {
			continue
		}
		hit, why := q.hit(r, rest)
		if why != "" && unknown == "" {
			unknown = why
		}
		if hit == nil || ipset.IsEmpty(hit) {
			continue
		}
		// With any port asked for, a rule for some ports accepts in part and drops in
		// part: neither decides.
		if !r.matches(q.protocol, q.port) {
			if r.accept {
				accepted = ipset.Union(accepted, hit)
			}
			continue
		}
		rest = ipset.Subtract(rest, hit)
		if r.accept {
			accepted = ipset.Union(accepted, hit)
		} else if drop == nil {
			drop = r
		}
	}
	if q.defaultAccept {
		accepted = ipset.Union(accepted, rest)
	}
	switch {
	case unknown != "":
		return groupVerdict{status: truth.Unknown, reason: unknown}
	case ipset.IsEmpty(accepted):
		return groupVerdict{status: truth.Blocked, drop: drop}
	case ipset.IsEmpty(ipset.Subtract(q.addresses, accepted)):
		return groupVerdict{status: truth.Open}
	default:
		return groupVerdict{status: truth.Unknown, reason: "the security group admits only a part of the addresses"}
	}
}

// hit is the part of the addresses that a rule is about.
func (q *ruleQuery) hit(r *groupRule, rest *netipx.IPSet) (set *netipx.IPSet, unknown string) {
	switch {
	case r.unknown != "":
		return nil, r.unknown
	case r.group == "":
		return ipset.Intersect(rest, ipset.Of(r.cidrs...)), ""
	case slices.Contains(q.peers, r.group):
		return rest, ""
	case q.peersUnknown != "":
		return nil, q.peersUnknown
	case q.peers == nil:
		return nil, r.res.Address + " names a group, whose members the files do not say"
	default:
		return nil, ""
	}
}
