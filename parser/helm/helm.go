// Package helm renders the charts of a tree with Helm's own engine, and finds for
// every field of what it renders the line that a developer would edit: in a
// template, or in the values that the template passes on.
//
// Nothing outside the tree is read, no cluster is asked, and nothing is executed.
package helm

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/egresslint/egresslint/parser/bounded"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/part"
	"github.com/egresslint/egresslint/parser/source"
)

// Options say how charts are released.
type Options struct {
	// Releases are those that are known. Their charts are rendered for them alone;
	// every other chart once for each of its variants.
	Releases []Release
}

// Release is a chart with a name and values.
type Release struct {
	Name string // as in helm install; the chart's name if empty
	// Namespace is that of objects which name none themselves. Templates see
	// "default" if it is empty, and the objects are left without one.
	Namespace string
	Chart     string // the chart's directory, relative to the tree's root
	// Values are in the order in which they count, the last one most.
	Values []Values
	// NoDefaults says that the chart's own values do not count.
	NoDefaults bool
	// By says what declares the release, as in "application argocd/api"; empty for
	// one that nothing in the tree declares.
	By string
}

// Values is a map of values: a file, or what is written somewhere else.
type Values struct {
	File string // relative to the tree's root
	// Root is a map with places, in the place of a file.
	Root *located.Value
}

// Files returns the values files of a release.
func Files(names ...string) []Values {
	values := make([]Values, len(names))
	for i, name := range names {
		values[i].File = name
	}
	return values
}

// Result is what a chart renders to.
type Result struct {
	// Objects are by release, then by template. Each has From set, as in
	// "release api of chart charts/api (values-prod.yaml)".
	Objects []*kubernetes.Object
	// Diagnostics are those of the chart, then by release.
	Diagnostics []source.Diagnostic
	Renderings  []Rendering // as configured or by variant
}

// Rendering is one rendering of a chart.
type Rendering struct {
	Dir     string // the chart's, relative to the tree's root
	Release string
	Variant string // the base name of the values file that counts most; empty for none
	By      string // what declares the release, see Release.By
	Objects int    // how many objects it renders
}

// loads serializes the renderings of a process: Helm warns in its log, which is kept
// quiet meanwhile.
var loads sync.Mutex

// quiet keeps the log of the process quiet until the function that it returns is
// called.
func quiet() (leave func()) {
	loads.Lock()
	logged := log.Writer()
	log.SetOutput(io.Discard)
	return func() {
		log.SetOutput(logged)
		loads.Unlock()
	}
}

// Set is the charts of a tree. They are read at once, and rendered one by one.
type Set struct {
	ctx      context.Context
	tree     *source.Tree
	sources  []*chartSource // by directory
	releases []Release      // that are configured
	used     map[string]bool
	size     int // of the files of all charts
	total    bounded.Total
}

// maxSetSize is how many bytes the files of all charts may have together.
const maxSetSize = 256 << 20

var errSet = mistake{limit: true, text: fmt.Sprintf("with it the charts have more than %d MiB", maxSetSize>>20)}

// Read reads the charts among files, which are those of a walk. Releases of others in
// opts are not rendered.
func Read(ctx context.Context, tree *source.Tree, files []source.File, opts Options) *Set {
	defer quiet()()
	s := &Set{ctx: ctx, tree: tree, used: make(map[string]bool)}
	dirs := chartDirs(files)
	for _, r := range opts.Releases {
		r.Chart = path.Clean(r.Chart)
		s.releases = append(s.releases, r)
	}
	for _, dir := range dirs {
		s.add(dir, files)
	}
	return s
}

// add reads the chart in dir. The files of one that is left out are still its own.
func (s *Set) add(dir string, files []source.File) {
	leave, left := part.Enter(s.ctx, part.Part{Kind: part.Chart, Name: dir})
	if left != nil {
		c := &chartSource{dir: dir, err: mistake{limit: true, text: "it is left out"}}
		for _, f := range files {
			if dir == "." || strings.HasPrefix(f.Name, dir+"/") {
				c.files = append(c.files, f.Name)
			}
		}
		s.sources = append(s.sources, c)
		return
	}
	tree, record := s.tree.Recorded()
	c := readChart(s.ctx, tree, dir)
	c.record = record
	defer func() { leave(c.size) }()
	if s.size += c.size; s.size > maxSetSize && c.err == nil && guard.On(guard.HelmBudgets) {
		c.err = errSet
	}
	if c.err != nil {
		c.buffered, c.origin = nil, nil
	}
	s.sources = append(s.sources, c)
	for _, d := range c.uses {
		s.used[d] = true
	}
}

// Record is what the chart in dir reads of the tree, also to be rendered; nil if it cannot
// be rendered as a whole.
func (s *Set) Record(dir string) *source.Record {
	c := s.source(dir)
	if c == nil || c.err != nil || slices.ContainsFunc(c.diagnostics, func(d source.Diagnostic) bool { return d.Kind == source.LimitReached }) {
		return nil
	}
	return c.record
}

// Total is what all renderings have taken together.
func (s *Set) Total() *bounded.Total { return &s.total }

func (s *Set) source(dir string) *chartSource {
	for _, c := range s.sources {
		if c.dir == dir {
			return c
		}
	}
	return nil
}

// Charts returns the directories of the charts that are rendered without a release
// that something in the tree declares: all but libraries and those that others use.
// Those with a release in the configuration are among them.
func (s *Set) Charts() []string {
	var dirs []string
	for _, c := range s.sources {
		if s.Configured(c.dir) || !s.used[c.dir] {
			dirs = append(dirs, c.dir)
		}
	}
	return dirs
}

