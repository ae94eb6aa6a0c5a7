package egress

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
)

// network is what a world's own manifests say of its network: the ConfigMaps of
// Terway and Flannel (vendor's pages on both; code of terway-cli).
type network struct {
	plugin      string
	datapath    string
	enforcement string
	// inClusterLB says whether the eBPF data path translates the addresses of
	// LoadBalancer Services itself.
	inClusterLB tri
	origin      Origin // what names the plug-in
	policyAt    Origin // what switches policies off
}

const (
	terwayConfigMap  = "ConfigMap/" + systemNamespace + "/eni-config"
	flannelConfigMap = "ConfigMap/" + systemNamespace + "/kube-flannel-cfg"
)

// readNetwork reads the ConfigMaps of the network plug-in, and lets them decide
// what the cluster's Terraform does not.
func (b *builder) readNetwork(w *world) {
	n := network{plugin: pluginUnknown, datapath: "unknown", enforcement: "unknown"}
	switch {
	case w.configs[terwayConfigMap] != nil:
		b.readTerway(&n, w.configs[terwayConfigMap])
	case w.configs[flannelConfigMap] != nil:
		o := w.configs[flannelConfigMap].obj
		n.plugin, n.datapath, n.enforcement = pluginFlannel, "veth", "not-enforced"
		n.origin = b.places.objectRange(o, o.Root.Range)
	case b.options.ClusterNetwork == pluginFlannel:
		n.plugin, n.datapath, n.enforcement = pluginFlannel, "veth", "not-enforced"
	case b.options.ClusterNetwork != "":
		n.plugin = b.options.ClusterNetwork
	}
	w.network = n
	c := w.cluster
	if c == nil {
		return
	}
	if c.Plugin == pluginUnknown && n.plugin != pluginUnknown {
		c.Plugin, c.PluginSource, c.PluginOrigin = n.plugin, "manifests", n.origin
		if c.scope != nil {
			c.base, c.pod, c.node = sources{}, sources{}, sources{}
			b.readSources(c)
		}
	}
	if c.Datapath == "unknown" {
		c.Datapath = n.datapath
	}
	if c.Enforcement == "unknown" {
		c.Enforcement = n.enforcement
	}
}

func (b *builder) readTerway(n *network, config *configSource) {
	o := config.obj
	n.plugin, n.enforcement, n.origin = pluginTerway, "enforced", b.places.objectRange(o, o.Root.Range)
	if v := o.Root.Get("data", "disable_network_policy"); !v.IsNull() {
		switch text, ok := v.Text(); {
		case !ok:
			n.enforcement = "unknown"
		case text != "" && text != "0" && text != "false":
			n.enforcement, n.policyAt = "not-enforced", b.places.object(o, v)
		}
	}
	n.inClusterLB = truth(o, "in_cluster_loadbalance")
	if o.Root.Get("data", "in_cluster_loadbalance").IsNull() {
		n.inClusterLB = no // clusters from before the key was written do without
	}
	if cni, ok := config.get("10-terway.conf"); ok {
		var conf struct {
			VirtualType string `json:"eniip_virtual_type"`
		}
		if json.Unmarshal([]byte(cni.text), &conf) == nil {
			n.datapath = map[string]string{"": "veth", "veth": "veth", "ipvlan": "ipvlan", "datapathv2": "v2"}[strings.ToLower(conf.VirtualType)]
			n.datapath = cmp.Or(n.datapath, "unknown")
		}
	}
}

// truth reads a flag of a ConfigMap; maybe if it is absent.
func truth(o *kubernetes.Object, key string) tri {
	switch on, ok := o.Root.Get("data", key).Truth(); {
	case !ok:
		return maybe
	case on:
		return yes
	default:
		return no
	}
}

// clusterName names the world's cluster in messages.
func (w *world) clusterName() string {
	if w.cluster == nil {
		return "of these manifests"
	}
	return w.cluster.Name
}

// datapath is that of the world's cluster, or what its manifests say.
func (w *world) datapath() string {
	if w.cluster == nil {
		return w.network.datapath
	}
	return w.cluster.Datapath
}

// causeOfNoPolicy is what decides that policies are not enforced, and the code for
// it.
func (b *builder) causeOfNoPolicy(w *world) (code string, cause Origin) {
	plugin, cause := w.network.plugin, w.network.origin
	if c := w.cluster; c != nil {
		plugin, cause = c.Plugin, c.PluginOrigin
	}
	if plugin == pluginFlannel {
		return "flannel", cause
	}
	if w.cluster != nil {
		if e := w.cluster.exclusive; e.value != nil {
			return "exclusive-eni", b.places.value(w.cluster.scope, e.holder, e.value)
		}
		if at := b.addonConfig(w.cluster); at.Ref != 0 && w.network.policyAt.Ref == 0 {
			return "disabled", at
		}
	}
	if w.network.policyAt.Ref != 0 {
		return "disabled", w.network.policyAt
	}
	return "disabled", cause
}
