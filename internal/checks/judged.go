package checks

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/source"
)

// Run is what was read of a state of the files.
type Run struct {
	Tree   *source.Tree
	Parsed *parser.Result
}

// spots are the places, by file, at which something stands that is judged: the kind of an
// object, the first line of a block of Terraform. Each has the directories of the roots
// that evaluate it; an object has none.
type spots map[string]map[source.Pos][]string

func (s spots) add(at source.Range, root ...string) {
	if at.IsZero() {
		return
	}
	if s[at.File] == nil {
		s[at.File] = make(map[source.Pos][]string)
	}
	s[at.File][at.Start] = append(s[at.File][at.Start], root...)
}

// spots returns those of a state.
func (r *Run) spots() spots {
	s := make(spots)
	for _, o := range r.Parsed.Objects {
		s.add(o.KindRange())
	}
	for _, root := range r.Parsed.Roots {
		for _, res := range root.Resources {
			s.add(res.Body.Range, root.Dir)
		}
		for _, m := range root.Modules {
			s.add(m.Blocks[0], root.Dir)
		}
		for _, m := range root.UnreadModules {
			s.add(m.Range, root.Dir)
		}
	}
	return s
}

// linted returns the files that the paths of a state name.
func (r *Run) linted() map[string]source.File {
	files := make(map[string]source.File, len(r.Parsed.Linted))
	for _, f := range r.Parsed.Linted {
		files[f.Name] = f
	}
	return files
}

// judging finds what was judged before and is judged no longer, although it still stands
// in a file. What the change deletes is not meant, nor what it moves to where it is judged.
type judging struct {
	*comparison
	was, is    spots
	lintedThen map[string]source.File
	lintedNow  map[string]source.File
	cut        map[string]string // what no longer stands in its file, with the file
	current    map[string]string
}

// judged tells of what is judged no longer.
func (c *comparison) judged() {
	if c.before.Run == nil || c.now.Run == nil {
		return
	}
	j := &judging{
		comparison: c, was: c.before.Run.spots(), is: c.now.Run.spots(),
		lintedThen: c.before.Run.linted(), lintedNow: c.now.Run.linted(),
		cut: make(map[string]string), current: c.between.current(),
	}
	for _, name := range slices.Sorted(maps.Keys(j.was)) {
		if f, linted := j.lintedThen[name]; linted {
			j.file(f)
		}
	}
	j.overlays()
	j.moved()
}

// file compares what a file held with what it holds.
func (j *judging) file(then source.File) {
	name := cmp.Or(j.current[then.Name], then.Name)
	if _, unlinted := j.between.Unlinted[name]; unlinted {
		return // told already
	}
	now, known := j.lintedNow[name]
	if !known {
		now.Name = name
		now.Kind, _ = source.KindOf(name)
	}
	was, is := j.was[then.Name], j.is[name]
	dir := path.Dir(name)
	document, _ := j.document(dir, path.Dir(then.Name))
	switch {
	case then.Kind == source.JSON && slices.ContainsFunc(slices.Collect(maps.Values(was)), func(roots []string) bool { return len(roots) > 0 }):
		return // a plan or a state, which is data
	case document == "" && name == then.Name && !j.between.Changed[name] && within(was, is):
		return
	}

	before, _ := written(j.before.Run.Tree, then)
	before = slices.DeleteFunc(before, func(i thing) bool { _, judged := was[i.at]; return !judged })
	if _, err := j.now.Run.Tree.Stat(name); err != nil {
		j.took(then.Name, before)
		return
	}
	if now.Chart {
		j.template(then, now, before)
		return
	}
	after, whole := written(j.now.Run.Tree, now)
	var lost []thing
	for _, i := range before {
		there, judged := false, false
		for _, k := range after {
			if k.name == i.name {
				there = true
				_, at := is[k.at]
				judged = judged || at
			}
		}
		switch {
		case document != "":
			lost = append(lost, i)
		case judged:
		case there, !whole:
			lost = append(lost, i)
		default:
			j.took(then.Name, []thing{i})
		}
	}
	var roots []string
	for _, i := range lost {
		roots = append(roots, was[i.at]...)
	}
	slices.Sort(roots)
	roots = slices.Compact(roots)
	if len(lost) > 0 && !j.askedFor(roots) {
		j.report(then.Name, now.Name, count(lost), j.reason(now, whole, roots))
	}
}

