package egress

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// networkACL is a network ACL with its entries in the order in which they are
// tried. Facts: vendor's page on VPC network ACLs (stateless, first match, the
// port is that of the destination in both directions).
type networkACL struct {
	res     *terraform.Resource
	egress  []aclEntry
	ingress []aclEntry
	unknown string
}

type aclEntry struct {
	res       *terraform.Resource
	value     *located.Value // the entry's block
	accept    bool
	protocol  string
	low, high int
	addresses *netipx.IPSet
	unknown   string
	text      string
}

// networkACLOf finds the ACL of a vSwitch; nil if it has none, or an ACL with
// unknown set if the files do not decide it.
func (s *scope) networkACLOf(v *vswitch) *networkACL {
	var found *terraform.Resource
	unknown := ""
	bound := func(acl ident, holder *terraform.Resource, v2 *located.Value) {
		switch id := s.ident(v2); {
		case id.unknown():
			unknown = "which vSwitch " + holder.Address + " binds is unknown"
		case id.key == v.key:
			found = acl.res
			if acl.res == nil || holder.Uncertain != "" {
				unknown = "the network ACL of " + v.name + " is outside the files"
			}
		}
	}
	for _, acl := range s.byType["alicloud_network_acl"] {
		for _, r := range acl.Body.Get("resources").Items() {
			bound(ident{key: acl.Address, res: acl}, acl, r.Get("resource_id"))
		}
	}
	for _, a := range s.byType["alicloud_vpc_network_acl_attachment"] {
		bound(s.ident(a.Body.Get("network_acl_id")), a, a.Body.Get("resource_id"))
	}
	for _, a := range s.byType["alicloud_network_acl_attachment"] {
		for _, r := range a.Body.Get("resources").Items() {
			bound(s.ident(a.Body.Get("network_acl_id")), a, r.Get("resource_id"))
		}
	}
	switch {
	case unknown != "":
		return &networkACL{unknown: unknown}
	case found == nil:
		return nil
	}
	return s.readNetworkACL(found)
}

func (s *scope) readNetworkACL(res *terraform.Resource) *networkACL {
	acl := &networkACL{res: res, unknown: res.Uncertain}
	acl.egress = s.readEntries(acl, res, "egress_acl_entries", "destination_cidr_ip")
	acl.ingress = s.readEntries(acl, res, "ingress_acl_entries", "source_cidr_ip")
	for _, old := range s.byType["alicloud_network_acl_entries"] {
		if s.ident(old.Body.Get("network_acl_id")).key == res.Address {
			acl.egress = append(acl.egress, s.readEntries(acl, old, "egress", "destination_cidr_ip")...)
			acl.ingress = append(acl.ingress, s.readEntries(acl, old, "ingress", "source_cidr_ip")...)
		}
	}
	if reason, found := s.unreadModule(res.Address); found {
		acl.unknown = reason
	}
	return acl
}

func (s *scope) readEntries(acl *networkACL, res *terraform.Resource, block, peer string) []aclEntry {
	list := res.Body.Get(block)
	if list.IsUnknown() {
		acl.unknown = list.Reason
		return nil
	}
	var entries []aclEntry
	for _, v := range list.Items() {
		e := aclEntry{res: res, value: v, low: 0, high: 65535}
		if v.IsUnknown() {
			e.unknown = v.Reason
			entries = append(entries, e)
			continue
		}
		policy, okPolicy := v.Get("policy").Text()
		protocol, okProtocol := v.Get("protocol").Text()
		port, okPort := v.Get("port").Text()
		cidrText, okCIDR := v.Get(peer).Text()
		cidr, valid := parseCIDR(cidrText)
		low, high, validPort := parsePortRange(port)
		if !okPolicy || !okProtocol || !okPort || !okCIDR || !valid || !validPort {
			e.unknown = reasonFor(v, "an entry of "+res.Address+" is not decided by the files")
		} else {
			e.addresses = prefixSet(cidr)
		}
		e.accept, e.protocol = policy == "accept", strings.ToLower(protocol)
		if low > 0 {
			e.low, e.high = low, high
		}
		e.text = strings.Join([]string{policy, protocol, port, cidrText}, " ")
		entries = append(entries, e)
	}
	return entries
}

