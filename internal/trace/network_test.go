package trace_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/egresslint/egresslint/internal/trace"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

// TestNetworkOfSeveral checks what the manifests of several overlays for one cluster say
// of its network together, in whichever order they come.
func TestNetworkOfSeveral(t *testing.T) {
	const flannel = "metadata: {name: kube-flannel-cfg, namespace: kube-system}\ndata: {net-conf.json: '{}'}"
	terway := func(datapath, off string) string {
		return "metadata: {name: eni-config, namespace: kube-system}\ndata: {disable_network_policy: '" + off +
			"', 10-terway.conf: '{\"eniip_virtual_type\": \"" + datapath + "\"}'}"
	}
	const nothing = "metadata: {name: app, namespace: shop}\ndata: {}"
	for _, tc := range []struct {
		name     string
		overlays []string
		want     string
		cause    string // of policies that nothing enforces
	}{
		{"nothing", []string{nothing, nothing}, "unknown unknown unknown", ""},
		{"one", []string{flannel, nothing}, "flannel veth not-enforced", "a"},
		{"two plug-ins", []string{flannel, terway("veth", "")}, "unknown unknown unknown", ""},
		{"the same twice", []string{flannel, flannel}, "flannel veth not-enforced", "a"},
		{"two data paths", []string{terway("datapathv2", ""), terway("veth", "")}, "terway unknown enforced", ""},
		{"policies on and off", []string{terway("veth", "true"), terway("veth", "")}, "terway veth unknown", ""},
		{"policies off twice", []string{terway("veth", "true"), terway("veth", "1")}, "terway veth not-enforced", "a"},
		{"of three one", []string{nothing, terway("ipvlan", ""), nothing}, "terway ipvlan enforced", ""},
	} {
		for _, reversed := range []bool{false, true} {
			overlays := slices.Clone(tc.overlays)
			if reversed {
				slices.Reverse(overlays)
			}
			input := world.Input{Options: world.Options{Clusters: []world.ClusterConfig{{Name: "main", Manifests: []string{"**"}}}}}
			for i, data := range overlays {
				folder := string(rune('a' + i))
				manifest := "apiVersion: v1\nkind: ConfigMap\n" + data + `
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Egress]}
---
apiVersion: v1
kind: Pod
` + fmt.Sprintf("metadata: {name: p, namespace: shop}\nspec: {containers: [{name: c, image: x%d}]}\n", i)
				objects, _ := kubernetes.Parse(folder+"/app.yaml", []byte(manifest))
				for _, o := range objects {
					o.From, o.Dir = "overlay "+folder, folder
				}
				input.Objects = append(input.Objects, objects...)
			}
			model, _, err := trace.Build(context.Background(), input)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(model.Workloads); n != len(overlays) {
				t.Fatalf("%s: %d workloads", tc.name, n)
			}
			c := model.Clusters[0]
			if got := c.Plugin + " " + c.Extensions.Alicloud.Datapath + " " + c.Enforcement; got != tc.want {
				t.Errorf("%s (reversed: %t): %s, want %s", tc.name, reversed, got, tc.want)
			}
			if len(model.PolicyEnforcement) != min(len(tc.cause), 1) {
				t.Fatalf("%s: %d gates of policies that nothing enforces", tc.name, len(model.PolicyEnforcement))
			}
			if tc.cause == "" {
				continue
			}
			cause := tc.cause // the first place that says so
			if reversed && overlays[0] == nothing {
				cause = "b"
			}
			if at := model.PolicyEnforcement[0].Cause.File; at != cause+"/app.yaml" {
				t.Errorf("%s (reversed: %t): told at %s, want %s", tc.name, reversed, at, cause)
			}
		}
	}
}
