package helm_test

import (
	"context"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/source"
)

// Errors say what is wrong and where, and nothing of the values.
func TestErrorsWithoutValues(t *testing.T) {
	const (
		marker = "hunter2-c0ffee"
		pass   = "; pass the values that it needs, in a values file beside the chart or in the configuration"
		at     = "c/templates/t.yaml:1:1: "
	)
	type files = map[string]string
	tests := map[string]struct {
		template string
		more     files
		want     string
	}{
		"fail with a value":           {template: `{{ fail .Values.secret }}`, want: at + "unread: render chart c: it asks for a value" + pass},
		"fail with a text of several": {template: `{{ fail (printf "not %s" .Values.secret) }}`, want: at + "unread: render chart c: it asks for a value" + pass},
		"fail with a literal":         {template: `{{ fail "choose a mode" }}`, want: at + "unread: render chart c: choose a mode" + pass},
		"fail with a full stop":       {template: `{{ fail "Choose a mode." }}`, want: at + "unread: render chart c: Choose a mode" + pass},
		"required with a value":       {template: `{{ required .Values.secret .Values.none }}`, want: at + "unread: render chart c: it asks for a value" + pass},
		"required in a named template": {
			template: `{{ define "n" }}{{ required "set .none" .none }}{{ end }}{{ include "n" .Values }}`,
			want:     at + "unread: render chart c: set .none" + pass,
		},
		"a field of nothing":             {template: `{{ .Values.none.secret }}`, want: at + "unread: render chart c: .Values.none is not given" + pass},
		"a field of a text":              {template: `{{ .Values.secret.more }}`, want: at + "render-error: render chart: .Values.secret is no map, so that it has no field more"},
		"nothing through a pipe":         {template: `{{ .Values.none.a | upper }}{{ .Values.map | toYaml }}`, want: at + "unread: render chart c: .Values.none is not given" + pass},
		"nothing for a function":         {template: `{{ .Values.image | upper }}`, want: at + "unread: render chart c: upper needs .Values.image, which is not given" + pass},
		"nothing in brackets":            {template: `{{ printf "%s" ($.Values.map.tag | trimSuffix "a") }}`, want: at + "unread: render chart c: trimSuffix needs $.Values.map.tag, which is not given" + pass},
		"nothing as an argument":         {template: `{{ sha256sum .Values.image }}`, want: at + "unread: render chart c: sha256sum needs .Values.image, which is not given" + pass},
		"nothing computed":               {template: `{{ .Values.none | default .Values.image | upper }}`, want: at + "unread: render chart c: upper needs a value that is not given" + pass},
		"nothing of two":                 {template: `{{ .Values.number | print | upper }}{{ .Values.none | upper }}`, want: at + "unread: render chart c: upper needs a value that is not given" + pass},
		"nothing to look into":           {template: `{{ index .Values.none "a" }}`, want: at + "unread: render chart c: index needs .Values.none, which is not given" + pass},
		"nothing of the release":         {template: `{{ .Release.Nme | upper }}`, want: at + "render-error: render chart: upper needs .Release.Nme, which is not given"},
		"nothing in a text":              {template: `{{ tpl .Values.lacks . }}`, want: at + "unread: render chart c: a function needs a value that is not given" + pass},
		"nothing to look into in a text": {template: `{{ tpl .Values.looks . }}`, want: at + "unread: render chart c: a value is not given" + pass},
		"nothing on one of the lines": {
			template: "a: {{ .Values.number | print | upper }}\nb: {{ .Values.none | upper }}\n",
			want:     "c/templates/t.yaml:2:4: unread: render chart c: upper needs .Values.none, which is not given" + pass,
		},
		"a loop over a text":         {template: `{{ range .Values.secret }}{{ end }}`, want: at + "render-error: render chart: range goes through what is no list and no map"},
		"a wrong type":               {template: `{{ upper .Values.map }}`, want: at + "render-error: render chart: wrong type for value; expected string; got map[string]interface {}"},
		"an index":                   {template: `{{ index .Values.list (int .Values.number) }}`, want: at + "render-error: render chart: index out of range"},
		"a version":                  {template: `{{ semver .Values.secret }}`, want: at + "render-error: render chart: its function semver fails"},
		"a regular expression":       {template: `{{ mustRegexMatch (print "(" .Values.secret) "a" }}`, want: at + "render-error: render chart: its function mustRegexMatch fails"},
		"a date":                     {template: `{{ mustToDate "2006" .Values.secret }}`, want: at + "render-error: render chart: its function mustToDate fails"},
		"JSON":                       {template: `{{ mustFromJson .Values.secret }}`, want: at + "render-error: render chart: its function mustFromJson fails"},
		"a duration":                 {template: `{{ mustToDuration .Values.secret }}`, want: at + "render-error: render chart: its function mustToDuration fails"},
		"a panic":                    {template: `{{ concat .Values.secret }}`, want: at + "render-error: render chart: its function concat fails"},
		"a template by a value":      {template: `{{ include .Values.secret . }}`, want: at + "render-error: render chart: a template that it includes is not defined"},
		"a template by its name":     {template: `{{ include "n.n" . }}`, want: at + `render-error: render chart: template "n.n" is not defined`},
		"template by its name":       {template: `{{ template "n.n" . }}`, want: at + `render-error: render chart: template "n.n" is not defined`},
		"tpl that cannot be parsed":  {template: `{{ tpl (print "{{ if .a" .Values.secret) . }}`, want: at + "render-error: render chart: a character in an action is out of place"},
		"tpl of an unknown function": {template: `{{ tpl .Values.call . }}`, want: at + `render-error: render chart: function "nosuch" not defined`},
		"tpl that fails":             {template: `{{ tpl .Values.fails . }}`, want: at + "unread: render chart c: it asks for a value" + pass},
		"a token": {
			template: "{{ \"" + marker + "\" ) }}",
			want:     at + "render-error: render chart: unexpected right paren",
		},
		"YAML that is rendered": {
			template: "a: {{ .Values.secret }}: b\n",
			want:     "c/templates/t.yaml:1:4: render-error: read what the template renders: parse YAML: mapping values are not allowed in this context",
		},
		"an alias that is rendered": {
			template: "a: *{{ .Values.secret }}\n",
			want:     "c/templates/t.yaml:1:5: render-error: read what the template renders: parse YAML: an alias (*) refers to no anchor before it; put text that begins with an asterisk in quotes",
		},
		"a type that is rendered": {
			template: "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  a: !!int {{ .Values.secret }}\n",
			want:     "c/templates/t.yaml:5:12: render-error: read what the template renders: read value: the text is no !!int",
		},
		"a key that is rendered twice": {
			template: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  {{ .Values.secret }}: a\n  {{ .Values.secret }}: b\n",
			want:     "c/templates/t.yaml:6:3: invalid-object: read manifest: a key is set twice in one map; the last one counts",
		},
		"a key that is written twice": {
			template: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  user: a\n  user: b\n",
			want:     "c/templates/t.yaml:6:3: invalid-object: read manifest: the key \"user\" is set twice in one map; the last one counts",
		},
		"values without aliases": {
			more: files{"c/values-x.yaml": "run: a && b\nall: 'x*'\nany: * \n"},
			want: "c/values-x.yaml: render-error: read values: line 3: did not find expected alphabetic or numeric character",
		},
		"values that are no YAML": {
			more: files{"c/values-x.yaml": "secret: \"" + marker + "\n"},
			want: "c/values-x.yaml: render-error: read values: line 2: found unexpected end of stream",
		},
		"values that are no map": {
			more: files{"c/values-x.yaml": marker + "\n"},
			want: "c/values-x.yaml: render-error: read values: a value has the wrong type",
		},
		"values with an alias of nothing": {
			more: files{"c/values-x.yaml": "a: *" + marker + "\nb: &b c\n"},
			want: "c/values-x.yaml: render-error: read values: line 1: an alias has no anchor",
		},
		"values with the signs of aliases in text": {
			more: files{"c/values-x.yaml": "a: b & c\nb: '**" + marker + "'\nc: [" + marker + "\n"},
			want: "c/values-x.yaml: render-error: read values: line 3: did not find expected ',' or ']'",
		},
		"the chart's values": {
			more: files{"c/values.yaml": "secret: [" + marker + "\n"},
			want: "c/Chart.yaml: render-error: read chart: values.yaml: line 1: did not find expected ',' or ']'",
		},
		"the chart's name": {
			more: files{"c/Chart.yaml": "apiVersion: v2\nname: [" + marker + "]\nversion: 1.0.0\n"},
			want: "c/Chart.yaml: render-error: read chart: Chart.yaml: a value has the wrong type",
		},
		"the chart's version": {
			more: files{"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: " + marker + "\n"},
			want: "c/Chart.yaml: render-error: read chart: Helm cannot read it",
		},
		"a chart without a version": {
			more: files{"c/Chart.yaml": "apiVersion: v2\nname: c\n"},
			want: "c/Chart.yaml: render-error: read chart: chart.metadata.version is required",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			chart := map[string]string{
				"c/values.yaml": "secret: " + marker + "\nmap: {a: " + marker + "}\nlist: [" + marker + "]\nnumber: 86753091\n" +
					"call: '{{ nosuch \"" + marker + "\" }}'\nlacks: '{{ .hunter2 | upper }}'\nlooks: '{{ .hunter2.c0ffee }}'\nfails: '{{ fail \"" + marker + "\" }}'\n",
				"c/templates/t.yaml": test.template,
			}
			for name, data := range test.more {
				chart[name] = data
			}
			r := load(source.NewTree(chartOf(chart)), helm.Options{})
			got := strings.TrimSuffix(diagnostics(r), "\n")
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if strings.Contains(got, "hunter2") || strings.Contains(got, "c0ffee") || strings.Contains(got, "86753091") {
				t.Errorf("a value is told: %s", got)
			}
		})
	}
}

// A rendering ends when its time is over, and says so.
func TestDeadline(t *testing.T) {
	tree := source.NewTree(chartOf(map[string]string{"c/templates/t.yaml": good}))
	files, _ := tree.Walk([]string{"."}, source.WalkOptions{})
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if r := loadIn(over, tree, helm.Options{}); diagnostics(r) != "c/Chart.yaml: limit-reached: read chart: the time is over\n" {
		t.Errorf("reading: %d objects, %s", len(r.Objects), diagnostics(r))
	}
	r := helm.Read(t.Context(), tree, files, helm.Options{}).Render(over, "c")
	if diagnostics(result{Result: r}) != "c/templates/t.yaml:1:1: limit-reached: render chart: the time is over\n" {
		t.Errorf("rendering: %d objects, %v", len(r.Objects), r.Diagnostics)
	}
}
