package world

import (
	"cmp"
	"slices"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/truth"
)

// View is where the packets of one workload come from: sources, or a part of them.
// What stops such packets is told by the gates of the sources, whoever else leaves
// from there.
type View struct {
	*Sources
	// Reason says why nothing is known; there are no sources then.
	Reason string
	// part are the vSwitches that the packets come from; nil for all of the sources.
	part []*alicloud.VSwitch
	// Some says that the packets come from only some of these, which ones the files do
	// not say.
	Some bool
	// Gap says why the packets may come from yet other vSwitches.
	Gap string
	// Pools are the node pools that can run the pods; nil for all.
	Pools []*NodePool
	// Groups are the sources whose security groups the packets' interfaces carry.
	Groups *Sources
	// Own says that something gives the pods network interfaces of their own, or may.
	Own bool
	// seen are the labels of the vSwitches, see labels.
	seen []string
	// Container says that the pods are container groups outside of any node.
	Container bool
}

func unknownView(reason string) *View { return &View{Reason: reason} }

// WholeView is where packets come from that may come from any of the sources.
func WholeView(src *Sources) *View { return &View{Sources: src, Gap: src.Unknown, Groups: src} }

// Takes reports whether packets may come from a vSwitch of the sources.
func (v *View) Takes(vs *alicloud.VSwitch) bool { return v.part == nil || slices.Contains(v.part, vs) }

// Whole reports whether the view is all of its sources: then the verdict is that of
// their gate.
func (v *View) Whole() bool { return v.part == nil && !v.Some }

// From returns the members that packets may come from.
func (v *View) From() []Member {
	if v.part == nil {
		return v.Members
	}
	return slices.DeleteFunc(slices.Clone(v.Members), func(m Member) bool { return !v.Takes(m.VSwitch) })
}

// Sum is the verdict over those vSwitches of the sources that packets may come from,
// given the verdict on each member.
func (v *View) Sum(verdicts []truth.Verdict) truth.Verdict {
	var taken []truth.Verdict
	for i, m := range v.Members {
		if v.Takes(m.VSwitch) {
			taken = append(taken, verdicts[i])
		}
	}
	return v.Conclude(truth.Sum(taken, v.Gap != ""))
}

// Conclude is the verdict on packets of the view, given that over all they may come from.
func (v *View) Conclude(status truth.Verdict) truth.Verdict {
	if status == truth.Partial && v.Some {
		return truth.Unknown
	}
	return status
}

// SomeReason says why the verdicts on several vSwitches decide nothing.
func (v *View) SomeReason() string {
	return cmp.Or(v.Gap, "the pods use only some of the vSwitches, the files do not say which")
}

// viewOf says where the packets of a workload come from.
func viewOf(f *Facts, w *World, wl *kube.Workload) *View {
	c := w.Cluster
	switch {
	case c == nil:
		return unknownView("the cluster is not in the files")
	case wl.HostNetwork == truth.Maybe:
		return unknownView("hostNetwork of " + wl.Display() + " is unknown")
	case c.Scope == nil || c.Plugin == PluginUnknown:
		return WholeView(c.sourcesOf(wl.HostNetwork == truth.Yes))
	case wl.HostNetwork == truth.Yes:
		return nodeView(c, c.PlacementOf(wl))
	}
	switch group, reason := w.containerGroup(wl); group {
	case truth.Yes:
		return containerView(f, w, wl)
	case truth.Maybe:
		return &View{Reason: reason, Own: true}
	}
	if c.Plugin != PluginTerway {
		return nodeView(c, c.PlacementOf(wl))
	}
	network, reason := podNetworkOf(f, w, wl)
	switch {
	case reason != "":
		return &View{Reason: reason, Own: true}
	case network == nil:
		return podView(c, c.PlacementOf(wl))
	default:
		return networkView(c, network, c.PlacementOf(wl))
	}
}

