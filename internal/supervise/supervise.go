// Package supervise lets another process of this program do what may end it. The
// supervisor reads nothing that somebody else wrote; it gives the worker a job, writes
// what the worker makes of it, and limits its memory and its time. When the worker
// dies, it is known what it was reading, and another one does the rest.
package supervise

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/part"
)

const (
	// maxHeld is how much output is held back, in bytes, so that that of a worker which
	// dies can be dropped. What comes after is passed on as it comes.
	maxHeld = 8 << 20
	// maxFile is how large all files that a worker writes may be, in bytes.
	maxFile = 1 << 30
	// maxAttempts is how often the work is begun anew.
	maxAttempts = 12
	// grace is how long a worker may go on after its time, to tell what it has.
	grace = 500 * time.Millisecond
	// polling is how often the memory and the time of a worker are looked at.
	polling = 10 * time.Millisecond
)

// Config says what to run.
type Config struct {
	// Command makes the process of a worker, without its streams.
	Command func() *exec.Cmd
	// Job is what the worker is to do; it is sent with encoding/gob.
	Job any
	// Stdout and Stderr get what the worker prints.
	Stdout, Stderr io.Writer
	// Write writes a file.
	Write func(File) error
	// Objects starts what answers questions about objects of git; nil if there is none.
	Objects func() (*Objects, error)

	Memory   uint64        // the ceiling, in bytes; 0 is none
	Timeout  time.Duration // of everything, as the person knows it
	Deadline time.Time     // when that is over; the zero time is never
	PartTime time.Duration // of one part; 0 is none
}

// Objects is a process that prints the objects it is asked for.
type Objects struct {
	In  io.Writer
	Out io.Reader
	// Close ends it.
	Close func() error
}

// Ceiling is how much memory a worker may take unless a person says: 2 GiB, or half of
// what there is.
func Ceiling() uint64 {
	const usual = 2 << 30
	if n := installed(); n > 0 {
		return min(usual, n/2)
	}
	return usual
}

// Died is the error for work that cannot be done, also without what seems to hinder
// it.
type Died struct {
	Cause string // as in "it took more than 2 GiB of memory"
	At    string // what was read or done
	// Panic is a mistake of the program, with its stack; empty for anything else.
	Panic, Stack string
	// Partly says that some of the output was printed.
	Partly bool
}

func (e *Died) Error() string {
	if e.At == "" {
		return "analyse: " + e.Cause
	}
	return fmt.Sprintf("analyse: %s: %s", e.At, e.Cause)
}

// Run does the job and returns the exit code of the worker. The error is a Died, or
// that of a process that cannot be started.
func Run(cfg Config) (code int, err error) {
	limits := Limits{Memory: cfg.Memory, Without: make(map[part.Part]string)}
	known := make(map[part.Part]bool)
	for attempt := 1; ; attempt++ {
		r := &run{
			cfg: cfg, attempt: attempt, known: known, partTime: cfg.PartTime,
			first: make(map[int]time.Time), objects: make(map[byte]*asked),
		}
		if !cfg.Deadline.IsZero() {
			left := time.Until(cfg.Deadline)
			r.deadline = cfg.Deadline.Add(grace)
			limits.Until = time.Now().Add(left / 3 * 2)
			r.partTime = min(cfg.PartTime, max(left/3, polling))
		}
		code, death := r.do(limits)
		if r.err != nil {
			return 0, r.err
		}
		if death == nil {
			return code, nil
		}
		if attempt == maxAttempts || death.final || r.passing {
			return 0, r.died(death)
		}
		next, ok := r.next(limits, death)
		if !ok {
			return 0, r.died(death)
		}
		limits = next
	}
}

// run is one attempt.
type run struct {
	cfg      Config
	attempt  int           // from 1
	deadline time.Time     // zero for none
	partTime time.Duration // of one part; 0 is none
	err      error         // that has nothing to do with the work
	// known are the parts that this worker or one before has read to their ends.
	known map[part.Part]bool

	held    bytes.Buffer // frames of output, in their order
	passing bool         // output is passed on
	file    *File
	written int
	state   state
	first   map[int]time.Time // when a reading was first heard of
	panic   *panicked
	objects map[byte]*asked // by channel
}

// death is the end of a worker that was not done.
type death struct {
	cause  string
	slow   bool        // a part took too long, or waited for another one
	memory bool        // it took too much memory
	late   bool        // the time for reading is over
	parts  []part.Part // that it is certain to be about
	final  bool        // there is no time for another attempt
}