// decide tries the entries in order. It returns the entry that drops every
// address, for all ports from low to high; nil with a reason if the outcome
// differs or is not decided.
func decide(entries []aclEntry, addresses *netipx.IPSet, protocol string, low, high int) (dropped *aclEntry, status Status) {
	rest := addresses
	var first *aclEntry
	for i := range entries {
		e := &entries[i]
		if e.unknown != "" {
			return nil, Unsure
		}
		if e.protocol != "all" && !strings.EqualFold(e.protocol, protocol) || e.high < low || e.low > high {
			continue
		}
		hit := intersect(rest, e.addresses)
		if isEmpty(hit) {
			continue
		}
		if e.accept {
			if isEmpty(subtract(rest, hit)) && e.low <= low && high <= e.high && first == nil {
				return nil, Open
			}
			return nil, Unsure // a part passes
		}
		if e.low > low || high > e.high {
			return nil, Unsure // a part of the ports is dropped
		}
		if first == nil {
			first = e
		}
		if rest = subtract(rest, hit); isEmpty(rest) {
			return first, Blocked
		}
	}
	// What no entry matches falls to the ACL's default entries, which the files do
	// not show.
	return nil, Unsure
}

// Replies arrive at an ephemeral port: the range that Linux picks from.
const (
	ephemeralLow  = 32768
	ephemeralHigh = 60999
)

// aclGate is a NetworkACLBlock under construction.
type aclGate struct {
	*NetworkACLBlock
	need needs
}

// networkACLHop judges the network ACLs of the vSwitches that a workload's
// packets come from.
func (b *builder) networkACLHop(r *requirementOf) Hop {
	hop := Hop{Name: "network-acl", Status: Open}
	c := r.world.cluster
	if c == nil || c.scope == nil || c.Plugin == pluginUnknown || r.workload.hostNetwork == maybe {
		hop.Status, hop.Detail = Unsure, "the source vSwitches are not in the files"
		return hop
	}
	addresses := r.destinationSet()
	src := c.sourcesOf(r.workload.hostNetwork == yes)
	for _, m := range src.members {
		acl := b.networkACLOf(c.scope, m.vswitch)
		switch {
		case acl == nil:
			continue
		case acl.unknown != "" || addresses == nil:
			hop.Status, hop.Detail = worse(hop.Status, Unsure), "the network ACL of "+m.vswitch.name+" or the destination is not decided by the files"
			continue
		case m.vswitch.cidr.IsValid() && isEmpty(subtract(addresses, prefixSet(m.vswitch.cidr))):
			continue // packets inside one vSwitch are not filtered
		}
		low, high := r.port, r.port
		if r.port == 0 {
			low, high = 1, 65535
		}
		direction := "egress"
		entry, status := decide(acl.egress, addresses, r.protocol, low, high)
		if status != Blocked {
			out := status
			if entry, status = decide(acl.ingress, addresses, r.protocol, ephemeralLow, ephemeralHigh); status == Blocked {
				direction = "ingress"
			} else {
				status = worse(out, status)
			}
		}
		if status == Blocked {
			b.blockByACL(r, acl, m, src.role, direction, entry)
			hop.Code = direction
		}
		hop.Status = worse(hop.Status, status)
	}
	return hop
}

