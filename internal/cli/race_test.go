//go:build race

package cli_test

// raced says that the race detector is on.
const raced = true
