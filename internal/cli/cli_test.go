package cli_test

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/egresslint/egresslint/internal/cli"
	"github.com/egresslint/egresslint/parser/guard"
)

var update = flag.Bool("update", false, "rewrite the expected output in the scripts, and the printed models in testdata/golden/model")

func TestMain(m *testing.M) {
	guard.Off(cli.GuardsOff()...)
	if cli.IsWorker() {
		os.Exit(cli.Main(os.Stdin, os.Stdout, os.Stderr, nil))
	}
	testscript.Main(m, map[string]func(){
		"egresslint": func() { os.Exit(cli.Main(os.Stdin, os.Stdout, os.Stderr, os.Args[1:])) },
	})
}

// TestScripts runs testdata/script. Their command "exits CODE program [args]"
// runs a program that must end with exactly that code.
func TestScripts(t *testing.T) {
	if raced {
		t.Skip("starts hundreds of processes; the tests of projects run the same code under the race detector")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program [args]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s ends with exit code %d, want %d", args[1], got, want)
	}
}
