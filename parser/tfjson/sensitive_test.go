package tfjson_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/tfjson"
)

// resourcePlan is a plan that creates one resource.
func resourcePlan(t *testing.T, typ string, values, planned, before, after any) []byte {
	t.Helper()
	return marshal(t, object{
		"format_version": "1.2", "terraform_version": "1.11.4",
		"planned_values": object{"root_module": object{"resources": []any{object{
			"address": typ + ".a", "mode": "managed", "type": typ, "name": "a", "values": values, "sensitive_values": planned,
		}}}},
		"resource_changes": []any{object{
			"address": typ + ".a", "mode": "managed", "type": typ, "name": "a",
			"change": object{
				"actions": []string{"create"}, "after": values, "after_unknown": object{},
				"before_sensitive": before, "after_sensitive": after,
			},
		}},
	})
}

// A value is sensitive if any of the trees says so that stand beside the values,
// whatever their shape, or its key.
func TestSensitive(t *testing.T) {
	list := func(elements ...any) []any { return elements }
	const a, b = `"x" (sensitive)`, `"y" (sensitive)`
	values := object{"k": object{"a": "x", "b": "y"}}
	lists := object{"k": list(object{"a": "x"}, object{"a": "y"})}
	tests := []struct {
		name                   string
		typ                    string
		values                 any
		planned, before, after any
		want                   string
	}{
		{"nothing", "alicloud_x", values, object{}, object{}, object{}, `{a: "x", b: "y"}`},
		{"in planned_values", "alicloud_x", values, object{"k": object{"a": true}}, object{}, object{}, `{a: ` + a + `, b: "y"}`},
		{"in resource_changes", "alicloud_x", values, object{}, object{}, object{"k": object{"a": true}}, `{a: ` + a + `, b: "y"}`},
		{"before the change", "alicloud_x", values, object{}, object{"k": object{"b": true}}, object{}, `{a: "x", b: ` + b + `}`},
		{"in both", "alicloud_x", values, object{"k": object{"a": true}}, false, object{"k": object{"b": true}}, `{a: ` + a + `, b: ` + b + `}`},
		{"everything", "alicloud_x", values, object{}, object{}, true, `{a: ` + a + `, b: ` + b + `} (sensitive)`},
		{"element", "alicloud_x", lists, object{"k": list(object{}, object{"a": true})}, object{}, object{}, `[{a: "x"}, {a: ` + b + `}]`},
		{"too few elements", "alicloud_x", lists, object{"k": list(object{"a": true})}, object{}, object{}, `[{a: ` + a + `} (sensitive), {a: ` + b + `} (sensitive)] (sensitive)`},
		{"no list", "alicloud_x", lists, object{"k": object{"a": true}}, object{}, object{}, `[{a: ` + a + `} (sensitive), {a: ` + b + `} (sensitive)] (sensitive)`},
		{"no marks in another shape", "alicloud_x", lists, object{"k": object{"true": false}}, object{}, object{}, `[{a: "x"}, {a: "y"}]`},
		{"key", "alicloud_x", object{"k": object{"api_token": "x", "b": "y"}}, object{}, object{}, object{}, `{api_token: ` + a + `, b: "y"}`},
		{"beside a name", "alicloud_x", object{"k": list(object{"name": "TOKEN", "value": "x"})}, object{}, object{}, object{}, `[{name: "TOKEN", value: ` + a + `}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := parse(t, "plan.json", resourcePlan(t, tt.typ, tt.values, tt.planned, tt.before, tt.after))
			if got := show(root.Resources[0].Body.Get("k")); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// The provider takes the data of a Secret for sensitive; a plan that was cut down may
// not say so.
func TestSensitiveSecretData(t *testing.T) {
	root := parse(t, "plan.json", resourcePlan(t, "kubernetes_secret_v1", object{"data": object{"a": "x"}}, object{}, object{}, object{}))
	if got := root.Resources[0].Body.Get("data", "a"); !got.Sensitive {
		t.Errorf("got %s", show(got))
	}
}

// With the configuration beside the plan, what either says is sensitive is.
func TestSensitiveMerged(t *testing.T) {
	tree := source.NewTree(fstest.MapFS{"main.tf": {Data: []byte(`
variable "v" {
  default   = "x"
  sensitive = true
}
resource "alicloud_x" "a" {
  a = var.v
  b = "y"
  c = "z"
}
`)}})
	data := string(resourcePlan(t, "alicloud_x", object{"a": "x", "b": "y", "c": "z"}, object{"b": true}, object{}, object{}))
	data = strings.Replace(data, `"planned_values"`, `"configuration":{"root_module":{"resources":[]}},"planned_values"`, 1)
	root, diagnostics := tfjson.Parse(context.Background(), tree, "plan.json", []byte(data), alicloud.Identities())
	if len(diagnostics) > 0 || root.Resources[0].Body.Get("b").Range.File != "main.tf" {
		t.Fatalf("it is not merged: %v", diagnostics)
	}
	for name, want := range map[string]bool{"a": true, "b": true, "c": false} {
		if got := root.Resources[0].Body.Get(name).Sensitive; got != want {
			t.Errorf("%s: sensitive is %v", name, got)
		}
	}
}

// A provider block of a plan holds credentials.
func TestSensitiveProvider(t *testing.T) {
	root := parse(t, "plan.json", marshal(t, object{
		"format_version": "1.2", "terraform_version": "1.11.4", "planned_values": object{},
		"configuration": object{"provider_config": object{"alicloud": object{
			"name": "alicloud", "expressions": object{"secret_key": object{"constant_value": "x"}, "region": object{"constant_value": "y"}},
		}}},
	}))
	body := root.Providers[0].Body
	if !body.Get("secret_key").Sensitive || body.Get("region").Sensitive {
		t.Errorf("got %s", show(body))
	}
}

// What is wrong with a document is told without a word of it.
func TestErrorsQuoteNothing(t *testing.T) {
	const head = `{"terraform_version":"1.11.4","planned_values":{},`
	for _, data := range []string{
		head + `"format_version":"1.2","a":S3cret}`,
		head + `"format_version":"1.2","a":"S3cret" "S3cret"}`,
		head + `"format_version":"1.2","a":"\S3cret"}`,
		head + `"format_version":"S3cret"}`,
	} {
		_, diagnostics := tfjson.Parse(context.Background(), nil, "plan.json", []byte(data), alicloud.Identities())
		if len(diagnostics) != 1 || strings.Contains(diagnostics[0].Message, "S") {
			t.Errorf("%s: %v", data, diagnostics)
		}
	}
}

// A document of two bytes for each value would take many times its size.
func TestTooManyValues(t *testing.T) {
	head := `{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{"a":`
	for name, value := range map[string]string{
		"numbers": "[" + strings.Repeat("0,", 2_000_000) + "0]",
		"lists":   "[" + strings.Repeat("[],", 1_000_000) + "0]",
		"objects": "[" + strings.Repeat(`{"a":0},`, 1_000_000) + "0]",
	} {
		root, diagnostics := tfjson.Parse(context.Background(), nil, "plan.json", []byte(head+value+"}}"), alicloud.Identities())
		if root != nil || len(diagnostics) != 1 || diagnostics[0].Kind != source.LimitReached || diagnostics[0].Range.File != "plan.json" {
			t.Errorf("%s: %v", name, diagnostics)
		}
	}
	text := `{"a":"` + strings.Repeat(",[{", 2_000_000) + `"}`
	if root, diagnostics := tfjson.Parse(context.Background(), nil, "plan.json", []byte(head+text+"}}"), alicloud.Identities()); root == nil {
		t.Errorf("text: %v", diagnostics)
	}
}
