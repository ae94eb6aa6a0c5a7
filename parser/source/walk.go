package source

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
)

const (
	// MaxFiles is the most files that a walk returns. Further ones are left out and
	// reported once, as LimitReached.
	MaxFiles = 50_000
	// MaxDirDepth is how many directories deep a walk goes below the path it was
	// given. Deeper directories are reported as LimitReached.
	MaxDirDepth = 64
)

// FileKind is what a file holds, told from its name.
type FileKind uint8

const (
	// Terraform is a configuration file: .tf, .tofu, .tf.json, .tofu.json.
	Terraform FileKind = iota + 1
	// TerraformVars is a file of variable values: .tfvars, .tfvars.json.
	TerraformVars
	// YAML is a .yaml or .yml file, a manifest or anything else.
	YAML
	// JSON is a .json file, a manifest, a Terraform plan or anything else.
	JSON
)

var extensions = []struct {
	suffix string
	kind   FileKind
}{
	{".tf", Terraform},
	{".tofu", Terraform},
	{".tf.json", Terraform},
	{".tofu.json", Terraform},
	{".tfvars", TerraformVars},
	{".tfvars.json", TerraformVars},
	{".yaml", YAML},
	{".yml", YAML},
	{".json", JSON}, // after the longer ones
}

// KindOf tells what a file holds from its name; false if a run does not read it.
func KindOf(name string) (FileKind, bool) {
	for _, e := range extensions {
		if strings.HasSuffix(name, e.suffix) {
			return e.kind, true
		}
	}
	return 0, false
}

// File is one file that a walk found.
type File struct {
	Name string // relative to the tree's root, with slashes
	Kind FileKind
	// Chart is set for what lies in the templates directory of a Helm chart. Such a
	// file is a template and only the chart as a whole can be read.
	Chart bool
}

// WalkOptions narrow a walk.
type WalkOptions struct {
	// Exclude are globs of the names to leave out, relative to the tree's root, in
	// the syntax of [MatchGlob]. One that matches a directory leaves out all
	// that is in it. Malformed globs match nothing.
	Exclude []string
	// ExcludedBy is the file that Exclude is written in, for diagnostics; empty for none.
	ExcludedBy string
}

// skippedDirs are never walked into: they hold what tools downloaded, not what the
// repository's authors wrote.
var skippedDirs = map[string]bool{
	".terraform": true, ".terragrunt-cache": true, "node_modules": true, "vendor": true,
}

// Walk finds the files to lint in and under paths, which are relative to the
// tree's root. It honours the .gitignore files of the tree and .git/info/exclude, but
// as in git they leave out no file that git tracks; a note tells of such files, and of
// those in skipped directories. A path that is named in paths is read even if an ignore
// file, Exclude, or the list of skipped directories leaves it out.
//
// A symlink to a file is read under its own name; one to YAML or JSON that the walk
// finds anyway is not read twice. A symlink to a directory is followed unless the
// walk has been there; one that leads back to a directory it lies in is reported.
// Symlinks out of the tree are only reported when named in paths.
//
// The files are sorted by name and the diagnostics by place.
func (t *Tree) Walk(paths []string, opts WalkOptions) ([]File, []Diagnostic) {
	w := &walker{tree: t, opts: opts, found: make(map[string]foundFile), visited: make(map[visit]bool)}
	for _, p := range paths {
		w.path(p)
	}
	for i := 0; i < len(w.links); i++ { // following one may find more
		w.link(w.links[i])
	}
	w.notes()
	slices.SortFunc(w.diagnostics, Diagnostic.Compare)
	return w.files(), w.diagnostics
}

type walker struct {
	tree        *Tree
	opts        WalkOptions
	found       map[string]foundFile
	visited     map[visit]bool
	links       []directory // symlinks to directories, followed when all else is walked
	diagnostics []Diagnostic
	full        bool
	ignoring    Trials // of the patterns of ignore files
	excluding   Trials

	trackedIgnored []string // files that were added although an ignore file matches them
	trackedSkipped []string // skipped directories that hold tracked files
	skippedFiles   int      // how many they hold
	untold         []Diagnostic
}

// visit is a directory, by its name without symlinks, of which all was looked at or
// only what git tracks.
type visit struct {
	dir     string
	ignored bool
}

// foundFile is a file and, for a symlink, the name of what it leads to.
type foundFile struct {
	File
	target string
}

