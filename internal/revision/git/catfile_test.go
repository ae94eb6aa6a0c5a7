package git_test

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/egresslint/egresslint/internal/revision"
	"github.com/egresslint/egresslint/internal/revision/git"
)

// noise is a text that is not much smaller when it is compressed.
func noise(size int) string {
	b := make([]byte, size/2)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b) // never fails
	return hex.EncodeToString(b)
}

// asked returns a process that was asked for a file, after the object of it was replaced.
func asked(ctx context.Context, t *testing.T, replace func(object string) error) *git.CatFile {
	t.Helper()
	r := newRepository(t)
	r.write("a.tf", noise(100<<10))
	r.commit()
	id := r.git("rev-parse", "HEAD:a.tf")
	repo, err := git.Open(ctx, r.dir)
	if err != nil {
		t.Fatal(err)
	}
	object := filepath.Join(r.dir, ".git", "objects", id[:2], id[2:])
	if err := replace(object); err != nil {
		t.Fatal(err)
	}
	objects, err := repo.CatFile(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(objects.In, id+"\n"); err != nil {
		t.Fatal(err)
	}
	return objects
}

// A process that waits for the other end of a named pipe is ended.
func TestCloseDoesNotWait(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // without Close, this would end it
	defer cancel()
	objects := asked(ctx, t, func(object string) error {
		err := os.Remove(object)
		mkfifo(t, object)
		return err
	})
	if err := objects.Close(); err != nil {
		t.Errorf("got %v", err)
	}
}

// What git said before it gave up is told.
func TestCloseTells(t *testing.T) {
	objects := asked(t.Context(), t, func(object string) error {
		return errors.Join(os.Chmod(object, 0o600), os.Truncate(object, 20<<10))
	})
	if _, err := io.Copy(io.Discard, objects.Out); err != nil {
		t.Error(err)
	}
	err := objects.Close()
	var unavailable *revision.Unavailable
	if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), "run git cat-file: ") {
		t.Errorf("got %v", err)
	}
}
