package kubernetes_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// plain turns a value into what decoding its JSON gives, numbers kept as text.
func plain(v *located.Value) any {
	switch v.Kind {
	case located.Bool:
		return v.Bool
	case located.Number:
		return json.Number(v.Str)
	case located.String:
		return v.Str
	case located.List:
		list := make([]any, len(v.List))
		for i, e := range v.List {
			list[i] = plain(e)
		}
		return list
	case located.Map:
		m := make(map[string]any, len(v.Map))
		for _, f := range v.Map {
			m[f.Key] = plain(f.Value)
		}
		return m
	default:
		return nil
	}
}

// oracle reads a document as Kubernetes does, which passes it on line by line, each
// with a line feed at its end.
func oracle(document []byte) (any, error) {
	if !bytes.HasSuffix(document, []byte("\n")) {
		document = append(bytes.Clone(document), '\n')
	}
	if bytes.HasPrefix(bytes.TrimSpace(document), []byte("{")) {
		d := json.NewDecoder(bytes.NewReader(document))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err == nil {
			// Decoding once more brings numbers into their usual form.
			text, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			document = text
		}
	}
	text, err := yaml.YAMLToJSON(document)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	err = d.Decode(&v)
	return v, err
}

// snippets are pieces of YAML that are put below "data:", at an indentation of two.
var snippets = []string{
	// Booleans and nulls of YAML 1.1.
	"a: yes\nb: No\nc: on\nd: OFF\ne: y\nf: N\ng: true\nh: False\ni: yEs",
	"a: ~\nb: null\nc: Null\nd: NULL\ne:\nf: ''\ng: \"\"\nh: nUll",
	"a: 'yes'\nb: \"on\"\nc: 'null'\nd: \"~\"\ne: '1'",
	"yes: a\non: b\nOff: c\ny: d\nTrue: e",
	// Numbers.
	"a: 010\nb: 0o10\nc: 0x1F\nd: 0b101\ne: 08\nf: 0b12\ng: -010\nh: +7\ni: 0x\nj: 0b-1",
	"a: 1_000\nb: 0x_ff\nc: _1\nd: 1__0\ne: 1_0.5_0\nf: 1_",
	"a: 1.0\nb: 1.\nc: .5\nd: 1e3\ne: 1E-7\nf: -0.0\ng: 1e21\nh: 123456789012345678901234567890\ni: +.5\nj: 1.5e+3",
	"a: 9007199254740993\nb: 9223372036854775807\nc: 9223372036854775808\nd: 18446744073709551615\ne: -9223372036854775808\nf: 18446744073709551616",
	"a: 1e400\nb: 0.1\nc: 100000000000000000000000\nd: 1e-6\ne: 1e-7\nf: 0.000001234",
	"a: 12:30:45\nb: 1:20\nc: 190:20:30.15\nd: 1.2.3\ne: 10.0.0.0/8\nf: 1,000\ng: 0.0.0.0\nh: 0x1p-2\ni: 1e\nj: 3306/3306",
	"1: a\n2.5: b\n010: c\n0x10: d\n1e3: e\n-1: f\n3.0: g\n1234567.875: h",
	// Dates stay strings.
	"a: 2001-12-14\nb: 2001-12-14T21:59:43.10-05:00\nc: 2001-12-14 21:59:43.10\nd: 2001-1-1\n2001-01-01: e",
	// Tags.
	"a: !!str 12\nb: !!int \"12\"\nc: !!float 3\nd: !!bool yes\ne: !!null ~\nf: !!str\ng: !!timestamp 2001-01-01\nh: !!str null",
	"a: !!binary aGVsbG8=\nb: !!binary |\n  aGVs\n  bG8=\nc: !!binary //79",
	"a: ! 12\nb: ! \"12\"\nc: !custom 12\nd: !custom {x: 1}\ne: ! [a]\nf: !<tag:yaml.org,2002:str> 7\ng: !Ref thing",
	"a: !!float 1_0\nb: !!float 0x10\nc: !!int 0x10\nd: !!map {a: 1}\ne: !!seq [1]",
	"a: !!int x",
	"a: !!bool 1",
	"a: !!float 18446744073709551615",
	"a: !!binary '%%%'",
	"a: !!null x",
	"a: !!timestamp x",
	// What JSON has no room for.
	"a: .nan",
	"a: -.inf",
	"~: a",
	"? [a, b]\n: c",
	"18446744073709551615: a",
	".inf: a\n.nan: b\n-.inf: c",
	"1e70: a\n-1e70: b",
	// Block scalars.
	"a: |\n  one\n  two\nb: 1",
	"a: |-\n  one\n  two\n\n\nb: 1",
	"a: |+\n  one\n\n\nb: 1",
	"a: >\n  one\n  two\n\n  three\n    more\n  four\nb: 1",
	"a: >-\n\n  one\n\n\n  two\nb: >+\n  x\n\n",
	"a: |2\n    indented\n  less\nb: |1-\n  x",
	"a: |\n\n    \n  text\nb: |\nc: >\n\nd: 1",
	"a: | # comment\n  # no comment\n  x\n# comment\nb: 1",
	"a: |\n  x\ttab\n  x\t\nb: >\n  a\n  b\t\n  c",
	"- |\n  x\n- >-\n  y\n  z\n-\n- - a\n  - b\n-   c: d\n    e: f",
	// Plain and quoted scalars.
	"a: one\n  two\n\n  three # comment\nb: x#y\nc: x # y\nd: a:b\ne: http://x:80/y",
	"a: 'it''s\n  folded'\nb: \"x\\\n  y\"\nc: \"\\u00e9\\x41\\t\\\"\\\\\"\nd: 'a\n\n  b'",
	"a: \"\\U0001F600\"\nb: \"\\e\\0\\a\\_\\N\\L\\P\"",
	"a: - b\nb: c",
	"a: '#x'\nb: \"#y\" # z\nc: '{{ x }}'\nd: \"${NAME}\"\ne: ${NAME}\nf: $(X)",
	"a: \"trailing\"   \nb:    spaced   \nc:\t tabbed\t\nd: x\t# c",
	"a: *.example.com",
	"a: '*.example.com'\nb: -1-\nc: --\nd: -x\ne: ?x\nf: :x",
	"a: @x",
	"a: `x`",
	"a: %x",
	"a: b%c\nd: é ü 日本\nß: x\n日本: y",
	// Flow style.
	"a: {b: c, d: [e, f], g: {}, h: []}\ni: [a: b, c]\nj: [a, [b], {c: d}]",
	"a: {b, c: , d}\ne: [a, , b]",
	"a: {b, c: , d: }\ne: [a, b, ]\nf: {g: h, }",
	"a: {\"b\":c, 'd':e, \"f\": g}\nh: [\"a\",'b']",
	"a: {\n  b: c,  # comment\n  d: [\n  e,\n  f ]\n  }\ng: [\n  ]",
	"a: {b: http://x:80/y, c: a#b}\nd: [10.0.0.0/8, fe80::/10]",
	"a: [yes, no, 010, ~, 1e3, 2001-01-01]\nb: {yes: no}",
	"a: {? b : c, ? d}\ne: [? f : g]",
	// Anchors, aliases, merge keys.
	"a: &x 1\nb: *x\nc: [*x, *x]\nd: &y {e: *x}\nf: *y",
	"a: &x\n  k: 1\n  l: 2\nb:\n  <<: *x\n  l: 3\nc:\n  l: 3\n  <<: *x",
	"a: &x {k: 1, z: 0}\nb: &y {k: 2, m: 3}\nc:\n  <<: [*x, *y]\nd:\n  <<: [*y, {m: 4}, *x]\n  k: 5\n  <<: {z: 9}",
	"a: &x [1]\nb: {<<: *x}",
	"a: {<<: 1}",
	"a: {'<<': {b: 1}, \"<<\": 2}\nc: {!!merge <<: {d: 1}}",
	"a: &x &y b",
	"a: &x b\nc: &x d\ne: *x",
	"a: *nowhere",
	"a: &x [*x]",
	"a: &x\nb: *x\nc: &y !!str\nd: *y\n&k e: f\n*k : g",
	"&x a: &y b\n*y : c",
	// Keys and structure.
	"a: 1\na: 2\nb: {c: 1, c: [2], c: 3}",
	"? a\n: b\n? c\n? |\n  d\n: e\n? 'f'\n:\n- g",
	"\"a b\": c\n'd': e\nf g: h\n? 'i'\n: j",
	"a:\n- b\n- c\nd:\n  - e\n  -\n    - f\n  - g: h\n    i: j",
	"a:\n\tb: c",
	"a: b\n\tc: d",
	"a: b: c",
	"a:\n  b: c\n d: e",
	"a: [b",
	"a: 'b",
	"a: \"\\q\"",
	"a: {{ .Values.x }}",
	"{{- if .Values.x }}\na: b\n{{- end }}",
	"a: b\r\nc: |\r\n  d\r\n  e\r\nf: 'g\r\n  h'\r\ni: j",
	"a: b\u2028c: d",
	"a: \"b\u2028c\"\nd: 'e\u0085f'",
	"a: \"tab\there\"\nb: 'x\ty'\nc: x\ty",
	"a: \x01",
	"a: \ufeffb\nc: \"\ufeff\"",
	"#comment\na: b #c\n#d\nc:\n  # e\n  d: e\n  # f\n# g",
	"a: !!set {b, c}\nd: !!omap [a: 1]",
	"a: !<!local> b\nc: !e!x d",
	"a: [\tb,\tc\t]\nd: {\te: f}",
	"a:   # comment\n  b\nc: # comment\n  - d",
	"- a\n-b: c",
	"a: [a]b",
	"a: 'b'c",
	"a: \"b\" c: d",
	"a: |x\n  b",
	"a: >0\n b",
	"a: &x",
	"a: [a:b, c: d, \"e\":f, {g:h: i}]",
	"a: ..\nb: ...x\nc: .\nd: ---x",
	strings.Repeat("k: 1\n", 40) + "z: 2",
}

