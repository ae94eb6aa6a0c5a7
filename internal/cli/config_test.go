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
