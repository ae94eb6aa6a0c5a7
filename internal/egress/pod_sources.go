package egress

import (
	"encoding/json"
	"slices"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// What gives pods other vSwitches and security groups than the cluster's (vendor's
// pages on PodNetworking, on Terway's configuration per node pool, and on the
// annotations of container groups; code of Terway's webhook). Which ones they get
// is not modelled: such pods' packets come from somewhere unknown.

// sourceAnnotations are the annotations of pods that name vSwitches, security groups
// or both.
var sourceAnnotations = []string{
	"k8s.aliyun.com/pod-networks", "k8s.aliyun.com/pod-networks-request", "k8s.aliyun.com/pod-networking",
	"k8s.aliyun.com/eci-vswitch", "k8s.aliyun.com/eci-security-group",
	"network.alibabacloud.com/vswitch-ids", "network.alibabacloud.com/security-group-ids",
}

// containerGroupLabels mark pods that run as container groups on virtual nodes, whose
// vSwitches are those of the virtual node.
var containerGroupLabels = []string{"alibabacloud.com/eci", "alibabacloud.com/acs"}

// readElsewhere notes the workloads whose packets do not, or perhaps not, come from
// the cluster's vSwitches.
func (b *builder) readElsewhere(w *world) {
	if c := w.cluster; c != nil && c.Plugin == pluginTerway {
		if reason := w.network.sources; reason != "" {
			c.loseSources(reason)
		}
	}
	for _, wl := range w.workloads {
		wl.elsewhere = w.elsewhere(wl)
	}
}

// loseSources forgets where pods' packets come from.
func (c *cluster) loseSources(reason string) {
	c.pod = sources{role: rolePod, unknown: reason}
	c.podGroups = reason
}

// elsewhere says why the packets of a workload may come from other vSwitches than
// the cluster's; empty if they do not.
func (w *world) elsewhere(wl *workload) string {
	if wl.hostNetwork == yes || w.cluster == nil || w.cluster.Plugin == pluginFlannel {
		return ""
	}
	for _, key := range sourceAnnotations {
		if !wl.annotation(key).IsNull() {
			return "the annotation " + key + " names the vSwitches or security groups of " + wl.display()
		}
	}
	if w.cluster.Plugin == pluginTerway {
		for _, key := range containerGroupLabels {
			if wl.labels[key] == "true" || slices.Contains(wl.undecided, key) {
				return wl.display() + " runs as container groups, whose vSwitches are not in the files"
			}
		}
	}
	for _, o := range w.podNetworkings {
		if mayGive(o, wl) {
			return "PodNetworking " + o.Name + " gives " + wl.display() + " vSwitches or security groups of its own"
		}
	}
	return ""
}

// mayGive reports whether a PodNetworking is or may be for a workload's pods.
func mayGive(o *kubernetes.Object, wl *workload) bool {
	selector := o.Root.Get("spec", "selector")
	namespace := netpol.Labels{"kubernetes.io/metadata.name": wl.namespace}
	return !excludes(selector.Get("podSelector", "matchLabels"), wl.labels, wl.undecided, true) &&
		!excludes(selector.Get("namespaceSelector", "matchLabels"), namespace, nil, false)
}

// excludes reports whether matchLabels certainly do not match. Labels that are not
// complete exclude only by those that are there.
func excludes(matchLabels *located.Value, labels netpol.Labels, undecided []string, complete bool) bool {
	for _, f := range matchLabels.Map {
		want, ok := f.Value.Text()
		if !ok || slices.Contains(undecided, f.Key) {
			continue
		}
		if got, there := labels[f.Key]; there && got != want || !there && complete {
			return true
		}
	}
	return false
}

// overriddenSources says that a ConfigMap of Terway names vSwitches or security
// groups; empty if it names none.
func overriddenSources(config *configSource) string {
	text, ok := config.get("eni_conf")
	if !ok {
		return ""
	}
	var conf map[string]json.RawMessage
	if json.Unmarshal([]byte(text.text), &conf) != nil {
		return "the eni_conf of ConfigMap " + config.obj.Name + " cannot be read"
	}
	for _, key := range []string{"vswitches", "security_group", "security_groups"} {
		if _, ok := conf[key]; ok {
			return "ConfigMap " + config.obj.Name + " names the vSwitches or security groups of pods"
		}
	}
	return ""
}

// poolOverride says that a node pool gives its pods vSwitches or security groups by
// a ConfigMap of its own; empty if none does.
func (c *cluster) poolOverride() string {
	for _, pool := range c.pools {
		for _, label := range pool.res.Body.Get("labels").Items() {
			if key, ok := label.Get("key").Text(); ok && key == "terway-config" {
				return "the label terway-config of " + pool.res.Address + " names a configuration of its own for its pods"
			}
		}
	}
	return ""
}
