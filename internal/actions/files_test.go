package actions_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// git runs git in a folder and returns what it prints.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git")
	}
	cmd := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %q: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// output is what a program prints, empty if it cannot be run.
func output(program string) string {
	out, err := exec.Command(program).Output()
	if err != nil {
		return ""
	}
	return string(out)
}
