package cli_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/cli"
	"github.com/egresslint/egresslint/internal/report"
)

const repositoryRoot = "../.."

// lintTo lints a project with one format on standard output.
func lintTo(t *testing.T, format string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args := []string{"--no-config", "--color=never", "--format", format, filepath.Join(projects, "shop")}
	if code := cli.Main(strings.NewReader(""), &stdout, &stderr, args); code != cli.ExitFindings {
		t.Fatalf("%s: exit code %d: %s", format, code, &stderr)
	}
	return stdout.Bytes()
}

// GitHub refuses a log that names what is not in the repository. The rules of a run
// are those that users have, so that their pages must be there too.
func TestSARIFNamesWhatIsThere(t *testing.T) {
	type physical struct {
		PhysicalLocation struct{ ArtifactLocation struct{ URI string } }
	}
	var log struct {
		Runs []struct {
			Tool struct {
				Driver struct {
					Rules []struct{ ID, HelpURI string }
				}
			}
			Results []struct{ Locations, RelatedLocations []physical }
		}
	}
	if err := json.Unmarshal(lintTo(t, "sarif"), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	places := 0
	for _, result := range run.Results {
		for _, l := range append(result.Locations, result.RelatedLocations...) {
			places++
			name, err := url.PathUnescape(l.PhysicalLocation.ArtifactLocation.URI)
			if err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(filepath.Join(repositoryRoot, filepath.FromSlash(name))); err != nil {
				t.Error(err)
			}
		}
	}
	if places == 0 || len(run.Tool.Driver.Rules) == 0 {
		t.Fatal("found no place or no rule")
	}
	for _, rule := range run.Tool.Driver.Rules {
		name, ok := strings.CutPrefix(rule.HelpURI, "https://github.com/egresslint/egresslint/blob/main/")
		if _, err := os.Stat(filepath.Join(repositoryRoot, filepath.FromSlash(name))); !ok || err != nil {
			t.Errorf("%s: helpUri %s leads nowhere: %v", rule.ID, rule.HelpURI, err)
		}
	}
}

// The same files give the same bytes.
func TestFormatsAreDeterministic(t *testing.T) {
	for _, format := range report.Formats() {
		if first, second := lintTo(t, format), lintTo(t, format); !bytes.Equal(first, second) {
			t.Errorf("%s differs between two runs", format)
		}
	}
}
