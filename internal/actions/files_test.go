package actions_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// write writes a file and the folders above it.
func write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// linkTool makes a program of the machine one of the folder, if there is one of
// the name.
func linkTool(t *testing.T, dir, name string) {
	t.Helper()
	found, err := exec.LookPath(name)
	if err != nil {
		return
	}
	if err := os.Symlink(found, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

// output is what a program prints, empty if it cannot be run.
func output(program string) string {
	out, err := exec.Command(program).Output()
	if err != nil {
		return ""
	}
	return string(out)
}
