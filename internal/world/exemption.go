package world

import (
	"slices"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// policyAgent is the annotation without which nothing enforces policies on ACS pods.
const policyAgent = "alibabacloud.com/enable-network-policy-agent"

// exemption says that nothing enforces policies on a workload's pods; its code is
// empty where the files do not prove it.
type exemption struct {
	Code  string // as in PolicyEnforcement
	Cause place.Origin
}

// exemptionOf says why nothing enforces policies on a workload's pods.
func exemptionOf(f *Facts, w *World, wl *kube.Workload) exemption {
	if wl.HostNetwork != truth.No {
		return exemption{}
	}
	if group, _ := w.containerGroup(wl); group == truth.Yes {
		agent := wl.Annotation(policyAgent)
		on, ok := agent.Truth()
		if !w.isACS(wl) || agent.IsUnknown() || !agent.IsNull() && !ok || on || wl.Labels[policyAgent] != "" {
			return exemption{}
		}
		return exemption{"acs-pods", f.Places.Range(wl.Object, wl.Object.Root.Range)}
	}
	c := w.Cluster
	if c == nil || c.Scope == nil || c.Plugin != PluginTerway {
		return exemption{}
	}
	p := c.PlacementOf(wl)
	if p.Whole || c.unattachedPools() != "" { // of a whole cluster, see exclusiveENI
		return exemption{}
	}
	var cause place.Origin
	for _, l := range p.Landings {
		label := l.Pool.exclusiveLabel()
		if label == nil || l.Pool.Res.Uncertain != "" {
			return exemption{}
		}
		if cause.Ref == 0 {
			cause = c.Scope.At(l.Pool.Res, label)
		}
	}
	if len(p.Landings) == 0 {
		return exemption{}
	}
	return exemption{"exclusive-eni-pods", cause}
}

// hasPoseidon reports whether the files install the addon without which nothing
// enforces policies on elastic container instances (vendor's page on network policies
// of ACK Serverless clusters). It may have been installed by other means.
func hasPoseidon(w *World) bool {
	c := w.Cluster
	if c == nil || c.Scope == nil {
		return false
	}
	isPoseidon := func(body *located.Value) bool { return body.Get("name").Is("poseidon", "ack-poseidon") }
	return slices.ContainsFunc(c.Scope.ByType["alicloud_cs_kubernetes_addon"], func(res *terraform.Resource) bool {
		return res.Uncertain == "" && isPoseidon(res.Body) && c.Scope.Ident(res.Body.Get("cluster_id")).Key == c.Res.Address
	}) || slices.ContainsFunc(c.Res.Body.Get("addons").Items(), func(block *located.Value) bool {
		off := block.Get("disabled")
		on, known := off.Truth()
		return isPoseidon(block) && (off.IsNull() || known && !on)
	})
}
