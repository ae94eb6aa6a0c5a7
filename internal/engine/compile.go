package engine

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/egresslint/egresslint/internal/config"
)

// NewOwn compiles the rules of a project's own with the libraries of fsys, which
// has the layout of the policies directory. They are compiled apart from the
// built-in rules, which they can neither change nor read. The error joins all
// mistakes in them, each beginning with file:line:column, or is an
// *UnknownRuleError.
func NewOwn(fsys fs.FS, p *Policies, opts Options) (*Engine, error) {
	e, err := newEngine(p.Rules(), opts)
	if err != nil {
		return nil, err
	}
	libraries, err := load(fsys, "lib")
	if err != nil {
		return nil, err
	}
	compiler, err := ownCompiler(fsys, ownCapabilities())
	if err != nil {
		return nil, err
	}
	modules := withLibraries(e.enabled(p.modules), libraries)
	if compiler.Compile(modules); compiler.Failed() {
		return nil, explain("compile policy", compiler.Errors)
	}
	if err := p.checkReferences(compiler); err != nil {
		return nil, err
	}
	return e, e.prepare(compiler, inmem.NewFromObject(p.documents(opts.Parameters)))
}

// ownCompiler returns a compiler that holds rules to the schema of their input.
func ownCompiler(fsys fs.FS, c *ast.Capabilities) (*ast.Compiler, error) {
	text, err := fs.ReadFile(fsys, "schemas/model.json")
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	var schema any
	if err := json.Unmarshal(text, &schema); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	schemas := ast.NewSchemaSet()
	schemas.Put(ast.SchemaRootRef, schema)
	return ast.NewCompiler().WithCapabilities(c).WithStrict(true).WithSchemas(schemas).SetErrorLimit(0), nil
}

// withLibraries adds the built-in libraries under names that no file has.
func withLibraries(modules map[string]*ast.Module, libraries []module) map[string]*ast.Module {
	for _, m := range libraries {
		modules["built in: "+m.name] = m.parsed
	}
	return modules
}

// documents is the data that rules read beside their input.
func (p *Policies) documents(given map[string]map[string]any) map[string]any {
	all := maps.Clone(p.data)
	all[reserved] = map[string]any{"parameters": parameterData(p.rules, given)}
	return all
}

// checkReferences finds references to data that nothing defines. Rego takes such a
// reference for undefined, so that the rule would never fire.
func (p *Policies) checkReferences(compiler *ast.Compiler) error {
	var mistakes ast.Errors
	for _, m := range p.modules {
		compiled := compiler.Modules[m.name]
		if compiled == nil {
			continue // the rule is not enabled
		}
		at := compiled.Package.Location
		visitor := ast.NewGenericVisitor(func(x any) bool {
			switch x := x.(type) {
			case *ast.Expr:
				at = cmp.Or(x.Location, at)
			case *ast.Term:
				ref, ok := x.Value.(ast.Ref)
				if !ok || !ref.HasPrefix(ast.DefaultRootRef) || len(ref) == 1 {
					return false
				}
				if err := p.checkReference(compiler, ref); err != nil {
					// What the compiler has rewritten has no place of its own.
					mistakes = append(mistakes, ast.NewError(ast.CompileErr, cmp.Or(x.Location, at), "%s", err))
				}
			}
			return false
		})
		for _, rule := range compiled.Rules {
			visitor.Walk(rule)
		}
	}
	if len(mistakes) > 0 {
		return explain("compile policy", mistakes)
	}
	return nil
}

func (p *Policies) checkReference(compiler *ast.Compiler, ref ast.Ref) error {
	var words []string
	for _, term := range ref[1:] {
		s, ok := term.Value.(ast.String)
		if !ok {
			break
		}
		words = append(words, string(s))
	}
	if len(words) >= 2 && words[0] == reserved && words[1] == "parameters" {
		return p.checkParameterReference(words[2:])
	}
	if len(compiler.GetRules(ref.ConstantPrefix())) > 0 {
		return nil
	}
	if len(words) > 0 {
		if _, ok := p.data[words[0]]; ok {
			return nil
		}
	}
	if len(words) > 1 && words[0] == reserved && words[1] == "rules" {
		return fmt.Errorf("%s is not there: rules cannot read the built-in rules, only data.egresslint.lib", ref.ConstantPrefix())
	}
	return fmt.Errorf("%s is not there: no policy defines it", ref.ConstantPrefix())
}

// checkParameterReference checks the id and the name behind
// data.egresslint.parameters, as far as the reference has them.
func (p *Policies) checkParameterReference(words []string) error {
	if len(words) == 0 {
		return nil
	}
	var ids, names []string
	for _, r := range p.rules {
		ids = append(ids, r.ID)
		if r.ID == words[0] {
			for _, parameter := range r.Parameters {
				names = append(names, parameter.Name)
			}
		}
	}
	switch {
	case !slices.Contains(ids, words[0]):
		return fmt.Errorf("no rule %q has parameters%s", words[0], config.DidYouMean(words[0], ids))
	case len(words) == 1 || slices.Contains(names, words[1]):
		return nil
	case len(names) == 0:
		return fmt.Errorf("the METADATA of rule %s declares no parameters", words[0])
	default:
		return fmt.Errorf("the METADATA of rule %s declares no parameter %q%s", words[0], words[1], config.DidYouMean(words[1], names))
	}
}

// explain joins OPA's errors, one for each mistake, with a hint where one helps.
func explain(doing string, err error) error {
	var list ast.Errors
	if !errors.As(err, &list) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b *ast.Error) int {
		return cmp.Or(a.Location.Compare(b.Location), cmp.Compare(a.Message, b.Message))
	})
	var mistakes []error
	for i, e := range list {
		// The parser says some things twice, the second time with more words.
		if i+1 < len(list) && e.Location.Compare(list[i+1].Location) == 0 && strings.HasPrefix(list[i+1].Message, e.Message) {
			continue
		}
		text := fmt.Errorf("%s: %s", doing, message(e))
		if e.Location != nil {
			text = fmt.Errorf("%s: %w", place(e.Location), text)
		}
		mistakes = append(mistakes, text)
	}
	return errors.Join(mistakes...)
}

// message is the message of e, with a word on what to write instead where that
// helps.
func message(e *ast.Error) string {
	if name, ok := strings.CutPrefix(e.Message, "undefined function "); ok {
		if slices.ContainsFunc(ast.CapabilitiesForThisVersion().Builtins, func(b *ast.Builtin) bool { return b.Name == name }) {
			return e.Message + ": it is not among the functions that rules may call, which compute from their arguments alone"
		}
		return e.Message
	}
	detail, ok := e.Details.(*ast.RefErrInvalidDetail)
	if !ok || detail.Pos >= len(detail.Ref) {
		return e.Message
	}
	word, ok := detail.Ref[detail.Pos].Value.(ast.String)
	if !ok {
		return e.Message
	}
	var known []string
	for _, v := range detail.OneOf {
		if s, ok := v.(ast.String); ok {
			known = append(known, string(s))
		}
	}
	if len(known) == 0 {
		return e.Message
	}
	slices.Sort(known)
	// What stands behind the wrong word is nothing that the user wrote.
	return fmt.Sprintf("undefined ref: %s%s", detail.Ref[:detail.Pos+1], config.DidYouMean(string(word), known))
}
