package helm

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartloader "helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// kubeVersion is the Kubernetes version that charts are told.
const kubeVersion = "v1.32.0"

var capabilities = sync.OnceValue(func() *common.Capabilities {
	c := common.DefaultCapabilities.Copy()
	if v, err := common.ParseKubeVersion(kubeVersion); err == nil {
		c.KubeVersion = *v
	}
	return c
})

// job is one rendering of a chart.
type job struct {
	source    *chartSource
	release   Release
	rendering Rendering
	user      []*valuesDoc // the files of the release
	userData  [][]byte
	own       map[string]*valuesDoc    // the charts' own values, by their full paths
	templates map[string]chartTemplate // by their names in Helm
	broken    map[string]damage
	messages  []source.Diagnostic
	tree      *source.Tree
}

// chartTemplate is a template as Helm knows it.
type chartTemplate struct {
	file  string // in the tree
	exact bool   // whether file is the template itself
	chart string // the full path of its chart
}

// damage is what is wrong with a template.
type damage int

const (
	whole    damage = iota
	failing         // it cannot be rendered, but others may include parts of it
	unparsed        // it cannot even be read
)

func renderRelease(ctx context.Context, tree *source.Tree, s *chartSource, r Release, rendering Rendering) (objects []*kubernetes.Object, diagnostics []source.Diagnostic) {
	j := &job{source: s, release: r, rendering: rendering, broken: make(map[string]damage), tree: tree}
	defer func() {
		if p := recover(); p != nil {
			j.report(source.RenderError, source.Range{File: j.chartFile()}, "render chart: internal error, please report it: %v", p)
			objects, diagnostics = nil, j.messages
		}
	}()
	if !j.readValues() {
		return nil, j.messages
	}
	outputs, ok := j.clean()
	if !ok {
		return nil, j.messages
	}
	objects = j.objects(outputs)
	return objects, j.messages
}

func (j *job) chartFile() string { return path.Join(j.source.dir, chartFile) }

func (j *job) report(kind source.DiagnosticKind, r source.Range, format string, args ...any) {
	j.messages = append(j.messages, source.Diagnostic{Kind: kind, Range: r, Message: fmt.Sprintf(format, args...)})
}

// readValues reads the values of the release.
func (j *job) readValues() bool {
	for i, v := range j.release.Values {
		if v.Root != nil {
			doc, data := newInlineDoc(i, v.Root)
			j.user = append(j.user, doc)
			j.userData = append(j.userData, data)
			continue
		}
		data, err := j.tree.ReadFile(v.File)
		if err == nil {
			_, err = valuesOf(data)
		}
		if err != nil {
			j.report(source.RenderError, source.Range{File: v.File}, "read values: %v", err)
			return false
		}
		j.user = append(j.user, newValuesDoc(v.File, data))
		j.userData = append(j.userData, data)
	}
	return true
}

// maxBroken is how many templates of a chart are left out, one by one.
const maxBroken = 100

// clean renders the chart. A template that fails is left out, and the others are
// rendered without it.
func (j *job) clean() (map[string]string, bool) {
	for {
		outputs, err := j.once(noMarks, false, nil, "")
		if err == nil {
			return outputs, true
		}
		name, state := j.culprit(err)
		j.fail(err)
		if name == "" || len(j.broken) >= maxBroken {
			return nil, false
		}
		j.broken[name] = state
	}
}

// culprit returns the template that err is about: one that cannot be parsed, or the
// innermost one that fails and is not made to be included. It is empty if there is
// none.
func (j *job) culprit(err error) (name string, state damage) {
	text := err.Error()
	names := j.templatesIn(text)
	if strings.HasPrefix(text, "parse error ") {
		for _, n := range names {
			return n, unparsed
		}
		return "", whole
	}
	for i := len(names) - 1; i >= 0; i-- {
		if !isPartial(names[i]) {
			return names[i], failing
		}
	}
	if j.templates == nil {
		return "", whole
	}
	// Only named templates are named, so each of the others has to be tried.
	all := slices.Sorted(maps.Keys(j.templates))
	for _, n := range all {
		if isPartial(n) || j.broken[n] != whole {
			continue
		}
		if _, again := j.once(noMarks, false, nil, n); again != nil && again.Error() == text {
			return n, failing
		}
	}
	return "", whole
}

