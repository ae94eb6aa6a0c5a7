package kustomize

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/egresslint/egresslint/parser/guard"
)

// confined is what the builds that run at a time share: while there is one, nothing is
// written to standard error or the log, and nothing in the process finds a program by its
// name, makes a temporary directory or connects through the default transport. kustomize
// has no other ways to do so, whatever a kustomization leads it to.
var confined struct {
	sync.Mutex
	builds  int
	restore func()
}

// confine lets a build run confined until the function it returns is called.
func confine() (leave func()) {
	confined.Lock()
	defer confined.Unlock()
	if confined.builds == 0 {
		speak, open := silence(), func() {}
		if guard.On(guard.KustomizeProcess) {
			open = closeOff()
		}
		confined.restore = func() {
			open()
			speak()
		}
	}
	confined.builds++
	return func() {
		confined.Lock()
		defer confined.Unlock()
		if confined.builds--; confined.builds == 0 {
			confined.restore()
		}
	}
}

// nowhere is a directory that cannot exist.
var nowhere = filepath.Join(os.DevNull, "none")

// closeOff takes programs, temporary directories and connections from the process
// until the function it returns is called.
func closeOff() (restore func()) {
	transport := http.DefaultTransport
	http.DefaultTransport = refusing{}
	path, temporary := replaceEnv("PATH", ""), replaceEnv("TMPDIR", nowhere)
	return func() {
		temporary()
		path()
		http.DefaultTransport = transport
	}
}

// replaceEnv sets a variable of the environment until the function it returns is called.
func replaceEnv(name, value string) (restore func()) {
	before, was := os.LookupEnv(name)
	set := func(v string) { _ = os.Setenv(name, v) } // which fails for malformed names only
	set(value)
	return func() {
		if was {
			set(before)
		} else {
			_ = os.Unsetenv(name)
		}
	}
}

// refusing is a transport without a network.
type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("nothing is read from the network")
}
