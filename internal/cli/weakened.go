package cli

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/analysis"
	"github.com/egresslint/egresslint/internal/baseline"
	"github.com/egresslint/egresslint/internal/checks"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// weakened tells what the change since before does to the checks. It reads the files of
// both states: that of the work tree whatever the configuration of the run is.
func (in *input) weakened(f *lintFlags, session analysis.Session, result *analysis.Result, b *before) []checks.Change {
	if b.same || !guard.On(guard.Weakenings) {
		return nil
	}
	between := &checks.Between{
		Severity: make(map[string]finding.Severity),
		Former:   make(map[string]string), Unlinted: make(map[string]string),
		Changed: make(map[string]bool), Given: in.given, Submodules: b.files.snapshot.Submodules, FormerFolders: make(map[string][]string),
	}
	for _, r := range result.Rules {
		between.Severity[r.ID] = r.Severity
	}
	current := make(map[string]string)
	for _, r := range b.renames {
		if r.From != "" && r.To != "" {
			between.Former[r.To], current[r.From] = r.From, r.To
		}
	}

	now := in.checks(f, in.tree, in.startDir(), result.Parsed)
	now.Comments = result.Suppressions.Written(nil)
	for _, a := range now.Annotations {
		if a.Folder != "" && between.FormerFolders[a.Folder] == nil {
			between.FormerFolders[a.Folder] = b.files.snapshot.Formerly(a.Folder)
		}
	}
	then := b.in.checks(f, b.in.tree, b.start, b.result.Parsed)
	var files []string // that the state before has comments of, if at all
	for _, c := range now.Comments {
		name := c.At.File
		if former := between.Former[name]; former != "" {
			name = former
		}
		files = append(files, name)
	}
	then.Comments = b.result.Suppressions.Written(files)
	then.Linted = b.linted(in, then)
	linted := make(map[string]bool, len(result.Parsed.Linted))
	for _, file := range result.Parsed.Linted {
		linted[file.Name] = true
	}
	scope := session.Scope()
	for _, name := range then.Linted {
		if moved := current[name]; moved != "" {
			name = moved
		}
		if why := in.unlinted(session, scope, name, linted[name]); why != "" {
			between.Unlinted[name] = why
		}
	}
	for _, c := range b.files.snapshot.Changes {
		between.Changed[c.Name] = true
		if _, known := source.KindOf(c.Name); known && !linted[c.Name] {
			if why := in.unlinted(session, scope, c.Name, false); why != "" {
				between.Unlinted[c.Name] = why
			}
		}
	}
	return checks.Compare(then, now, between)
}

// unlinted says why a file that is there is not linted; empty if it is, or is not there.
func (in *input) unlinted(session analysis.Session, scope *analysis.Scope, name string, linted bool) string {
	info, err := in.tree.Stat(name)
	kind, known := source.KindOf(name)
	switch {
	case err != nil || info.IsDir():
		return ""
	case linted && kind == source.JSON && info.Size() > source.MaxFileSize:
		return "it is too large to be read" // other files tell that themselves
	case linted:
		return ""
	case !known:
		return "its name does not end like that of a file that egresslint reads"
	case !session.Names(name):
		return "the paths of the run do not name it"
	case !scope.Covers(name):
		return "an exclude matches it"
	default:
		return "a .gitignore file, the folder that it lies in, or a symlink leaves it out"
	}
}

// linted are the files that the state before linted with its own configuration.
func (b *before) linted(in *input, then *checks.Checks) []string {
	outline := config.OutlineOf(then.Config, then.Keys)
	paths := b.given
	if in.everything && len(outline.Paths) > 0 && in.given[0] == path.Dir(then.Config) {
		paths = outline.Paths
	}
	exclude := slices.Clone(outline.Exclude)
	for _, glob := range in.settings.Exclude { // those of flags
		exclude = append(exclude, glob.Pattern)
	}
	files, _ := b.in.tree.Walk(paths, source.WalkOptions{Exclude: exclude})
	var names []string
	for _, file := range files {
		names = append(names, file.Name)
	}
	return names
}

