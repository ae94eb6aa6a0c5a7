package sandbox_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/egresslint/egresslint/internal/sandbox"
)

// inside is set in the process that confines itself: nothing leads out of it again.
const inside = "EGRESSLINT_TEST_SANDBOX"

// TestEnter tries in a process of its own what a confined one must not be able to do.
func TestEnter(t *testing.T) {
	if dir := os.Getenv(inside); dir != "" {
		confined(t, dir)
		return
	}
	dir := t.TempDir()
	for _, sub := range []string{"tree", "beside"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, sub, "file"), []byte(sub), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../beside/file", filepath.Join(dir, "tree", "link")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestEnter$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), inside+"="+dir)
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "--- SKIP") {
		t.Skipf("this system cannot confine a process:\n%s", out)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func confined(t *testing.T, dir string) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	status, err := sandbox.Enter(sandbox.Require, []string{filepath.Join(dir, "tree")})
	if err != nil {
		t.Skip(err)
	}
	if status != "confined by Landlock and seccomp" {
		t.Errorf("it says %q", status)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "tree", "file")); err != nil || string(data) != "tree" {
		t.Errorf("the tree cannot be read: %v", err)
	}
	for what, try := range map[string]func() error{
		"read a file beside the tree": func() error { _, err := os.ReadFile(filepath.Join(dir, "beside", "file")); return err },
		"read through a symlink":      func() error { _, err := os.ReadFile(filepath.Join(dir, "tree", "link")); return err },
		"read a file of the system":   func() error { _, err := os.ReadFile("/etc/passwd"); return err },
		"list a folder":               func() error { _, err := os.ReadDir(dir); return err },
		"write in the tree":           func() error { return os.WriteFile(filepath.Join(dir, "tree", "new"), nil, 0o644) },
		"write elsewhere":             func() error { return os.WriteFile(filepath.Join(dir, "new"), nil, 0o644) },
		"change a file":               func() error { return os.Truncate(filepath.Join(dir, "tree", "file"), 0) },
		"remove a file":               func() error { return os.Remove(filepath.Join(dir, "tree", "file")) },
		"make a folder":               func() error { return os.Mkdir(filepath.Join(dir, "tree", "folder"), 0o755) },
		"change a mode":               func() error { return os.Chmod(filepath.Join(dir, "tree", "file"), 0o777) },
		"change a time":               func() error { return os.Chtimes(filepath.Join(dir, "tree", "file"), time.Now(), time.Now()) },
		"execute a program":           func() error { return exec.Command(self, "-test.run=^$").Run() },
		"listen":                      func() error { _, err := net.Listen("tcp", "127.0.0.1:0"); return err },
		"connect":                     func() error { _, err := net.Dial("udp", "127.0.0.1:9"); return err },
		"use a socket of the system":  func() error { _, err := net.Dial("unix", "/run/x"); return err },
	} {
		if err := try(); err == nil {
			t.Errorf("a confined process can %s", what)
		}
	}
	// Threads that begin later are confined too.
	failed := make(chan error)
	for range 16 {
		go func() { _, err := os.ReadFile("/etc/passwd"); failed <- err }()
	}
	for range 16 {
		if <-failed == nil {
			t.Error("another thread can read a file of the system")
		}
	}
}

func TestModes(t *testing.T) {
	if status, err := sandbox.Enter(sandbox.Off, nil); status != "not confined: --sandbox=off" || err != nil {
		t.Errorf("off gives %q, %v", status, err)
	}
}
