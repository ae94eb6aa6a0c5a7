package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/cli"
)

const projects = "../../testdata/projects"

// wantComment is a comment "# want rule-id ..." on the line that findings of
// these rules must be anchored at.
var wantComment = regexp.MustCompile(`# want ([a-z0-9 -]+)$`)

// wanted returns the findings that the comments in the files of dir ask for, as
// file:line rule.
func wanted(t *testing.T, dir string) []string {
	t.Helper()
	var want []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) == ".md" {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(data), "\n") {
			if m := wantComment.FindStringSubmatch(strings.TrimRight(line, " \r")); m != nil {
				for _, rule := range strings.Fields(m[1]) {
					want = append(want, fmt.Sprintf("%s:%d %s", filepath.ToSlash(rel), i+1, rule))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	return want
}

// result is what the tests read of a json report.
type result struct {
	Findings []struct {
		Rule     string
		Message  string
		Location struct {
			File      string
			StartLine int
		}
	}
	Diagnostics []diagnostic
	Summary     struct{ Unknowns int }
}

type diagnostic struct {
	Kind, Severity, Message string
	Location                struct {
		File      string
		StartLine int
	}
}

// lint runs the command line over dir and reads its json report.
func lint(t *testing.T, dir string, flags ...string) (r result, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = cli.Main(strings.NewReader(""), &stdout, &stderr, append([]string{"--format", "json", dir}, flags...))
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	return r, code
}

// TestProjects lints the sample repositories: every finding stands at a line that
// asks for it, and every line that asks for one has it.
func TestProjects(t *testing.T) {
	dirs, err := filepath.Glob(projects + "/rules/*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range analysis.BuiltInIDs() {
		for _, kind := range []string{"fires", "fixed", "unknown"} {
			if dir := filepath.Join(projects, "rules", id, kind); !slices.Contains(dirs, dir) {
				t.Errorf("rule %s has no %s", id, dir)
			}
		}
	}
	dirs = append(dirs, projects+"/shop", projects+"/shop-flannel")
	for _, dir := range dirs {
		t.Run(strings.TrimPrefix(filepath.ToSlash(dir), projects+"/"), func(t *testing.T) {
			want := wanted(t, dir)
			// A rule's folders say with their names what is in them.
			if kind := filepath.Base(dir); strings.HasPrefix(kind, "fires") != (len(want) > 0) && !strings.HasPrefix(kind, "shop") {
				t.Fatalf("%d findings are asked for", len(want))
			}
			r, code := lint(t, dir)
			for _, d := range r.Diagnostics {
				if d.Severity == "error" {
					t.Errorf("%s: %s", d.Kind, d.Message)
				}
			}
			if code > cli.ExitFindings {
				t.Errorf("exit code %d", code)
			}
			// What is not decided is told, instead of passing for right.
			if filepath.Base(dir) == "unknown" && r.Summary.Unknowns == 0 {
				t.Error("nothing is unknown")
			}
			prefix := strings.TrimPrefix(filepath.ToSlash(dir), "../../") + "/"
			var got []string
			for _, f := range r.Findings {
				// Outside of a git work tree paths are relative to the folder itself.
				file := strings.TrimPrefix(f.Location.File, prefix)
				got = append(got, fmt.Sprintf("%s:%d %s", file, f.Location.StartLine, f.Rule))
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings differ from the comments (-want +got):\n%s", diff)
			}
		})
	}
}