// within reports whether all places are among others.
func within(was, is map[source.Pos][]string) bool {
	for at := range was {
		if _, there := is[at]; !there {
			return false
		}
	}
	return true
}

func (j *judging) report(was, name, what, why string) {
	if was != name {
		what += " of what was " + was
	}
	j.add(NotJudged, source.Range{File: name}, fmt.Sprintf("is no longer judged (%s): %s", what, why))
}

// template compares a file, which may have been a manifest before, with the template of a
// chart. As the names in a template may be made only when it is rendered, what counts is
// how many objects of a kind stand in it and are not rendered.
func (j *judging) template(then, now source.File, before []thing) {
	is := j.is[now.Name]
	rendered := objectsOf(j.now.Run, now.Name)
	names := make(map[string]bool)
	for _, i := range before {
		names[i.name] = true
	}
	if then.Chart {
		if len(is) >= len(j.was[then.Name]) {
			return
		}
		names = objectsOf(j.before.Run, then.Name)
	}
	missing := make(map[string]int)
	for name := range names {
		if !rendered[name] {
			missing[kindOf(name)]++
		}
	}
	silent := make(map[string]int) // by kind, what is not rendered; without one if it is made
	lines := make(map[int]bool)
	for at := range is {
		lines[at.Line] = true
	}
	for line, kind := range templateKinds(j.now.Run.Tree, now.Name) {
		if !lines[line] {
			silent[kind]++
		}
	}
	lost := 0
	for _, kind := range slices.Sorted(maps.Keys(missing)) {
		n := min(missing[kind], silent[kind])
		made := min(missing[kind]-n, silent[""])
		silent[""] -= made
		lost += n + made
	}
	if lost > 0 {
		j.report(then.Name, now.Name, plural(lost, "object"), j.reason(now, true, nil))
	}
}

// took remembers what was taken out of a file.
func (j *judging) took(file string, things []thing) {
	for _, i := range things {
		j.cut[i.name] = cmp.Or(j.cut[i.name], file)
	}
}

// maxUnread is how many files that are not linted are looked into.
const maxUnread = 1_000

// moved tells of what was taken out of a file and stands now in one that the change made
// and that is not linted.
func (j *judging) moved() {
	for name := range named(j.now.Run) {
		delete(j.cut, name)
	}
	if len(j.cut) == 0 {
		return
	}
	looked := 0
	for _, name := range slices.Sorted(maps.Keys(j.between.Unlinted)) {
		if !j.between.Changed[name] || looked == maxUnread {
			continue
		}
		looked++
		f := source.File{Name: name}
		f.Kind, _ = source.KindOf(name)
		things, _ := written(j.now.Run.Tree, f)
		from := make(map[string][]thing)
		for _, i := range things {
			if was := j.cut[i.name]; was != "" && cmp.Or(j.current[was], was) != name {
				from[was] = append(from[was], i)
			}
		}
		for _, was := range slices.Sorted(maps.Keys(from)) {
			j.report(was, name, count(from[was]), j.between.Unlinted[name])
		}
	}
}

// count says how many things there are.
func count(things []thing) string {
	var objects, resources, calls int
	for _, i := range things {
		switch {
		case strings.HasPrefix(i.name, "module."):
			calls++
		case i.terraform:
			resources++
		default:
			objects++
		}
	}
	var parts []string
	for _, part := range []struct {
		n    int
		noun string
	}{{objects, "object"}, {resources, "resource"}, {calls, "module call"}} {
		if part.n > 0 {
			parts = append(parts, plural(part.n, part.noun))
		}
	}
	return strings.Join(parts, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
