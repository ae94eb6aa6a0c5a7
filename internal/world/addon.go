package world

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// addon is a network addon of a cluster.
type addon struct {
	plugin string
	source string
	name   *located.Value
	holder *terraform.Resource
	config *located.Value
}

func pluginOfAddon(name string) string {
	switch {
	case strings.HasPrefix(name, "terway"):
		return PluginTerway
	case name == "flannel" || strings.HasPrefix(name, "kube-flannel"):
		return PluginFlannel
	default:
		return ""
	}
}

// addonSet are the network addons of a cluster.
type addonSet struct {
	enabled []addon // the addon resources first
	more    bool    // whether there may be others
	// off says that an addons block keeps the cluster from getting a network plug-in of
	// the vendor. Where no other is enabled, users install one of their own (vendor's
	// page on custom CNI plug-ins).
	off bool
}

// addons returns the network addons of the cluster.
func (c *Cluster) addons() addonSet {
	var set addonSet
	for _, res := range c.Scope.ByType["alicloud_cs_kubernetes_addon"] {
		if c.Scope.Ident(res.Body.Get("cluster_id")).Key != c.Res.Address {
			continue
		}
		v := res.Body.Get("name")
		name, ok := v.Text()
		if !ok {
			set.more = true
			continue
		}
		if plugin := pluginOfAddon(name); plugin != "" && res.Uncertain == "" {
			set.enabled = append(set.enabled, addon{plugin, "addon-resource", v, res, res.Body.Get("config")})
		}
	}
	blocks := c.Res.Body.Get("addons")
	if blocks.IsUnknown() {
		set.more = true
		return set
	}
	for _, block := range blocks.Items() {
		if block.IsUnknown() {
			set.more = true
			continue
		}
		v := block.Get("name")
		name, ok := v.Text()
		plugin := pluginOfAddon(name)
		disabled, known := block.Get("disabled").Truth()
		switch {
		case !ok || !known && !block.Get("disabled").IsNull():
			set.more = true
		case plugin == "":
		case disabled:
			set.off = true
		default:
			set.enabled = append(set.enabled, addon{plugin, "addons", v, c.Res, block.Get("config")})
		}
	}
	return set
}

// custom reports whether the files say that the cluster gets no network plug-in of the
// vendor.
func (s *addonSet) custom() bool { return s.off && len(s.enabled) == 0 }

// terraformPlugin decides the network plug-in: the first of addon resource, addons
// block, cluster_network_type, pod_vswitch_ids, pod_cidr and kind that says so.
func terraformPlugin(c *Cluster, addons addonSet) network {
	body := c.Res.Body
	podVSwitches, podCIDR := body.Get("pod_vswitch_ids"), body.Get("pod_cidr")
	hasVSwitches := podVSwitches.IsUnknown() || len(podVSwitches.Split()) > 0
	podCIDRText, _ := podCIDR.Text()
	hasCIDR := podCIDR.IsUnknown() || podCIDRText != ""
	n := undecided
	switch networkType := body.Get("cluster_network_type"); {
	case len(addons.enabled) > 0:
		first := addons.enabled[0]
		n.Plugin, n.pluginSource = first.plugin, first.source
		n.PluginAt = c.Scope.At(first.holder, first.name)
	case addons.custom():
	case networkType.Is(PluginTerway, PluginFlannel):
		n.Plugin, _ = networkType.Text()
		n.pluginSource = "cluster_network_type"
		n.PluginAt = c.Scope.At(c.Res, networkType)
	case c.kind == "serverless":
		n.Plugin, n.pluginSource, n.PluginAt = pluginServerless, "kind", c.Origin
	case c.kind == "edge":
		n.Plugin, n.pluginSource, n.PluginAt = PluginFlannel, "kind", c.Origin
	case podVSwitches.IsUnknown() || addons.more && hasVSwitches && hasCIDR:
	case hasVSwitches:
		n.Plugin, n.pluginSource = PluginTerway, "pod_vswitch_ids"
		n.PluginAt = c.Scope.At(c.Res, podVSwitches)
	case hasCIDR && !podCIDR.IsUnknown():
		n.Plugin, n.pluginSource = PluginFlannel, "pod_cidr"
		n.PluginAt = c.Scope.At(c.Res, podCIDR)
	}
	return n
}

