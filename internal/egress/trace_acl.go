package egress

import (
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/secret"
	"github.com/egresslint/egresslint/internal/truth"
)

// decide tries the entries in order. It returns the entry that drops every
// address, for all ports from low to high; nil with a reason if the outcome
// differs or is not decided.
func decide(entries []alicloud.ACLEntry, addresses *netipx.IPSet, protocol string, low, high int) (dropped *alicloud.ACLEntry, status truth.Verdict) {
	rest := addresses
	var first *alicloud.ACLEntry
	for i := range entries {
		e := &entries[i]
		if e.Unknown != "" {
			return nil, truth.Unknown
		}
		if !strings.EqualFold(e.Protocol, "all") && !strings.EqualFold(e.Protocol, protocol) || e.High < low || e.Low > high {
			continue
		}
		hit := ipset.Intersect(rest, e.Addresses)
		if ipset.IsEmpty(hit) {
			continue
		}
		if e.Accept {
			if ipset.IsEmpty(ipset.Subtract(rest, hit)) && e.Low <= low && high <= e.High && first == nil {
				return nil, truth.Open
			}
			return nil, truth.Unknown // a part passes
		}
		if e.Low > low || high > e.High {
			return nil, truth.Unknown // a part of the ports is dropped
		}
		if first == nil {
			first = e
		}
		if rest = ipset.Subtract(rest, hit); ipset.IsEmpty(rest) {
			return first, truth.Blocked
		}
	}
	// What no entry matches falls to the ACL's default entries, which the files do
	// not show.
	return nil, truth.Unknown
}

// Replies arrive at an ephemeral port: the range that Linux picks from.
const (
	ephemeralLow  = 32768
	ephemeralHigh = 60999
)

// aclJudge judges the network ACLs of vSwitches.
type aclJudge struct {
	acls  map[*alicloud.VSwitch]*alicloud.NetworkACL // those that were asked for; nil for none
	gates gates[aclKey, *aclGate]
}

// aclGate is a NetworkACLBlock under construction.
type aclGate struct {
	*model.NetworkACLBlock
	need needs
}

func (gate *aclGate) entity() *model.NetworkACLBlock {
	gate.Need = gate.need.sum()
	return gate.NetworkACLBlock
}

// hop judges the network ACLs of the vSwitches that a workload's
// packets come from.
func (j *aclJudge) hop(r *requirementOf) model.Hop {
	hop := model.Hop{Name: "network-acl", Status: truth.Open}
	c := r.world.cluster
	if c == nil || c.scope == nil || c.plugin == pluginUnknown || r.workload.HostNetwork == truth.Maybe {
		hop.Status, hop.Detail = truth.Unknown, "the source vSwitches are not in the files"
		return hop
	}
	v := r.view()
	if v.reason != "" {
		hop.Status, hop.Detail = truth.Unknown, v.reason
		return hop
	}
	hop.Sources = v.labels()
	addresses := r.destinationSet()
	if v.gap != "" {
		hop.Status, hop.Detail = truth.Unknown, v.gap
	}
	from := v.from()
	if v.some && len(from) > 1 && slices.ContainsFunc(from, func(m member) bool { return j.aclOf(c.scope, m.vswitch) != nil }) {
		hop.Status, hop.Detail = truth.Unknown, v.someReason()
		return hop
	}
	for _, m := range from {
		acl := j.aclOf(c.scope, m.vswitch)
		if acl != nil && acl.Resource != nil {
			hop.Component = acl.Resource.Address
			hop.Facts = append(hop.Facts, fact("network ACL of "+m.vswitch.Name, acl.Resource.Address, c.scope.AtBlock(acl.Resource)))
		}
		switch {
		case acl == nil:
			continue
		case acl.Unknown != "" || addresses == nil:
			hop.Status, hop.Detail = truth.Worst(hop.Status, truth.Unknown), "the network ACL of "+m.vswitch.Name+" or the destination is not decided by the files"
			continue
		case m.vswitch.CIDR.IsValid() && ipset.IsEmpty(ipset.Subtract(addresses, ipset.Of(m.vswitch.CIDR))):
			continue // packets inside one vSwitch are not filtered
		}
		low, high := r.port, r.port
		if r.port == 0 {
			low, high = 1, 65535
		}
		direction := "egress"
		entry, status := decide(acl.Egress, addresses, r.protocol, low, high)
		if status != truth.Blocked {
			out := status
			if entry, status = decide(acl.Ingress, addresses, r.protocol, ephemeralLow, ephemeralHigh); status == truth.Blocked {
				direction = "ingress"
			} else {
				status = truth.Worst(out, status)
			}
		}
		if status == truth.Blocked {
			at := j.block(r, acl, m, v.sources, direction, entry)
			if hop.Status != truth.Blocked {
				hop.Origin = at
			}
			hop.Code = direction
			hop.Facts = append(hop.Facts, fact(direction+" entry", textOf(entry), at))
		}
		if status == truth.Unknown && hop.Detail == "" {
			hop.Detail = "the entries of " + acl.Resource.Address + " decide it for a part of the addresses or ports only"
		}
		hop.Status = truth.Worst(hop.Status, status)
	}
	return hop
}

func (j *aclJudge) aclOf(s *alicloud.Scope, v *alicloud.VSwitch) *alicloud.NetworkACL {
	acl, ok := j.acls[v]
	if !ok {
		acl = s.NetworkACLOf(v)
		j.acls[v] = acl
	}
	return acl
}

// block records a requirement that an entry drops, and returns the entry's place.
func (j *aclJudge) block(r *requirementOf, acl *alicloud.NetworkACL, m member, src *sources, direction string, entry *alicloud.ACLEntry) place.Origin {
	c := r.world.cluster
	at := c.scope.At(entry.Resource, entry.Value)
	gate := j.gates.at(aclKey{c, src.role, src.scope, direction, at}, func() *aclGate {
		return &aclGate{NetworkACLBlock: &model.NetworkACLBlock{
			Cluster: c.id, ClusterName: c.name, Role: src.role, Scope: src.scope, ACL: acl.Resource.Address, VSwitches: []string{}, Direction: direction,
			Destination: r.display(), Also: []string{}, Port: r.port, Protocol: r.protocol, Entry: textOf(entry), Origin: at,
		}}
	})
	if name := m.vswitch.Label(); !slices.Contains(gate.VSwitches, name) {
		gate.VSwitches = append(gate.VSwitches, name)
	}
	if name := r.display(); name != gate.Destination && !slices.Contains(gate.Also, name) {
		gate.Also = append(gate.Also, name)
	}
	gate.need.add(r)
	return at
}

// textOf is an entry as messages show it.
func textOf(e *alicloud.ACLEntry) string {
	return strings.Join([]string{e.Policy, e.Protocol, e.Port, secret.Shown(e.Peer)}, " ")
}