// templatesIn returns the templates that an error names and that are whole, the
// outermost one first.
func (j *job) templatesIn(text string) (names []string) {
	for _, m := range errorAt.FindAllStringSubmatch(text, -1) {
		if _, ok := j.templates[m[1]]; ok && j.broken[m[1]] == whole {
			names = append(names, m[1])
		}
	}
	return names
}

func isPartial(name string) bool { return strings.HasPrefix(path.Base(name), "_") }

// once renders the chart, or only one of its templates. With marks m gets the places
// that the marks stand for; with data set, values are marked too.
func (j *job) once(d detail, data bool, m *marks, only string) (map[string]string, error) {
	c, err := j.source.load()
	if err != nil {
		return nil, err
	}
	if m == nil {
		m = &marks{}
	}
	own := make(map[string]*valuesDoc)
	if data || j.own == nil {
		eachChart(c, func(c *chart.Chart) {
			for _, f := range c.Raw {
				if file, exact := j.source.fileOf(c, f.Data); exact && f.Name == valuesFile {
					doc := newValuesDoc(file, f.Data)
					own[file] = doc
					if data {
						c.Values = doc.marked(c.Values, m)
					}
				}
			}
		})
	}
	user := map[string]any{}
	for i, doc := range j.user {
		values, err := valuesOf(j.userData[i])
		if err != nil {
			return nil, err
		}
		if data {
			values = doc.marked(values, m)
		}
		user = chartloader.MergeMaps(user, values)
	}
	if j.release.NoDefaults {
		c.Values = nil
	}
	if err := chartutil.ProcessDependencies(c, user); err != nil {
		return nil, err
	}
	// The schema of the values is not checked: it may refer to other machines, and
	// marks would not meet it.
	values, err := util.ToRenderValuesWithSchemaValidation(c, user, common.ReleaseOptions{
		Name: j.rendering.Release, Namespace: cmp.Or(j.release.Namespace, "default"), Revision: 1, IsInstall: true,
	}, capabilities(), true)
	if err != nil {
		return nil, err
	}
	if j.templates == nil {
		j.missing(c)
		j.templates = make(map[string]chartTemplate)
		j.own = make(map[string]*valuesDoc)
		eachChart(c, func(c *chart.Chart) { j.index(c, own) })
		if err := j.checkNesting(c); err != nil {
			return nil, err
		}
	}
	eachChart(c, func(c *chart.Chart) { j.prepare(c, d, m, only) })
	limits := &limits{}
	functions := limits.functions()
	functions[markFunction] = m.mark
	outputs, err := engine.Engine{CustomTemplateFuncs: functions}.RenderWithContext(context.Background(), c, values)
	return outputs, err
}

// checkNesting leaves out the templates whose parsing would take too deep a stack.
// The function "tpl" parses values and other files too, so one of these is an error.
func (j *job) checkNesting(c *chart.Chart) (err error) {
	for _, data := range j.userData {
		if _, err := source.CheckTemplate(string(data)); err != nil {
			return err
		}
	}
	eachChart(c, func(c *chart.Chart) {
		isTemplate := make(map[string]bool)
		for _, t := range c.Templates {
			isTemplate[t.Name] = true
			line, nested := source.CheckTemplate(string(t.Data))
			name := path.Join(c.ChartFullPath(), t.Name)
			if nested == nil || j.broken[name] != whole {
				continue
			}
			j.broken[name] = unparsed
			known := j.templates[name]
			at := source.Range{File: known.file}
			if known.exact {
				at = j.lineRange(known.file, line, "")
			}
			j.report(source.LimitReached, at, "render chart: %v", nested)
		}
		for _, f := range c.Raw {
			if _, nested := source.CheckTemplate(string(f.Data)); nested != nil && !isTemplate[f.Name] {
				err = fmt.Errorf("%s: %w", f.Name, nested)
			}
		}
	})
	return err
}

