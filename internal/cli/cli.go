// Package cli is the command line of egresslint, one file per command.
package cli

import "io"

// Main runs the command line args and returns the exit code.
func Main(stdin io.Reader, stdout, stderr io.Writer, args []string) int {
	return 0
}
