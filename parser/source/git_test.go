package source_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/parser/source"
)

// gitRun runs git in a directory, without the configuration of whoever tests.
func gitRun(t testing.TB, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}

// tracked makes a repository of an archive in which git tracks all of it but the files
// named untracked*.
func tracked(t *testing.T, archive string, config ...string) (string, *source.Tree) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	root, _ := tree(t, archive)
	gitRun(t, root, "init", "-q")
	for _, c := range config {
		key, value, _ := strings.Cut(c, "=")
		gitRun(t, root, "config", key, value)
	}
	gitRun(t, root, "add", "-f", "--", ".", ":(exclude,glob)**/untracked*")
	return root, reopen(t, root)
}

func reopen(t *testing.T, root string) *source.Tree {
	t.Helper()
	tr, err := source.OpenTree(root)
	if err != nil {
		t.Fatal(err)
	}
	tr.SetGit(".", source.ReadGit(root))
	return tr
}

const ignoringMuch = `
-- .gitignore --
*.gen.yaml
/build/
/quiet
-- a.yaml --
-- a.gen.yaml --
-- b.gen.yaml --
-- untracked.gen.yaml --
-- build/c.yaml --
-- build/deep/d.yaml --
-- build/deep/untracked.yaml --
-- build/none/untracked.yaml --
-- quiet/README.md --
-- quiet/untracked.yaml --
-- untracked.yaml --
-- vendor/v.yaml --
-- vendor/README.md --
-- vendor/untracked.yaml --
-- web/node_modules/m/p.json --
-- untracked/vendor/untracked.yaml --
`

const muchIsIgnored = `a.gen.yaml
a.yaml
b.gen.yaml
build/c.yaml
build/deep/d.yaml
untracked.yaml
a.gen.yaml: tracked-ignored: read file: git tracks it although .gitignore matches it, and so it does 3 more files
vendor: tracked-skipped: leave out directory: git tracks 2 files there and in 1 more such directory
`

func walk(tr *source.Tree, paths ...string) string {
	files, diagnostics := tr.Walk(paths, source.WalkOptions{})
	return names(files) + messages(diagnostics)
}

// What git tracks is linted whatever ignore files say, in all forms of the index.
func TestTrackedFilesAreNotIgnored(t *testing.T) {
	for _, config := range [][]string{nil, {"index.version=2"}, {"index.version=4"}, {"index.skipHash=true"}, {"core.untrackedCache=true"}} {
		root, tr := tracked(t, ignoringMuch, config...)
		if got := walk(tr, "."); got != muchIsIgnored {
			t.Errorf("%v: got\n%s", config, got)
		}
		// Intent to add makes it the third version.
		gitRun(t, root, "add", "-f", "-N", "untracked.gen.yaml")
		want := strings.Replace(muchIsIgnored, "untracked.yaml", "untracked.gen.yaml\nuntracked.yaml", 1)
		if got := walk(reopen(t, root), "."); got != strings.Replace(want, "does 3 more", "does 4 more", 1) {
			t.Errorf("%v, with intent to add: got\n%s", config, got)
		}
	}
}

