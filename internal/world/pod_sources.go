package world

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// What gives Terway pods other vSwitches and security groups than the cluster's
// (vendor's page on PodNetworking; code of Terway's webhook: the annotation
// pod-networks, then pod-networks-request, then the first PodNetworking that matches).

const (
	podNetworksAnnotation = "k8s.aliyun.com/pod-networks"
	podRequestAnnotation  = "k8s.aliyun.com/pod-networks-request"
	podNetworkAnnotation  = "k8s.aliyun.com/pod-networking"
	ignoredByTerway       = "k8s.aliyun.com/ignore-by-terway"
)

// podNetwork is a network of its own that certain pods get.
type podNetwork struct {
	scope     string   // which pods, for messages
	vswitches []Member // empty for the cluster's
	groups    *IDs     // nil for the cluster's
	origin    place.Origin
}

// podNetworkOf returns the network of its own that a workload's pods get; nil if they
// get the cluster's, or a reason if the files do not decide it.
func podNetworkOf(f *Facts, w *World, wl *kube.Workload) (network *podNetwork, reason string) {
	if slices.Contains(wl.Undecided, ignoredByTerway) {
		return nil, "the label " + ignoredByTerway + " of " + wl.Display() + " is unknown"
	}
	if wl.Labels[ignoredByTerway] == "true" {
		return nil, ""
	}
	var written []string
	for _, key := range []string{podNetworksAnnotation, podRequestAnnotation, podNetworkAnnotation} {
		if !wl.Annotation(key).IsNull() {
			written = append(written, key)
		}
	}
	for _, key := range containerAnnotations {
		if !wl.Annotation(key).IsNull() {
			return nil, "the annotation " + key + " says that " + wl.Display() + " runs as container groups, and nothing else in the files does"
		}
	}
	switch {
	case len(written) > 1 || len(written) == 1 && written[0] == podNetworkAnnotation:
		return nil, "the annotation " + written[len(written)-1] + " names the network of " + wl.Display()
	case len(written) == 1 && written[0] == podNetworksAnnotation:
		return networkInAnnotation(f, w, wl)
	case len(written) == 1:
		return requestedNetwork(f, w, wl)
	default:
		return selectedNetwork(f, w, wl)
	}
}

// HasOwnGroups reports whether the pods that need something have or may have security
// groups of their own. Between pods of one node these do not count (vendor's page on
// PodNetworking).
func HasOwnGroups(f *Facts, r *Need) bool {
	if c := r.World.Cluster; c == nil || c.Plugin != PluginTerway || r.Workload.HostNetwork != truth.No {
		return false
	}
	network, reason := podNetworkOf(f, r.World, r.Workload)
	return reason != "" || network != nil && network.groups != nil
}

// networkInAnnotation reads the annotation pod-networks. Of several networks the files
// do not say which one packets take.
func networkInAnnotation(f *Facts, w *World, wl *kube.Workload) (*podNetwork, string) {
	v := wl.Annotation(podNetworksAnnotation)
	var list struct {
		PodNetworks []struct {
			VSwitchOptions   []string `json:"vSwitchOptions"`
			SecurityGroupIDs []string `json:"securityGroupIDs"`
		} `json:"podNetworks"`
	}
	text, ok := v.Text()
	if !ok || json.Unmarshal([]byte(text), &list) != nil {
		return nil, "the annotation " + podNetworksAnnotation + " of " + wl.Display() + " cannot be read"
	}
	if len(list.PodNetworks) != 1 {
		return nil, "the annotation " + podNetworksAnnotation + " gives " + wl.Display() + " several networks or none"
	}
	n := &podNetwork{scope: "pods with the annotation " + podNetworksAnnotation, origin: f.Places.Object(wl.Object, v)}
	n.vswitches = membersIn(f, w.Cluster, wl.Object, list.PodNetworks[0].VSwitchOptions, n.origin)
	n.groups = groupsIn(f, w.Cluster, wl.Object, list.PodNetworks[0].SecurityGroupIDs, n.origin)
	return n, ""
}

// requestedNetwork reads the annotation pod-networks-request, which names a
// PodNetworking.
func requestedNetwork(f *Facts, w *World, wl *kube.Workload) (*podNetwork, string) {
	var list []struct {
		Network string `json:"network"`
	}
	text, ok := wl.Annotation(podRequestAnnotation).Text()
	if !ok || json.Unmarshal([]byte(text), &list) != nil || len(list) != 1 {
		return nil, "the annotation " + podRequestAnnotation + " names the networks of " + wl.Display()
	}
	for _, o := range w.podNetworkings {
		if o.Name == list[0].Network {
			return podNetworking(f, w.Cluster, o)
		}
	}
	return nil, "PodNetworking " + located.Display(list[0].Network) + ", which " + wl.Display() + " asks for, is not in the files"
}

