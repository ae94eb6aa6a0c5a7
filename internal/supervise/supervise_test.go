package supervise_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/egresslint/egresslint/internal/supervise"
	"github.com/egresslint/egresslint/parser/part"
)

// job is what the worker of a test does: it reads parts, each of which does something
// by its name.
type job struct {
	Parts  []string // read one after the other
	Beside string   // read at the same time; empty for none
	After  string   // what it does when all is read
	Files  []supervise.File
	Data   []byte
}

func TestMain(m *testing.M) {
	if supervise.IsWorker() {
		os.Exit(work())
	}
	os.Exit(m.Run())
}

func work() int {
	var j job
	w, err := supervise.Attach(os.Stdin, os.Stdout, &j)
	if err != nil {
		return 3
	}
	ctx := part.With(context.Background(), w.Watch())
	part.Stage(ctx, "read files")
	read := func(name string) {
		leave, left := part.Enter(ctx, part.Part{Kind: part.File, Name: name})
		if left != nil {
			_, _ = fmt.Fprintf(w.Stdout(), "%s: %s\n", left.Range, left.Message)
			return
		}
		defer leave(len(name))
		act(w, name)
		_, _ = fmt.Fprintf(w.Stdout(), "read %s\n", name)
	}
	beside := make(chan bool)
	go func() {
		if j.Beside != "" && !part.Alone(ctx) {
			read(j.Beside)
		}
		close(beside)
	}()
	for _, name := range j.Parts {
		read(name)
	}
	<-beside
	if j.Beside != "" && part.Alone(ctx) {
		read(j.Beside)
	}
	part.Stage(ctx, "build model")
	act(w, j.After)
	for _, f := range j.Files {
		f.Data = j.Data
		if err := w.Write(f); err != nil {
			_, _ = fmt.Fprintf(w.Stderr(), "write %s: %v\n", f.Name, err)
		}
	}
	w.Exit(1)
	return 0
}

var sink [][]byte

type chain struct{ next *chain }

func (c *chain) depth() int {
	if c.next == nil {
		return 0
	}
	return 1 + c.next.depth()
}

// act does what a part or a stage is named after.
func act(w *supervise.Worker, what string) {
	switch {
	case strings.HasPrefix(what, "memory"):
		for {
			sink = append(sink, bytes.Repeat([]byte{1}, 4<<20))
		}
	case strings.HasPrefix(what, "stack"):
		c := &chain{}
		c.next = c
		c.depth()
	case strings.HasPrefix(what, "hang"):
		select {}
	case strings.HasPrefix(what, "endless"):
		for i := 0; ; i++ {
			_ = i
		}
	case strings.HasPrefix(what, "panic"):
		w.Panic("no more", []byte("some stack"))
		os.Exit(3)
	case strings.HasPrefix(what, "exit"):
		os.Exit(0)
	case strings.HasPrefix(what, "print"):
		for range 20 {
			_, _ = w.Stdout().Write(bytes.Repeat([]byte("x"), 1<<20))
		}
		os.Exit(0)
	}
}

// outcome is what came of a run.
type outcome struct {
	code   int
	err    error
	stdout string
	stderr string
	files  map[string]string
	starts int
}

func run(t *testing.T, j job, change func(*supervise.Config)) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	o := outcome{files: make(map[string]string)}
	cfg := supervise.Config{
		Command: func() *exec.Cmd {
			o.starts++
			cmd := exec.Command(os.Args[0])
			cmd.Env = os.Environ()
			return cmd
		},
		Job: j, Stdout: &stdout, Stderr: &stderr, Memory: 256 << 20, PartTime: 500 * time.Millisecond,
		Write: func(f supervise.File) error {
			if strings.HasPrefix(f.Name, "bad") {
				return errors.New("the disk is full")
			}
			o.files[f.Name] = string(f.Data)
			return nil
		},
	}
	if change != nil {
		change(&cfg)
	}
	o.code, o.err = supervise.Run(cfg)
	o.stdout, o.stderr = stdout.String(), stderr.String()
	return o
}

