package architecture

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/cli"
)

var update = flag.Bool("update", false, "rewrite the finding that the README shows")

// readmeFinding matches the finding that the README shows, and in it the rule.
var readmeFinding = regexp.MustCompile("(?s)```text\n([^\n]+\\[([a-z0-9-]+)\\]\n.+?\n)```")

// TestReadmeShowsTheSample runs the README's first command. It must end as the
// README says, and print the finding that the README shows.
func TestReadmeShowsTheSample(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := readmeFinding.FindSubmatch(readme)
	if shown == nil {
		t.Fatal("README.md shows no finding")
	}
	var stdout, stderr strings.Builder
	code := cli.Main(strings.NewReader(""), &stdout, &stderr, []string{"--color=never", "testdata/projects/shop"})
	if code != 1 {
		t.Errorf("exit code %d, want 1\n%s", code, stderr.String())
	}
	var found []string
	for finding := range strings.SplitSeq(stdout.String(), "\n\n") {
		if header, _, _ := strings.Cut(finding, "\n"); strings.HasSuffix(header, "["+string(shown[2])+"]") {
			found = append(found, finding+"\n")
		}
	}
	if len(found) != 1 {
		t.Fatalf("the sample has %d findings of %s, want the one that README.md shows", len(found), shown[2])
	}
	if got := found[0]; got != string(shown[1]) {
		if *update {
			readme = bytes.Replace(readme, shown[1], []byte(got), 1)
			if err := os.WriteFile("README.md", readme, 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Errorf("README.md shows\n%s\nbut its first command prints\n%s\n(go test ./internal/architecture -update rewrites it)", shown[1], got)
	}
}
