package tfjson_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/tfjson"
)

func TestIs(t *testing.T) {
	tests := []struct {
		name string
		data string
		want bool
	}{
		{"plan", `{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{}}`, true},
		{"state", ` {"format_version":"1.0","terraform_version":"1.11.4","values":{}}`, true},
		{"byte order mark", "\ufeff{\"format_version\":\"1.0\",\"terraform_version\":\"1.11.4\",\"values\":{}}", true},
		{"changes alone", "{\n\"resource_changes\":[],\"format_version\":\"1.0\",\"terraform_version\":\"1.11.4\"}", true},
		{"cut short", `{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{"root_mod`, true},
		{"empty state", `{"format_version":"1.0"}`, false},
		{"validation", `{"format_version":"1.0","valid":true,"diagnostics":[]}`, false},
		{"state file", `{"version":4,"terraform_version":"1.11.4","resources":[]}`, false},
		{"manifest that quotes a plan", `{"kind":"ConfigMap","data":{"format_version":"1","terraform_version":"1","values":""}}`, false},
		{"a list", `[{"format_version":"1.2","terraform_version":"1.11.4","values":{}}]`, false},
		{"nothing", ``, false},
		{"no object", `"format_version" "terraform_version"`, false},
		{"a quote without end", `{"format_version":"1.2","terraform_version" "`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tfjson.Is([]byte(tt.data)); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
	for _, sample := range samples(t) {
		if !tfjson.Is(mustRead(t, "../../testdata/plans/"+sample+"/plan.json")) {
			t.Errorf("%s: not seen as a plan", sample)
		}
	}
}

func TestBadDocuments(t *testing.T) {
	const head = `"format_version":"1.2","terraform_version":"1.11.4"`
	tests := []struct {
		name string
		data string
		want string
	}{
		{"empty", "", "plan.json: parse-error: read file: it is empty"},
		{"binary", "PK\x03\x04\x00", "plan.json: parse-error: read file: it is binary, not text"},
		{"not UTF-8", "{\"a\":\"\xff\"}", "plan.json:1:7: parse-error: read file: it is not UTF-8 text"},
		{"syntax", "{" + head + ",\n \"é\": tru}", "plan.json:2:10: parse-error: read Terraform document: invalid character in literal true (expecting 'e')"},
		{"cut short", "{" + head + ",\n\"values\":{", "plan.json:2:10: parse-error: read Terraform document: unexpected end of JSON input"},
		{"no version", `{"terraform_version":"1.0.0","values":{}}`, "plan.json:1:1: parse-error: read Terraform document: it has no format_version"},
		{
			"major version", `{"terraform_version":"9.0.0", "format_version":"2.0","values":{}}`,
			`plan.json:1:48: parse-error: read Terraform document: format_version "2.0" is not supported, want 1.x`,
		},
		{"version is no text", `{"format_version":1,"values":{}}`, `plan.json:1:19: parse-error: read Terraform document: format_version "" is not supported, want 1.x`},
		{
			"deep", "{" + head + `,"values":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}",
			"plan.json:1:190: limit-reached: read Terraform document: it is nested more than 128 levels deep",
		},
		{
			"deeper", "{" + head + `,"values":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}",
			"plan.json:1:190: limit-reached: read Terraform document: it is nested more than 128 levels deep",
		},
		{"large", strings.Repeat(" ", source.MaxFileSize) + "{}", "plan.json: limit-reached: read Terraform document: file is larger than 16 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root, diagnostics := tfjson.Parse(context.Background(), nil, "plan.json", []byte(tt.data), alicloud.Identities())
			if root != nil {
				t.Errorf("got a root with %d resources", len(root.Resources))
			}
			var got []string
			for _, d := range diagnostics {
				got = append(got, fmt.Sprintf("%s: %s: %s", d.Range, d.Kind, d.Message))
			}
			if s := strings.Join(got, "\n"); s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
		})
	}
}

// TestIncomplete checks that a plan which may lack resources does not prove that
// they are not there.
func TestIncomplete(t *testing.T) {
	for _, tt := range []struct{ name, old, new, reason string }{
		{"errored", `"errored":false`, `"errored":true`, "the plan ended in an error, so it may lack resources"},
		{"targeted", `"complete":true`, `"complete":false`, "the plan covers only a part of the configuration"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := strings.Replace(string(plan(t, []unit{{address: "alicloud_vpc.a"}}, object{})), tt.old, tt.new, 1)
			root, diagnostics := tfjson.Parse(context.Background(), nil, "plan.json", []byte(data), alicloud.Identities())
			if len(diagnostics) != 1 || diagnostics[0].Kind != source.Unread || !strings.Contains(diagnostics[0].Message, tt.reason) {
				t.Errorf("diagnostics: %v", diagnostics)
			}
			if len(root.UnreadModules) != 1 || root.UnreadModules[0].Reason != tt.reason || !root.UnreadModules[0].Arguments.IsUnknown() {
				t.Errorf("unread modules: %v", root.UnreadModules)
			}
			if len(root.Resources) != 1 {
				t.Errorf("got %s", dump(root))
			}
		})
	}
}