// worse returns the verdict that decides a path.
func worse(a, b Status) Status {
	rank := map[Status]int{Open: 0, Unsure: 1, Partial: 2, Blocked: 3}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

func (b *builder) networkACLOf(s *scope, v *vswitch) *networkACL {
	acl, ok := b.networkACLs[v]
	if !ok {
		acl = s.networkACLOf(v)
		b.networkACLs[v] = acl
	}
	return acl
}

func (b *builder) blockByACL(r *requirementOf, acl *networkACL, m member, role, direction string, entry *aclEntry) {
	c := r.world.cluster
	at := b.places.value(c.scope, entry.res, entry.value)
	key := strings.Join([]string{c.ID, role, direction, strconv.Itoa(at.Ref)}, "|")
	gate := b.aclGates[key]
	if gate == nil {
		gate = &aclGate{NetworkACLBlock: &NetworkACLBlock{
			Cluster: c.ID, ClusterName: c.Name, Role: role, ACL: acl.res.Address, VSwitches: []string{}, Direction: direction,
			Destination: r.display(), Also: []string{}, Port: r.port, Protocol: r.protocol, Entry: entry.text, Origin: at,
		}}
		b.aclGates[key] = gate
		b.aclBlocks = append(b.aclBlocks, gate)
	}
	if name := m.vswitch.label(); !slices.Contains(gate.VSwitches, name) {
		gate.VSwitches = append(gate.VSwitches, name)
	}
	if name := r.display(); name != gate.Destination && !slices.Contains(gate.Also, name) {
		gate.Also = append(gate.Also, name)
	}
	gate.need.add(r)
}

// bucketPolicy is the part of an OSS bucket policy that is about networks
// (vendor's page on bucket policies and error 0030-00000008).
type bucketPolicy struct {
	Statement []struct {
		Effect    string
		Action    stringList
		Principal any
		Resource  stringList
		Condition map[string]map[string]stringList
	}
}

// stringList is a JSON string or list of strings.
type stringList []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *stringList) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = []string{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return fmt.Errorf("read list: %w", err)
	}
	*l = many
	return nil
}

// bucketGate is a BucketPolicyBlock under construction.
type bucketGate struct {
	*BucketPolicyBlock // nil if the policy does not deny the cluster
	need               needs
	status             Status
	reason             string
}

// bucketHop judges the policy of a bucket: a Deny whose conditions single out the
// cluster's addresses or VPC.
func (b *builder) bucketHop(r *requirementOf, role string) Hop {
	hop := Hop{Name: "bucket-policy", Status: Unsure}
	key := gateKey{r.target, r.world.cluster, role}
	gate, ok := b.bucketGates[key]
	if !ok {
		gate = b.judgeBucket(r.target, r.world.cluster, role)
		b.bucketGates[key] = gate
		if gate.BucketPolicyBlock != nil {
			b.bucketList = append(b.bucketList, gate)
		}
	}
	gate.need.add(r)
	hop.Status, hop.Detail = gate.status, gate.reason
	if gate.BucketPolicyBlock != nil {
		hop.Code = gate.Code
	}
	return hop
}

func (b *builder) judgeBucket(t *target, c *cluster, role string) *bucketGate {
	s := t.scope
	holder, v := t.res, t.res.Body.Get("policy")
	for _, res := range s.byType["alicloud_oss_bucket_policy"] {
		bucket := res.Body.Get("bucket")
		text, _ := bucket.Text()
		if s.ident(bucket).key == t.res.Address || slices.Contains(t.prefixes, strings.ToLower(text)) {
			holder, v = res, res.Body.Get("policy")
		}
	}
	if v.IsNull() {
		if reason, found := s.unreadModule(t.res.Address); found {
			return &bucketGate{status: Unsure, reason: reason}
		}
		return &bucketGate{status: Open}
	}
	text, ok := v.Text()
	var policy bucketPolicy
	if !ok || json.Unmarshal([]byte(text), &policy) != nil {
		return &bucketGate{status: Unsure, reason: reasonFor(v, "the policy of "+t.Address+" is not decided by the files")}
	}
	verdict := &bucketGate{status: Open}
	for _, statement := range policy.Statement {
		if statement.Effect != "Deny" || !deniesObjects(statement.Action) || len(statement.Condition) == 0 {
			continue // a Deny for everybody is not about networks
		}
		d := b.denial(statement.Condition, t, c, role)
		if d.holds == yes && (!everybody(statement.Principal) || !t.wholeBucket(statement.Resource)) {
			d.holds = maybe // it may be about other users or folders
		}
		switch d.holds {
		case yes:
			return &bucketGate{status: Blocked, BucketPolicyBlock: &BucketPolicyBlock{
				Bucket: holder.Address, BucketName: t.Name, Cluster: c.ID, ClusterName: c.Name, Code: d.code, Role: role,
				Listed: d.listed, Uncovered: d.uncovered, Origin: b.places.value(s, holder, v),
			}}
		case maybe:
			verdict = &bucketGate{status: Unsure, reason: "whether a Deny of the policy of " + t.Name + " applies is not decided by the files"}
		}
	}
	return verdict
}

