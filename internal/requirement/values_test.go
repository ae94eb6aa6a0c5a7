package requirement_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/requirement"
)

// row is a line of testdata/values.txt.
type row struct {
	line     int
	key      string
	siblings map[string]string
	value    string
	want     string
}

func readRows(t testing.TB) []row {
	t.Helper()
	f, err := os.Open("testdata/values.txt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	var rows []row
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		if in.Text() == "" || strings.HasPrefix(in.Text(), "#") {
			continue
		}
		columns := strings.Split(in.Text(), " | ")
		if len(columns) != 3 {
			t.Fatalf("line %d: want three columns, got %d", n, len(columns))
		}
		keys := strings.Fields(columns[0])
		r := row{line: n, key: keys[0], siblings: map[string]string{}, want: columns[2]}
		for _, s := range keys[1:] {
			k, v, _ := strings.Cut(s, "=")
			r.siblings[k] = v
		}
		r.value = strings.ReplaceAll(columns[1], `\n`, "\n")
		rows = append(rows, r)
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

func (r row) sibling(key string) (string, bool) {
	v, ok := r.siblings[key]
	return v, ok
}

// render writes endpoints as the table does.
func render(endpoints []requirement.Endpoint) string {
	if len(endpoints) == 0 {
		return "-"
	}
	var out []string
	for _, e := range endpoints {
		s := fmt.Sprintf("%s:%d", e.Host, e.Port)
		if e.Protocol == requirement.UDP {
			s += "/udp"
		}
		s += " " + e.Strength
		if e.Product != "" {
			s += " " + e.Product
		}
		for _, flag := range []struct {
			on   bool
			name string
		}{{e.Cloud, "cloud"}, {e.Bare, "bare"}, {e.Private, "private"}, {e.Public, "public"}} {
			if flag.on {
				s += " " + flag.name
			}
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

func TestFromValue(t *testing.T) {
	for _, r := range readRows(t) {
		t.Run(fmt.Sprintf("line%d", r.line), func(t *testing.T) {
			got := requirement.FromValue(r.key, r.value, r.sibling)
			if s := render(got); s != r.want {
				t.Errorf("%s=%q\n got %s\nwant %s", r.key, r.value, s, r.want)
			}
			for _, e := range got {
				checkPlace(t, r.value, e)
			}
		})
	}
}

// checkPlace checks that the offsets of an endpoint cover its host, or the $(NAME)
// that stands for it.
func checkPlace(t testing.TB, value string, e requirement.Endpoint) {
	t.Helper()
	if e.Start < 0 || e.End > len(value) || e.Start >= e.End {
		t.Fatalf("%s: offsets [%d:%d] outside the value %q", e.Host, e.Start, e.End, value)
	}
	written := strings.ToLower(strings.Trim(value[e.Start:e.End], "[]"))
	if strings.HasPrefix(written, "$(") || e.Addr.IsValid() {
		return
	}
	if strings.TrimSuffix(written, ".") != e.Host {
		t.Errorf("%s: offsets cover %q", e.Host, value[e.Start:e.End])
	}
}
