// Command mutate changes conditions of packages, one at a time, and reports those
// changes that no test notices: what such a condition guards could be removed without
// anybody seeing it.
//
//	mutate -tests ./internal/trace,./internal/engine ./internal/egress
//
// The tests are built once, with all changes in them, each behind a switch. That makes
// hundreds of them a matter of minutes. The same seed picks the same changes of the same
// files.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

type options struct {
	tests    []string       // patterns of packages whose tests are to notice
	run      string         // which of their tests, as -run of go test
	files    *regexp.Regexp // of names; the others are not changed
	number   int            // how many changes are tried; 0 is all
	seed     uint64         // which of them
	parallel int            // how many of them at once
	limit    time.Duration  // for the tests of a package
	rate     float64        // of the changes that are noticed, in percent; fewer are a failure
	packages []string
}

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	opts, err := parse(args)
	if err != nil {
		return err
	}
	return mutate(ctx, os.Stdout, opts)
}

func parse(args []string) (options, error) {
	var opts options
	set := flag.NewFlagSet("mutate", flag.ContinueOnError)
	tests := set.String("tests", "", "packages whose tests are to notice, with commas between them; those that are changed unless given")
	set.StringVar(&opts.run, "run", "", "run only tests that match this regular expression")
	files := set.String("files", "", "change only files whose names match this regular expression")
	set.IntVar(&opts.number, "n", 0, "how many changes are tried; 0 is all")
	set.Uint64Var(&opts.seed, "seed", 1, "which changes are tried, where it is not all")
	set.IntVar(&opts.parallel, "parallel", runtime.NumCPU(), "how many changes are tried at once")
	set.DurationVar(&opts.limit, "timeout", time.Minute, "how long the tests of a package may take")
	set.Float64Var(&opts.rate, "rate", 0, "fail if fewer changes are noticed, in percent")
	if err := set.Parse(args); err != nil {
		return opts, err
	}
	opts.packages = set.Args()
	if len(opts.packages) == 0 {
		return opts, errors.New("name the packages whose conditions are to be changed")
	}
	var err error
	if opts.files, err = regexp.Compile(*files); err != nil {
		return opts, fmt.Errorf("read -files: %w", err)
	}
	opts.tests = opts.packages
	if *tests != "" {
		opts.tests = strings.Split(*tests, ",")
	}
	return opts, nil
}

// mutate tries changes and prints those that no test notices.
func mutate(ctx context.Context, out io.Writer, opts options) error {
	work, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) //nolint:errcheck // nothing is lost with it
	all, err := instrument(ctx, work, opts.files, opts.packages)
	if err != nil {
		return err
	}
	tried := sample(all, opts.number, opts.seed)
	say := func(format string, args ...any) {
		_, _ = fmt.Fprintf(out, format, args...) // whoever closed it wants no more
	}
	say("%d conditions can be changed in %d ways; %d are tried\n", conditions(all), len(all), len(tried))
	benches, err := build(ctx, work, opts)
	if err != nil {
		return err
	}
	// The tests have to pass as they are, or a failure would say nothing.
	for _, s := range benches[0] {
		if failed, text := s.fails(ctx, 0, opts); failed {
			return fmt.Errorf("test %s: the tests fail without any change:\n%s", s.path, text)
		}
	}
	survivors := 0
	for i, noticed := range try(ctx, benches, tried, opts) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !<-noticed {
			survivors++
			say("%s: %s\n", tried[i].at, tried[i].change)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	rate := 100.0
	if len(tried) > 0 {
		rate = 100 * float64(len(tried)-survivors) / float64(len(tried))
	}
	say("%d of %d are noticed: %.1f %%\n", len(tried)-survivors, len(tried), rate)
	if rate < opts.rate {
		return fmt.Errorf("fewer than %.1f %% are noticed", opts.rate)
	}
	return nil
}

// try tries the changes, one after the other on each bench, and tells of each whether it
// is noticed.
func try(ctx context.Context, benches [][]suite, tried []change, opts options) []chan bool {
	noticed := make([]chan bool, len(tried))
	next := make(chan int, len(tried))
	for i := range tried {
		noticed[i] = make(chan bool, 1)
		next <- i
	}
	close(next)
	for _, suites := range benches {
		go func() {
			for i := range next {
				noticed[i] <- slices.ContainsFunc(suites, func(s suite) bool {
					failed, _ := s.fails(ctx, tried[i].id, opts)
					return failed
				})
			}
		}()
	}
	return noticed
}

// suite is the built tests of a package, in the folder of a bench: tests read from beside
// their program which change is made.
type suite struct {
	path, dir, binary string
}

// build builds the tests, and links them into the folders of benches, on which changes
// are tried at the same time.
func build(ctx context.Context, work string, opts options) ([][]suite, error) {
	packages, err := list(ctx, opts.tests)
	if err != nil {
		return nil, err
	}
	benches := make([][]suite, max(opts.parallel, 1))
	for i, p := range packages {
		name := fmt.Sprintf("%d.test", i)
		binary := filepath.Join(work, name)
		command := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", filepath.Join(work, overlayFile), "-o", binary, p.ImportPath)
		if text, err := command.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build tests of %s: %w\n%s", p.ImportPath, err, text)
		}
		for j := range benches {
			bench := filepath.Join(work, fmt.Sprintf("bench%d", j))
			if err := os.MkdirAll(bench, 0o700); err != nil {
				return nil, err
			}
			s := suite{path: p.ImportPath, dir: p.Dir, binary: filepath.Join(bench, name)}
			if err := os.Link(binary, s.binary); err != nil {
				return nil, err
			}
			benches[j] = append(benches[j], s)
		}
	}
	return benches, nil
}

// fails runs the tests with the change of that number; 0 is none.
func (s suite) fails(ctx context.Context, id int, opts options) (failed bool, text string) {
	active := filepath.Join(filepath.Dir(s.binary), activeFile)
	if err := os.WriteFile(active, fmt.Appendf(nil, "%d", id), 0o600); err != nil {
		return true, err.Error()
	}
	ctx, cancel := context.WithTimeout(ctx, opts.limit)
	defer cancel()
	command := exec.CommandContext(ctx, s.binary, "-test.failfast", "-test.run", opts.run)
	command.Dir = s.dir
	command.WaitDelay = time.Second
	output, err := command.CombinedOutput()
	return err != nil, string(output)
}
