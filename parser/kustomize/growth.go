package kustomize

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/builtins" //nolint:staticcheck // kustomize has its configurations nowhere else
	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"
)

// kustomize cannot be interrupted, and some of what it does multiplies: a replacement
// can copy a field into itself, a label goes to each object. So before it runs, the
// bytes that a build may come to are estimated, from what its files hold and the steps
// in their order. The estimate is an upper bound that is near the truth for what people
// write, and follows what doubles. It knows fields by their last key alone: a step
// changes at most all fields of a key.

const (
	// maxGrown is how many bytes the objects of a build may come to.
	maxGrown = 256 << 20
	// maxObjects is how many objects a build may have. kustomize compares each with
	// each.
	maxObjects = 20_000
	// maxWork is how many times a step of a build may look at an object.
	maxWork = 20_000_000
)

// tooMuch says what of a build is above a limit, and in which file.
type tooMuch struct {
	layer *layer
	what  string
}

func (t *tooMuch) Error() string { return t.what }

// checkGrowth estimates what the build comes to. The error is a [tooMuch].
func (b *build) checkGrowth() error {
	if !b.multiplies() {
		return nil
	}
	e := &estimate{build: b, known: make(map[*layer]*amount), within: make(map[*layer]bool)}
	for _, l := range b.layers {
		e.fields += e.configuredFields(l)
	}
	a := newAmount()
	if e.add(b.root, a); e.over == nil {
		e.vars(a)
	}
	if e.over != nil {
		return e.over
	}
	return nil
}

// multiplies reports whether the build needs an estimate: whether a step may copy what
// other steps made, or a bound that is found without reading the documents is too high.
func (b *build) multiplies() bool {
	objects, spread := 0, 0
	for _, d := range b.docs {
		objects++
		text := strings.Join(d.lines, "\n")
		if strings.Contains(text, "List") || strings.ContainsAny(text, `\!`) { // which may hide the word
			objects += len(text) / len("{kind: a,metadata: {name: a}}")
		}
	}
	for _, l := range b.layers {
		k := l.spec
		if len(k.Replacements)+len(k.Vars)+len(k.Configurations)+len(k.Crds)+len(l.configs) > 0 {
			return true
		}
		for _, p := range k.Patches {
			spread += len(p.Patch) + len(b.contents[joinDir(l, p.Path)])
		}
		for _, label := range k.Labels {
			spread += timesChanged * sizeOfPairs(label.Pairs)
		}
		spread += timesChanged*sizeOfPairs(k.CommonAnnotations) + 2*len(k.NamePrefix+k.NameSuffix+k.Namespace)
		for _, i := range k.Images {
			spread += sizeOfImage(i)
		}
	}
	return objects > maxObjects || objects*spread > maxGrown ||
		slices.ContainsFunc(b.patches, func(p patch) bool { return p.json })
}

// joinDir is the name of a file that a kustomization names.
func joinDir(l *layer, entry string) string { return path.Join(l.dir, entry) }

// timesChanged is how many fields of an object, at most, a label or an annotation goes
// to by default.
const timesChanged = 10

// estimate estimates one build.
type estimate struct {
	*build
	known  map[*layer]*amount // of what a layer reads itself
	within map[*layer]bool    // what is being added; kustomize reports a circle
	fields int                // that configurations tell kustomize to change
	over   *tooMuch
}

// add adds what a kustomization makes to a, as kustomize does it: a component changes
// what is there already.
func (e *estimate) add(l *layer, a *amount) {
	if e.over != nil || e.within[l] {
		return
	}
	e.within[l] = true
	defer delete(e.within, l)
	a.merge(e.own(l))
	for _, c := range l.children {
		if !c.component {
			below := newAmount()
			e.add(c, below)
			a.merge(below)
		}
	}
	for _, g := range l.spec.ConfigMapGenerator {
		e.generate(l, a, "ConfigMap", g.KvPairSources)
	}
	for _, g := range l.spec.SecretGenerator {
		e.generate(l, a, "Secret", g.KvPairSources)
	}
	for _, c := range l.children {
		if c.component {
			e.add(c, a)
		}
	}
	steps := e.change(l, a)
	switch {
	case e.over != nil:
	case a.objects > maxObjects:
		e.over = &tooMuch{l, fmt.Sprintf("it may come to more than %d objects", maxObjects)}
	case a.bytes > maxGrown:
		e.over = &tooMuch{l, fmt.Sprintf("its objects may come to more than %d MiB", maxGrown>>20)}
	case times(steps, a.objects) > maxWork:
		e.over = &tooMuch{l, fmt.Sprintf("it looks at its objects more than %d times", maxWork)}
	}
}

