package supervise

import (
	"bufio"
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"sync"
	"time"

	"github.com/egresslint/egresslint/parser/part"
)

// workerVariable is set in the environment of a worker.
const workerVariable = "EGRESSLINT_WORKER"

// IsWorker reports whether a supervisor started this process as a worker.
func IsWorker() bool { return os.Getenv(workerVariable) != "" }

// Limits are what a worker keeps by itself, before its supervisor has to.
type Limits struct {
	// Memory is the ceiling in bytes; 0 is none.
	Memory uint64
	// Alone says that parts are read one after the other and told at once, so that it
	// is certain which one a worker dies of.
	Alone bool
	// Weight is how much all parts may weigh together, see [part.Watch]; 0 is no limit.
	Weight int
	// Without are the parts that are left out, and why.
	Without map[part.Part]string
	// Folders are those of which only what is known is read: parts in them ended too many
	// workers. OnlyKnown says that this holds everywhere.
	Folders   []string
	OnlyKnown bool
	// Known are the parts that a worker has read to their end.
	Known map[part.Part]bool
	// Until is when reading must end, see [part.Watch].
	Until time.Time
}

// left says why a part is left out, see [part.Watch].
func (l *Limits) left(p part.Part) string {
	switch why := l.Without[p]; {
	case why != "":
		return why
	case l.Known[p]:
		return ""
	case l.OnlyKnown:
		return "too much else could not be read"
	}
	for _, dir := range l.Folders {
		if p.In(dir) {
			return "too much else in " + dir + " could not be read"
		}
	}
	return ""
}

const (
	// maxStack is how much stack a goroutine may take, in bytes: less than half of it
	// is what the deepest of what the readers accept takes.
	maxStack = 256 << 20
	// sampling is how often the worker tells what is being read, and looks at its
	// memory.
	sampling = 5 * time.Millisecond
	// memoryExit is the exit code of a worker that has reached its ceiling.
	memoryExit = 97
	// overdueExit is that of one whose time is over.
	overdueExit = 98
)

// Worker is the end of the wire at which the work is done.
type Worker struct {
	Limits Limits
	out    *frames
	stop   chan struct{}

	telling  sync.Mutex // so that no older state comes after a newer one
	mu       sync.Mutex
	active   []reading
	read     []part.Part // to their ends, since that was told last
	readings int         // so far
	heaviest weighed
	total    int // weight
	stage    string
	changed  bool

	writing sync.Mutex // one file at a time
	replies chan string

	asking  sync.Mutex
	answers map[byte]*io.PipeWriter // by channel
}

// reading is a part that is being read. The same part may be read several times.
type reading struct {
	ID   int       `json:"id"`
	Part part.Part `json:"part"`
}

// weighed is a part that was read.
type weighed struct {
	Part   part.Part `json:"part"`
	Weight int       `json:"weight"`
}

// state is what a worker is at.
type state struct {
	Active   []reading   `json:"active"`
	Read     []part.Part `json:"read"` // since the state before
	Heaviest weighed     `json:"heaviest"`
	Total    int         `json:"total"`
	Stage    string      `json:"stage"`
}

// Attach takes up the work of this process: it reads the job, which must be a pointer
// to what the supervisor sends. The process ends when the supervisor is gone.
func Attach(in io.Reader, out io.Writer, job any) (*Worker, error) {
	frames := &frames{w: out}
	r := bufio.NewReaderSize(in, 1<<16)
	sent := make(chan *bytes.Buffer, 1)
	w := &Worker{
		out: frames, stop: make(chan struct{}), replies: make(chan string, 1), changed: true,
		answers: make(map[byte]*io.PipeWriter),
	}
	go func() {
		var whole bytes.Buffer
		for {
			k, data, err := receive(r)
			if err != nil {
				os.Exit(overdueExit + 1) //nolint:forbidigo // nobody is left to tell
			}
			switch k {
			case jobFrame:
				whole.Write(data)
				if len(data) < maxFrame {
					sent <- &whole
				}
			case replyFrame:
				w.replies <- string(data)
			case objectFrame:
				w.answer(data)
			}
		}
	}()
	e := gob.NewDecoder(<-sent)
	if err := e.Decode(&w.Limits); err != nil {
		return nil, fmt.Errorf("read limits: %w", err)
	}
	if err := e.Decode(job); err != nil {
		return nil, fmt.Errorf("read job: %w", err)
	}
	w.keep()
	return w, nil
}

// keep sets what the runtime of Go limits by itself, and begins to tell what is read.
func (w *Worker) keep() {
	debug.SetMaxStack(maxStack)
	noCore()
	if w.Limits.Alone {
		runtime.GOMAXPROCS(1)
	}
	if w.Limits.Memory > 0 {
		debug.SetMemoryLimit(int64(w.Limits.Memory / 10 * 9)) // collecting more costs less than dying
	}
	go func() {
		tick := time.NewTicker(sampling)
		defer tick.Stop()
		for {
			select {
			case <-w.stop:
				return
			case <-tick.C:
				w.tell()
				if w.Limits.Memory > 0 && memory() > w.Limits.Memory {
					os.Exit(memoryExit) //nolint:forbidigo // before the system is out of memory
				}
			}
		}
	}()
}

