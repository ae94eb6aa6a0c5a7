package helm

import (
	"maps"
	"path"
	"slices"
	"sort"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// notes is the template whose output is for people.
const notes = "NOTES.txt"

// lines are the marks of each line of one rendered file.
type lines struct {
	marks [][]found
	// above is, for each line, the last place in a template on a line above; nil if
	// there is none.
	above []*place
}

// objects reads what was rendered.
func (j *job) objects(outputs map[string]string) []*kubernetes.Object {
	names := make([]string, 0, len(outputs))
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		switch {
		case path.Base(name) == notes || strings.TrimSpace(outputs[name]) == "":
		case len(outputs[name]) > maxOutput && guard.On(guard.HelmBudgets):
			j.report(source.LimitReached, source.Range{File: j.templates[name].file}, "render template: it writes more than %d MiB", maxOutput>>20)
		default:
			names = append(names, name)
		}
	}
	marked := j.marks(outputs, names)
	var objects []*kubernetes.Object
	for _, name := range names {
		t := j.templates[name]
		w := &whereabouts{job: j, template: t, lines: marked[name]}
		parsed, diagnostics := kubernetes.Parse("rendered.yaml", []byte(outputs[name]))
		for _, d := range diagnostics {
			d.Range = w.place(d.Range, "", nil).at
			if d.Kind == source.ParseError {
				d.Kind, d.Message = source.RenderError, "read what the template renders: "+d.Message
			}
			d.Message = said(j.twice(d.Message), d.Message)
			j.messages = append(j.messages, d)
		}
		for _, o := range parsed {
			if o := j.object(o, w); o != nil {
				objects = append(objects, o)
			}
		}
	}
	return objects
}

// hookAnnotation names the moment at which Helm creates an object that is no part
// of the release itself.
const hookAnnotation = "helm.sh/hook"

// object gives a rendered object its places. It returns nil for those that only
// helm test creates.
func (j *job) object(o *kubernetes.Object, w *whereabouts) *kubernetes.Object {
	if hook, _ := o.Root.Get("metadata", "annotations", hookAnnotation).Text(); strings.HasPrefix(hook, "test") {
		return nil
	}
	root := w.value(o.Root, nil)
	placed, ok := kubernetes.FromValue(root, w.template.file)
	if !ok {
		return nil
	}
	placed.From, placed.Dir = j.rendering.from(), j.rendering.deployment()
	return placed.InNamespace(j.release.Namespace)
}

// maxLines is how many lines a chart may render to, for places to be found in it.
const maxLines = 1_000_000

// marks renders the chart with marks and returns those of each file: of the most
// detailed rendering that has as many lines as the clean one.
func (j *job) marks(outputs map[string]string, names []string) map[string]*lines {
	result := make(map[string]*lines)
	count := 0
	for _, name := range names {
		count += strings.Count(outputs[name], "\n")
	}
	if count > maxLines || j.usesMarks(outputs) {
		return result
	}
	for _, level := range []struct {
		detail detail
		data   bool
	}{{actionMarks, true}, {actionMarks, false}, {textMarks, false}} {
		m := &marks{}
		rendered, failed := j.once(level.detail, level.data, m)
		if failed != nil {
			continue
		}
		complete := true
		for _, name := range names {
			if result[name] != nil {
				continue
			}
			if l := align(outputs[name], rendered[name], m); l != nil {
				result[name] = l
			} else {
				complete = false
			}
		}
		if complete {
			break
		}
	}
	return result
}

// usesMarks reports whether anything rendered looks like a mark by itself.
func (j *job) usesMarks(outputs map[string]string) bool {
	for _, text := range outputs {
		if hasMarks(text) {
			return true
		}
	}
	return false
}

// align returns the marks of each line of a rendering that is the clean one but for
// them; nil if it has other lines.
func align(clean, marked string, m *marks) *lines {
	want, got := strings.Split(clean, "\n"), strings.Split(marked, "\n")
	if len(want) != len(got) {
		return nil
	}
	out := &lines{marks: make([][]found, len(want)), above: make([]*place, len(want))}
	var last *place
	differ := 0
	for i := range want {
		text, marks := m.strip(got[i])
		if text != want[i] {
			differ++
			marks = slices.DeleteFunc(marks, func(f found) bool { return f.data })
		}
		out.marks[i], out.above[i] = marks, last
		for j := range marks {
			if !marks[j].data {
				last = &marks[j].place
			}
		}
	}
	if differ > len(want)/10+1 { // not the same text, but for passwords and checksums
		return nil
	}
	return out
}

// whereabouts finds the places of what one template rendered.
type whereabouts struct {
	job      *job
	template chartTemplate
	lines    *lines
}

// spot is a place, and the line of the template that passed it on.
type spot struct {
	at  source.Range
	via []located.Step
}

// passedOn says that a template hands a value on.
func passedOn(at source.Range) []located.Step {
	return []located.Step{{Range: at, Says: "the template passes it on here"}}
}

