package revision_test

import (
	"bytes"
	"context"
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
	"time"

	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/revision"
	"github.com/egresslint/egresslint/parser/source"
)

// repository is a git repository of a test.
type repository struct {
	t   testing.TB
	dir string
}

func newRepository(t testing.TB) *repository {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &repository{t, dir}
	r.git("init", "-q", "-b", "main")
	return r
}

func (r *repository) git(args ...string) string {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "git", args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r *repository) write(name, text string) {
	r.t.Helper()
	name = filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repository) link(target, name string) {
	r.t.Helper()
	if runtime.GOOS == "windows" {
		r.t.Skip("symlinks need a privilege on Windows")
	}
	name = filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repository) remove(name string) {
	r.t.Helper()
	if err := os.RemoveAll(filepath.Join(r.dir, filepath.FromSlash(name))); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repository) commit() string {
	r.t.Helper()
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", "change")
	return r.git("rev-parse", "HEAD")
}

// at opens the files of a commit as seen from a folder of the repository.
func (r *repository) at(folder, commit string) *revision.FS {
	r.t.Helper()
	dir := filepath.Join(r.dir, folder)
	repo, err := revision.Open(r.t.Context(), dir)
	if err != nil {
		r.t.Fatal(err)
	}
	work, err := os.OpenRoot(dir)
	if err != nil {
		r.t.Fatal(err)
	}
	files, err := repo.At(r.t.Context(), commit, work.FS())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _, _ = files.Close(), work.Close() })
	return files
}

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
	if !files.Changed() {
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
	if r.at(".", commit).Changed() {
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

func TestResolve(t *testing.T) {
	origin := newRepository(t)
	origin.write("a", "1")
	first := origin.commit()
	origin.git("tag", "v1")
	second := origin.commit()
	clone := newRepository(t)
	clone.git("fetch", "-q", "--depth=1", "file://"+origin.dir, "+main:refs/remotes/origin/main")
	clone.git("checkout", "-q", "--detach", "origin/main")
	whole := newRepository(t)
	whole.git("fetch", "-q", origin.dir, "+main:refs/remotes/origin/main")
	whole.git("checkout", "-q", "--detach", "origin/main")
	unborn := newRepository(t)

	tests := []struct {
		name string
		repo *repository
		ref  string
		id   string
		err  string // part of it
	}{
		{"branch", origin, "main", second, ""},
		{"tag", origin, "v1", first, ""},
		{"commit", origin, first, first, ""},
		{"parent", origin, "HEAD^1", first, ""},
		{"detached", whole, "HEAD", second, ""},
		{"not fetched", whole, "main", "", "did you mean origin/main?"},
		{"unknown", origin, "nope", "", "there is no such revision in this clone: fetch it first"},
		{"shallow", clone, first, "", "its history is cut off: fetch all of it with 'git fetch --unshallow', or in a workflow give actions/checkout fetch-depth: 0"},
		{"no commit", unborn, "HEAD", "", "there is no commit yet"},
		{"a tree", origin, "main:a", "", "there is no such revision"},
		{"a range", origin, "v1..main", "", "there is no such revision"},
		{"a flag", origin, "--all", "", revision.ErrRef.Error()},
		{"a short flag", origin, "-h", "", revision.ErrRef.Error()},
		{"nothing", origin, "", "", revision.ErrRef.Error()},
		{"a line break", origin, "main\nmain", "", revision.ErrRef.Error()},
		{"a command", origin, "$(touch pwned)`touch pwned`;touch pwned", "", "there is no such revision"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			repo, err := revision.Open(t.Context(), test.repo.dir)
			if err != nil {
				t.Fatal(err)
			}
			id, err := repo.Resolve(t.Context(), test.ref)
			if id != test.id || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %q, %v; want %q, %q", id, err, test.id, test.err)
			}
			var unavailable *revision.Unavailable
			if err != nil && !errors.Is(err, revision.ErrRef) && !errors.As(err, &unavailable) {
				t.Errorf("the error is a %T", err)
			}
		})
	}
	if found, _ := filepath.Glob(filepath.Join(origin.dir, "pwned*")); len(found) > 0 {
		t.Errorf("a ref made %q", found)
	}
}

func TestMergeBase(t *testing.T) {
	r := newRepository(t)
	r.write("a", "1")
	base := r.commit()
	r.git("checkout", "-q", "-b", "topic")
	topic := r.commit()
	r.git("checkout", "-q", "main")
	r.write("b", "1")
	main := r.commit()
	r.git("checkout", "-q", "--orphan", "other")
	other := r.commit()
	shallow := newRepository(t)
	shallow.git("fetch", "-q", "--depth=1", "file://"+r.dir, "main:refs/remotes/origin/main", "topic:refs/remotes/origin/topic")

	tests := []struct {
		name      string
		repo      *repository
		a, b      string
		want, err string
	}{
		{"two branches", r, main, topic, base, ""},
		{"unrelated", r, main, other, "", "they have no commit in common"},
		{"shallow", shallow, main, topic, "", "fetch-depth: 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			repo, err := revision.Open(t.Context(), test.repo.dir)
			if err != nil {
				t.Fatal(err)
			}
			got, err := repo.MergeBase(t.Context(), test.a, test.b)
			if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %q, %v; want %q, %q", got, err, test.want, test.err)
			}
		})
	}
}

