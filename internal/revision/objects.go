package revision

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/egresslint/egresslint/parser/source"
)

// blob is the contents of a file in git.
type blob struct {
	size int64
	data []byte // nil if it is larger than what a run reads
	err  error
}

// objects reads blobs with one git process, which is started when the first is
// asked for. It may be used from several goroutines.
type objects struct {
	//nolint:containedctx // the process lives as long as the run, not as a call
	ctx  context.Context
	repo *Repository

	mu    sync.Mutex
	blobs map[string]*blob
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	said  bytes.Buffer // its messages, complete when it has ended
	err   error        // the first that made an object unreadable
}

func newObjects(ctx context.Context, repo *Repository) *objects {
	return &objects{ctx: ctx, repo: repo, blobs: make(map[string]*blob)}
}

// read returns the blob with the id. Files that are too large have no data and no
// error.
func (o *objects) read(id string) *blob {
	o.mu.Lock()
	defer o.mu.Unlock()
	if b, ok := o.blobs[id]; ok {
		return b
	}
	b := &blob{err: o.err}
	if b.err == nil {
		if b.err = o.fetch(id, b); b.err != nil {
			o.err = b.err
		}
	}
	o.blobs[id] = b
	return b
}

func (o *objects) fetch(id string, b *blob) error {
	if o.cmd == nil {
		if err := o.start(); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(o.in, id+"\n"); err != nil {
		return o.broken(err)
	}
	head, err := o.out.ReadString('\n')
	if err != nil {
		return o.broken(err)
	}
	// object type size, or object and a word of what is wrong
	parts := strings.Fields(head)
	if len(parts) == 2 && parts[1] == "missing" {
		return unavailablef("%s", partial)
	}
	if len(parts) != 3 || parts[1] != "blob" {
		return o.broken(fmt.Errorf("it printed %q", strings.TrimSpace(head)))
	}
	if b.size, err = strconv.ParseInt(parts[2], 10, 64); err != nil {
		return o.broken(err)
	}
	if b.size > source.MaxFileSize {
		_, err = io.CopyN(io.Discard, o.out, b.size)
	} else {
		b.data = make([]byte, b.size)
		_, err = io.ReadFull(o.out, b.data)
	}
	if err == nil {
		_, err = o.out.Discard(1) // the line break behind it
	}
	if err != nil {
		return o.broken(err)
	}
	return nil
}

func (o *objects) start() error {
	cmd := o.repo.command(o.ctx, "cat-file", "--batch")
	cmd.Stderr = &o.said
	in, err := cmd.StdinPipe()
	if err != nil {
		return o.broken(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return o.broken(err)
	}
	if err := cmd.Start(); err != nil {
		return o.broken(err)
	}
	o.cmd, o.in, o.out = cmd, in, bufio.NewReader(out)
	return nil
}

// broken ends the process after an error.
func (o *objects) broken(err error) error {
	if o.cmd != nil {
		_ = o.in.Close() // the error is what counts
		_ = o.cmd.Wait()
		o.cmd = nil
	}
	switch {
	case o.ctx.Err() != nil:
		return o.ctx.Err()
	case o.said.Len() > 0:
		return o.repo.explain("cat-file", o.said.String())
	}
	return unavailablef("read objects with git: %v", err)
}

// close ends the process and returns the error that made an object unreadable.
func (o *objects) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cmd != nil {
		_ = o.in.Close() // it ends at the end of its input
		_ = o.cmd.Wait() // everything that was asked for came
		o.cmd = nil
	}
	if o.err == nil {
		o.err = errClosed
		return nil
	}
	return o.err
}

var errClosed = errors.New("the revision is closed")
