package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// module has a condition that its test needs, and one that it does not.
const module = `
-- go.mod --
module example.com/ports

go 1.26
-- ports.go --
package ports

// Valid is about a port.
func Valid(port int) bool {
	if port < 1 { // not 0
		return false
	}
	return port <= 65535
}
-- other.go --
package ports

// Even is of a file that is left out.
func Even(port int) bool { return port%2 == 0 }
-- ports_test.go --
package ports

import "testing"

func TestValid(t *testing.T) {
	for port, want := range map[int]bool{0: false, 1: true, 443: true} {
		if Valid(port) != want {
			t.Errorf("Valid(%d) is not %v", port, want)
		}
	}
}
`

// TestMutate checks that what no test notices is printed, and nothing else.
func TestMutate(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module")
	}
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(module)).Files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	t.Setenv("GOFLAGS", "-mod=mod")
	var out bytes.Buffer
	opts := options{packages: []string{"."}, tests: []string{"."}, files: regexp.MustCompile(`^p.*\.go$`), parallel: 2, limit: time.Minute, rate: 60}
	err := mutate(context.Background(), &out, opts)
	want := `2 conditions can be changed in 6 ways; 6 are tried
ports.go:8:9: < in the place of <= in port <= 65535
ports.go:8:9: true in the place of port <= 65535
4 of 6 are noticed: 66.7 %
`
	if err != nil || out.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, out.String(), want)
	}
	opts.rate = 70
	if err := mutate(context.Background(), &out, opts); err == nil || !strings.Contains(err.Error(), "fewer than 70.0 %") {
		t.Errorf("the error is %v", err)
	}
}
