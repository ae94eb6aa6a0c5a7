package helm

import (
	"encoding/json"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/egresslint/egresslint/parser/located"
)

// newInlineDoc returns values that are not a file of their own, the number i of a
// release, and their text as Helm is to read it.
func newInlineDoc(i int, root *located.Value) (*valuesDoc, []byte) {
	d := &valuesDoc{file: "\x00" + strconv.Itoa(i)} // no file has that name
	var text strings.Builder
	d.root = d.inline(root, &text)
	return d, []byte(text.String())
}

// inline writes v as JSON, and returns its node.
func (d *valuesDoc) inline(v *located.Value, text *strings.Builder) *yaml.Node {
	d.places = append(d.places, v.Range)
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: len(d.places), Column: 1}
	switch v.Kind {
	case located.Map:
		n.Kind = yaml.MappingNode
		text.WriteByte('{')
		for i, f := range v.Map {
			if i > 0 {
				text.WriteByte(',')
			}
			text.WriteString(quoted(f.Key))
			text.WriteByte(':')
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: f.Key}, d.inline(f.Value, text))
		}
		text.WriteByte('}')
	case located.List:
		n.Kind = yaml.SequenceNode
		text.WriteByte('[')
		for i, e := range v.List {
			if i > 0 {
				text.WriteByte(',')
			}
			n.Content = append(n.Content, d.inline(e, text))
		}
		text.WriteByte(']')
	case located.String:
		n.Value = v.Str
		text.WriteString(quoted(v.Str))
	case located.Number, located.Bool:
		n.Value, _ = v.Text()
		if json.Valid([]byte(n.Value)) {
			text.WriteString(n.Value)
		} else { // JSON has no infinity
			text.WriteString(quoted(n.Value))
		}
	default:
		text.WriteString("null")
	}
	return n
}

// quoted is a string in JSON, which is a string in YAML too.
func quoted(s string) string {
	data, err := json.Marshal(s)
	if err != nil { // a string has none
		return `""`
	}
	return string(data)
}