func (r *run) died(d *death) *Died {
	e := &Died{Cause: d.cause, At: r.state.Stage, Partly: r.passing}
	switch {
	case len(d.parts) > 0:
		e.At = join(d.parts)
	case len(r.state.Active) > 0:
		e.At = join(r.active())
	}
	if r.panic != nil {
		e.Panic, e.Stack = r.panic.Text, r.panic.Stack
	}
	return e
}

// active are the parts that are being read, each once.
func (r *run) active() []part.Part {
	var parts []part.Part
	for _, a := range r.state.Active {
		if !slices.Contains(parts, a.Part) {
			parts = append(parts, a.Part)
		}
	}
	return parts
}

func join(parts []part.Part) string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.String()
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// next returns how to begin anew: without what the worker died of; one part after the
// other if that is not certain; without the largest part if no part was being read. Where
// it was the memory a second time, no single part is to blame, and less is read.
//
// After half of the attempts, the folder of what the worker died of is left out too, but
// for the parts of it that are known to do no harm, and then all that lies in the same
// folder of the tree. At last only what is known to do no harm is read. So there is an end
// however many parts end workers.
func (r *run) next(l Limits, d *death) (Limits, bool) {
	next := l
	next.Without = maps.Clone(l.Without)
	parts := d.parts
	if len(parts) == 0 {
		parts = r.active()
	}
	for _, p := range r.active() {
		delete(r.known, p)
	}
	next.Known = maps.Clone(r.known)
	next.OnlyKnown = r.lastResort()
	uncertain := d.slow || len(parts) > 1 || len(parts) == 0 && !r.state.Heaviest.Part.Valid()
	if uncertain && !l.Alone && !d.late && !next.OnlyKnown {
		next.Alone = true
		return next, true
	}
	if half := r.attempt >= maxAttempts/2; (d.memory && len(l.Without) > 0 || half && len(parts) == 0) && r.state.Total > 1 {
		next.Weight = r.state.Total / 2
	}
	if len(parts) == 0 && r.state.Heaviest.Part.Valid() {
		parts = []part.Part{r.state.Heaviest.Part}
	}
	for _, p := range innermost(l, d, parts) {
		next.Without[p] = d.cause
		if r.attempt >= maxAttempts/2 {
			next.Folders = append(slices.Clone(next.Folders), r.folder(p))
		}
	}
	return next, next.Weight != l.Weight || next.OnlyKnown != l.OnlyKnown || len(next.Without) > len(l.Without)
}

// lastResort reports whether only what is known is read from now on: no attempt is left
// after the next one, or a quarter of the time.
func (r *run) lastResort() bool {
	return r.attempt >= maxAttempts-1 || !r.cfg.Deadline.IsZero() && time.Until(r.cfg.Deadline) < r.cfg.Timeout/4
}

// folder is what is left out beside a part that a worker died of.
func (r *run) folder(p part.Part) string {
	dir := p.Folder()
	if r.attempt >= maxAttempts/4*3 {
		dir, _, _ = strings.Cut(dir, "/")
	}
	return dir
}

// innermost returns those of parts that a worker died of. Where one is read after the
// other, those that are being read lie in each other, and only the last one begun is to
// blame. Rules are compiled beside.
func innermost(l Limits, d *death, parts []part.Part) []part.Part {
	if !l.Alone || d.late || slices.ContainsFunc(parts, func(p part.Part) bool { return p.Kind == part.Policies }) {
		return parts
	}
	return parts[max(0, len(parts)-1):]
}

