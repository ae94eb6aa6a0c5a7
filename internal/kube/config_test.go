package kube_test

import (
	"testing"

	"github.com/egresslint/egresslint/internal/kube"
)

func TestReadConfigSource(t *testing.T) {
	const secret, configMap = "apiVersion: v1\nkind: Secret\nmetadata: {name: c}\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
	for _, tc := range []struct {
		name, manifest string
		found          bool
		text           string
		sensitive      bool
	}{
		{"text of a ConfigMap", configMap + "data: {k: ' plain '}", true, " plain ", false},
		{"what looks like base64 in a ConfigMap", configMap + "data: {k: YQ==}", true, "YQ==", false},
		{"data of a Secret", secret + "data: {k: YQ==}", true, "a", true},
		{"data of a Secret that is no base64", secret + "data: {k: '?'}", false, "", false},
		{"stringData of a Secret", secret + "stringData: {k: YQ==}", true, "YQ==", true},
		{"stringData beside data", secret + "stringData: {k: new}\ndata: {k: YQ==}", true, "new", true},
		{"a list in the place of a text", configMap + "data: {k: [a]}", false, "", false},
		{"what is not decided", configMap + "data: {k: " + undecided + "}", false, "", false},
		{"another key", configMap + "data: {other: x}", false, "", false},
	} {
		v, found := kube.ReadConfigSource(object(t, tc.manifest)).Get("k")
		if found != tc.found || v.Text != tc.text || found && v.Value.Sensitive != tc.sensitive {
			t.Errorf("%s: %+v (%t)", tc.name, v, found)
		}
	}
	if text := kube.ReadConfigSource(object(t, configMap+"data: {k: \" plain\\n\"}")).Text("k"); text != "plain" {
		t.Errorf("the text is %q", text)
	}
}

// TestSecretOfOneKind checks that a value which is read as a secret stays what it is where
// it stands, since others read it, too; and that one that is marked already is not copied.
func TestSecretOfOneKind(t *testing.T) {
	o := object(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\nstringData: {k: x}")
	o.Kind = "Secret" // after what is secret in it was marked
	own := o.Root.Get("stringData", "k")
	if v, _ := kube.ReadConfigSource(o).Get("k"); own.Sensitive || !v.Value.Sensitive {
		t.Errorf("the value %+v is read as %+v", own, v.Value)
	}
	own.Sensitive = true
	if v, _ := kube.ReadConfigSource(o).Get("k"); v.Value != own {
		t.Error("a value that is marked already is copied")
	}
}
