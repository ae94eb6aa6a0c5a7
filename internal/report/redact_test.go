package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// secretsOf are those of a Secret with the given values, and open says what else the
// files hold.
func secretsOf(values []string, open ...string) *located.Secrets {
	data := &located.Value{Kind: located.Map}
	for i, v := range values {
		data.Map = append(data.Map, located.Field{Key: string(rune('a' + i)), Value: &located.Value{Kind: located.String, Str: v, Sensitive: true}})
	}
	s := &located.Secrets{}
	s.Add(data)
	for _, text := range open {
		s.SpareText(text)
	}
	return s
}

func TestRedactorText(t *testing.T) {
	tests := []struct {
		name   string
		secret string
		open   []string
		text   string
		want   string
	}{
		{"password", "S3cret-word", nil, "a S3cret-word b", "a *** b"},
		{"in a word", "S3cret-word", nil, "aS3cret-wordb", "a***b"},
		{"lower case", "S3cret-word", nil, "at s3cret-word:443", "at ***:443"},
		{"base64", "S3cret-word", nil, "at UzNjcmV0LXdvcmQ=", "at ***="},
		{"from base64", "UzNjcmV0LXdvcmQ=", nil, "a S3cret-word b", "a *** b"},
		{"JSON", `S3cret\word`, nil, `{"a":"S3cret\\word"}`, `{"a":"***"}`},
		{"URL", "S3cret+word", nil, "?a=S3cret%2Bword", "?a=***"},
		{"XML", "S3cret&word", nil, "S3cret&amp;word", "***"},
		{"password in a URL", "mysql://app:S3cretword@db.corp.example/x", nil, "S3cretword", "***"},
		{"host in a URL", "mysql://app:S3cretword@db1.corp.example/x", nil, "to db1.corp.example", "to ***"},
		{"words in a file", "a: S3cret-word\nb: Oth3r-word\n", nil, "S3cret-word Oth3r-word", "*** ***"},
		{"long", strings.Repeat("S3cret", 40), nil, "a " + strings.Repeat("S3cret", 40) + " b", "a *** b"},
		{"address", "10.11.12.13", nil, "to 10.11.12.13:443", "to ***:443"},

		{"too short", "S3cre", nil, "S3cre", "S3cre"},
		{"word", "cluster", nil, "the cluster", "the cluster"},
		{"boolean", "enabled", nil, "enabled", "enabled"},
		{"number", "123456", nil, "file:123456:1", "file:123456:1"},
		{"name that stands elsewhere", "orders-db1", []string{"orders-db1"}, "rds/orders-db1", "rds/orders-db1"},
		{"part of a name", "orders-db1", nil, "rds/my-orders-db12", "rds/my-orders-db12"},
		{"password that stands elsewhere", "S3cret-word", []string{"S3cret-word"}, "S3cret-word", "***"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r report.Redactor
			r.Add(secretsOf([]string{tt.secret}, tt.open...))
			if got := r.Text(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Who chooses secrets must not take away with them what a report consists of.
func TestRedactorLeavesReports(t *testing.T) {
	r := fixture()
	for _, format := range report.Formats() {
		text := string(write(t, format, r, report.Options{}))
		var secrets []string
		for line := range strings.Lines(text) {
			for _, size := range []int{8, 12, 20, 30} {
				for i := 0; i+size <= len(line); i += 5 {
					if piece := line[i : i+size]; strings.ContainsAny(piece, `"<>:,`) || !strings.Contains(piece, " ") {
						secrets = append(secrets, piece)
					}
				}
			}
		}
		var redactor report.Redactor
		redactor.Add(secretsOf(secrets))
		got := redactor.Text(text)
		if format == "json" || format == "sarif" || format == "gitlab" {
			if !json.Valid([]byte(got)) {
				t.Errorf("%s is no JSON any more:\n%s", format, got)
			}
		}
		for _, sign := range []string{"\n::error ", `"level": "error"`, `<failure `, `severity="error"`, ": error: "} {
			if a, b := strings.Count(text, sign), strings.Count(got, sign); a != b {
				t.Errorf("%s has %q %d times, had it %d times:\n%s", format, sign, b, a, got)
			}
		}
	}
}

func TestRedactorWriter(t *testing.T) {
	var r report.Redactor
	var out bytes.Buffer
	w := r.Writer(&out)
	print := func(text string) {
		t.Helper()
		for _, c := range []byte(text) { // a secret comes in pieces
			if n, err := w.Write([]byte{c}); n != 1 || err != nil {
				t.Fatalf("wrote %d bytes: %v", n, err)
			}
		}
	}
	print("before S3cret-word\n")
	r.Add(secretsOf([]string{"S3cret-word"}))
	print("after S3cret-word\n and S3cret-word")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "before S3cret-word\nafter ***\n and ***"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type closedPipe struct{}

var errClosed = errors.New("closed")

func (closedPipe) Write([]byte) (int, error) { return 0, errClosed }

func TestRedactorWriterFails(t *testing.T) {
	var r report.Redactor
	if _, err := r.Writer(closedPipe{}).Write([]byte("a\n")); !errors.Is(err, errClosed) {
		t.Errorf("got %v", err)
	}
}

// A value that is not shown takes the same room whatever it is.
func TestMaskedSnippet(t *testing.T) {
	const text = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {short: a, longer: abcdefgh}\n"
	lines := func(_ string, first, last int) []string {
		all := strings.Split(text, "\n")
		return all[first-1 : min(last, len(all))]
	}
	shown := "    4 | stringData: {short: ****, longer: ****}"
	for name, tt := range map[string]struct {
		start, end int
		marker     string
	}{
		"the short one":       {21, 22, "                    ^~~~"},
		"the longer one":      {32, 40, "                                  ^~~~"},
		"a part of it":        {34, 36, "                                  ^~~~"},
		"the key":             {14, 19, "             ^~~~~"},
		"the key and further": {14, 36, "             ^~~~~~~~~~~~~~~~~~~~~~~~~"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &report.Report{
				Findings: []*finding.Finding{{Rule: "r", Severity: finding.Error, Range: span("a.yaml", 4, tt.start, tt.end), Message: "m"}},
				Lines:    lines,
			}
			got := strings.Split(string(write(t, "text", r, report.Options{Quiet: true})), "\n")[1:3]
			if want := []string{shown, "      | " + tt.marker}; !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// A place that a secret value came by is masked, whatever the file says of it.
func TestSnippetOfSecretPlace(t *testing.T) {
	at := span("a.tfvars", 1, 8, 11)
	s := &located.Secrets{}
	s.Add(&located.Value{Kind: located.String, Str: "x", Sensitive: true, Via: []located.Step{{Range: at}}})
	redactor := &report.Redactor{}
	redactor.Add(s)
	r := &report.Report{
		Diagnostics: []source.Diagnostic{{Kind: source.ParseError, Range: at, Message: "m"}},
		Lines:       func(string, int, int) []string { return []string{`host = "x"`} },
		Redactor:    redactor,
	}
	if got := string(write(t, "text", r, report.Options{})); !strings.Contains(got, "host = ****\n") {
		t.Errorf("got\n%s", got)
	}
}
