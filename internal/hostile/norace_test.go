//go:build !race

package hostile_test

// raced says that the race detector is on.
const raced = false
