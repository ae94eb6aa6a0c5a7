package analysis_test

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

const shop = "../../testdata/projects/shop"

// open returns the session for the sample, and the rules that it judges with.
func open(t *testing.T, settings analysis.Settings) analysis.Session {
	t.Helper()
	tree, err := source.OpenTree(shop)
	if err != nil {
		t.Fatal(err)
	}
	if settings.Paths == nil {
		settings.Paths = []string{"."}
	}
	return analysis.New(tree, settings).WithRules(analysis.BuiltIn(analysis.Selection{}), analysis.Selection{})
}

func describe(findings []*finding.Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, fmt.Sprintf("%s:%d %s %s", f.Range.File, f.Range.Start.Line, f.Rule, f.Message))
	}
	return out
}

// TestAnalyzeAtOnce checks that analyses of one session that run side by side, and one
// that follows them, find the same.
func TestAnalyzeAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t, analysis.Settings{})
	results := make([]*analysis.Result, 3)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			r, err := s.Analyze(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			results[i] = r
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	last, err := s.Analyze(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := describe(last.Findings)
	if len(want) == 0 || !last.Complete() {
		t.Fatalf("the sample has findings: %v %v", want, last.Diagnostics)
	}
	for _, r := range results {
		if diff := cmp.Diff(want, describe(r.Findings)); diff != "" {
			t.Error(diff)
		}
	}
}

// TestAt checks that a session for another state of the tree has the settings of the
// first, and that what both find is unchanged.
func TestAt(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{}
	s := open(t, analysis.Settings{Config: cfg})
	now, err := s.Analyze(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{"k8s/staging", "terraform/envs/staging"}
	tree, err := source.OpenTree(shop)
	if err != nil {
		t.Fatal(err)
	}
	part := s.At(tree, paths)
	if part.LintsAll() || !s.LintsAll() || part.Names("k8s/prod/orders.yaml") || !part.Names("k8s/staging/orders.yaml") {
		t.Error("the paths are not those that were given")
	}
	facts, err := part.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	then, err := part.Judge(t.Context(), facts)
	if err != nil {
		t.Fatal(err)
	}
	if len(then.Findings) == 0 {
		t.Fatal("the folders of staging have findings")
	}
	left, unchanged := now.Unchanged(then.Findings, false)
	if unchanged != len(now.Findings)-len(left.Findings) || len(left.Suppressed) != len(now.Suppressed)+unchanged {
		t.Errorf("%d findings are unchanged, %d are left of %d, %d are suppressed", unchanged, len(left.Findings), len(now.Findings), len(left.Suppressed))
	}
	for _, f := range now.Findings {
		if f.Suppression != nil {
			t.Errorf("the result that was compared has changed: %v", f.Suppression)
		}
	}
	if all, n := now.Unchanged(nil, true); n != len(now.Findings) || len(all.Findings) != 0 {
		t.Errorf("where nothing has changed, %d of %d findings are unchanged", n, len(now.Findings))
	}
}

// TestSettingsWithoutEffect checks that a session says what its settings do not reach.
func TestSettingsWithoutEffect(t *testing.T) {
	t.Parallel()
	s := open(t, analysis.Settings{Exclude: []analysis.Glob{{Pattern: "k8s/prod/**", Text: "the first"}, {Pattern: "nothing/**", Text: "the second"}}})
	r, err := s.Analyze(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, d := range r.Diagnostics {
		if d.Kind == source.UnmatchedEntry {
			told = append(told, d.Message)
		}
	}
	if len(told) != 1 || !strings.HasPrefix(told[0], "the second matched nothing") {
		t.Errorf("told is %q", told)
	}
	scope := s.Scope()
	for file, want := range map[string]bool{"k8s/prod/orders.yaml": false, "k8s/staging/orders.yaml": true} {
		if got := scope.Covers(file); got != want {
			t.Errorf("%s is covered: %v", file, got)
		}
	}
}

// TestOver checks that nothing is analysed when there is no time.
func TestOver(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := open(t, analysis.Settings{})
	if _, err := s.Analyze(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Analyze: %v", err)
	}
	if _, _, err := s.Connectivity(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Connectivity: %v", err)
	}
}

// TestPanic checks that a mistake of the program becomes an error that tells no value.
func TestPanic(t *testing.T) {
	t.Parallel()
	_, err := analysis.Start(func() (int, error) { panic("password") }).Wait(t.Context())
	var panicked *analysis.Panic
	if !errors.As(err, &panicked) || strings.Contains(err.Error(), "password") || len(panicked.Stack) == 0 {
		t.Errorf("the error is %v", err)
	}
}

// TestSecrets checks that what must not be printed is told before anything is judged.
func TestSecrets(t *testing.T) {
	t.Parallel()
	tree := source.NewTree(fstest.MapFS{path.Join("k8s", "secret.yaml"): {Data: []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: correct-horse-battery}\n")}})
	var texts []string
	s := analysis.New(tree, analysis.Settings{Paths: []string{"."}, Secrets: func(found *located.Secrets) { texts = found.Texts() }})
	if _, err := s.Facts(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(texts, "correct-horse-battery") {
		t.Errorf("the secrets are %q", texts)
	}
}