// index lists the templates of a chart and finds its values.
func (j *job) index(c *chart.Chart, own map[string]*valuesDoc) {
	for _, t := range c.Templates {
		file, exact := j.source.fileOf(c, t.Data)
		j.templates[path.Join(c.ChartFullPath(), t.Name)] = chartTemplate{file: file, exact: exact, chart: c.ChartFullPath()}
	}
	for _, f := range c.Raw {
		if f.Name == valuesFile {
			if file, exact := j.source.fileOf(c, f.Data); exact {
				j.own[c.ChartFullPath()] = own[file]
			}
		}
	}
}

// prepare instruments the templates of a chart. Those that are not to be rendered
// get the names of templates that others only include.
func (j *job) prepare(c *chart.Chart, d detail, m *marks, only string) {
	prepared := make([]*common.File, 0, len(c.Templates))
	for _, t := range c.Templates {
		own := *t
		name := path.Join(c.ChartFullPath(), t.Name)
		known := j.templates[name]
		switch {
		case j.broken[name] == unparsed:
			continue
		case j.broken[name] == failing:
			// Others may include it, as for a checksum, or what it defines.
			own.Data = []byte(j.source.instrument(string(t.Data), known, m, noMarks) + "{{define " + strconv.Quote(name) + "}}{{end}}")
			own.Name = path.Join(path.Dir(t.Name), "_"+path.Base(t.Name))
		case only != "" && only != name && !isPartial(name):
			own.Data = []byte(j.source.instrument(string(t.Data), known, m, noMarks) +
				"{{define " + strconv.Quote(name) + "}}{{template " + strconv.Quote(path.Join(path.Dir(name), "_"+path.Base(name))) + " .}}{{end}}")
			own.Name = path.Join(path.Dir(t.Name), "_"+path.Base(t.Name))
		default:
			own.Data = []byte(j.source.instrument(string(t.Data), known, m, min(d, detailOf(known))))
		}
		prepared = append(prepared, &own)
	}
	c.Templates = prepared // a chart with two aliases shares them
}

// instrument puts steps, and perhaps marks, into a template.
func (s *chartSource) instrument(text string, t chartTemplate, m *marks, d detail) string {
	if d > noMarks {
		return instrument(text, t.file, t.chart, m, d)
	}
	out, ok := s.counted[text]
	if !ok {
		out = instrument(text, t.file, t.chart, m, d)
		s.counted[text] = out
	}
	return out
}

// detailOf is how much of a template can be marked: nothing in an archive, which has
// no lines to point at.
func detailOf(t chartTemplate) detail {
	if t.exact {
		return actionMarks
	}
	return noMarks
}

// missing reports the charts that are to be inside and are not there.
func (j *job) missing(c *chart.Chart) {
	eachChart(c, func(c *chart.Chart) {
		for _, d := range c.Metadata.Dependencies {
			if d == nil || slices.ContainsFunc(c.Dependencies(), func(c *chart.Chart) bool { return c.Name() == d.Name }) {
				continue
			}
			j.source.missing = true
			j.report(source.Unread, source.Range{File: j.chartFile()},
				"read dependency %s: it is not in the chart's %s directory; run helm dependency build %s", d.Name, chartsDir, j.source.dir)
		}
	})
}

var (
	errorAt = regexp.MustCompile(`([^\s():<>"]+):(\d+)(?::\d+)?`)
	// missingTemplate is what Helm says where a chart that is not there has a template.
	missingTemplate = regexp.MustCompile(`no template "|template "[^"]*" not defined`)
	callPrefix      = regexp.MustCompile(`^error calling [^:]*: `)
	warningPrefix   = regexp.MustCompile(`^(?:parse|execution) error (?:at|in) \([^)]*\): `)
)

