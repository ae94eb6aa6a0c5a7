package egress

import (
	"cmp"
	"slices"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/truth"
)

// view is where the packets of one workload come from: sources, or a part of them.
// What stops such packets is told by the gates of the sources, whoever else leaves
// from there.
type view struct {
	*sources
	// reason says why nothing is known; there are no sources then.
	reason string
	// part are the vSwitches that the packets come from; nil for all of the sources.
	part []*alicloud.VSwitch
	// some says that the packets come from only some of these, which ones the files do
	// not say.
	some bool
	// gap says why the packets may come from yet other vSwitches.
	gap string
	// pools are the node pools that can run the pods; nil for all.
	pools []*nodePool
	// groups are the sources whose security groups the packets' interfaces carry.
	groups *sources
	// own says that something gives the pods network interfaces of their own, or may.
	own bool
	// seen are the labels of the vSwitches, see labels.
	seen []string
	// container says that the pods are container groups outside of any node.
	container bool
}

func unknownView(reason string) *view { return &view{reason: reason} }

// wholeView is where packets come from that may come from any of the sources.
func wholeView(src *sources) *view { return &view{sources: src, gap: src.unknown, groups: src} }

// takes reports whether packets may come from a vSwitch of the sources.
func (v *view) takes(vs *alicloud.VSwitch) bool { return v.part == nil || slices.Contains(v.part, vs) }

// whole reports whether the view is all of its sources: then the verdict is that of
// their gate.
func (v *view) whole() bool { return v.part == nil && !v.some }

// from returns the members that packets may come from.
func (v *view) from() []member {
	if v.part == nil {
		return v.members
	}
	return slices.DeleteFunc(slices.Clone(v.members), func(m member) bool { return !v.takes(m.vswitch) })
}

// sum is the verdict over those vSwitches of the sources that packets may come from,
// given the verdict on each member.
func (v *view) sum(verdicts []truth.Verdict) truth.Verdict {
	var taken []truth.Verdict
	for i, m := range v.members {
		if v.takes(m.vswitch) {
			taken = append(taken, verdicts[i])
		}
	}
	return v.conclude(truth.Sum(taken, v.gap != ""))
}

// conclude is the verdict on packets of the view, given that over all they may come from.
func (v *view) conclude(status truth.Verdict) truth.Verdict {
	if status == truth.Partial && v.some {
		return truth.Unknown
	}
	return status
}

// someReason says why the verdicts on several vSwitches decide nothing.
func (v *view) someReason() string {
	return cmp.Or(v.gap, "the pods use only some of the vSwitches, the files do not say which")
}

// viewOf says where the packets of a workload come from.
func viewOf(f *facts, w *world, wl *kube.Workload) *view {
	c := w.cluster
	switch {
	case c == nil:
		return unknownView("the cluster is not in the files")
	case wl.HostNetwork == truth.Maybe:
		return unknownView("hostNetwork of " + wl.Display() + " is unknown")
	case c.scope == nil || c.plugin == pluginUnknown:
		return wholeView(c.sourcesOf(wl.HostNetwork == truth.Yes))
	case wl.HostNetwork == truth.Yes:
		return c.nodeView(c.placementOf(wl))
	}
	switch group, reason := w.containerGroup(wl); group {
	case truth.Yes:
		return containerView(f, w, wl)
	case truth.Maybe:
		return &view{reason: reason, own: true}
	}
	if c.plugin != pluginTerway {
		return c.nodeView(c.placementOf(wl))
	}
	network, reason := podNetworkOf(f, w, wl)
	switch {
	case reason != "":
		return &view{reason: reason, own: true}
	case network == nil:
		return c.podView(c.placementOf(wl))
	default:
		return networkView(c, network, c.placementOf(wl))
	}
}

// nodeView is where packets come from that leave with the address of a node.
func (c *cluster) nodeView(p placement) *view {
	if p.unknown != "" {
		return unknownView(p.unknown)
	}
	v := wholeView(&c.node)
	v.some = p.some
	if p.whole {
		return v
	}
	v.part, v.gap = []*alicloud.VSwitch{}, c.unattachedPools()
	for _, l := range p.landings {
		v.pools = append(v.pools, l.pool)
		v.gap = cmp.Or(v.gap, l.pool.unknown)
		for _, vs := range l.vswitches {
			if !slices.Contains(v.part, vs) {
				v.part = append(v.part, vs)
			}
		}
	}
	if len(v.part) == 0 {
		return unknownView(cmp.Or(v.gap, "the vSwitches of the nodes that can run the pods are not in the files"))
	}
	return v.simplified()
}

// podView is where the packets of plain Terway pods come from.
func (c *cluster) podView(p placement) *view {
	if p.unknown != "" {
		return unknownView(p.unknown)
	}
	v := wholeView(&c.pod)
	v.some = p.some
	if p.whole {
		return v
	}
	v.part, v.gap = []*alicloud.VSwitch{}, c.unattachedPools()
	for _, l := range p.landings {
		v.pools = append(v.pools, l.pool)
		members, unknown := c.podsOn(l.pool, l.vswitches)
		v.gap = cmp.Or(v.gap, unknown)
		for _, m := range members {
			if !slices.ContainsFunc(c.pod.members, func(have member) bool { return have.vswitch == m.vswitch }) {
				return unknownView("the zones of the pod vSwitches of " + c.name + " are not all in the files")
			}
			if !slices.Contains(v.part, m.vswitch) {
				v.part = append(v.part, m.vswitch)
			}
		}
	}
	if len(v.part) == 0 {
		return unknownView(cmp.Or(v.gap, "the pod vSwitches of "+c.name+" are not in the files"))
	}
	return v.simplified()
}

// simplified takes a part that is everything for the whole.
func (v *view) simplified() *view {
	if len(v.part) == len(v.members) && v.gap == v.unknown {
		v.part = nil
	}
	return v
}

// view is where the requirement's packets come from.
func (r *requirementOf) view() *view { return r.world.views[r.index] }

// hasWayOut reports whether a workload's pods have a public address of their own.
func (w *world) hasWayOut(index int) bool {
	plugin := w.cluster.plugin
	if w.views[index].container {
		plugin = pluginServerless
	}
	return ownWayOut(w.workloads[index], plugin)
}
