package trace

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
	"github.com/egresslint/egresslint/internal/world"
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
func (j *aclJudge) hop(r *world.Need) model.Hop {
	hop := model.Hop{Name: model.HopNetworkACL, Status: truth.Open}
	c := r.World.Cluster
	if c == nil || c.Scope == nil || c.Plugin == world.PluginUnknown || r.Workload.HostNetwork == truth.Maybe {
		hop.Status, hop.Detail = truth.Unknown, "the source vSwitches are not in the files"
		return hop
	}
	v := r.View()
	if v.Reason != "" {
		hop.Status, hop.Detail = truth.Unknown, v.Reason
		return hop
	}
	hop.Sources = v.Labels()
	addresses := destinationSet(r)
	if v.Gap != "" {
		hop.Status, hop.Detail = truth.Unknown, v.Gap
	}
	from := v.From()
	if v.Some && len(from) > 1 && slices.ContainsFunc(from, func(m world.Member) bool { return j.aclOf(c.Scope, m.VSwitch) != nil }) {
		hop.Status, hop.Detail = truth.Unknown, v.SomeReason()
		return hop
	}
	for _, m := range from {
		acl := j.aclOf(c.Scope, m.VSwitch)
		if acl != nil && acl.Resource != nil {
			hop.Component = acl.Resource.Address
			hop.Facts = append(hop.Facts, fact("network ACL of "+m.VSwitch.Name, acl.Resource.Address, c.Scope.AtBlock(acl.Resource)))
		}
		switch {
		case acl == nil:
			continue
		case acl.Unknown != "" || addresses == nil:
			hop.Status, hop.Detail = truth.Worst(hop.Status, truth.Unknown), "the network ACL of "+m.VSwitch.Name+" or the destination is not decided by the files"
			continue
		case m.VSwitch.CIDR.IsValid() && ipset.IsEmpty(ipset.Subtract(addresses, ipset.Of(m.VSwitch.CIDR))):
			continue // packets inside one vSwitch are not filtered
		}
		low, high := r.Port, r.Port
		if r.Port == 0 {
			low, high = 1, 65535
		}
		direction := "egress"
		entry, status := decide(acl.Egress, addresses, r.Protocol, low, high)
		if status != truth.Blocked {
			out := status
			if entry, status = decide(acl.Ingress, addresses, r.Protocol, ephemeralLow, ephemeralHigh); status == truth.Blocked {
				direction = "ingress"
			} else {
				status = truth.Worst(out, status)
			}
		}
		if status == truth.Blocked {
			at := j.block(r, acl, m, v.Sources, direction, entry)
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
		acl = alicloud.NetworkACLOf(s, v)
		j.acls[v] = acl
	}
	return acl
}

// block records a requirement that an entry drops, and returns the entry's place.
func (j *aclJudge) block(r *world.Need, acl *alicloud.NetworkACL, m world.Member, src *world.Sources, direction string, entry *alicloud.ACLEntry) place.Origin {
	c := r.World.Cluster
	at := c.Scope.At(entry.Resource, entry.Value)
	gate := j.gates.at(aclKey{c, src.Role, src.Scope, direction, at}, func() *aclGate {
		return &aclGate{NetworkACLBlock: &model.NetworkACLBlock{
			Cluster: c.ID, ClusterName: c.Name, Role: src.Role, Scope: src.Scope, ACL: acl.Resource.Address, VSwitches: []string{}, Direction: direction,
			Destination: r.Display(), Also: []string{}, Port: r.Port, Protocol: r.Protocol, Entry: textOf(entry), Origin: at,
		}}
	})
	if name := m.VSwitch.Label(); !slices.Contains(gate.VSwitches, name) {
		gate.VSwitches = append(gate.VSwitches, name)
	}
	if name := r.Display(); name != gate.Destination && !slices.Contains(gate.Also, name) {
		gate.Also = append(gate.Also, name)
	}
	gate.need.add(r)
	return at
}

// textOf is an entry as messages show it.
func textOf(e *alicloud.ACLEntry) string {
	return strings.Join([]string{e.Policy, e.Protocol, e.Port, secret.Shown(e.Peer)}, " ")
}
