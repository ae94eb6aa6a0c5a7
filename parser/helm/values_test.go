package helm_test

import (
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/source"
)

// Values files that stand for more than is read are said to, before Helm reads them.
func TestValueBombs(t *testing.T) {
	aliases := "a: &a [" + strings.Repeat("x,", 1000) + "]\nb: &b [" + strings.Repeat("*a,", 1000) + "]\nc: [" + strings.Repeat("*b,", 1000) + "]\n"
	text := "a: &a " + strings.Repeat("x", 1<<20) + "\nb: [" + strings.Repeat("*a,", 1000) + "]\n"
	many := strings.Repeat("- a\n", 510_000)
	tests := map[string]struct{ file, data, want string }{
		"aliases of aliases":      {"c/values-x.yaml", aliases, "c/values-x.yaml: limit-reached: read values: its aliases stand for more than 16 MiB\n"},
		"aliases of a long text":  {"c/values-x.yaml", text, "c/values-x.yaml: limit-reached: read values: its aliases stand for more than 16 MiB\n"},
		"many values":             {"c/values-x.yaml", "a:\n" + many, "c/values-x.yaml: limit-reached: read values: it holds more than 500000 values\n"},
		"aliases in the chart's":  {"c/values.yaml", aliases, "c/Chart.yaml: limit-reached: read chart: c/values.yaml: its aliases stand for more than 16 MiB\n"},
		"aliases in requirements": {"c/requirements.yaml", aliases, "c/Chart.yaml: limit-reached: read chart: c/requirements.yaml: its aliases stand for more than 16 MiB\n"},
		"aliases in the metadata": {"c/Chart.yaml", metadata("c") + aliases, "c/Chart.yaml: limit-reached: read chart: c/Chart.yaml: its aliases stand for more than 16 MiB\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := load(source.NewTree(chartOf(map[string]string{"c/templates/good.yaml": good, test.file: test.data})), helm.Options{})
			if got := diagnostics(r); got != test.want {
				t.Errorf("got  %swant %s", got, test.want)
			}
		})
	}
}

// Aliases that stand for little are what they stand for.
func TestAliases(t *testing.T) {
	r := load(source.NewTree(chartOf(map[string]string{
		"c/values.yaml":      "a: &a {host: x.example.com}\nb: *a\nhost: y.example.com\n<<: *a\n",
		"c/templates/s.yaml": strings.ReplaceAll(service, ".Values.host", ".Values.b.host"),
	})), helm.Options{})
	if len(r.Objects) != 1 || r.Objects[0].Root.Get("spec", "externalName").Str != "x.example.com" {
		t.Errorf("%d objects, %s", len(r.Objects), diagnostics(r))
	}
}
