package world

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
	Plugin       string
	pluginSource string       // see Cluster.PluginSource
	PluginAt     place.Origin // what names the plug-in
	Datapath     string
	Enforcement  string
	// InClusterLB says whether the eBPF data path translates the addresses of
	// LoadBalancer Services itself.
	InClusterLB truth.Truth
	policyAt    place.Origin // what of the manifests switches policies off
	// Exclusive says that every pod has a network interface of its own, for which
	// exclusiveAt is the place.
	Exclusive   bool
	exclusiveAt place.Origin
	// trunkingOff says that the addon's config switches trunk ENIs off, without which
	// PodNetworkings work on nodes with exclusive ENIs only.
	trunkingOff bool
}

// undecided is a network of which nothing is known.
var undecided = network{Plugin: PluginUnknown, pluginSource: "none", Datapath: "unknown", Enforcement: "unknown"}

const (
	terwayConfigMap  = "ConfigMap/" + kube.SystemNamespace + "/eni-config"
	flannelConfigMap = "ConfigMap/" + kube.SystemNamespace + "/kube-flannel-cfg"
)

// settle decides the network of every cluster, from what the configuration, Terraform
// and the objects of all its worlds say, and where its packets come from.
func settle(f *Facts, worlds []*World) {
	for _, c := range f.Clusters {
		said := make([]network, 0, len(c.Worlds))
		for _, w := range c.Worlds {
			said = append(said, manifestNetwork(f, w))
		}
		c.network = clusterNetwork(f, c, agreed(said))
		if c.Scope != nil {
			readSources(f, c)
			readIPStack(c, c.Res.Body)
			c.VPC = c.findVPC()
		}
	}
	for _, w := range worlds {
		if w.Cluster != nil {
			w.Network = w.Cluster.network
			continue
		}
		manifests := manifestNetwork(f, w)
		w.Network = undecided.named(configuredNetwork(f, nil)).named(manifests).byPlugin().completed(manifests)
	}
}

func clusterNetwork(f *Facts, c *Cluster, manifests network) network {
	n := undecided.named(configuredNetwork(f, c.config))
	if c.Scope == nil {
		return n.named(manifests).configured(c.config).byPlugin().completed(manifests)
	}
	addons := c.addons()
	n = n.named(terraformPlugin(c, addons))
	if !addons.custom() {
		n = n.named(manifests)
	}
	if c.Res.Uncertain == "" { // what may not exist proves nothing
		if n.Plugin == PluginTerway {
			readTerwayAddons(c, &n, addons.enabled)
		}
		c.mismatches = mismatchesOf(c, n, addons.enabled)
		if contradicted(c) {
			n = undecided
		}
		n = n.configured(c.config).byPlugin()
	}
	return n.completed(manifests)
}

// configuredNetwork is what the configuration says of the plug-in of a cluster; config is
// nil if it does not name the cluster.
func configuredNetwork(f *Facts, config *ClusterConfig) network {
	n := undecided
	plugin := f.options.ClusterNetwork
	if config != nil {
		plugin = cmp.Or(config.Network.Plugin, plugin)
	}
	if plugin != "" {
		n.Plugin, n.pluginSource = plugin, "configuration"
	}
	return n
}

// named is the network with the plug-in that another statement names, unless it is named
// already.
func (n network) named(by network) network {
	if n.Plugin == PluginUnknown {
		n.Plugin, n.pluginSource, n.PluginAt = by.Plugin, by.pluginSource, by.PluginAt
	}
	return n
}

// configured lets the configuration overrule what Terraform says of data path and
// policies.
func (n network) configured(config *ClusterConfig) network {
	if config == nil {
		return n
	}
	n.Datapath = cmp.Or(config.Network.Datapath, n.Datapath)
	switch config.Network.NetworkPolicy {
	case "enforced":
		n.Enforcement = "enforced"
	case "off":
		n.Enforcement = "not-enforced"
	}
	return n
}

// byPlugin adds what the plug-in alone decides: Flannel's data path is the kernel's, and
// it knows no policies.
func (n network) byPlugin() network {
	if n.Plugin == PluginFlannel {
		n.Datapath, n.Enforcement = known(n.Datapath, "veth"), known(n.Enforcement, "not-enforced")
	}
	return n
}

