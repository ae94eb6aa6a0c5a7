package supervise

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// kind says what a frame holds.
type kind byte

// From the supervisor.
const (
	jobFrame    kind = 'j' // what to do
	replyFrame  kind = 'r' // what came of a file: an error, or nothing
	objectFrame kind = 'g' // what git prints
)

// From the worker.
const (
	stdoutFrame kind = 'o'
	stderrFrame kind = 'e'
	nameFrame   kind = 'n' // of a file that is to be written
	dataFrame   kind = 'd' // a part of its contents
	writeFrame  kind = 'w' // its end: write it and reply
	askFrame    kind = 'a' // what git is asked
	stateFrame  kind = 's' // what is being read
	panicFrame  kind = 'p' // a mistake of the program itself
	exitFrame   kind = 'x' // the exit code; nothing follows
)

// maxFrame is how long the contents of a frame may be, in bytes. Longer data is cut
// into several.
const maxFrame = 1 << 20

// header is how long the head of a frame is: its kind and the length of what follows.
const header = 5

// frames writes frames, from several goroutines.
type frames struct {
	mu sync.Mutex
	w  io.Writer
}

// send writes data in frames of a kind, in one at least.
func (f *frames) send(k kind, data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		n := min(len(data), maxFrame)
		frame := make([]byte, header, header+n)
		frame[0] = byte(k)
		binary.BigEndian.PutUint32(frame[1:], uint32(n))
		if _, err := f.w.Write(append(frame, data[:n]...)); err != nil {
			return err
		}
		if data = data[n:]; len(data) == 0 {
			return nil
		}
	}
}

func (f *frames) sendJSON(k kind, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(data) > maxFrame {
		return fmt.Errorf("send %c: it is longer than %d bytes", k, maxFrame)
	}
	return f.send(k, data)
}

// writer writes what it gets as frames of a kind.
type writer struct {
	*frames
	kind kind
}

func (w writer) Write(data []byte) (int, error) {
	if len(data) == 0 {
		return 0, nil
	}
	if err := w.send(w.kind, data); err != nil {
		return 0, err
	}
	return len(data), nil
}

var errFrame = errors.New("read frame: it is longer than a frame may be")

// receive reads one frame. The error is io.EOF where no further one begins.
func receive(r io.Reader) (kind, []byte, error) {
	var head [header]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, errFrame
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(r, data); err != nil {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return kind(head[0]), data, nil
}