// own is what stands in the files of a kustomization itself, its patches too.
func (e *estimate) own(l *layer) *amount {
	if a, ok := e.known[l]; ok {
		return a
	}
	a := newAmount()
	for _, in := range l.inputs {
		for _, d := range e.byFile[in.name] {
			if root := d.parse(); root != nil {
				for _, o := range objectsIn(root) {
					a.object(o)
				}
			}
		}
	}
	e.known[l] = a
	return a
}

// generate adds an object with data.
func (e *estimate) generate(l *layer, a *amount, kind string, kv types.KvPairSources) {
	size := 0
	put := func(k, text string) {
		n := len(k) + len(text)*4/3 // it may be written in base64
		a.sizes[k] = max(a.sizes[k], n)
		a.counts[k]++
		a.scalars[k] = true
		a.refer(k, text, 1)
		size += n
	}
	for _, s := range kv.LiteralSources {
		k, v, _ := strings.Cut(s, "=")
		put(k, v)
	}
	for _, s := range kv.FileSources {
		k, file, ok := strings.Cut(s, "=")
		if !ok {
			k, file = s[strings.LastIndexByte(s, '/')+1:], s
		}
		put(k, string(e.contents[joinDir(l, file)]))
	}
	for _, s := range kv.EnvSources {
		for line := range strings.Lines(string(e.contents[joinDir(l, s)])) {
			k, v, _ := strings.Cut(strings.TrimSpace(line), "=")
			put(k, v)
		}
	}
	a.objects++
	a.kinds[kind]++
	a.bytes = capped(a.bytes + size)
	for _, k := range []string{"data", whole} {
		a.sizes[k] = max(a.sizes[k], size)
	}
	a.collections["data"] = true
}

// change applies the steps of a kustomization to a, and returns how many there are.
func (e *estimate) change(l *layer, a *amount) (steps int) {
	k := l.spec
	if slices.ContainsFunc(k.Patches, func(p types.Patch) bool { return p.Options != nil && p.Options.AllowKindChange }) {
		a.kinds[anyKind] = a.objects
	}
	for _, p := range e.build.patches {
		if p.layer == l {
			e.patch(a, p.target, p.doc.parse(), p.json)
			steps++
		}
	}
	a.affix(k.NamePrefix+k.NameSuffix, e.fields)
	a.spread(len(k.Namespace), 1+e.fields, "namespace", "metadata")
	for _, label := range k.Labels {
		a.labels(label.Pairs, timesChanged+len(label.FieldSpecs)+e.fields)
	}
	a.labels(k.CommonAnnotations, timesChanged+e.fields)
	for _, i := range k.Images {
		a.image(i, e.fields)
	}
	steps += len(k.Images) + len(k.Labels) + len(k.Replicas) + len(k.Vars)
	steps += e.replacements(l, a, k.Replacements)
	for _, c := range l.configs {
		if a.bytes > maxGrown {
			break
		}
		steps += e.configured(l, a, c)
	}
	return steps
}

// configured applies the configuration of a plugin.
func (e *estimate) configured(l *layer, a *amount, config any) (steps int) {
	switch c := config.(type) {
	case *builtins.ConfigMapGeneratorPlugin:
		e.generate(l, a, "ConfigMap", c.KvPairSources)
	case *builtins.SecretGeneratorPlugin:
		e.generate(l, a, "Secret", c.KvPairSources)
	case *builtins.LabelTransformerPlugin:
		a.labels(c.Labels, len(c.FieldSpecs))
	case *builtins.AnnotationsTransformerPlugin:
		a.labels(c.Annotations, len(c.FieldSpecs))
	case *builtins.ImageTagTransformerPlugin:
		a.image(c.ImageTag, len(c.FieldSpecs))
	case *builtins.NamespaceTransformerPlugin:
		a.spread(len(c.Namespace), 1+len(c.FieldSpecs), "namespace", "metadata")
	case *affixes:
		a.affix(c.Prefix+c.Suffix, len(c.FieldSpecs))
	case *builtins.PatchTransformerPlugin:
		return e.patchText(l, a, c.Target, c.Patch, c.Path)
	case *builtins.PatchJson6902TransformerPlugin:
		return e.patchText(l, a, c.Target, c.JsonOp, c.Path)
	case *builtins.PatchStrategicMergeTransformerPlugin:
		steps = e.patchText(l, a, nil, c.Patches, "")
		for _, p := range c.Paths { // each is a path or the patch
			steps += e.patchText(l, a, nil, string(p), string(p))
		}
		return steps
	case *builtins.ReplacementTransformerPlugin:
		return e.replacements(l, a, c.ReplacementList)
	case *builtins.ValueAddTransformerPlugin:
		var more builtins.ValueAddTransformerPlugin
		_ = yaml.Unmarshal(e.contents[joinDir(l, c.TargetFilePath)], &more) // kustomize says what is wrong with it
		for _, t := range append(slices.Clip(c.Targets), more.Targets...) {
			a.put(segments(t.FieldPath), nil, len(c.Value), a.selected(t.Selector), false)
			steps++
		}
		return steps
	}
	return 1
}

