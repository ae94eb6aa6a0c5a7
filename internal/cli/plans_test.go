package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/cli"
)

const plans = "../../testdata/plans"

// TestPlanAndConfigurationAgree lints configurations alone and with the plan that
// Terraform made of them. The findings must be the same, at the same lines: none
// of them rests on a value that only the plan or only the configuration knows.
func TestPlanAndConfigurationAgree(t *testing.T) {
	dirs, err := filepath.Glob(plans + "/*/config")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("list plans: %v, found %d", err, len(dirs))
	}
	total := 0
	for _, config := range dirs {
		name := filepath.Base(filepath.Dir(config))
		t.Run(name, func(t *testing.T) {
			plan, err := os.ReadFile(filepath.Join(filepath.Dir(config), "plan.json"))
			if err != nil {
				t.Fatal(err)
			}
			alone := copyDir(t, config)
			planned := copyDir(t, config)
			if err := os.WriteFile(filepath.Join(planned, "plan.json"), plan, 0o600); err != nil {
				t.Fatal(err)
			}
			want, got := findingsOf(t, alone), findingsOf(t, planned)
			total += len(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings differ (-configuration +plan):\n%s", diff)
			}
		})
	}
	if total == 0 {
		t.Error("no configuration gives a finding: the comparison shows nothing")
	}
}

// findingsOf lints a directory and returns each finding with its place and words.
func findingsOf(t *testing.T, dir string) []string {
	t.Helper()
	r, code := lint(t, dir)
	if code > cli.ExitFindings {
		t.Errorf("exit code %d: %v", code, r.Diagnostics)
	}
	var list []string
	for _, f := range r.Findings {
		list = append(list, fmt.Sprintf("%s:%d %s: %s", f.Location.File, f.Location.StartLine, f.Rule, f.Message))
	}
	return list
}

func copyDir(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}