// Configured reports whether the configuration says how the chart in dir is released.
func (s *Set) Configured(dir string) bool {
	return slices.ContainsFunc(s.releases, func(r Release) bool { return r.Chart == dir })
}

// Has reports whether there is a chart in dir. It reads it if it was not among the
// files.
func (s *Set) Has(dir string) bool {
	if s.source(dir) != nil {
		return true
	}
	if info, err := s.tree.Stat(path.Join(dir, chartFile)); err != nil || info.IsDir() {
		return false
	}
	defer quiet()()
	s.add(dir, nil)
	return true
}

// Consumed returns the files that are read as parts of charts: templates, values, charts
// inside charts. None of them is a manifest that is applied as it stands, but for custom
// resource definitions, which are left out.
func (s *Set) Consumed() map[string]bool {
	names := make(map[string]bool)
	for _, c := range s.sources {
		for _, f := range c.files {
			if !strings.Contains("/"+strings.TrimPrefix(f, c.dir+"/"), "/crds/") {
				names[f] = true
			}
		}
	}
	for _, r := range s.releases {
		for _, v := range r.Values {
			names[v.File] = true
		}
	}
	delete(names, "")
	return names
}

// Render renders the chart in dir for its releases in the configuration, else once
// for each values file beside it that looks like an environment's, or once with its
// own values alone. A library chart is not rendered by itself.
//
// A template that needs a value which no file gives is Unread, one that is broken a
// RenderError; both leave the other templates as they are.
func (s *Set) Render(ctx context.Context, dir string) Result {
	var releases []Release
	for _, r := range s.releases {
		if r.Chart == dir {
			releases = append(releases, r)
		}
	}
	c := s.source(dir)
	if len(releases) > 0 || c == nil || c.err != nil {
		return s.Release(ctx, dir, releases...)
	}
	defer quiet()()
	l := &loader{ctx: ctx, tree: c.tree, total: &s.total}
	l.result.Diagnostics = slices.Clone(c.diagnostics)
	l.renderVariants(c)
	return l.result
}

// Release renders the chart in dir for releases.
func (s *Set) Release(ctx context.Context, dir string, releases ...Release) Result {
	defer quiet()()
	l := &loader{ctx: ctx, tree: s.tree, total: &s.total}
	c := s.source(dir)
	switch {
	case c == nil:
	case c.err != nil:
		l.report(kindOf(c.err), source.Range{File: path.Join(dir, chartFile)}, "read chart: %s", chartMistake(c.err))
	default:
		l.tree = c.tree
		l.result.Diagnostics = slices.Clone(c.diagnostics)
		for _, r := range releases {
			variant := ""
			if n := len(r.Values); r.By == "" && n > 0 && r.Values[n-1].File != "" {
				variant = path.Base(r.Values[n-1].File)
			}
			l.render(c, r, variant)
		}
	}
	return l.result
}

const (
	chartFile    = "Chart.yaml"
	valuesFile   = "values.yaml"
	chartsDir    = "charts"
	templatesDir = "templates"
)

// chartDirs returns the directories of the charts among files, without those in the
// charts directory of another one.
func chartDirs(files []source.File) []string {
	has := make(map[string]bool)
	for _, f := range files {
		if path.Base(f.Name) == chartFile && !f.Chart {
			has[path.Dir(f.Name)] = true
		}
	}
	var dirs []string
	for dir := range has {
		if !isInside(dir, has) {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	return dirs
}

// isInside reports whether dir lies in the charts directory of a chart.
func isInside(dir string, has map[string]bool) bool {
	for d := dir; d != "."; d = path.Dir(d) {
		if path.Base(d) == chartsDir && has[path.Dir(d)] {
			return true
		}
	}
	return false
}

type loader struct {
	ctx    context.Context
	tree   *source.Tree
	total  *bounded.Total
	result Result
}

func (l *loader) report(kind source.DiagnosticKind, r source.Range, format string, args ...any) {
	l.result.Diagnostics = append(l.result.Diagnostics, source.Diagnostic{Kind: kind, Range: r, Message: fmt.Sprintf(format, args...)})
}

func (l *loader) renderVariants(s *chartSource) {
	if s.library {
		return
	}
	layers, variants := s.valuesFiles()
	if len(variants) == 0 {
		l.render(s, Release{Chart: s.dir, Values: Files(layers...)}, "")
		return
	}
	for _, v := range variants {
		l.render(s, Release{Chart: s.dir, Values: Files(append(slices.Clone(layers), v)...)}, path.Base(v))
	}
}

// render renders a chart for a release.
func (l *loader) render(s *chartSource, r Release, variant string) {
	rendering := Rendering{Dir: s.dir, Release: cmp.Or(r.Name, s.name), Variant: variant, By: r.By}
	objects, diagnostics := renderRelease(l.ctx, l.tree, l.total, s, r, rendering)
	rendering.Objects = len(objects)
	l.result.Objects = append(l.result.Objects, objects...)
	l.result.Diagnostics = append(l.result.Diagnostics, diagnostics...)
	l.result.Renderings = append(l.result.Renderings, rendering)
}

// deployment is the directory that stands for what is deployed. A variant has one
// of its own, named as its values file: the name often tells the environment.
func (r Rendering) deployment() string {
	return path.Join(r.Dir, strings.TrimSuffix(r.Variant, path.Ext(r.Variant)))
}

// from says what rendered an object.
func (r Rendering) from() string {
	text := fmt.Sprintf("release %s of chart %s", r.Release, r.Dir)
	if r.Variant != "" {
		text += " (" + r.Variant + ")"
	}
	if r.By != "" {
		text += " (" + r.By + ")"
	}
	return text
}
