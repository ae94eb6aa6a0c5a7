package kubernetes

import (
	"bytes"
	"slices"

	"github.com/egresslint/egresslint/parser/located"
)

// The schemas in definitions of custom resources make up most of what the manifests of
// an operator hold, often megabytes, and say nothing of what is deployed. So they are
// passed over: a definition has none.

const (
	definition = "CustomResourceDefinition"
	schemaKey  = "openAPIV3Schema"
	// schemaCost is how many bytes of a schema that is passed over take as long as one
	// that is parsed.
	schemaCost = 16
)

// withoutSchemas returns a YAML document with blanks in place of the schemas, so that
// everything else stays where it is, and how many bytes these are. A document that is
// no definition, or in which something else may refer to a schema, is returned as it is.
func withoutSchemas(document []byte) (without []byte, blank int) {
	if !bytes.Contains(document, []byte(schemaKey)) || !isDefinition(document) {
		return document, 0
	}
	without = slices.Clone(document)
	indent := -1 // of the schema that the line is in
	for i := 0; i < len(without); {
		end := len(without)
		if n := bytes.IndexByte(without[i:], '\n'); n >= 0 {
			end = i + n + 1
		}
		line := without[i:end]
		content := bytes.TrimLeft(line, " ")
		switch {
		case len(bytes.TrimSpace(content)) == 0:
		case indent >= 0 && content[0] == '#' && len(line)-len(content) <= indent:
		case indent >= 0 && len(line)-len(content) > indent:
			if mayRefer(content) {
				return document, 0
			}
			blank += len(line)
			for at, c := range line {
				if c != '\n' && c != '\r' {
					line[at] = ' '
				}
			}
		default:
			indent = schemaIndent(line)
		}
		i = end
	}
	return without, blank
}

// isDefinition reports whether a line of the document says so.
func isDefinition(document []byte) bool {
	for rest := document; ; {
		i := bytes.Index(rest, []byte(definition))
		if i < 0 {
			return false
		}
		line := rest[bytes.LastIndexByte(rest[:i], '\n')+1 : i]
		if kind, ok := bytes.CutPrefix(line, []byte("kind:")); ok && len(bytes.Trim(kind, ` "'`)) == 0 {
			return true
		}
		rest = rest[i+len(definition):]
	}
}

// mayRefer reports whether a line may hold an anchor or an alias.
func mayRefer(line []byte) bool {
	for rest := line; ; {
		i := bytes.IndexAny(rest, "&*")
		if i < 0 || i+1 == len(rest) {
			return false
		}
		before, after := byte(' '), rest[i+1]
		if i > 0 {
			before = rest[i-1]
		}
		if bytes.IndexByte([]byte(" \t:-[{,"), before) >= 0 && after > ' ' {
			return true
		}
		rest = rest[i+1:]
	}
}

// schemaIndent is the column of the key of a schema if one begins on the lines after
// line; -1 if none does.
func schemaIndent(line []byte) int {
	key, ok := bytes.CutSuffix(bytes.TrimRight(line, " \r\n"), []byte(schemaKey+":"))
	if !ok {
		return -1
	}
	for _, c := range key {
		if c != ' ' && c != '-' {
			return -1
		}
	}
	return len(key)
}

// withoutSchema returns the object that root is without the schemas that are in it if
// it is a definition.
func withoutSchema(kind string, root *located.Value) *located.Value {
	if kind != definition {
		return root
	}
	return without(root, "spec", func(spec *located.Value) *located.Value {
		spec = without(spec, "validation", withoutSchemaKey) // of the first version of the API
		return without(spec, "versions", func(versions *located.Value) *located.Value {
			if versions.Kind != located.List {
				return versions
			}
			changed := *versions
			changed.List = slices.Clone(versions.List)
			for i, v := range changed.List {
				changed.List[i] = without(v, "schema", withoutSchemaKey)
			}
			return &changed
		})
	})
}

func withoutSchemaKey(v *located.Value) *located.Value {
	return without(v, schemaKey, func(schema *located.Value) *located.Value {
		return &located.Value{Range: schema.Range}
	})
}

// without returns v with a field changed, if it has that field.
func without(v *located.Value, key string, change func(*located.Value) *located.Value) *located.Value {
	if v.Kind != located.Map {
		return v
	}
	i := slices.IndexFunc(v.Map, func(f located.Field) bool { return f.Key == key })
	if i < 0 {
		return v
	}
	changed := *v
	changed.Map = slices.Clone(v.Map)
	changed.Map[i].Value = change(v.Map[i].Value)
	return &changed
}
