// Command egresslint finds, from the files of a repository, the line that stops a pod's packet.
package main

import (
	"os"

	"github.com/egresslint/egresslint/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Stdin, os.Stdout, os.Stderr, os.Args[1:]))
}
