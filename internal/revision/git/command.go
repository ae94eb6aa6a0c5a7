package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/egresslint/egresslint/internal/revision"
	"github.com/egresslint/egresslint/parser/guard"
)

// program finds git in the absolute folders of a PATH that do not lie in the work tree:
// what lies there may be anybody's.
func program(list, top string) (string, error) {
	name := "git"
	if runtime.GOOS == "windows" {
		name = "git.exe"
	}
	for _, dir := range filepath.SplitList(list) {
		if !filepath.IsAbs(dir) {
			continue
		}
		found, err := exec.LookPath(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		if real, err := filepath.EvalSymlinks(found); err == nil && !holds(top, dir) && !holds(top, real) {
			return found, nil
		}
	}
	return "", revision.Unavailablef("run git: it is not installed in a folder of PATH outside of %s, and revisions cannot be read without it", top)
}

// closed is an environment in which git knows no configuration but that of the
// repository, speaks no protocol and asks nobody.
func closed() []string {
	env := []string{
		"LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_SYSTEM=" + os.DevNull, "GIT_ATTR_NOSYSTEM=1",
		"GIT_ALLOW_PROTOCOL=", "GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1",
		"GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0",
	}
	if runtime.GOOS == "windows" { // no program starts without it
		env = append(env, "SYSTEMROOT="+os.Getenv("SYSTEMROOT"))
	}
	return env
}

// command prepares a git command that runs nothing else and fetches nothing.
func (r *Repository) command(ctx context.Context, args ...string) *exec.Cmd {
	place := []string{"GIT_DIR=" + r.dir, "GIT_COMMON_DIR=" + r.common, "GIT_WORK_TREE=" + r.top}
	var options, env []string
	if guard.On(guard.GitEnvironment) {
		options = []string{
			"--no-pager", "--no-optional-locks", "--literal-pathspecs",
			"-c", "core.fsmonitor=false",
			"-c", "core.hooksPath=" + os.DevNull,
			"-c", "core.attributesFile=" + os.DevNull,
			"-c", "core.excludesFile=" + os.DevNull,
			"-c", "core.pager=cat",
			"-c", "core.alternateRefsCommand=",
			"-c", "protocol.allow=never",
		}
		env = slices.Concat(closed(), emptying(r.emptied), place)
	} else {
		env = slices.Concat(os.Environ(), place)
	}
	//nolint:gosec // that the arguments are no options is for CheckRef to see
	cmd := exec.CommandContext(ctx, r.program, append(options, args...)...)
	cmd.Dir = r.top
	cmd.Env = env
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// exitError is a git command that ended with an exit code.
type exitError struct {
	code int
	text string // what it said
}

func (e *exitError) Error() string { return e.text }

// Unwrap makes it an Unavailable where nothing better is known.
func (e *exitError) Unwrap() error { return revision.Unavailablef("%s", e.text) }

// git runs a git command and returns what it prints.
func (r *Repository) git(ctx context.Context, args ...string) (string, error) {
	return run(ctx, r.command(ctx, args...), args[0])
}

const (
	// maxOutput is how many bytes a command may print: the names of a million files.
	maxOutput = 128 << 20
	// maxSaid is how much of its messages is kept.
	maxSaid = 4 << 10
)

// run runs a command and returns what it prints. If it ends with 1, as queries do that
// find nothing, or says nothing, the error is an exitError, else an Unavailable with
// its words.
func run(ctx context.Context, cmd *exec.Cmd, name string) (string, error) {
	stdout := &bounded{limit: maxOutput, fail: true}
	stderr := &bounded{limit: maxSaid}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return stdout.String(), nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case stdout.full:
		return "", revision.Unavailablef("run git %s: it prints more than %d MiB", name, maxOutput>>20)
	case !errors.As(err, &exit):
		return "", revision.Unavailablef("run git: %v", err)
	}
	if code := exit.ExitCode(); code == 1 || stderr.Len() == 0 {
		return "", &exitError{code, fmt.Sprintf("run git %s: it ends with exit code %d", name, code)}
	}
	return "", explain(name, stderr.String())
}

// bounded keeps what is written to it up to a limit. Of more it forgets the rest, or
// fails.
type bounded struct {
	bytes.Buffer
	limit int
	fail  bool
	full  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	room := b.limit - b.Len()
	if len(p) <= room {
		return b.Buffer.Write(p)
	}
	b.full = true
	if b.fail {
		return 0, errors.New("too much output")
	}
	b.Buffer.Write(p[:room])
	return len(p), nil
}

// explain returns what to do about a git command that failed.
func explain(command, said string) error {
	switch {
	case strings.Contains(said, "not a git repository"):
		return unreadablef("its .git is not a git directory")
	case strings.Contains(said, "promisor"), strings.Contains(said, "not allowed"):
		return unreadablef("it does not have all files of the revision, and egresslint fetches nothing: clone it whole, without --filter")
	case strings.Contains(said, "config"): // it would quote a value
		return unreadablef("git does not accept its configuration")
	default:
		return revision.Unavailablef("run git %s: %s", command, strings.Join(strings.Fields(said), " "))
	}
}

// fields splits a list whose entries end with a zero byte.
func fields(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\x00"), "\x00")
}
