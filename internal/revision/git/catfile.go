package git

import (
	"context"
	"errors"
	"io"
	"os/exec"

	"github.com/egresslint/egresslint/internal/revision"
)

// CatFile is a process that prints the objects it is asked for, for
// [revision.NewObjects].
type CatFile struct {
	In  io.WriteCloser // takes the ids of objects
	Out io.ReadCloser  // gives the objects

	ctx  context.Context //nolint:containedctx // the process lives as long
	cmd  *exec.Cmd
	said bounded // its messages, complete when it has ended
}

// CatFile starts a process that prints objects. It lives until Close, or until the context
// ends.
func (r *Repository) CatFile(ctx context.Context) (*CatFile, error) {
	c := &CatFile{ctx: ctx, cmd: r.command(ctx, "cat-file", "--batch"), said: bounded{limit: maxSaid}}
	c.cmd.Stderr = &c.said
	var err error
	if c.In, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if c.Out, err = c.cmd.StdoutPipe(); err != nil {
		return nil, errors.Join(err, c.In.Close())
	}
	if err := c.cmd.Start(); err != nil {
		return nil, revision.Unavailablef("run git: %v", err)
	}
	return c, nil
}

// Close ends the process, which may wait for something that never comes, as for a named
// pipe in the place of an object. The error is an Unavailable with what git said, if it
// had given up before.
func (c *CatFile) Close() error {
	_ = c.cmd.Process.Kill() // it may have ended
	_ = c.cmd.Wait()         // the exit code tells
	const killed = 1         // on Windows; elsewhere it is negative
	switch {
	case c.ctx.Err() != nil:
		return c.ctx.Err()
	case c.cmd.ProcessState.ExitCode() > killed && c.said.Len() > 0:
		return explain("cat-file", c.said.String())
	default:
		return nil
	}
}
