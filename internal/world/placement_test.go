package world

import (
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/terraform"
)

// pool is a node pool of these arguments, whose nodes are in these vSwitches.
func pool(t *testing.T, name, arguments string, nodes ...Member) *NodePool {
	t.Helper()
	p := &NodePool{Res: &terraform.Resource{Address: name, Body: value(t, arguments)}, vswitches: VSwitchesOf(nodes)}
	p.readPlacement()
	return p
}

// TestPlacementOf checks which nodes can run the pods of a workload.
func TestPlacementOf(t *testing.T) {
	a, b, nowhere := in("zone-a", "10.0.1.0/24"), in("zone-b", "10.0.2.0/24"), in("", "10.0.3.0/24")
	gpu := func(t *testing.T) *NodePool { return pool(t, "gpu", "{labels: [{key: kind, value: gpu}]}", a) }
	plain := func(t *testing.T) *NodePool { return pool(t, "plain", "{}", a, b) }
	tainted := func(t *testing.T) *NodePool {
		return pool(t, "tainted", "{taints: [{key: only, value: x, effect: NoSchedule}]}", b)
	}
	for _, tc := range []struct {
		name  string
		kind  string
		pools []func(*testing.T) *NodePool
		spec  string
		want  string
	}{
		{"no condition", "", []func(*testing.T) *NodePool{gpu, plain}, "{}", "whole"},
		{"no pools", "", nil, "{nodeSelector: {kind: gpu}}", "whole some"},
		{"masters are nodes", "dedicated", []func(*testing.T) *NodePool{gpu, plain}, "{nodeSelector: {kind: gpu}}", "whole some"},
		{"masters and a taint", "dedicated", []func(*testing.T) *NodePool{plain, tainted}, "{}", "whole"},
		{"a label", "", []func(*testing.T) *NodePool{gpu, plain}, "{nodeSelector: {kind: gpu}}", "gpu 10.0.1.0/24"},
		{"a label that is not known", "", []func(*testing.T) *NodePool{gpu, plain}, "{nodeSelector: {kind: UNKNOWN}}", "whole some"},
		{"a selector that is not known", "", []func(*testing.T) *NodePool{gpu, plain}, "{nodeSelector: UNKNOWN}", "whole some"},
		{"no such pool", "", []func(*testing.T) *NodePool{gpu}, "{nodeSelector: {kind: cpu}}", "no node pool in the files can run the pods of Deployment/api"},
		{"a taint", "", []func(*testing.T) *NodePool{plain, tainted}, "{}", "plain 10.0.1.0/24 10.0.2.0/24"},
		{"a taint that is tolerated", "", []func(*testing.T) *NodePool{plain, tainted}, "{tolerations: [{key: only, operator: Exists}]}", "whole"},
		{"a zone", "", []func(*testing.T) *NodePool{plain}, "{nodeSelector: {topology.kubernetes.io/zone: zone-b}}", "plain 10.0.2.0/24"},
		{"a zone of all", "", []func(*testing.T) *NodePool{gpu}, "{nodeSelector: {topology.kubernetes.io/zone: zone-a}}", "whole"},
		{"a zone of no pool", "", []func(*testing.T) *NodePool{plain}, "{nodeSelector: {topology.kubernetes.io/zone: zone-c}}", "no node pool in the files can run the pods of Deployment/api"},
		{
			"a zone that is not known", "",
			[]func(*testing.T) *NodePool{func(t *testing.T) *NodePool { return pool(t, "p", "{}", a, nowhere) }},
			"{nodeSelector: {topology.kubernetes.io/zone: zone-a}}", "whole some",
		},
		{
			"a pool of no known vSwitch", "",
			[]func(*testing.T) *NodePool{plain, func(t *testing.T) *NodePool { return pool(t, "p", "{}") }},
			"{nodeSelector: {topology.kubernetes.io/zone: zone-b}}", "plain 10.0.2.0/24; p",
		},
	} {
		c := &Cluster{kind: tc.kind}
		for _, p := range tc.pools {
			c.Pools = append(c.Pools, p(t))
		}
		p := c.PlacementOf(workload(t, "{}", tc.spec))
		var got []string
		if p.Unknown != "" {
			got = append(got, p.Unknown)
		}
		for _, l := range p.Landings {
			var names []string
			for _, v := range l.VSwitches {
				names = append(names, v.Name)
			}
			got = append(got, strings.TrimSpace(l.Pool.Res.Address+" "+strings.Join(names, " ")))
		}
		text := strings.Join(got, "; ")
		if p.Whole {
			text = strings.TrimPrefix(text+"; whole", "; ")
			if p.Some {
				text += " some"
			}
		} else if p.Some {
			text += "; some"
		}
		if text != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, text, tc.want)
		}
	}
}

