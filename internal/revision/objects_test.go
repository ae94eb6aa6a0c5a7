package revision_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/internal/revision"
	"github.com/egresslint/egresslint/parser/source"
)

const (
	idA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	idB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// printed are the files a and b, a symlink to a as c, of a commit for which git prints
// out.
func printed(ctx context.Context, out string) *revision.FS {
	return revision.NewFS(fstest.MapFS{}, &revision.Snapshot{Changes: []revision.Change{
		{Name: "a", Object: idA}, {Name: "b", Object: idB}, {Name: "c", Object: idB, Link: true},
	}}, revision.NewObjects(ctx, io.Discard, strings.NewReader(out)))
}

func TestProtocol(t *testing.T) {
	const early, other = "it ended early", "it printed something else than the object"
	tests := []struct{ name, out, want, err string }{
		{"two files", idA + " blob 1\nx\n" + idB + " blob 2\nyz\n", "xyz", ""},
		{"nothing", "", "", early},
		{"half a line", idA + " bl", "", early},
		{"half a file", idA + " blob 3\nx", "", early},
		{"no line break behind", idA + " blob 1\nxx", "", other},
		{"another object", idB + " blob 1\nx\n", "", other},
		{"another type", idA + " tree 1\nx\n", "", other},
		{"no size", idA + " blob x\nx\n", "", other},
		{"a negative size", idA + " blob -1\nx\n", "", other},
		{"a size that is no number of the machine", idA + " blob 99999999999999999999\nx\n", "", other},
		{"a large size and nothing behind", idA + " blob 9223372036854775807\nx\n", "", early},
		{"a long line", strings.Repeat("x", 1<<20), "", "it"},
		{"a missing object", idA + " missing\n", "", "clone it whole, without --filter"},
		{"another missing object", idB + " missing\n", "", other},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := printed(t.Context(), test.out)
			a, errA := files.ReadFile("a")
			b, errB := files.ReadFile("b")
			err := files.Close()
			if test.err == "" {
				if string(a)+string(b) != test.want || errors.Join(errA, errB, err) != nil {
					t.Errorf("got %q, %q, %v", a, b, errors.Join(errA, errB, err))
				}
				return
			}
			var unavailable *revision.Unavailable
			if errA == nil || errB == nil || !errors.As(err, &unavailable) || !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %v", err)
			}
			if _, err := files.ReadFile("a"); err == nil {
				t.Error("it is read after all")
			}
		})
	}
}

func TestProtocolWhenTimeIsOver(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	files := printed(ctx, "")
	_, _ = files.ReadFile("a") // Close tells
	if err := files.Close(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A symlink of git can be as long as a file.
func TestLongSymlink(t *testing.T) {
	target := strings.Repeat("./", 5000) + "a"
	files := printed(t.Context(), idB+" blob 10001\n"+target+"\n")
	if _, err := files.ReadFile("c"); !errors.Is(err, source.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func FuzzProtocol(f *testing.F) {
	f.Add([]byte(idA + " blob 1\nx\n" + idB + " blob 2\nyz\n"))
	f.Add([]byte(idA + " missing\n"))
	f.Add([]byte(idA + " blob 99999999\nx\n"))
	f.Add([]byte(idA + " blob 0\n\n" + idB + " blob 1\na\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		files := printed(t.Context(), string(out))
		for _, name := range []string{"a", "b", "c"} {
			data, err := files.ReadFile(name)
			if err == nil && !bytes.Contains(out, data) {
				t.Errorf("%s is %q, which git did not print", name, data)
			}
		}
	})
}

func TestFormerlyWithoutRenames(t *testing.T) {
	s := &revision.Snapshot{Changes: []revision.Change{{Name: "new/a.tf"}, {Name: "b.tf", Object: idA}}}
	for _, name := range []string{"new", "new/a.tf", "ne", "b.tf", "other"} {
		if got := s.Formerly(name); !slices.Equal(got, []string{name}) {
			t.Errorf("%s was %q", name, got)
		}
	}
	if got := s.Tracked(); !slices.Equal(got, []string{"b.tf"}) {
		t.Errorf("tracked: %q", got)
	}
}
