package world

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
)

// Which nodes can run a workload's pods: node selectors, required node affinity and
// taints against the labels and taints of node pools (Kubernetes documentation,
// Assigning Pods to Nodes and Taints and Tolerations; provider documentation,
// cs_kubernetes_node_pool).

// Placement is where the pods of a workload can run.
type Placement struct {
	// Whole says that every node of the cluster can run them; landings is empty then.
	Whole    bool
	Landings []Landing
	// Some says that only a part of these nodes can, and the files do not say which.
	Some bool
	// Unknown says why no node is known that can.
	Unknown string
}

// Landing is a node pool with those of its vSwitches whose nodes can run the pods.
type Landing struct {
	Pool      *NodePool
	VSwitches []*alicloud.VSwitch
}

// zoneLabels are the labels that name a node's zone.
var zoneLabels = []string{"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"}

// osLabels are the labels that name a node's operating system.
var osLabels = []string{"kubernetes.io/os", "beta.kubernetes.io/os"}

// PlacementOf says where the pods of a workload can run.
func (c *Cluster) PlacementOf(wl *kube.Workload) Placement {
	terms, unsure := wl.NodeTerms()
	constrained := len(terms) > 0 || unsure
	tainted := slices.ContainsFunc(c.Pools, func(p *NodePool) bool { return len(p.taints) > 0 })
	switch {
	case !constrained && !tainted:
		return Placement{Whole: true}
	case len(c.Pools) == 0, c.kind == "dedicated": // a dedicated cluster's masters are nodes, too
		return Placement{Whole: true, Some: constrained}
	}
	p := Placement{Some: unsure}
	all := true
	for _, pool := range c.Pools {
		fits := min(pool.tolerated(wl), fits(c, terms, pool))
		if fits == truth.No {
			all = false
			continue
		}
		l := Landing{Pool: pool}
		for _, v := range pool.vswitches {
			switch zone := inZone(terms, v.Zone); {
			case zone == truth.No:
				all = false
				continue
			case zone == truth.Maybe:
				p.Some = true
			}
			l.VSwitches = append(l.VSwitches, v)
		}
		if len(l.VSwitches) == 0 && len(pool.vswitches) > 0 {
			continue
		}
		p.Some = p.Some || fits == truth.Maybe
		p.Landings = append(p.Landings, l)
	}
	if len(p.Landings) == 0 {
		return Placement{Unknown: "no node pool in the files can run the pods of " + wl.Display()}
	}
	if all {
		return Placement{Whole: true, Some: p.Some}
	}
	return p
}

// fits says whether the nodes of a pool have the labels that pods require, apart
// from that of the zone.
func fits(c *Cluster, terms []kube.NodeTerm, pool *NodePool) truth.Truth {
	answer := truth.Yes
	for _, t := range terms {
		if !slices.Contains(zoneLabels, t.Key) {
			answer = min(answer, fit(c, t, pool))
		}
	}
	return answer
}

func fit(c *Cluster, t kube.NodeTerm, pool *NodePool) truth.Truth {
	value, labelled := pool.labels[t.Key]
	switch {
	case t.Unsure:
		return truth.Maybe
	case !labelled && slices.Contains(osLabels, t.Key):
		if pool.windows() != truth.No {
			return truth.Maybe
		}
		value, labelled = "linux", true
	case !labelled && t.Key == "type" && slices.Equal(t.Values, []string{"virtual-kubelet"}):
		// Nodes of node pools are no virtual nodes, which alone bear this label.
	case !labelled && (pool.moreLabels || !declaresLabel(c, t.Key)):
		return truth.Maybe // somebody or something else may label the nodes
	}
	switch t.Operator {
	case "In":
		return truth.Of(labelled && slices.Contains(t.Values, value))
	case "NotIn":
		return truth.Of(!labelled || !slices.Contains(t.Values, value))
	case "Exists":
		return truth.Of(labelled)
	case "DoesNotExist":
		return truth.Of(!labelled)
	default:
		return truth.Maybe // Gt and Lt
	}
}

