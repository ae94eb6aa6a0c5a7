package architecture

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/cli"
)

// tutorialBlock matches the fenced blocks of a tutorial: files, whose names stand
// behind the language, commands, and what the last command prints.
var tutorialBlock = regexp.MustCompile("(?ms)^```(hcl|yaml|rego|sh|text)(?: (\\S+))?\n(.*?)^```$")

// TestTutorials plays the pages that lead a newcomer through a repository: it
// writes their files, runs their commands, and compares what these print.
func TestTutorials(t *testing.T) {
	for _, name := range []string{"docs/getting-started-terway.md", "docs/getting-started-flannel.md", "docs/writing-rules.md"} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			p := readPage(t, name)
			dir := t.TempDir()
			t.Chdir(dir)
			if err := os.Mkdir(".git", 0o755); err != nil {
				t.Fatal(err)
			}
			var printed bytes.Buffer
			var page strings.Builder
			end, commands, outputs := 0, 0, 0
			for _, m := range tutorialBlock.FindAllStringSubmatchIndex(p.text, -1) {
				language, text := p.text[m[2]:m[3]], p.text[m[6]:m[7]]
				switch {
				case m[4] >= 0:
					file := p.text[m[4]:m[5]]
					if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				case language == "sh":
					commands++
					printed.Reset()
					for line := range strings.Lines(text) {
						args := strings.Fields(line)
						if len(args) == 0 || args[0] != "egresslint" {
							t.Fatalf("cannot run %q", line)
						}
						var stderr bytes.Buffer
						cli.Main(strings.NewReader(""), &printed, &stderr, args[1:])
						if stderr.Len() > 0 {
							t.Errorf("%s: %s", strings.TrimSpace(line), stderr.String())
						}
					}
				case language == "text":
					outputs++
					if diff := cmp.Diff(printed.String(), text); diff != "" && !*update {
						t.Errorf("the program prints something else (-program +page):\n%s", diff)
					}
					page.WriteString(p.text[end:m[6]])
					page.WriteString(printed.String())
					end = m[7]
				}
			}
			if commands < 2 || outputs != commands {
				t.Errorf("%d commands and %d outputs", commands, outputs)
			}
			if *update {
				page.WriteString(p.text[end:])
				if err := os.WriteFile(filepath.Join(rootDir, filepath.FromSlash(name)), []byte(page.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
