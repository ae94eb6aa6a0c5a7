package world

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

// labelled reports whether a label is true for a workload's pods or, where these do
// not say otherwise, for their namespace.
func labelled(w *World, wl *kube.Workload, key string) bool {
	if text, ok := wl.Labels[key]; ok {
		return text == "true"
	}
	ns := w.Namespaces[wl.Namespace]
	return ns != nil && ns.Root.Get("metadata", "labels", key).Is("true")
}

// containerGroup says whether a workload's pods run as container groups, and why that
// is not decided.
func (w *World) containerGroup(wl *kube.Workload) (answer truth.Truth, reason string) {
	c := w.Cluster
	if c != nil && c.Plugin == pluginServerless {
		return truth.Yes, ""
	}
	undecided := "whether " + wl.Display() + " runs as container groups is not decided by the files"
	for _, key := range []string{eciLabel, acsLabel, burstLabel} {
		if slices.Contains(wl.Undecided, key) {
			return truth.Maybe, undecided
		}
	}
	if labelled(w, wl, eciLabel) || labelled(w, wl, acsLabel) {
		return truth.Yes, ""
	}
	name, _ := wl.Spec.Get("nodeName").Text()
	selector := wl.Spec.Get("nodeSelector")
	if selector.Get("type").Is("virtual-kubelet") || strings.HasPrefix(name, "virtual-kubelet") {
		return truth.Yes, ""
	}
	for _, v := range wl.Spec.Get("tolerations").Items() {
		if v.Get("key").Is("virtual-kubelet.io/provider", "virtual-kubelet.io/compute-type") {
			return truth.Maybe, wl.Display() + " may run on virtual nodes, which it tolerates"
		}
	}
	profile := w.configs["ConfigMap/"+kube.SystemNamespace+"/eci-profile"]
	switch {
	case wl.Labels[burstLabel] != "" || !wl.Annotation(burstLabel).IsNull():
		return truth.Maybe, undecided
	case profile != nil && profile.Text("selectors") != "":
		return truth.Maybe, "the selectors of ConfigMap eci-profile may let " + wl.Display() + " run as container groups"
	default:
		return truth.No, ""
	}
}

// isACS reports whether a workload's pods, which run as container groups, are ACS
// pods.
func (w *World) isACS(wl *kube.Workload) bool {
	return labelled(w, wl, acsLabel) || w.Cluster != nil && w.Cluster.acs
}

// containerView is where the packets of container groups come from: the vSwitches of
// an annotation, else those of the virtual nodes' profile, else, in a cluster without
// nodes, the cluster's own.
func containerView(f *Facts, w *World, wl *kube.Workload) *View {
	c := w.Cluster
	var v *View
	n, reason := containerNetwork(f, w, wl)
	switch {
	case reason != "":
		v = unknownView(reason)
	case len(n.vswitches) > 0:
		v = viewOn(c, n.scope, n.vswitches, n.origin)
	case c.Plugin == pluginServerless:
		v = WholeView(&c.Pod)
	default:
		v = unknownView(wl.Display() + " runs as container groups, whose vSwitches are not in the files")
	}
	v.Container = true
	if v.Reason != "" && (reason != "" || n.groups == nil) {
		return v
	}
	if n.groups == nil && c.Plugin != pluginServerless {
		n.groups = &IDs{Unknown: "the security group of the virtual nodes is not in the files"}
	}
	if n.groups != nil {
		v.Groups = ownSources(c, &Sources{Role: RolePod, Scope: n.scope, Own: n.groups, Origin: n.origin})
	}
	return v
}

// containerNetwork reads what the annotations of container groups and the profile of
// the virtual nodes name.
func containerNetwork(f *Facts, w *World, wl *kube.Workload) (n *podNetwork, reason string) {
	keys, other, profileName := containerAnnotations[:2], containerAnnotations[2:], "eci-profile"
	if w.isACS(wl) {
		keys, other, profileName = other, keys, "acs-profile"
	}
	for _, key := range other {
		if !wl.Annotation(key).IsNull() {
			return nil, "the annotation " + key + " of " + wl.Display() + " is for container groups of another kind"
		}
	}
	n = &podNetwork{scope: "pods on virtual nodes"}
	lists := make([][]string, 2)
	origins := make([]place.Origin, 2)
	for i, key := range keys {
		v := wl.Annotation(key)
		if v.IsNull() {
			continue
		}
		text, ok := v.Text()
		if !ok {
			return nil, v.ReasonOr("the annotation " + key + " of " + wl.Display() + " is unknown")
		}
		lists[i], origins[i] = splitList(text), f.Places.Object(wl.Object, v)
		if i == 0 {
			n.scope = "pods with the annotation " + key
		}
	}
	holder := []*kubernetes.Object{wl.Object, wl.Object}
	if profile := w.configs["ConfigMap/"+kube.SystemNamespace+"/"+profileName]; profile != nil {
		for i, key := range []string{"vSwitchIds", "securityGroupId"} {
			if value, ok := profile.Get(key); ok && len(lists[i]) == 0 {
				lists[i], origins[i], holder[i] = splitList(value.Text), f.Places.Object(profile.Object, value.Value), profile.Object
			}
		}
		if profile.Text("selectors") != "" && (holder[0] == profile.Object || holder[1] == profile.Object) {
			return nil, "the selectors of ConfigMap " + profileName + " may give " + wl.Display() + " annotations of its own"
		}
	}
	n.origin = origins[0]
	n.vswitches = membersIn(f, w.Cluster, holder[0], lists[0], origins[0])
	n.groups = groupsIn(f, w.Cluster, holder[1], lists[1], origins[1])
	return n, ""
}