func TestOpenWithoutRepository(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	_, err = revision.Open(t.Context(), dir)
	var unavailable *revision.Unavailable
	if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), "is not in a git work tree") {
		t.Errorf("got %v", err)
	}
}

func TestCancelled(t *testing.T) {
	r := newRepository(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := revision.Open(ctx, r.dir); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A partial clone does not have all files, and nothing fetches them.
func TestPartialClone(t *testing.T) {
	origin := newRepository(t)
	origin.git("config", "uploadpack.allowFilter", "true")
	origin.write("a.tf", "1")
	commit := origin.commit()
	origin.write("a.tf", "2")
	origin.commit()
	clone := &repository{t, filepath.Join(newRepository(t).dir, "clone")}
	if err := os.Mkdir(clone.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	clone.git("clone", "-q", "--filter=blob:none", "file://"+origin.dir, ".")
	files := clone.at(".", commit)
	if data, err := files.ReadFile("a.tf"); err == nil {
		t.Errorf("a.tf was fetched: %q", data)
	}
	if err := files.Close(); err == nil || !strings.Contains(err.Error(), "clone without --filter") {
		t.Errorf("Close: %v", err)
	}
}

// Nothing that the repository or its configuration names is executed.
func TestNothingIsExecuted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the test's programs are shell scripts")
	}
	inner := newRepository(t)
	inner.write("c.tf", "1\n")
	inner.commit()
	r := newRepository(t)
	r.write("a.tf", "1\n")
	r.write("b.tf", "1\n")
	r.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.dir, "sub")
	commit := r.commit()
	sub := &repository{t, filepath.Join(r.dir, "sub")}
	marks := t.TempDir()
	for _, key := range []string{
		"core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "diff.external", "diff.evil.textconv", "diff.evil.command",
		"filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "filter.a=b.clean", "core.gitProxy",
	} {
		script := filepath.Join(marks, key+".sh")
		text := "#!/bin/sh\n: >'" + filepath.Join(marks, key+".ran") + "'\ncat\n"
		if err := os.WriteFile(script, []byte(text), 0o700); err != nil { //nolint:gosec // it is to be executable
			t.Fatal(err)
		}
		r.git("config", key, "'"+script+"'")
		// A filter that the outer repository does not have.
		sub.git("config", strings.Replace(key, ".evil.", ".inner.", 1), "'"+script+"'")
	}
	r.git("config", "filter.evil.required", "true")
	r.git("config", "core.hooksPath", marks)
	r.git("config", "pager.diff", "true")
	r.write(".git/info/attributes", "a.tf filter=evil diff=evil\nb.tf filter=a=b\n")
	t.Setenv("GIT_EXTERNAL_DIFF", filepath.Join(marks, "core.pager.sh"))
	t.Setenv("GIT_PAGER", filepath.Join(marks, "core.pager.sh"))
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
	t.Setenv("GIT_CONFIG_VALUE_0", filepath.Join(marks, "core.pager.sh"))
	r.write("a.tf", "2\n")
	r.write("b.tf", "2\n")
	r.write(".git/modules/sub/info/attributes", "c.tf filter=inner diff=inner\n")
	sub.write("c.tf", "2\n")

	files := r.at(".", commit)
	for name, want := range map[string]string{"a.tf": "1\n", "b.tf": "1\n", "sub/c.tf": "2\n"} {
		if got, err := files.ReadFile(name); string(got) != want || err != nil {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
	repo, err := revision.Open(t.Context(), r.dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := repo.Formerly(t.Context(), commit, "a.tf"); err != nil {
		t.Error(err)
	}
	if err := files.Close(); err != nil {
		t.Error(err)
	}
	ran, err := filepath.Glob(filepath.Join(marks, "*.ran"))
	if err != nil || len(ran) > 0 {
		t.Errorf("executed: %q, %v", ran, err)
	}
}

// Reading a revision writes nothing, not even the index of files whose times changed.
func TestNothingIsWritten(t *testing.T) {
	r := newRepository(t)
	r.write("a.tf", "1")
	r.write("b.tf", "1")
	commit := r.commit()
	r.write("b.tf", "2")
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(r.dir, "a.tf"), long, long); err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(r.dir, ".git", "index")
	want, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	repo, err := revision.Open(t.Context(), r.dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tree(t, r.at(".", commit)), "a.tf: \"1\"\nb.tf: \"1\"\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := repo.Formerly(t.Context(), commit, "a.tf"); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(index); !bytes.Equal(got, want) || err != nil {
		t.Errorf("the index was written: %v", err)
	}
}

// Variables that redirect git, as hooks set them, do not redirect a run.
func TestEnvironment(t *testing.T) {
	r, other := newRepository(t), newRepository(t)
	r.write("a.tf", "1")
	want := r.commit()
	t.Setenv("GIT_DIR", filepath.Join(other.dir, ".git"))
	t.Setenv("GIT_WORK_TREE", other.dir)
	t.Setenv("GIT_INDEX_FILE", filepath.Join(other.dir, "index"))
	repo, err := revision.Open(t.Context(), r.dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := repo.Resolve(t.Context(), "HEAD"); got != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
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
	repo, err := revision.Open(t.Context(), r.dir)
	if err != nil {
		t.Fatal(err)
	}
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
		got, err := repo.Formerly(t.Context(), commit, test.name)
		slices.Sort(got)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, %v; want %q", test.name, got, err, test.want)
		}
	}
}
