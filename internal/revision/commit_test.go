package revision_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/internal/revision"
)

// The files of a commit are those that git keeps, whatever lies in the work tree.
func TestCommit(t *testing.T) {
	r := newRepository(t)
	r.write("a.yaml", "1")
	r.write("rules/b.rego", "1")
	r.write("ops/c.yaml", "1")
	r.link("../a.yaml", "ops/link.yaml")
	r.write(".gitignore", "ignored.yaml\n")
	commit := r.commit()
	r.write("a.yaml", "2")
	r.write("ignored.yaml", "2")
	r.write("new.yaml", "2")
	r.remove("rules")

	repo, err := revision.Open(t.Context(), r.dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := repo.Commit(t.Context(), commit)
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(files, "a.yaml", "rules/b.rego", "ops/c.yaml", ".gitignore"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"a.yaml": "1", "rules/b.rego": "1", "ops/link.yaml": "1"} {
		if got, err := files.ReadFile(name); string(got) != want || err != nil {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"ignored.yaml", "new.yaml", ".git", ".git/config"} {
		if _, err := files.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := files.Close(); err != nil {
		t.Error(err)
	}
}

// Of a folder in the repository, the files below it count.
func TestCommitOfFolder(t *testing.T) {
	r := newRepository(t)
	r.write("a.yaml", "1")
	r.write("ops/c.yaml", "1")
	commit := r.commit()
	repo, err := revision.Open(t.Context(), r.dir+"/ops")
	if err != nil {
		t.Fatal(err)
	}
	files, err := repo.Commit(t.Context(), commit)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tree(t, files), "c.yaml: \"1\"\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRenames(t *testing.T) {
	r := newRepository(t)
	r.write("old/a.yaml", strings.Repeat("line\n", 20))
	commit := r.commit()
	r.write("vendor/x", "")
	r.git("mv", "old/a.yaml", "vendor/a.yaml")
	repo, err := revision.Open(t.Context(), r.dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := repo.Renames(t.Context(), commit)
	if err != nil || len(got) != 1 || got[0] != (revision.Rename{From: "old/a.yaml", To: "vendor/a.yaml"}) {
		t.Errorf("got %v, %v", got, err)
	}
}