// do starts a worker and serves it until it is done or dead.
func (r *run) do(limits Limits) (code int, d *death) {
	cmd := r.cfg.Command()
	cmd.Env = append(cmd.Env, workerVariable+"=1", "GOTRACEBACK=none")
	said := &beginning{}
	cmd.Stderr = said
	in, err := cmd.StdinPipe()
	if err != nil {
		r.err = err
		return 0, nil
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		r.err = err
		return 0, nil
	}
	if err := cmd.Start(); err != nil {
		r.err = fmt.Errorf("start worker: %w", err)
		return 0, nil
	}
	to := &frames{w: in}
	sent := make(chan error, 1)
	go func() { sent <- sendJob(to, limits, r.cfg.Job) }() // a worker that does not listen is ended by its time

	type frame struct {
		kind kind
		data []byte
		err  error
	}
	received := make(chan frame)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			k, data, err := receive(out)
			select {
			case received <- frame{k, data, err}:
			case <-done:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	defer r.end(cmd, in)

	tick := time.NewTicker(polling)
	defer tick.Stop()
	for {
		select {
		case err := <-sent:
			if errors.Is(err, errJob) {
				r.err = err
				return 0, nil
			}
		case <-tick.C:
			if d := r.over(cmd, limits); d != nil {
				return 0, d
			}
		case f := <-received:
			if f.err != nil {
				// It has ended, or it will not: it says nothing more.
				kill := time.AfterFunc(grace, func() { _ = cmd.Process.Kill() })
				_ = cmd.Wait() // what it says is looked at
				kill.Stop()
				return 0, r.cause(cmd, said.String(), limits)
			}
			finished, err := r.take(to, f.kind, f.data)
			switch {
			case err != nil:
				r.err = err
				return 0, nil
			case finished:
				return int(f.data[0]), nil
			}
		}
	}
}

// sendJob sends what the worker is to do. A frame that is not full is the last.
func sendJob(to *frames, limits Limits, job any) error {
	var b bytes.Buffer
	e := gob.NewEncoder(&b)
	if err := errors.Join(e.Encode(limits), e.Encode(job)); err != nil {
		return fmt.Errorf("%w: %w", errJob, err)
	}
	if b.Len()%maxFrame == 0 {
		b.WriteByte(0) // the end of the job is before it
	}
	return to.send(jobFrame, b.Bytes())
}

var errJob = errors.New("send job")

// end ends the processes of the attempt.
func (r *run) end(cmd *exec.Cmd, in io.Closer) {
	_ = in.Close() // a worker without a supervisor ends
	if cmd.ProcessState == nil {
		_ = cmd.Process.Kill() // it may have ended already
		_ = cmd.Wait()         // see above
	}
	for _, o := range r.objects {
		close(o.questions)
		_ = o.Close() // whatever it was asked for was answered
	}
}

// over returns the death that a worker earns by what it takes.
func (r *run) over(cmd *exec.Cmd, limits Limits) *death {
	now := time.Now()
	if !guard.On(guard.Ceiling) {
		return nil
	}
	if !r.deadline.IsZero() && now.After(r.deadline) {
		return r.overdue()
	}
	if late := r.late(limits); len(late) > 0 {
		return &death{cause: "it was being read when the time for reading was over", parts: late, late: true}
	}
	if limits.Memory > 0 && resident(cmd.Process.Pid) > limits.Memory+limits.Memory/8 {
		return &death{cause: r.memoryCause(limits), memory: true}
	}
	if r.partTime == 0 {
		return nil
	}
	var slow []part.Part
	for _, a := range r.state.Active {
		if now.Sub(r.first[a.ID]) > r.partTime && !slices.Contains(slow, a.Part) {
			slow = append(slow, a.Part)
		}
	}
	if len(slow) > 0 {
		return &death{cause: fmt.Sprintf("it took longer than %s", shortened(r.partTime)), parts: slow, slow: true}
	}
	return nil
}

func (r *run) overdue() *death {
	return &death{cause: fmt.Sprintf("it took longer than --timeout %s", r.cfg.Timeout), parts: r.active(), final: true}
}

// late are the parts that are still being read although reading must have ended. Rules
// are used after that.
func (r *run) late(limits Limits) []part.Part {
	if limits.Until.IsZero() || time.Now().Before(limits.Until.Add(min(grace, time.Until(r.deadline)/2))) {
		return nil
	}
	return slices.DeleteFunc(r.active(), func(p part.Part) bool { return p.Kind == part.Policies })
}

// shortened is a time as messages tell it.
func shortened(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(time.Second / 10)
	}
	return d.Round(time.Millisecond)
}

func (r *run) memoryCause(limits Limits) string {
	return fmt.Sprintf("it took more than %d MiB of memory", limits.Memory>>20)
}

// cause is why a worker ended by itself.
func (r *run) cause(cmd *exec.Cmd, said string, limits Limits) *death {
	switch {
	case r.panic != nil:
		// What was being read was left when the mistake was caught.
		return &death{cause: "internal error, please report it", final: true}
	case cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == overdueExit:
		return r.overdue()
	case cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == memoryExit, strings.Contains(said, "out of memory"), killed(cmd.ProcessState):
		return &death{cause: r.memoryCause(limits), memory: true}
	case strings.Contains(said, "stack overflow"), strings.Contains(said, "goroutine stack exceeds"):
		return &death{cause: fmt.Sprintf("it is nested too deep: more than %d MiB of stack are needed", maxStack>>20)}
	default:
		return &death{cause: "the worker process ended before it was done"}
	}
}

