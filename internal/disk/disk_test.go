package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/disk"
)

// folders makes a folder with a tree, which somebody else wrote, and one beside it.
func folders(t *testing.T) (tree, beside string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tree, beside = filepath.Join(dir, "tree"), filepath.Join(dir, "beside")
	for _, d := range []string{filepath.Join(tree, "reports"), beside} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return tree, beside
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Skip(err)
	}
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestWrite(t *testing.T) {
	tree, beside := folders(t)
	trees := disk.Trees{tree}
	for _, name := range []string{filepath.Join(tree, "reports", "x.json"), filepath.Join(beside, "x.json")} {
		for _, text := range []string{"first", "second, and longer", ""} {
			if err := disk.Write(name, []byte(text), trees, disk.Options{}); err != nil {
				t.Fatal(err)
			}
			if got := get(t, name); got != text {
				t.Errorf("%s holds %q, want %q", name, got, text)
			}
		}
	}
	entries, err := os.ReadDir(filepath.Join(tree, "reports"))
	if err != nil || len(entries) != 1 {
		t.Errorf("something is left beside the file: %v, %v", entries, err)
	}

	if err := disk.Write(filepath.Join(tree, "missing", "x"), nil, trees, disk.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file in a folder that is not there: %v", err)
	}
	nested := filepath.Join(tree, "a", "b", "c")
	if err := disk.Write(nested, []byte("new"), trees, disk.Options{New: true, Folders: true}); err != nil || get(t, nested) != "new" {
		t.Errorf("a file in new folders: %v", err)
	}
	if err := disk.Write(nested, nil, trees, disk.Options{New: true}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file that must be new: %v", err)
	}
	if err := disk.Write(tree, nil, trees, disk.Options{}); err == nil {
		t.Error("a folder can be written")
	}
}

func TestWriteKeepsTheMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are those of Unix")
	}
	tree, _ := folders(t)
	name := filepath.Join(tree, "x")
	put(t, name, "old")
	if err := disk.Write(name, []byte("new"), disk.Trees{tree}, disk.Options{}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("it has the mode %v, %v", info.Mode(), err)
	}
}

// What a tree has in the place of a file or of a folder leads nowhere.
func TestWriteFollowsNoLinkOfATree(t *testing.T) {
	tree, beside := folders(t)
	victim := filepath.Join(beside, "victim")
	put(t, victim, "precious")
	link(t, "../beside/victim", filepath.Join(tree, "file"))
	link(t, "../beside", filepath.Join(tree, "folder"))
	link(t, "reports", filepath.Join(tree, "inside"))
	link(t, "../beside/new", filepath.Join(tree, "dangling"))
	for _, name := range []string{"file", "folder/victim", "folder/new", "inside/x", "dangling", "reports/../folder/victim"} {
		err := disk.Write(filepath.Join(tree, name), []byte("replaced"), disk.Trees{tree}, disk.Options{Folders: true})
		if !errors.Is(err, disk.ErrLink) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := get(t, victim); got != "precious" {
		t.Errorf("the file outside holds %q", got)
	}
	entries, err := os.ReadDir(beside)
	if err != nil || len(entries) != 1 {
		t.Errorf("outside are %v, %v", entries, err)
	}
}

// Links that a person made outside of the tree are followed.
func TestWriteFollowsLinksOfAPerson(t *testing.T) {
	tree, beside := folders(t)
	latest := filepath.Join(beside, "latest")
	put(t, filepath.Join(beside, "report"), "old")
	link(t, "report", latest)
	if err := disk.Write(latest, []byte("new"), disk.Trees{tree}, disk.Options{}); err != nil {
		t.Fatal(err)
	}
	if got := get(t, filepath.Join(beside, "report")); got != "new" {
		t.Errorf("the file holds %q", got)
	}
	// ... also into the tree, but not through a link there.
	link(t, tree, filepath.Join(beside, "tree"))
	if err := disk.Write(filepath.Join(beside, "tree", "reports", "x"), []byte("x"), disk.Trees{tree}, disk.Options{}); err != nil {
		t.Error(err)
	}
	link(t, "../../beside/report", filepath.Join(tree, "reports", "y"))
	if err := disk.Write(filepath.Join(beside, "tree", "reports", "y"), []byte("y"), disk.Trees{tree}, disk.Options{}); !errors.Is(err, disk.ErrLink) {
		t.Errorf("a link of the tree, reached through one outside: %v", err)
	}
	link(t, "circle", filepath.Join(beside, "circle"))
	if err := disk.Write(filepath.Join(beside, "circle"), nil, nil, disk.Options{}); err == nil {
		t.Error("a link to itself can be written")
	}
}

func TestWriteToADevice(t *testing.T) {
	if _, err := os.Stat("/dev/null"); err != nil {
		t.Skip(err)
	}
	tree, _ := folders(t)
	if err := disk.Write("/dev/null", []byte("x"), disk.Trees{tree}, disk.Options{}); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode()&fs.ModeDevice == 0 {
		t.Fatalf("/dev/null was replaced: %v, %v", info, err)
	}
}

func TestRead(t *testing.T) {
	tree, beside := folders(t)
	trees := disk.Trees{tree}
	file := filepath.Join(beside, "file")
	put(t, file, "12345")
	if data, err := disk.Read(file, trees, 5); err != nil || string(data) != "12345" {
		t.Errorf("it reads %q, %v", data, err)
	}
	if _, err := disk.Read(file, trees, 4); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("a file that is too large: %v", err)
	}
	if _, err := disk.Read(filepath.Join(beside, "missing"), trees, 5); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := disk.Read(beside, trees, 5); !errors.Is(err, disk.ErrIrregular) {
		t.Errorf("a folder: %v", err)
	}
	link(t, "file", filepath.Join(beside, "own"))
	if data, err := disk.Read(filepath.Join(beside, "own"), trees, 5); err != nil || string(data) != "12345" {
		t.Errorf("a link of the person reads %q, %v", data, err)
	}
	link(t, "../beside", filepath.Join(tree, "link"))
	if _, err := disk.Read(filepath.Join(tree, "link", "file"), trees, 5); !errors.Is(err, disk.ErrLink) {
		t.Errorf("a link of the tree: %v", err)
	}
}
