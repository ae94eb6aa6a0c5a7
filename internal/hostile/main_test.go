package hostile_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/cli"
	"github.com/egresslint/egresslint/parser/guard"
)

const (
	// guardsVariable names, in the environment of a test's process and of its worker, the
	// guards that are switched off there.
	guardsVariable = "EGRESSLINT_TEST_GUARDS_OFF"
	// programVariable makes the test's binary egresslint.
	programVariable = "EGRESSLINT_TEST_PROGRAM"
)

// TestMain lets the test's binary be egresslint and its worker, with some guards switched
// off.
func TestMain(m *testing.M) {
	for name := range strings.SplitSeq(os.Getenv(guardsVariable), ",") {
		guard.Off(guard.Name(name))
	}
	if cli.IsWorker() || os.Getenv(programVariable) != "" {
		os.Exit(cli.Main(os.Stdin, os.Stdout, os.Stderr, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// long skips a test that starts many processes, or needs what is there of memory: under
// the race detector, which needs several times as much of both, it shows nothing more.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() || raced {
		t.Skip("starts many processes")
	}
}

// run is one run of egresslint.
type run struct {
	dir string // the working directory
	off []guard.Name
	env []string // beyond that of the test
	// under are the words of a program that runs it, as strace.
	under []string
}

// outcome is what came of a run.
type outcome struct {
	code           int
	stdout, stderr string
	memory         int64 // the most that one of its processes took, in bytes; 0 if that is not known
}

// all is all that was printed.
func (o outcome) all() string { return o.stdout + o.stderr }

func (r run) egresslint(t *testing.T, args ...string) outcome {
	t.Helper()
	words := append(append(r.under, os.Args[0]), args...)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = r.dir
	names := make([]string, len(r.off))
	for i, name := range r.off {
		names[i] = string(name)
	}
	cmd.Env = append(append(os.Environ(), r.env...), programVariable+"=1", guardsVariable+"="+strings.Join(names, ","))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), memoryOf(cmd.ProcessState)}
}

// put writes files into a folder. A text that begins with "-> " is where a symlink leads.
func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			if err := os.Symlink(target, file); err != nil {
				t.Skip(err)
			}
			continue
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// folder is a new folder without symlinks in its path.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// confinable skips a test where the system cannot confine the worker.
func confinable(t *testing.T) {
	t.Helper()
	dir := folder(t)
	if o := (run{dir: dir}).egresslint(t, "--sandbox=require", "--allow-empty"); o.code != cli.ExitOK {
		t.Skipf("this system cannot confine a process: %s", o.stderr)
	}
}
