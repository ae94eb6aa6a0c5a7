package baseline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/baseline"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/source"
)

var anyFinding = rapid.Custom(func(t *rapid.T) *finding.Finding {
	word := rapid.SampledFrom([]string{"", "a", "b", "a\x00b", `"<&>`})
	return &finding.Finding{
		Rule:    rapid.SampledFrom([]string{"r", "s"}).Draw(t, "rule"),
		Address: word.Draw(t, "address"),
		Range: source.Range{
			File:  rapid.SampledFrom([]string{"a.tf", "名前/b.tf"}).Draw(t, "file"),
			Start: source.Pos{Line: rapid.IntRange(1, 50).Draw(t, "line"), Column: 1},
		},
		Key: rapid.SliceOfN(word, 0, 2).Draw(t, "key"),
	}
})

func reread(t *rapid.T, b *baseline.Baseline) *baseline.Baseline {
	data, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := baseline.Parse("b.json", "b.json", data)
	if err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	return again
}

// A baseline has the findings that it was made of, wherever their lines are and in
// whatever order they come, and no more of them.
func TestTakesWhatItWasMadeOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old := rapid.SliceOfN(anyFinding, 0, 10).Draw(t, "old")
		b := reread(t, baseline.New(old))
		if b.Len() != len(old) {
			t.Fatalf("%d findings became %d", len(old), b.Len())
		}
		use := b.Use()
		for _, f := range rapid.Permutation(old).Draw(t, "order") {
			moved := *f
			moved.Range.Start.Line += rapid.IntRange(0, 100).Draw(t, "lines above")
			if s := use.Take(&moved); s == nil || s.Kind != finding.ByBaseline || s.At.File != "b.json" {
				t.Fatalf("%+v is not in the baseline: %+v", moved, s)
			}
		}
		for _, f := range old {
			if use.Take(f) != nil {
				t.Fatalf("%+v hides behind an old one", f)
			}
		}
		if left := use.Left(); len(left) > 0 {
			t.Fatalf("left are %+v", left)
		}
	})
}

// Parts that run together are parts of different findings.
func TestKeepsPartsApart(t *testing.T) {
	old := &finding.Finding{Rule: "r", Range: source.Range{File: "a.tf"}, Address: "a", Key: []string{"b"}}
	other := &finding.Finding{Rule: "r", Range: source.Range{File: "a.tf"}, Address: "a\x00b"}
	if use := baseline.New([]*finding.Finding{old}).Use(); use.Take(other) != nil || use.Take(old) == nil {
		t.Error("a finding is taken for another one")
	}
}

// What is gone is left, and without it the baseline is one of what is still there.
func TestWithoutWhatIsGone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old := rapid.SliceOfN(anyFinding, 0, 10).Draw(t, "old")
		kept := rapid.IntRange(0, len(old)).Draw(t, "kept")
		use := baseline.New(old).Use()
		for _, f := range old[:kept] {
			use.Take(f)
		}
		got, want := baseline.New(old).Without(use.Left()), baseline.New(old[:kept])
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("baselines differ (-of what is there +updated):\n%s", diff)
		}
	})
}

// Entries that are kept are there as often as either side has them.
func TestWithWhatIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shared := rapid.SliceOfN(anyFinding, 0, 5).Draw(t, "shared")
		more := rapid.SliceOfN(anyFinding, 0, 5).Draw(t, "more")
		old := baseline.New(slices.Concat(shared, more))
		if diff := cmp.Diff(old, baseline.New(shared).With(old.Entries)); diff != "" {
			t.Fatalf("a part with the whole is not the whole (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(old, old.With(baseline.New(shared).Entries)); diff != "" {
			t.Fatalf("the whole with a part is not the whole (-want +got):\n%s", diff)
		}
	})
}

