//go:build !linux

package supervise

import "os"

// resident is not known here: the worker looks at its memory itself.
func resident(int) uint64 { return 0 }

func installed() uint64 { return 0 }

func killed(*os.ProcessState) bool { return false }

func noCore() {}
