package sandbox

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/landlock-lsm/go-landlock/landlock"
	llsyscall "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

func enter(dirs []string) (string, error) {
	held, failed := []string{}, []error{}
	if err := confineFiles(dirs); err != nil {
		failed = append(failed, fmt.Errorf("files are not confined: %w", err))
	} else {
		held = append(held, "Landlock")
	}
	if err := forbidCalls(); err != nil {
		failed = append(failed, fmt.Errorf("connections and programs are not forbidden: %w", err))
	} else {
		held = append(held, "seccomp")
	}
	return strings.Join(held, " and "), errors.Join(failed...)
}

// confineFiles leaves reading below dirs. See
// https://docs.kernel.org/userspace-api/landlock.html.
func confineFiles(dirs []string) error {
	readable := landlock.PathAccess(llsyscall.AccessFSReadFile|llsyscall.AccessFSReadDir, dirs...).IgnoreIfMissing()
	// The oldest version says whether there is Landlock at all; what newer ones can
	// confine too is taken where the kernel has it.
	if err := landlock.V1.RestrictPaths(readable); err != nil {
		return err
	}
	return landlock.V8.BestEffort().Restrict(readable)
}

// forbidden are the system calls of connections, of other programs, of what Landlock
// leaves open of changing files, and of ways around Landlock and this list.
var forbidden = []string{
	"socket", "socketpair", "connect", "bind", "listen", "accept", "accept4",
	"chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime", "utimes", "futimesat", "utimensat",
	"setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
	"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd",
	"io_uring_setup", "io_uring_enter", "io_uring_register",
	"open_by_handle_at", "mount", "move_mount", "open_tree", "fsopen", "fsmount", "umount2", "pivot_root", "chroot", "unshare", "setns",
	"bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key",
	"init_module", "finit_module", "kexec_load", "kexec_file_load", "reboot",
}

// forbidCalls makes the forbidden system calls fail in all threads.
func forbidCalls() error {
	info, err := arch.GetInfo("")
	if err != nil {
		return err
	}
	names := slices.DeleteFunc(slices.Clone(forbidden), func(name string) bool {
		_, known := info.SyscallNames[name] // not every processor has all of them
		return !known
	})
	// The promise not to gain rights is one of the thread that loads the filter.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true,
		Flag:       seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionAllow,
			Syscalls:      []seccomp.SyscallGroup{{Names: names, Action: seccomp.ActionErrno}},
		},
	})
}
