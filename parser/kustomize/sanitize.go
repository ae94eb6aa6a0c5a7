package kustomize

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egresslint/egresslint/parser/source"
)

// sanitizer collects what a kustomization reads, and takes out of it all that is not
// known to stay inside the tree. It checks the values as kustomize decodes them, and
// kustomize is given what it leaves.
type sanitizer struct {
	*reader
	layer *layer
	spec  *types.Kustomization
}

// role is how kustomize reads a file.
type role int

const (
	manifest role = iota // objects or patches of objects
	settings             // YAML of its own
	plain                // text
)

func (s *sanitizer) run() {
	k := s.spec
	s.resources()
	k.Components = s.directories("components", k.Components)
	k.Crds = s.files("crds", k.Crds)
	k.Configurations = s.files("configurations", k.Configurations)
	s.generators()
	s.patches()
	k.Replacements = s.replacements(s.first("replacements"), k.Replacements)
	s.openAPI()
	k.Generators = s.plugins("generators", k.Generators)
	k.Transformers = s.plugins("transformers", k.Transformers)
	k.Validators = s.plugins("validators", k.Validators)
	if len(k.HelmCharts) > 0 {
		s.layer.unread(s.first("helmCharts", "helmChartInflationGenerator"),
			"read helmCharts: the charts are not rendered here; lint the output of kustomize build --enable-helm to cover them")
	}
	k.HelmCharts, k.HelmGlobals = nil, nil
	if k.CommonLabels != nil { // the deprecated form makes kustomize print a warning
		k.Labels = append(k.Labels, types.Label{Pairs: k.CommonLabels, IncludeSelectors: true})
		k.CommonLabels = nil
	}
}

// first returns the node of the first of some fields that is there.
func (s *sanitizer) first(fields ...string) *kyaml.Node {
	for _, f := range fields {
		if _, n := lookup(s.layer.root, key(f)); n != nil {
			return n
		}
	}
	return nil
}

// entry returns the node of an element of a field.
func (s *sanitizer) entry(i int, fields ...string) *kyaml.Node {
	return elementAt(s.first(fields...), i)
}

// elementAt returns the node of an element of a list; the list where it has none.
func elementAt(list *kyaml.Node, i int) *kyaml.Node {
	if list == nil || list.Kind != kyaml.SequenceNode || i >= len(list.Content) {
		return list
	}
	return list.Content[i]
}

// leave reports why an entry is left out.
func (s *sanitizer) leave(n *kyaml.Node, what, entry string, err error) {
	switch {
	case errors.Is(err, errRemote):
		s.layer.unread(n, "read %s%s: %s", what, shown(entry), remoteAdvice)
	case errors.Is(err, source.ErrOutside):
		s.layer.unread(n, "read %s%s: %s", what, shown(entry), outsideAdvice)
	case errors.Is(err, errUnplain):
		s.layer.unread(n, "read %s: %v", what, err)
	default:
		s.layer.incomplete = true
		s.layer.report(source.RenderError, n, "read %s%s: %v", what, shown(entry), err)
	}
}

func (s *sanitizer) resources() {
	bases := s.spec.Resources // "bases" have been added behind the resources
	var kept []string
	written := s.first("resources")
	own := 0
	if written != nil && written.Kind == kyaml.SequenceNode {
		own = len(written.Content)
	}
	for i, e := range bases {
		n := s.entry(i, "resources")
		if i >= own {
			n = s.entry(i-own, "bases")
		}
		if t, ok := s.resource(n, "resource", e); ok {
			kept = append(kept, t)
		}
	}
	s.spec.Resources = kept
}

// resource takes in a file or a directory. It returns false if it is left out.
func (s *sanitizer) resource(n *kyaml.Node, what, entry string) (string, bool) {
	t, err := s.resolve(s.layer.dir, entry)
	if err != nil {
		s.leave(n, what, entry, err)
		return "", false
	}
	if !t.dir {
		return t.written, s.file(n, what, t, manifest)
	}
	return t.written, s.directory(n, what, entry, t)
}

// file takes in a file.
func (s *sanitizer) file(n *kyaml.Node, what string, t target, as role) bool {
	data, err := s.read(t.name)
	if err == nil && as != plain {
		err = budget(func() error { return checkSize(data) })
	}
	if err != nil {
		s.layer.incomplete = true
		s.layer.report(kindOf(err), n, "read %s %s: %v", what, t.name, err)
		return false
	}
	s.layer.inputs = append(s.layer.inputs, input{t.name, as == manifest})
	return true
}

// kindOf is the kind of the diagnostic about a file that cannot be taken in.
func kindOf(err error) source.DiagnosticKind {
	for _, limit := range []error{source.ErrTooLarge, errAliases, errWritten, errKeys, errReferences} {
		if errors.Is(err, limit) {
			return source.LimitReached
		}
	}
	return source.RenderError
}

