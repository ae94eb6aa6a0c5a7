package kustomize

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// reader reads the kustomizations of a tree, each once.
type reader struct {
	tree     *source.Tree
	layers   map[string]*layer // by directory; nil where there is no kustomization
	order    []*layer          // as they were read
	contents map[string][]byte // of the files that kustomizations name
}

// layer is one kustomization with all that it reads itself.
type layer struct {
	dir  string // relative to the tree's root
	file string // that kustomize reads
	// written is the file that it is written in: the same, but for the layer that
	// stands for the changes of a deployment.
	written string
	// spec is what kustomize is given: without what lies outside the tree, and with
	// every path in a form that it cannot take for an address.
	spec      *types.Kustomization
	root      *kyaml.Node // the file as written, for places; may be nil
	lines     []string
	component bool
	children  []*layer
	inputs    []input
	// plugins are the files with configurations of plugins.
	plugins []configured
	configs []any // the configurations of plugins as they are decoded, in their order
	// incomplete says that something was left out.
	incomplete bool
	// broken says that the kustomization cannot be built at all.
	broken      bool
	diagnostics []source.Diagnostic
}

// input is a file that a kustomization reads.
type input struct {
	name     string
	manifest bool // holds objects or patches of objects
}

const (
	remoteAdvice  = "egresslint reads nothing from the network; lint the output of kustomize build to cover it"
	outsideAdvice = "it lies outside the files that are read; run egresslint from a directory that contains both"
)

// layer returns the kustomization in dir, nil if there is none.
func (r *reader) layer(dir string) (l *layer) {
	if l, ok := r.layers[dir]; ok {
		return l
	}
	r.layers[dir] = nil
	defer func() {
		if p := recover(); p != nil && l != nil {
			l.fail(nil, "read kustomization: internal error, please report it: %s", guard.PanicText(p))
		}
	}()
	var files []string
	for _, base := range konfig.RecognizedKustomizationFileNames() {
		name := path.Join(dir, base)
		if info, err := r.tree.Stat(name); err == nil && !info.IsDir() {
			files = append(files, name)
		}
	}
	if len(files) == 0 {
		return nil
	}
	l = &layer{dir: dir, file: files[0], written: files[0]}
	if len(files) > 1 {
		l.fail(nil, "read kustomization: the directory also has %s; kustomize wants only one of them", path.Base(files[1]))
	}
	data, err := r.tree.ReadFile(l.file)
	if err != nil {
		l.fail(nil, "read kustomization: %v", err)
	} else if !r.parse(l, data) {
		return nil
	}
	r.layers[dir] = l
	r.order = append(r.order, l)
	if l.spec != nil && !l.broken {
		(&sanitizer{reader: r, layer: l, spec: l.spec}).run()
		if !guard.On(guard.KustomizeFields) { // kustomize is given what is written
			l.spec, err = decode(data)
			l.plugins, l.broken = nil, err != nil
		}
	}
	return l
}

// parse reads the file of l. It returns false for a file that is named like a
// kustomization and is something else, as one of Flux.
func (r *reader) parse(l *layer, data []byte) bool {
	if d := source.CheckText(l.file, data); d != nil {
		l.fail(nil, "%s", d.Message)
		return true
	}
	l.lines = splitLines(data)
	var document kyaml.Node
	if err := kyaml.NewDecoder(bytes.NewReader(data)).Decode(&document); err == nil && len(document.Content) == 1 {
		l.root = document.Content[0]
	}
	if _, apiVersion := lookup(l.root, key("apiVersion")); apiVersion != nil && !strings.HasPrefix(apiVersion.Value, konfigGroup) {
		return false
	}
	if err := budget(func() error { return checkSize(data) }); err != nil {
		l.root, l.broken = nil, true
		l.report(kindOf(err), nil, "read kustomization: %v", err)
		return true
	}
	spec, err := decode(data)
	if err != nil {
		at, told := l.undecoded(err)
		l.fail(at, "read kustomization: %s", told)
		return true
	}
	l.component = spec.Kind == types.ComponentKind
	if err := spec.CheckEmpty(); err != nil {
		l.fail(nil, "read kustomization: it is empty")
		return true
	}
	l.spec = spec
	return true
}

// decode decodes a kustomization as kustomize does.
func decode(data []byte) (*types.Kustomization, error) {
	spec := &types.Kustomization{}
	if err := spec.Unmarshal(data); err != nil {
		return nil, err
	}
	spec.FixKustomization()
	return spec, nil
}

// konfigGroup begins the apiVersion of a kustomization.
const konfigGroup = "kustomize.config.k8s.io/"

// report adds a diagnostic about n, or about the file as a whole without one.
func (l *layer) report(kind source.DiagnosticKind, n *kyaml.Node, format string, args ...any) {
	l.diagnostics = append(l.diagnostics, source.Diagnostic{Kind: kind, Range: l.place(n), Message: fmt.Sprintf(format, args...)})
}

// fail reports what keeps l from being built.
func (l *layer) fail(n *kyaml.Node, format string, args ...any) {
	l.broken = true
	l.report(source.RenderError, n, format, args...)
}

// unread reports something that is left out because it is not in the tree.
func (l *layer) unread(n *kyaml.Node, format string, args ...any) {
	l.incomplete = true
	l.report(source.Unread, n, format, args...)
}

// place is where n of the layer's own file stands.
func (l *layer) place(n *kyaml.Node) source.Range {
	if n == nil || n.Line == 0 {
		return source.Range{File: l.written}
	}
	return rangeAt(origin{l.written, 1, 0}, l.lines, n.Line, n.Column)
}

// read returns the contents of a file and remembers them.
func (r *reader) read(name string) ([]byte, error) {
	if data, ok := r.contents[name]; ok {
		return data, nil
	}
	data, err := r.tree.ReadFile(name)
	if err != nil {
		return nil, err
	}
	r.contents[name] = data
	return data, nil
}
