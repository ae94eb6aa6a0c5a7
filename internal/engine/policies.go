package engine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/part"
	"github.com/egresslint/egresslint/parser/source"
)

// What the Rego files of a folder or bundle may come to.
const (
	maxPolicyFiles = 2000
	maxPolicySize  = 4 << 20
	// maxBundle bounds the unpacked size of an OPA bundle, in bytes: a small archive
	// may hold any number of zeros.
	maxBundle = 64 << 20
)

// PolicySource is a folder of Rego files or an OPA bundle.
type PolicySource struct {
	// Name is what messages call it; the names of its files start with it.
	Name string
	// Path is its name in the tree; empty if it lies outside. Messages show nothing of
	// what files outside the tree hold.
	Path string
	// FS is the folder. It is nil for a bundle.
	FS fs.FS
	// Bundle is the content of an OPA bundle, a gzipped tar archive.
	Bundle []byte
}

// outside reports whether a file of the source lies outside the tree.
func (s PolicySource) outside(string) bool { return s.Path == "" }

// part is the source as a part of a run.
func (s PolicySource) part() part.Part {
	return part.Part{Kind: part.Policies, Name: cmp.Or(s.Path, s.Name)}
}

// Policies are the rules and libraries of a project's own, parsed but not compiled.
// A file whose package is egresslint.rules.<category>["<id>"] is a rule; files
// whose names end in _test.rego are tests, all others are libraries.
type Policies struct {
	modules []module // without tests, in the order of the sources and of their names
	tests   []module
	rules   []Rule         // sorted by id
	data    map[string]any // the data documents of bundles
	parts   []part.Part    // of the sources that were loaded
	left    []source.Diagnostic
	leftIDs []string
}

// Rules returns the rules, sorted by id.
func (p *Policies) Rules() []Rule { return slices.Clone(p.rules) }

// Left tells of the sources that are left out: each has reached a limit. Run tells of
// them, too.
func (p *Policies) Left() []source.Diagnostic { return slices.Clone(p.left) }

// LeftIDs are the ids of rules in sources that are left out, as far as they are known.
// A configuration that names them is no mistake.
func (p *Policies) LeftIDs() []string { return slices.Clone(p.leftIDs) }

// LoadPolicies parses the files of all sources. The ids in taken are those of the
// built-in rules, which no other rule may have. A source that is too much is left out,
// which Left tells. The error joins all mistakes, each beginning with file:line:column
// where it has a place, or is that of ctx.
func LoadPolicies(ctx context.Context, sources []PolicySource, taken []string) (*Policies, error) {
	p := &Policies{data: make(map[string]any)}
	var mistakes []error
	for _, s := range sources {
		found := p.size()
		err := p.enter(ctx, s)
		if overdue := guard.Overdue(ctx); overdue != nil {
			return nil, overdue
		}
		if errors.Is(err, errLeft) {
			continue
		}
		if err == nil && p.size() == found {
			err = fmt.Errorf("read policies: %s holds no Rego files", s.Name)
		}
		if err != nil {
			mistakes = append(mistakes, err)
		}
	}
	places := make(map[string]*ast.Location)
	for i := range p.modules {
		if err := p.modules[i].classify(taken, places); err != nil {
			mistakes = append(mistakes, err)
		} else if rule := p.modules[i].rule; rule != nil {
			p.rules = append(p.rules, *rule)
		}
	}
	slices.SortFunc(p.rules, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return p, errors.Join(mistakes...)
}

// outside reports whether a file lies outside the tree.
func (p *Policies) outside(file string) bool {
	return slices.ContainsFunc(slices.Concat(p.modules, p.tests), func(m module) bool { return m.name == file && m.outside })
}

func (p *Policies) size() int { return len(p.modules) + len(p.tests) + len(p.data) }

// errLeft is the error of a source that is left out.
var errLeft = errors.New("left out")

// enter loads a source as a part of the run.
func (p *Policies) enter(ctx context.Context, s PolicySource) error {
	leave, left := part.Enter(ctx, s.part())
	files, err := s.read() // for the ids of its rules, if it is left out
	if left == nil {
		defer leave(files.size)
		if err == nil {
			err = files.check()
		}
		var reached *fileLimitError
		if !errors.As(err, &reached) {
			if err == nil {
				err = p.load(ctx, s, files)
			}
			return err
		}
		left = &source.Diagnostic{
			Kind: source.LimitReached, Range: source.Range{File: s.tree(reached.file)},
			Message: fmt.Sprintf("load policies: %s; %s is left out", reached.text, s.Name),
		}
	}
	p.left = append(p.left, *left)
	p.leftIDs = append(p.leftIDs, files.ids()...)
	return errLeft
}

// tree is the name of a file of the source in the tree, or what messages call it.
func (s PolicySource) tree(file string) string { return path.Join(s.part().Name, file) }

func (p *Policies) load(ctx context.Context, s PolicySource, files policyFiles) error {
	p.parts = append(p.parts, s.part())
	if s.FS == nil {
		return p.loadBundle(s)
	}
	var mistakes []error
	for _, f := range files.rego {
		if guard.Overdue(ctx) != nil {
			break // told by who called
		}
		full := path.Join(s.Name, f.name)
		if f.err != nil {
			mistakes = append(mistakes, fmt.Errorf("read policy: %s: %w", full, f.err))
			continue
		}
		parsed, err := ast.ParseModuleWithOpts(full, f.text, ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1})
		if err != nil {
			mistakes = append(mistakes, explain("parse policy", err, s.outside))
			continue
		}
		p.add(s, f.name, parsed)
	}
	return errors.Join(mistakes...)
}

