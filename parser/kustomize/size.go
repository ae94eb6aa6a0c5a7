package kustomize

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

// maxValues is how many values a file's anchors may stand for, counting them at
// each alias. kustomize writes all of them out.
const maxValues = kubernetes.MaxValues

// maxKeys is how many keys a map may have. kustomize compares each with each.
const maxKeys = 20_000

var (
	errAliases    = fmt.Errorf("its anchors stand for more than %d values", maxValues)
	errWritten    = fmt.Errorf("its anchors stand for more than %d MiB", maxBuildSize>>20)
	errKeys       = fmt.Errorf("a map in it has more than %d keys", maxKeys)
	errReferences = errors.New("its references lead to each other in a circle, or to too much")
)

// budget checks that something is within the limits, unless they are off.
func budget(check func() error) error {
	if !guard.On(guard.KustomizeBudgets) {
		return nil
	}
	return check()
}

// checkSize returns errAliases, errWritten or errKeys if data is too much for
// kustomize. Small files without aliases need no closer look.
func checkSize(data []byte) error {
	mayAlias := bytes.IndexByte(data, '&') >= 0 && bytes.IndexByte(data, '*') >= 0
	if !mayAlias && len(data) < 2*maxKeys {
		return nil
	}
	for _, d := range splitDocuments(data) {
		root := d.parse()
		if root == nil {
			continue
		}
		switch whole := expanded(root); {
		case whole.values > maxValues:
			return errAliases
		case whole.bytes > maxBuildSize:
			return errWritten
		case largestMap(root) > maxKeys:
			return errKeys
		}
	}
	return nil
}

// largestMap is the number of keys of the largest map in n.
func largestMap(n *kyaml.Node) int {
	largest := 0
	if n.Kind == kyaml.MappingNode {
		largest = len(n.Content) / 2
	}
	for _, c := range n.Content {
		largest = max(largest, largestMap(c))
	}
	return largest
}

// extent is how much a node stands for with its aliases written out. What is above
// maxValues or maxBuildSize may be anything above it.
type extent struct{ values, bytes int }

func (e extent) plus(o extent) extent {
	return extent{min(e.values+o.values, maxValues+1), min(e.bytes+o.bytes, maxBuildSize+1)}
}

func expanded(n *kyaml.Node) extent {
	sizes := make(map[*kyaml.Node]extent)
	var size func(n *kyaml.Node) extent
	size = func(n *kyaml.Node) extent {
		if n.Kind == kyaml.AliasNode {
			if s, ok := sizes[n.Alias]; ok {
				return s
			}
			return extent{maxValues + 1, maxBuildSize + 1} // contains itself
		}
		total := extent{1, len(n.Value)}
		for _, c := range n.Content {
			total = total.plus(size(c))
		}
		if n.Anchor != "" {
			sizes[n] = total
		}
		return total
	}
	return size(n)
}

// maxPaths is how many ways through the references of definitions kustomize may have
// to follow: all of them, one by one.
const maxPaths = 100_000

// checkDefinitions returns errReferences if the definitions of types in data, a file
// that "crds" names, refer to each other in a circle or in too many ways.
func checkDefinitions(data []byte) error {
	var types map[string]struct {
		Schema struct {
			Properties map[string]struct {
				Ref string `json:"$ref"`
			} `json:"properties"`
		}
	}
	_ = yaml.Unmarshal(data, &types) // kustomize says what is wrong with it
	ways := make(map[string]int)
	var count func(name string) int
	count = func(name string) int {
		if n, ok := ways[name]; ok {
			return n
		}
		ways[name] = maxPaths + 1 // of a circle
		total := 1
		for _, p := range types[name].Schema.Properties {
			if _, ok := types[p.Ref]; ok {
				total = min(total+count(p.Ref), maxPaths+1)
			}
		}
		ways[name] = total
		return total
	}
	total := 0
	for name, t := range types {
		if p := t.Schema.Properties; !has(p, "kind") || !has(p, "apiVersion") || !has(p, "metadata") {
			continue // kustomize starts at none of these
		}
		if total += count(name); total > maxPaths {
			return errReferences
		}
	}
	return nil
}

func has[V any](m map[string]V, k string) bool {
	_, ok := m[k]
	return ok
}

// checkSchema returns errReferences if following a reference in a schema, to what may
// be a reference itself, does not come to an end.
func checkSchema(data []byte) error {
	var schema any
	_ = yaml.Unmarshal(data, &schema)  // kustomize says what is wrong with it
	next := func(from string) string { // what stands at a reference is a reference to
		at := schema
		pointer, _ := strings.CutPrefix(from, "#")
		if decoded, err := url.PathUnescape(pointer); err == nil {
			pointer = decoded
		}
		for segment := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
			switch v := at.(type) {
			case map[string]any:
				at = v[strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)]
			case []any:
				i, err := strconv.Atoi(segment)
				if err != nil || i < 0 || i >= len(v) {
					return ""
				}
				at = v[i]
			default:
				return ""
			}
		}
		return reference(at)
	}
	ends := make(map[string]bool)
	var walk func(v any) bool
	walk = func(v any) bool {
		seen := make(map[string]bool)
		for ref := reference(v); ref != "" && !ends[ref]; ref = next(ref) {
			if seen[ref] {
				return false
			}
			seen[ref] = true
		}
		for ref := range seen {
			ends[ref] = true
		}
		switch v := v.(type) {
		case map[string]any:
			for _, e := range v {
				if !walk(e) {
					return false
				}
			}
		case []any:
			for _, e := range v {
				if !walk(e) {
					return false
				}
			}
		}
		return true
	}
	if !walk(schema) {
		return errReferences
	}
	return nil
}

// reference returns the reference that v is, "" if it is none.
func reference(v any) string {
	fields, _ := v.(map[string]any)
	ref, _ := fields["$ref"].(string)
	return ref
}
