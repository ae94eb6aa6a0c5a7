package egress

import (
	"net/netip"
	"slices"
)

// Lists that are asked from outside of the VPC see the EIPs of the NAT gateway.

// judgePublicList compares an allow-list with the EIPs that the cluster's packets
// leave the VPC with. Addresses that no EIP asks for exist only after apply, so a
// literal public address in the list may be one of them: only a list without any is
// proved closed.
func (b *builder) judgePublicList(gate *allowListGate, t *target, c *cluster) {
	eips := publicSources(wholeView(gate.src))
	entries, unknown := t.entries, t.unknown
	if t.product.hasPublicList() {
		entries, unknown = t.publicEntries, t.publicUnknown
	}
	set := setOf(entries)
	if set.ContainsPrefix(netip.MustParsePrefix("0.0.0.0/0")) {
		gate.Status = Open
		return
	}
	switch {
	case unknown != "":
		gate.Reason = unknown
		return
	case len(eips) == 0:
		gate.Reason = "the public addresses of " + c.name + " are not in the files"
		return
	case !allWritten(eips) && slices.ContainsFunc(entries, func(e allowEntry) bool { return e.cidr.IsValid() && publicAddress(e.cidr.Addr()) }):
		gate.Reason = "whether a public address in the list is the NAT gateway's EIP is known only after apply"
		return
	}
	gate.admitted = make(map[string]bool)
	var blocked, open int
	for _, eip := range eips {
		source := SourceVSwitch{Name: eip, Status: Blocked}
		address, isWritten := parseCIDR(eip)
		if slices.ContainsFunc(entries, func(e allowEntry) bool {
			return e.ref == eip || isWritten && e.cidr.IsValid() && contains(e.cidr, address)
		}) {
			source.Status = Open
			gate.admitted[eip] = true
			open++
			gate.Covered = append(gate.Covered, eip)
		} else {
			blocked++
			gate.Uncovered = append(gate.Uncovered, eip)
		}
		gate.Sources = append(gate.Sources, source)
	}
	gate.Status = summary(blocked, open, 0, "")
	if blocked > 0 {
		gate.Code = "missing"
	}
}

// allWritten reports whether every address is a literal, known before apply.
func allWritten(addresses []string) bool {
	return !slices.ContainsFunc(addresses, func(address string) bool {
		_, ok := parseCIDR(address)
		return !ok
	})
}

// publicSources are the EIP addresses of the SNAT entries that packets leave through,
// as references or literals; none if one of them is neither.
func publicSources(v *view) []string {
	if v.gate == nil {
		return nil
	}
	var list []string
	for _, way := range v.gate.ways {
		if !v.takes(way.member.vswitch) {
			continue
		}
		if way.entry == nil || way.status == Blocked {
			return nil
		}
		for _, item := range splitItems(way.entry.res.Body.Get("snat_ip")) {
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
func (b *builder) publicVerdict(gate *allowListGate, v *view) Status {
	var blocked, open int
	for _, eip := range publicSources(v) {
		if gate.admitted[eip] {
			open++
		} else {
			blocked++
		}
	}
	if blocked+open == 0 {
		return Unsure
	}
	return v.conclude(blocked, open, 0)
}