// text takes in YAML that is written in a kustomization, as a patch is.
func (s *sanitizer) text(n *kyaml.Node, what, text string) bool {
	if err := budget(func() error { return checkSize([]byte(text)) }); err != nil {
		s.layer.incomplete = true
		s.layer.report(kindOf(err), n, "read %s: %v", what, err)
		return false
	}
	return true
}

// directory takes in another kustomization.
func (s *sanitizer) directory(n *kyaml.Node, what, entry string, t target) bool {
	child := s.reader.layer(t.name)
	if child == nil {
		s.layer.incomplete = true
		s.layer.report(source.RenderError, n, "read %s%s: the directory has no %s", what, shown(entry), konfig.DefaultKustomizationFileName())
		return false
	}
	s.layer.children = append(s.layer.children, child)
	return true
}

func (s *sanitizer) directories(field string, entries []string) []string {
	var kept []string
	for i, e := range entries {
		n := s.entry(i, field)
		t, err := s.resolve(s.layer.dir, e)
		if err == nil && !t.dir {
			err = errors.New("it is a file, not a directory")
		}
		if err != nil {
			s.leave(n, "component", e, err)
			continue
		}
		if s.directory(n, "component", e, t) {
			kept = append(kept, t.written)
		}
	}
	return kept
}

func (s *sanitizer) files(field string, entries []string) []string {
	var kept []string
	for i, e := range entries {
		n := s.entry(i, field)
		t, ok := s.plainFile(n, field, e, manifest)
		if !ok {
			continue
		}
		if field == "crds" {
			if err := budget(func() error { return checkDefinitions(s.contents[t.name]) }); err != nil {
				s.layer.incomplete = true
				s.layer.report(kindOf(err), n, "read %s %s: %v", field, t.name, err)
				continue
			}
		}
		kept = append(kept, t.written)
	}
	return kept
}

// plainFile takes in a file that entry must be a plain path to.
func (s *sanitizer) plainFile(n *kyaml.Node, what, entry string, as role) (target, bool) {
	t, err := s.resolve(s.layer.dir, entry)
	if err == nil && t.dir {
		err = errors.New("it is a directory, not a file")
	}
	if err != nil {
		s.leave(n, what, entry, err)
		return target{}, false
	}
	return t, s.file(n, what, t, as)
}

// optionalFile is plainFile for a field that may be empty, which it replaces.
func (s *sanitizer) optionalFile(n *kyaml.Node, what string, field *string, as role) bool {
	if *field == "" {
		return true
	}
	t, ok := s.plainFile(n, what, *field, as)
	*field = t.written
	return ok
}

func (s *sanitizer) generators() {
	for i := range s.spec.ConfigMapGenerator {
		s.sources(s.entry(i, "configMapGenerator"), &s.spec.ConfigMapGenerator[i].KvPairSources)
	}
	for i := range s.spec.SecretGenerator {
		s.sources(s.entry(i, "secretGenerator"), &s.spec.SecretGenerator[i].KvPairSources)
	}
}

// sources takes in the files that a generator reads.
func (s *sanitizer) sources(n *kyaml.Node, kv *types.KvPairSources) {
	at := func(entry string) *kyaml.Node { // of a configuration the entry may be elsewhere
		if found := find(n, entry); found != nil {
			return found
		}
		return n
	}
	var files []string
	for _, e := range kv.FileSources {
		name, file, named := strings.Cut(e, "=")
		if !named || errors.Is(checkPlain(e), errRemote) { // an address may have a query
			name, file, named = "", e, false
		}
		for _, w := range s.source(at(e), file) {
			if named {
				w = name + "=" + w
			}
			files = append(files, w)
		}
	}
	kv.FileSources = files
	var envs []string
	for _, e := range kv.EnvSources {
		envs = append(envs, s.source(at(e), e)...)
	}
	kv.EnvSources, kv.EnvSource = envs, ""
}

// source takes in one file of a generator, or the files of a directory. One that is
// not there is often kept out of git on purpose, as secrets are.
func (s *sanitizer) source(n *kyaml.Node, entry string) []string {
	t, err := s.resolve(s.layer.dir, entry)
	switch {
	case errors.Is(err, errRemote), errors.Is(err, source.ErrOutside), errors.Is(err, errUnplain):
		s.leave(n, "file", entry, err)
		return nil
	case err != nil:
		s.layer.unread(n, "read file%s: %v; what is generated from it is not known", shown(entry), err)
		return nil
	case !t.dir:
		if !s.file(n, "file", t, plain) {
			return nil
		}
		return []string{t.written}
	}
	entries, err := s.tree.ReadDir(t.name)
	if err != nil {
		s.leave(n, "directory", entry, err)
		return nil
	}
	for _, e := range entries {
		if e.Type().IsRegular() {
			s.file(n, "file", target{name: path.Join(t.name, e.Name())}, plain)
		}
	}
	return []string{t.written}
}

