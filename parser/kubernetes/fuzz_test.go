package kubernetes_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// FuzzParse checks that no input makes Parse panic, that every place lies in the
// file, that plain and quoted scalars stand where their place says, and that a
// single document holds what Kubernetes reads.
func FuzzParse(f *testing.F) {
	for _, s := range append(snippets, tolerated...) {
		f.Add([]byte(document(s)))
		f.Add([]byte(s))
	}
	files, err := filepath.Glob("testdata/positions/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkParse(t, data)
		checkParse(t, []byte(document(string(data)))) // more of it is part of an object
	})
}

func checkParse(t *testing.T, data []byte) {
	objects, diagnostics := kubernetes.Parse("x.yaml", data)
	places := newPlaces(data)
	for _, d := range diagnostics {
		places.check(t, "diagnostic", d.Range)
	}
	for _, o := range objects {
		places.checkValue(t, o.Root)
	}
	compareWithKubernetes(t, data, objects, diagnostics)
}

// readsOtherwise finds what the two versions of YAML read in different ways: a
// colon in flow style (see TestColonInFlowStyle), a question mark there, and
// punctuation in tags and anchors.
var readsOtherwise = regexp.MustCompile(`:[][{},]|\?\S|[&*][^\s]*:|![^\s]*[][{},]`)

// compareWithKubernetes compares a file of one document.
func compareWithKubernetes(t *testing.T, data []byte, objects []*kubernetes.Object, diagnostics []source.Diagnostic) {
	if len(objects) != 1 || bytes.Contains(data, []byte("\n---")) || bytes.Contains(data, []byte("items")) {
		return
	}
	for _, d := range diagnostics {
		// Kubernetes leaves it to chance which of the keys 1 and "1" it keeps.
		if strings.Contains(d.Message, "twice") || d.Fatal() {
			return
		}
	}
	if readsOtherwise.Match(data) {
		return
	}
	want, err := oracle(data)
	if err != nil {
		return // see TestToleratedYAMLIsRead
	}
	if diff := cmp.Diff(want, plain(objects[0].Root)); diff != "" {
		t.Errorf("%q\n-Kubernetes +got:\n%s", data, diff)
	}
}

// places are the lines of a file, to look places up in.
type places struct {
	lines  []string
	binary bool // the tag !!binary may be in use
}

func newPlaces(data []byte) places {
	return places{
		lines:  strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n"),
		binary: bytes.Contains(data, []byte("binary")),
	}
}

// check reports a place outside of the file.
func (p places) check(t *testing.T, what string, r source.Range) bool {
	t.Helper()
	if r.Start == (source.Pos{}) && r.End == (source.Pos{}) {
		return true // the whole file
	}
	for _, pos := range []source.Pos{r.Start, r.End} {
		if pos.Line < 1 || pos.Line > len(p.lines) || pos.Column < 1 || pos.Column > len([]rune(p.lines[pos.Line-1]))+1 {
			t.Errorf("%s: %v-%v lies outside of the file", what, r, r.End)
			return false
		}
	}
	if r.Start.Compare(r.End) > 0 {
		t.Errorf("%s: %v ends before it starts, at %v", what, r, r.End)
		return false
	}
	return true
}

func (p places) checkValue(t *testing.T, v *located.Value) {
	if p.check(t, "value", v.Range) && v.Kind == located.String {
		p.checkText(t, v)
	}
	for _, e := range v.List {
		p.checkValue(t, e)
	}
	for _, f := range v.Map {
		p.check(t, "key "+f.Key, f.KeyRange)
		p.checkValue(t, f.Value)
	}
}

// checkText compares a string with the text at its place.
func (p places) checkText(t *testing.T, v *located.Value) {
	r := v.Range
	if r.Start.Line != r.End.Line {
		return
	}
	text := string([]rune(p.lines[r.Start.Line-1])[r.Start.Column-1 : r.End.Column-1])
	if strings.ContainsAny(text, "\r\u0085\u2028\u2029\ufeff") {
		return // folded
	}
	switch {
	case text == v.Str:
	case p.binary: // it may be written in base64
	case len(text) >= 2 && text[0] == '\'' && text[len(text)-1] == '\'':
		if got := strings.ReplaceAll(text[1:len(text)-1], "''", "'"); got != v.Str {
			t.Errorf("%v: %q stands at the place of %q", r, text, v.Str)
		}
	case len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"':
		var got string
		if err := json.Unmarshal([]byte(text), &got); err == nil && got != v.Str {
			t.Errorf("%v: %q stands at the place of %q", r, text, v.Str)
		}
	case strings.HasPrefix(text, "|"), strings.HasPrefix(text, ">"), strings.HasPrefix(text, "!"), strings.HasPrefix(text, "&"):
	case text == "" && v.Str == "": // !!str with nothing behind it
	default:
		t.Errorf("%v: %q stands at the place of %q", r, text, v.Str)
	}
}

// stream is n documents like those of a real repository.
func stream(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `---
# The web front of shop %[1]d.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-%[1]d
  namespace: shop-%[1]d
  labels:
    app.kubernetes.io/name: web
    app.kubernetes.io/part-of: "shop"
spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: web
  template:
    metadata:
      labels:
        app.kubernetes.io/name: web
        tier: front # for the policy
      annotations:
        k8s.aliyun.com/pod-with-eip: "true"
    spec:
      containers:
        - name: main
          image: registry-vpc.cn-hangzhou.aliyuncs.com/shop/web:%[1]d
          args: ["--config", /etc/web.yaml, '--verbose']
          env:
            - name: DB_HOST
              value: rm-%[1]d.mysql.rds.aliyuncs.com
            - name: DB_PORT
              value: "3306"
          resources:
            limits: {cpu: 500m, memory: 256Mi}
          command:
            - /bin/sh
            - -c
            - |
              set -e
              exec /web --port 8080
          ports:
            - containerPort: 8080
              protocol: TCP
`, i)
	}
	return b.Bytes()
}

func BenchmarkParse(b *testing.B) {
	data := stream(500)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		objects, diagnostics := kubernetes.Parse("x.yaml", data)
		if len(objects) != 500 || len(diagnostics) != 0 {
			b.Fatalf("%d objects, %v", len(objects), diagnostics)
		}
	}
}

func BenchmarkParseJSON(b *testing.B) {
	var items []any
	objects, _ := kubernetes.Parse("x.yaml", stream(500))
	for _, o := range objects {
		items = append(items, plain(o.Root))
	}
	data, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if objects, _ := kubernetes.Parse("x.json", data); len(objects) != 500 {
			b.Fatalf("%d objects", len(objects))
		}
	}
}