// TestReadPlacement checks what the arguments of a node pool say of its nodes.
func TestReadPlacement(t *testing.T) {
	ignoring := func(list ...string) *NodePool {
		p := &NodePool{Res: &terraform.Resource{Body: value(t, "{}"), IgnoreChanges: list}}
		p.readPlacement()
		return p
	}
	for _, tc := range []struct {
		name   string
		p      *NodePool
		labels int
		more   bool
		taints int
	}{
		{"nothing", pool(t, "p", "{}"), 0, false, 0},
		{"labels", pool(t, "p", "{labels: [{key: a, value: b}, {key: c}]}"), 2, false, 0},
		{"labels that are not known", pool(t, "p", "{labels: UNKNOWN}"), 0, true, 0},
		{"a key that is not known", pool(t, "p", "{labels: [{key: UNKNOWN, value: b}]}"), 0, true, 0},
		{"a value that is not known", pool(t, "p", "{labels: [{key: a, value: UNKNOWN}, {key: b, value: c}]}"), 1, true, 0},
		{"labels that others change", ignoring("labels"), 0, true, 0},
		{"others change something else", ignoring("tags"), 0, false, 0},
		{"taints", pool(t, "p", "{taints: [{key: a, effect: NoSchedule}, {key: b, effect: NoExecute}]}"), 0, false, 2},
		{"a wish", pool(t, "p", "{taints: [{key: a, effect: PreferNoSchedule}]}"), 0, false, 0},
		{"taints that are not known", pool(t, "p", "{taints: UNKNOWN}"), 0, false, 2},
		{"an effect that is not known", pool(t, "p", "{taints: [{key: a, effect: UNKNOWN}]}"), 0, false, 1},
		{"no new pods", pool(t, "p", "{unschedulable: true}"), 0, false, 1},
		{"new pods", pool(t, "p", "{unschedulable: false}"), 0, false, 0},
		{"perhaps no new pods", pool(t, "p", "{unschedulable: UNKNOWN}"), 0, false, 1},
	} {
		if len(tc.p.labels) != tc.labels || tc.p.moreLabels != tc.more || len(tc.p.taints) != tc.taints {
			t.Errorf("%s: labels %v and more %t, taints %v", tc.name, tc.p.labels, tc.p.moreLabels, tc.p.taints)
		}
	}
}