// deniesObjects reports whether a statement is about reading or writing objects.
func deniesObjects(actions []string) bool {
	return slices.ContainsFunc(actions, func(a string) bool {
		return slices.Contains([]string{"*", "oss:*", "oss:Get*", "oss:Put*", "oss:GetObject", "oss:PutObject"}, a)
	})
}

// everybody reports whether a statement's principal is anybody.
func everybody(principal any) bool {
	switch p := principal.(type) {
	case string:
		return p == "*"
	case []any:
		return slices.Contains(p, any("*"))
	default:
		return false
	}
}

// wholeBucket reports whether resources of a statement cover every object of the
// bucket: acs:oss:REGION:OWNER:BUCKET/*.
func (t *target) wholeBucket(resources []string) bool {
	return slices.ContainsFunc(resources, func(r string) bool {
		r = r[strings.LastIndexByte(r, ':')+1:]
		bucket, objects, ok := strings.Cut(r, "/")
		return r == "*" || ok && objects == "*" && (bucket == "*" || slices.Contains(t.prefixes, strings.ToLower(bucket)))
	})
}

// denial is what the conditions of a Deny say about a cluster's packets.
type denial struct {
	holds     tri
	code      string
	listed    []string // what the condition lets through
	uncovered []string // the sources it does not
}

// denial reports whether all conditions of a Deny hold for the cluster's packets.
// Conditions that it does not know may hold or not.
func (b *builder) denial(conditions map[string]map[string]stringList, t *target, c *cluster, role string) denial {
	all := denial{holds: yes}
	for _, operator := range slices.Sorted(maps.Keys(conditions)) {
		for _, key := range slices.Sorted(maps.Keys(conditions[operator])) {
			values := conditions[operator][key]
			one := denial{holds: maybe}
			switch {
			case operator == "NotIpAddress" && key == "acs:SourceIp":
				one = b.addressDenial(values, c, role)
			case operator == "StringNotEquals" && key == "acs:SourceVpc" && role != roleEIP:
				one = b.vpcDenial(values, t, c)
			}
			all.holds = min(all.holds, one.holds)
			if all.code == "" {
				all.code, all.listed, all.uncovered = one.code, one.listed, one.uncovered
			}
		}
	}
	return all
}

// addressDenial judges NotIpAddress: it holds for sources outside the list.
func (b *builder) addressDenial(values []string, c *cluster, role string) denial {
	d := denial{holds: maybe, code: "source-ip", listed: values, uncovered: []string{}}
	var builder netipx.IPSetBuilder
	for _, text := range values {
		cidr, ok := parseCIDR(text)
		if !ok {
			return d
		}
		builder.AddPrefix(cidr)
	}
	set := build(&builder)
	if role == roleEIP {
		return d // the EIPs' addresses exist only after apply
	}
	members := c.sourcesFor(role).members
	inside := 0
	for _, m := range members {
		v := m.vswitch
		switch {
		case !v.cidr.IsValid():
			return d
		case set.ContainsPrefix(v.cidr):
			inside++
		case isEmpty(intersect(set, prefixSet(v.cidr))):
			d.uncovered = append(d.uncovered, v.label())
		}
	}
	switch {
	case len(members) > 0 && inside == len(members):
		d.holds = no
	case len(members) > 0 && len(d.uncovered) == len(members):
		d.holds = yes
	}
	return d
}

// vpcDenial judges StringNotEquals on the VPC. A literal id may be that of any VPC
// of the files, whose ids exist only after apply.
func (b *builder) vpcDenial(values []string, t *target, c *cluster) denial {
	d := denial{holds: maybe, code: "source-vpc", listed: []string{}, uncovered: []string{}}
	if c.vpc == nil || c.vpc.res == nil || c.scope != t.scope {
		return d
	}
	d.holds = yes
	for _, text := range values {
		d.listed = append(d.listed, located.Display(text))
		switch id := t.scope.ident(&located.Value{Kind: located.String, Str: text}); {
		case id.key == c.vpc.key:
			return denial{holds: no}
		case id.res == nil:
			d.holds = maybe
		}
	}
	d.uncovered = append(d.uncovered, c.vpc.name)
	return d
}
