package revision

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/egresslint/egresslint/parser/source"
)

// maxKept is how many bytes of contents are kept for whoever reads a file again, and
// maxHead how many stand before an object.
const (
	maxKept = 256 << 20
	maxHead = 4 << 10
)

// blob is the contents of a file in git.
type blob struct {
	size int64
	data []byte // nil if it is larger than what a run reads
	err  error
}

// Objects reads blobs from a process of "git cat-file --batch". It may be used from
// several goroutines.
type Objects struct {
	//nolint:containedctx // the process lives as long as the run, not as a call
	ctx context.Context

	mu    sync.Mutex
	in    io.Writer
	out   *bufio.Reader
	blobs map[string]*blob
	kept  int64
	err   error // the first that made an object unreadable
}

// NewObjects returns the objects that a process reads for those asking at its
// standard input, and prints to its standard output. Whoever started it ends it.
func NewObjects(ctx context.Context, in io.Writer, out io.Reader) *Objects {
	return &Objects{ctx: ctx, in: in, out: bufio.NewReaderSize(out, maxHead), blobs: make(map[string]*blob)}
}

// read returns the blob with the id. Files that are too large have no data and no
// error.
func (o *Objects) read(id string) *blob {
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
	// What does not fit is asked for again.
	if o.kept+int64(len(b.data)) <= maxKept {
		o.kept += int64(len(b.data))
		o.blobs[id] = b
	}
	return b
}

// fetch asks for an object. Only what ends where it says can be told from the next.
func (o *Objects) fetch(id string, b *blob) error {
	if _, err := io.WriteString(o.in, id+"\n"); err != nil {
		return o.broken(err)
	}
	line, err := o.out.ReadSlice('\n')
	if err != nil {
		return o.broken(err)
	}
	// object type size, or object and a word of what is wrong
	parts := strings.Fields(string(line))
	if len(parts) == 2 && parts[0] == id && parts[1] == "missing" {
		return Unavailablef("read repository: it does not have all files of the revision, and egresslint fetches nothing: clone it whole, without --filter")
	}
	if len(parts) != 3 || parts[0] != id || parts[1] != "blob" {
		return o.broken(errProtocol)
	}
	size, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || size < 0 {
		return o.broken(errProtocol)
	}
	b.size = size
	if size > source.MaxFileSize {
		_, err = io.CopyN(io.Discard, o.out, size)
	} else {
		b.data = make([]byte, size)
		_, err = io.ReadFull(o.out, b.data)
	}
	if err != nil {
		return o.broken(err)
	}
	if end, err := o.out.ReadByte(); err != nil || end != '\n' {
		return o.broken(errProtocol)
	}
	return nil
}

var errProtocol = errors.New("it printed something else than the object")

// broken is the error for a process that did not print an object.
func (o *Objects) broken(err error) error {
	switch {
	case o.ctx.Err() != nil:
		return o.ctx.Err()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("it ended early")
	case !errors.Is(err, errProtocol):
		err = fmt.Errorf("its pipe broke: %w", err)
	}
	return Unavailablef("read objects with git: %v", err)
}

// close returns the error that made an object unreadable. Nothing is read from then
// on.
func (o *Objects) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = errClosed
		return nil
	}
	if errors.Is(o.err, errClosed) {
		return nil
	}
	return o.err
}

var errClosed = errors.New("the revision is closed")
