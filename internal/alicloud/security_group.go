package alicloud

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/terraform"
)

// SecurityGroup is a group with its outbound rules.
type SecurityGroup struct {
	Key, Name  string
	Resource   *terraform.Resource // nil if it is outside the files
	Enterprise truth.Truth         // advanced groups deny outbound traffic by default, basic ones allow it
	Egress     []*GroupRule
	Ingress    []*GroupRule
	Inner      truth.Truth // whether members of a basic group reach each other
	// unknown says why the rules are not known in full; empty if they are.
	Unknown string
}

// GroupRule is one rule.
type GroupRule struct {
	Resource *terraform.Resource
	Accept   bool
	Priority int    // 1 to 100, lower first
	protocol string // tcp, udp, icmp, icmpv6, gre, all
	low      int    // port range; 0 to 65535 stands for all
	high     int
	CIDRs    []netip.Prefix // the peer's addresses; empty if it is a group or not decided
	Group    string         // key of the peer's group
	Unknown  string         // why the peer or another decisive argument is unknown
}

// Matches reports whether the rule is about a protocol and port; port 0 stands
// for any port, which only a rule for all ports matches as a whole.
func (r *GroupRule) Matches(protocol string, port int) bool {
	if r.protocol != "all" && !strings.EqualFold(r.protocol, protocol) {
		return false
	}
	if port == 0 {
		return r.low <= 1 && r.high == 65535
	}
	return r.low <= port && port <= r.high
}

// Touches reports whether the rule is about at least one port of the query.
func (r *GroupRule) Touches(protocol string, port int) bool {
	return r.Matches(protocol, port) ||
		port == 0 && (r.protocol == "all" || strings.EqualFold(r.protocol, protocol))
}

// SecurityGroup resolves a group and reads its rules. Domain facts: basic and
// advanced groups, priorities and defaults as in the vendor's page on security
// group rules and the provider's documentation of security_group(_rule).
func (s *Scope) SecurityGroup(id Ident) *SecurityGroup {
	if g, ok := s.groups[id.Key]; ok {
		return g
	}
	g := &SecurityGroup{Key: id.Key, Name: id.name(), Enterprise: truth.Maybe, Unknown: id.name() + " is outside the files"}
	s.groups[id.Key] = g
	if id.Resource == nil || id.Resource.Type != "alicloud_security_group" {
		return g
	}
	g.Resource, g.Unknown = id.Resource, id.Resource.Uncertain
	switch typ := id.Resource.Body.Get("security_group_type"); {
	case typ.IsNull():
		g.Enterprise = truth.No
	default:
		if text, ok := typ.Text(); ok {
			g.Enterprise = truth.No
			if text == "enterprise" {
				g.Enterprise = truth.Yes
			}
		}
	}
	g.Inner = truth.Yes
	if v := id.Resource.Body.Get("inner_access_policy"); v.IsUnknown() {
		g.Inner = truth.Maybe
	} else if v.Is("Drop") || g.Enterprise == truth.Yes {
		g.Inner = truth.No
	}
	for _, res := range s.ByType["alicloud_security_group_rule"] {
		owner := s.Ident(res.Body.Get("security_group_id"))
		if !owner.Known() || owner.Resource == nil && !strings.HasPrefix(owner.Key, "id:") {
			g.Unknown = "which group " + res.Address + " belongs to is unknown"
			continue
		}
		if owner.Key != g.Key {
			continue
		}
		typ, ok := res.Body.Get("type").Text()
		if !ok {
			g.Unknown = "the direction of " + res.Address + " is unknown"
			continue
		}
		switch typ {
		case "egress":
			g.Egress = append(g.Egress, readGroupRule(s, res))
		case "ingress":
			g.Ingress = append(g.Ingress, readGroupRule(s, res))
		}
	}
	if reason, found := s.UnreadModule(g.Key); found && g.Unknown == "" {
		g.Unknown = reason
	}
	return g
}

func readGroupRule(s *Scope, res *terraform.Resource) *GroupRule {
	r := &GroupRule{Resource: res, Accept: true, Priority: 1, low: 0, high: 65535, Unknown: res.Uncertain}
	body := res.Body
	if v := body.Get("policy"); !v.IsNull() {
		text, ok := v.Text()
		r.Accept = text != "drop"
		if !ok {
			r.Unknown = v.Reason
		}
	}
	if v := body.Get("priority"); !v.IsNull() {
		text, _ := v.Text()
		n, err := strconv.Atoi(text)
		if err != nil {
			r.Unknown = v.ReasonOr("the priority of " + res.Address + " is not a number")
		} else {
			r.Priority = n
		}
	}
	if v := body.Get("ip_protocol"); true {
		text, ok := v.Text()
		r.protocol = strings.ToLower(text)
		if !ok {
			r.Unknown = v.ReasonOr("the protocol of " + res.Address + " is unknown")
		}
	}
	if v := body.Get("port_range"); !v.IsNull() {
		text, ok := v.Text()
		low, high, valid := parsePortRange(text)
		switch {
		case !ok || !valid:
			r.Unknown = v.ReasonOr("the port_range of " + res.Address + " is not a range")
		case low > 0:
			r.low, r.high = low, high
		}
	}
	readPeer(s, r)
	return r
}

// readPeer reads whose addresses a rule is about: a CIDR, another group, or a
// prefix list.
func readPeer(s *Scope, r *GroupRule) {
	body := r.Resource.Body
	for _, name := range []string{"cidr_ip", "ipv6_cidr_ip"} {
		v := body.Get(name)
		if v.IsUnknown() {
			r.Unknown = v.Reason
			return
		}
		if text, ok := v.Text(); ok && text != "" {
			if cidr, ok := ipset.Parse(text); ok {
				r.CIDRs = []netip.Prefix{cidr}
			} else {
				r.Unknown = "the " + name + " of " + r.Resource.Address + " is not a CIDR"
			}
			return
		}
	}
	if id := s.Ident(body.Get("source_security_group_id")); id.Known() {
		r.Group = id.Key
		return
	}
	if list := s.Ident(body.Get("prefix_list_id")); list.Resource != nil && list.Resource.Type == "alicloud_ecs_prefix_list" {
		readPrefixList(r, list.Resource)
		return
	}
	if r.Unknown == "" {
		r.Unknown = body.ReasonOr("the peer of " + r.Resource.Address + " is outside the files")
	}
}

func readPrefixList(r *GroupRule, res *terraform.Resource) {
	entries := res.Body.Get("entry")
	if u := entries.FirstUnknown(); u != nil {
		r.Unknown = u.Reason
		return
	}
	for _, entry := range entries.Items() {
		text, _ := entry.Get("cidr").Text()
		if cidr, ok := ipset.Parse(text); ok {
			r.CIDRs = append(r.CIDRs, cidr)
		}
	}
	if len(r.CIDRs) == 0 {
		r.Unknown = res.Address + " holds no CIDR"
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

// Text is the rule in a few words: "drop tcp 1-65535, priority 1".
func (r *GroupRule) Text() string {
	policy := "accept"
	if !r.Accept {
		policy = "drop"
	}
	ports := ""
	if r.low > 1 || r.high < 65535 {
		ports = fmt.Sprintf(" %d-%d", r.low, r.high)
	}
	return fmt.Sprintf("%s %s%s, priority %d", policy, r.protocol, ports, r.Priority)
}