// What a worker dies of is left out, and told; everything else is there.
func TestRunWithout(t *testing.T) {
	if testing.Short() {
		t.Skip("takes memory and time, and more of both under the race detector")
	}
	const memory, stack = "it took more than 256 MiB of memory", "it is nested too deep: more than 256 MiB of stack are needed"
	for _, tt := range []struct {
		name  string
		parts []string
		side  string
		want  []string
	}{
		{"nothing", []string{"a", "b"}, "", []string{"read a", "read b"}},
		{"memory", []string{"a", "memory", "b"}, "", []string{"read a", "read b", "memory: read file: " + memory + "; it is left out"}},
		{"two", []string{"memory1", "memory2", "b"}, "", []string{"read b", "memory1: read file: " + memory + "; it is left out", "memory2: read file: " + memory + "; it is left out"}},
		{"hang", []string{"a", "hang", "b"}, "", []string{"read a", "read b", "hang: read file: it took longer than 500ms; it is left out"}},
		{"endless", []string{"a", "endless", "b"}, "", []string{"read a", "read b", "endless: read file: it took longer than 500ms; it is left out"}},
		{"exit", []string{"a", "exit", "b"}, "", []string{"read a", "read b", "exit: read file: the worker process ended before it was done; it is left out"}},
		{"beside", []string{"a", "hang"}, "b", []string{"read a", "read b", "hang: read file: it took longer than 500ms; it is left out"}},
		{"both", []string{"memory"}, "hang", []string{"memory: read file: " + memory + "; it is left out", "hang: read file: it took longer than 3s; it is left out"}},
		{"stack", []string{"a", "stack", "b"}, "", []string{"read a", "read b", "stack: read file: " + stack + "; it is left out"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := job{Parts: tt.parts, Beside: tt.side}
			o := run(t, j, func(cfg *supervise.Config) {
				switch { // where something else is to be reached, the time is not
				case tt.name == "stack":
					cfg.Memory, cfg.PartTime = 1<<30, 0
				case tt.name == "both":
					cfg.PartTime = 3 * time.Second
				case !strings.Contains(strings.Join(tt.want, " "), "longer"):
					cfg.PartTime = 0
				}
			})
			if o.err != nil || o.code != 1 {
				t.Fatalf("it ends with %d, %v\n%s", o.code, o.err, o.stderr)
			}
			lines := strings.Split(strings.TrimSpace(o.stdout), "\n")
			slices.Sort(lines)
			slices.Sort(tt.want)
			if !slices.Equal(lines, tt.want) {
				t.Errorf("it prints %q, want %q", lines, tt.want)
			}
			if o.stderr != "" {
				t.Errorf("it says %q", o.stderr)
			}
		})
	}
}

// However many parts end workers, what is known to do no harm is read, and what comes
// after it is done.
func TestRunWithoutMany(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many workers")
	}
	for _, tt := range []struct {
		name, format string
		// last says whether what comes after these parts is read.
		last bool
	}{
		{"one folder", "exit/%02d", true},
		{"folders of a folder", "exit/%02d/x", true},
		{"folders", "exit%02d/x", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parts := []string{"good/first"}
			for i := range 40 {
				parts = append(parts, fmt.Sprintf(tt.format, i))
			}
			o := run(t, job{Parts: append(parts, "good/last")}, func(cfg *supervise.Config) { cfg.PartTime = 0 })
			if o.err != nil || o.code != 1 {
				t.Fatalf("it ends with %d, %v\n%s", o.code, o.err, o.stderr)
			}
			if !strings.Contains(o.stdout, "read good/first\n") || strings.Contains(o.stdout, "read good/last\n") != tt.last {
				t.Errorf("it prints\n%s", o.stdout)
			}
			for _, p := range parts[1:] {
				if !strings.Contains(o.stdout, p+": read file: ") {
					t.Errorf("it does not tell of %s", p)
				}
			}
			if o.starts > 12 {
				t.Errorf("%d workers were started", o.starts)
			}
		})
	}
}