// selectedNetwork finds the PodNetworking whose selectors match. Which of several
// comes first, the files do not say.
func selectedNetwork(f *Facts, w *World, wl *kube.Workload) (*podNetwork, string) {
	var found *kubernetes.Object
	for _, o := range w.podNetworkings {
		switch selectsNetwork(w, o, wl) {
		case truth.No:
			continue
		case truth.Maybe:
			return nil, "whether PodNetworking " + o.Name + " is for the pods of " + wl.Display() + " is not decided by the files"
		}
		if found != nil {
			return nil, "PodNetworking " + found.Name + " and " + o.Name + " are both for the pods of " + wl.Display()
		}
		found = o
	}
	switch {
	case found == nil:
		return nil, ""
	case w.Cluster.trunkingOff:
		return nil, "the config of the Terway addon switches off ENITrunking, which PodNetworking " + found.Name + " needs on most nodes"
	default:
		return podNetworking(f, w.Cluster, found)
	}
}

// selectsNetwork says whether a PodNetworking is for a workload's pods: both of its
// selectors must match.
func selectsNetwork(w *World, o *kubernetes.Object, wl *kube.Workload) truth.Truth {
	selector := o.Root.Get("spec", "selector")
	pods, namespaces := selector.Get("podSelector"), selector.Get("namespaceSelector")
	if selector.IsUnknown() {
		return truth.Maybe
	}
	if pods.IsNull() && namespaces.IsNull() {
		return truth.No // meant for pods that ask for it by name
	}
	answer := truth.Yes
	if !pods.IsNull() {
		answer = netpol.ParseLabelSelector(o, pods).Matches(wl.Labels, wl.Undecided, wl.Kind == kube.HelmKind)
	}
	if !namespaces.IsNull() {
		labels, undecided := netpol.Labels{}, []string(nil)
		ns := w.Namespaces[wl.Namespace]
		if ns != nil {
			labels, undecided = kube.ReadLabels(ns.Root.Get("metadata", "labels"), nil)
		}
		labels["kubernetes.io/metadata.name"] = wl.Namespace
		answer = min(answer, netpol.ParseLabelSelector(o, namespaces).Matches(labels, undecided, ns == nil))
	}
	return answer
}

// podNetworking reads a PodNetworking; a reason if its lists are not in the files.
func podNetworking(f *Facts, c *Cluster, o *kubernetes.Object) (*podNetwork, string) {
	spec := o.Root.Get("spec")
	options, groups := spec.Get("vSwitchOptions"), spec.Get("securityGroupIDs")
	if u := options.FirstUnknown(); u != nil {
		return nil, u.ReasonOr("the vSwitchOptions of PodNetworking " + o.Name + " are unknown")
	}
	n := &podNetwork{scope: "pods of PodNetworking " + o.Name, origin: f.Places.Object(o, options)}
	for _, v := range options.Items() {
		text, _ := v.Text()
		n.vswitches = append(n.vswitches, membersIn(f, c, o, []string{text}, f.Places.Object(o, v))...)
	}
	var list []string
	for _, v := range groups.Items() {
		text, ok := v.Text()
		if !ok {
			n.groups = &IDs{Unknown: v.ReasonOr("the securityGroupIDs of PodNetworking " + o.Name + " are unknown")}
			return n, ""
		}
		list = append(list, text)
	}
	n.groups = groupsIn(f, c, o, list, f.Places.Object(o, groups))
	return n, ""
}

// networkView is where the packets of pods with a network of their own come from.
func networkView(c *Cluster, n *podNetwork, p Placement) *View {
	var v *View
	if len(n.vswitches) == 0 {
		v = podView(c, p)
		if v.Reason != "" {
			return v
		}
	} else {
		v = viewInZones(c, n, p)
		if v.Reason != "" {
			return v
		}
	}
	v.Own = true
	if n.groups != nil {
		v.Groups, v.Pools = ownSources(c, &Sources{Role: RolePod, Scope: n.scope, Own: n.groups, Origin: n.origin}), nil
	}
	return v
}

