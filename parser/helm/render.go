package helm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
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

	"github.com/egresslint/egresslint/parser/bounded"
	"github.com/egresslint/egresslint/parser/guard"
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
	texts     []string        // the templates
	written   map[string]bool // the texts that stand in them; nil if not yet wanted
	keys      map[string]bool // that templates spell out; nil until asked for
	messages  []source.Diagnostic
	tree      *source.Tree
	ctx       context.Context
	total     *bounded.Total
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

func renderRelease(ctx context.Context, tree *source.Tree, total *bounded.Total, s *chartSource, r Release, rendering Rendering) (objects []*kubernetes.Object, diagnostics []source.Diagnostic) {
	j := &job{source: s, release: r, rendering: rendering, broken: make(map[string]damage), tree: tree, ctx: ctx, total: total}
	defer func() {
		if p := recover(); p != nil {
			j.report(source.RenderError, source.Range{File: j.chartFile()}, "render chart: internal error, please report it: %s", guard.PanicText(p))
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
	total := 0
	for i, v := range j.release.Values {
		if v.Root != nil {
			doc, data := newInlineDoc(i, v.Root)
			j.user = append(j.user, doc)
			j.userData = append(j.userData, data)
			continue
		}
		data, err := j.tree.ReadFile(v.File)
		if err != nil {
			j.report(source.RenderError, source.Range{File: v.File}, "read values: %v", err)
			return false
		}
		n, err := countValues(data)
		if total += n; err == nil && total > maxValues {
			err = errValues
		}
		if err == nil || !guard.On(guard.HelmBudgets) {
			_, err = valuesOf(data)
		}
		if err != nil {
			j.report(kindOf(err), source.Range{File: v.File}, "read values: %s", yamlMistake(err))
			return false
		}
		j.user = append(j.user, newValuesDoc(v.File, data))
		j.userData = append(j.userData, data)
	}
	return true
}

const (
	// maxBroken is how many templates of a chart are left out, one by one.
	maxBroken = 100
	// maxOverruns is how many of them may reach a limit, in all renderings of a chart
	// together.
	maxOverruns = 10
)

// clean renders the chart. A template that fails is left out, and the others are
// rendered without it.
func (j *job) clean() (map[string]string, bool) {
	for {
		outputs, failed := j.once(noMarks, false, &marks{})
		if failed == nil {
			return outputs, true
		}
		name, state := j.culprit(failed)
		j.fail(failed)
		if failed.limit != nil {
			j.source.overruns++
		}
		if name == "" || len(j.broken) >= maxBroken || j.source.overruns >= maxOverruns || guard.Overdue(j.ctx) != nil {
			return nil, false
		}
		j.broken[name] = state
	}
}

// culprit returns the template that a failure is about: one that cannot be parsed, or
// the innermost one that fails and is not made to be included. It is empty if there is
// none.
func (j *job) culprit(f *failure) (name string, state damage) {
	if strings.HasPrefix(f.text, "parse error ") {
		for _, n := range j.templatesIn(f.text) {
			return n, unparsed
		}
		return "", whole
	}
	for _, n := range slices.Backward(f.calls) {
		if _, ok := j.templates[n]; ok && j.broken[n] == whole && !isPartial(n) {
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

// once renders the chart. With marks m gets the places that the marks stand for; with
// data set, values are marked too.
func (j *job) once(d detail, data bool, m *marks) (map[string]string, *failure) {
	f := &functions{budget: bounded.New(j.ctx, j.total), marks: m}
	c, values, err := j.load(data, m)
	if err == nil {
		err = j.prepareAll(c, d, m)
	}
	if err != nil {
		return nil, &failure{text: err.Error(), limit: limitOf(j.ctx, err)}
	}
	outputs, err := engine.Engine{CustomTemplateFuncs: f.all()}.RenderWithContext(context.Background(), c, values)
	if err != nil {
		return nil, &failure{text: err.Error(), limit: f.budget.Err(), calls: f.budget.Calls(), asks: f.asks, asked: f.asked}
	}
	return outputs, nil
}

// load reads the chart and the values for one rendering.
func (j *job) load(data bool, m *marks) (*chart.Chart, common.Values, error) {
	c, err := j.source.load()
	if err != nil {
		return nil, nil, err
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
			return nil, nil, err
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
		return nil, nil, err
	}
	// The schema of the values is not checked: it may refer to other machines, and
	// marks would not meet it.
	values, err := util.ToRenderValuesWithSchemaValidation(c, user, common.ReleaseOptions{
		Name: j.rendering.Release, Namespace: cmp.Or(j.release.Namespace, "default"), Revision: 1, IsInstall: true,
	}, capabilities(), true)
	if err != nil {
		return nil, nil, err
	}
	if j.templates == nil {
		j.missing(c)
		j.templates = make(map[string]chartTemplate)
		j.own = make(map[string]*valuesDoc)
		eachChart(c, func(c *chart.Chart) { j.index(c, own) })
		j.checkTemplates(c)
	}
	return c, values, nil
}

// maxActions is how many bytes the actions of the templates of a chart may have
// together: parsed they take up to a hundred times as much.
const maxActions = 4 << 20

var errActions = mistake{limit: true, text: fmt.Sprintf("the actions of the chart's templates are longer than %d MiB", maxActions>>20)}

// checkTemplates leaves out the templates whose parsing would take too much memory or
// too deep a stack, and those that cannot be counted.
func (j *job) checkTemplates(c *chart.Chart) {
	total := 0
	eachChart(c, func(c *chart.Chart) {
		for _, t := range c.Templates {
			name := path.Join(c.ChartFullPath(), t.Name)
			known := j.templates[name]
			text := string(t.Data)
			actions, line, err := source.CheckTemplate(text)
			if total += actions; err == nil && total > maxActions {
				err = errActions
			}
			kind := source.LimitReached
			if err == nil {
				if _, err = j.source.instrument(text, name, known, nil, noMarks); errors.Is(err, errOwnFunction) {
					kind = source.RenderError
				}
			}
			if err == nil || j.broken[name] != whole || !guard.On(guard.HelmBudgets) {
				continue
			}
			j.broken[name] = unparsed
			at := source.Range{File: known.file}
			if known.exact && line > 0 {
				at = j.lineRange(known.file, line, "")
			}
			j.report(kind, at, "render chart: %v", err)
		}
	})
}

// index lists the templates of a chart and finds its values.
func (j *job) index(c *chart.Chart, own map[string]*valuesDoc) {
	for _, t := range c.Templates {
		file, exact := j.source.fileOf(c, t.Data)
		j.texts = append(j.texts, string(t.Data))
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

// prepareAll instruments the templates of a chart and of those inside.
func (j *job) prepareAll(c *chart.Chart, d detail, m *marks) (err error) {
	eachChart(c, func(c *chart.Chart) {
		if e := j.prepare(c, d, m); e != nil {
			err = e
		}
	})
	return err
}

// prepare instruments the templates of a chart. Those that are not to be rendered
// get the names of templates that others only include.
func (j *job) prepare(c *chart.Chart, d detail, m *marks) error {
	prepared := make([]*common.File, 0, len(c.Templates))
	for _, t := range c.Templates {
		own := *t
		name := path.Join(c.ChartFullPath(), t.Name)
		known := j.templates[name]
		state := j.broken[name]
		if state == unparsed {
			continue
		}
		level := min(d, detailOf(known))
		if state == failing {
			level = noMarks
		}
		text, err := j.source.instrument(string(t.Data), name, known, m, level)
		if err != nil {
			return err
		}
		if state == failing {
			// Others may include it, as for a checksum, or what it defines.
			text = "{{define " + strconv.Quote(name) + "}}{{end}}" + text
			own.Name = path.Join(path.Dir(t.Name), "_"+path.Base(t.Name))
		}
		own.Data = []byte(text)
		prepared = append(prepared, &own)
	}
	c.Templates = prepared // a chart with two aliases shares them
	return nil
}

// instrument puts calls that count, and perhaps marks, into a template.
func (s *chartSource) instrument(text, name string, t chartTemplate, m *marks, d detail) (string, error) {
	if d > noMarks {
		return instrument(text, name, t, m, d)
	}
	key := [2]string{name, text}
	if out, ok := s.counted[key]; ok {
		return out, nil
	}
	out, err := instrument(text, name, t, m, d)
	if err == nil {
		s.counted[key] = out
	}
	return out, err
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
