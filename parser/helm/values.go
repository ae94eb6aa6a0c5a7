package helm

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartloader "helm.sh/helm/v4/pkg/chart/v2/loader"

	"go.yaml.in/yaml/v4"

	"github.com/egresslint/egresslint/parser/source"
)

// valuesDoc is a file of values with the places in it.
type valuesDoc struct {
	file  string
	lines []string
	root  *yaml.Node // nil if it has several documents, or cannot be read
	// places are those of the scalars of values that are written elsewhere. The line
	// of a node is its place's number, counted from 1.
	places []source.Range
}

func newValuesDoc(file string, data []byte) *valuesDoc {
	d := &valuesDoc{file: file, lines: splitLines(data)}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return d
	}
	var first, second yaml.Node
	if err := loader.Load(&first); err != nil || len(first.Content) != 1 {
		return d
	}
	if loader.Load(&second) == nil {
		return d
	}
	d.root = first.Content[0]
	return d
}

func splitLines(data []byte) []string {
	lines := strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// child returns the value of a key; nil if there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	n = followed(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return followed(n.Content[i+1])
		}
	}
	return nil
}

func followed(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// at returns the nodes at a path, of which there are several only if it leads
// through all elements of something.
func (d *valuesDoc) at(path []string) []*yaml.Node {
	if d.root == nil {
		return nil
	}
	nodes := []*yaml.Node{d.root}
	for _, key := range path {
		var next []*yaml.Node
		for _, n := range nodes {
			switch {
			case key != anyElement:
				if c := child(n, key); c != nil {
					next = append(next, c)
				}
			case n.Kind == yaml.SequenceNode:
				next = append(next, n.Content...)
			case n.Kind == yaml.MappingNode:
				for i := 1; i < len(n.Content); i += 2 {
					next = append(next, n.Content[i])
				}
			}
		}
		if len(next) > maxVisited {
			return nil
		}
		nodes = next
	}
	return nodes
}

// rangeAt is the scalar that starts at a position.
func (d *valuesDoc) rangeAt(line, column int, value string) source.Range {
	if d.places != nil {
		return d.places[line-1]
	}
	start := source.Pos{Line: line, Column: column}
	r := source.Range{File: d.file, Start: start, End: start}
	if line < 1 || line > len(d.lines) || len(d.lines[line-1]) > maxLine {
		return r
	}
	rest := []rune(d.lines[line-1])
	rest = rest[min(column-1, len(rest)):]
	length := utf8.RuneCountInString(value)
	text := string(rest)
	switch {
	case strings.HasPrefix(text, value) && value != "":
	case len(rest) > length+1 && (rest[0] == '"' || rest[0] == '\'') && rest[length+1] == rest[0]:
		length += 2
	default:
		length = utf8.RuneCountInString(strings.TrimRight(text, " \t"))
	}
	r.End.Column += length
	return r
}

// marked returns a copy of values with marks in the strings that may be addresses:
// in those that templates hardly ever compare with anything.
func (d *valuesDoc) marked(values map[string]any, m *marks) map[string]any {
	if d == nil || d.root == nil {
		return values
	}
	out, ok := d.mark(values, d.root, m, 0).(map[string]any)
	if !ok {
		return values
	}
	return out
}

// maxValuesDepth is how deep in maps and lists a value may lie that is marked.
const maxValuesDepth = 100

func (d *valuesDoc) mark(v any, n *yaml.Node, m *marks, depth int) any {
	n = followed(n)
	if n == nil || depth > maxValuesDepth {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, e := range v {
			out[key] = d.mark(e, child(n, key), m, depth+1)
		}
		return out
	case []any:
		if n.Kind != yaml.SequenceNode || len(n.Content) != len(v) {
			return v
		}
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = d.mark(e, n.Content[i], m, depth+1)
		}
		return out
	case string:
		if n.Kind != yaml.ScalarNode || !strings.ContainsAny(v, "./:") || strings.Contains(v, "\n") {
			return v
		}
		return m.add(dataStart, place{file: d.file, line: n.Line, column: n.Column}) + v
	default:
		return v
	}
}

// valuesOf reads values as Helm does.
func valuesOf(data []byte) (values map[string]any, err error) {
	defer func() {
		if r := recover(); r != nil {
			values, err = nil, fmt.Errorf("%v", r)
		}
	}()
	return chartloader.LoadValues(bytes.NewReader(data))
}

// keys is the path in the root chart's values at which those of a chart stand.
func keys(fullPath string) []string {
	names := strings.Split(fullPath, "/"+chartsDir+"/")
	return names[1:]
}

// eachChart calls do for a chart and all charts inside it.
func eachChart(c *chart.Chart, do func(c *chart.Chart)) {
	do(c)
	for _, d := range c.Dependencies() {
		eachChart(d, do)
	}
}