// viewInZones is where packets come from that leave from vSwitches of a network of its
// own: like any pod vSwitches, those in zones in which no node can run the pods do not
// count, where every zone is known.
func viewInZones(c *Cluster, n *podNetwork, p Placement) *View {
	if p.Unknown != "" {
		return &View{Reason: p.Unknown, Own: true}
	}
	list := n.vswitches
	if c.Node.Unknown == "" {
		list = inZonesOf(list, VSwitchesOf(c.Node.Members))
	}
	part := list
	if !p.Whole && c.unattachedPools() == "" {
		var nodes []*alicloud.VSwitch
		for _, l := range p.Landings {
			if l.Pool.unknown != "" {
				nodes = nil
				break
			}
			nodes = append(nodes, l.VSwitches...)
		}
		part = inZonesOf(list, nodes)
	}
	if len(part) == 0 {
		return &View{Reason: "no vSwitch of " + n.scope + " is in a zone in which they can run", Own: true}
	}
	v := viewOn(c, n.scope, list, n.origin)
	if len(part) < len(list) {
		v.part = VSwitchesOf(part)
	}
	v.Some = p.Some
	return v
}

// VSwitchesOf are the vSwitches of members.
func VSwitchesOf(members []Member) []*alicloud.VSwitch {
	list := make([]*alicloud.VSwitch, 0, len(members))
	for _, m := range members {
		list = append(list, m.VSwitch)
	}
	return list
}

// inZonesOf drops members outside of the zones of nodes, unless some zone is unknown.
func inZonesOf(list []Member, nodes []*alicloud.VSwitch) []Member {
	zones := make(map[string]bool)
	for _, v := range nodes {
		zones[v.Zone] = true
	}
	if len(zones) == 0 || zones[""] || slices.ContainsFunc(list, func(m Member) bool { return m.VSwitch.Zone == "" }) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(m Member) bool { return !zones[m.VSwitch.Zone] })
}

// viewOn is where packets come from that leave from certain vSwitches: a part of the
// cluster's where those are the cluster's, too.
func viewOn(c *Cluster, scope string, list []Member, at place.Origin) *View {
	part := VSwitchesOf(list)
	inside := !slices.ContainsFunc(part, func(v *alicloud.VSwitch) bool {
		return !slices.ContainsFunc(c.Pod.Members, func(have Member) bool { return have.VSwitch == v })
	})
	if inside {
		v := WholeView(&c.Pod)
		v.part, v.Gap = part, ""
		return v.simplified()
	}
	v := WholeView(ownSources(c, &Sources{Role: RolePod, Scope: scope, Members: list, Origin: at}))
	v.Groups = &c.Pod
	return v
}

// ownSources returns the sources of certain pods, the same for the same pods and
// lists.
func ownSources(c *Cluster, src *Sources) *Sources {
	for _, have := range c.Own {
		if have.Scope == src.Scope && slices.EqualFunc(have.Members, src.Members, func(x, y Member) bool { return x.VSwitch == y.VSwitch }) &&
			sameGroups(have.Own, src.Own) {
			return have
		}
	}
	c.Own = append(c.Own, src)
	return src
}

func sameGroups(x, y *IDs) bool {
	if x == nil || y == nil {
		return x == y
	}
	return x.Unknown == y.Unknown && slices.EqualFunc(x.List, y.List, func(a, b alicloud.Ident) bool { return a.Key == b.Key })
}

// readViews says where the packets of a world's workloads come from, and on which of
// them nothing enforces policies.
func readViews(f *Facts, w *World) {
	w.Views = make([]*View, len(w.Workloads))
	for i, wl := range w.Workloads {
		w.Views[i] = viewOf(f, w, wl)
	}
	c := w.Cluster
	if c == nil || c.Scope == nil || c.Plugin != PluginTerway || c.trunkingOff {
		return
	}
	// What a PodNetworking gives to pods counts whether or not those are in the files.
	for _, o := range w.podNetworkings {
		if n, _ := podNetworking(f, c, o); n != nil && (len(n.vswitches) > 0 || n.groups != nil) {
			networkView(c, n, Placement{Whole: true})
		}
	}
}

// Pods that run as container groups have vSwitches of their own (vendor's pages on
// annotations of ECI and ACS pods, on eci-profile and acs-profile).

// containerAnnotations name the vSwitches and security groups of container groups.
var containerAnnotations = []string{
	"k8s.aliyun.com/eci-vswitch", "k8s.aliyun.com/eci-security-group",
	"network.alibabacloud.com/vswitch-ids", "network.alibabacloud.com/security-group-ids",
}

const (
	eciLabel   = "alibabacloud.com/eci"
	acsLabel   = "alibabacloud.com/acs"
	burstLabel = "alibabacloud.com/burst-resource"
)

// splitList splits a comma-separated list.
func splitList(text string) []string {
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}
