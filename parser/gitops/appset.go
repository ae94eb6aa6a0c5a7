package gitops

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

const (
	// maxApplications is how many applications of one set are followed.
	maxApplications = 1000
	// maxGenerators is how deep generators may lie in each other. Argo CD takes two.
	maxGenerators = 4
)

// applicationSet reads an ApplicationSet of Argo CD.
// https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/
func (f *finder) applicationSet(o *kubernetes.Object) {
	spec := o.Root.Get("spec")
	d := &declared{object: o, kind: "application set"}
	if p := spec.Get("templatePatch"); !p.IsNull() {
		f.unread(d, p, "it has a templatePatch, which is not applied; lint what it generates to cover it")
		return
	}
	g := &generation{finder: f, declared: d, goTemplate: text(spec.Get("goTemplate")) == "true"}
	count := 0
	for _, generator := range spec.Get("generators").Items() {
		for _, p := range g.generate(generator, nil, 0) {
			if count++; count > maxApplications {
				f.limit(d, spec.Get("generators"), "it makes more than %d applications; the rest is left out", maxApplications)
				return
			}
			root, err := g.render(spec.Get("template"), p)
			if err != nil {
				f.notFilled(d, spec.Get("template", "metadata", "name"), "template", err)
				return
			}
			name := text(root.Get("metadata", "name"))
			if name == "" || hasPlaceholder(name) {
				f.unread(d, spec.Get("template", "metadata", "name"), "name %q of an application is not known", name)
				continue
			}
			app := &declared{object: o, kind: "application", name: name, count: d.count}
			f.application(app, root)
			d.count = app.count
		}
	}
}

// generation is the applications of one set.
type generation struct {
	*finder
	declared   *declared
	goTemplate bool
}

// parameters are what a generator gives the template, by their names; a map or a
// list has its elements in it. No name stands there twice.
type parameters []located.Field

func (p parameters) value() *located.Value { return &located.Value{Kind: located.Map, Map: p} }

// with returns p with more parameters, which count more.
func (p parameters) with(more ...located.Field) parameters {
	out := slices.Clone(p)
	at := make(map[string]int, len(p))
	for i, f := range p {
		at[f.Key] = i
	}
	for _, m := range more {
		if i, ok := at[m.Key]; ok {
			out[i] = m
		} else {
			out = append(out, m)
		}
	}
	return out
}

// generate returns the parameters of a generator, for each application one set. What
// it needs from elsewhere is Unread.
func (g *generation) generate(generator *located.Value, outer parameters, depth int) []parameters {
	if depth > maxGenerators || generator.Kind != located.Map {
		return nil
	}
	if s := generator.Get("selector"); !s.IsNull() {
		g.unread(g.declared, s, "generators with a selector are not followed")
		return nil
	}
	var all []parameters
	for _, field := range generator.Map {
		if t := field.Value.Get("template"); !t.IsNull() {
			g.unread(g.declared, t, "generators with a template of their own are not followed")
			continue
		}
		switch field.Key {
		case "list":
			all = append(all, g.list(field.Value, outer)...)
		case "git":
			all = append(all, g.git(field.Value, outer)...)
		case "matrix":
			all = append(all, g.matrix(field.Value, outer, depth)...)
		default:
			at := located.Value{Range: field.KeyRange}
			g.unread(g.declared, &at, "what its generator %q gives is not in the files; lint the applications that it makes to cover them", field.Key)
		}
	}
	return all
}

func (g *generation) list(spec *located.Value, outer parameters) []parameters {
	if y := spec.Get("elementsYaml"); !y.IsNull() {
		g.unread(g.declared, y, "elementsYaml is not read")
	}
	var all []parameters
	for _, e := range spec.Get("elements").Items() {
		if e.Kind == located.Map {
			all = append(all, outer.with(e.Map...))
		}
	}
	return all
}