// nodeView is where packets come from that leave with the address of a node.
func nodeView(c *Cluster, p Placement) *View {
	if p.Unknown != "" {
		return unknownView(p.Unknown)
	}
	v := WholeView(&c.Node)
	v.Some = p.Some
	if p.Whole {
		return v
	}
	v.part, v.Gap = []*alicloud.VSwitch{}, c.unattachedPools()
	for _, l := range p.Landings {
		v.Pools = append(v.Pools, l.Pool)
		v.Gap = cmp.Or(v.Gap, l.Pool.unknown)
		for _, vs := range l.VSwitches {
			if !slices.Contains(v.part, vs) {
				v.part = append(v.part, vs)
			}
		}
	}
	if len(v.part) == 0 {
		return unknownView(cmp.Or(v.Gap, "the vSwitches of the nodes that can run the pods are not in the files"))
	}
	return v.simplified()
}

// podView is where the packets of plain Terway pods come from.
func podView(c *Cluster, p Placement) *View {
	if p.Unknown != "" {
		return unknownView(p.Unknown)
	}
	v := WholeView(&c.Pod)
	v.Some = p.Some
	if p.Whole {
		return v
	}
	v.part, v.Gap = []*alicloud.VSwitch{}, c.unattachedPools()
	for _, l := range p.Landings {
		v.Pools = append(v.Pools, l.Pool)
		members, unknown := podsOn(c, l.Pool, l.VSwitches)
		v.Gap = cmp.Or(v.Gap, unknown)
		for _, m := range members {
			if !slices.ContainsFunc(c.Pod.Members, func(have Member) bool { return have.VSwitch == m.VSwitch }) {
				return unknownView("the zones of the pod vSwitches of " + c.Name + " are not all in the files")
			}
			if !slices.Contains(v.part, m.VSwitch) {
				v.part = append(v.part, m.VSwitch)
			}
		}
	}
	if len(v.part) == 0 {
		return unknownView(cmp.Or(v.Gap, "the pod vSwitches of "+c.Name+" are not in the files"))
	}
	return v.simplified()
}

// simplified takes a part that is everything for the whole.
func (v *View) simplified() *View {
	if len(v.part) == len(v.Members) && v.Gap == v.Unknown {
		v.part = nil
	}
	return v
}

// View is where the requirement's packets come from.
func (r *Need) View() *View { return r.World.Views[r.Index] }

// HasWayOut reports whether a workload's pods have a public address of their own.
func (w *World) HasWayOut(index int) bool {
	plugin := w.Cluster.Plugin
	if w.Views[index].Container {
		plugin = pluginServerless
	}
	return ownWayOut(w.Workloads[index], plugin)
}

// ownWayOut reports whether the pods have a public address of their own: the
// pod EIP annotations work with Terway, those of container groups on virtual
// nodes (vendor's pages on pod EIPs and on ECI pod annotations).
func ownWayOut(w *kube.Workload, plugin string) bool {
	if plugin != PluginTerway && plugin != pluginServerless {
		return false
	}
	for _, key := range []string{
		"k8s.aliyun.com/pod-with-eip", "k8s.aliyun.com/eci-with-eip", "network.alibabacloud.com/pod-with-eip",
	} {
		if on, ok := w.Annotation(key).Truth(); ok && on {
			return true
		}
	}
	for _, key := range []string{
		"k8s.aliyun.com/pod-eip-instanceid", "k8s.aliyun.com/eci-eip-instanceid", "network.alibabacloud.com/pod-eip-instanceid",
	} {
		if text, ok := w.Annotation(key).Text(); ok && text != "" {
			return true
		}
	}
	return false
}

// Labels are the vSwitches that packets of the view leave from, with their CIDRs.
func (v *View) Labels() []string {
	if v.seen == nil && v.Sources != nil {
		v.seen = []string{}
		for _, m := range v.From() {
			v.seen = append(v.seen, m.VSwitch.Label())
		}
	}
	return slices.Clip(v.seen)
}
