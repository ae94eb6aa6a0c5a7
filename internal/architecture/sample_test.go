package architecture

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/cli"
)

// readmeFinding matches the finding that the README shows.
var readmeFinding = regexp.MustCompile("(?s)```text\n(.+?\n)```")

// TestReadmeShowsTheSample runs the README's first command. It must end as the
// README says, and the finding that the README shows must be in its output.
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
	if !strings.Contains(stdout.String(), string(shown[1])) {
		t.Errorf("README.md shows a finding that is not in the output of its first command:\n%s\nThe output:\n%s", shown[1], stdout.String())
	}
}
