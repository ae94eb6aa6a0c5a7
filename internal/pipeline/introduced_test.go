package pipeline_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/internal/pipeline"
	"github.com/egresslint/egresslint/internal/place"
)

// side is what the files of one revision give.
type side struct {
	places  []place.Place // from ref 1
	results []engine.Result
}

func (s side) run(t interface {
	Fatalf(format string, args ...any)
},
) ([]*finding.Finding, []place.Place) {
	origins := append([]place.Place{{}}, s.places...)
	outcome := run(t, s.results, origins, pipeline.Options{})
	if len(outcome.Diagnostics) > 0 {
		t.Fatalf("diagnostics: %v", outcome.Diagnostics)
	}
	return outcome.Findings, origins
}

// written is an instance that is written in the file of a root.
func written(file, root, variant string, line int) place.Place {
	return place.Place{Range: at(file, line), Address: "alicloud_db_instance.main", Root: root, Variant: variant}
}

// severe is the result with another severity.
func severe(r engine.Result, s finding.Severity) engine.Result {
	r.Severity = s
	return r
}

func TestIntroduced(t *testing.T) {
	caller := at(prod, 20)
	one := side{[]place.Place{db("envs/prod", "module.a", "", caller)}, []engine.Result{result(1, "a")}}
	both := side{
		[]place.Place{db("envs/prod", "module.a", "", caller), db("envs/prod", "module.b", "", at(prod, 30))},
		[]engine.Result{result(1, "a"), result(2, "b")},
	}
	in := func(p place.Place, results ...engine.Result) side { return side{[]place.Place{p}, results} }
	main := written("envs/prod/main.tf", "envs/prod", "", 4)
	tests := map[string]struct {
		base, head side
		want       int // introduced
	}{
		"nothing before":            {side{}, in(main, result(1, "k")), 1},
		"the same":                  {in(main, result(1, "k")), in(main, result(1, "k")), 0},
		"other lines":               {in(main, result(1, "k")), in(written(main.Range.File, main.Root, "", 40), result(1, "k")), 0},
		"repaired":                  {in(main, result(1, "k")), in(main), 0},
		"another reason":            {in(main, result(1, "k")), in(main, result(1, "l")), 1},
		"partly repaired":           {in(main, result(1, "k", "a", "b")), in(main, result(1, "k", "b")), 0},
		"more of it":                {in(main, result(1, "k", "a")), in(main, result(1, "k", "a", "b")), 1},
		"worse":                     {in(main, severe(result(1, "k"), finding.Warning)), in(main, result(1, "k")), 1},
		"less bad":                  {in(main, result(1, "k")), in(main, severe(result(1, "k"), finding.Note)), 0},
		"another file":              {in(main, result(1, "k")), in(written("envs/prod/db.tf", "envs/prod", "", 1), result(1, "k")), 0},
		"another root":              {in(main, result(1, "k")), in(written("live/prod/main.tf", "live/prod", "", 4), result(1, "k")), 0},
		"another variant":           {in(written(prod, "envs/prod", "a", 4), result(1, "k")), in(written(prod, "envs/prod", "b", 4), result(1, "k")), 0},
		"a second module instance":  {one, both, 1},
		"one of two instances left": {both, one, 0},
		"a copy of a root": {in(main, result(1, "k")), side{
			[]place.Place{main, written("envs/dev/main.tf", "envs/dev", "", 4)},
			[]engine.Result{result(1, "k"), result(2, "k")},
		}, 1},
		"broken there and repaired here": {
			side{[]place.Place{main, written("envs/dev/main.tf", "envs/dev", "", 4)}, []engine.Result{result(1, "k")}},
			side{[]place.Place{main, written("envs/dev/main.tf", "envs/dev", "", 4)}, []engine.Result{result(2, "k")}},
			1,
		},
		"a second variant": {in(written(prod, "envs/prod", "a", 4), result(1, "k")), side{
			[]place.Place{written(prod, "envs/prod", "a", 4), written(prod, "envs/prod", "b", 4)},
			[]engine.Result{result(1, "k"), result(2, "k")},
		}, 1},
		"a second equal one": {in(main, result(1, "k")), side{
			[]place.Place{main, written(prod, "envs/prod", "", 9)},
			[]engine.Result{result(1, "k"), result(2, "k")},
		}, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			base, _ := test.base.run(t)
			head, origins := test.head.run(t)
			introduced, unchanged := pipeline.Introduced(head, base, origins)
			if len(introduced) != test.want || len(introduced)+len(unchanged) != len(head) {
				t.Errorf("of %d findings %d are new and %d old, want %d new", len(head), len(introduced), len(unchanged), test.want)
			}
		})
	}
}

// Whatever the files hold, nothing is new without a change, all is new without a
// base, and nothing is lost.
func TestIntroducedProperties(t *testing.T) {
	anySide := rapid.Custom(func(t *rapid.T) side {
		var s side
		for i := range rapid.IntRange(0, 8).Draw(t, "n") {
			root := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "root")
			s.places = append(s.places, place.Place{
				Range: at(root+"/main.tf", rapid.IntRange(1, 3).Draw(t, "line")), Root: root,
				Address: rapid.SampledFrom([]string{"x", "y", ""}).Draw(t, "address"),
				Variant: rapid.SampledFrom([]string{"", "v"}).Draw(t, "variant"),
			})
			r := result(i+1, rapid.SliceOfN(rapid.SampledFrom([]string{"k", "l"}), 1, 2).Draw(t, "key")...)
			s.results = append(s.results, severe(r, rapid.SampledFrom([]finding.Severity{finding.Warning, finding.Error}).Draw(t, "severity")))
		}
		return s
	})
	rapid.Check(t, func(t *rapid.T) {
		base, baseOrigins := anySide.Draw(t, "base").run(t)
		head, origins := anySide.Draw(t, "head").run(t)
		if introduced, _ := pipeline.Introduced(base, base, baseOrigins); len(introduced) > 0 {
			t.Fatalf("without a change %d are new", len(introduced))
		}
		if _, unchanged := pipeline.Introduced(head, nil, origins); len(unchanged) > 0 {
			t.Fatalf("without a base %d are old", len(unchanged))
		}
		introduced, unchanged := pipeline.Introduced(head, base, origins)
		for _, f := range head {
			if slices.Contains(introduced, f) == slices.Contains(unchanged, f) {
				t.Fatalf("%+v is not in one of the two lists", f)
			}
		}
		if len(unchanged) > 0 && len(base) == 0 {
			t.Fatal("old findings without a base")
		}
	})
}