// memory is how much of the system's memory the process has, in bytes.
func memory() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}

// tell sends what is being read, if it has changed.
func (w *Worker) tell() {
	w.telling.Lock()
	defer w.telling.Unlock()
	w.mu.Lock()
	if !w.changed {
		w.mu.Unlock()
		return
	}
	w.changed = false
	s := state{Active: slices.Clone(w.active), Read: w.read, Heaviest: w.heaviest, Total: w.total, Stage: w.stage}
	w.read = nil
	w.mu.Unlock()
	_ = w.out.sendJSON(stateFrame, s) // without a supervisor the process ends
}

func (w *Worker) change(f func()) {
	w.mu.Lock()
	f()
	w.changed = true
	w.mu.Unlock()
	if w.Limits.Alone {
		w.tell()
	}
}

// begin says that a part is read until what it returns is called.
func (w *Worker) begin(p part.Part) (end func(weight int)) {
	r := reading{Part: p}
	w.change(func() {
		w.readings++
		r.ID = w.readings
		w.active = append(w.active, r)
	})
	return func(weight int) {
		w.change(func() {
			w.active = slices.DeleteFunc(w.active, func(a reading) bool { return a == r })
			w.read = append(w.read, p)
			w.total += weight
			if weight > w.heaviest.Weight {
				w.heaviest = weighed{p, weight}
			}
		})
	}
}

// Watch is what readers tell of parts.
func (w *Worker) Watch() *part.Watch {
	watch := &part.Watch{
		Stage: func(name string) { w.change(func() { w.stage = name }) },
		Alone: w.Limits.Alone,
		Left:  w.Limits.left,
		Until: w.Limits.Until,
		Begin: w.begin,
	}
	if w.Limits.Weight > 0 {
		watch.Enough = func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.total > w.Limits.Weight
		}
	}
	return watch
}

// Stdout is the standard output of the supervisor.
func (w *Worker) Stdout() io.Writer { return writer{w.out, stdoutFrame} }

// Stderr is its standard error.
func (w *Worker) Stderr() io.Writer { return writer{w.out, stderrFrame} }

// File is a file that the supervisor is to write.
type File struct {
	Name string // absolute, or relative to the supervisor's working directory
	New  bool   // nothing must be there
	// Folders makes the folders that are missing.
	Folders bool
	Data    []byte `json:"-"`
}

// Write lets the supervisor write a file. The error is why it could not.
func (w *Worker) Write(f File) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	if err := w.out.sendJSON(nameFrame, f); err != nil {
		return err
	}
	if len(f.Data) > 0 {
		if err := w.out.send(dataFrame, f.Data); err != nil {
			return err
		}
	}
	if err := w.out.send(writeFrame, nil); err != nil {
		return err
	}
	if text := <-w.replies; text != "" {
		return errors.New(text)
	}
	return nil
}

// Objects speaks with a git process of the supervisor, which ends with the worker: it
// takes ids of objects, and gives what "git cat-file --batch" prints. Closing the answers
// says that nothing more is read.
func (w *Worker) Objects() (ask io.Writer, answers io.ReadCloser) {
	w.asking.Lock()
	defer w.asking.Unlock()
	channel := byte(len(w.answers))
	r, feed := io.Pipe()
	w.answers[channel] = feed
	return question{w.out, channel}, r
}

// question asks git. Each frame begins with the channel that the answer comes by.
type question struct {
	*frames
	channel byte
}

func (q question) Write(data []byte) (int, error) {
	if err := q.send(askFrame, append([]byte{q.channel}, data...)); err != nil {
		return 0, err
	}
	return len(data), nil
}

// answer hands on what git prints: a channel, and nothing behind it at the end.
func (w *Worker) answer(data []byte) {
	if len(data) == 0 {
		return
	}
	w.asking.Lock()
	feed := w.answers[data[0]]
	w.asking.Unlock()
	switch {
	case feed == nil:
	case len(data) == 1:
		_ = feed.Close() // whoever reads is told
	default:
		_, _ = feed.Write(data[1:]) // if nobody reads any more, nobody misses it
	}
}

// Panic tells of a mistake of the program.
func (w *Worker) Panic(text string, stack []byte) {
	data, err := json.Marshal(panicked{Text: text, Stack: string(stack[:min(len(stack), maxFrame/8)])})
	if err == nil {
		w.tell()
		_ = w.out.send(panicFrame, data) // without a supervisor nobody is told
	}
}

// Overdue ends the process, since its time is over. The supervisor tells what it was at.
func (w *Worker) Overdue() {
	w.tell()
	os.Exit(overdueExit) //nolint:forbidigo // as if it had been ended
}

// panicked is a mistake of the program.
type panicked struct{ Text, Stack string }

// Exit tells the exit code. Nothing must be sent after it.
func (w *Worker) Exit(code int) {
	close(w.stop)
	_ = w.out.send(exitFrame, []byte{byte(code)}) // see Panic
}