// value gives v and all in it the places they were rendered from.
func (w *whereabouts) value(v *located.Value, path []string) *located.Value {
	out := *v
	text := ""
	if v.Kind != located.Map && v.Kind != located.List {
		text, _ = v.Text()
	}
	s := w.place(v.Range, text, path)
	out.Range, out.Via = s.at, s.via
	if v.List != nil {
		out.List = make([]*located.Value, len(v.List))
		for i, e := range v.List {
			out.List[i] = w.value(e, path)
		}
	}
	if v.Map != nil {
		out.Map = make([]located.Field, len(v.Map))
		for i, f := range v.Map {
			below := append(slices.Clip(path), f.Key)
			out.Map[i] = located.Field{Key: f.Key, KeyRange: w.place(f.KeyRange, f.Key, nil).at, Value: w.value(f.Value, below)}
		}
	}
	return &out
}

// place finds what a range of the rendered text comes from. text is the scalar
// there, if it is one, and path leads to it in the object.
func (w *whereabouts) place(r source.Range, text string, path []string) spot {
	file := spot{at: source.Range{File: w.template.file}}
	if w.lines == nil || r.Start.Line < 1 || r.Start.Line > len(w.lines.marks) {
		return file
	}
	template, ok := w.templateMark(r)
	if !ok {
		return file
	}
	at := w.job.lineRange(template.file, template.line, text)
	if path == nil || text == "" {
		return spot{at: at}
	}
	if m, ok := w.valueMark(r); ok {
		return spot{at: w.job.valueRange(m, text), via: passedOn(at)}
	}
	if template.values != nil {
		if v, ok := w.job.passedOn(template, text, path); ok {
			return spot{at: v, via: passedOn(at)}
		}
	}
	return spot{at: at}
}

// onLine returns the marks on the line of a position, and how many of them stand
// before it or where it starts; a quote may stand before a mark.
func (w *whereabouts) onLine(at source.Pos) (marks []found, before int) {
	marks = w.lines.marks[at.Line-1]
	return marks, sort.Search(len(marks), func(i int) bool { return marks[i].column > at.Column+1 })
}

// valueMark returns the place in the values that a scalar comes from: that of the
// first mark in it.
func (w *whereabouts) valueMark(r source.Range) (place, bool) {
	marks, i := w.onLine(r.Start)
	for i > 0 && marks[i-1].column >= r.Start.Column {
		i--
	}
	for ; i < len(marks) && marks[i].column <= max(r.Start.Column+1, r.End.Column); i++ {
		if marks[i].data {
			return marks[i].place, true
		}
	}
	return place{}, false
}

// templateMark returns the place in a template that a position comes from: the last
// one before it, on its line if there is any.
func (w *whereabouts) templateMark(r source.Range) (place, bool) {
	marks, before := w.onLine(r.Start)
	for i := before - 1; i >= 0; i-- {
		if !marks[i].data {
			return marks[i].place, true
		}
	}
	for _, m := range marks[before:] {
		if !m.data {
			return m.place, true
		}
	}
	if above := w.lines.above[r.Start.Line-1]; above != nil {
		return *above, true
	}
	return place{}, false
}

// valueRange is the place of a marked value.
func (j *job) valueRange(p place, text string) source.Range {
	if d := j.doc(p.file); d != nil {
		return d.rangeAt(p.line, p.column, text)
	}
	return source.Range{File: p.file}
}

func (j *job) doc(file string) *valuesDoc {
	for _, d := range j.user {
		if d.file == file {
			return d
		}
	}
	for _, d := range j.own {
		if d != nil && d.file == file {
			return d
		}
	}
	return nil
}

// passedOn finds the values that an action writes: the scalar at their path, or the
// only one below it with the same key and text.
func (j *job) passedOn(p place, text string, path []string) (source.Range, bool) {
	prefix := keys(p.chart)
	for i := len(j.user) - 1; i >= 0; i-- {
		if r, ok := j.user[i].passedOn(append(slices.Clone(prefix), p.values...), text, path); ok {
			return r, true
		}
	}
	names := strings.Split(p.chart, "/"+chartsDir+"/")
	for depth := range names { // a chart's values count more than those of charts inside
		d := j.own[strings.Join(names[:depth+1], "/"+chartsDir+"/")]
		if d == nil {
			continue
		}
		if r, ok := d.passedOn(append(slices.Clone(prefix[depth:]), p.values...), text, path); ok {
			return r, true
		}
	}
	return source.Range{}, false
}

// maxVisited is how many values are looked at, counting those of an anchor at each
// alias, for one that an action passed on.
const maxVisited = 10_000

func (d *valuesDoc) passedOn(values []string, text string, path []string) (source.Range, bool) {
	var match *yaml.Node
	matches, visited := 0, 0
	var walk func(n *yaml.Node, key string, depth int)
	walk = func(n *yaml.Node, key string, depth int) {
		n = followed(n)
		if visited++; n == nil || depth > maxValuesDepth || visited > maxVisited {
			return
		}
		switch n.Kind {
		case yaml.ScalarNode:
			if n.Value == text && (depth == 0 || key == path[len(path)-1]) {
				match = n
				matches++
			}
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				walk(n.Content[i+1], n.Content[i].Value, depth+1)
			}
		case yaml.SequenceNode:
			for _, e := range n.Content {
				walk(e, key, depth+1)
			}
		}
	}
	for _, n := range d.at(values) {
		walk(n, path[len(path)-1], 0)
	}
	if matches != 1 || visited > maxVisited {
		return source.Range{}, false
	}
	return d.rangeAt(match.Line, match.Column, match.Value), true
}