// TestFits checks the labels of nodes against what pods require.
func TestFits(t *testing.T) {
	linux, gpu := pool(t, "linux", "{}"), pool(t, "gpu", "{labels: [{key: kind, value: gpu}]}")
	windows, perhaps := pool(t, "windows", "{platform: Windows}"), pool(t, "perhaps", "{image_type: UNKNOWN}")
	open := pool(t, "open", "{labels: UNKNOWN}")
	c := &Cluster{Pools: []*NodePool{linux, gpu, windows, perhaps, open}}
	for _, tc := range []struct {
		pool *NodePool
		spec string
		want truth.Truth
	}{
		{linux, "{}", truth.Yes},
		{gpu, "{nodeSelector: {kind: gpu}}", truth.Yes},
		{gpu, "{nodeSelector: {kind: cpu}}", truth.No},
		{linux, "{nodeSelector: {kind: gpu}}", truth.No},
		{open, "{nodeSelector: {kind: gpu}}", truth.Maybe},
		{linux, "{nodeSelector: {other: x}}", truth.Maybe},
		{gpu, "{nodeSelector: {kind: UNKNOWN}}", truth.Maybe},
		{linux, "{nodeSelector: {kubernetes.io/os: linux}}", truth.Yes},
		{linux, "{nodeSelector: {beta.kubernetes.io/os: linux}}", truth.Yes},
		{linux, "{nodeSelector: {kubernetes.io/os: windows}}", truth.No},
		{windows, "{nodeSelector: {kubernetes.io/os: linux}}", truth.Maybe},
		{perhaps, "{nodeSelector: {kubernetes.io/os: linux}}", truth.Maybe},
		{linux, "{nodeSelector: {type: virtual-kubelet}}", truth.No},
		{linux, "{nodeSelector: {type: other}}", truth.Maybe},
		{linux, "{nodeSelector: {topology.kubernetes.io/zone: zone-z}}", truth.Yes}, // asked of each vSwitch
		{gpu, expression("kind", "In", "[cpu, gpu]"), truth.Yes},
		{gpu, expression("kind", "NotIn", "[gpu]"), truth.No},
		{gpu, expression("kind", "NotIn", "[cpu]"), truth.Yes},
		{linux, expression("kind", "NotIn", "[gpu]"), truth.Yes},
		{gpu, expression("kind", "Exists", "[]"), truth.Yes},
		{linux, expression("kind", "Exists", "[]"), truth.No},
		{gpu, expression("kind", "DoesNotExist", "[]"), truth.No},
		{linux, expression("kind", "DoesNotExist", "[]"), truth.Yes},
		{gpu, expression("kind", "Gt", "['1']"), truth.Maybe},
		{linux, expression("type", "NotIn", "[virtual-kubelet]"), truth.Yes},
	} {
		terms, _ := workload(t, "{}", tc.spec).NodeTerms()
		if got := fits(c, terms, tc.pool); got != tc.want {
			t.Errorf("pool %s for %s: %s, want %s", tc.pool.Res.Address, tc.spec, got, tc.want)
		}
	}
}

func expression(key, operator, values string) string {
	return "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: " +
		key + ", operator: " + operator + ", values: " + values + "}]}]}}}}"
}

