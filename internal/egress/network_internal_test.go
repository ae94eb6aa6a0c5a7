package egress

import (
	"slices"
	"testing"

	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
)

// TestAgreed checks what several sets of manifests say together of one cluster's network,
// in whichever order they come.
func TestAgreed(t *testing.T) {
	at := func(ref int, file string) place.Origin { return place.Origin{Ref: ref, File: file, Line: 1, Column: 1} }
	terway := func(datapath, enforcement string, lb truth.Truth, file string) network {
		return network{
			plugin: pluginTerway, pluginSource: "manifests", pluginAt: at(1, file),
			datapath: datapath, enforcement: enforcement, inClusterLB: lb,
		}
	}
	flannel := network{plugin: pluginFlannel, pluginSource: "manifests", pluginAt: at(2, "b.yaml"), datapath: "veth", enforcement: "not-enforced"}
	off := terway("veth", "not-enforced", truth.No, "a.yaml")
	off.policyAt = at(3, "a.yaml")
	for _, tc := range []struct {
		name string
		said []network
		want network
	}{
		{"nobody", nil, undecided},
		{"those that name no plug-in", []network{undecided, undecided}, undecided},
		{"one of them", []network{undecided, flannel}, flannel},
		{"two plug-ins", []network{flannel, terway("v2", "enforced", truth.Yes, "a.yaml")}, undecided},
		{"the same twice", []network{flannel, flannel}, flannel},
		{
			"two data paths",
			[]network{terway("v2", "enforced", truth.Yes, "a.yaml"), terway("veth", "enforced", truth.Yes, "b.yaml")},
			terway("unknown", "enforced", truth.Yes, "a.yaml"),
		},
		{
			"policies on and off",
			[]network{off, terway("veth", "enforced", truth.No, "b.yaml")},
			network{
				plugin: pluginTerway, pluginSource: "manifests", pluginAt: at(1, "a.yaml"), datapath: "veth",
				enforcement: "unknown", inClusterLB: truth.No, policyAt: at(3, "a.yaml"),
			},
		},
		{
			"load balancers two ways",
			[]network{terway("v2", "enforced", truth.Yes, "a.yaml"), terway("v2", "enforced", truth.No, "b.yaml")},
			terway("v2", "enforced", truth.Maybe, "a.yaml"),
		},
	} {
		if got := agreed(slices.Clone(tc.said)); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
		slices.Reverse(tc.said)
		if got := agreed(tc.said); got != tc.want {
			t.Errorf("%s, in reverse: %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

// TestCover checks how sources are counted.
func TestCover(t *testing.T) {
	admits := map[string]truth.Verdict{"open": truth.Open, "shut": truth.Blocked, "dark": truth.Unknown}
	for _, tc := range []struct {
		list   []string
		more   string
		status truth.Verdict
		reason string
		none   bool
	}{
		{nil, "", truth.Unknown, "", false},
		{nil, "more", truth.Unknown, "more", false},
		{[]string{"open", "open"}, "", truth.Open, "", false},
		{[]string{"open"}, "more", truth.Unknown, "more", false},
		{[]string{"shut", "shut"}, "", truth.Blocked, "", true},
		{[]string{"shut"}, "more", truth.Blocked, "", false},
		{[]string{"open", "shut"}, "", truth.Partial, "", false},
		{[]string{"dark", "shut"}, "more", truth.Partial, "why dark", false},
		{[]string{"dark", "open"}, "", truth.Unknown, "why dark", false},
	} {
		c := cover(tc.list, tc.more, func(s string) string { return s }, func(s string) (truth.Verdict, string) {
			if s == "dark" {
				return admits[s], "why dark"
			}
			return admits[s], ""
		})
		if c.status != tc.status || c.reason != tc.reason || c.none() != tc.none {
			t.Errorf("%v (more: %q) is %s because of %q, none: %t", tc.list, tc.more, c.status, c.reason, c.none())
		}
		for i, s := range tc.list {
			if c.verdicts[i] != admits[s] || slices.Contains(c.covered, s) != (s == "open") || slices.Contains(c.uncovered, s) != (s == "shut") {
				t.Errorf("%v: %v are covered, %v are not", tc.list, c.covered, c.uncovered)
			}
		}
	}
}
