package architecture

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/cli"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/policies"
)

var update = flag.Bool("update", false, "rewrite the parts of README.md that come from the program")

var (
	// readmeTable matches the rule table of the README.
	readmeTable = regexp.MustCompile(`(?m)^\| Rule \| Severity \| .*\n(?:\|.*\n)+`)
	// readmeFinding matches the finding that the README shows, and in it the rule.
	readmeFinding = regexp.MustCompile("(?s)```text\n([^\n]+\\[([a-z0-9-]+)\\]\n.+?\n)```")
)

// categories are the groups of the rule table, in the order in which a packet
// meets them.
var categories = []struct{ name, title string }{
	{"source", "Leaving the pod"},
	{"internet", "Reaching the Internet"},
	{"target", "Being let in"},
	{"loadbalancer", "Coming back into the cluster"},
}

// TestReadmeListsTheRules keeps the README's table, which people choose the tool
// by, equal to the rules' METADATA.
func TestReadmeListsTheRules(t *testing.T) {
	rules, err := engine.Rules(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| Rule | Severity | What it finds |\n|---|---|---|\n")
	listed := 0
	for _, category := range categories {
		fmt.Fprintf(&table, "| **%s** | | |\n", category.title)
		for _, rule := range rules { // sorted by id
			if rule.Category == category.name {
				fmt.Fprintf(&table, "| [`%[1]s`](docs/rules/%[1]s.md) | %s | %s |\n", rule.ID, rule.Severity, rule.Title)
				listed++
			}
		}
	}
	if listed == 0 || listed != len(rules) {
		t.Fatalf("%d of %d rules are in a category of the table", listed, len(rules))
	}

	t.Chdir(filepath.Join("..", ".."))
	for _, rule := range rules {
		if _, err := os.Stat(filepath.Join("docs", "rules", rule.ID+".md")); err != nil {
			t.Errorf("README.md: a link of its table leads nowhere: %v", err)
		}
	}
	checkReadme(t, readmeTable, table.String())
}

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
	suffix := fmt.Sprintf("[%s]", shown[2])

	var stdout, stderr strings.Builder
	code := cli.Main(strings.NewReader(""), &stdout, &stderr, []string{"--color=never", "testdata/projects/shop"})
	if code != 1 {
		t.Errorf("exit code %d, want 1\n%s", code, stderr.String())
	}
	var found []string
	for finding := range strings.SplitSeq(stdout.String(), "\n\n") {
		if header, _, _ := strings.Cut(finding, "\n"); strings.HasSuffix(header, suffix) {
			found = append(found, finding)
		}
	}
	if len(found) != 1 {
		t.Fatalf("the sample has %d findings of %s, want the one that README.md shows", len(found), suffix)
	}
	checkReadme(t, readmeFinding, "```text\n"+found[0]+"\n```")
}

// checkReadme compares the part of README.md that pattern matches with want, or
// with -update makes it want. The working directory is the repository's root.
func checkReadme(t *testing.T, pattern *regexp.Regexp, want string) {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	got := pattern.Find(readme)
	if got == nil {
		t.Fatalf("README.md has nothing that matches %s", pattern)
	}
	if string(got) == want {
		return
	}
	if !*update {
		t.Errorf("README.md has\n%s\nwant\n%s\n(go test ./internal/architecture -update rewrites it)", got, want)
		return
	}
	if err := os.WriteFile("README.md", bytes.Replace(readme, got, []byte(want), 1), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestMain lets the test's binary be the worker of the egresslint that tests run.
func TestMain(m *testing.M) {
	if cli.IsWorker() {
		os.Exit(cli.Main(os.Stdin, os.Stdout, os.Stderr, nil))
	}
	os.Exit(m.Run())
}
