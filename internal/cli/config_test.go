package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/cli"
)

// What init writes changes nothing that a run finds.
func TestConfigInitChangesNoFinding(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join(projects, "rules", "*", "fires"))
	if err != nil {
		t.Fatal(err)
	}
	cases = append(cases, filepath.Join(projects, "shop"), filepath.Join(projects, "shop-flannel"))
	clusters := 0
	for _, from := range cases {
		if _, err := os.Stat(filepath.Join(from, ".egresslint.yaml")); err == nil {
			continue
		}
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		before := reported(t, dir)
		var stdout, stderr bytes.Buffer
		if code := cli.Main(strings.NewReader(""), &stdout, &stderr, []string{"config", "init", dir}); code != cli.ExitOK {
			t.Fatalf("%s: config init ends with %d: %s", from, code, stderr.String())
		}
		if !strings.Contains(stdout.String(), "clusters: 0") {
			clusters++
		}
		if diff := cmp.Diff(before, reported(t, dir)); diff != "" {
			text, _ := os.ReadFile(filepath.Join(dir, ".egresslint.yaml"))
			t.Errorf("%s: findings change with the file (-without +with):\n%s\n%s", from, diff, text)
		}
	}
	if clusters < 20 {
		t.Errorf("only %d projects have a cluster", clusters)
	}
}

func reported(t *testing.T, dir string) any {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cli.Main(strings.NewReader(""), &stdout, &stderr, []string{"--format", "json", dir})
	var report struct {
		Findings []any `json:"findings"`
	}
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
		t.Fatalf("%s: %v\n%s", dir, err, stderr.String())
	}
	return report.Findings
}

// What is printed of a configuration has no secret in it, and all else.
func TestConfigPrintWithoutSecrets(t *testing.T) {
	dir := t.TempDir()
	writeIn(t, filepath.Join(dir, ".egresslint.yaml"), `stacks:
  - name: a
    dir: infra
    vars:
      zone: cn-shanghai-b
      db_password: hunter2-a
      hook: https://hunter2-b.example.com
      flag: hunter2-c
      url: "https://user:hunter2-d@example.com"
      open: plain
      settings: '{ size = 3, token = "hunter2-e" }'
  - name: b
    dir: broken
    vars: {any: hunter2-f}
`)
	writeIn(t, filepath.Join(dir, "infra", "main.tf"), `variable "zone" {}
variable "hook" { sensitive = true }
variable "open" { sensitive = false }
`)
	writeIn(t, filepath.Join(dir, "infra", "more.tf.json"), `{"variable": {"flag": {"sensitive": "true"}}}`)
	writeIn(t, filepath.Join(dir, "broken", "main.tf"), "variable \"any\" {\n  sensitive = = true\n}\n")
	var stdout, stderr bytes.Buffer
	if code := cli.Main(strings.NewReader(""), &stdout, &stderr, []string{"config", "print", dir}); code != cli.ExitOK {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	const want = `      zone: cn-shanghai-b
      db_password: (sensitive value)
      hook: (sensitive value)
      flag: (sensitive value)
      url: (sensitive value)
      open: plain
      settings: (sensitive value)
`
	if !strings.Contains(stdout.String(), want) {
		t.Errorf("it lacks\n%s\n%s", want, &stdout)
	}
	if strings.Contains(stdout.String()+stderr.String(), "hunter2") {
		t.Errorf("a secret is printed:\n%s%s", &stdout, &stderr)
	}
}
