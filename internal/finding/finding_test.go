package finding_test

import (
	"slices"
	"testing"

	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/source"
	"pgregory.net/rapid"
)

func TestSeverity(t *testing.T) {
	for _, s := range []finding.Severity{finding.Note, finding.Warning, finding.Error} {
		got, err := finding.ParseSeverity(s.String())
		if err != nil || got != s {
			t.Errorf("ParseSeverity(%q) = %v, %v", s, got, err)
		}
	}
	if s, err := finding.ParseSeverity("fatal"); err == nil {
		t.Errorf("ParseSeverity accepts fatal as %v", s)
	}
	if finding.Note >= finding.Warning || finding.Warning >= finding.Error {
		t.Error("severities are not in order")
	}
}

func TestFingerprint(t *testing.T) {
	base := func() *finding.Finding {
		return &finding.Finding{
			Rule: "snat-missing", Address: "alicloud_cs_managed_kubernetes.main",
			Range: source.Range{File: "main.tf", Start: source.Pos{Line: 3, Column: 5}},
			Key:   []string{"alicloud_vswitch.pod", "missing"},
		}
	}
	same := map[string]func(*finding.Finding){
		"moved down": func(f *finding.Finding) { f.Range.Start.Line += 40; f.Range.End.Line += 40 },
		"reworded":   func(f *finding.Finding) { f.Message, f.Remedy = "other words", "other words" },
		"severity":   func(f *finding.Finding) { f.Severity = finding.Note },
		"from":       func(f *finding.Finding) { f.From = []string{"overlay prod"} },
		"variants":   func(f *finding.Finding) { f.Variants = []string{"prod"} },
	}
	for name, change := range same {
		f := base()
		change(f)
		if f.Fingerprint() != base().Fingerprint() {
			t.Errorf("%s: the fingerprint changes", name)
		}
	}
	other := map[string]func(*finding.Finding){
		"rule":    func(f *finding.Finding) { f.Rule = "snat-wrong-vswitch" },
		"file":    func(f *finding.Finding) { f.Range.File = "other.tf" },
		"address": func(f *finding.Finding) { f.Address += "[0]" },
		"key":     func(f *finding.Finding) { f.Key = f.Key[:1] },
	}
	for name, change := range other {
		f := base()
		change(f)
		if f.Fingerprint() == base().Fingerprint() {
			t.Errorf("%s: the fingerprint does not change", name)
		}
	}
}

var anyFinding = rapid.Custom(func(t *rapid.T) *finding.Finding {
	return &finding.Finding{
		Rule: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "rule"),
		Range: source.Range{
			File:  rapid.SampledFrom([]string{"a.tf", "b.tf"}).Draw(t, "file"),
			Start: source.Pos{Line: rapid.IntRange(1, 3).Draw(t, "line"), Column: rapid.IntRange(1, 3).Draw(t, "column")},
		},
		Key: []string{rapid.StringMatching("[ab]{0,2}").Draw(t, "key")},
	}
})

// However findings come in, they leave in one order.
func TestSortIsOneOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		findings := rapid.SliceOfN(anyFinding, 0, 12).Draw(t, "findings")
		sorted := slices.Clone(findings)
		finding.Sort(sorted)
		shuffled := rapid.Permutation(findings).Draw(t, "shuffled")
		finding.Sort(shuffled)
		for i := range sorted {
			if finding.Compare(sorted[i], shuffled[i]) != 0 {
				t.Fatalf("place %d holds %+v and %+v", i, sorted[i], shuffled[i])
			}
			if i > 0 && finding.Compare(sorted[i-1], sorted[i]) > 0 {
				t.Fatalf("%+v stands before %+v", sorted[i-1], sorted[i])
			}
		}
	})
}
