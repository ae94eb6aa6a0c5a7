package egress

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

// network is what the pods of a cluster, or of manifests that are bound to none, talk
// over: the plug-in, its data path, and whether anything enforces NetworkPolicies. It is
// decided once, from all files, before anything is compiled or judged.
type network struct {
	plugin       string
	pluginSource string       // see Cluster.PluginSource
	pluginAt     place.Origin // what names the plug-in
	datapath     string
	enforcement  string
	// inClusterLB says whether the eBPF data path translates the addresses of
	// LoadBalancer Services itself.
	inClusterLB truth.Truth
	policyAt    place.Origin // what of the manifests switches policies off
	// exclusive says that every pod has a network interface of its own, for which
	// exclusiveAt is the place.
	exclusive   bool
	exclusiveAt place.Origin
	// trunkingOff says that the addon's config switches trunk ENIs off, without which
	// PodNetworkings work on nodes with exclusive ENIs only.
	trunkingOff bool
}

// undecided is a network of which nothing is known.
var undecided = network{plugin: pluginUnknown, pluginSource: "none", datapath: "unknown", enforcement: "unknown"}

const (
	terwayConfigMap  = "ConfigMap/" + kube.SystemNamespace + "/eni-config"
	flannelConfigMap = "ConfigMap/" + kube.SystemNamespace + "/kube-flannel-cfg"
)

// settle decides the network of every cluster, from what the configuration, Terraform
// and the objects of all its worlds say, and where its packets come from.
func settle(f *facts, worlds []*world) {
	for _, c := range f.clusterList {
		said := make([]network, 0, len(c.worlds))
		for _, w := range c.worlds {
			said = append(said, manifestNetwork(f, w))
		}
		c.network = clusterNetwork(f, c, agreed(said))
		if c.scope != nil {
			readSources(f, c)
			c.readIPStack(c.res.Body)
			c.vpc = c.findVPC()
		}
	}
	for _, w := range worlds {
		if w.cluster != nil {
			w.network = w.cluster.network
			continue
		}
		manifests := manifestNetwork(f, w)
		w.network = undecided.named(configuredNetwork(f, nil)).named(manifests).byPlugin().completed(manifests)
	}
}

func clusterNetwork(f *facts, c *cluster, manifests network) network {
	n := undecided.named(configuredNetwork(f, c.config))
	if c.scope == nil {
		return n.named(manifests).configured(c.config).byPlugin().completed(manifests)
	}
	addons, more := c.addons()
	n = n.named(terraformPlugin(c, addons, more)).named(manifests)
	if c.res.Uncertain == "" { // what may not exist proves nothing
		if n.plugin == pluginTerway {
			readTerwayAddons(c, &n, addons)
		}
		c.mismatches = mismatchesOf(c, n, addons)
		n = n.configured(c.config).byPlugin()
	}
	return n.completed(manifests)
}

// configuredNetwork is what the configuration says of the plug-in of a cluster; config is
// nil if it does not name the cluster.
func configuredNetwork(f *facts, config *ClusterConfig) network {
	n := undecided
	plugin := f.options.ClusterNetwork
	if config != nil {
		plugin = cmp.Or(config.Network.Plugin, plugin)
	}
	if plugin != "" {
		n.plugin, n.pluginSource = plugin, "configuration"
	}
	return n
}

// named is the network with the plug-in that another statement names, unless it is named
// already.
func (n network) named(by network) network {
	if n.plugin == pluginUnknown {
		n.plugin, n.pluginSource, n.pluginAt = by.plugin, by.pluginSource, by.pluginAt
	}
	return n
}

// configured lets the configuration overrule what Terraform says of data path and
// policies.
func (n network) configured(config *ClusterConfig) network {
	if config == nil {
		return n
	}
	n.datapath = cmp.Or(config.Network.Datapath, n.datapath)
	switch config.Network.NetworkPolicy {
	case "enforced":
		n.enforcement = "enforced"
	case "off":
		n.enforcement = "not-enforced"
	}
	return n
}

// byPlugin adds what the plug-in alone decides: Flannel's data path is the kernel's, and
// it knows no policies.
func (n network) byPlugin() network {
	if n.plugin == pluginFlannel {
		n.datapath, n.enforcement = known(n.datapath, "veth"), known(n.enforcement, "not-enforced")
	}
	return n
}

