package source_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/parser/source"
)

// What git keeps for itself is not there, whatever it is called and whatever leads to
// it.
func TestGitDirectoryIsNoData(t *testing.T) {
	_, tr := tree(t, `
-- .git/config --
secret
-- sub/.git --
gitdir: ../.git/modules/sub
-- a/.GIT/config --
secret
-- b/GIT~1/config --
secret
-- c/.git . --
secret
-- d/.gitignore --
-- d/git/config --
-- d/.github/x.yaml --
-- to-file --
->.git/config
-- to-dir --
->.git
-- deep/to-dir --
->../sub/../.git
-- through --
->to-dir/config
`)
	for _, name := range []string{
		".git", ".git/config", "sub/.git", "a/.GIT/config", "b/GIT~1/config", "c/.git . ", "to-file", "to-dir", "to-dir/config",
		"deep/to-dir/config", "through", ".g\u200cit/config", ".git::$INDEX_ALLOCATION/config",
	} {
		if data, err := tr.ReadFile(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("read %q: %q, %v", name, data, err)
		}
		if _, err := tr.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("stat %q: %v", name, err)
		}
		if entries, err := tr.ReadDir(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("list %q: %v, %v", name, entries, err)
		}
	}
	for dir, want := range map[string]string{".": "a b c d deep sub through to-dir to-file", "sub": "", "a": "", "b": "", "c": "", "d": ".github .gitignore git"} {
		if got := list(t, tr, dir); got != want {
			t.Errorf("%s holds %q, want %q", dir, got, want)
		}
	}
	for _, name := range []string{"d/git/config", "d/.github/x.yaml"} {
		if _, err := tr.ReadFile(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOfGit(t *testing.T) {
	for element, want := range map[string]bool{
		".git": true, ".GIT": true, "git~1": true, "GIT~1": true, ".git. .": true, ".g\u200cit": true, ".git::$DATA": true,
		"": false, ".": false, "git": false, ".github": false, ".gitignore": false, ".gitmodules": false, "a.git": false, "git~2": false,
	} {
		if got := source.OfGit(element); got != want {
			t.Errorf("%q: %v", element, got)
		}
	}
}

// It is so in any file system.
func TestGitDirectoryWithoutSymlinks(t *testing.T) {
	plain := struct{ fs.FS }{fstest.MapFS{".git/config": {Data: []byte("secret")}, "a": {Data: []byte("a")}}}
	tr := source.NewTree(plain)
	if data, err := tr.ReadFile(".git/config"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %q, %v", data, err)
	}
	if data, err := tr.ReadFile("a"); string(data) != "a" || err != nil {
		t.Errorf("got %q, %v", data, err)
	}
}

func list(t *testing.T, tr *source.Tree, dir string) string {
	t.Helper()
	entries, err := tr.ReadDir(dir)
	if err != nil {
		t.Errorf("list %s: %v", dir, err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

// Of several folders nothing else is seen, and no symlink leads elsewhere.
func TestTreesShowTheirFoldersOnly(t *testing.T) {
	root, _ := tree(t, `
-- a/x.yaml --
x
-- a/to-b --
->../deep/b/y.yaml
-- a/to-c --
->../c/z.yaml
-- a/to-root --
->../..
-- a/to-between --
->../deep/other.yaml
-- deep/b/y.yaml --
y
-- deep/b/inner/i.yaml --
-- deep/other.yaml --
-- c/z.yaml --
z
-- z.yaml --
`)
	tr, err := source.OpenTrees(root, []string{filepath.Join(root, "deep", "b", "inner"), filepath.Join(root, "deep", "b"), filepath.Join(root, "a")})
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{".": "a deep", "deep": "b", "deep/b": "inner y.yaml", "a": "to-b to-between to-c to-root x.yaml"} {
		if got := list(t, tr, dir); got != want {
			t.Errorf("%s holds %q, want %q", dir, got, want)
		}
	}
	for name, want := range map[string]string{"a/x.yaml": "x\n", "deep/b/y.yaml": "y\n", "a/to-b": "y\n"} {
		if data, err := tr.ReadFile(name); string(data) != want || err != nil {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	for _, name := range []string{"a/to-c", "a/to-root", "a/to-between", "c/z.yaml", "c", "z.yaml", "deep/other.yaml"} {
		if data, err := tr.ReadFile(name); !errors.Is(err, source.ErrOutside) {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if _, err := tr.ReadFile("deep"); err == nil {
		t.Error("a directory on the way is a file")
	}
	files, diagnostics := tr.Walk([]string{"."}, source.WalkOptions{})
	if got := names(files) + messages(diagnostics); got != "a/x.yaml\ndeep/b/inner/i.yaml\ndeep/b/y.yaml\n" {
		t.Errorf("the walk finds %s", got)
	}
	files, diagnostics = tr.Walk([]string{"deep/b/inner"}, source.WalkOptions{})
	if got := names(files) + messages(diagnostics); got != "deep/b/inner/i.yaml\n" {
		t.Errorf("the walk finds %s", got)
	}
	if _, err := source.OpenTrees(filepath.Join(root, "a"), []string{filepath.Join(root, "c")}); err == nil {
		t.Error("a folder outside of the root is opened")
	}
	whole, err := source.OpenTrees(root, []string{root, filepath.Join(root, "a")})
	if err != nil {
		t.Fatal(err)
	}
	if data, err := whole.ReadFile("c/z.yaml"); string(data) != "z\n" || err != nil {
		t.Errorf("the whole tree: %q, %v", data, err)
	}
}

// A file that has no end, or is longer than it says.
func TestReadFileThatLies(t *testing.T) {
	tr := source.NewTree(endless{})
	if _, err := tr.ReadFile("a"); !errors.Is(err, source.ErrTooLarge) {
		t.Errorf("a file that grows: %v", err)
	}
	if _, err := tr.ReadFile("device"); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a file that is another one when it is opened: %v", err)
	}
}

// endless has files that say they are empty and have no end; device is none any more
// when it is opened.
type endless struct{}

func (endless) Open(name string) (fs.File, error)     { return endlessFile{name}, nil }
func (endless) Stat(name string) (fs.FileInfo, error) { return describe(name, 0) }

type endlessFile struct{ name string }

func (f endlessFile) Close() error               { return nil }
func (f endlessFile) Read(p []byte) (int, error) { return len(p), nil }

func (f endlessFile) Stat() (fs.FileInfo, error) {
	if f.name == "device" {
		return describe(f.name, fs.ModeDevice)
	}
	return describe(f.name, 0)
}

func describe(name string, mode fs.FileMode) (fs.FileInfo, error) {
	return fs.Stat(fstest.MapFS{name: {Mode: mode}}, name)
}

func TestReadFileWithoutEnd(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the files are those of Linux")
	}
	tr, err := source.OpenTree("/dev")
	if err != nil {
		t.Skip(err)
	}
	if _, err := tr.ReadFile("zero"); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("/dev/zero: %v", err)
	}
	if tr, err = source.OpenTree("/proc/self"); err != nil {
		t.Skip(err)
	}
	if data, err := tr.ReadFile("status"); err != nil || len(data) == 0 {
		t.Errorf("a file without a size: %d bytes, %v", len(data), err)
	}
}

func TestBoundary(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symlinks need a privilege on Windows")
	}
	root, _ := tree(t, `
-- repo/.git/HEAD --
-- repo/infra/main.tf --
-- repo/link --
->infra
-- repo/out --
->../outside
-- repo/out-file.yaml --
->../outside/x.yaml
-- repo/abroad --
->/
-- repo/to-repo2 --
->../repo2/k8s
-- repo/around --
->../repo/infra
-- repo/sub/.git --
gitdir: x
-- repo/sub/a.yaml --
-- repo/sub/up --
->../infra
-- repo2/.git/HEAD --
-- repo2/k8s/a.yaml --
-- outside/x.yaml --
-- outside/to-repo --
->../repo
-- plain/a/x.yaml --
-- plain/out --
->../outside
-- plain/in --
->a
-- system --
->repo
`)
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		t.Fatal(err)
	}
	const outside = "through a symlink"
	tests := []struct{ target, cwd, want string }{
		{".", "repo", "repo"},
		{"infra", "repo", "repo"},
		{"infra/main.tf", "repo", "repo"},
		{"link", "repo", "repo"},
		{"link/main.tf", "repo", "repo"},
		{"around", "repo", "repo"},
		{"out", "repo", outside},
		{"out/x.yaml", "repo", outside},
		{"out/../infra", "repo", "repo"},
		{"out-file.yaml", "repo", outside},
		{"abroad", "repo", outside},
		{"abroad/etc", "repo", outside},
		{"to-repo2", "repo", outside},
		{"$/repo/out", "plain", outside},
		{"../repo/out", "plain", outside},
		{"../repo/infra", "plain", "repo"},
		{"sub/a.yaml", "repo", "repo/sub"},
		{"sub/up", "repo", outside},
		{"$/system/infra", "plain", "repo"},
		{"$/system/out", "plain", outside},
		{"out", "system", outside},
		{"a/x.yaml", "plain", "plain"},
		{"in", "plain", "plain"},
		{"out", "plain", outside},
		{"../outside", "plain", "outside"},
		{"../outside/x.yaml", "plain", "outside"},
		{"../plain/out", "repo", "outside"}, // nobody's tree
		{"to-repo", "outside", outside},
		{"$/outside/to-repo/infra", "plain", "repo"},
		{"missing", "repo", "no such file"},
		{"infra/main.tf/x", "repo", "not a directory"},
	}
	for _, test := range tests {
		got, err := source.Boundary(strings.Replace(test.target, "$", root, 1), filepath.Join(root, test.cwd))
		if err != nil {
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s in %s: %v, want %s", test.target, test.cwd, err, test.want)
			}
			continue
		}
		if rel, _ := filepath.Rel(root, got); rel != test.want {
			t.Errorf("%s in %s: %s, want %s", test.target, test.cwd, rel, test.want)
		}
	}
}

func TestNamedPipeIsRefused(t *testing.T) {
	root, tr := tree(t, "-- a.yaml --\n")
	mkfifo(t, filepath.Join(root, "pipe.yaml"))
	if err := os.Symlink("pipe.yaml", filepath.Join(root, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pipe.yaml", "link.yaml"} {
		if _, err := tr.ReadFile(name); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