// mismatchesOf are the arguments of the other plug-in, where the plug-in is named and
// not only inferred from these arguments.
func mismatchesOf(c *Cluster, n network, addons []addon) []model.Mismatch {
	for _, a := range addons {
		if a.plugin != addons[0].plugin {
			return []model.Mismatch{{
				Code: "two-plugins", Attribute: "addons",
				Origin: c.Scope.At(a.holder, a.name), Plugin: c.Scope.At(addons[0].holder, addons[0].name),
			}}
		}
	}
	list := []model.Mismatch{}
	switch n.pluginSource {
	case "configuration", "addon-resource", "addons", "cluster_network_type":
	default:
		return list
	}
	podVSwitches, podCIDR := c.Res.Body.Get("pod_vswitch_ids"), c.Res.Body.Get("pod_cidr")
	if n.Plugin == PluginFlannel && !podVSwitches.IsUnknown() && len(podVSwitches.Split()) > 0 {
		list = append(list, model.Mismatch{
			Code: "pod-vswitches-with-flannel", Attribute: "pod_vswitch_ids",
			Origin: c.Scope.At(c.Res, podVSwitches), Plugin: n.PluginAt,
		})
	}
	if text, _ := podCIDR.Text(); n.Plugin == PluginTerway && text != "" {
		list = append(list, model.Mismatch{
			Code: "pod-cidr-with-terway", Attribute: "pod_cidr",
			Origin: c.Scope.At(c.Res, podCIDR), Plugin: n.PluginAt,
		})
	}
	return list
}

// contradicted reports whether the files disagree on the network plug-in. Which one of
// two the cluster would get, and so where packets come from, is not known then: all that
// depends on it follows from the one mistake. A pod_cidr decides nothing: ACK takes Terway
// and ignores it.
func contradicted(c *Cluster) bool {
	return slices.ContainsFunc(c.mismatches, func(m model.Mismatch) bool { return m.Code != "pod-cidr-with-terway" })
}

// readTerwayAddons reads what the addons of Terway say: their config is a JSON object of
// strings (provider documentation; keys as in the vendor's pages on Terway).
func readTerwayAddons(c *Cluster, n *network, addons []addon) {
	for _, a := range addons {
		if a.plugin == PluginTerway {
			n.applyTerwayConfig(a.config)
		}
	}
	if e := exclusiveENI(c, addons); e.value != nil {
		n.Enforcement, n.Exclusive, n.exclusiveAt = "not-enforced", true, c.Scope.At(e.holder, e.value)
	}
}

// holding is a value with the resource that holds it.
type holding struct {
	value  *located.Value
	holder *terraform.Resource
}

// exclusiveENI finds what gives every pod a network interface of its own, on which
// nothing enforces NetworkPolicies: the addon terway-eni, or a label on every node
// pool (vendor's pages on Terway and on exclusive ENIs of node pools).
func exclusiveENI(c *Cluster, addons []addon) holding {
	for _, a := range addons {
		if a.name.Is("terway-eni") {
			return holding{a.name, a.holder}
		}
	}
	if c.unattachedPools() != "" {
		return holding{}
	}
	var first holding
	for _, pool := range c.Pools {
		label := pool.exclusiveLabel()
		if label == nil || pool.Res.Uncertain != "" {
			return holding{}
		}
		if first.value == nil {
			first = holding{label, pool.Res}
		}
	}
	return first
}

// exclusiveLabel is the label that gives every pod on the pool's nodes a network
// interface of its own; nil if it has none.
func (p *NodePool) exclusiveLabel() *located.Value {
	for _, label := range p.Res.Body.Get("labels").Items() {
		if label.Get("key").Is("k8s.aliyun.com/exclusive-mode-eni-type") && label.Get("value").Is("eniOnly") {
			return label.Get("value")
		}
	}
	return nil
}

func (n *network) applyTerwayConfig(v *located.Value) {
	text, ok := v.Text()
	if !ok || text == "" {
		return
	}
	var config map[string]any
	if json.Unmarshal([]byte(text), &config) != nil {
		return
	}
	flag := func(key string) string {
		switch value := config[key].(type) {
		case string:
			return strings.ToLower(value)
		case bool:
			return strconv.FormatBool(value)
		default:
			return ""
		}
	}
	n.trunkingOff = flag("ENITrunking") == "false"
	switch flag("NetworkPolicy") {
	case "true":
		n.Enforcement = "enforced"
	case "false":
		n.Enforcement = "not-enforced"
	}
	switch {
	case strings.EqualFold(flag("DataPathType"), "v2") || strings.EqualFold(flag("DataPathType"), "datapathv2"):
		n.Datapath = "v2"
	case flag("IPVlan") == "true":
		n.Datapath = "ipvlan"
	case flag("IPVlan") == "false":
		n.Datapath = "veth"
	}
}