// completed adds what the manifests say to what is decided before them. What they say of
// another plug-in counts for nothing.
func (n network) completed(manifests network) network {
	if n.Plugin != manifests.Plugin {
		return n
	}
	n.Datapath = known(n.Datapath, manifests.Datapath)
	n.Enforcement = known(n.Enforcement, manifests.Enforcement)
	n.InClusterLB, n.policyAt = manifests.InClusterLB, manifests.policyAt
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
	said = slices.DeleteFunc(said, func(n network) bool { return n.Plugin == PluginUnknown })
	if len(said) == 0 {
		return undecided
	}
	n := said[0]
	for _, other := range said[1:] {
		if other.Plugin != n.Plugin {
			return undecided
		}
		n.PluginAt, n.policyAt = place.First(n.PluginAt, other.PluginAt), place.First(n.policyAt, other.policyAt)
		if other.Datapath != n.Datapath {
			n.Datapath = "unknown"
		}
		if other.Enforcement != n.Enforcement {
			n.Enforcement = "unknown"
		}
		n.InClusterLB = truth.Agreed(n.InClusterLB, other.InClusterLB)
	}
	return n
}

// manifestNetwork is what a world's own manifests say of its network: the ConfigMaps of
// Terway and Flannel (vendor's pages on both; code of terway-cli).
func manifestNetwork(f *Facts, w *World) network {
	if config := w.configs[terwayConfigMap]; config != nil {
		return terwayNetwork(f, config)
	}
	n := undecided
	if config := w.configs[flannelConfigMap]; config != nil {
		n.Plugin, n.pluginSource, n.Datapath, n.Enforcement = PluginFlannel, "manifests", "veth", "not-enforced"
		n.PluginAt = f.Places.Range(config.Object, config.Object.Root.Range)
	}
	return n
}

func terwayNetwork(f *Facts, config *kube.ConfigSource) network {
	o, n := config.Object, undecided
	n.Plugin, n.pluginSource, n.Enforcement = PluginTerway, "manifests", "enforced"
	n.PluginAt = f.Places.Range(o, o.Root.Range)
	if v := o.Root.Get("data", "disable_network_policy"); !v.IsNull() {
		switch text, ok := v.Text(); {
		case !ok:
			n.Enforcement = "unknown"
		case text != "" && text != "0" && text != "false":
			n.Enforcement, n.policyAt = "not-enforced", f.Places.Object(o, v)
		}
	}
	n.InClusterLB = flagIn(o, "in_cluster_loadbalance")
	if o.Root.Get("data", "in_cluster_loadbalance").IsNull() {
		n.InClusterLB = truth.No // clusters from before the key was written do without
	}
	if cni, ok := config.Get("10-terway.conf"); ok {
		var conf struct {
			VirtualType string `json:"eniip_virtual_type"`
		}
		if json.Unmarshal([]byte(cni.Text), &conf) == nil {
			n.Datapath = map[string]string{"": "veth", "veth": "veth", "ipvlan": "ipvlan", "datapathv2": "v2"}[strings.ToLower(conf.VirtualType)]
			n.Datapath = cmp.Or(n.Datapath, "unknown")
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

// ClusterName names the world's cluster in messages.
func (w *World) ClusterName() string {
	if w.Cluster == nil {
		return "of these manifests"
	}
	return w.Cluster.Name
}

// CauseOfNoPolicy is what decides that policies are not enforced, and the code for
// it.
func CauseOfNoPolicy(w *World) (code string, cause place.Origin) {
	n := w.Network
	switch {
	case n.Plugin == PluginFlannel:
		return "flannel", n.PluginAt
	case n.Exclusive:
		return "exclusive-eni", n.exclusiveAt
	case n.policyAt.Ref != 0:
		return "disabled", n.policyAt
	}
	if w.Cluster != nil {
		if at := addonConfig(w.Cluster); at.Ref != 0 {
			return "disabled", at
		}
	}
	return "disabled", n.PluginAt
}

// addonConfig is the place of the Terway addon's config.
func addonConfig(c *Cluster) place.Origin {
	if c.Scope == nil {
		return place.Origin{}
	}
	for _, a := range c.addons().enabled {
		if a.plugin == PluginTerway && !a.config.Range.IsZero() {
			return c.Scope.At(a.holder, a.config)
		}
	}
	return place.Origin{}
}