func TestInZone(t *testing.T) {
	term := func(key, operator string, values ...string) kube.NodeTerm {
		return kube.NodeTerm{Key: key, Operator: operator, Values: values}
	}
	const zone, old = "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"
	for _, tc := range []struct {
		name  string
		terms []kube.NodeTerm
		zone  string
		want  truth.Truth
	}{
		{"no term", nil, "a", truth.Yes},
		{"another label", []kube.NodeTerm{term("kind", "In", "b")}, "a", truth.Yes},
		{"in", []kube.NodeTerm{term(zone, "In", "a", "b")}, "a", truth.Yes},
		{"not in", []kube.NodeTerm{term(zone, "In", "b")}, "a", truth.No},
		{"excluded", []kube.NodeTerm{term(old, "NotIn", "a")}, "a", truth.No},
		{"others excluded", []kube.NodeTerm{term(old, "NotIn", "b")}, "a", truth.Yes},
		{"exists", []kube.NodeTerm{term(zone, "Exists")}, "a", truth.Maybe},
		{"zone not known", []kube.NodeTerm{term(zone, "In", "a")}, "", truth.Maybe},
		{"unsure", []kube.NodeTerm{{Key: zone, Operator: "In", Unsure: true}}, "a", truth.Maybe},
		{"unsure, then not in", []kube.NodeTerm{{Key: zone, Operator: "In", Unsure: true}, term(zone, "In", "b")}, "a", truth.No},
		{"in, then unsure", []kube.NodeTerm{term(zone, "In", "a"), {Key: zone, Operator: "In", Unsure: true}}, "a", truth.Maybe},
	} {
		if got := inZone(tc.terms, tc.zone); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestTolerated(t *testing.T) {
	for _, tc := range []struct {
		taints, tolerations string
		want                truth.Truth
	}{
		{"[]", "[]", truth.Yes},
		{"[{key: a, value: x, effect: NoSchedule}]", "[]", truth.No},
		{"[{key: a, value: x, effect: NoSchedule}]", "UNKNOWN", truth.Maybe},
		{"[{key: a, value: x, effect: NoSchedule}]", "[{key: a, value: x}]", truth.Yes},
		{"[{key: a, value: x, effect: NoSchedule}]", "[{key: a, value: y}]", truth.No},
		{"[{key: a, value: x, effect: NoSchedule}]", "[{key: a, value: UNKNOWN}]", truth.Maybe},
		{"[{key: a, value: x, effect: NoSchedule}]", "[{key: b, value: x}]", truth.No},
		{"[{key: a, value: x, effect: NoSchedule}]", "[{key: b, operator: Exists}]", truth.No},
		{"[{key: a, value: x, effect: NoSchedule}]", "[{key: a, operator: Exists}]", truth.Yes},
		{"[{key: a, value: x, effect: NoSchedule}]", "[{key: a, operator: Exists, effect: NoExecute}]", truth.No},
		{"[{key: a, value: x, effect: NoSchedule}]", "[{key: a, operator: Exists, effect: NoSchedule}]", truth.Yes},
		{"[{key: a, value: x, effect: NoSchedule}]", "[{operator: Exists}]", truth.Yes},
		{"[{key: a, value: x, effect: NoSchedule}]", "[{operator: Equal}]", truth.No},
		{"[{key: a, value: x, effect: NoSchedule}]", "[{key: a, operator: Exists}, {key: b, operator: Exists}]", truth.Yes},
		{"[{key: a, value: x, effect: NoSchedule}, {key: b, value: x, effect: NoSchedule}]", "[{key: a, operator: Exists}]", truth.No},
		{"[{key: UNKNOWN, value: x, effect: NoSchedule}]", "[]", truth.Maybe},
		{"[{key: UNKNOWN, value: x, effect: NoSchedule}]", "[{key: a, operator: Exists}]", truth.Maybe},
		{"[{key: UNKNOWN, value: x, effect: NoSchedule}]", "[{operator: Exists}]", truth.Yes},
		{"[{key: a, value: x, effect: UNKNOWN}]", "[{operator: Exists, effect: NoExecute}]", truth.Yes},
	} {
		p := pool(t, "p", "{taints: "+tc.taints+"}")
		if got := p.tolerated(workload(t, "{}", "{tolerations: "+tc.tolerations+"}")); got != tc.want {
			t.Errorf("taints %s, tolerations %s: %s, want %s", tc.taints, tc.tolerations, got, tc.want)
		}
	}
}

// TestNarrow checks which vSwitches pods take on nodes in certain zones.
func TestNarrow(t *testing.T) {
	podA, podB, nodeA, nodeB := in("a", "10.1.0.0/24"), in("b", "10.1.1.0/24"), in("a", "10.0.0.0/24"), in("b", "10.0.1.0/24")
	nowhere := in("", "10.2.0.0/24")
	for _, tc := range []struct {
		name        string
		pods, nodes []Member
		want        string
	}{
		{"the same zones", []Member{podA, podB}, []Member{nodeA, nodeB}, "10.1.0.0/24 10.1.1.0/24"},
		{"a zone without nodes", []Member{podA, podB}, []Member{nodeB}, "10.1.1.0/24"},
		{"a zone without pods", []Member{podA}, []Member{nodeA, nodeB}, "10.1.0.0/24 10.0.1.0/24"},
		{"a zone without pods, twice", []Member{podA}, []Member{nodeA, nodeB, nodeB}, "10.1.0.0/24 10.0.1.0/24"},
		{"a zone of pods that is not known", []Member{podA, nowhere}, []Member{nodeB}, "10.1.0.0/24 10.2.0.0/24"},
		{"a zone of nodes that is not known", []Member{podA}, []Member{nodeB, nowhere}, "10.1.0.0/24"},
		{"no nodes", []Member{podA}, nil, "10.1.0.0/24"},
		{"no pods", nil, []Member{nodeA}, "10.0.0.0/24"},
	} {
		if got := named(narrow(tc.pods, tc.nodes)); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	if list := inZonesOf([]Member{podA, podB}, VSwitchesOf([]Member{nodeB})); named(list) != "10.1.1.0/24" {
		t.Errorf("in the zone of the nodes are %q", named(list))
	}
	for _, nodes := range [][]Member{nil, {nodeB, nowhere}} {
		if list := inZonesOf([]Member{podA, podB}, VSwitchesOf(nodes)); len(list) != 2 {
			t.Errorf("in the zones of %q are %q", named(nodes), named(list))
		}
	}
	if list := inZonesOf([]Member{podA, nowhere}, VSwitchesOf([]Member{nodeB})); len(list) != 2 {
		t.Errorf("where a zone is not known there are %q", named(list))
	}
}

// TestOver checks how the configuration of a node pool is merged over the cluster's.
func TestOver(t *testing.T) {
	a, b, own, nowhere := in("a", "10.1.0.0/24"), in("b", "10.1.1.0/24"), in("a", "10.3.0.0/24"), in("", "10.2.0.0/24")
	for _, tc := range []struct {
		name          string
		p             podConfig
		base          Sources
		want, unknown string
	}{
		{"unknown", podConfig{unknown: "why"}, Sources{Members: []Member{a}}, "", "why"},
		{"no vSwitches", podConfig{}, Sources{Members: []Member{a}, Unknown: "more"}, "10.1.0.0/24", "more"},
		{"a zone replaced", podConfig{zones: map[string][]Member{"a": {own}}}, Sources{Members: []Member{a, b}}, "10.3.0.0/24 10.1.1.0/24", ""},
		{"a zone removed", podConfig{zones: map[string][]Member{"a": nil}}, Sources{Members: []Member{a, b}}, "10.1.1.0/24", ""},
		{"the base has more", podConfig{zones: map[string][]Member{"a": {own}}}, Sources{Members: []Member{b}, Unknown: "more"}, "10.3.0.0/24 10.1.1.0/24", "more"},
		{
			"a zone that is not known",
			podConfig{name: "x", zones: map[string][]Member{"a": {own}}},
			Sources{Members: []Member{nowhere}},
			"10.3.0.0/24",
			"the zone of 10.2.0.0/24 is not in the files, ConfigMap x may replace it",
		},
		{"the same in another zone", podConfig{zones: map[string][]Member{"a": {own, b}}}, Sources{Members: []Member{b}}, "10.3.0.0/24 10.1.1.0/24", ""},
		{"one in two zones", podConfig{zones: map[string][]Member{"b": {own, b}, "a": {own}}}, Sources{}, "10.3.0.0/24 10.1.1.0/24", ""},
	} {
		list, unknown := tc.p.over(&tc.base)
		if named(list) != tc.want || unknown != tc.unknown {
			t.Errorf("%s: %q (%s), want %q (%s)", tc.name, named(list), unknown, tc.want, tc.unknown)
		}
	}
}

// TestMergeGroups checks which security groups pods of a node pool carry.
func TestMergeGroups(t *testing.T) {
	ids := func(keys ...string) *[]alicloud.Ident {
		list := []alicloud.Ident{}
		for _, key := range keys {
			list = append(list, alicloud.Ident{Key: key})
		}
		return &list
	}
	for _, tc := range []struct {
		name      string
		one, many *[]alicloud.Ident
		base      *podConfig
		want      string
		unknown   string
	}{
		{"none", nil, nil, nil, "none", ""},
		{"both", ids("a"), ids("b", "a"), &podConfig{unknown: "why"}, "b a", ""},
		{"the one", ids("a"), nil, nil, "a", ""},
		{"the others, and the cluster's one is not known", nil, ids("b"), nil, "b", "the security_group of ConfigMap eni-config, which Terway adds to those of x, is not in the files"},
		{"the others, and the cluster's one", nil, ids("b"), &podConfig{one: ids("c"), many: ids("d")}, "b c", ""},
		{"the one, and the cluster's others", ids("a"), nil, &podConfig{one: ids("c"), many: ids("d")}, "d a", ""},
		{"the cluster's cannot be read", nil, ids("b"), &podConfig{unknown: "why"}, "b", "why"},
		{"an empty list", ids(), ids(), nil, "", "the eni_conf of ConfigMap x names no security group"},
	} {
		p := &podConfig{name: "x", one: tc.one, many: tc.many}
		p.joinGroups()
		p.mergeGroups(tc.base)
		if p.groups == nil {
			if tc.want != "none" {
				t.Errorf("%s: no groups", tc.name)
			}
			continue
		}
		var keys []string
		for _, id := range p.groups.List {
			keys = append(keys, id.Key)
		}
		if got := strings.Join(keys, " "); got != tc.want || p.groups.Unknown != tc.unknown {
			t.Errorf("%s: %q (%s), want %q (%s)", tc.name, got, p.groups.Unknown, tc.want, tc.unknown)
		}
	}
}

// TestSum checks what the verdicts on vSwitches are together for packets of a view.
func TestSum(t *testing.T) {
	a, b := in("a", "10.1.0.0/24"), in("b", "10.1.1.0/24")
	src := &Sources{Members: []Member{a, b}}
	part := []*alicloud.VSwitch{a.VSwitch}
	for _, tc := range []struct {
		name     string
		v        View
		verdicts []truth.Verdict
		want     truth.Verdict
		whole    bool
		labels   int
	}{
		{"all open", View{Sources: src}, []truth.Verdict{truth.Open, truth.Open}, truth.Open, true, 2},
		{"one open", View{Sources: src}, []truth.Verdict{truth.Open, truth.Blocked}, truth.Partial, true, 2},
		{"one open, perhaps the other", View{Sources: src, Some: true}, []truth.Verdict{truth.Open, truth.Blocked}, truth.Unknown, false, 2},
		{"all blocked, perhaps one", View{Sources: src, Some: true}, []truth.Verdict{truth.Blocked, truth.Blocked}, truth.Blocked, false, 2},
		{"a part that is open", View{Sources: src, part: part}, []truth.Verdict{truth.Open, truth.Blocked}, truth.Open, false, 1},
		{"a part that is blocked", View{Sources: src, part: part}, []truth.Verdict{truth.Blocked, truth.Open}, truth.Blocked, false, 1},
		{"open, and perhaps others", View{Sources: src, Gap: "more"}, []truth.Verdict{truth.Open, truth.Open}, truth.Unknown, true, 2},
	} {
		if got := tc.v.Sum(tc.verdicts); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
		if tc.v.Whole() != tc.whole {
			t.Errorf("%s: whole is %t", tc.name, tc.v.Whole())
		}
		if len(tc.v.Labels()) != tc.labels {
			t.Errorf("%s: packets come from %v", tc.name, tc.v.Labels())
		}
	}
	if labels := unknownView("why").Labels(); labels != nil {
		t.Errorf("packets from nowhere come from %v", labels)
	}
	if v := (&View{Sources: src, part: VSwitchesOf(src.Members)}).simplified(); !v.Whole() {
		t.Error("a part that is everything is no whole")
	}
	if v := (&View{Sources: src, part: VSwitchesOf(src.Members), Gap: "more"}).simplified(); v.Whole() {
		t.Error("a part of which more is not known is a whole")
	}
	if v := (&View{Sources: src, part: part}).simplified(); v.Whole() {
		t.Error("a part is a whole")
	}
}
