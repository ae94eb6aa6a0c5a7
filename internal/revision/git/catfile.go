package git

import (
	"context"
	"os"
	"os/exec"

	"github.com/egresslint/egresslint/internal/revision"
)

// CatFile is a process that prints the objects it is asked for, for
// [revision.NewObjects]. In and Out are files, so that another process can be given
// them.
type CatFile struct {
	In  *os.File // takes the ids of objects
	Out *os.File // gives the objects

	ctx  context.Context //nolint:containedctx // the process lives as long
	cmd  *exec.Cmd
	said bounded // its messages, complete when it has ended
}

// CatFile starts a process that prints objects. It ends when In and all copies of it
// are closed, or with the context.
func (r *Repository) CatFile(ctx context.Context) (*CatFile, error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		_, _ = childIn.Close(), in.Close() // the error is what counts
		return nil, err
	}
	c := &CatFile{In: in, Out: out, ctx: ctx, cmd: r.command(ctx, "cat-file", "--batch"), said: bounded{limit: maxSaid}}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = childIn, childOut, &c.said
	err = c.cmd.Start()
	_, _ = childIn.Close(), childOut.Close() // the process has its own
	if err != nil {
		_, _ = in.Close(), out.Close() // nothing came
		return nil, revision.Unavailablef("run git: %v", err)
	}
	return c, nil
}

// Close closes In and Out and waits for the end of the process. The error is an
// Unavailable with what git said, if it said anything.
func (c *CatFile) Close() error {
	_, _ = c.In.Close(), c.Out.Close() // perhaps they were given away
	err := c.cmd.Wait()
	switch {
	case c.ctx.Err() != nil:
		return c.ctx.Err()
	case err != nil && c.said.Len() > 0:
		return explain("cat-file", c.said.String())
	default:
		return nil
	}
}
