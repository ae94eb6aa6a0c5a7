package kustomize

import (
	"regexp"
	"slices"
	"strings"

	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// definition is the kind of objects that define others. Their schemas make up most
// of what the overlays of an operator read, say nothing of what is deployed, and
// take kustomize the longest.
const definition = "CustomResourceDefinition"

var (
	definitionLine = regexp.MustCompile(`^kind:\s*["']?` + definition + `["']?\s*(#.*)?$`)
	schemaLine     = regexp.MustCompile(`^( *(?:- +)*)openAPIV3Schema:\s*$`)
	anchorLine     = regexp.MustCompile(`(^|[\s:\-])[&*]\w`)
)

// leaveSchemas takes the schemas out of the definitions, unless something in the
// overlay may change or read them.
func (b *build) leaveSchemas() {
	if slices.ContainsFunc(b.layers, func(l *layer) bool {
		k := l.spec
		return len(k.Replacements)+len(k.Transformers)+len(k.Generators)+len(k.Validators)+len(k.Configurations)+
			len(k.Crds)+len(k.OpenAPI)+len(k.Vars)+len(k.PatchesJson6902) > 0
	}) || slices.ContainsFunc(b.patches, mayBeOfDefinition) {
		return
	}
	for _, d := range b.docs {
		d.leaveSchema()
	}
}

var word = regexp.MustCompile(`^[A-Za-z]+$`)

// mayBeOfDefinition reports whether a patch may be for a definition.
func mayBeOfDefinition(p patch) bool {
	if p.target != nil {
		return p.target.Kind == definition || !word.MatchString(p.target.Kind)
	}
	root := p.doc.parse()
	p.doc.read = false // its lines change with its base
	if root == nil || root.Kind != kyaml.MappingNode {
		return true
	}
	_, kind := lookup(root, key("kind"))
	return kind == nil || kind.Value == definition
}

// leaveSchema makes the lines of the schemas in a definition empty.
func (d *document) leaveSchema() {
	if !slices.ContainsFunc(d.lines, definitionLine.MatchString) {
		return
	}
	lines := slices.Clone(d.lines)
	indent := -1 // of the schema that the line is in
	for i, line := range lines {
		content := strings.TrimLeft(line, " ")
		switch {
		case content == "":
		case indent >= 0 && (len(line)-len(content) > indent || content[0] == '#'):
			if anchorLine.MatchString(line) {
				return // something else may refer to it
			}
			lines[i] = ""
		default:
			indent = -1
			if m := schemaLine.FindStringSubmatch(line); m != nil {
				indent = len(m[1])
			}
		}
	}
	d.lines = lines
}
