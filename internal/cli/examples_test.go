package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/policies"
)

const examples = "../../testdata/examples"

// TestExamples lints the examples on the rules' pages: on the files that fail, the
// rule of the page speaks, at the line that is marked, and no other; on the files
// that are put right, none does.
func TestExamples(t *testing.T) {
	rules, err := engine.Rules(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range rules {
		t.Run(rule.ID, func(t *testing.T) {
			archive, err := txtar.ParseFile(filepath.Join(examples, rule.ID+".txtar"))
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range []string{"fails", "fixed"} {
				dir := t.TempDir()
				write := func(name string, data []byte) {
					if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				for _, word := range strings.Fields(strings.TrimPrefix(string(archive.Comment), "uses ")) {
					data, err := os.ReadFile(filepath.Join(examples, word+".tf"))
					if err != nil {
						t.Fatal(err)
					}
					write("shared-"+word+".tf", data)
				}
				for _, f := range archive.Files {
					if name, ok := strings.CutPrefix(f.Name, kind+"/"); ok {
						write(name, f.Data)
					}
				}
				want := wanted(t, dir)
				if n := len(want); (kind == "fails") != (n == 1) || n == 1 && !strings.HasSuffix(want[0], " "+rule.ID) {
					t.Errorf("%s: asks for %q", kind, want)
				}
				r, _ := lint(t, dir)
				for _, d := range r.Diagnostics {
					t.Errorf("%s: %s: %s", kind, d.Kind, d.Message)
				}
				var got []string
				for _, f := range r.Findings {
					got = append(got, fmt.Sprintf("%s:%d %s", f.Location.File, f.Location.StartLine, f.Rule))
				}
				slices.Sort(got)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: findings differ from the comments (-want +got):\n%s", kind, diff)
				}
			}
		})
	}
}
