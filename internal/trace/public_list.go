package trace

import (
	"net/netip"
	"slices"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
)

// Lists that are asked from outside of the VPC see the EIPs of the NAT gateway.

// judgePublicList compares an allow-list with the EIPs that the cluster's packets
// leave the VPC with. Addresses that no EIP asks for exist only after apply, so a
// literal public address in the list may be one of them: only a list without any is
// proved closed.
func (j *listJudge) judgePublicList(gate *allowListGate, t *alicloud.Target, c *world.Cluster) {
	eips := j.ways.publicSources(world.WholeView(gate.src))
	entries, unknown := t.List.Entries, t.List.Unknown
	if t.Type != nil && t.Type.HasPublicList() {
		entries, unknown = t.List.PublicEntries, t.List.PublicUnknown
	}
	set := alicloud.SetOf(entries)
	if set.ContainsPrefix(netip.MustParsePrefix("0.0.0.0/0")) {
		gate.Status = truth.Open
		return
	}
	switch {
	case unknown != "":
		gate.Reason = unknown
		return
	case len(eips) == 0:
		gate.Reason = "the public addresses of " + c.Name + " are not in the files"
		return
	case !allWritten(eips) && set.Overlaps(ipset.Routed4):
		gate.Reason = "whether a public address in the list is the NAT gateway's EIP is known only after apply"
		return
	}
	gate.admitted = make(map[string]bool)
	verdict := coverPublic(eips, "", func(eip string) (truth.Verdict, string) {
		address, isWritten := ipset.Parse(eip)
		if slices.ContainsFunc(entries, func(e alicloud.AllowEntry) bool {
			return e.Ref == eip || isWritten && e.CIDR.IsValid() && ipset.Covers(e.CIDR, address)
		}) {
			gate.admitted[eip] = true
			return truth.Open, ""
		}
		return truth.Blocked, ""
	})
	for i, eip := range eips {
		gate.Sources = append(gate.Sources, model.Source{Name: eip, Status: verdict.verdicts[i]})
	}
	verdict.verdicts = nil // those on the members are not known
	gate.take(verdict)
}

// coverPublic asks for each public address that packets arrive with.
func coverPublic(eips []string, more string, admits func(string) (truth.Verdict, string)) coverage {
	return cover(eips, more, func(eip string) string { return eip }, admits)
}

// allWritten reports whether every address is a literal, known before apply.
func allWritten(addresses []string) bool {
	return !slices.ContainsFunc(addresses, func(address string) bool {
		_, ok := ipset.Parse(address)
		return !ok
	})
}

// publicSources are the EIP addresses of the SNAT entries that packets leave through,
// as references or literals; none if one of them is neither.
func (y *ways) publicSources(v *world.View) []string {
	gate := y.of(v)
	if gate == nil {
		return nil
	}
	var list []string
	for _, way := range gate.ways {
		if !v.Takes(way.member.VSwitch) {
			continue
		}
		if way.entry == nil || way.status == truth.Blocked {
			return nil
		}
		for _, item := range way.entry.Resource.Body.Get("snat_ip").Split() {
			address := ""
			if ref, ok := item.Ref(); ok {
				address = ref.String()
			} else if text, ok := item.Text(); ok && allWritten([]string{text}) {
				address = text
			}
			if address == "" {
				return nil
			}
			if !slices.Contains(list, address) {
				list = append(list, address)
			}
		}
	}
	return list
}

// publicVerdict is the verdict over the public addresses that packets of a view arrive
// with.
func (gate *allowListGate) publicVerdict(y *ways, v *world.View) truth.Verdict {
	eips := y.publicSources(v)
	if len(eips) == 0 {
		return truth.Unknown
	}
	return v.Conclude(coverPublic(eips, v.Gap, func(eip string) (truth.Verdict, string) {
		if gate.admitted[eip] {
			return truth.Open, ""
		}
		return truth.Blocked, ""
	}).status)
}
