package git_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/parser/source"
)

// tree lists what a file system has outside of .git: files with their contents,
// symlinks with their targets.
func tree(t testing.TB, fsys fs.FS) string {
	t.Helper()
	var b strings.Builder
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".git":
			return fs.SkipDir
		case d.IsDir():
			return nil // git knows no directories
		case d.Type()&fs.ModeSymlink != 0:
			target, err := fs.ReadLink(fsys, name)
			fmt.Fprintf(&b, "%s -> %s\n", name, target)
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		fmt.Fprintf(&b, "%s: %q\n", name, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Whatever happens in the work tree after a commit, the commit's files are what
// they were.
func TestFilesAreThoseOfTheCommit(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symlinks need a privilege on Windows")
	}
	names := []string{"a", "a/b", "a/c", "d.tf", "d", "d/e.tf", "d/e.tf/f", "ü \"\t.yaml", "-x"}
	rapid.Check(t, func(rt *rapid.T) {
		r := newRepository(t)
		change := func(label string) {
			for range rapid.IntRange(1, 6).Draw(rt, label) {
				name := rapid.SampledFrom(names).Draw(rt, "name")
				// What stands in the way goes.
				for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
					if info, err := os.Lstat(filepath.Join(r.dir, dir)); err == nil && !info.IsDir() {
						r.remove(dir)
					}
				}
				r.remove(name)
				switch rapid.SampledFrom([]string{"write", "write", "link", "remove"}).Draw(rt, "action") {
				case "write":
					r.write(name, rapid.SampledFrom([]string{"", "1\n", "2\r\n", "three"}).Draw(rt, "text"))
				case "link":
					r.link(rapid.SampledFrom([]string{"d", "../d.tf", "a/b"}).Draw(rt, "target"), name)
				}
			}
		}
		change("before")
		r.write("always", "")
		commit := r.commit()
		r.git("clean", "-fdq")
		want := tree(t, os.DirFS(r.dir))
		change("after")
		if rapid.Bool().Draw(rt, "committed") {
			r.commit()
			change("then")
		}
		if got := tree(t, r.at(".", commit)); got != want {
			rt.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestFS(t *testing.T) {
	r := newRepository(t)
	r.write("envs/prod/main.tf", "old")
	r.write("envs/prod/gone.tf", "gone")
	r.write("modules/db/main.tf", "same")
	r.write(".gitignore", "*.tfvars\n.terraform/\n")
	r.link("envs/prod", "live")
	r.link("../../modules/db", "envs/prod/db")
	r.link("../..", "envs/prod/up")
	r.link("../../../etc", "envs/prod/out")
	commit := r.commit()
	r.write("envs/prod/main.tf", "new")
	r.write("envs/prod/added.tf", "added")
	r.write("envs/dev/main.tf", "dev")
	r.write("envs/prod/prod.tfvars", "ignored")
	r.write(".terraform/modules/x/main.tf", "downloaded")
	r.remove("envs/prod/gone.tf")

	files := r.at(".", commit)
	if err := fstest.TestFS(files, "envs/prod/main.tf", "envs/prod/gone.tf", "modules/db/main.tf", ".terraform/modules/x/main.tf"); err != nil {
		// It wants symlinks out of the tree to be none.
		if !strings.Contains(err.Error(), source.ErrOutside.Error()) {
			t.Error(err)
		}
	}
	tests := []struct{ name, want string }{
		{"envs/prod/main.tf", "old"},
		{"envs/prod/gone.tf", "gone"},
		{"modules/db/main.tf", "same"},
		{"live/main.tf", "old"},
		{"live/db/main.tf", "same"},
		{"envs/prod/up/live/gone.tf", "gone"},
		{"envs/prod/prod.tfvars", "ignored"},
		{".terraform/modules/x/main.tf", "downloaded"},
	}
	for _, test := range tests {
		if got, err := files.ReadFile(test.name); string(got) != test.want || err != nil {
			t.Errorf("%s is %q, %v; want %q", test.name, got, err, test.want)
		}
	}
	for _, name := range []string{"envs/prod/added.tf", "envs/dev/main.tf", "envs/dev", "live/added.tf"} {
		if _, err := files.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := source.NewTree(files).Stat("envs/prod/out/passwd"); !errors.Is(err, source.ErrOutside) {
		t.Errorf("a symlink out of the tree: %v", err)
	}
	if !files.snapshot.Changed() {
		t.Error("Changed is false")
	}
}

// A tree walks a revision as it walks the work tree.
func TestWalk(t *testing.T) {
	r := newRepository(t)
	r.write("k8s/a.yaml", "a")
	r.link("a.yaml", "k8s/b.yaml")
	r.link("b", "k8s/loop")
	r.write("k8s/ignored.yaml", "x")
	r.write(".gitignore", "ignored.yaml\n")
	r.write("infra/main.tf", "")
	walk := func(fsys fs.FS) string {
		found, diagnostics := source.NewTree(fsys).Walk([]string{"."}, source.WalkOptions{})
		return fmt.Sprint(found, diagnostics)
	}
	want := walk(openRoot(t, r.dir))
	commit := r.commit()
	for _, name := range []string{"k8s", "infra", ".gitignore"} {
		r.remove(name)
	}
	r.write("k8s/new.yaml", "n")
	r.commit()
	r.write("k8s/untracked.yaml", "u")
	if got := walk(r.at(".", commit)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func openRoot(t testing.TB, dir string) fs.FS {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root.FS()
}

// The folder that is opened need not be the root, and of two repositories one in
// the other each has its own files.
func TestFolder(t *testing.T) {
	r := newRepository(t)
	r.write("a/x.tf", "1")
	r.write("a/sub/y.tf", "1")
	r.write("ab/x.tf", "1")
	commit := r.commit()
	r.write("a/x.tf", "2")
	r.write("a/sub/z.tf", "2")
	r.write("ab/x.tf", "2")
	if got, want := tree(t, r.at("a", commit)), "sub/y.tf: \"1\"\nx.tf: \"1\"\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestUnchanged(t *testing.T) {
	r := newRepository(t)
	r.write("a.tf", "1")
	r.write(".gitignore", "b.tf\n")
	commit := r.commit()
	r.write("b.tf", "ignored")
	if r.at(".", commit).snapshot.Changed() {
		t.Error("an ignored file is a change")
	}
}

func TestSubmoduleIsThatOfTheWorkTree(t *testing.T) {
	inner := newRepository(t)
	inner.write("main.tf", "1")
	inner.commit()
	r := newRepository(t)
	r.write("main.tf", "1")
	empty := r.commit()
	r.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.dir, "sub")
	with := r.commit()
	r.write("sub/main.tf", "2")
	if _, err := r.at(".", empty).Stat("sub/main.tf"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before the submodule: %v", err)
	}
	if data, err := r.at(".", with).ReadFile("sub/main.tf"); string(data) != "2" || err != nil {
		t.Errorf("with the submodule: %q, %v", data, err)
	}
}

func TestLargeFile(t *testing.T) {
	r := newRepository(t)
	r.write("large.yaml", strings.Repeat("#", source.MaxFileSize+1))
	r.write("small.yaml", "small")
	commit := r.commit()
	r.remove("large.yaml")
	r.remove("small.yaml")
	files := source.NewTree(r.at(".", commit))
	if _, err := files.ReadFile("large.yaml"); !errors.Is(err, source.ErrTooLarge) {
		t.Errorf("the large file: %v", err)
	}
	if data, err := files.ReadFile("small.yaml"); string(data) != "small" || err != nil {
		t.Errorf("the file after it: %q, %v", data, err)
	}
}

// A conflict is in the work tree; the commit is not part of it.
func TestConflict(t *testing.T) {
	r := newRepository(t)
	r.write("a.tf", "1")
	base := r.commit()
	r.git("checkout", "-q", "-b", "topic")
	r.write("a.tf", "2")
	r.commit()
	r.git("checkout", "-q", "main")
	r.write("a.tf", "3")
	r.commit()
	cmd := exec.CommandContext(t.Context(), "git", "-c", "user.name=a", "-c", "user.email=a@example.com", "merge", "-q", "topic")
	cmd.Dir = r.dir
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Fatalf("no conflict: %s", out)
	}
	if data, err := r.at(".", base).ReadFile("a.tf"); string(data) != "1" || err != nil {
		t.Errorf("got %q, %v", data, err)
	}
	if names, err := fs.Glob(r.at(".", base), "*"); err != nil || !slices.Equal(names, []string{".git", "a.tf"}) {
		t.Errorf("got %q, %v", names, err)
	}
}

func TestFormerly(t *testing.T) {
	r := newRepository(t)
	for _, name := range []string{"old/a.tf", "old/sub/b.tf", "c.tf", "stays.tf"} {
		r.write(name, name+strings.Repeat("\nline", 20))
	}
	commit := r.commit()
	r.git("mv", "old", "new")
	r.git("mv", "c.tf", "new/d.tf")
	snapshot := r.at(".", commit).snapshot
	tests := []struct {
		name string
		want []string
	}{
		{"new", []string{"c.tf", "old"}},
		{"new/sub", []string{"old/sub"}},
		{"new/a.tf", []string{"old/a.tf"}},
		{"new/d.tf", []string{"c.tf"}},
		{"stays.tf", []string{"stays.tf"}},
		{"ne", []string{"ne"}},
	}
	for _, test := range tests {
		got := snapshot.Formerly(test.name)
		slices.Sort(got)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q; want %q", test.name, got, test.want)
		}
	}
}
