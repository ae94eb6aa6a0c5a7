package engine

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"

	"github.com/egresslint/egresslint/parser/source"
)

// maxBundle bounds the unpacked size of an OPA bundle, in bytes: a small archive
// may hold any number of zeros.
const maxBundle = 256 << 20

// PolicySource is a folder of Rego files or an OPA bundle.
type PolicySource struct {
	// Name is what messages call it; the names of its files start with it.
	Name string
	// FS is the folder. It is nil for a bundle.
	FS fs.FS
	// Bundle is the content of an OPA bundle, a gzipped tar archive.
	Bundle []byte
}

// Policies are the rules and libraries of a project's own, parsed but not compiled.
// A file whose package is egresslint.rules.<category>["<id>"] is a rule; files
// whose names end in _test.rego are tests, all others are libraries.
type Policies struct {
	modules []module // without tests, in the order of the sources and of their names
	tests   []module
	rules   []Rule         // sorted by id
	data    map[string]any // the data documents of bundles
}

// Rules returns the rules, sorted by id.
func (p *Policies) Rules() []Rule { return slices.Clone(p.rules) }

// LoadPolicies parses the files of all sources. The ids in taken are those of the
// built-in rules, which no other rule may have. The error joins all mistakes, each
// beginning with file:line:column where it has a place.
func LoadPolicies(sources []PolicySource, taken []string) (*Policies, error) {
	p := &Policies{data: make(map[string]any)}
	var mistakes []error
	for _, s := range sources {
		found := p.size()
		err := p.load(s)
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

func (p *Policies) size() int { return len(p.modules) + len(p.tests) + len(p.data) }

func (p *Policies) load(s PolicySource) error {
	if s.FS == nil {
		return p.loadBundle(s)
	}
	var mistakes []error
	err := fs.WalkDir(s.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(name) != ".rego" {
			return nil
		}
		full := path.Join(s.Name, name)
		text, err := fs.ReadFile(s.FS, name)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("read policy: %s: %w", full, err))
			return nil
		}
		parsed, err := ast.ParseModuleWithOpts(full, string(text), ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1})
		if err != nil {
			mistakes = append(mistakes, explain("parse policy", err))
			return nil
		}
		p.add(full, parsed)
		return nil
	})
	if err != nil {
		mistakes = append(mistakes, fmt.Errorf("read policies: %w", err))
	}
	return errors.Join(mistakes...)
}

func (p *Policies) loadBundle(s PolicySource) error {
	if path.Ext(s.Name) == ".rego" {
		return fmt.Errorf("read policies %s: want the folder that holds it, or an OPA bundle", s.Name)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(s.Bundle))
	if err != nil {
		return fmt.Errorf("read bundle %s: want an OPA bundle, a gzipped tar archive: %w", s.Name, err)
	}
	switch size, err := io.Copy(io.Discard, io.LimitReader(unzipped, maxBundle+1)); {
	case err != nil:
		return fmt.Errorf("read bundle %s: %w", s.Name, err)
	case size > maxBundle:
		return fmt.Errorf("read bundle %s: it has more than %d MiB when it is unpacked", s.Name, maxBundle>>20)
	}
	b, err := bundle.NewReader(bytes.NewReader(s.Bundle)).
		WithBundleName(s.Name).
		WithSkipBundleVerification(true).
		WithProcessAnnotations(true).
		WithRegoVersion(ast.RegoV1).
		WithSizeLimitBytes(source.MaxFileSize).
		Read()
	if err != nil {
		return explain("read bundle "+s.Name, err)
	}
	for _, m := range b.Modules {
		// The bundle has its own notion of a file's name.
		full := path.Join(s.Name, m.Path)
		p.add(full, m.Parsed)
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

func (p *Policies) add(name string, parsed *ast.Module) {
	m := module{name: name, parsed: parsed}
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
		return fmt.Errorf("%s: load rule: %w", at, err)
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
