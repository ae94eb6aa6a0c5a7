package git_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/egresslint/egresslint/internal/revision"
	"github.com/egresslint/egresslint/internal/revision/git"
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

// state is the files of a commit, and how they came about.
type state struct {
	*revision.FS
	snapshot *revision.Snapshot
	objects  *git.CatFile
}

// at opens the files of a commit as seen from a folder of the repository. The snapshot
// is encoded and decoded, as between two processes.
func (r *repository) at(folder, commit string) *state {
	r.t.Helper()
	dir := filepath.Join(r.dir, folder)
	repo, err := git.Open(r.t.Context(), dir)
	if err != nil {
		r.t.Fatal(err)
	}
	snapshot, err := repo.Snapshot(r.t.Context(), commit)
	if err != nil {
		r.t.Fatal(err)
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(snapshot); err != nil {
		r.t.Fatal(err)
	}
	s := &state{snapshot: new(revision.Snapshot)}
	if err := gob.NewDecoder(&b).Decode(s.snapshot); err != nil {
		r.t.Fatal(err)
	}
	if s.objects, err = repo.CatFile(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	work, err := os.OpenRoot(dir)
	if err != nil {
		r.t.Fatal(err)
	}
	s.FS = revision.NewFS(work.FS(), s.snapshot, revision.NewObjects(r.t.Context(), s.objects.In, s.objects.Out))
	r.t.Cleanup(func() { _, _, _ = s.FS.Close(), s.objects.Close(), work.Close() })
	return s
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
	const noRef = "not a name of a revision"

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
		{"a flag", origin, "--all", "", noRef},
		{"a short flag", origin, "-h", "", noRef},
		{"nothing", origin, "", "", noRef},
		{"a line break", origin, "main\nmain", "", noRef},
		{"a command", origin, "$(touch pwned)`touch pwned`;touch pwned", "", "there is no such revision"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			repo, err := git.Open(t.Context(), test.repo.dir)
			if err != nil {
				t.Fatal(err)
			}
			id, err := repo.Resolve(t.Context(), test.ref)
			if id != test.id || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %q, %v; want %q, %q", id, err, test.id, test.err)
			}
			var unavailable *revision.Unavailable
			if err != nil && test.err != noRef && !errors.As(err, &unavailable) {
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
			repo, err := git.Open(t.Context(), test.repo.dir)
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
	_, err = git.Open(t.Context(), dir)
	var unavailable *revision.Unavailable
	if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), "is not in a git work tree") {
		t.Errorf("got %v", err)
	}
}

func TestCancelled(t *testing.T) {
	r := newRepository(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := git.Open(ctx, r.dir); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Reading a revision writes nothing, not even the index of files whose times changed.
func TestNothingIsWritten(t *testing.T) {
	r := newRepository(t)
	r.write("a.tf", "1")
	r.write("b.tf", "1")
	commit := r.commit()
	r.write("b.tf", "2")
	r.write("c.tf", "1")
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(r.dir, "a.tf"), long, long); err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(r.dir, ".git", "index")
	want, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tree(t, r.at(".", commit)), "a.tf: \"1\"\nb.tf: \"1\"\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
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
	repo, err := git.Open(t.Context(), r.dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := repo.Resolve(t.Context(), "HEAD"); got != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}
