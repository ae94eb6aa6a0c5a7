package hostile_test

import (
	"os"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/cli"
	"github.com/egresslint/egresslint/parser/guard"
)

// guardsVariable names, in the environment of a test's process and of its worker, the
// guards that are switched off there.
const guardsVariable = "EGRESSLINT_TEST_GUARDS_OFF"

// TestMain lets the test's binary be egresslint's worker, with some guards switched off.
func TestMain(m *testing.M) {
	if !cli.IsWorker() {
		os.Exit(m.Run())
	}
	for name := range strings.SplitSeq(os.Getenv(guardsVariable), ",") {
		guard.Off(guard.Name(name))
	}
	os.Exit(cli.Main(os.Stdin, os.Stdout, os.Stderr, nil))
}