// patchText applies patches that are written in a configuration, or in a file.
func (e *estimate) patchText(l *layer, a *amount, target *types.Selector, text, file string) (steps int) {
	if data, ok := e.contents[joinDir(l, file)]; ok && file != "" {
		text = string(data)
	}
	for _, d := range splitDocuments([]byte(text)) {
		if root := d.parse(); root != nil {
			e.patch(a, target, root, root.Kind == kyaml.SequenceNode)
			steps++
		}
	}
	return steps
}

// configuredFields is how many fields the configurations of a kustomization tell
// kustomize to change, of any kind.
func (e *estimate) configuredFields(l *layer) int {
	n := 0
	for _, c := range l.spec.Configurations {
		var fields map[string][]any
		_ = yaml.Unmarshal(e.contents[joinDir(l, c)], &fields) // kustomize says what is wrong with it
		for _, list := range fields {
			n += len(list)
		}
	}
	return n
}

// vars puts the values of variables in their places. A place that configurations name
// several times is changed each time, also where a value names variables again.
func (e *estimate) vars(a *amount) {
	largest, references := 0, 0
	for _, l := range e.layers {
		for _, v := range l.spec.Vars {
			path := pathOf(v.FieldRef.FieldPath)
			largest = max(largest, a.size(path))
			if n := names(path); len(n) > 0 {
				references = max(references, a.references[n[len(n)-1]])
			}
		}
	}
	places := a.dollars
	for range 1 + e.fields {
		a.bytes = capped(a.bytes + times(places, largest))
		places = times(places, references)
	}
	if a.bytes > maxGrown {
		e.over = &tooMuch{e.root, fmt.Sprintf("its objects may come to more than %d MiB", maxGrown>>20)}
	}
}

// patch applies a patch to the objects that it may be for.
func (e *estimate) patch(a *amount, target *types.Selector, root *kyaml.Node, isJSON bool) {
	if root == nil {
		return
	}
	objects := 1
	if target != nil {
		objects = a.selected(target)
	}
	if !isJSON {
		p := newAmount()
		p.object(root)
		for k, n := range p.sizes {
			a.sizes[k] = capped(a.sizes[k] + n)
			a.counts[k] = capped(a.counts[k] + times(objects, p.counts[k]))
		}
		a.bytes = capped(a.bytes + times(p.bytes, objects))
		return
	}
	for _, operation := range root.Content {
		_, pointer := lookup(operation, key("path"))
		if pointer == nil {
			continue
		}
		at := segments(pointer.Value)
		if _, value := lookup(operation, key("value")); value != nil {
			p := newAmount()
			k := whole
			if n := names(at); len(n) > 0 {
				k = n[len(n)-1]
			}
			size := p.field(value, k)
			a.put(at, nil, size, objects, false)
			delete(p.sizes, k)
			p.counts = nil
			a.merge(p)
		}
		if _, from := lookup(operation, key("from")); from != nil {
			source := segments(from.Value)
			a.put(at, source, a.size(source), objects, true)
		}
	}
}

// replacements applies replacements.
func (e *estimate) replacements(l *layer, a *amount, list []types.ReplacementField) (steps int) {
	for _, r := range list {
		all := []types.Replacement{r.Replacement}
		if data := e.contents[joinDir(l, r.Path)]; r.Path != "" {
			if all = nil; yaml.Unmarshal(data, &all) != nil {
				all = make([]types.Replacement, 1)
				_ = yaml.Unmarshal(data, &all[0]) // kustomize says what is wrong with it
			}
		}
		for _, r := range all {
			steps += 1 + len(r.Targets)
			if a.replace(r); a.bytes > maxGrown {
				return steps
			}
		}
	}
	return steps
}
