package helm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

const (
	// maxValues is how many values the YAML files that Helm itself reads of a chart may
	// hold together, and what it reads for a template at once.
	maxValues = 500_000
	// valueSize is about how many bytes Helm takes for a value while it reads it.
	valueSize = 128
	// maxAliased is how many bytes of text and values aliases may stand for together.
	maxAliased = 16 << 20
)

var (
	errValues  = mistake{limit: true, text: fmt.Sprintf("it holds more than %d values", maxValues)}
	errAliases = mistake{limit: true, text: fmt.Sprintf("its aliases stand for more than %d MiB", maxAliased>>20)}
)

// Anchors and aliases begin where a value may, and go on with their names: unlike && in a
// command, or a * in a pattern.
var (
	anchor = regexp.MustCompile(`(?m)(?:^|[^\w&])&[^\s&=]`)
	alias  = regexp.MustCompile(`(?m)(?:^|[^\w*])\*[^\s*=]`)
)

// countValues returns about how many values there are in YAML or JSON, counting those
// of an anchor at each alias, and an error if these are too many. It reads only what
// has aliases, and nothing that holds too much before they are followed.
func countValues(data []byte) (int, error) {
	count := 1
	for _, sign := range []string{"\n", ",", "[", "{", ": ", "- ", "? "} {
		count += bytes.Count(data, []byte(sign))
	}
	if count > maxValues {
		return count, errValues
	}
	if !anchor.Match(data) || !alias.Match(data) {
		return count, nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.AliasNone())))
	if err != nil {
		return count, noYAML(err)
	}
	e := make(expansion)
	size := 0
	for {
		var n yaml.Node
		switch err := loader.Load(&n); {
		case errors.Is(err, io.EOF):
			return count + size/valueSize, nil
		case err != nil:
			return count, noYAML(err)
		}
		if size += e.of(&n); size > maxAliased+len(data)+count*valueSize {
			return count, errAliases
		}
	}
}

// noYAML is the mistake in what may have aliases and is no YAML. Helm is not given
// it: another library may find aliases where this one finds none.
func noYAML(err error) error { return mistake{text: yamlMistake(err)} }

// expansion has about how many bytes nodes take with their aliases followed.
type expansion map[*yaml.Node]int

func (e expansion) of(n *yaml.Node) int {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if size, ok := e[n]; ok || n == nil {
		return size
	}
	e[n] = 0 // if it holds itself, Helm says so
	size := valueSize + len(n.Value)
	for _, c := range n.Content {
		size = min(size+e.of(c), 1<<40)
	}
	e[n] = size
	return size
}
