package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/part"
	"github.com/egresslint/egresslint/parser/source"
)

// NewOwn compiles the rules of a project's own with the libraries of fsys, which
// has the layout of the policies directory. They are compiled apart from the
// built-in rules, which they can neither change nor read. Rules that it takes too long
// to compile, or too much to evaluate, are left out, which Run tells. The error joins
// all mistakes in them, each beginning with file:line:column, or is an
// *UnknownRuleError, or that of ctx.
func NewOwn(ctx context.Context, fsys fs.FS, p *Policies, opts Options) (*Engine, error) {
	meterBuiltins()
	e, err := newEngine(p.Rules(), opts)
	if err != nil {
		return nil, err
	}
	if e.left = slices.Clone(p.left); len(p.parts) == 0 {
		return e, nil
	}
	defer p.enterAll(ctx)()
	compiler, err := within(ctx, e.limits, func(ctx context.Context) (*ast.Compiler, error) {
		return p.compile(ctx, fsys, e)
	})
	var reached *limitError
	if errors.As(err, &reached) {
		e.left = append(e.left, p.leftBecause(reached))
		return e, nil
	}
	if err != nil {
		return nil, err
	}
	return e, e.prepare(compiler, inmem.NewFromObject(p.documents(opts.Parameters)), p.modules)
}

// enterAll says that all sources are at work, which are compiled together.
func (p *Policies) enterAll(ctx context.Context) (leave func()) {
	var leaves []func(int)
	for _, one := range p.parts {
		if leave, _ := part.Enter(ctx, one); leave != nil { // else it would not have been loaded
			leaves = append(leaves, leave)
		}
	}
	return func() {
		for _, leave := range slices.Backward(leaves) {
			leave(len(p.modules))
		}
	}
}

// leftBecause tells that no rule can run.
func (p *Policies) leftBecause(reached *limitError) source.Diagnostic {
	file := cmp.Or(reached.file, p.parts[0].Name)
	return source.Diagnostic{
		Kind: source.LimitReached, Range: source.Range{File: file},
		Message: "compile policies: " + reached.text + "; none of these rules runs",
	}
}

// compile compiles the enabled rules of e.
func (p *Policies) compile(ctx context.Context, fsys fs.FS, e *Engine) (*ast.Compiler, error) {
	libraries, err := load(fsys, "lib")
	if err != nil {
		return nil, err
	}
	compiler, err := ownCompiler(fsys, ownCapabilities())
	if err != nil {
		return nil, err
	}
	if err := checkBodies(p.modules); err != nil {
		return nil, err
	}
	modules := withLibraries(e.enabled(p.modules), libraries)
	if err := guard.Overdue(ctx); err != nil {
		return nil, err
	}
	if compiler.Compile(modules); compiler.Failed() {
		return nil, explain("compile policy", compiler.Errors, p.outside)
	}
	if err := checkExpansion(p.modules, compiler); err != nil {
		return nil, err
	}
	return compiler, p.checkReferences(compiler)
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
					mistakes = append(mistakes, ast.NewError(undefinedReference, cmp.Or(x.Location, at), "%s", err))
				}
			}
			return false
		})
		for _, rule := range compiled.Rules {
			visitor.Walk(rule)
		}
	}
	if len(mistakes) > 0 {
		return explain("compile policy", mistakes, p.outside)
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
