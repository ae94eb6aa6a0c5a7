package egress

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/parser/terraform"
)

// securityGroup is a group with its outbound rules.
type securityGroup struct {
	key, name  string
	res        *terraform.Resource // nil if it is outside the files
	enterprise tri                 // advanced groups deny outbound traffic by default, basic ones allow it
	egress     []*groupRule
	// unknown says why the rules are not known in full; empty if they are.
	unknown string
}

// groupRule is one outbound rule.
type groupRule struct {
	res      *terraform.Resource
	accept   bool
	priority int    // 1 to 100, lower first
	protocol string // tcp, udp, icmp, icmpv6, gre, all
	low      int    // port range; 0 to 65535 stands for all
	high     int
	cidr     netip.Prefix // invalid if the rule names a group or a prefix list, or is not decided
	unknown  string       // why cidr or another decisive argument is unknown
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
	g := &securityGroup{key: id.key, name: id.name(), enterprise: maybe, unknown: id.name() + " is outside the files"}
	s.groups[id.key] = g
	if id.res == nil || id.res.Type != "alicloud_security_group" {
		return g
	}
	g.res, g.unknown = id.res, id.res.Uncertain
	switch typ := id.res.Body.Get("security_group_type"); {
	case typ.IsNull():
		g.enterprise = no
	default:
		if text, ok := typ.Text(); ok {
			g.enterprise = no
			if text == "enterprise" {
				g.enterprise = yes
			}
		}
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
		if typ == "egress" {
			g.egress = append(g.egress, readGroupRule(res))
		}
	}
	if reason, found := s.unreadModule(g.key); found && g.unknown == "" {
		g.unknown = reason
	}
	return g
}

func readGroupRule(res *terraform.Resource) *groupRule {
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
	r.readPeer()
	return r
}

func (r *groupRule) readPeer() {
	for _, name := range []string{"cidr_ip", "ipv6_cidr_ip"} {
		v := r.res.Body.Get(name)
		if v.IsUnknown() {
			r.unknown = v.Reason
			return
		}
		if text, ok := v.Text(); ok && text != "" {
			cidr, ok := parseCIDR(text)
			if !ok {
				r.unknown = "the " + name + " of " + r.res.Address + " is not a CIDR"
			}
			r.cidr = cidr
			return
		}
	}
	if r.unknown == "" {
		r.unknown = r.res.Address + " names a group or a prefix list, whose addresses the files do not say"
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
	status Status
	reason string
	drop   *groupRule // the drop that decides a Blocked; nil if nothing accepts
}

// egressVerdict merges the rules of all groups on an interface, as the vendor
// does: lower priority number first, drop before accept at equal priority, then
// the default of the groups' type. A destination that is only accepted in part
// is Unsure: the files do not say which part is meant.
func egressVerdict(groups []*securityGroup, dest *netipx.IPSet, protocol string, port int) groupVerdict {
	if len(groups) == 0 {
		return groupVerdict{status: Unsure, reason: "the security group is created by ACK, its rules are not in the files"}
	}
	var rules []*groupRule
	defaultAccept, unknown := false, ""
	for _, g := range groups {
		if g.unknown != "" && unknown == "" {
			unknown = g.unknown
		}
		if g.enterprise != yes {
			defaultAccept = true
		}
		if g.enterprise == maybe && unknown == "" {
			unknown = "the type of " + g.name + " is unknown"
		}
		rules = append(rules, g.egress...)
	}
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
	rest := dest
	accepted := &netipx.IPSet{}
	var drop *groupRule
	for _, r := range rules {
		if !r.touches(protocol, port) {
			continue
		}
		if r.unknown != "" {
			if unknown == "" {
				unknown = r.unknown
			}
			continue
		}
		hit := intersect(rest, prefixSet(r.cidr))
		if isEmpty(hit) {
			continue
		}
		// With any port asked for, a rule for some ports accepts in part and drops in
		// part: neither decides.
		if !r.matches(protocol, port) {
			if r.accept {
				accepted = union(accepted, hit)
			}
			continue
		}
		rest = subtract(rest, hit)
		if r.accept {
			accepted = union(accepted, hit)
		} else if drop == nil {
			drop = r
		}
	}
	if defaultAccept {
		accepted = union(accepted, rest)
	}
	switch {
	case unknown != "":
		return groupVerdict{status: Unsure, reason: unknown}
	case isEmpty(accepted):
		return groupVerdict{status: Blocked, drop: drop}
	case isEmpty(subtract(dest, accepted)):
		return groupVerdict{status: Open}
	default:
		return groupVerdict{status: Unsure, reason: "the security group admits only a part of the addresses the destination may have"}
	}
}

func union(a, b *netipx.IPSet) *netipx.IPSet {
	var builder netipx.IPSetBuilder
	builder.AddSet(a)
	builder.AddSet(b)
	return build(&builder)
}

func intersect(a, b *netipx.IPSet) *netipx.IPSet {
	var builder netipx.IPSetBuilder
	builder.AddSet(a)
	builder.Intersect(b)
	return build(&builder)
}

func subtract(a, b *netipx.IPSet) *netipx.IPSet {
	var builder netipx.IPSetBuilder
	builder.AddSet(a)
	builder.RemoveSet(b)
	return build(&builder)
}

func build(b *netipx.IPSetBuilder) *netipx.IPSet {
	set, err := b.IPSet()
	if err != nil { // only for invalid prefixes, which are never added
		return &netipx.IPSet{}
	}
	return set
}

func isEmpty(s *netipx.IPSet) bool { return len(s.Ranges()) == 0 }