// matrix combines what two generators give. The second may use what the first gives.
func (g *generation) matrix(spec *located.Value, outer parameters, depth int) []parameters {
	generators := spec.Get("generators").Items()
	if len(generators) != 2 {
		g.unread(g.declared, spec, "a matrix of %d generators is not followed, only one of 2", len(generators))
		return nil
	}
	var all []parameters
	for i, p := range g.generate(generators[0], outer, depth+1) {
		if i == maxApplications { // whatever the second gives for each
			g.limit(g.declared, generators[0], "the first generator of a matrix gives more than %d sets of parameters; the rest is left out", maxApplications)
			break
		}
		second, err := g.render(generators[1], p)
		if err != nil {
			g.notFilled(g.declared, generators[1], "generator", err)
			return all
		}
		all = append(all, g.generate(second, p, depth+1)...)
		if len(all) > maxApplications {
			break // the caller tells
		}
	}
	return all
}

// git returns the parameters of directories or files of the repository.
func (g *generation) git(spec *located.Value, outer parameters) []parameters {
	if p := spec.Get("pathParamPrefix"); text(p) != "" {
		g.unread(g.declared, p, "generators with a pathParamPrefix are not followed")
		return nil
	}
	what, names := "directories", g.directories()
	if !spec.Get("files").IsNull() {
		what, names = "files", g.fileNames()
	}
	patterns := spec.Get(what).Items()
	for _, pattern := range patterns {
		if err := source.CheckGlob(globOf(pattern)); err != nil {
			g.limit(g.declared, pattern.Get("path"), "use glob %q: %v", text(pattern.Get("path")), err)
			return nil
		}
	}
	if g.matches += len(names) * len(patterns); g.matches > maxMatches {
		g.limit(g.declared, spec, "its generators compare names with patterns more than %d times", maxMatches)
		return nil
	}
	values := spec.Get("values")
	var all []parameters
	for _, name := range names {
		if !included(name, patterns) {
			continue
		}
		sets := []parameters{g.pathParameters(name, what == "files", spec, outer)}
		if what == "files" {
			sets = g.fileParameters(name, sets[0])
		}
		for _, p := range sets {
			if values.Kind == located.Map {
				filled, err := g.render(values, p)
				if isLimit(err) {
					g.notFilled(g.declared, values, "generator", err)
					return all
				}
				if err == nil {
					p = p.with(located.Field{Key: "values", Value: filled})
				}
			}
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		g.unread(g.declared, firstOf(spec.Get(what), spec.Get("repoURL")), "no %s of %s are among the files that its generator names; %s",
			what, repositoryName(text(spec.Get("repoURL"))), elsewhere)
	}
	return all
}

// directories returns the directories that hold something that egresslint reads.
func (g *generation) directories() []string {
	if g.dirs != nil {
		return g.dirs
	}
	seen := make(map[string]bool)
	for _, f := range g.Files {
		for d := path.Dir(f.Name); d != "." && !seen[d]; d = path.Dir(d) {
			seen[d] = true
		}
	}
	names := make([]string, 0, len(seen))
	for d := range seen {
		names = append(names, d)
	}
	slices.Sort(names)
	g.dirs = names
	return names
}

func (g *generation) fileNames() []string {
	names := make([]string, len(g.Files))
	for i, f := range g.Files {
		names[i] = f.Name
	}
	return names
}

// included reports whether the patterns of a generator name something: one that
// excludes it wins.
func included(name string, patterns []*located.Value) bool {
	in := false
	for _, p := range patterns {
		if !source.MatchGlob(globOf(p), name) {
			continue
		}
		if text(p.Get("exclude")) == "true" {
			return false
		}
		in = true
	}
	return in
}

// globOf is a pattern of a generator, from the root of the repository.
func globOf(pattern *located.Value) string {
	return strings.TrimPrefix(path.Clean("/"+text(pattern.Get("path"))), "/")
}

// pathParameters are what a git generator says of a directory, or of that of a file.
// https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-Git/
func (g *generation) pathParameters(name string, isFile bool, at *located.Value, outer parameters) parameters {
	str := func(s string) *located.Value { return &located.Value{Kind: located.String, Str: s, Range: at.Range} }
	dir := name
	if isFile {
		dir = path.Dir(name)
	}
	segments := &located.Value{Kind: located.List, Range: at.Range}
	for s := range strings.SplitSeq(dir, "/") {
		segments.List = append(segments.List, str(s))
	}
	about := &located.Value{Kind: located.Map, Range: at.Range}
	set := func(key string, v *located.Value) {
		about.Map = append(about.Map, located.Field{Key: key, KeyRange: at.Range, Value: v})
	}
	set("path", str(dir))
	set("basename", str(path.Base(dir)))
	set("basenameNormalized", str(normalize(path.Base(dir))))
	if isFile {
		set("filename", str(path.Base(name)))
		set("filenameNormalized", str(normalize(path.Base(name))))
	}
	set("segments", segments)
	return outer.with(located.Field{Key: "path", KeyRange: at.Range, Value: about})
}

// normalize makes a name one of Kubernetes, as Argo CD does.
func normalize(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		default:
			return '-'
		}
	}, strings.ToLower(name))
	return strings.Trim(name[:min(len(name), 253)], "-.")
}

