package helm_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/source"
)

const good = "apiVersion: v1\nkind: Service\nmetadata:\n  name: good\n"

// rounds repeats an action.
func rounds(n int, action string) string { return strings.Repeat(action, n) }

// Templates that would fill the memory, overflow the stack or never end. Each ends by
// itself, says so at its own file, and leaves the others as they are.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes memory and time, and ten times of both under the race detector")
	}
	const (
		loop = `{{- range until 90000 }}`
		end  = `{{ end }}`
		self = `{{- $m := dict "a" "b" }}{{ $_ := set $m "m" $m }}`
		big  = `{{- $x := repeat 500000 "a\n" }}`
		dag  = `{{- $x := list "a" }}` // doubled 60 times
	)
	doubledList := dag + rounds(60, `{{ $x = list $x $x }}`)
	deep := `{{- $x := list "a" }}{{ range until 90000 }}{{ $x = list $x }}{{ end }}`
	tests := map[string]string{
		"print doubles":                 `{{- $x := "a" }}` + rounds(60, `{{ $x = print $x $x }}`),
		"print doubles in a loop":       `{{- $x := "a" }}` + loop + `{{ $x = print $x $x }}` + end,
		"printf doubles":                `{{- $x := "a" }}` + rounds(60, `{{ $x = printf "%s%s" $x $x }}`),
		"printf repeats an argument":    `{{- $x := repeat 1000000 "a" }}{{ printf (repeat 1000 "%[1]s") $x }}`,
		"printf is wide":                `{{- range until 90000 }}{{ $x := printf "%999999d" 1 }}{{ end }}`,
		"printf is wide many times":     `{{ printf (repeat 100000 "%999999d") }}`,
		"cat doubles":                   `{{- $x := "a" }}` + rounds(60, `{{ $x = cat $x $x }}`),
		"quote doubles":                 `{{- $x := "\"" }}` + rounds(60, `{{ $x = quote $x }}`),
		"squote of several":             `{{- $x := "a" }}` + rounds(60, `{{ $x = squote $x $x }}`),
		"html grows":                    `{{- $x := "<" }}` + rounds(60, `{{ $x = html $x $x }}`),
		"urlquery grows":                `{{- $x := "%" }}` + rounds(60, `{{ $x = urlquery $x $x }}`),
		"b64enc grows":                  `{{- $x := "a" }}` + rounds(200, `{{ $x = b64enc $x }}`),
		"replace multiplies":            `{{- $x := "aa" }}` + rounds(60, `{{ $x = replace "a" "aa" $x }}`),
		"regexReplaceAll multiplies":    `{{- $x := "aa" }}` + rounds(60, `{{ $x = regexReplaceAll "a" $x "aa" }}`),
		"regexReplaceAll with groups":   `{{- $x := repeat 100000 "a" }}{{ regexReplaceAll "(.*)" $x (repeat 100000 "$1") }}`,
		"a large regular expression":    big + `{{ regexMatch (repeat 300 "(a?b?c?){1000}") $x }}`,
		"join multiplies":               `{{ join (repeat 1000000 "a") (until 90000) }}`,
		"indent multiplies":             big + `{{ indent 100000 $x }}`,
		"nindent multiplies":            big + `{{ $x | nindent 100000 }}`,
		"wrapWith multiplies":           `{{ wrapWith 1 (repeat 1000000 "a") (repeat 500000 "a ") }}`,
		"split makes a large map":       big + `{{- $y := print $x $x $x }}{{ $z := split "" $y }}{{ $z = split "" $y }}`,
		"until":                         `{{ range until 1000000000 }}x{{ end }}`,
		"a number to count to":          `{{ range 1000000000000 }}{{ end }}`,
		"repeat":                        `{{ repeat 1000000000 "a" }}`,
		"a list doubles by concat":      `{{- $x := list "a" }}` + rounds(60, `{{ $x = concat $x $x }}`),
		"a list doubled by reference":   doubledList + `{{ $x }}`,
		"toYaml of shared values":       doubledList + `{{ toYaml $x }}`,
		"toJson of shared values":       doubledList + `{{ toJson $x }}`,
		"toPrettyJson of shared values": doubledList + `{{ toPrettyJson $x }}`,
		"deepCopy of shared values":     doubledList + `{{ $y := deepCopy $x }}`,
		"deepEqual of shared values":    doubledList + `{{ deepEqual $x (deepCopy $x) }}`,
		"join of shared values":         doubledList + `{{ join "," $x }}`,
		"a key of shared values":        doubledList + `{{ $y := dict $x "a" }}`,
		"kept texts":                    `{{- $l := list }}` + loop + `{{ $l = append $l (print "` + strings.Repeat("a", 10_000) + `" .) }}` + end,
		"kept lists":                    `{{- $l := until 50000 }}` + loop + `{{ $l = append $l . }}` + end,
		"uniq of much":                  `{{- $l := list }}{{ range until 5000 }}{{ $l = append $l (toString .) }}{{ end }}` + rounds(50, `{{ $y := uniq (concat $l $l $l $l $l) }}`),
		"trimAll of much":               `{{- $x := repeat 300000 "ä" }}{{ trimAll $x $x }}`,
		"printing a map in itself":      self + `{{ $m }}`,
		"toYaml of a map in itself":     self + `{{ toYaml $m }}`,
		"toToml of a map in itself":     self + `{{ toToml $m }}`,
		"merging a map in itself":       self + `{{ $_ := merge $m $m }}`,
		"a map in itself by a list":     `{{- $m := dict }}{{ $_ := set $m "l" (list 1 (dict "m" $m)) }}{{ $m }}`,
		"a map in itself by values":     `{{- $_ := set .Values "root" $ }}{{ toYaml .Values }}`,
		"a map in itself by merge":      `{{- $m := dict "b" dict }}{{ $_ := merge $m (dict "b" (dict "x" $m)) }}{{ $_ := mergeOverwrite $m.b (dict "c" $m) }}{{ set $m.b "m" $m }}`,
		"printing deep values":          deep + `{{ $x }}`,
		"toYaml of deep values":         deep + `{{ toYaml $x }}`,
		"toToml of deep values":         deep + `{{ toToml (dict "a" $x) }}`,
		"setting deep values":           deep + `{{ $_ := set (dict) "a" $x }}`,
		"tpl that calls itself":         `{{ tpl .Values.again . }}`,
		"tpl that calls itself twice":   `{{ tpl .Values.twice . }}`,
		"tpl of much":                   `{{ $x := repeat 100000 "{{ . }}" }}{{ range until 9 }}{{ tpl $x "a" }}{{ end }}`,
		"tpl that prints a function":    `{{ tpl "{{ egresslintLeave }}" . }}`,
		"templates that call each other": `{{- define "a" }}{{ include "b" . }}{{ end }}{{ define "b" }}{{ include "c" . }}{{ end }}{{ define "c" }}{{ include "a" . }}{{ end }}` +
			`{{ include "a" . }}`,
		"templates that call themselves":                `{{- define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}`,
		"templates that double":                         `{{- define "a" }}{{ if . }}{{ include "a" (rest .) }}{{ include "a" (rest .) }}{{ end }}{{ end }}{{ include "a" (until 60) }}`,
		"a file that includes itself":                   `{{ include "c/templates/bomb.yaml" . }}`,
		"an output that is long":                        big + loop + `{{ $x }}` + end,
		"an output that is long by text":                loop + strings.Repeat("a", 100_000) + end,
		"an output that is long by text in a condition": loop + "{{ if true }}" + strings.Repeat("a", 100_000) + end + end,
		"an output of a value":                          `{{- range until 9000 }}{{ $.Values.long }}{{ end }}`,
		"all files many times":                          `{{- range until 9000 }}{{ $x := $.Files.AsConfig }}{{ end }}`,
		"all files in one list":                         `{{- range until 9000 }}{{ $x := list ($.Files.Get "long.txt") ($.Files.Get "long.txt") }}{{ end }}`,
		"all files in one call":                         `{{ $x := list ` + rounds(100, `.Files.AsConfig `) + `}}`,
		"a hostile pattern":                             `{{ .Files.Glob (repeat 500 "*a") }}`,
		"a piped hostile pattern":                       `{{ repeat 500 "*a" | .Files.Glob }}`,
		"fromYaml of aliases":                           `{{ $x := fromYaml .Values.aliases }}`,
		"fromYaml of much":                              `{{ $x := fromYamlArray (repeat 260000 "- a\n") }}`,
		"fromJson nested":                               `{{ $x := fromJsonArray (print (repeat 5000 "[") (repeat 5000 "]")) }}{{ $x }}`,
		"fromToml nested":                               `{{ $x := fromToml (print "a = " (repeat 900000 "[")) }}`,
		"a product of decimals":                         `{{ mulf ` + rounds(20000, "1.2345678901234567e300 ") + `}}`,
		"many arguments of actions":                     strings.Repeat(`{{ $a := 1 }}`, 100_000),
		"many parentheses":                              `{{ ` + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000) + ` }}`,
	}
	aliases := "a0: &a0 [" + strings.Repeat("long text,", 10) + "]\n"
	for i := 1; i < 10; i++ {
		aliases += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10))
	}
	values := "again: '{{ tpl .Values.again . }}'\ntwice: '{{ tpl .Values.twice . }}{{ tpl .Values.twice . }}'\nlong: " + strings.Repeat("x", 100_000) +
		"\naliases: |\n  " + strings.ReplaceAll(aliases, "\n", "\n  ") + "\n"
	for name, bomb := range tests {
		t.Run(name, func(t *testing.T) {
			r := load(source.NewTree(chartOf(map[string]string{
				"c/values.yaml":         values,
				"c/long.txt":            strings.Repeat("x\n", 500_000),
				"c/templates/bomb.yaml": bomb,
				"c/templates/good.yaml": good,
			})), helm.Options{})
			if len(r.Objects) != 1 || r.Objects[0].Name != "good" {
				t.Errorf("%d objects are rendered, want the good one", len(r.Objects))
			}
			if len(r.Diagnostics) != 1 || r.Diagnostics[0].Range.File != "c/templates/bomb.yaml" {
				t.Fatalf("got %s", diagnostics(r))
			}
			d := r.Diagnostics[0]
			t.Logf("%s: %s: %s", d.Range, d.Kind, d.Message)
			if d.Kind != source.LimitReached && d.Kind != source.RenderError {
				t.Errorf("got %s", diagnostics(r))
			}
		})
	}
}

// Charts that are each within their limits are together more than a run has time for:
// those that come first are rendered.
func TestManyCharts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	files := make(fstest.MapFS)
	for i := range 12 {
		dir := fmt.Sprintf("chart%d", i)
		files[dir+"/Chart.yaml"] = &fstest.MapFile{Data: []byte("apiVersion: v2\nname: chart\nversion: 1.0.0\n")}
		files[dir+"/templates/bomb.yaml"] = &fstest.MapFile{Data: []byte(`{{- $x := repeat 1000000 "a" }}{{ range until 200 }}{{ $y := contains "b" $x }}{{ end }}` + good)}
	}
	r := load(source.NewTree(files), helm.Options{})
	limits := 0
	for _, d := range r.Diagnostics {
		if d.Kind == source.LimitReached && strings.Contains(d.Message, "all charts of the run take more than 2 GiB to look at") {
			limits++
		}
	}
	if len(r.Objects) == 0 || limits == 0 || len(r.Objects)+limits != 12 {
		t.Errorf("%d objects, %d limits:\n%s", len(r.Objects), limits, diagnostics(r))
	}
}
