package pipeline_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/pipeline"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/suppress"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

func at(file string, line int) source.Range {
	return source.Range{File: file, Start: source.Pos{Line: line, Column: 3}, End: source.Pos{Line: line, Column: 9}}
}

const (
	inModule = "modules/data/main.tf"
	prod     = "envs/prod/main.tf"
	staging  = "envs/staging/main.tf"
)

// db is the place of the allow-list in the module, as one instance sees it.
func db(root, module, variant string, callers ...source.Range) place.Place {
	return place.Place{
		Range: at(inModule, 10), Callers: callers, Root: root, Module: module, Variant: variant,
		Address: module + ".alicloud_db_instance.main",
	}
}

func result(ref int, key ...string) engine.Result {
	return engine.Result{
		Rule: "whitelist-missing", Severity: finding.Error, At: ref, Case: "partial",
		Message: "m " + key[0], Remedy: "r", Key: key,
	}
}

func related(r source.Range, text string) finding.Related {
	return finding.Related{Range: r, Message: text}
}

func TestRun(t *testing.T) {
	tests := map[string]struct {
		places  []place.Place // from ref 1
		results []engine.Result
		opts    pipeline.Options
		want    []*finding.Finding
	}{
		"written where it is wrong": {
			places:  []place.Place{{Range: at("main.tf", 4), Address: "alicloud_db_instance.main", Root: "."}},
			results: []engine.Result{result(1, "k")},
			want: []*finding.Finding{{
				Rule: "whitelist-missing", Severity: finding.Error, Range: at("main.tf", 4),
				Address: "alicloud_db_instance.main", Message: "m k", Remedy: "r", Key: []string{"k"},
			}},
		},
		"the same of several overlays": {
			places: []place.Place{
				{Range: at("base/app.yaml", 4), Address: "Deployment/shop/api", From: "overlay prod"},
				{Range: at("base/app.yaml", 4), Address: "Deployment/shop/api", From: "overlay lab"},
				{Range: at("base/app.yaml", 4), Address: "Deployment/shop/api", From: "overlay staging"},
			},
			results: []engine.Result{result(1, "k"), result(2, "k"), result(3, "other")},
			want: []*finding.Finding{
				{
					Rule: "whitelist-missing", Severity: finding.Error, Range: at("base/app.yaml", 4),
					Address: "Deployment/shop/api", Message: "m k", Remedy: "r", Key: []string{"k"}, From: []string{"overlay lab", "overlay prod"},
				},
				{
					Rule: "whitelist-missing", Severity: finding.Error, Range: at("base/app.yaml", 4),
					Address: "Deployment/shop/api", Message: "m other", Remedy: "r", Key: []string{"other"}, From: []string{"overlay staging"},
				},
			},
		},
		"one module instance: the outermost caller is at fault": {
			places: []place.Place{
				db("envs/staging", "module.a.module.data", "", at("modules/a/main.tf", 7), at(staging, 20)),
				{Range: at("net.tf", 1)},
			},
			results: []engine.Result{func() engine.Result {
				r := result(1, "k")
				r.Related = []engine.RelatedRef{{At: 2, Text: "the vSwitch"}}
				return r
			}()},
			want: []*finding.Finding{{
				Rule: "whitelist-missing", Severity: finding.Error, Range: at(staging, 20),
				Address: "module.a.module.data.alicloud_db_instance.main", Message: "m k", Remedy: "r", Key: []string{"k"},
				Related: []finding.Related{
					related(at("net.tf", 1), "the vSwitch"),
					related(at(inModule, 10), "the module uses it here"),
					related(at("modules/a/main.tf", 7), "it is passed on here"),
				},
			}},
		},
		"two instances of one root: the module is at fault": {
			places: []place.Place{
				db(".", `module.data["a"]`, "", at("main.tf", 5)),
				db(".", `module.data["b"]`, "", at("main.tf", 5)),
			},
			results: []engine.Result{result(1, `module.data["a"].x`), result(2, `module.data["b"].x`)},
			want: []*finding.Finding{{
				Rule: "whitelist-missing", Severity: finding.Error, Range: at(inModule, 10),
				Address: `module.data["a"].alicloud_db_instance.main`, Message: `m module.data["a"].x`, Remedy: "r", Key: []string{`module.data["a"].x`},
				Instances: []string{`module.data["a"]`, `module.data["b"]`},
				Related:   []finding.Related{related(at("main.tf", 5), `the value is passed in here, for module.data["a"]`)},
			}},
		},
		"two roots": {
			places: []place.Place{
				db("envs/prod", "module.data", "", at(prod, 8)),
				db("envs/staging", "module.data", "", at(staging, 9)),
			},
			results: []engine.Result{result(2, "staging"), result(1, "prod")},
			want: []*finding.Finding{{
				Rule: "whitelist-missing", Severity: finding.Error, Range: at(inModule, 10),
				Address: "module.data.alicloud_db_instance.main", Message: "m prod", Remedy: "r", Key: []string{"prod"},
				Instances: []string{"envs/prod: module.data", "envs/staging: module.data"},
				Related: []finding.Related{
					related(at(prod, 8), "the value is passed in here, for envs/prod: module.data"),
					related(at(staging, 9), "the value is passed in here, for envs/staging: module.data"),
				},
			}},
		},
		"several at one place of each instance: by key": {
			places: []place.Place{db(".", "module.a", ""), db(".", "module.b", "")},
			results: []engine.Result{
				result(1, "module.a.x"), result(1, "module.a.y"),
				result(2, "module.b.x"), result(2, "module.b.y"),
			},
			want: []*finding.Finding{
				{
					Rule: "whitelist-missing", Severity: finding.Error, Range: at(inModule, 10), Address: "module.a.alicloud_db_instance.main",
					Message: "m module.a.x", Remedy: "r", Key: []string{"module.a.x"}, Instances: []string{"module.a", "module.b"},
				},
				{
					Rule: "whitelist-missing", Severity: finding.Error, Range: at(inModule, 10), Address: "module.a.alicloud_db_instance.main",
					Message: "m module.a.y", Remedy: "r", Key: []string{"module.a.y"}, Instances: []string{"module.a", "module.b"},
				},
			},
		},
		"variants of one instance, anchored at the caller, with the lines that set the value": {
			places: []place.Place{
				func() place.Place {
					p := db(".", "module.data", "staging", at("main.tf", 5))
					p.Via = []located.Step{{Range: at("staging.tfvars", 1), Says: "var.cidr is set here"}}
					return p
				}(),
				func() place.Place {
					p := db(".", "module.data", "prod", at("main.tf", 5))
					p.Via = []located.Step{{Range: at("prod.tfvars", 2)}}
					return p
				}(),
			},
			results: []engine.Result{result(1, "s"), result(2, "p")},
			want: []*finding.Finding{{
				Rule: "whitelist-missing", Severity: finding.Error, Range: at("main.tf", 5), Address: "module.data.alicloud_db_instance.main",
				Message: "m p", Remedy: "r", Key: []string{"p"}, Variants: []string{"prod", "staging"},
				Related: []finding.Related{
					related(at(inModule, 10), "the module uses it here"),
					related(at("prod.tfvars", 2), "the value is set here"),
					related(at("staging.tfvars", 1), "var.cidr is set here"),
				},
			}},
		},
		"the worse one speaks": {
			places: []place.Place{db(".", "module.a", ""), db(".", "module.b", "")},
			results: []engine.Result{
				func() engine.Result { r := result(1, "a"); r.Severity = finding.Warning; return r }(),
				result(2, "b"),
			},
			want: []*finding.Finding{{
				Rule: "whitelist-missing", Severity: finding.Error, Range: at(inModule, 10), Address: "module.b.alicloud_db_instance.main",
				Message: "m b", Remedy: "r", Key: []string{"b"}, Instances: []string{"module.b", "module.a"},
			}},
		},
		"two problems at one place of a manifest stay two": {
			places:  []place.Place{{Range: at("np.yaml", 3), Address: "NetworkPolicy/a/b"}},
			results: []engine.Result{result(1, "to db"), result(1, "to cache")},
			want: []*finding.Finding{
				{Rule: "whitelist-missing", Severity: finding.Error, Range: at("np.yaml", 3), Address: "NetworkPolicy/a/b", Message: "m to db", Remedy: "r", Key: []string{"to db"}},
				{Rule: "whitelist-missing", Severity: finding.Error, Range: at("np.yaml", 3), Address: "NetworkPolicy/a/b", Message: "m to cache", Remedy: "r", Key: []string{"to cache"}},
			},
		},
		"the same words for two clusters are one": {
			places: []place.Place{{Range: at("np.yaml", 3), Address: "NetworkPolicy/a/b"}},
			results: []engine.Result{
				{Rule: "dns-egress-blocked", Severity: finding.Error, At: 1, Case: "c", Message: "same", Remedy: "r", Key: []string{"cluster a"}},
				{Rule: "dns-egress-blocked", Severity: finding.Error, At: 1, Case: "c", Message: "same", Remedy: "r", Key: []string{"cluster b"}},
			},
			want: []*finding.Finding{{
				Rule: "dns-egress-blocked", Severity: finding.Error, Range: at("np.yaml", 3), Address: "NetworkPolicy/a/b",
				Message: "same", Remedy: "r", Key: []string{"cluster a"},
			}},
		},
		"settings": {
			places: []place.Place{{Range: at("b.tf", 1)}, {Range: at("a.tf", 1)}},
			results: []engine.Result{
				result(1, "k"),
				{Rule: "snat-missing", Severity: finding.Error, At: 2, Case: "c", Message: "m", Remedy: "r"},
			},
			opts: pipeline.Options{
				Severity: map[string]finding.Severity{"whitelist-missing": finding.Note},
				Off:      map[string]bool{"snat-missing": true},
			},
			want: []*finding.Finding{{Rule: "whitelist-missing", Severity: finding.Note, Range: at("b.tf", 1), Message: "m k", Remedy: "r", Key: []string{"k"}}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			outcome := run(t, tt.results, append([]place.Place{{}}, tt.places...), tt.opts)
			got := outcome.Findings
			if len(outcome.Diagnostics) > 0 {
				t.Errorf("diagnostics: %v", outcome.Diagnostics)
			}
			// The expectations list findings of one place by key, whatever their hashes.
			slices.SortStableFunc(tt.want, finding.Compare)
			if diff := cmp.Diff(tt.want, got, cmp.Transformer("empty", func(r []finding.Related) []finding.Related {
				if len(r) == 0 {
					return nil
				}
				return r
			}), cmpopts.IgnoreFields(finding.Finding{}, "Parts")); diff != "" {
				t.Errorf("findings differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRunPlaceUnknown(t *testing.T) {
	bad := result(7, "k")
	good := result(1, "k")
	outcome := run(t, []engine.Result{bad, good}, []place.Place{{}, {Range: at("a.tf", 1)}}, pipeline.Options{})
	got, diagnostics := outcome.Findings, outcome.Diagnostics
	if len(got) != 1 || got[0].Range.File != "a.tf" {
		t.Errorf("the good finding is lost: %+v", got)
	}
	if len(diagnostics) != 1 || diagnostics[0].Kind != source.PolicyError || !diagnostics[0].Fatal() {
		t.Errorf("want one policy error, got %v", diagnostics)
	}
}

// The order in which rules report must not show.
func TestRunIsOrderFree(t *testing.T) {
	places := []place.Place{
		{},
		db("envs/prod", "module.a", "x", at(prod, 8)), db("envs/prod", "module.a", "y", at(prod, 8)),
		db("envs/prod", "module.b", "x", at(prod, 9)), db("envs/staging", "module.a", "", at(staging, 8)),
		{Range: at("np.yaml", 1), Address: "NetworkPolicy/a/b"},
	}
	rapid.Check(t, func(t *rapid.T) {
		results := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) engine.Result {
			r := result(rapid.IntRange(1, len(places)-1).Draw(t, "ref"), rapid.SampledFrom([]string{"module.a.k", "module.b.k", "l"}).Draw(t, "key"))
			r.Severity = rapid.SampledFrom([]finding.Severity{finding.Warning, finding.Error}).Draw(t, "severity")
			return r
		}), 0, 8, func(r engine.Result) string { return string(rune(r.At)) + r.Key[0] }).Draw(t, "results")
		want := run(t, slices.Clone(results), places, pipeline.Options{}).Findings
		got := run(t, rapid.Permutation(results).Draw(t, "shuffled"), places, pipeline.Options{}).Findings
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("findings depend on the order of results (-first +shuffled):\n%s", diff)
		}
		total := len(got)
		if total > len(results) || (len(results) > 0 && total == 0) {
			t.Fatalf("%d results became %d findings", len(results), total)
		}
	})
}

// Suppressing some findings changes nothing about the others, and loses none.
func TestSuppressingChangesNoOtherFinding(t *testing.T) {
	places := []place.Place{
		{},
		db("envs/prod", "module.a", "x", at(prod, 8)), db("envs/prod", "module.a", "y", at(prod, 8)),
		db("envs/prod", "module.b", "x", at(prod, 9)), db("envs/staging", "module.a", "", at(staging, 8)),
		{Range: at("np.yaml", 1), Address: "NetworkPolicy/a/b"},
		{Range: at("np.yaml", 5), Address: "NetworkPolicy/a/c"},
	}
	rapid.Check(t, func(t *rapid.T) {
		results := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) engine.Result {
			r := result(rapid.IntRange(1, len(places)-1).Draw(t, "ref"), rapid.SampledFrom([]string{"module.a.k", "module.b.k", "l"}).Draw(t, "key"))
			r.Rule = rapid.SampledFrom([]string{"whitelist-missing", "snat-missing"}).Draw(t, "rule")
			return r
		}), 0, 8, func(r engine.Result) string { return r.Rule + string(rune(r.At)) + r.Key[0] }).Draw(t, "results")
		entries := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) config.Suppression {
			return config.Suppression{
				Rules:   []string{rapid.SampledFrom([]string{"whitelist-missing", "snat-missing"}).Draw(t, "rule")},
				Files:   []config.Glob{{Pattern: rapid.SampledFrom([]string{"envs/**", "np.yaml", "modules/**", "**"}).Draw(t, "file")}},
				Address: rapid.SampledFrom([]string{"", "NetworkPolicy/a/*", "module.a.*", "*"}).Draw(t, "address"),
				Reason:  "why",
			}
		}), 0, 3).Draw(t, "suppressions")

		all := run(t, slices.Clone(results), places, pipeline.Options{}).Findings
		suppressions, err := suppress.Read(context.Background(), suppress.Input{Tree: source.NewTree(fstest.MapFS{}), Config: entries, Now: time.Unix(0, 0)})
		if err != nil {
			t.Fatal(err)
		}
		outcome := run(t, slices.Clone(results), places, pipeline.Options{
			Suppressions: suppressions,
		})
		var together []*finding.Finding
		for _, f := range outcome.Suppressed {
			if f.Suppression == nil {
				t.Fatalf("%+v does not say why it is suppressed", f)
			}
			plain := *f
			plain.Suppression = nil
			together = append(together, &plain)
		}
		together = append(together, outcome.Findings...)
		finding.Sort(together)
		if diff := cmp.Diff(all, together, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("findings differ (-without suppressions +with):\n%s", diff)
		}
	})
}

// run is pipeline.Run without an end of its time. T is *testing.T or *rapid.T.
func run(t interface {
	Fatalf(format string, args ...any)
}, results []engine.Result, origins []place.Place, opts pipeline.Options,
) pipeline.Outcome {
	outcome, err := pipeline.Run(context.Background(), results, origins, opts)
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return outcome
}

// countdown is a context whose time is over after it was asked so many times.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

func TestRunEndsWithItsTime(t *testing.T) {
	var results []engine.Result
	places := []place.Place{{}}
	for i := range 1000 {
		results = append(results, engine.Result{Rule: "r", At: i + 1, Case: "one", Message: "m"})
		places = append(places, place.Place{Range: at("a.tf", i+1)})
	}
	set, err := suppress.Read(t.Context(), suppress.Input{Tree: source.NewTree(fstest.MapFS{})})
	if err != nil {
		t.Fatal(err)
	}
	ctx := &countdown{t.Context(), 100}
	if _, err := pipeline.Run(ctx, results, places, pipeline.Options{Suppressions: set}); !errors.Is(err, context.DeadlineExceeded) || ctx.left != -1 {
		t.Errorf("got %v after %d more questions", err, -ctx.left)
	}
}
