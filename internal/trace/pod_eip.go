package trace

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/located"
)

// The annotations that give pods a public address, and what keeps them from working
// (vendor's pages on pod EIPs).

// podEIPAnnotations give a pod an EIP, on ECS nodes of Terway clusters.
var podEIPAnnotations = []string{"k8s.aliyun.com/pod-with-eip", "k8s.aliyun.com/pod-eip-instanceid"}

// eipController is the addon that serves them; Terway itself has not since 1.7.
const eipController = "ack-extend-network-controller"

// podEIPs judges the pod EIP annotations of a world's workloads.
func podEIPs(f *world.Facts, w *world.World) (list []*model.PodEIP) {
	for _, wl := range w.Workloads {
		for _, key := range podEIPAnnotations {
			onPods := wl.Annotation(key)
			onOwner := wl.Object.Root.Get("metadata", "annotations", key)
			if wl.Kind == "Pod" {
				onOwner = &located.Value{}
			}
			switch {
			case wantsEIP(key, onPods):
				if code, cause := brokenPodEIP(f, w, wl, key); code != "" {
					list = append(list, newPodEIP(f, w, wl, key, code, onPods, cause))
				}
			case wantsEIP(key, onOwner) && onPods.IsNull():
				list = append(list, newPodEIP(f, w, wl, key, "on-owner", onOwner, place.Origin{}))
			}
		}
	}
	return list
}

func wantsEIP(key string, v *located.Value) bool {
	text, ok := v.Text()
	if strings.HasSuffix(key, "pod-with-eip") {
		return ok && text == "true"
	}
	return ok && text != ""
}

// brokenPodEIP says why an annotation of the pods gives them no EIP, and what makes it
// so; nothing if the files do not prove it.
func brokenPodEIP(f *world.Facts, w *world.World, wl *kube.Workload, key string) (code string, cause place.Origin) {
	c := w.Cluster
	switch {
	case c != nil && c.Plugin == world.PluginFlannel:
		return "flannel", c.PluginAt
	case wl.HostNetwork == truth.Yes:
		return "host-network", f.Places.Object(wl.Object, wl.Spec.Get("hostNetwork"))
	case strings.HasSuffix(key, "pod-eip-instanceid") && wl.Replicas.Int() > 1:
		return "shared-instance", f.Places.Object(wl.Object, wl.Replicas)
	case c != nil && c.Plugin == world.PluginTerway && lacksAddon(c, eipController) && !installs(w, eipController):
		return "controller-absent", c.Scope.At(c.Res, c.Res.Body.Get("addons"))
	default:
		return "", place.Origin{}
	}
}

func newPodEIP(f *world.Facts, w *world.World, wl *kube.Workload, key, code string, v *located.Value, cause place.Origin) *model.PodEIP {
	gate := &model.PodEIP{
		Cluster: w.ClusterID(), Workload: wl.Display(), Namespace: wl.Namespace, Annotation: key, Code: code,
		Replicas: wl.Replicas.Int(), Origin: f.Places.Object(wl.Object, v), Cause: cause,
	}
	if w.Cluster != nil {
		gate.ClusterName = w.Cluster.Name
	}
	return gate
}

// lacksAddon reports whether the cluster's addons are all known and this one is
// not among them.
func lacksAddon(c *world.Cluster, name string) bool {
	if c.Scope == nil {
		return false
	}
	blocks := c.Res.Body.Get("addons")
	if len(blocks.Items()) == 0 || blocks.FirstUnknown() != nil {
		return false
	}
	for _, block := range blocks.Items() {
		if block.Get("name").Is(name) {
			return false
		}
	}
	for _, typ := range []string{"alicloud_cs_kubernetes_addon", "helm_release"} {
		for _, res := range c.Scope.ByType[typ] {
			for _, argument := range []string{"name", "chart"} {
				v := res.Body.Get(argument)
				if text, _ := v.Text(); v.IsUnknown() || strings.Contains(text, name) {
					return false
				}
			}
		}
	}
	_, unread := c.Scope.UnreadModule(c.Res.Address)
	return !unread
}

// installs reports whether a workload of the manifests is a component.
func installs(w *world.World, name string) bool {
	return slices.ContainsFunc(w.Workloads, func(wl *kube.Workload) bool { return strings.Contains(wl.Name, name) })
}

// wantsPodEIP reports whether the pods ask for an EIP.
func wantsPodEIP(w *kube.Workload) bool {
	return !podEIPAnnotation(w).IsNull()
}

// podEIPAnnotation is the annotation with which the pods ask for an EIP, if they do.
func podEIPAnnotation(w *kube.Workload) *located.Value {
	for _, key := range podEIPAnnotations {
		if v := w.Annotation(key); wantsEIP(key, v) {
			return v
		}
	}
	return &located.Value{}
}