// tolerated are snippets that Kubernetes refuses and the node parser, which is
// made for YAML 1.2, accepts. They are read rather than given up.
var tolerated = []string{
	"a: |\n  \ttab",
	"a: \"\\/\"",
	"a: [::1]",
	"a: \"\x7f\"",
}

// document puts a snippet into an object.
func document(snippet string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  " + strings.ReplaceAll(snippet, "\n", "\n  ") + "\n"
}

func TestValuesAreThoseOfKubernetes(t *testing.T) {
	accepted := 0
	for i, snippet := range snippets {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			text := document(snippet)
			want, wantErr := oracle([]byte(text))
			objects, diagnostics := kubernetes.Parse("x.yaml", []byte(text))
			if wantErr != nil {
				if len(objects) != 0 || len(diagnostics) != 1 || !diagnostics[0].Fatal() || diagnostics[0].Range.Start.Line == 0 {
					t.Errorf("%q\nKubernetes: %v\ngot %d objects, %v", snippet, wantErr, len(objects), diagnostics)
				}
				return
			}
			accepted++
			if len(objects) != 1 {
				t.Fatalf("%q\ngot %d objects, %v", snippet, len(objects), diagnostics)
			}
			if diff := cmp.Diff(want, plain(objects[0].Root)); diff != "" {
				t.Errorf("%q\n-Kubernetes +got:\n%s", snippet, diff)
			}
		})
	}
	if accepted < 60 {
		t.Errorf("only %d snippets are valid manifests", accepted)
	}
}

