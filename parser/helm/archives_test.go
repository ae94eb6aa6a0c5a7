package helm_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/part"
	"github.com/egresslint/egresslint/parser/source"
)

// packed is an archive of files.
func packed(t testing.TB, files [][2]string) string {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	tarred := tar.NewWriter(zipped)
	for _, f := range files {
		if err := tarred.WriteHeader(&tar.Header{Name: f[0], Mode: 0o644, Size: int64(len(f[1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(tarred, f[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := tarred.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func metadata(name string) string { return "apiVersion: v2\nname: " + name + "\nversion: 1.0.0\n" }

// Archives that would unpack to too much are left out, and so are broken ones; the rest
// of the chart is rendered.
func TestArchiveBombs(t *testing.T) {
	chart := func(more ...[2]string) string {
		return packed(t, append([][2]string{{"a/Chart.yaml", metadata("a")}}, more...))
	}
	zeros := strings.Repeat("\x00", 40<<20)
	nested := chart()
	for range 10 {
		nested = chart([2]string{"a/charts/a-1.0.0.tgz", nested})
	}
	files := make([][2]string, 0, 20_001)
	for i := range cap(files) {
		files = append(files, [2]string{fmt.Sprintf("a/f%d", i), ""})
	}
	many := make(map[string]string)
	for i := range 201 {
		name := fmt.Sprintf("a%03d", i)
		many["c/charts/"+name+"-1.0.0.tgz"] = packed(t, [][2]string{{name + "/Chart.yaml", metadata(name)}})
	}
	half := chart([2]string{"a/zeros", zeros})
	inner := make([][2]string, 0, 20)
	for i := range cap(inner) {
		inner = append(inner, [2]string{fmt.Sprintf("a/charts/b%d-1.0.0.tgz", i), half})
	}
	aliases := "a: &a [" + strings.Repeat("x,", 1000) + "]\nb: &b [" + strings.Repeat("*a,", 1000) + "]\nc: [" + strings.Repeat("*b,", 1000) + "]\n"
	tests := map[string]struct {
		files map[string]string
		want  string // what is left out, and why
	}{
		"one that is large": {
			map[string]string{"c/charts/a-1.0.0.tgz": chart([2]string{"a/x", zeros}, [2]string{"a/y", zeros})},
			"c/charts/a-1.0.0.tgz: limit-reached: unpack chart: with it the chart has more than 64 MiB or more than 20000 files; it is left out\n",
		},
		"several that are large together": {
			map[string]string{"c/charts/a-1.0.0.tgz": half, "c/charts/b-1.0.0.tgz": half},
			"c/charts/b-1.0.0.tgz: limit-reached: unpack chart: with it the chart has more than 64 MiB or more than 20000 files; it is left out\n",
		},
		"archives in an archive": {
			map[string]string{"c/charts/a-1.0.0.tgz": chart(inner...)},
			"c/charts/a-1.0.0.tgz: limit-reached: unpack chart: with it the chart has more than 64 MiB or more than 20000 files; it is left out\n",
		},
		"archives deep in each other": {
			map[string]string{"c/charts/a-1.0.0.tgz": nested},
			"c/charts/a-1.0.0.tgz: limit-reached: unpack chart: with it the chart has more than 200 archives, or archives more than 8 deep in each other; it is left out\n",
		},
		"many files": {
			map[string]string{"c/charts/a-1.0.0.tgz": packed(t, files)},
			"c/charts/a-1.0.0.tgz: limit-reached: unpack chart: with it the chart has more than 64 MiB or more than 20000 files; it is left out\n",
		},
		"many archives": {
			many,
			"c/charts/a200-1.0.0.tgz: limit-reached: unpack chart: with it the chart has more than 200 archives, or archives more than 8 deep in each other; it is left out\n",
		},
		"values full of aliases": {
			map[string]string{"c/charts/a-1.0.0.tgz": chart([2]string{"a/values.yaml", aliases})},
			"c/charts/a-1.0.0.tgz: limit-reached: unpack chart: its aliases stand for more than 16 MiB; it is left out\n",
		},
		"a pointer to one": {
			map[string]string{"c/charts/a-1.0.0.tgz": "version https://git-lfs.github.com/spec/v1\n"},
			"c/charts/a-1.0.0.tgz: render-error: unpack chart: it is no archive of a chart; it is left out\n",
		},
		"one that is cut": {
			map[string]string{"c/charts/a-1.0.0.tgz": half[:len(half)/2]},
			"c/charts/a-1.0.0.tgz: render-error: unpack chart: it is no archive of a chart; it is left out\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := chartOf(test.files)
			files["c/templates/good.yaml"] = chartOf(map[string]string{"x": good})["x"]
			r := load(source.NewTree(files), helm.Options{})
			if len(r.Objects) != 1 || r.Objects[0].Name != "good" {
				t.Errorf("%d objects are rendered, want the good one", len(r.Objects))
			}
			if got := diagnostics(r); got != test.want {
				t.Errorf("got  %swant %s", got, test.want)
			}
		})
	}
}

// Whoever watches is told of each archive, and can have one left out.
func TestArchivesAreParts(t *testing.T) {
	tree := source.NewTree(chartOf(map[string]string{
		"c/charts/a-1.0.0.tgz":  packed(t, [][2]string{{"a/Chart.yaml", metadata("a")}, {"a/templates/s.yaml", good}}),
		"c/charts/b-1.0.0.tgz":  packed(t, [][2]string{{"b/Chart.yaml", metadata("b")}, {"b/templates/s.yaml", good}}),
		"c/templates/good.yaml": good,
	}))
	var begun []part.Part
	ctx := part.With(t.Context(), &part.Watch{
		Begin: func(p part.Part) func(int) {
			begun = append(begun, p)
			return func(int) {}
		},
		Left: leaving(part.Part{Kind: part.Archive, Name: "c/charts/b-1.0.0.tgz"}),
	})
	r := loadIn(ctx, tree, helm.Options{})
	want := []part.Part{{Kind: part.Chart, Name: "c"}, {Kind: part.Archive, Name: "c/charts/a-1.0.0.tgz"}}
	if fmt.Sprint(begun) != fmt.Sprint(want) {
		t.Errorf("begun %v, want %v", begun, want)
	}
	if got := diagnostics(r); len(r.Objects) != 2 || got != "c/charts/b-1.0.0.tgz: limit-reached: unpack chart: it took too long; it is left out\n" {
		t.Errorf("%d objects, %s", len(r.Objects), got)
	}
}

// A chart that is left out is not read, and its files are still no manifests.
func TestChartLeftOut(t *testing.T) {
	tree := source.NewTree(chartOf(map[string]string{"c/templates/good.yaml": good}))
	ctx := part.With(t.Context(), &part.Watch{Left: leaving(part.Part{Kind: part.Chart, Name: "c"})})
	r := loadIn(ctx, tree, helm.Options{})
	if len(r.Objects) != 0 || !r.consumed["c/templates/good.yaml"] || len(r.Diagnostics) != 1 || r.Diagnostics[0].Kind != source.LimitReached {
		t.Errorf("%d objects, consumed %v, %s", len(r.Objects), r.consumed, diagnostics(r))
	}
}

// leaving leaves a part out.
func leaving(out part.Part) func(part.Part) string {
	return func(p part.Part) string {
		if p == out {
			return "it took too long"
		}
		return ""
	}
}
