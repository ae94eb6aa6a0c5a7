package config

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/egresslint/egresslint/parser/source"
)

// Key is one thing that a configuration file says, as it is written: neither do its
// values have to be right, nor is anything filled in.
type Key struct {
	// Path are the keys that lead to it. One of a list of mappings has what identifies it
	// in brackets: clusters[prod], network, plugin.
	Path []string
	// Kind says what is there.
	Kind KeyKind
	// Value is the text of a scalar.
	Value string
	// Private says that Value may be a secret: it is the value of a variable or a parameter.
	Private bool
	At      source.Range
}

// KeyKind is what a [Key] is.
type KeyKind uint8

// The kinds of keys.
const (
	Scalar KeyKind = iota // a key with a value
	Item                  // a text in a list, of which Path is that of the list
	Entry                 // a mapping in a list
)

// How much of a file Keys takes. What the configuration may hold is much less deep, and
// no project has as many keys; aliases make both out of a few lines.
const (
	maxKeys     = 20_000
	maxKeyDepth = 8
)

// errKeys is the error for a file that no configuration needs to be.
var errKeys = errors.New("it has too many keys")

// Keys returns what a file says, in its order. The error tells why it cannot be read.
func Keys(f *File) ([]Key, error) {
	d := newDecoder(nil, f)
	root := d.document(f.Data)
	if len(d.errs) > 0 {
		return nil, errors.New("it is no valid YAML")
	}
	if root == nil {
		return nil, nil
	}
	k := &keys{decoder: d}
	if !k.add(nil, root, root, 0) {
		return nil, errKeys
	}
	return k.list, nil
}

// Outline is what a file says about files, as far as it can be read; the names are
// relative to the tree's root.
type Outline struct {
	Paths    []string
	Exclude  []string // globs
	Policies []string
	Baseline string // empty if there is none
}

// OutlineOf returns the outline of the file name, of which keys are the content.
func OutlineOf(name string, keys []Key) Outline {
	var o Outline
	dir := path.Dir(name)
	for _, k := range keys {
		if len(k.Path) != 1 {
			continue
		}
		base := dir
		if k.Path[0] == "exclude" {
			base = EscapeGlob(dir)
		}
		value, err := source.Join(base, k.Value)
		if err != nil {
			continue
		}
		switch {
		case k.Kind == Item && k.Path[0] == "paths":
			o.Paths = append(o.Paths, value)
		case k.Kind == Item && k.Path[0] == "exclude":
			o.Exclude = append(o.Exclude, value)
		case k.Kind == Item && k.Path[0] == policiesKey:
			o.Policies = append(o.Policies, value)
		case k.Kind == Scalar && k.Path[0] == "baseline":
			o.Baseline = value
		}
	}
	return o
}

type keys struct {
	*decoder
	list    []Key
	visited int
}

// add adds what node, which lies under names, says; its place is that of written. It
// returns false if there is too much of it.
func (k *keys) add(names []string, written, node *yaml.Node, depth int) bool {
	k.visited++
	if depth > maxKeyDepth || k.visited > maxKeys {
		return false
	}
	switch node = resolve(node); node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			if !k.add(below(names, key.Value), key, node.Content[i+1], depth+1) {
				return false
			}
		}
	case yaml.SequenceNode:
		return k.items(names, node, depth)
	default:
		if !isNull(node) && len(names) > 0 { // a key without a value says nothing
			k.list = append(k.list, Key{Path: names, Value: node.Value, Private: isPrivate(names), At: k.at(written)})
		}
	}
	return true
}

func (k *keys) items(names []string, list *yaml.Node, depth int) bool {
	if len(names) == 0 {
		return true // a list where the configuration should be
	}
	seen := make(map[string]int)
	for _, e := range list.Content {
		item := resolve(e)
		if item.Kind != yaml.MappingNode {
			if k.visited++; k.visited > maxKeys {
				return false
			}
			k.list = append(k.list, Key{Path: names, Kind: Item, Value: item.Value, Private: isPrivate(names), At: k.at(e)})
			continue
		}
		name := identity(item)
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s %d", name, seen[name])
		}
		entry := slices.Clone(names)
		entry[len(entry)-1] += "[" + name + "]"
		k.list = append(k.list, Key{Path: entry, Kind: Entry, At: k.at(e)})
		if !k.add(entry, e, item, depth+1) {
			return false
		}
	}
	return true
}

// identifying are the keys that say what an entry of a list is about, however it is set.
var identifying = []string{"name", "chart", "release", "from", "rules", "files", "address"}

// Identifies reports whether a key is part of the name of the entry that it lies in.
func (k *Key) Identifies() bool {
	return len(k.Path) == 2 && strings.HasSuffix(k.Path[0], "]") && slices.Contains(identifying, k.Path[1])
}

// identity names an entry of a list.
func identity(entry *yaml.Node) string {
	var parts []string
	for _, name := range identifying {
		for i := 0; i+1 < len(entry.Content); i += 2 {
			if entry.Content[i].Value != name {
				continue
			}
			value := resolve(entry.Content[i+1])
			if value.Kind == yaml.ScalarNode {
				parts = append(parts, value.Value)
			}
			var items []string
			for _, e := range value.Content {
				items = append(items, resolve(e).Value)
			}
			if len(items) > 0 {
				parts = append(parts, strings.Join(items, ","))
			}
		}
	}
	return strings.Join(parts, " ")
}

func below(names []string, key string) []string { return append(slices.Clone(names), key) }

// isPrivate reports whether a path is that of a value which anything may be.
func isPrivate(names []string) bool {
	return slices.Contains(names, "vars") || slices.Contains(names, "parameters")
}