// directory is a directory to walk.
type directory struct {
	name   string // as reached, perhaps through a symlink
	real   string // without symlinks
	parent string // the directory that a symlink lies in, without symlinks
	depth  int
	chart  bool
	ignore ignoreList // of the directories above
	// ignored is set if an ignore file matches the directory or one above it, so that
	// only tracked files are read.
	ignored bool
}

func (w *walker) report(kind DiagnosticKind, name, format string, args ...any) {
	w.diagnostics = append(w.diagnostics, Diagnostic{
		Kind: kind, Range: Range{File: name}, Message: fmt.Sprintf(format, args...),
	})
}

// path walks a path that the caller named.
func (w *walker) path(name string) {
	if _, ok := w.tree.overlay[name]; ok {
		w.named(name)
		return
	}
	info, err := w.tree.Stat(name)
	switch {
	case err != nil:
		w.report(ParseError, name, "read path: %v", err)
		return
	case !info.IsDir():
		w.named(name)
		return
	}
	target, err := w.tree.realName(name)
	if err != nil {
		w.report(ParseError, name, "read path: %v", err)
		return
	}
	w.directory(directory{name: name, real: target, chart: w.inTemplates(name), ignore: w.ignoreAbove(name)})
}

// named adds a file that the caller named.
func (w *walker) named(name string) {
	if _, ok := KindOf(name); !ok {
		w.report(ParseError, name, "read file: its name does not end in .tf, .tofu, .tfvars, .yaml, .yml or .json")
		return
	}
	target := name
	if _, ok := w.tree.overlay[name]; !ok {
		if real, err := w.tree.realName(name); err == nil {
			target = real
		}
	}
	w.add(name, target, w.inTemplates(path.Dir(name)))
}

func (w *walker) add(name, target string, chart bool) {
	kind, ok := KindOf(name)
	if !ok || w.full {
		return
	}
	if _, ok := w.found[name]; ok {
		return
	}
	if len(w.found) == MaxFiles {
		w.full = true
		w.report(LimitReached, name, "walk files: there are more than %d; the rest is left out", MaxFiles)
		return
	}
	w.found[name] = foundFile{File{Name: name, Kind: kind, Chart: chart}, target}
}

// inTemplates reports whether dir is, or lies in, the templates of a Helm chart.
func (w *walker) inTemplates(dir string) bool {
	for ; dir != "."; dir = path.Dir(dir) {
		if path.Base(dir) == templatesDir {
			if _, err := w.tree.Stat(path.Join(path.Dir(dir), chartFile)); err == nil {
				return true
			}
		}
	}
	return false
}

const (
	chartFile    = "Chart.yaml" // is in every Helm chart's directory
	templatesDir = "templates"
)

// ignoreAbove reads the ignore files above dir.
func (w *walker) ignoreAbove(dir string) ignoreList {
	var list ignoreList
	for _, g := range w.tree.git {
		if contains(g.dir, dir) || contains(dir, g.dir) {
			list = list.with(g.dir, g.exclude)
		}
	}
	for _, above := range directoriesAbove(dir) {
		// What lies above the folders of a tree is not in it.
		if slices.ContainsFunc(w.tree.tops, func(top string) bool { return contains(top, above) }) {
			list = w.withIgnoreFile(list, above)
		}
	}
	return list
}

// directoriesAbove returns the directories that dir lies in, the root first.
func directoriesAbove(dir string) []string {
	var above []string
	for dir != "." {
		dir = path.Dir(dir)
		above = append(above, dir)
	}
	slices.Reverse(above)
	return above
}

func (w *walker) withIgnoreFile(list ignoreList, dir string) ignoreList {
	name := path.Join(dir, ignoreFile)
	data, err := w.tree.ReadFile(name)
	switch {
	case err == nil:
		if list = list.with(dir, data); len(list) == maxIgnorePatterns {
			w.report(LimitReached, name, "read file: there are more than %d patterns here and above it; further ones leave out nothing", maxIgnorePatterns-1)
		}
	case !errors.Is(err, fs.ErrNotExist):
		w.report(ParseError, name, "read file: %v", err)
	}
	return list
}

func (w *walker) directory(d directory) {
	this := visit{d.real, d.ignored}
	if w.visited[this] || w.full {
		return
	}
	w.visited[this] = true
	if d.depth > MaxDirDepth {
		w.report(LimitReached, d.name, "walk directory: it lies more than %d directories deep", MaxDirDepth)
		return
	}
	entries, err := w.tree.ReadDir(d.name)
	if err != nil {
		w.report(ParseError, d.name, "read directory: %v", err)
		return
	}
	names := make(map[string]bool, 2)
	for _, e := range entries {
		if n := e.Name(); n == ignoreFile || n == chartFile {
			names[n] = true
		}
	}
	if names[ignoreFile] {
		d.ignore = w.withIgnoreFile(d.ignore, d.name)
	}
	for _, e := range entries {
		w.entry(d, e, names[chartFile])
	}
}