// completed adds what the manifests say to what is decided before them. What they say of
// another plug-in counts for nothing.
func (n network) completed(manifests network) network {
	if n.plugin != manifests.plugin {
		return n
	}
	n.datapath = known(n.datapath, manifests.datapath)
	n.enforcement = known(n.enforcement, manifests.enforcement)
	n.inClusterLB, n.policyAt = manifests.inClusterLB, manifests.policyAt
	return n
}

// known is the first word that is not unknown.
func known(first, second string) string {
	if first == "unknown" {
		return second
	}
	return first
}

// agreed is what several sets of manifests say of the network of one cluster. Those that
// do not name the plug-in say nothing; what others contradict each other about is not
// decided.
func agreed(said []network) network {
	said = slices.DeleteFunc(said, func(n network) bool { return n.plugin == pluginUnknown })
	if len(said) == 0 {
		return undecided
	}
	n := said[0]
	for _, other := range said[1:] {
		if other.plugin != n.plugin {
			return undecided
		}
		n.pluginAt, n.policyAt = place.First(n.pluginAt, other.pluginAt), place.First(n.policyAt, other.policyAt)
		if other.datapath != n.datapath {
			n.datapath = "unknown"
		}
		if other.enforcement != n.enforcement {
			n.enforcement = "unknown"
		}
		n.inClusterLB = truth.Agreed(n.inClusterLB, other.inClusterLB)
	}
	return n
}

// manifestNetwork is what a world's own manifests say of its network: the ConfigMaps of
// Terway and Flannel (vendor's pages on both; code of terway-cli).
func manifestNetwork(f *facts, w *world) network {
	if config := w.configs[terwayConfigMap]; config != nil {
		return terwayNetwork(f, config)
	}
	n := undecided
	if config := w.configs[flannelConfigMap]; config != nil {
		n.plugin, n.pluginSource, n.datapath, n.enforcement = pluginFlannel, "manifests", "veth", "not-enforced"
		n.pluginAt = f.places.Range(config.Object, config.Object.Root.Range)
	}
	return n
}

func terwayNetwork(f *facts, config *kube.ConfigSource) network {
	o, n := config.Object, undecided
	n.plugin, n.pluginSource, n.enforcement = pluginTerway, "manifests", "enforced"
	n.pluginAt = f.places.Range(o, o.Root.Range)
	if v := o.Root.Get("data", "disable_network_policy"); !v.IsNull() {
		switch text, ok := v.Text(); {
		case !ok:
			n.enforcement = "unknown"
		case text != "" && text != "0" && text != "false":
			n.enforcement, n.policyAt = "not-enforced", f.places.Object(o, v)
		}
	}
	n.inClusterLB = flagIn(o, "in_cluster_loadbalance")
	if o.Root.Get("data", "in_cluster_loadbalance").IsNull() {
		n.inClusterLB = truth.No // clusters from before the key was written do without
	}
	if cni, ok := config.Get("10-terway.conf"); ok {
		var conf struct {
			VirtualType string `json:"eniip_virtual_type"`
		}
		if json.Unmarshal([]byte(cni.Text), &conf) == nil {
			n.datapath = map[string]string{"": "veth", "veth": "veth", "ipvlan": "ipvlan", "datapathv2": "v2"}[strings.ToLower(conf.VirtualType)]
			n.datapath = cmp.Or(n.datapath, "unknown")
		}
	}
	return n
}

// flagIn reads a flag of a ConfigMap; maybe if it is absent.
func flagIn(o *kubernetes.Object, key string) truth.Truth {
	switch on, ok := o.Root.Get("data", key).Truth(); {
	case !ok:
		return truth.Maybe
	case on:
		return truth.Yes
	default:
		return truth.No
	}
}

// clusterName names the world's cluster in messages.
func (w *world) clusterName() string {
	if w.cluster == nil {
		return "of these manifests"
	}
	return w.cluster.name
}

// causeOfNoPolicy is what decides that policies are not enforced, and the code for
// it.
func causeOfNoPolicy(w *world) (code string, cause place.Origin) {
	n := w.network
	switch {
	case n.plugin == pluginFlannel:
		return "flannel", n.pluginAt
	case n.exclusive:
		return "exclusive-eni", n.exclusiveAt
	case n.policyAt.Ref != 0:
		return "disabled", n.policyAt
	}
	if w.cluster != nil {
		if at := addonConfig(w.cluster); at.Ref != 0 {
			return "disabled", at
		}
	}
	return "disabled", n.pluginAt
}