// fileParameters are what stands in a file: a map, or a list of maps.
func (g *generation) fileParameters(name string, p parameters) []parameters {
	root := g.parsed[name]
	if root == nil {
		root = &located.Value{}
		if data, err := g.Source.ReadFile(name); err == nil {
			if v, ok := kubernetes.ParseValue(name, data); ok {
				root = v
			}
		}
		g.parsed[name] = root
	}
	var all []parameters
	for _, v := range root.Items() {
		if v.Kind == located.Map {
			// A file cannot change what is said of its place.
			all = append(all, parameters(slices.Clone(v.Map)).with(p...))
		}
	}
	if len(all) == 0 {
		at := located.Value{}
		at.Range.File = name
		g.unread(g.declared, &at, "file %s has no parameters for its generator", name)
	}
	return all
}

// simpleAction is an action that names parameters and functions alone.
var simpleAction = regexp.MustCompile(`\{\{[\w\s.$|\[\]/:=-]+\}\}`)

// shown is what a message says of a template: what else stands there may be secret.
func shown(text string) string {
	if !guard.On(guard.ErrorText) {
		return strconv.Quote(text)
	}
	const most = 10
	if actions := simpleAction.FindAllString(text, most); actions != nil {
		return strconv.Quote(strings.Join(actions, ""))
	}
	return "a text with other actions than parameters"
}

// render fills parameters in all texts in v.
func (g *generation) render(v *located.Value, p parameters) (*located.Value, error) {
	r := &renderer{parameters: p.value(), goTemplate: g.goTemplate, budget: g.budget}
	out := r.value(v)
	if r.err != nil {
		return nil, r.err
	}
	return out, nil
}

// renderer fills in templates.
type renderer struct {
	parameters *located.Value
	data       any // the parameters as Go templates see them; nil if not yet wanted
	goTemplate bool
	budget     *Budget
	err        error
}

func (r *renderer) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *renderer) value(v *located.Value) *located.Value {
	if err := r.budget.spend(valueSize); err != nil {
		r.fail(err)
	}
	if r.err != nil {
		return v
	}
	switch v.Kind {
	case located.List:
		out := *v
		out.List = make([]*located.Value, len(v.List))
		for i, e := range v.List {
			out.List[i] = r.value(e)
		}
		return &out
	case located.Map:
		out := *v
		out.Map = make([]located.Field, len(v.Map))
		for i, f := range v.Map {
			out.Map[i] = located.Field{Key: f.Key, KeyRange: f.KeyRange, Value: r.value(f.Value)}
		}
		return &out
	case located.String:
		if !strings.Contains(v.Str, "{{") {
			return v
		}
		return r.text(v)
	default:
		return v
	}
}

func (r *renderer) text(v *located.Value) *located.Value {
	out := *v
	var used []*located.Value
	var err error
	if r.goTemplate {
		if r.data == nil {
			r.data = plain(r.parameters)
		}
		out.Str, used, err = fillGo(v.Str, r.parameters, r.data, r.budget)
	} else {
		out.Str, used, err = fillFast(v.Str, r.parameters)
	}
	if err == nil {
		err = r.budget.spend(len(out.Str))
	}
	switch {
	case isLimit(err): // the text is long
		r.fail(err)
		return v
	case err != nil:
		r.fail(fmt.Errorf("%w in %s", err, shown(v.Str)))
		return v
	}
	// What is nothing but a parameter is where that is set.
	out.Via = slices.Clone(v.Via)
	if len(used) == 1 && used[0].Range.File != "" && text(used[0]) == out.Str {
		out.Range = used[0].Range
		out.Via = append(out.Via, located.Step{Range: v.Range, Says: "the template uses the parameter here"})
	}
	return &out
}