func TestToleratedYAMLIsRead(t *testing.T) {
	for _, snippet := range tolerated {
		text := document(snippet)
		if _, err := oracle([]byte(text)); err == nil {
			t.Errorf("%q: Kubernetes accepts it", snippet)
		}
		objects, diagnostics := kubernetes.Parse("x.yaml", []byte(text))
		if len(objects) != 1 || len(diagnostics) != 0 {
			t.Errorf("%q: got %d objects, %v", snippet, len(objects), diagnostics)
		}
	}
}

// TestColonInFlowStyle holds the one known difference between the values of
// Kubernetes and those of the node parser: in flow style, YAML 1.1 takes a colon in
// front of a bracket or a comma for a part of the text.
func TestColonInFlowStyle(t *testing.T) {
	text := []byte(document("a: {b:}"))
	want, err := oracle(text)
	if err != nil {
		t.Fatal(err)
	}
	objects, _ := kubernetes.Parse("x.yaml", text)
	got := objects[0].Root.Get("data", "a")
	if _, ok := got.Field("b"); !ok {
		t.Errorf("got %v", plain(got))
	}
	if theirs := want.(map[string]any)["data"]; !cmp.Equal(theirs, map[string]any{"a": map[string]any{"b:": nil}}) {
		t.Errorf("Kubernetes reads %v", theirs)
	}
}
