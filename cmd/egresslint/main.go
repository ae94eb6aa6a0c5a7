// Command egresslint finds, from the files of a repository, the line that stops a pod's packet.
package main

import (
	"os"
	"runtime/debug"

	"github.com/egresslint/egresslint/internal/cli"
)

// gcPercent trades some time for memory, of which a run on a laptop or a shared
// runner should take little: 500 workloads with 250 policies in 100 MiB. GOGC wins.
const gcPercent = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(cli.Main(os.Stdin, os.Stdout, os.Stderr, os.Args[1:]))
}
