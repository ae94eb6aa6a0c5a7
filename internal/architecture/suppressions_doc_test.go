package architecture

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// suppressedFiles are what the examples of the page on suppressions are about: a
// module that the examples call, and a pod that their policies isolate.
var suppressedFiles = map[string]string{
	"modules/data/main.tf": "resource \"alicloud_db_instance\" \"main\" {\n  engine       = \"MySQL\"\n  security_ips = [\"0.0.0.0/0\"]\n}\n",
	"pods.yaml":            "apiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: shop}\nspec: {containers: [{name: c, image: c}]}\n",
}

// TestSuppressionExamples lints the examples of the page: each has a finding, which
// it suppresses, and without the suppression it counts.
func TestSuppressionExamples(t *testing.T) {
	p := readPage(t, "docs/suppressions.md")
	examples := 0
	for language, name := range map[string]string{"hcl": "main.tf", "yaml": "policy.yaml"} {
		for _, example := range p.blocks(language) {
			if !strings.Contains(example, "ignore") {
				continue // the configuration
			}
			examples++
			findings, suppressed, diagnostics := lintExample(t, name, example)
			if findings != 0 || suppressed == 0 || diagnostics != 0 {
				t.Errorf("%d findings, %d suppressed and %d diagnostics in the example\n%s", findings, suppressed, diagnostics, example)
			}
			without := strings.NewReplacer("egresslint:ignore", "formerly", "egresslint.io/ignore", "example.org/formerly").Replace(example)
			if findings, suppressed, _ := lintExample(t, name, without); findings == 0 || suppressed != 0 {
				t.Errorf("without suppressions, %d findings and %d suppressed in the example\n%s", findings, suppressed, example)
			}
		}
	}
	if examples < 4 {
		t.Errorf("found only %d examples", examples)
	}
}

// lintExample counts what a run over an example says.
func lintExample(t *testing.T, name, example string) (findings, suppressed, diagnostics int) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{name: example}
	for name, text := range suppressedFiles {
		files[name] = text
	}
	if !strings.Contains(example, "modules/data") {
		delete(files, "modules/data/main.tf")
	}
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, stdout, stderr := run(t, "--no-config", "--format", "json", dir)
	var report struct{ Findings, Suppressed, Diagnostics []any }
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	return len(report.Findings), len(report.Suppressed), len(report.Diagnostics)
}