// inZone says whether the zone of a node is one that pods require.
func inZone(terms []kube.NodeTerm, zone string) truth.Truth {
	answer := truth.Yes
	for _, t := range terms {
		if !slices.Contains(zoneLabels, t.Key) {
			continue
		}
		switch {
		case t.Unsure || zone == "" || t.Operator != "In" && t.Operator != "NotIn":
			answer = min(answer, truth.Maybe)
		case slices.Contains(t.Values, zone) != (t.Operator == "In"):
			return truth.No
		}
	}
	return answer
}

// declaresLabel reports whether the files label the nodes of some pool with a key:
// then it means something that those without it lack it.
func declaresLabel(c *Cluster, key string) bool {
	return slices.ContainsFunc(c.Pools, func(p *NodePool) bool {
		_, ok := p.labels[key]
		return ok
	})
}

// taint is a taint of a pool's nodes that keeps pods away.
type taint struct {
	key, value, effect string
	unknown            bool
}

// readPlacement reads the labels and taints of a pool.
func (p *NodePool) readPlacement() {
	p.labels = make(map[string]string)
	labels := p.Res.Body.Get("labels")
	p.moreLabels = labels.IsUnknown() || alicloud.Ignored(p.Res, "labels")
	for _, label := range labels.Items() {
		key, ok := label.Get("key").Text()
		value, known := label.Get("value").Text()
		if !ok || !known && !label.Get("value").IsNull() {
			p.moreLabels = true
			continue
		}
		p.labels[key] = value
	}
	taints := p.Res.Body.Get("taints")
	if taints.IsUnknown() {
		p.taints = append(p.taints, taint{unknown: true})
	}
	for _, v := range taints.Items() {
		t := taint{unknown: v.FirstUnknown() != nil}
		t.key, _ = v.Get("key").Text()
		t.value, _ = v.Get("value").Text()
		t.effect, _ = v.Get("effect").Text()
		if t.unknown || t.effect == "NoSchedule" || t.effect == "NoExecute" {
			p.taints = append(p.taints, t)
		}
	}
	if on, ok := p.Res.Body.Get("unschedulable").Truth(); ok && on || p.Res.Body.Get("unschedulable").IsUnknown() {
		p.taints = append(p.taints, taint{unknown: true})
	}
}

// windows says whether the pool's nodes may run Windows.
func (p *NodePool) windows() truth.Truth {
	for _, name := range []string{"platform", "image_type"} {
		v := p.Res.Body.Get(name)
		text, _ := v.Text()
		switch {
		case v.IsUnknown():
			return truth.Maybe
		case strings.Contains(strings.ToLower(text), "windows"):
			return truth.Yes
		}
	}
	return truth.No
}

// tolerated says whether a workload's pods tolerate all taints of the pool.
func (p *NodePool) tolerated(wl *kube.Workload) truth.Truth {
	tolerations := wl.Spec.Get("tolerations")
	answer := truth.Yes
	for _, t := range p.taints {
		one := truth.No
		if t.unknown || tolerations.IsUnknown() {
			one = truth.Maybe
		}
		for _, v := range tolerations.Items() {
			one = max(one, t.toleratedBy(v))
		}
		answer = min(answer, one)
	}
	return answer
}

func (t *taint) toleratedBy(v *located.Value) truth.Truth {
	if v.FirstUnknown() != nil {
		return truth.Maybe
	}
	key, _ := v.Get("key").Text()
	operator, _ := v.Get("operator").Text()
	value, _ := v.Get("value").Text()
	effect, _ := v.Get("effect").Text()
	switch {
	case effect != "" && effect != t.effect && !t.unknown:
		return truth.No
	case key == "":
		return truth.Of(operator == "Exists")
	case t.unknown:
		return truth.Maybe
	case key != t.key:
		return truth.No
	case operator == "Exists":
		return truth.Yes
	default:
		return truth.Of(value == t.value)
	}
}