// patches makes every patch one of the field "patches" and takes in its file. The
// fields that this replaces are deprecated, and make kustomize print warnings.
func (s *sanitizer) patches() {
	var kept []types.Patch
	for i, p := range s.spec.PatchesStrategicMerge {
		n := s.entry(i, "patchesStrategicMerge")
		if !s.text(n, "patch", string(p)) {
			continue
		}
		if isInline(string(p)) {
			kept = append(kept, types.Patch{Patch: string(p)})
		} else if t, ok := s.plainFile(n, "patch", string(p), manifest); ok {
			kept = append(kept, types.Patch{Path: t.written})
		}
	}
	s.spec.PatchesStrategicMerge = nil
	for i, p := range s.spec.Patches {
		if s.patch(s.entry(i, "patches"), &p) {
			kept = append(kept, p)
		}
	}
	s.spec.Patches = kept
	var later []types.Patch // kustomize applies these after most transformers
	for i, p := range s.spec.PatchesJson6902 {
		if s.patch(s.entry(i, "patchesJson6902"), &p) {
			later = append(later, p)
		}
	}
	s.spec.PatchesJson6902 = later
}

// isInline reports whether an entry that is a path or a patch is the patch. kustomize
// takes for a path what it cannot read as objects; what has several lines is none, and
// is better reported as the patch that it was meant to be.
func isInline(entry string) bool {
	if strings.ContainsRune(entry, '\n') {
		return true
	}
	objects, err := decoder().SliceFromBytes([]byte(entry))
	return err == nil && len(objects) > 0
}

func (s *sanitizer) patch(n *kyaml.Node, p *types.Patch) bool {
	if p.Path == "" {
		return s.text(n, "patch", p.Patch)
	}
	if at := find(n, p.Path); at != nil {
		n = at
	}
	return s.optionalFile(n, "patch", &p.Path, manifest)
}

// replacements takes in the files of replacements, of which list may be the node.
func (s *sanitizer) replacements(list *kyaml.Node, fields []types.ReplacementField) []types.ReplacementField {
	var kept []types.ReplacementField
	for i, r := range fields {
		if s.optionalFile(elementAt(list, i), "replacement", &r.Path, settings) {
			kept = append(kept, r)
		}
	}
	return kept
}

func (s *sanitizer) openAPI() {
	kept := make(map[string]string)
	if version, ok := s.spec.OpenAPI["version"]; ok {
		kept["version"] = version
	}
	if entry, ok := s.spec.OpenAPI["path"]; ok {
		n := s.first("openapi")
		if t, ok := s.plainFile(n, "openapi schema", entry, settings); ok {
			if err := budget(func() error { return checkSchema(s.contents[t.name]) }); err != nil {
				s.layer.incomplete = true
				s.layer.report(kindOf(err), n, "read openapi schema %s: %v", t.name, err)
			} else {
				kept["path"] = t.written
			}
		}
	}
	if s.spec.OpenAPI = kept; len(kept) == 0 {
		s.spec.OpenAPI = nil
	}
}

// plugins keeps what kustomize itself does among configured generators,
// transformers and validators. Each entry is a file, a directory or the
// configuration itself.
func (s *sanitizer) plugins(field string, entries []string) []string {
	what := strings.TrimSuffix(field, "s")
	var kept []string
	for i, e := range entries {
		n := s.entry(i, field)
		if !s.text(n, what, e) {
			continue
		}
		if _, err := decoder().SliceFromBytes([]byte(e)); err == nil {
			if text, ok := s.configuration(n, what, []byte(e)); ok && text != "" {
				kept = append(kept, text)
			}
			continue
		}
		t, err := s.resolve(s.layer.dir, e)
		if err != nil {
			s.leave(n, what, e, err)
			continue
		}
		if t.dir {
			s.layer.unread(n, "read %s%s: a directory of plugins is not run; lint the output of kustomize build to cover it", what, shown(e))
			if child := s.reader.layer(t.name); child != nil {
				s.layer.children = append(s.layer.children, child)
			}
			continue
		}
		if !s.file(n, what, t, settings) {
			continue
		}
		if text, ok := s.configuration(n, what, s.contents[t.name]); ok {
			kept = append(kept, t.written)
			s.layer.plugins = append(s.layer.plugins, configured{t.name, text})
		}
	}
	return kept
}

// inlineName names the file that stands for a patch written in a kustomization.
func inlineName(i int) string { return fmt.Sprintf("./.inline-patch-%d.yaml", i) }