// When the time for reading is over, what is read after that is left out, and there is
// time for what comes of the rest.
func TestRunReadsInTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	o := run(t, job{Parts: []string{"good/first", "hang", "good/last"}}, func(cfg *supervise.Config) {
		cfg.Timeout, cfg.Deadline, cfg.PartTime = 4*time.Second, time.Now().Add(4*time.Second), 4*time.Second
	})
	if o.err != nil || o.code != 1 {
		t.Fatalf("it ends with %d, %v\n%s", o.code, o.err, o.stderr)
	}
	if !strings.Contains(o.stdout, "read good/first\n") || !strings.Contains(o.stdout, "hang: read file: it ") {
		t.Errorf("it prints\n%s", o.stdout)
	}
}

// What comes after the parts is done without the largest of them, if it cannot be done
// with it.
func TestRunGivesUp(t *testing.T) {
	if testing.Short() {
		t.Skip("takes memory and time, and more of both under the race detector")
	}
	o := run(t, job{Parts: []string{"a", "bb"}, After: "memory"}, nil)
	var died *supervise.Died
	if !errors.As(o.err, &died) {
		t.Fatalf("it ends with %d, %v", o.code, o.err)
	}
	if died.Cause != "it took more than 256 MiB of memory" || died.At != "build model" || o.stdout != "" {
		t.Errorf("it died of %q at %q, and printed %q", died.Cause, died.At, o.stdout)
	}
	// With both parts, without bb, without a; once more if the first died before it told.
	if o.starts != 3 && o.starts != 4 {
		t.Errorf("%d workers were started", o.starts)
	}

	// What was being read is not known any more when a mistake of the program is caught.
	o = run(t, job{Parts: []string{"a", "panic", "b"}}, nil)
	if !errors.As(o.err, &died) || died.Panic != "no more" || died.Stack != "some stack" || o.starts != 1 {
		t.Errorf("a mistake of the program gives %+v after %d starts", o.err, o.starts)
	}
}

func TestRunKeepsTheTime(t *testing.T) {
	begun := time.Now()
	o := run(t, job{Parts: []string{"a"}, After: "hang"}, func(cfg *supervise.Config) {
		cfg.Timeout, cfg.Deadline = 200*time.Millisecond, time.Now().Add(200*time.Millisecond)
	})
	var died *supervise.Died
	if !errors.As(o.err, &died) || died.Cause != "it took longer than --timeout 200ms" || died.At != "build model" {
		t.Errorf("it ends with %v", o.err)
	}
	if o.starts != 1 || time.Since(begun) < 200*time.Millisecond {
		t.Errorf("%d workers were started", o.starts)
	}
}

// What was printed cannot be taken back.
func TestRunAfterOutput(t *testing.T) {
	o := run(t, job{After: "print"}, nil)
	var died *supervise.Died
	if !errors.As(o.err, &died) || !died.Partly || o.starts != 1 || len(o.stdout) < 9<<20 {
		t.Errorf("it ends with %v after %d starts, %d bytes", o.err, o.starts, len(o.stdout))
	}
}

func TestRunWrites(t *testing.T) {
	j := job{Files: []supervise.File{{Name: "a"}, {Name: "bad"}, {Name: "b", New: true}}, Data: bytes.Repeat([]byte("data"), 1<<20)}
	o := run(t, j, nil)
	if o.err != nil || o.files["a"] != string(j.Data) || o.files["b"] != string(j.Data) || len(o.files) != 2 {
		t.Errorf("%d files were written, %v", len(o.files), o.err)
	}
	if o.stderr != "write bad: the disk is full\n" {
		t.Errorf("it says %q", o.stderr)
	}
}

func TestRunWithoutAProgram(t *testing.T) {
	o := run(t, job{}, func(cfg *supervise.Config) {
		cfg.Command = func() *exec.Cmd { return exec.Command(os.Args[0] + "-missing") }
	})
	var died *supervise.Died
	if o.err == nil || errors.As(o.err, &died) {
		t.Errorf("it ends with %v", o.err)
	}
}

// failing is a reader at the other end of a pipe that is closed.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestRunToAClosedPipe(t *testing.T) {
	o := run(t, job{Parts: []string{"a"}}, func(cfg *supervise.Config) { cfg.Stdout = failing{} })
	if !errors.Is(o.err, io.ErrClosedPipe) {
		t.Errorf("it ends with %v", o.err)
	}
}