// fail reports an error of Helm.
func (j *job) fail(err error) {
	text := err.Error()
	at := source.Range{File: j.chartFile()}
	for _, m := range errorAt.FindAllStringSubmatch(text, -1) {
		t, ok := j.templates[m[1]]
		if !ok {
			continue
		}
		at = source.Range{File: t.file}
		if line, err := strconv.Atoi(m[2]); err == nil && t.exact {
			at = j.lineRange(t.file, line, "")
		}
	}
	message := cause(text)
	switch {
	case slices.ContainsFunc([]error{errSteps, errOutput, errRepeat, source.ErrNested}, func(e error) bool { return strings.Contains(text, e.Error()) }):
		j.report(source.LimitReached, at, "render chart: %s", message)
	case strings.Contains(text, wanted), strings.Contains(text, "nil pointer evaluating"):
		j.report(source.Unread, at, "render chart %s: %s; pass the values that it needs, in a values file beside the chart or in the configuration", j.rendering.Release, message)
	case j.source.missing && missingTemplate.MatchString(text):
		j.report(source.Unread, at, "render chart %s: %s; run helm dependency build %s", j.rendering.Release, message, j.source.dir)
	default:
		j.report(source.RenderError, at, "render chart: %s", message)
	}
}

// cause is what an error of Helm says, without the way that led there.
func cause(text string) string {
	if rest := warningPrefix.ReplaceAllString(text, ""); rest != text {
		return oneLine(rest)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	last := oneLine(lines[len(lines)-1])
	if i := strings.LastIndex(last, wanted); i >= 0 {
		return last[i+len(wanted):]
	}
	if i := strings.LastIndex(last, ">: "); i >= 0 {
		last = last[i+len(">: "):]
	}
	last = strings.TrimPrefix(callPrefix.ReplaceAllString(last, ""), "template: ")
	return strings.TrimSuffix(last, ` associated with template "gotpl"`)
}

func oneLine(text string) string {
	const limit = 300
	text = strings.Join(strings.Fields(text), " ")
	if i := strings.LastIndex(text, ">: "); i > limit {
		text = text[i+len(">: "):]
	}
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit]) + "…"
	}
	return text
}

// maxLine is how many bytes of a line are searched for what was written there. A
// longer one is a whole file on one line.
const maxLine = 4096

// lineRange is what of a line of a template a developer would edit: value, if the
// template has it as text, else the line's action, else the line.
func (j *job) lineRange(file string, line int, value string) source.Range {
	lines := j.tree.Lines(file, line, line)
	if len(lines) == 0 {
		return source.Range{File: file}
	}
	text := lines[0]
	if len(text) > maxLine {
		return source.Range{File: file, Start: source.Pos{Line: line, Column: 1}, End: source.Pos{Line: line, Column: 1}}
	}
	start, end := written(text, value)
	column := 1 + utf8.RuneCountInString(text[:start])
	return source.Range{
		File:  file,
		Start: source.Pos{Line: line, Column: column},
		End:   source.Pos{Line: line, Column: column + utf8.RuneCountInString(text[start:end])},
	}
}

// written returns the offsets of value in a line of a template, outside actions; of
// the actions if it is not there; of the whole line if there are none.
func written(line, value string) (start, end int) {
	open, shut := strings.Index(line, "{{"), strings.LastIndex(line, "}}")
	if value != "" {
		outside := line
		if open >= 0 && shut > open {
			outside = line[:open] + strings.Repeat("\x00", shut+2-open) + line[shut+2:]
		}
		if i := strings.LastIndex(outside, value); i >= 0 {
			return i, i + len(value)
		}
	}
	if open >= 0 && shut > open {
		return open, shut + 2
	}
	trimmed := strings.TrimRight(line, " \t")
	return len(trimmed) - len(strings.TrimLeft(trimmed, " \t")), len(trimmed)
}
