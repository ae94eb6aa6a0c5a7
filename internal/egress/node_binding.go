package egress

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

// placement is where the pods of a workload can run.
type placement struct {
	// whole says that every node of the cluster can run them; landings is empty then.
	whole    bool
	landings []landing
	// some says that only a part of these nodes can, and the files do not say which.
	some bool
	// unknown says why no node is known that can.
	unknown string
}

// landing is a node pool with those of its vSwitches whose nodes can run the pods.
type landing struct {
	pool      *nodePool
	vswitches []*alicloud.VSwitch
}

// zoneLabels are the labels that name a node's zone.
var zoneLabels = []string{"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"}

// osLabels are the labels that name a node's operating system.
var osLabels = []string{"kubernetes.io/os", "beta.kubernetes.io/os"}

// placementOf says where the pods of a workload can run.
func (c *cluster) placementOf(wl *kube.Workload) placement {
	terms, unsure := wl.NodeTerms()
	constrained := len(terms) > 0 || unsure
	tainted := slices.ContainsFunc(c.pools, func(p *nodePool) bool { return len(p.taints) > 0 })
	switch {
	case !constrained && !tainted:
		return placement{whole: true}
	case len(c.pools) == 0, c.kind == "dedicated": // a dedicated cluster's masters are nodes, too
		return placement{whole: true, some: constrained}
	}
	p := placement{some: unsure}
	all := true
	for _, pool := range c.pools {
		fits := min(pool.tolerated(wl), c.fits(terms, pool))
		if fits == truth.No {
			all = false
			continue
		}
		l := landing{pool: pool}
		for _, v := range pool.vswitches {
			switch zone := inZone(terms, v.Zone); {
			case zone == truth.No:
				all = false
				continue
			case zone == truth.Maybe:
				p.some = true
			}
			l.vswitches = append(l.vswitches, v)
		}
		if len(l.vswitches) == 0 && len(pool.vswitches) > 0 {
			continue
		}
		p.some = p.some || fits == truth.Maybe
		p.landings = append(p.landings, l)
	}
	if len(p.landings) == 0 {
		return placement{unknown: "no node pool in the files can run the pods of " + wl.Display()}
	}
	if all {
		return placement{whole: true, some: p.some}
	}
	return p
}

// fits says whether the nodes of a pool have the labels that pods require, apart
// from that of the zone.
func (c *cluster) fits(terms []kube.NodeTerm, pool *nodePool) truth.Truth {
	answer := truth.Yes
	for _, t := range terms {
		if !slices.Contains(zoneLabels, t.Key) {
			answer = min(answer, c.fit(t, pool))
		}
	}
	return answer
}

func (c *cluster) fit(t kube.NodeTerm, pool *nodePool) truth.Truth {
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
	case !labelled && (pool.moreLabels || !c.declaresLabel(t.Key)):
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
func (c *cluster) declaresLabel(key string) bool {
	return slices.ContainsFunc(c.pools, func(p *nodePool) bool {
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
func (p *nodePool) readPlacement() {
	p.labels = make(map[string]string)
	labels := p.res.Body.Get("labels")
	p.moreLabels = labels.IsUnknown() || alicloud.Ignored(p.res, "labels")
	for _, label := range labels.Items() {
		key, ok := label.Get("key").Text()
		value, known := label.Get("value").Text()
		if !ok || !known && !label.Get("value").IsNull() {
			p.moreLabels = true
			continue
		}
		p.labels[key] = value
	}
	taints := p.res.Body.Get("taints")
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
	if on, ok := p.res.Body.Get("unschedulable").Truth(); ok && on || p.res.Body.Get("unschedulable").IsUnknown() {
		p.taints = append(p.taints, taint{unknown: true})
	}
}

// windows says whether the pool's nodes may run Windows.
func (p *nodePool) windows() truth.Truth {
	for _, name := range []string{"platform", "image_type"} {
		v := p.res.Body.Get(name)
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
func (p *nodePool) tolerated(wl *kube.Workload) truth.Truth {
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
