// Package helm renders the charts of a tree with Helm's own engine, and finds for
// every field of what it renders the line that a developer would edit: in a
// template, or in the values that the template passes on.
//
// Nothing outside the tree is read, no cluster is asked, and nothing is executed.
package helm

import (
	"cmp"
	"fmt"
	"io"
	"log"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/egresslint/egresslint/parser/kubernetes"
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
	Namespace   string
	Chart       string         // the chart's directory, relative to the tree's root
	ValuesFiles []string       // relative to the tree's root; later ones count more
	Values      map[string]any // as Helm reads YAML; they count more than any file
}

// Result is what the charts of a tree render to.
type Result struct {
	// Objects are by chart and release, then by template. Each has From set, as in
	// "release api of chart charts/api (values-prod.yaml)".
	Objects []*kubernetes.Object
	// Consumed are the files that are read as parts of charts: templates, values,
	// charts inside charts. None of them is a manifest that is applied as it stands.
	Consumed map[string]bool
	// Diagnostics are in the order of their places.
	Diagnostics []source.Diagnostic
	Renderings  []Rendering // by chart, then as configured or by variant
}

// Rendering is one rendering of a chart.
type Rendering struct {
	Dir     string // the chart's, relative to the tree's root
	Release string
	Variant string // the base name of the values file that makes it one; empty for none
	Objects int    // how many objects it renders
}

// loads serializes the loads of a process: Helm warns in its log, which is kept
// quiet meanwhile.
var loads sync.Mutex

// Load renders the charts among files, which are those of a walk, and those that
// opts names. A chart inside another's charts directory, one that another one
// refers to by its path, and a library chart are not rendered by themselves.
//
// Without a release in opts a chart is rendered once for each values file beside it
// that looks like an environment's, or once with its own values alone. A template
// that needs a value which no file gives is Unread, one that is broken a
// RenderError; both leave the other templates as they are.
//
// Helm's warnings in the log of the process are kept quiet meanwhile, so nothing
// else that does so, as the Load of package kustomize, must run at the same time.
func Load(tree *source.Tree, files []source.File, opts Options) Result {
	loads.Lock()
	defer loads.Unlock()
	logged := log.Writer()
	log.SetOutput(io.Discard)
	defer log.SetOutput(logged)

	l := &loader{tree: tree, result: Result{Consumed: make(map[string]bool)}}
	dirs := chartDirs(files)
	for _, r := range opts.Releases {
		if dir := path.Clean(r.Chart); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	var sources []*chartSource
	used := make(map[string]bool)
	for _, dir := range dirs {
		s := l.read(dir)
		sources = append(sources, s)
		for _, d := range s.uses {
			used[d] = true
		}
	}
	for _, s := range sources {
		l.consume(s)
		releases := slices.DeleteFunc(slices.Clone(opts.Releases), func(r Release) bool { return path.Clean(r.Chart) != s.dir })
		switch {
		case s.err != nil:
			l.report(source.RenderError, source.Range{File: path.Join(s.dir, chartFile)}, "read chart: %v", s.err)
		case len(releases) > 0:
			for _, r := range releases {
				l.render(s, r, "")
			}
		case !used[s.dir]:
			l.renderVariants(s)
		}
	}
	slices.SortStableFunc(l.result.Diagnostics, source.Diagnostic.Compare)
	l.result.Diagnostics = slices.Compact(l.result.Diagnostics)
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
	tree   *source.Tree
	result Result
}

func (l *loader) report(kind source.DiagnosticKind, r source.Range, format string, args ...any) {
	l.result.Diagnostics = append(l.result.Diagnostics, source.Diagnostic{Kind: kind, Range: r, Message: fmt.Sprintf(format, args...)})
}

// consume marks the files of a chart. Its custom resource definitions are applied
// as they stand.
func (l *loader) consume(s *chartSource) {
	for _, f := range s.files {
		if !strings.Contains("/"+strings.TrimPrefix(f, s.dir+"/"), "/crds/") {
			l.result.Consumed[f] = true
		}
	}
}

func (l *loader) renderVariants(s *chartSource) {
	if s.library {
		return
	}
	layers, variants := s.valuesFiles()
	if len(variants) == 0 {
		l.render(s, Release{Chart: s.dir, ValuesFiles: layers}, "")
		return
	}
	for _, v := range variants {
		l.render(s, Release{Chart: s.dir, ValuesFiles: append(slices.Clone(layers), v)}, path.Base(v))
	}
}

// render renders a chart for a release.
func (l *loader) render(s *chartSource, r Release, variant string) {
	rendering := Rendering{Dir: s.dir, Release: cmp.Or(r.Name, s.name), Variant: variant}
	objects, diagnostics := renderRelease(l.tree, s, r, rendering)
	rendering.Objects = len(objects)
	l.result.Objects = append(l.result.Objects, objects...)
	l.result.Diagnostics = append(l.result.Diagnostics, diagnostics...)
	l.result.Renderings = append(l.result.Renderings, rendering)
	for _, f := range r.ValuesFiles {
		l.result.Consumed[f] = true
	}
}

// from says what rendered an object.
// deployment is the directory that stands for what is deployed. A variant has one
// of its own, named as its values file: the name often tells the environment.
func (r Rendering) deployment() string {
	return path.Join(r.Dir, strings.TrimSuffix(r.Variant, path.Ext(r.Variant)))
}

func (r Rendering) from() string {
	text := fmt.Sprintf("release %s of chart %s", r.Release, r.Dir)
	if r.Variant != "" {
		text += " (" + r.Variant + ")"
	}
	return text
}
