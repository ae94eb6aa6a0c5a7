package kustomize

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egresslint/egresslint/parser/source"
)

// isFor reports whether a patch is for the object, as far as its kind and its name
// tell.
func (l *locator) isFor(p patch) bool {
	if !l.uses(p.layer) {
		return false
	}
	if t := p.target; t != nil {
		return matches(t.Kind, l.kind) && slices.ContainsFunc(l.names, func(n string) bool { return matches(t.Name, n) })
	}
	root := p.doc.parse()
	_, kind := lookup(root, key("kind"))
	_, name := lookup(root, key("metadata"), key("name"))
	if kind == nil || name == nil || kind.Value != l.kind {
		return false
	}
	return slices.ContainsFunc(l.names, func(n string) bool { return strings.Contains(n, name.Value) })
}

// matches reports whether a selector's expression matches all of s.
func matches(expression, s string) bool {
	if expression == "" {
		return true
	}
	re, err := regexp.Compile("^(?:" + expression + ")$")
	return err == nil && re.MatchString(s)
}

// uses reports whether the object passes through a kustomization: whether it comes
// from there or below, or from what a component of it is used with.
func (l *locator) uses(in *layer) bool {
	if in.component {
		return true
	}
	below := make(map[*layer]bool)
	reach(in, below)
	for s := range below {
		if s.written == l.file || slices.ContainsFunc(s.inputs, func(i input) bool { return i.name == l.file }) {
			return true
		}
	}
	return false
}

// jsonPatched finds the JSON patch operation that set the scalar at path.
func (l *locator) jsonPatched(path []step, text string) (source.Range, bool) {
	for i := len(l.patches) - 1; i >= 0; i-- {
		p := l.patches[i]
		if !p.json || !l.isFor(p) {
			continue
		}
		operations := p.doc.parse().Content
		for j := len(operations) - 1; j >= 0; j-- {
			if n := operationOn(operations[j], path, text); n != nil {
				return p.doc.at(n), true
			}
		}
	}
	return source.Range{}, false
}

// operationOn returns the node in a JSON patch operation that gives the scalar at
// path its text; nil if it does not.
func operationOn(operation *kyaml.Node, path []step, text string) *kyaml.Node {
	_, pointer := lookup(operation, key("path"))
	_, value := lookup(operation, key("value"))
	if pointer == nil || value == nil {
		return nil
	}
	segments := strings.Split(strings.TrimPrefix(pointer.Value, "/"), "/")
	if len(segments) > len(path) {
		return nil
	}
	for i, s := range segments {
		s = strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
		if step := path[i]; step.index < 0 && s != step.key {
			return nil
		} else if step.index >= 0 && s != "-" && s != strconv.Itoa(step.index) {
			return nil
		}
	}
	_, v := lookup(value, path[len(segments):]...)
	if v == nil || v.Kind != kyaml.ScalarNode || v.Value != text {
		return nil
	}
	return v
}

// transformed finds the line of a kustomization that set the scalar at path, the
// one that is applied last first.
func (l *locator) transformed(path []step, text string) (source.Range, bool) {
	if len(path) == 0 {
		return source.Range{}, false
	}
	for _, layer := range l.layers {
		if layer.root == nil || !l.uses(layer) {
			continue
		}
		if n := l.transformer(layer, path, text); n != nil {
			return layer.place(n), true
		}
	}
	if l.configured != nil && l.configured.root != nil {
		return l.generated(path, text)
	}
	return source.Range{}, false
}

func (l *locator) transformer(layer *layer, path []step, text string) *kyaml.Node {
	spec, root := layer.spec, layer.root
	last := path[len(path)-1]
	switch last.key {
	case "namespace":
		if spec.Namespace == text {
			_, n := lookup(root, key("namespace"))
			return n
		}
	case "image":
		for i := len(spec.Images) - 1; i >= 0; i-- {
			if n := imageNode(root, spec.Images[i], text); n != nil {
				return n
			}
		}
	case "replicas", "parallelism", "completions":
		for _, r := range spec.Replicas {
			if slices.Contains(l.names, r.Name) && strconv.FormatInt(r.Count, 10) == text {
				if n := namedEntry(root, "replicas", r.Name); n != nil {
					_, count := lookup(n, key("count"))
					return count
				}
			}
		}
	}
	if n := l.replacement(layer, last.key); n != nil {
		return n
	}
	if len(path) < 2 {
		return nil
	}
	switch path[len(path)-2].key {
	case "annotations":
		if spec.CommonAnnotations[last.key] == text {
			_, n := lookup(root, key("commonAnnotations"), key(last.key))
			return n
		}
	case "labels", "matchLabels", "selector", "podSelector":
		if _, n := lookup(root, key("commonLabels"), key(last.key)); n != nil && n.Value == text {
			return n
		}
		if _, list := lookup(root, key("labels")); list != nil {
			for i := len(list.Content) - 1; i >= 0; i-- {
				if _, n := lookup(list.Content[i], key("pairs"), key(last.key)); n != nil && n.Value == text {
					return n
				}
			}
		}
	}
	return nil
}