// checks reads the checks of a state of the files, but for its comments and the files
// that it lints. What is wrong in it is told by the run that uses it.
func (in *input) checks(f *lintFlags, tree *source.Tree, start string, parsed *parser.Result) *checks.Checks {
	c := &checks.Checks{
		Owners: make(map[string]source.Range), Policies: make(map[string]string),
		Run: &checks.Run{Tree: tree, Parsed: parsed},
	}
	if file := in.ownConfig(&f.input, tree, start); file != nil {
		c.Config = file.Name
		keys, err := config.Keys(file)
		if err != nil {
			c.Unread = err.Error()
		}
		c.Keys = keys
	}
	outline := config.OutlineOf(c.Config, c.Keys)
	for _, p := range f.input.policies {
		if name, err := in.name(p); err == nil {
			outline.Policies = append(outline.Policies, name)
		}
	}
	for _, name := range outline.Policies {
		hashPolicies(tree, name, c.Policies)
	}
	if f.baseline != "" {
		outline.Baseline, _ = in.name(f.baseline) // one outside of the tree is none of the change
	}
	if outline.Baseline != "" {
		if data, err := tree.ReadFile(outline.Baseline); err == nil {
			if b, err := baseline.Parse(outline.Baseline, outline.Baseline, data); err == nil {
				c.Baseline = b.Entries
			}
		}
	}
	for _, o := range parsed.Objects {
		owner := objectName(o)
		c.Owners[owner] = o.Root.Range
		for _, a := range annotationsOf(nil, owner, o.Root) {
			if a.At.File != o.KindRange().File {
				a.Folder, a.From = o.Dir, o.From
			}
			c.Annotations = append(c.Annotations, a)
		}
	}
	for _, root := range parsed.Roots {
		for _, r := range root.Resources {
			c.Owners[r.Address] = r.Body.Range
			c.Annotations = annotationsOf(c.Annotations, r.Address, r.Body)
		}
	}
	return c
}

// ownConfig is the configuration that a state of the files has of its own; nil if it has
// none that counts.
func (in *input) ownConfig(f *inputFlags, tree *source.Tree, start string) *config.File {
	if f.noConfig {
		return nil
	}
	if f.config == "" {
		file, err := config.Locate(tree, start)
		if err != nil {
			return nil
		}
		return file
	}
	name, err := in.name(f.config)
	if err != nil {
		return nil // outside of the tree, it is none of the change
	}
	data, err := tree.ReadFile(name)
	if err != nil {
		return nil
	}
	return &config.File{Name: name, Data: data}
}

// maxPolicyFiles is how many files with rules are compared.
const maxPolicyFiles = 10_000

// errEnough ends a walk.
var errEnough = errors.New("enough")

// hashPolicies adds the hashes of the files with rules in a folder, or of a bundle.
func hashPolicies(tree *source.Tree, name string, hashes map[string]string) {
	add := func(name string) {
		data, err := tree.ReadFile(name)
		sum := sha256.Sum256(data)
		if hashes[name] = string(sum[:]); err != nil {
			hashes[name] = "unread"
		}
	}
	info, err := tree.Stat(name)
	if err != nil {
		return
	}
	if !info.IsDir() {
		add(name)
		return
	}
	// What cannot be listed is told by the run, which reads it too.
	_ = fs.WalkDir(subtree{tree, name}, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir():
			return nil //nolint:nilerr // see above
		case len(hashes) == maxPolicyFiles:
			return errEnough
		}
		// Tests of rules decide nothing.
		if !strings.HasSuffix(file, "_test.rego") {
			add(path.Join(name, file))
		}
		return nil
	})
}

// objectName is kind/namespace/name.
func objectName(o *kubernetes.Object) string {
	if o.Namespace == "" {
		return o.Kind + "/" + o.Name
	}
	return o.Kind + "/" + o.Namespace + "/" + o.Name
}

// annotationsOf adds the annotations that are meant for egresslint in a value.
func annotationsOf(list []checks.Annotation, owner string, v *located.Value) []checks.Annotation {
	for _, item := range v.List {
		list = annotationsOf(list, owner, item)
	}
	for _, f := range v.Map {
		if !strings.HasPrefix(f.Key, analysis.AnnotationPrefix) {
			list = annotationsOf(list, owner, f.Value)
			continue
		}
		a := checks.Annotation{Name: f.Key, Owner: owner, At: f.Value.Range}
		if f.Value.Kind == located.String && !f.Value.Sensitive {
			a.Value = f.Value.Str
		}
		list = append(list, a)
	}
	return list
}

// hold keeps what is known of the state before for the comparison of the checks.
func (b *before) hold(files *earlier, given []string) {
	b.in, b.files, b.renames = files.input, files, files.snapshot.Renames
	b.given = formerPaths(files.snapshot, files.tree, given)
	if b.start = files.startDir(); len(b.given) > 0 {
		b.start = startDir(files.tree, b.given)
	}
}
