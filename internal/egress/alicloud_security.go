package egress

import (
	"net/netip"
	"strconv"
	"strings"

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
	} else if v.Is("Drop") || g.enterprise == truth.Yes {
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
			r.unknown = v.ReasonOr("the priority of " + res.Address + " is not a number")
		} else {
			r.priority = n
		}
	}
	if v := body.Get("ip_protocol"); true {
		text, ok := v.Text()
		r.protocol = strings.ToLower(text)
		if !ok {
			r.unknown = v.ReasonOr("the protocol of " + res.Address + " is unknown")
		}
	}
	if v := body.Get("port_range"); !v.IsNull() {
		text, ok := v.Text()
		low, high, valid := parsePortRange(text)
		switch {
		case !ok || !valid:
			r.unknown = v.ReasonOr("the port_range of " + res.Address + " is not a range")
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
		r.unknown = body.ReasonOr("the peer of " + r.res.Address + " is outside the files")
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
