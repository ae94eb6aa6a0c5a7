package kubernetes_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

var update = flag.Bool("update", false, "write the golden files anew")

// excerpt returns the text of a range, read from the file as an editor would.
func excerpt(data string, r source.Range) string {
	lines := strings.Split(strings.TrimPrefix(data, "\ufeff"), "\n")
	at := func(p source.Pos) (int, []rune) { return p.Line - 1, []rune(lines[p.Line-1]) }
	first, runes := at(r.Start)
	last, lastRunes := at(r.End)
	if first == last {
		return string(runes[r.Start.Column-1 : r.End.Column-1])
	}
	var b strings.Builder
	b.WriteString(string(runes[r.Start.Column-1:]) + "\n")
	for _, l := range lines[first+1 : last] {
		b.WriteString(l + "\n")
	}
	b.WriteString(string(lastRunes[:r.End.Column-1]))
	return b.String()
}

// dump prints every key and value with its place and the text that stands there.
func dump(b *strings.Builder, data, path string, v *located.Value) {
	fmt.Fprintf(b, "%s: %d:%d-%d:%d %q\n", path, v.Range.Start.Line, v.Range.Start.Column, v.Range.End.Line, v.Range.End.Column, excerpt(data, v.Range))
	for i, e := range v.List {
		dump(b, data, fmt.Sprintf("%s[%d]", path, i), e)
	}
	for _, f := range v.Map {
		r := f.KeyRange
		fmt.Fprintf(b, "%s.%s (key): %d:%d-%d:%d %q\n", path, f.Key, r.Start.Line, r.Start.Column, r.End.Line, r.End.Column, excerpt(data, r))
		dump(b, data, path+"."+f.Key, f.Value)
	}
}

// TestPositions compares the place of every key and value in the manifests of
// testdata/positions with the golden file beside each.
func TestPositions(t *testing.T) {
	files, err := filepath.Glob("testdata/positions/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests: %v", err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, ".golden") {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			objects, diagnostics := kubernetes.Parse(filepath.Base(name), data)
			var b strings.Builder
			for _, o := range objects {
				dump(&b, string(data), o.Kind, o.Root)
			}
			b.WriteString(messages(diagnostics))
			golden := name + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func messages(diagnostics []source.Diagnostic) string {
	var b strings.Builder
	for _, d := range diagnostics {
		fmt.Fprintf(&b, "%s: %s: %s\n", d.Range, d.Kind, d.Message)
	}
	return b.String()
}
