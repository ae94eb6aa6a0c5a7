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

// sanitizer collects what a kustomization reads, and takes out of it what would
// make kustomize leave the tree.
type sanitizer struct {
	*reader
	layer *layer
	spec  *types.Kustomization
}

func (s *sanitizer) run() {
	k := s.spec
	s.resources()
	k.Components = s.directories("components", k.Components)
	k.Crds = s.files("crds", k.Crds)
	k.Configurations = s.files("configurations", k.Configurations)
	s.generators()
	s.patches()
	s.replacements()
	s.openAPI()
	k.Generators = s.plugins("generators", k.Generators)
	k.Transformers = s.plugins("transformers", k.Transformers)
	k.Validators = s.plugins("validators", k.Validators)
	if len(k.HelmCharts) > 0 {
		s.layer.unread(s.first("helmCharts", "helmChartInflationGenerator"),
			"read helmCharts: the charts are not rendered here; lint the output of kustomize build --enable-helm to cover them")
		k.HelmCharts, k.HelmGlobals = nil, nil
	}
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
	list := s.first(fields...)
	if list == nil || list.Kind != kyaml.SequenceNode || i >= len(list.Content) {
		return list
	}
	return list.Content[i]
}

// leave reports why an entry is left out.
func (s *sanitizer) leave(n *kyaml.Node, what, entry string, err error) {
	switch {
	case errors.Is(err, errRemote):
		s.layer.unread(n, "read %s %s: %s", what, source.WithoutUser(entry), remoteAdvice)
	case errors.Is(err, source.ErrOutside):
		s.layer.unread(n, "read %s %s: %s", what, entry, outsideAdvice)
	default:
		s.layer.incomplete = true
		s.layer.report(source.RenderError, n, "read %s %s: %v", what, entry, err)
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
		return t.written, s.file(n, what, t, true)
	}
	return t.written, s.directory(n, what, entry, t)
}

// file takes in a file.
func (s *sanitizer) file(n *kyaml.Node, what string, t target, manifest bool) bool {
	data, err := s.read(t.name)
	if err == nil && manifest {
		err = checkSize(data)
	}
	if err != nil {
		kind := source.RenderError
		if errors.Is(err, source.ErrTooLarge) || errors.Is(err, errAliases) || errors.Is(err, errKeys) {
			kind = source.LimitReached
		}
		s.layer.incomplete = true
		s.layer.report(kind, n, "read %s %s: %v", what, t.name, err)
		return false
	}
	s.layer.inputs = append(s.layer.inputs, input{t.name, manifest})
	return true
}

// directory takes in another kustomization.
func (s *sanitizer) directory(n *kyaml.Node, what, entry string, t target) bool {
	child := s.reader.layer(t.name)
	if child == nil {
		s.layer.incomplete = true
		s.layer.report(source.RenderError, n, "read %s %s: the directory has no %s", what, entry, konfig.DefaultKustomizationFileName())
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
		if w, ok := s.plainFile(s.entry(i, field), field, e, true); ok {
			kept = append(kept, w)
		}
	}
	return kept
}

func (s *sanitizer) plainFile(n *kyaml.Node, what, entry string, manifest bool) (string, bool) {
	t, err := s.resolve(s.layer.dir, entry)
	if err == nil && t.dir {
		err = errors.New("it is a directory, not a file")
	}
	if err != nil {
		s.leave(n, what, entry, err)
		return "", false
	}
	return t.written, s.file(n, what, t, manifest)
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
	var files []string
	for _, e := range kv.FileSources {
		name, file, named := strings.Cut(e, "=")
		if !named {
			name, file = "", e
		}
		for _, w := range s.source(find(n, e), file) {
			if named {
				w = name + "=" + w
			}
			files = append(files, w)
		}
	}
	kv.FileSources = files
	var envs []string
	for _, e := range kv.EnvSources {
		envs = append(envs, s.source(find(n, e), e)...)
	}
	kv.EnvSources = envs
}

// source takes in one file of a generator, or the files of a directory. One that is
// not there is often kept out of git on purpose, as secrets are.
func (s *sanitizer) source(n *kyaml.Node, entry string) []string {
	t, err := s.resolve(s.layer.dir, entry)
	switch {
	case errors.Is(err, errRemote), errors.Is(err, source.ErrOutside):
		s.leave(n, "file", entry, err)
		return nil
	case err != nil:
		s.layer.unread(n, "read file %s: %v; what is generated from it is not known", entry, err)
		return nil
	case !t.dir:
		if !s.file(n, "file", t, false) {
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
			s.file(n, "file", target{name: path.Join(t.name, e.Name())}, false)
		}
	}
	return []string{t.written}
}