func TestTrackedFilesOfLinkedWorkTrees(t *testing.T) {
	root, _ := tracked(t, "-- .gitignore --\n*.gen.yaml\n-- a.gen.yaml --\n-- b.yaml --\n")
	gitRun(t, root, "commit", "-q", "-m", "x")
	linked := filepath.Join(t.TempDir(), "linked")
	gitRun(t, root, "worktree", "add", "-q", linked)
	if err := os.WriteFile(filepath.Join(root, ".git", "info", "exclude"), []byte("c.yaml\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"c.yaml", "d.gen.yaml"} {
		if err := os.WriteFile(filepath.Join(linked, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const want = "a.gen.yaml\nb.yaml\na.gen.yaml: tracked-ignored: read file: git tracks it although .gitignore matches it\n"
	if got := walk(reopen(t, linked), "."); got != want {
		t.Errorf("got\n%s", got)
	}
}

// An index that is not understood leaves it at the ignore files, and is told of.
func TestTrackedFilesAreNotKnown(t *testing.T) {
	const archive = "-- .gitignore --\n*.gen.yaml\n-- a.gen.yaml --\n-- b.yaml --\n"
	const left = "b.yaml\n.: tracked-ignored: read what git tracks: "
	root, _ := tracked(t, archive)
	gitRun(t, root, "update-index", "--split-index")
	if got := walk(reopen(t, root), "."); got != left+"its index is of a form that egresslint does not know; what .gitignore matches is left out, tracked or not\n" {
		t.Errorf("a split index: got\n%s", got)
	}
	index := filepath.Join(root, ".git", "index")
	changes := []struct {
		name   string
		change func() error
	}{
		{"another file", func() error { return os.WriteFile(index, []byte("something else"), 0o600) }},
		{"a part", func() error { return os.WriteFile(index, []byte("DIRC\x00\x00\x00\x02\x00\x00\x00\x05"), 0o600) }},
		{"a large one", func() error { return os.Truncate(index, 17<<20) }},
		{"a symlink", func() error { _ = os.Remove(index); return os.Symlink("HEAD", index) }},
		{"a .git that is a file of nothing", func() error {
			_ = os.RemoveAll(filepath.Join(root, ".git"))
			return os.WriteFile(filepath.Join(root, ".git"), []byte("something else"), 0o600)
		}},
		{"a .git that is a symlink", func() error {
			_ = os.Remove(filepath.Join(root, ".git"))
			return os.Symlink(t.TempDir(), filepath.Join(root, ".git"))
		}},
	}
	for _, c := range changes {
		if err := c.change(); err != nil {
			t.Fatal(err)
		}
		if got := walk(reopen(t, root), "."); !strings.HasPrefix(got, left) {
			t.Errorf("%s: got\n%s", c.name, got)
		}
	}
	if err := os.Remove(filepath.Join(root, ".git")); err != nil {
		t.Fatal(err)
	}
	if got := walk(reopen(t, root), "."); got != "b.yaml\n" {
		t.Errorf("without git: got\n%s", got)
	}
}

// Few bytes of an index can stand for names without end.
func TestIndexOfLongNames(t *testing.T) {
	const entries = 200_000
	data := binary.BigEndian.AppendUint32([]byte("DIRC\x00\x00\x00\x04"), entries)
	for range entries {
		data = append(data, make([]byte, 62)...) // all of an entry but its name
		data = append(data, "\x00a/\x00"...)     // drops nothing of the name before
	}
	data = append(data, make([]byte, 20)...)
	tr := source.NewTree(fstest.MapFS{".gitignore": {Data: []byte("*.yaml")}, "a.yaml": {}})
	tr.SetGit(".", source.GitData{Index: data})
	if got := walk(tr, "."); !strings.Contains(got, "its index is of a form") {
		t.Errorf("got\n%s", got)
	}
}

// The files of a revision are tracked that were so then.
func TestTrackedFilesOfARevision(t *testing.T) {
	_, tr := tracked(t, "-- .gitignore --\n*.gen.yaml\n-- a.gen.yaml --\n")
	then := tr.At(fstest.MapFS{
		".gitignore": {Data: []byte("*.gen.yaml")}, "a.gen.yaml": {}, "gone.gen.yaml": {}, "untracked.gen.yaml": {},
	}, []string{"gone.gen.yaml"})
	const want = "a.gen.yaml\ngone.gen.yaml\na.gen.yaml: tracked-ignored: read file: git tracks it although .gitignore matches it, and so it does 1 more file\n"
	if got := walk(then, "."); got != want {
		t.Errorf("got\n%s", got)
	}
}

// Each of several work trees has its own tracked files and excludes.
func TestTrackedFilesOfSeveralTrees(t *testing.T) {
	a, _ := tracked(t, "-- x.yaml --\n")
	root := filepath.Dir(a)
	b, _ := tracked(t, "-- x.yaml --\n-- untracked.yaml --\n")
	if filepath.Dir(b) != root {
		t.Fatalf("%s does not lie in %s", b, root)
	}
	for _, dir := range []string{a, b} {
		if err := os.WriteFile(filepath.Join(dir, ".git", "info", "exclude"), []byte("/*.yaml\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := source.OpenTrees(root, []string{a, b})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{a, b} {
		tr.SetGit(filepath.Base(dir), source.ReadGit(dir))
	}
	files, _ := tr.Walk([]string{filepath.Base(a), filepath.Base(b)}, source.WalkOptions{})
	if want := []string{filepath.Base(a) + "/x.yaml", filepath.Base(b) + "/x.yaml"}; !slices.Equal(strings.Fields(names(files)), want) {
		t.Errorf("got %s, want %q", names(files), want)
	}
}

// Whatever lies in the git directory, a walk ends and finds what it finds.
func FuzzGitData(f *testing.F) {
	if _, err := exec.LookPath("git"); err == nil {
		for _, version := range []string{"2", "4"} {
			root := f.TempDir()
			gitRun(f, root, "init", "-q")
			for _, name := range []string{"a.yaml", "b/c.yaml", "b/c.yaml.tf"} {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
					f.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(root, name), nil, 0o600); err != nil {
					f.Fatal(err)
				}
			}
			gitRun(f, root, "config", "index.version", version)
			gitRun(f, root, "add", ".")
			g := source.ReadGit(root)
			f.Add(g.Index, g.Exclude)
			f.Add(bytes.Repeat(g.Index, 2), []byte("!*\n[a-"))
		}
	}
	f.Fuzz(func(t *testing.T, index, exclude []byte) {
		tr := source.NewTree(fstest.MapFS{
			".gitignore": {Data: exclude}, "a.yaml": {}, "b/c.yaml": {}, "vendor/x.yaml": {}, "b/.gitignore": {Data: []byte("*")},
		})
		tr.SetGit(".", source.GitData{Index: index, Exclude: exclude})
		files, diagnostics := tr.Walk([]string{"."}, source.WalkOptions{})
		for _, file := range files {
			if file.Name != "a.yaml" && file.Name != "b/c.yaml" {
				t.Errorf("found %s", file.Name)
			}
		}
		for _, d := range diagnostics {
			if d.Fatal() {
				t.Errorf("%v", d)
			}
		}
		if again, _ := tr.Walk([]string{"."}, source.WalkOptions{}); fmt.Sprint(again) != fmt.Sprint(files) {
			t.Errorf("found %v, then %v", files, again)
		}
	})
}