// replacement returns the path in a replacement that ends in a field and is for the
// object.
func (l *locator) replacement(layer *layer, last string) *kyaml.Node {
	if last == "" {
		return nil
	}
	_, list := lookup(layer.root, key("replacements"))
	for i, r := range layer.spec.Replacements {
		if list == nil || i >= len(list.Content) {
			break
		}
		for _, t := range r.Targets {
			if t.Select == nil || t.Select.Kind != "" && t.Select.Kind != l.kind {
				continue
			}
			for _, p := range t.FieldPaths {
				if p == last || strings.HasSuffix(p, "."+last) {
					return find(list.Content[i], p)
				}
			}
		}
	}
	return nil
}

// imageNode returns what of an entry of images shows in an image: the tag, the
// digest, or the name.
func imageNode(root *kyaml.Node, image types.Image, text string) *kyaml.Node {
	name := image.NewName
	if name == "" {
		name = image.Name
	}
	rest, ok := strings.CutPrefix(text, name)
	if !ok || rest != "" && rest[0] != ':' && rest[0] != '@' {
		return nil
	}
	entry := namedEntry(root, "images", image.Name)
	if entry == nil {
		entry = namedEntry(root, "imageTags", image.Name)
	}
	for _, part := range []struct{ key, suffix string }{
		{"digest", "@" + image.Digest}, {"newTag", ":" + image.NewTag}, {"newName", rest},
	} {
		if _, n := lookup(entry, key(part.key)); n != nil && n.Value != "" && strings.HasSuffix(rest, part.suffix) {
			return n
		}
	}
	return nil
}

// namedEntry returns the last element of a field with a name.
func namedEntry(root *kyaml.Node, field, name string) *kyaml.Node {
	_, list := lookup(root, key(field))
	if list == nil || list.Kind != kyaml.SequenceNode {
		return nil
	}
	for i := len(list.Content) - 1; i >= 0; i-- {
		if _, n := lookup(list.Content[i], key("name")); n != nil && n.Value == name {
			return list.Content[i]
		}
	}
	return nil
}

// generator returns the entry of a generator in layer that makes an object of the
// kind and the name, and the node of its name; nil if there is none. kustomize puts
// a hash of the contents behind the name, and perhaps more around it.
func (l *locator) generator(layer *layer) (entry, name *kyaml.Node) {
	fields := map[string]string{"ConfigMap": "configMapGenerator", "Secret": "secretGenerator"}
	_, list := lookup(layer.root, key(fields[l.kind]))
	if list == nil || list.Kind != kyaml.SequenceNode {
		return nil, nil
	}
	for _, e := range list.Content {
		_, n := lookup(e, key("name"))
		if n != nil && strings.Contains(l.names[0], n.Value) && (name == nil || len(n.Value) > len(name.Value)) {
			entry, name = e, n
		}
	}
	return entry, name
}

// generated finds what a generator made a field of: a literal, a line of a file of
// variables, or a whole file.
func (l *locator) generated(at []step, text string) (source.Range, bool) {
	layer := l.configured
	entry, name := l.generator(layer)
	if entry == nil {
		return source.Range{}, false
	}
	last := at[len(at)-1].key
	if len(at) == 2 && (at[0].key == "data" || at[0].key == "binaryData" || at[0].key == "stringData") {
		if r, ok := l.datum(layer, entry, last); ok {
			return r, true
		}
	}
	for _, scope := range [][]step{{key("options"), key("labels")}, {key("options"), key("annotations")}, nil} {
		if _, n := lookup(entry, append(scope, key(last))...); n != nil && n.Value == text {
			return layer.place(n), true
		}
	}
	return layer.place(name), true
}

// datum finds what a generator's entry makes a key of the data from.
func (l *locator) datum(layer *layer, entry *kyaml.Node, name string) (source.Range, bool) {
	if _, literals := lookup(entry, key("literals")); literals != nil {
		for _, n := range literals.Content {
			if k, _, ok := strings.Cut(n.Value, "="); ok && k == name {
				return layer.place(n), true
			}
		}
	}
	if _, files := lookup(entry, key("files")); files != nil {
		for _, n := range files.Content {
			k, file, ok := strings.Cut(n.Value, "=")
			if !ok {
				k, file = path.Base(n.Value), n.Value
			}
			for _, candidate := range []string{path.Join(layer.dir, file), path.Join(layer.dir, file, name)} {
				if _, read := l.contents[candidate]; read && (k == name || path.Base(candidate) == name) {
					start := source.Pos{Line: 1, Column: 1}
					return source.Range{File: candidate, Start: start, End: start}, true
				}
			}
		}
	}
	for _, env := range []string{"envs", "env"} {
		_, files := lookup(entry, key(env))
		if files == nil {
			continue
		}
		names := files.Content
		if files.Kind == kyaml.ScalarNode {
			names = []*kyaml.Node{files}
		}
		for _, n := range names {
			file := path.Join(layer.dir, n.Value)
			lines := splitLines(l.contents[file])
			for i := len(lines) - 1; i >= 0; i-- {
				if k, _, ok := strings.Cut(strings.TrimSpace(lines[i]), "="); ok && k == name {
					return rangeAt(origin{file, 1, 0}, lines, i+1, 1), true
				}
			}
		}
	}
	return source.Range{}, false
}
