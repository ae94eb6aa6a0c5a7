package kube_test

import (
	"fmt"
	"testing"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/source"
)

func TestAddress(t *testing.T) {
	for manifest, want := range map[string]string{
		"apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}": "Service/shop/s",
		"apiVersion: v1\nkind: Service\nmetadata: {name: s}":                  "Service/default/s",
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}":             "Namespace/shop",
	} {
		o := object(t, manifest)
		if got := kube.Address(o); got != want {
			t.Errorf("%s is %s", want, got)
		}
	}
}

func TestPlaces(t *testing.T) {
	places := kube.NewPlaces()
	o := object(t, "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}")
	o.From, o.DeployedBy = "", "application argocd/shop"
	v := *o.Root.Get("metadata", "name")
	v.Callers = []source.Range{{File: "caller.tf", Start: source.Pos{Line: 7, Column: 1}}}
	at := places.Object(o, &v)
	got := places.List[at.Ref]
	if at.File != "app.yaml" || at.Line != 3 || got.Address != "Service/shop/s" || got.From != "application argocd/shop" || len(got.Callers) != 1 {
		t.Errorf("the name stands at %+v: %+v", at, got)
	}
	o.From = "overlay prod"
	if got := places.List[places.Range(o, v.Range).Ref]; got.From != "overlay prod" || len(got.Callers) != 0 {
		t.Errorf("what renders an object is less than what deploys it: %+v", got)
	}
	places.Bear(o, place.Place{Address: "kubernetes_service.s", Root: "infra", Variant: "prod", Module: "module.m", ModuleBlocks: v.Callers})
	got = places.List[places.Object(o, &v).Ref]
	if got.Address != "kubernetes_service.s" || got.Root != "infra" || got.Variant != "prod" || got.Module != "module.m" || len(got.ModuleBlocks) != 1 {
		t.Errorf("the name of what Terraform creates stands at %+v", got)
	}
	other := object(t, "apiVersion: v1\nkind: Service\nmetadata: {name: t}")
	if got := places.List[places.Object(other, other.Root).Ref]; got.Root != "" || got.Address != "Service/default/t" {
		t.Errorf("another object belongs to the resource, too: %+v", got)
	}
}

func TestIgnores(t *testing.T) {
	const annotations = "annotations: {egresslint.io/ignore: "
	for _, tc := range []struct{ name, manifest, want string }{
		{"none", "apiVersion: v1\nkind: Service\nmetadata: {name: s}", "[]"},
		{"on an object", "apiVersion: v1\nkind: Service\nmetadata: {name: s, " + annotations + "a}}", `["a"]`},
		{"that is not decided", "apiVersion: v1\nkind: Service\nmetadata: {name: s, " + annotations + undecided + "}}", "[]"},
		// It is there, so that it can be refused, and means nothing.
		{"that is no text", "apiVersion: v1\nkind: Service\nmetadata: {name: s, " + annotations + "1}}", `[""]`},
		{"that is empty", "apiVersion: v1\nkind: Service\nmetadata: {name: s, " + annotations + "null}}", "[]"},
		{"on an object and its pods", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, " + annotations + "a}}\nspec: {template: {metadata: {" + annotations + "b}}}}", `["a" "b"]`},
		{"on the template of what runs no pods", "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {template: {metadata: {" + annotations + "b}}}}", "[]"},
		{"on what is no template of pods", "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: r}\nspec: {template: {metadata: {" + annotations + "b}}}}", "[]"},
		{"on a pod, once", "apiVersion: v1\nkind: Pod\nmetadata: {name: p, " + annotations + "a}}", `["a"]`},
	} {
		texts := []string{}
		for _, i := range kube.Ignores(object(t, tc.manifest)) {
			texts = append(texts, i.Text)
			if i.Range.IsZero() {
				t.Errorf("%s: an annotation stands nowhere", tc.name)
			}
		}
		if got := fmt.Sprintf("%q", texts); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}
