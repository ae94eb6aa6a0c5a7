package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/egresslint/egresslint/internal/cli"
	"github.com/egresslint/egresslint/internal/report"
)

// hostile is a rule whose texts try to leave the formats that they are printed in.
// It names no page, as a project's own rule may.
const hostile = `# METADATA
# title: "<script>alert(1)</script> \e[31m ::error::x"
# custom:
#   severity: error
#   messages: {one: "<script>alert(1)</script> | ` + "`x`" + ` \e[31m %0A\n::error::x ]]> {name}"}
#   remedies: {one: "</details> \e]0;x\a"}
package egresslint.rules.test["hostile"]

violation contains {"at": cluster.origin, "case": "one", "args": {"name": cluster.name}, "key": []} if {
	some cluster in input.clusters
}
`

// Rules of a project's own are in every report, and those reports keep to their
// schemas although the rules have less to say of themselves.
func TestOwnRulesInReports(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"hostile.rego": hostile,
		"main.tf":      "resource \"alicloud_cs_managed_kubernetes\" \"main\" {\n  name = \"prod\"\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	print := func(args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		args = append(args, "--color=never", "--policy", dir, dir)
		if code := cli.Main(nil, &stdout, &stderr, args); code != cli.ExitFindings {
			t.Fatalf("exit code %d: %s", code, stderr.String())
		}
		return stdout.String()
	}
	for _, format := range report.Formats() {
		text := print("--format", format)
		if !strings.Contains(text, "hostile") {
			t.Errorf("%s: the rule is not in the report:\n%s", format, text)
		}
		for _, raw := range []string{"\x1b", "\a", "\n::error::x"} {
			if strings.Contains(text, raw) {
				t.Errorf("%s: %q is in the report:\n%s", format, raw, text)
			}
		}
		if format == "markdown" && strings.Contains(text, "<script>") {
			t.Errorf("%s: an element is in the report:\n%s", format, text)
		}
	}
	for format, file := range map[string]string{
		"json":  "../report/schema.json",
		"sarif": "../report/testdata/sarif-schema-2.1.0.json",
	} {
		schema, err := jsonschema.NewCompiler().Compile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(print("--format", format)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
	if text := print("--format", "sarif"); strings.Contains(text, "helpUri\": \"\"") {
		t.Error("sarif: the rule has an empty address")
	}
	var stdout bytes.Buffer
	for _, args := range [][]string{{"rules", "--policy", dir}, {"rules", "--policy", dir, "hostile"}} {
		if code := cli.Main(nil, &stdout, &stdout, args); code != cli.ExitOK || strings.Contains(stdout.String(), "\x1b") {
			t.Errorf("%q gives exit code %d and %q", args, code, stdout.String())
		}
	}
}