// take does what a frame asks for. It reports whether the worker is done.
func (r *run) take(to *frames, k kind, data []byte) (done bool, err error) {
	switch k {
	case stdoutFrame, stderrFrame:
		return false, r.output(k, data)
	case stateFrame:
		var s state
		if json.Unmarshal(data, &s) == nil {
			r.heard(s)
		}
	case nameFrame:
		r.file = &File{}
		_ = json.Unmarshal(data, r.file) // a file without a name cannot be written
	case dataFrame:
		if r.written += len(data); r.file != nil && r.written <= maxFile {
			r.file.Data = append(r.file.Data, data...)
		}
	case writeFrame:
		answer := []byte(r.write())
		go func() { _ = to.send(replyFrame, answer) }() // a worker that does not listen is ended by its time
	case askFrame:
		return false, r.answer(to, data)
	case panicFrame:
		r.panic = &panicked{}
		_ = json.Unmarshal(data, r.panic) // it is told that there was one
	case exitFrame:
		if len(data) != 1 || r.panic != nil {
			return false, nil // the end of the stream tells
		}
		r.passing = true
		return true, r.pass()
	}
	return false, nil
}

func (r *run) heard(s state) {
	now := time.Now()
	for _, a := range s.Active {
		if _, known := r.first[a.ID]; !known {
			r.first[a.ID] = now
		}
	}
	for _, p := range s.Read {
		r.known[p] = true
	}
	r.state = s
}

// write writes the file that has come and returns what the worker is told.
func (r *run) write() string {
	f := r.file
	r.file = nil
	switch {
	case f == nil:
		return "there is no file to write"
	case r.written > maxFile:
		return fmt.Sprintf("it is larger than %d MiB", maxFile>>20)
	}
	if err := r.cfg.Write(*f); err != nil {
		return err.Error()
	}
	return ""
}

// output holds back what is printed, or passes it on.
func (r *run) output(k kind, data []byte) error {
	if err := (&frames{w: &r.held}).send(k, data); err != nil {
		return err
	}
	if r.passing || r.held.Len() > maxHeld {
		r.passing = true
		return r.pass()
	}
	return nil
}

func (r *run) pass() error {
	for {
		k, data, err := receive(&r.held)
		if err != nil {
			return nil //nolint:nilerr // everything was passed on
		}
		w := r.cfg.Stdout
		if k == stderrFrame {
			w = r.cfg.Stderr
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
}

// asked is git as the worker speaks with it.
type asked struct {
	*Objects
	questions chan []byte
}

// maxQuestions is how many pieces of questions may wait for git.
const maxQuestions = 1024

// answer asks git for an object. What it prints is sent to the worker as it comes.
func (r *run) answer(to *frames, question []byte) error {
	if len(question) == 0 {
		return nil
	}
	channel, question := question[0], question[1:]
	over := func() { _ = to.send(objectFrame, []byte{channel}) } // the worker is told that nothing comes
	o := r.objects[channel]
	if o == nil {
		if r.cfg.Objects == nil {
			go over()
			return nil
		}
		objects, err := r.cfg.Objects()
		if err != nil {
			go over()
			return nil //nolint:nilerr // the worker tells that the revision cannot be read
		}
		o = &asked{objects, make(chan []byte, maxQuestions)}
		r.objects[channel] = o
		go func() {
			for q := range o.questions {
				if _, err := o.In.Write(q); err != nil {
					break
				}
			}
		}()
		go func() {
			buffer := make([]byte, 1<<16)
			buffer[0] = channel
			for {
				n, err := o.Out.Read(buffer[1:])
				if n > 0 {
					_ = to.send(objectFrame, buffer[:n+1]) // the worker reads as long as it lives
				}
				if err != nil {
					over()
					return
				}
			}
		}()
	}
	select {
	case o.questions <- question:
		return nil
	default:
		return errors.New("read objects: more is asked than answered")
	}
}

// beginning keeps what a process says first: of the runtime of Go, that is why it ends.
type beginning struct{ bytes.Buffer }

const maxSaid = 16 << 10

func (t *beginning) Write(data []byte) (int, error) {
	if left := maxSaid - t.Len(); left > 0 {
		t.Buffer.Write(data[:min(left, len(data))])
	}
	return len(data), nil
}
