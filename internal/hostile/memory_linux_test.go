package hostile_test

import (
	"os"
	"syscall"
)

// memoryOf is the most that a process, or one that it waited for, took of memory.
func memoryOf(s *os.ProcessState) int64 {
	usage, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return usage.Maxrss << 10
}
