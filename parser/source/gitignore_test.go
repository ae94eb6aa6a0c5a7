package source_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/parser/source"
)

// gitIgnores asks git which of names it ignores in root.
func gitIgnores(t interface{ Fatalf(string, ...any) }, root string, names []string) map[string]bool {
	cmd := exec.Command("git", "-c", "core.excludesFile=", "check-ignore", "--stdin", "-z", "--no-index")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	cmd.Stdin = strings.NewReader(strings.Join(names, "\x00") + "\x00")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("git check-ignore: %v: %s", err, stderr.Bytes())
	}
	ignored := make(map[string]bool)
	for name := range strings.SplitSeq(string(out), "\x00") {
		ignored[name] = true
	}
	return ignored
}

// repository makes an empty git repository with some files in it.
func repository(t *testing.T, names []string) (string, *source.Tree) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	root := t.TempDir()
	if out, err := exec.Command("git", "init", "-q", root).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v: %s", err, out)
	}
	for _, name := range names {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := source.OpenTree(root)
	if err != nil {
		t.Fatal(err)
	}
	return root, tr
}

var ignoreNames = []string{
	"a.tf", "b.tf", "foo.yaml", "foo/a.tf", "foo/b.yaml", "foo/bar/a.tf", "foo/bar/c.yaml", "foo/bar/baz/d.yaml",
	"bar/a.tf", "bar/foo/a.tf", "bar/foo/foo.yaml", "baz.yaml", "a b.yaml", "x{y}.yaml", "#c.yaml", "!d.yaml", "[e].yaml",
	"é.yaml", ".hidden.yaml", ".dir/a.tf", "deep/foo/bar/foo/a.tf", "trail .yaml", `back\slash.yaml`, "A.tf", "a*.yaml", "-.yaml",
}

// compareWithGit checks that a walk leaves out just what git ignores.
func compareWithGit(t interface {
	Fatalf(string, ...any)
	Errorf(string, ...any)
}, root string, tr *source.Tree, ignoreFiles string,
) {
	ignored := gitIgnores(t, root, ignoreNames)
	files, _ := tr.Walk([]string{"."}, source.WalkOptions{})
	walked := make(map[string]bool)
	for _, f := range files {
		walked[f.Name] = true
	}
	for _, name := range ignoreNames {
		if walked[name] == ignored[name] {
			t.Errorf("%s\n%s: git ignores it: %v, the walk finds it: %v", ignoreFiles, name, ignored[name], walked[name])
		}
	}
}

func TestIgnoreFilesAsInGit(t *testing.T) {
	root, tr := repository(t, ignoreNames)
	for _, patterns := range []string{
		"foo", "foo/", "/foo", "/foo/", "foo/*", "foo/**", "**/foo", "**/foo/**", "foo/**/a.tf", "foo/bar", "bar/foo/",
		"*.tf", "*.tf\n!a.tf", "/*.tf", "*\n!*/\n!*.tf", "/*\n!/foo", "foo/*\n!foo/bar", "foo/**\n!foo/b.yaml", "foo\n!foo/b.yaml",
		"[ab].tf", "[!b].tf", "[^b].tf", "[a-c]*", "?.tf", "f??", "*o*", "b**r", "**", "**/", "*", "/", "!", "\\!d.yaml", "\\#c.yaml", "#c.yaml",
		"a b.yaml", "trail .yaml ", "x{y}.yaml", "{a,b}.tf", "\\[e\\].yaml", "[e].yaml", "[[]e].yaml", "é*", ".*", "./a.tf", "foo//a.tf",
		"a.tf  ", "a.tf\r\nb.tf", "\ta.tf", "back\\\\slash.yaml", "back\\slash.yaml", "*.yaml\n!foo/\n", "*.yaml\n!foo\n", "!a.tf\n*.tf",
		"a\\*.yaml", "a*.yaml", "deep/**/foo", "deep/**/a.tf", "**/bar/**/a.tf", "[a", "a.tf\\", "[]e]*", "[]-]*", "\ufefffoo", "bar/**/foo.yaml",
		"[[:alpha:]].tf", "[[:upper:]]*", "[![:alpha:]]*",
	} {
		if err := os.WriteFile(filepath.Join(root, ".gitignore"), []byte(patterns+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		compareWithGit(t, root, tr, patterns)
	}
}

func TestIgnoreFilesAsInGitProperty(t *testing.T) {
	root, tr := repository(t, ignoreNames)
	segment := rapid.SampledFrom([]string{"foo", "bar", "a.tf", "*", "**", "*.tf", "*.yaml", "f*", "?", "[ab]*", "baz", "deep", "*o"})
	pattern := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"", "", "!"}).Draw(t, "negation") +
			rapid.SampledFrom([]string{"", "/"}).Draw(t, "anchor") +
			strings.Join(rapid.SliceOfN(segment, 1, 3).Draw(t, "segments"), "/") +
			rapid.SampledFrom([]string{"", "", "/"}).Draw(t, "slash")
	})
	rapid.Check(t, func(t *rapid.T) {
		var all strings.Builder
		for _, dir := range []string{"", "foo", "bar"} {
			text := strings.Join(rapid.SliceOfN(pattern, 0, 4).Draw(t, "patterns of /"+dir), "\n") + "\n"
			if err := os.WriteFile(filepath.Join(root, dir, ".gitignore"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			all.WriteString(dir + "/.gitignore:\n" + text)
		}
		compareWithGit(t, root, tr, all.String())
	})
}
