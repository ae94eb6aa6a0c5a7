package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/disk"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/internal/revision"
	"github.com/egresslint/egresslint/internal/sandbox"
	"github.com/egresslint/egresslint/internal/supervise"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// needs is what a command wants of the system. The supervisor sees to it, and the
// worker can do nothing else.
type needs struct {
	// paths are read: files and folders, and - for standard input, which goes by the
	// name stdinName.
	paths     []string
	stdinName string
	// files are named by flags, and folders too where those are among them.
	files   []string
	folders []string
	// outputs are the files that may be written, and writesTree says that any in the
	// tree may be.
	outputs    []string
	writesTree bool
	// revisions are what it asks git; without an answer it ends if mustRevise is set.
	revisions  revisions
	mustRevise bool
	// environment says that the worker gets what the environment has for Terraform.
	environment bool
	limits      limitFlags
}

// confined returns what runs a command: in the supervisor, needs tells what the worker
// is given, and in the worker run does the work.
func (a *app) confined(wants func(cmd *cobra.Command, args []string) (*needs, error), run func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if a.worker != nil {
			return run(cmd, args)
		}
		n, err := wants(cmd, args)
		if err != nil {
			return err
		}
		return a.supervise(n)
	}
}

// partTime is how long a worker may read one file, chart, overlay, root or policy folder
// in a run of a timeout: the largest overlays known take twenty seconds on a slow machine,
// and there must be time left to begin anew without it.
func partTime(timeout time.Duration) time.Duration {
	const usual = 60 * time.Second
	if timeout == 0 {
		return usual
	}
	return min(usual, timeout/3)
}

// supervise lets a worker run the command line.
func (a *app) supervise(n *needs) error {
	if err := n.limits.check(); err != nil {
		return err
	}
	ctx, cancel := withTimeout(n.limits.timeout)
	defer cancel()
	deadline, _ := ctx.Deadline()
	j, trees, err := a.newJob(n, deadline)
	if err != nil {
		return err
	}
	var objects func() (*supervise.Objects, error)
	if j.Commits, objects, err = n.revisions.ask(ctx, j.Place.Root); err != nil {
		var missing *revision.Unavailable
		switch {
		case ctx.Err() != nil:
			return failed(ctx.Err(), n.limits.timeout)
		case !errors.As(err, &missing):
			return err
		case n.mustRevise:
			return &usageError{err: err, plain: true}
		}
		j.Commits = map[string]commit{everyCommit: {Problem: missing.Error()}}
	}
	self, err := program()
	if err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	cfg := supervise.Config{
		Command: func() *exec.Cmd {
			cmd := exec.Command(self)
			cmd.Env = environment(os.Environ(), n.environment)
			return cmd
		},
		Job: j, Stdout: a.stdout, Stderr: a.stderr,
		Write:   func(f supervise.File) error { return n.write(f, trees) },
		Objects: objects,
		Memory:  uint64(n.limits.memory),
		Timeout: n.limits.timeout, Deadline: deadline, PartTime: partTime(n.limits.timeout),
	}
	code, err := supervise.Run(cfg)
	var died *supervise.Died
	switch {
	case errors.As(err, &died) && died.Panic != "":
		return &analysis.Panic{Text: died.Panic, Stack: []byte(died.Stack)}
	case errors.As(err, &died):
		a.showBroken(&report.Report{Diagnostics: []source.Diagnostic{{Kind: source.LimitReached, Message: died.Error()}}})
		if died.Partly {
			a.logf("what was printed is not all there is")
		}
		a.code = ExitIncomplete
		return nil
	case err != nil:
		return err
	}
	a.code = code
	return nil
}

// program is the file of this program. Where the system does not tell, as in a container
// without /proc, whoever started it has to have said so in full.
func program() (string, error) {
	self, err := os.Executable()
	if err != nil && filepath.IsAbs(os.Args[0]) {
		return os.Args[0], nil
	}
	return self, err
}

// withTimeout bounds what the supervisor does; 0 is no bound.
func withTimeout(timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeout(context.Background(), timeout)
}

// newJob is what the worker gets, and the folders in which no symlink is followed where
// something is written.
func (a *app) newJob(n *needs, deadline time.Time) (*job, disk.Trees, error) {
	paths := make([]string, len(n.paths))
	var wrong []error
	for i, arg := range n.paths {
		if paths[i] = arg; arg == stdinArg {
			paths[i] = existing(n.stdinName)
			if paths[i] == n.stdinName { // the file that standard input stands for
				continue
			}
		}
		if err := checkPath(arg, paths[i]); err != nil {
			wrong = append(wrong, err)
		}
	}
	if len(wrong) > 0 {
		return nil, nil, &usageError{err: errors.Join(wrong...), plain: true}
	}
	p, err := locate(paths)
	if err != nil {
		return nil, nil, err
	}
	j := &job{
		Args: a.args, Now: a.now(), Place: p, Files: make(map[string]flagFile), Git: make(map[string]source.GitData),
		Terminal: isTerminal(a.stdout), Deadline: deadline, Sandbox: sandbox.Mode(n.limits.sandbox),
	}
	for _, boundary := range p.Boundaries {
		j.Git[boundary] = source.ReadGit(boundary)
	}
	trees := disk.Trees(slices.Clone(p.Boundaries))
	if own, err := locate([]string{"."}); err == nil {
		trees = append(trees, own.Boundaries...)
	}
	for _, name := range slices.Concat(n.files, n.folders) {
		if name == "" {
			continue
		}
		f, err := readFlagFile(name, p, trees, slices.Contains(n.folders, name))
		if err != nil {
			return nil, nil, err
		}
		j.Files[name] = f
	}
	if slices.Contains(n.paths, stdinArg) {
		if j.Stdin, err = readAll(a.stdin); err != nil {
			return nil, nil, fmt.Errorf("read standard input: %w", err)
		}
	}
	return j, trees, nil
}

// readFlagFile reads what a flag names outside of what the worker may read. What lies
// there it reads itself, and what is not there it tells of.
func readFlagFile(name string, p place, trees disk.Trees, folder bool) (flagFile, error) {
	r, err := disk.Resolve(name, trees)
	if err != nil {
		return flagFile{}, mistakef("read %s: %w", name, err)
	}
	_, inside := disk.Trees(p.Boundaries).Hold(r.Path)
	switch {
	case inside, r.Info == nil:
		return flagFile{}, nil
	case r.Linked && guard.On(guard.FlagFiles):
		return flagFile{}, mistakef("read %s: %w", name, disk.ErrLink)
	case r.Info.IsDir() && folder:
		return flagFile{Folder: r.Path}, nil
	}
	data, err := disk.Read(name, trees, maxFlagFile)
	if err != nil {
		return flagFile{}, mistakef("read %s: %w", name, err)
	}
	return flagFile{Read: true, Data: data}, nil
}

// write writes a file for the worker, if it is one that the command line allows.
func (n *needs) write(f supervise.File, trees disk.Trees) error {
	allowed := slices.Contains(n.outputs, f.Name)
	if !allowed && n.writesTree {
		if abs, err := filepath.Abs(f.Name); err == nil {
			_, allowed = trees.Hold(filepath.Clean(abs))
		}
	}
	if !allowed {
		return fs.ErrPermission
	}
	return disk.Write(f.Name, f.Data, trees, disk.Options{New: f.New, Folders: f.Folders})
}
