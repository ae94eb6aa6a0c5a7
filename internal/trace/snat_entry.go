package trace

import (
	"slices"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/model"
)

// SNAT entries as things of their own: who leaves through them, and whether that
// works.

// entryGates lists the SNAT entries of a scope with the clusters they serve.
func (y *ways) entryGates(s *alicloud.Scope) {
	for _, e := range y.Facts.Entries[s] {
		entry := &model.Translation{
			Address: e.Resource.Address, Status: e.EIP.Status, Code: e.EIP.Code, EIP: e.EIP.EIP, Instance: e.EIP.Instance,
			Clusters: []string{}, WrongFor: []string{}, Origin: s.AtArgument(e.Resource, "snat_ip"),
		}
		if e.Gateway != nil {
			entry.Gateway = e.Gateway.Name
		}
		gates := []*internetGate{}
		for _, c := range y.Clusters {
			if c.Scope != s {
				continue
			}
			for _, src := range c.AllSources() {
				gate := y.bySource[src]
				if gate == nil {
					continue
				}
				if gate.Code == "eip-not-associated" && slices.Contains(gate.wrong, e) {
					entry.WrongFor = append(entry.WrongFor, c.Name)
				} else if !slices.ContainsFunc(gate.ways, func(w wayOut) bool { return w.entry == e }) {
					continue
				}
				gates = append(gates, gate)
				if !slices.Contains(entry.Clusters, c.Name) {
					entry.Clusters = append(entry.Clusters, c.Name)
				}
			}
		}
		y.entries = append(y.entries, entryGate{entry, gates})
	}
}

type entryGate struct {
	*model.Translation
	gates []*internetGate
}

// onceEach leaves each SNAT entry once, as the root sees it whose cluster goes
// through it, or else as its own root does.
func onceEach(list []entryGate) []entryGate {
	best := make(map[int]int) // by place: index among list
	for i, e := range list {
		j, ok := best[e.Origin.Ref]
		if !ok || len(list[j].gates) == 0 && (len(e.gates) > 0 || len(e.Address) < len(list[j].Address)) {
			best[e.Origin.Ref] = i
		}
	}
	var once []entryGate
	for i, e := range list {
		if best[e.Origin.Ref] == i {
			once = append(once, e)
		}
	}
	return once
}

// entryEntities are the SNAT entries with those who leave through them.
func (y *ways) entryEntities() []*model.Translation {
	list := []*model.Translation{}
	for _, e := range y.entries {
		needs := make([]*needs, 0, len(e.gates))
		for _, gate := range e.gates {
			needs = append(needs, &gate.need)
		}
		e.Need = merged(needs...)
		list = append(list, e.Translation)
	}
	return list
}