func (p *Policies) loadBundle(s PolicySource) error {
	b, err := bundle.NewReader(bytes.NewReader(s.Bundle)).
		WithBundleName(s.Name).
		WithSkipBundleVerification(true).
		WithProcessAnnotations(true).
		WithRegoVersion(ast.RegoV1).
		WithSizeLimitBytes(source.MaxFileSize).
		Read()
	if err != nil {
		return explain("read bundle "+s.Name, err, s.outside)
	}
	for _, m := range b.Modules {
		// The bundle has its own notion of a file's name.
		p.add(s, m.Path, m.Parsed)
	}
	for name, value := range b.Data {
		if _, twice := p.data[name]; twice || name == reserved {
			return fmt.Errorf("read bundle %s: its data has the key %q, which is %s", s.Name, name, owner(name))
		}
		p.data[name] = value
	}
	return nil
}

// reserved is the first element of the packages that belong to egresslint.
const reserved = "egresslint"

func owner(name string) string {
	if name == reserved {
		return "egresslint's own"
	}
	return "in another bundle too"
}

func (p *Policies) add(s PolicySource, name string, parsed *ast.Module) {
	m := module{name: path.Join(s.Name, name), parsed: parsed, file: s.tree(name), part: s.part(), outside: s.outside(name)}
	if strings.HasSuffix(name, "_test.rego") {
		p.tests = append(p.tests, m)
		return
	}
	p.modules = append(p.modules, m)
}

var (
	ruleID       = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	ruleCategory = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// CheckName tells what is wrong with the category and the id of a rule of a
// project's own. The ids in taken are those of the built-in rules.
func CheckName(category, id string, taken []string) error {
	switch {
	case !ruleCategory.MatchString(category):
		return fmt.Errorf("category %q: want lower-case letters, digits and _", category)
	case !ruleID.MatchString(id):
		return fmt.Errorf("id %q: want lower-case words joined by -, as in plain-http", id)
	case slices.Contains(taken, id):
		return fmt.Errorf("id %q: a built-in rule has it", id)
	}
	return nil
}

// classify reads the METADATA of a rule, and keeps everything else out of the
// packages of egresslint: a second file of a package would change what is there.
// It adds to places where each id is.
func (m *module) classify(taken []string, places map[string]*ast.Location) error {
	at := place(m.parsed.Package.Location)
	if m.parsed.Package.Path[1].Value.Compare(ast.String(reserved)) != 0 {
		return nil
	}
	category, id, err := splitPackage(m.parsed.Package.Path)
	if err != nil {
		return fmt.Errorf("%s: load policy: package %s belongs to egresslint: a rule is in egresslint.rules.<category>[\"<id>\"], everything else in a package that begins with another word", at, packageName(m.parsed.Package.Path))
	}
	if err := CheckName(category, id, taken); err != nil {
		return fmt.Errorf("%s: load rule: %w", at, err)
	}
	if first := places[id]; first != nil {
		return fmt.Errorf("%s: load rule: another rule has the id %q: %s", at, id, place(first))
	}
	places[id] = m.parsed.Package.Location
	rule, err := newRule(m.parsed, own)
	if err != nil {
		return newMistake(at, "load rule", "METADATA is not that of a rule", err, m.outside)
	}
	rule.File = m.name
	m.rule = &rule
	return nil
}

// packageName is a package's path as it is written.
func packageName(path ast.Ref) string {
	return strings.TrimPrefix(path.String(), "data.")
}

// place is a location as messages begin with it.
func place(l *ast.Location) string {
	return fmt.Sprintf("%s:%d:%d", l.File, l.Row, max(1, l.Col)) // the end of a file has column 0
}
