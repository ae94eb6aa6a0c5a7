package alicloud

import (
	"compress/gzip"
	_ "embed"
	"io"
	"slices"
	"strings"
	"sync"
)

// The schema of the provider as of version 1.290.0 (commit 81c43b67), for the types that
// decide what a pod can reach: which attributes they have, which the service fills in,
// what the others default to, and the old names of types and attributes.
//
// Other versions of the provider differ in detail. What the schema says of an attribute
// that a configuration leaves out is therefore right for the versions around this one,
// and what a configuration writes always comes first.

//go:generate go run gen.go testdata/provider-schema.jsonl.gz

// compressed is the table; gen.go describes it.
//
//go:embed schema.txt.gz
var compressed string

// Type is the schema of a resource or data source type.
type Type struct {
	Name  string // the current name of the type
	Data  bool   // it is a data source
	attrs map[string]Attribute
	paths []string
}

// key is a type's name, current or old, and its kind.
type key struct {
	name string
	data bool
}

// entry is a type whose part of the table is read when it is first looked up.
type entry struct {
	name string
	data bool
	text string

	once sync.Once
	typ  *Type
}

func (e *entry) load() *Type {
	e.once.Do(func() { e.typ = decode(e.name, e.data, e.text) })
	return e.typ
}

// table holds the entries under all their names.
var table = sync.OnceValue(func() map[key]*entry { return readTable(compressed) })

// readTable finds the types in a table. What cannot be read is as if no schema were
// known, so that a damaged program says less and not something else.
func readTable(compressed string) map[key]*entry {
	entries := make(map[key]*entry)
	z, err := gzip.NewReader(strings.NewReader(compressed))
	if err != nil {
		return entries
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return entries
	}
	for rest := string(text); rest != ""; {
		header, body, _ := strings.Cut(rest, "\n")
		end := endOfType(body)
		kind, names, _ := strings.Cut(header, " ")
		e := &entry{data: kind == "data", text: body[:end]}
		e.name, _, _ = strings.Cut(names, " ")
		for name := range strings.SplitSeq(names, " ") {
			entries[key{name, e.data}] = e
		}
		rest = body[end:]
	}
	return entries
}

// endOfType returns where the lines of attributes end.
func endOfType(body string) int {
	end := 0
	for end < len(body) && body[end] == '.' {
		n := strings.IndexByte(body[end:], '\n')
		if n < 0 {
			return len(body)
		}
		end += n + 1
	}
	return end
}

// Lookup returns the schema of a resource type or, with data, of a data source
// type, under its current name or an old one. It reports false for types that are
// not in the table. It is safe for concurrent use.
func Lookup(resourceType string, data bool) (*Type, bool) {
	e, ok := table()[key{resourceType, data}]
	if !ok {
		return nil, false
	}
	return e.load(), true
}

// Canonical returns the current name of a type for which the provider keeps an
// old name with the same schema, as alicloud_vswitch for alicloud_subnet. It
// returns other names as they are.
func Canonical(resourceType string) string {
	for _, data := range []bool{false, true} {
		if e, ok := table()[key{resourceType, data}]; ok {
			return e.name
		}
	}
	return resourceType
}

// Attribute returns the attribute at a path of names, as auto_mode, enabled for
// the attribute enabled in the block auto_mode. A path with dots, as Attributes
// returns them, does as well.
func (t *Type) Attribute(path ...string) (Attribute, bool) {
	a, ok := t.attrs[strings.Join(path, ".")]
	return a, ok
}

// Attributes returns the paths of all attributes, sorted, with dots between the
// names: auto_mode.enabled.
func (t *Type) Attributes() []string { return slices.Clone(t.paths) }
