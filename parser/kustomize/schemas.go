package kustomize

import (
	"encoding/json"
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
	anchorLine     = regexp.MustCompile(`(^|[\s:\-\[{,])&[\w-]`) // what is between asterisks is mostly prose
)

// schemaWords are in each text that may change or read a schema, or the list that it
// lies in.
var schemaWords = regexp.MustCompile(`openAPIV3Schema|\bversions\b|\bvalidation\b`)

// leaveSchemas takes the schemas out of the definitions, unless something in the
// overlay may change or read them. A patch does so with the definitions that it names.
func (b *build) leaveSchemas() {
	if slices.ContainsFunc(b.layers, b.mayReadSchemas) {
		return
	}
	var names []string
	for _, p := range b.patches {
		if mayChangeSchema(p) {
			names = append(names, p.definition())
		}
	}
	for _, d := range b.docs {
		if !d.mentions(names) {
			d.leaveSchema()
		}
	}
}

// restoreSchemas puts back what leaveSchemas took out, as something may be for it in a way
// that nobody writes: a patch for a definition that another patch gave its name. It reports
// whether there is anything.
func (b *build) restoreSchemas() bool {
	restored := false
	for _, d := range b.docs {
		if d.whole != nil {
			d.lines, d.whole, d.read = d.whole, nil, false
			restored = true
		}
	}
	return restored
}

// mayReadSchemas reports whether a kustomization may lead to schemas by other means than
// patches.
func (b *build) mayReadSchemas(l *layer) bool {
	k := l.spec
	if len(k.Transformers)+len(k.Generators)+len(k.Validators)+len(k.Crds)+len(k.OpenAPI) > 0 {
		return true
	}
	texts, err := json.Marshal([]any{k.Replacements, k.Vars})
	if err != nil || schemaWords.Match(texts) {
		return true
	}
	files := slices.Clone(k.Configurations)
	for _, r := range k.Replacements {
		if r.Path != "" {
			files = append(files, r.Path)
		}
	}
	return slices.ContainsFunc(files, func(name string) bool { return schemaWords.Match(b.contents[joinDir(l, name)]) })
}

var word = regexp.MustCompile(`^[A-Za-z]+$`)

// mayChangeSchema reports whether a patch may be for a schema.
func mayChangeSchema(p patch) bool {
	return mayBeOfDefinition(p) && schemaWords.MatchString(strings.Join(p.doc.lines, "\n"))
}

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

// plainName is a name that a selector, which has expressions, takes as it stands. Its dots
// stand for anything, which no two definitions make use of.
var plainName = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)

// definition is the name of the definition that p is for, "" if it may be for several.
func (p patch) definition() string {
	name := ""
	if p.target != nil {
		name = p.target.Name
	} else if _, n := lookup(p.doc.parse(), key("metadata"), key("name")); n != nil {
		name = n.Value
	}
	p.doc.read = false // its lines change with its base
	if !plainName.MatchString(name) {
		return ""
	}
	return name
}

// mentions reports whether one of the names is in the text of d.
func (d *document) mentions(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return name == "" || slices.ContainsFunc(d.lines, func(line string) bool { return strings.Contains(line, name) })
	})
}

// leaveSchema makes the lines of the schemas in a definition empty.
func (d *document) leaveSchema() {
	if !slices.ContainsFunc(d.lines, func(line string) bool {
		return strings.HasPrefix(line, "kind:") && definitionLine.MatchString(line)
	}) {
		return
	}
	lines := slices.Clone(d.lines)
	indent := -1 // of the schema that the line is in
	for i, line := range lines {
		content := strings.TrimLeft(line, " ")
		switch {
		case content == "":
		case indent >= 0 && (len(line)-len(content) > indent || content[0] == '#'):
			if strings.Contains(line, "&") && anchorLine.MatchString(line) {
				return // something else may refer to it
			}
			lines[i] = ""
		default:
			indent = -1
			if !strings.Contains(line, "openAPIV3Schema") {
				continue
			}
			if m := schemaLine.FindStringSubmatch(line); m != nil {
				indent = len(m[1])
			}
		}
	}
	d.whole, d.lines = d.lines, lines
}
