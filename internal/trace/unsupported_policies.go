package trace

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/world"
)

// foreignPolicies are the kinds of policies that ACK has no controller for, by API
// group (vendor's page on network policies: networking.k8s.io only).
var foreignPolicies = map[string][]string{
	"cilium.io":                {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"},
	"projectcalico.org":        {"NetworkPolicy", "GlobalNetworkPolicy"},
	"crd.projectcalico.org":    {"NetworkPolicy", "GlobalNetworkPolicy"},
	"policy.networking.k8s.io": {"AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"},
}

// unsupportedPolicies reports policies of other kinds on an ACK cluster, unless the
// configuration says that the cluster enforces them, or the cluster may have a network
// plug-in of its own, which does.
func unsupportedPolicies(f *world.Facts, w *world.World) (list []*model.UnsupportedPolicy) {
	c := w.Cluster
	if c == nil || c.Plugin == world.PluginUnknown {
		return nil
	}
	for _, o := range w.Objects {
		group, _, _ := strings.Cut(o.APIVersion, "/")
		if !slices.Contains(foreignPolicies[group], o.Kind) || w.Enforces(o) {
			continue
		}
		name := o.Name
		if o.Namespace != "" {
			name = o.Namespace + "/" + o.Name
		}
		list = append(list, &model.UnsupportedPolicy{
			Cluster: c.ID, ClusterName: c.Name, Kind: o.Kind, Group: group, Name: name,
			Origin: f.Places.Range(o, o.KindRange()),
		})
	}
	return list
}
