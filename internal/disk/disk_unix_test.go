//go:build unix

package disk_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/egresslint/egresslint/internal/disk"
)

// A named pipe at whose other end nobody is would be waited for without end, and a
// device never ends.
func TestReadWaitsForNothing(t *testing.T) {
	tree, beside := folders(t)
	pipe := filepath.Join(beside, "pipe")
	if err := unix.Mkfifo(pipe, 0o644); err != nil {
		t.Skip(err)
	}
	for _, name := range []string{pipe, "/dev/zero"} {
		if _, err := disk.Read(name, disk.Trees{tree}, 1<<20); !errors.Is(err, disk.ErrIrregular) {
			t.Errorf("%s: %v", name, err)
		}
		if head := disk.Head(name, 4); head != nil {
			t.Errorf("%s begins with %q", name, head)
		}
	}
	inTree := filepath.Join(tree, "pipe")
	if err := unix.Mkfifo(inTree, 0o644); err != nil {
		t.Skip(err)
	}
	if err := disk.Write(inTree, []byte("x"), disk.Trees{tree}, disk.Options{}); !errors.Is(err, disk.ErrIrregular) {
		t.Errorf("a pipe of the tree can be written to: %v", err)
	}
}

// A file that cannot be written whole stays as it was.
func TestWriteWholeOrNot(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "report")
	put(t, name, "old")
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	small := limit
	small.Cur = 1000
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &small); err != nil {
		t.Skip(err)
	}
	err = disk.Write(name, make([]byte, 2000), nil, disk.Options{})
	if restored := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); restored != nil {
		t.Fatal(restored)
	}
	if err == nil {
		t.Error("there is no error")
	}
	if got := get(t, name); got != "old" {
		t.Errorf("it holds %d bytes", len(got))
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("something is left: %v, %v", entries, err)
	}
}