func TestEncode(t *testing.T) {
	f := func(rule, file, address string, key ...string) *finding.Finding {
		return &finding.Finding{Rule: rule, Range: source.Range{File: file}, Address: address, Key: key}
	}
	data, err := baseline.New([]*finding.Finding{f("s", "b.tf", "x", "k"), f("r", "b.tf", ""), f("s", "a.tf", "y"), f("s", "b.tf", "x", "k")}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "version": 1,
  "findings": [
    {
      "rule": "s",
      "file": "a.tf",
      "address": "y",
      "count": 1
    },
    {
      "rule": "r",
      "file": "b.tf",
      "count": 1
    },
    {
      "rule": "s",
      "file": "b.tf",
      "address": "x",
      "arguments": [
        "k"
      ],
      "count": 2
    }
  ]
}
`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("the file differs (-want +got):\n%s", diff)
	}
}

func TestParse(t *testing.T) {
	entry := `{"rule":"r","file":"a.tf","count":2}`
	for text, want := range map[string]string{
		`{"version":1,"findings":[` + entry + `]}`:               "2",
		`{"version":1,"findings":[` + entry + "," + entry + `]}`: "4",
		`{"findings":[], "version":1}`:                           "0",
		`{"version":1}`:                                          "0",
		"":                                                       "1:1: unexpected end of JSON input",
		"{":                                                      "1:1: unexpected end of JSON input",
		"[]":                                                     "1:1: want an object",
		"null":                                                   "1:1: want an object",
		`{"findings":[]}`:                                        "1:1: there is no version",
		"{\n \"version\": 2}":                                    "2:13: read version 2: this egresslint knows version 1 only",
		`{"version":"1"}`:                                        "1:12: read version: want a whole number",
		`{"version":1,"finding":[]}`:                             `1:14: unknown key "finding"`,
		`{"version":1,"findings":{}}`:                            "1:25: read findings: want a list",
		`{"version":1,"findings":[1]}`:                           "1:26: read finding: cannot unmarshal number",
		`{"version":1,"findings":[{"rule":"r","count":1}]}`:  "1:26: read finding: it needs rule and file",
		`{"version":1,"findings":[{"rule":"r","file":"f"}]}`: "1:26: read finding: count is 0, want 1 to 1000000",
		`{"version":1,"findings":[{"line":3}]}`:              `1:26: read finding: unknown field "line"`,
		`{"version":1} x`:                                    "1:15: invalid character 'x'",
	} {
		b, err := baseline.Parse("b.json", "../b.json", []byte(text))
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprint(b.Len())
		} else {
			want = "read baseline ../b.json:" + want
		}
		if err == nil && got != want || !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// Each entry knows where it stands, with columns in characters.
func TestParseKeepsPlaces(t *testing.T) {
	text := "{\"findings\": [\n" +
		"  {\"rule\": \"数据库\", \"file\": \"a\", \"count\": 1}, {\"rule\": \"r\", \"file\": \"b\", \"count\": 1},\n\n" +
		" {\"rule\": \"r\", \"file\": \"c\", \"count\": 1}],\n \"version\": 1}"
	b, err := baseline.Parse("b.json", "b.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range b.Entries {
		got = append(got, e.At.String())
	}
	if want := []string{"b.json:2:3", "b.json:2:45", "b.json:4:2"}; !slices.Equal(got, want) {
		t.Errorf("the entries stand at %q, want %q", got, want)
	}
}

// BenchmarkParse reads a baseline of 100,000 entries on one line and on many, whose
// cost for an entry must not depend on how many there are.
func BenchmarkParse(b *testing.B) {
	for _, separator := range []string{",", ",\n"} {
		b.Run(fmt.Sprintf("%q", separator), func(b *testing.B) {
			entries := make([]string, 100_000)
			for i := range entries {
				entries[i] = fmt.Sprintf(`{"rule":"r","file":"f%d","count":1}`, i)
			}
			data := []byte(`{"version":1,"findings":[` + strings.Join(entries, separator) + `]}`)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := baseline.Parse("b.json", "b.json", data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Whatever is in the file, it is read or refused, and what was read can be written
// and read again.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"version":1,"findings":[{"rule":"r","file":"a.tf","arguments":["x"],"count":2}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := baseline.Parse("", "b.json", data)
		if err != nil {
			return
		}
		encoded, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := baseline.Parse("", "b.json", encoded)
		if err != nil {
			t.Fatalf("%v in\n%s", err, encoded)
		}
		if diff := cmp.Diff(b, again, cmpopts.EquateEmpty()); diff != "" || !slices.IsSortedFunc(again.Entries, func(a, b baseline.Entry) int { return strings.Compare(a.File, b.File) }) {
			t.Fatalf("baselines differ (-read +again):\n%s", diff)
		}
	})
}

// A file outside of the tree may be any of the machine: its mistakes are told without
// its words.
func TestMistakesOutsideAreNotQuoted(t *testing.T) {
	for _, text := range []string{
		"hunter2:x:0:0", `{"hunter2": 1}`, `{"version": 1, "findings": [{"hunter2": 1}]}`,
		`{"version": 1, "findings": [{"rule": {"hunter2": 1}}]}`, `{"version": "hunter2"}`, `"hunter2"`, `{"version": 1, "findings": "hunter2"}`,
	} {
		_, err := baseline.Parse("", "/etc/b.json", []byte(text))
		if err == nil || strings.Contains(err.Error(), "hunter") || strings.Contains(err.Error(), "'h'") || !strings.Contains(err.Error(), "/etc/b.json:1:") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