// patches makes every patch one of the field "patches" and takes in its file. The
// fields that this replaces are deprecated, and make kustomize print warnings.
func (s *sanitizer) patches() {
	var kept []types.Patch
	for i, p := range s.spec.PatchesStrategicMerge {
		if strings.ContainsRune(string(p), '\n') {
			kept = append(kept, types.Patch{Patch: string(p)})
		} else if w, ok := s.plainFile(s.entry(i, "patchesStrategicMerge"), "patch", string(p), true); ok {
			kept = append(kept, types.Patch{Path: w})
		}
	}
	s.spec.PatchesStrategicMerge = nil
	for _, p := range s.spec.Patches {
		if s.patch("patches", &p) {
			kept = append(kept, p)
		}
	}
	s.spec.Patches = kept
	var later []types.Patch // kustomize applies these after most transformers
	for _, p := range s.spec.PatchesJson6902 {
		if s.patch("patchesJson6902", &p) {
			later = append(later, p)
		}
	}
	s.spec.PatchesJson6902 = later
}

func (s *sanitizer) patch(field string, p *types.Patch) bool {
	if p.Path == "" {
		return true
	}
	w, ok := s.plainFile(find(s.first(field), p.Path), "patch", p.Path, true)
	p.Path = w
	return ok
}

func (s *sanitizer) replacements() {
	var kept []types.ReplacementField
	for i, r := range s.spec.Replacements {
		if r.Path != "" {
			w, ok := s.plainFile(s.entry(i, "replacements"), "replacement", r.Path, false)
			if !ok {
				continue
			}
			r.Path = w
		}
		kept = append(kept, r)
	}
	s.spec.Replacements = kept
}

func (s *sanitizer) openAPI() {
	entry, ok := s.spec.OpenAPI["path"]
	if !ok {
		return
	}
	w, ok := s.plainFile(s.first("openapi"), "openapi schema", entry, false)
	if ok {
		s.spec.OpenAPI["path"] = w
	} else {
		delete(s.spec.OpenAPI, "path")
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
		if strings.ContainsRune(e, '\n') {
			if s.builtin(n, what, []byte(e)) {
				kept = append(kept, e)
			}
			continue
		}
		t, err := s.resolve(s.layer.dir, e)
		if err != nil {
			s.leave(n, what, e, err)
			continue
		}
		if t.dir {
			s.layer.unread(n, "read %s %s: a directory of plugins is not run; lint the output of kustomize build to cover it", what, e)
			if child := s.reader.layer(t.name); child != nil {
				s.layer.children = append(s.layer.children, child)
			}
			continue
		}
		if s.file(n, what, t, false) && s.builtin(n, what, s.contents[t.name]) {
			kept = append(kept, t.written)
		}
	}
	return kept
}

// builtin reports whether all configurations in data are for parts of kustomize
// that stay inside the tree.
func (s *sanitizer) builtin(n *kyaml.Node, what string, data []byte) bool {
	for _, d := range splitDocuments(data) {
		root := d.parse()
		if root == nil {
			continue
		}
		_, version := lookup(root, key("apiVersion"))
		_, kind := lookup(root, key("kind"))
		if version == nil || kind == nil {
			continue
		}
		if version.Value != konfig.BuiltinPluginApiVersion || kind.Value == "HelmChartInflationGenerator" {
			s.layer.unread(n, "run %s %s: plugins and charts are not run; lint the output of kustomize build to cover what they change", what, kind.Value)
			return false
		}
		if address := firstAddress(root); address != "" {
			s.layer.unread(n, "run %s %s: it reads %s; %s", what, kind.Value, source.WithoutUser(address), remoteAdvice)
			return false
		}
		s.named(root)
	}
	return true
}

// named takes in the files that the scalars below n name.
func (s *sanitizer) named(n *kyaml.Node) {
	if n.Kind == kyaml.ScalarNode && strings.ContainsAny(n.Value, "./") && !strings.ContainsRune(n.Value, '\n') {
		_, entry, ok := strings.Cut(n.Value, "=")
		if !ok {
			entry = n.Value
		}
		if t, err := s.resolve(s.layer.dir, entry); err == nil && !t.dir {
			s.file(n, "file", t, false)
		}
	}
	if n.Kind != kyaml.AliasNode {
		for _, c := range n.Content {
			s.named(c)
		}
	}
}

// firstAddress returns the first scalar below n that may be the address of a file
// on another machine.
func firstAddress(n *kyaml.Node) string {
	if n.Kind == kyaml.ScalarNode {
		if lower := strings.ToLower(n.Value); strings.Contains(lower, "http:") || strings.Contains(lower, "https:") {
			return n.Value
		}
		return ""
	}
	if n.Kind == kyaml.AliasNode {
		return ""
	}
	for _, c := range n.Content {
		if a := firstAddress(c); a != "" {
			return a
		}
	}
	return ""
}

// inlineName names the file that stands for a patch written in a kustomization.
func inlineName(i int) string { return fmt.Sprintf("./.inline-patch-%d.yaml", i) }