// entry looks at one entry of the directory d.
func (w *walker) entry(d directory, e fs.DirEntry, isChart bool) {
	name := path.Join(d.name, e.Name())
	below := directory{
		name: name, real: path.Join(d.real, e.Name()), parent: d.real, depth: d.depth + 1,
		chart: d.chart || isChart && e.Name() == templatesDir,
	}
	isLink := e.Type()&fs.ModeSymlink != 0
	isDir := e.IsDir()
	if isLink {
		info, err := w.tree.Stat(name)
		if err != nil {
			w.brokenLink(d, name, err)
			return
		}
		isDir = info.IsDir()
		if below.real, err = w.tree.realName(name); err != nil {
			w.report(ParseError, name, "follow symlink: %v", err)
			return
		}
		if !isDir && !info.Mode().IsRegular() {
			return
		}
	}
	_, known := KindOf(name)
	switch {
	case !isDir && !known, w.excluded(name):
	case isDir && skippedDirs[e.Name()]:
		w.skip(name, below.real)
	case isDir:
		below.ignore = d.ignore
		below.ignored = w.ignored(d, name, true)
		if below.ignored && !w.tracks(below.real, path.Join(d.real, e.Name())) {
			return
		}
		if isLink {
			w.links = append(w.links, below)
		} else {
			w.directory(below)
		}
	case isLink || e.Type().IsRegular():
		if w.ignored(d, name, false) {
			if !w.tracks(below.real, path.Join(d.real, e.Name())) {
				return
			}
			w.trackedIgnored = append(w.trackedIgnored, name)
		}
		w.add(name, below.real, d.chart)
	}
}

// brokenLink reports a symlink that cannot be followed, if it matters.
func (w *walker) brokenLink(d directory, name string, err error) {
	_, ok := KindOf(name)
	switch {
	case errors.Is(err, ErrOutside) || w.excluded(name) || w.ignored(d, name, false):
	case errors.Is(err, syscall.ELOOP):
		w.report(LimitReached, name, "follow symlink: it leads back to itself")
	case ok:
		w.report(ParseError, name, "read file: %v", err)
	}
}

// ignored reports whether an ignore file matches an entry of d, or a directory above it.
func (w *walker) ignored(d directory, name string, isDir bool) bool {
	if d.ignored || w.ignoring.Over() {
		return d.ignored
	}
	ignores := d.ignore.ignores(name, isDir, &w.ignoring)
	if w.ignoring.Over() {
		w.report(LimitReached, name, "match .gitignore: there are too many patterns for so many files; from here on they leave out nothing")
	}
	return ignores
}

// excluded reports whether the caller leaves a name out.
func (w *walker) excluded(name string) bool {
	if w.excluding.Over() {
		return false
	}
	excludes := slices.ContainsFunc(w.opts.Exclude, func(glob string) bool { return w.excluding.Match(glob, name) })
	if w.excluding.Over() {
		w.report(LimitReached, cmp.Or(w.opts.ExcludedBy, name), "match exclude: its patterns are too many for so many files; from %s on they leave out nothing", name)
	}
	return excludes
}

// link follows a symlink to a directory.
func (w *walker) link(d directory) {
	if d.real == "." || d.parent == d.real || strings.HasPrefix(d.parent, d.real+"/") {
		w.report(LimitReached, d.name, "follow symlink: it leads back to %s", d.real)
		return
	}
	for dir := range strings.SplitSeq(d.real, "/") {
		if skippedDirs[dir] {
			return
		}
	}
	w.directory(d)
}

// files returns what was found, in order, each file once.
func (w *walker) files() []File {
	all := make([]foundFile, 0, len(w.found))
	for _, f := range w.found {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b foundFile) int { return cmp.Compare(a.Name, b.Name) })
	files := make([]File, 0, len(all))
	read := make(map[string]bool) // targets of symlinks that are kept
	for _, f := range all {
		// Terraform reads the files of a directory together, whatever they link to.
		if f.target != f.Name && (f.Kind == YAML || f.Kind == JSON) {
			if _, ok := w.found[f.target]; ok || read[f.target] {
				continue
			}
			read[f.target] = true
		}
		files = append(files, f.File)
	}
	return files
}
