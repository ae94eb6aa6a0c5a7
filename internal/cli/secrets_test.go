package cli_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/cli"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/parser/guard"
)

// secretWord returns the secret of a number. It can stand in a host name.
func secretWord(number string) string { return "Pl4nt3d-Pa55word-" + number }

// spelledSecrets finds secrets in a text by their numbers, as they are, in another case,
// in base64 wherever it begins, and as part of a URL.
type spelledSecrets map[string]string // the number by the spelling, in lower case but for base64

func newSpelledSecrets() spelledSecrets {
	s := make(spelledSecrets)
	for i := 1; i <= secretCount; i++ {
		number := fmt.Sprintf("%02d", i)
		word := secretWord(number)
		s[strings.ToLower(word)] = number
		s[url.QueryEscape(strings.ToLower(word))] = number
		for shift := range 3 {
			// The first and the last characters depend on what stands around.
			code := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + word))
			s[code[4:len(code)-2]] = number
		}
	}
	return s
}

func (s spelledSecrets) in(text string) []string {
	var found []string
	lower := strings.ToLower(text)
	for spelling, number := range s {
		if strings.Contains(text, spelling) || strings.Contains(lower, spelling) {
			found = append(found, number)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

var (
	plantedWord = regexp.MustCompile(`\bM(\d\d)\b`)
	plantedCode = regexp.MustCompile(`\bE(\d\d)\b`)
)

// plant writes secrets into a text.
func plant(text string) string {
	text = plantedWord.ReplaceAllStringFunc(text, func(m string) string { return secretWord(m[1:]) })
	return plantedCode.ReplaceAllStringFunc(text, func(m string) string {
		return base64.StdEncoding.EncodeToString([]byte("postgres://app:" + secretWord(m[1:]) + "@10.9.9.2:5432/x"))
	})
}

// secretTree writes the tree of secrets, as a repository with a change.
func secretTree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range secretFiles {
		writeIn(t, filepath.Join(dir, name), plant(text))
	}
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "all")
	// The policy goes, so that every path differs.
	deploy := filepath.Join(dir, "app", "deploy.yaml")
	text, _, _ := strings.Cut(plant(secretFiles["app/deploy.yaml"]), "---")
	writeIn(t, deploy, text)
	git("add", ".")
	git("commit", "-q", "-m", "no policy")
	writeIn(t, deploy, plant(secretFiles["app/deploy.yaml"]))
	return dir
}

func writeIn(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// secretCommands are the commands that print what they know of a tree, by name.
func secretCommands(dir string) map[string][]string {
	commands := map[string][]string{
		"verbose":    {"--verbose"},
		"model":      {"model"},
		"changed":    {"--changed-since", "HEAD", "--format", "json"},
		"baseline":   {"baseline", "write", "--skip-invalid", "-o", filepath.Join(dir, "baseline.out")},
		"file":       {"--format", "json=" + filepath.Join(dir, "report.out")},
		"own rules":  {"--policy", filepath.Join(dir, "rules"), "--format", "text"},
		"own rules2": {"--policy", filepath.Join(dir, "rules"), "--format", "json"},
	}
	for _, format := range report.Formats() {
		commands["lint "+format] = []string{"--format", format}
	}
	for _, format := range []string{"text", "csv", "json", "dot", "mermaid"} {
		commands["connectivity "+format] = []string{"connectivity", "--format", format}
	}
	for _, format := range []string{"text", "json", "mermaid"} {
		commands["explain "+format] = []string{"explain", "-v", "--from", "*", "--format", format}
	}
	for _, format := range report.PathDiffFormats() {
		commands["diff "+format] = []string{"diff", "--format", format, "HEAD", "--"}
	}
	for name, args := range commands {
		words := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "-") })
		if words < 0 {
			words = len(args)
		}
		commands[name] = append(slices.Insert(args, words, "--var", plant(secretFlag), "--no-config"), dir)
	}
	return commands
}

// Reports are published: whatever they quote, no secret is in it.
func TestSecretsStayInside(t *testing.T) {
	if raced {
		t.Skip("starts many processes")
	}
	dir := secretTree(t)
	commands := secretCommands(dir)
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		t.Run(name, func(t *testing.T) {
			checkSecrets(t, commands[name], filepath.Join(dir, "baseline.out"), filepath.Join(dir, "report.out"))
		})
	}
}

// TestJudgedSecretsStayInside does the same for that part of the tree whose secrets are
// values of what is judged, which more than one guard keeps inside.
func TestJudgedSecretsStayInside(t *testing.T) {
	if raced {
		t.Skip("starts many processes")
	}
	dir := t.TempDir()
	for name, text := range secretFiles {
		switch folder, _, _ := strings.Cut(name, "/"); folder {
		case "app", "infra", "plan", "state":
			writeIn(t, filepath.Join(dir, name), plant(text))
		}
	}
	commands := secretCommands(dir)
	for _, name := range []string{"lint text", "lint json", "model"} {
		t.Run(name, func(t *testing.T) { checkSecrets(t, commands[name]) })
	}
}

// checkSecrets runs a command and looks for secrets in what it prints and in the files
// that it may write.
func checkSecrets(t *testing.T, args []string, files ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := cli.Main(strings.NewReader(""), &stdout, &stderr, args)
	if stdout.Len() == 0 || code == cli.ExitUsage {
		t.Fatalf("exit code %d, printed nothing: %s", code, &stderr)
	}
	all := stdout.String() + "\n" + stderr.String()
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			all += "\n" + string(data)
		}
	}
	secrets := newSpelledSecrets()
	for line := range strings.Lines(all) {
		if found := secrets.in(line); len(found) > 0 {
			t.Errorf("secrets %s are in %.2000s", strings.Join(found, " "), line)
		}
	}
	if args[0] == "--format" && !strings.Contains(all, "orders") {
		t.Errorf("the instance is in no finding:\n%s", all)
	}
}

// Each guard is enough for what comes out of values: to tell what has the mark by where it
// comes from, with the mask over source lines, and the filter of all that is printed.
// Without them, or without the mark, the test above fails.
func TestSecretsGuards(t *testing.T) {
	if raced {
		t.Skip("starts many processes")
	}
	tests := []struct {
		name string
		off  []guard.Name
		leak bool
	}{
		{"marks and masks alone", []guard.Name{guard.OutputFilter}, false},
		{"filter alone", []guard.Name{guard.Conceal, guard.SnippetMask}, false},
		{"none", []guard.Name{guard.Conceal, guard.SnippetMask, guard.OutputFilter}, true},
		{"without marks nothing knows a secret", []guard.Name{guard.Taint}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			names := make([]string, len(tt.off))
			for i, n := range tt.off {
				names[i] = string(n)
			}
			cmd := exec.Command(os.Args[0], "-test.run=^TestJudgedSecretsStayInside$")
			cmd.Env = append(os.Environ(), cli.GuardsVariable+"="+strings.Join(names, ","))
			out, err := cmd.CombinedOutput()
			if leak := err != nil; leak != tt.leak {
				t.Errorf("leaks: %v, want %v:\n%s", leak, tt.leak, out)
			}
		})
	}
}
