package terraform

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/egresslint/egresslint/parser/source"
)

// Assignment gives a root variable a value, written as on Terraform's command
// line: plain text for a string, number or bool, an expression for the rest.
type Assignment struct {
	Name  string
	Value string
}

// variables are the values given to a root from outside, later ones winning.
type variables map[string]given

// broken is the name under which variables hold the name of a variable file that
// could not be read in full. No variable has that name.
const broken = ""

type given struct {
	expr hclsyntax.Expression // from a variable file
	text string               // from the command line or environment, if expr is nil
}

func isVariableFile(name string) bool {
	return strings.HasSuffix(name, ".tfvars") || strings.HasSuffix(name, ".tfvars.json")
}

// addFile adds the assignments of a variable file.
func (vs variables) addFile(l *loader, name string) []source.Diagnostic {
	e := l.file(name)
	for _, at := range e.body.attrs {
		vs[at.name] = given{expr: at.expr}
	}
	if e.unreadable() {
		vs[broken] = given{text: name}
	}
	return e.diags
}

// automatic lists the variable files that Terraform reads by itself from a root's
// directory, weakest first.
func (l *loader) automatic(dir string) []string {
	entries, err := l.tree.ReadDir(dir)
	if err != nil {
		return nil
	}
	var names, auto []string
	for _, e := range entries {
		switch base := e.Name(); {
		case e.IsDir():
		case base == "terraform.tfvars" || base == "terraform.tfvars.json":
			names = append(names, path.Join(dir, base))
		case strings.HasSuffix(base, ".auto.tfvars") || strings.HasSuffix(base, ".auto.tfvars.json"):
			auto = append(auto, path.Join(dir, base))
		}
	}
	slices.Sort(names)
	slices.Sort(auto)
	return append(names, auto...)
}

// variableType is a variable's declared type.
type variableType struct {
	typ      cty.Type
	defaults *typeexpr.Defaults
	literal  bool // text given to it is taken as it is
	err      string
	errRange hcl.Range
}

func (ev *evaluator) variableType(blk *block) variableType {
	if t, ok := ev.types[blk]; ok {
		return t
	}
	t := variableType{typ: cty.DynamicPseudoType, literal: true}
	if at := blk.body.attr("type"); at != nil {
		t = declaredType(at.expr)
	}
	ev.types[blk] = t
	return t
}

func declaredType(e hclsyntax.Expression) variableType {
	rng := e.Range()
	if s, ok := literal(e); ok {
		// In JSON, and in HCL as it was before Terraform 0.12, the type is a string.
		parsed, diags := hclsyntax.ParseExpression([]byte(s), rng.Filename, rng.Start)
		if diags.HasErrors() {
			return variableType{typ: cty.DynamicPseudoType, err: plain(diags[0].Summary), errRange: rng}
		}
		e = parsed
	}
	// Terraform still takes these two without the type of their elements.
	switch hcl.ExprAsKeyword(e) {
	case "list":
		return variableType{typ: cty.List(cty.DynamicPseudoType)}
	case "map":
		return variableType{typ: cty.Map(cty.DynamicPseudoType)}
	}
	typ, defaults, diags := typeexpr.TypeConstraintWithDefaults(e)
	if diags.HasErrors() { // which quotes the names of types
		return variableType{typ: cty.DynamicPseudoType, err: plain(diags[0].Summary) + ": " + plain(diags[0].Detail), errRange: rng}
	}
	return variableType{typ: typ, defaults: defaults, literal: typ.IsPrimitiveType()}
}

// variable returns the value of an input variable.
func (m *module) variable(ev *evaluator, name string, rng hcl.Range) value {
	blk, ok := m.cfg.variables[name]
	if !ok {
		return m.undeclared(ev, rng, "read var.%s: this module declares no such variable", name)
	}
	return ev.get(nodeOf(m.vars, name), m.in("var."+name), blk.header, func() value {
		v := m.input(ev, blk, name)
		if literalBool(blk.body.attr("sensitive"), true) {
			v.v = secret(v.v)
		}
		v.v = named(name, v.v)
		return v
	})
}

// input finds the value given to a variable and converts it to its type.
func (m *module) input(ev *evaluator, blk *block, name string) value {
	typ := ev.variableType(blk)
	if typ.err != "" {
		ev.mistake(typ.errRange, "read type of var.%s: %s", name, typ.err)
	}
	v, place, found := m.given(ev, blk, name, typ)
	if u, _ := v.v.Unmark(); found && u.IsNull() && literalBool(blk.body.attr("nullable"), false) {
		found = false
	}
	if !found {
		at := blk.body.attr("default")
		if at == nil {
			return m.missing(ev, blk, name, typ)
		}
		place = at.expr.Range()
		d := scope{ev: ev, mod: m}.constant(at.expr)
		v = value{d.v, ev.cross(d.o, place, aside, "the default of "+m.in("var."+name)+" is set here")}
	}
	if literalBool(blk.body.attr("sensitive"), true) {
		v.v = secret(v.v) // now, so that no message about its type names a key in it
	}
	return m.typed(ev, name, v, typ, place)
}

// typed converts a variable's value to its declared type.
func (m *module) typed(ev *evaluator, name string, v value, typ variableType, place hcl.Range) value {
	if typ.defaults != nil {
		v.v = typ.defaults.Apply(v.v)
	}
	if typ.typ == cty.DynamicPseudoType {
		return v
	}
	if u, marks := v.v.Unmark(); !u.IsKnown() && u.Type() == cty.DynamicPseudoType {
		return value{cty.UnknownVal(typ.typ.WithoutOptionalAttributesDeep()).WithMarks(marks), v.o}
	}
	out, err := converted(ev, v, typ.typ)
	if err != nil {
		at := place
		if at.Filename == "" {
			at = m.cfg.variables[name].header
		}
		if m.up == nil {
			ev.mistake(at, "set var.%s: %v", name, err)
		} else {
			scope{ev: ev, mod: m}.fail(at, "set %s: %v", m.in("var."+name), err)
		}
		u := unknown("the value given to " + m.in("var."+name) + " does not fit its type")
		return value{u.v, v.o}
	}
	return out
}

// given returns the value that a variable gets from outside of its module.
func (m *module) given(ev *evaluator, blk *block, name string, typ variableType) (v value, place hcl.Range, found bool) {
	if m.up != nil {
		at := m.call.args.attr(name)
		if at == nil {
			return value{}, hcl.Range{}, false
		}
		v := scope{ev: ev, mod: m.up, each: m.each}.eval(at.expr)
		return value{v.v, ev.cross(v.o, at.expr.Range(), inward, m.in("var."+name)+" is passed in here")}, at.expr.Range(), true
	}
	g, ok := m.inputs[name]
	switch b, bad := m.inputs[broken]; {
	case !ok && bad:
		return unknown(b.text + " could not be read in full"), hcl.Range{}, true
	case !ok:
		return value{}, hcl.Range{}, false
	case g.expr != nil:
		v := scope{ev: ev, mod: m}.constant(g.expr)
		return value{v.v, ev.cross(v.o, g.expr.Range(), aside, "var."+name+" is set here")}, g.expr.Range(), true
	case typ.literal:
		return value{v: cty.StringVal(g.text)}, hcl.Range{}, true
	}
	e, diags := hclsyntax.ParseExpression([]byte(g.text), "", hcl.InitialPos)
	if diags.HasErrors() {
		ev.mistake(blk.header, "set var.%s: %s", name, sentence(diags[0]))
		return unknown("the value given to var." + name + " is not valid"), hcl.Range{}, true
	}
	c := scope{ev: ev, mod: m}.constant(e)
	return value{v: c.v}, hcl.Range{}, true
}

// constant evaluates an expression that may refer to nothing: a default or a
// line of a variable file.
func (sc scope) constant(e hclsyntax.Expression) value {
	in := scope{ev: sc.ev}
	return in.eval(e)
}

// missing is the value of a variable that nothing sets.
func (m *module) missing(ev *evaluator, blk *block, name string, typ variableType) value {
	why := fmt.Sprintf("var.%s has no value: pass --var-file or --var", name)
	if m.up != nil {
		why = fmt.Sprintf("%s is not passed to the module", m.in("var."+name))
		ev.mistake(m.call.header, "call module %s: it needs the argument %q", m.call.name, name)
	} else {
		ev.inputless = true
		ev.report(source.Unread, blk.header, why)
	}
	return value{v: cty.UnknownVal(typ.typ.WithoutOptionalAttributesDeep()).Mark(reason(why))}
}

// variant is one set of variable files to evaluate a root with.
type variant struct {
	name  string
	files []string // weakest first
}

// maxVariants bounds how often a root is evaluated.
const maxVariants = 64

// variants finds the variable files in and under a root that Terraform does not
// read by itself. Each is a variant, with the files that are common to all
// variants as a layer under it. Where several directories hold files of the
// same names, the directory is the variant.
func (l *loader) variants(dir string) []variant {
	var found []string
	l.findVariableFiles(dir, dir, 0, &found)
	slices.Sort(found)
	var layers, files []string
	dirsOf := make(map[string]int) // base name to the number of files
	for _, f := range found {
		if isLayer(stem(f)) {
			layers = append(layers, f)
			continue
		}
		files = append(files, f)
		dirsOf[stem(f)]++
	}
	byName := make(map[string]*variant)
	for _, f := range files {
		name := stem(f)
		if d := path.Dir(f); d != dir && (dirsOf[name] > 1 || name == "terraform" || name == "variables" || name == "vars") {
			name = path.Base(d)
			if byName[name] != nil && path.Dir(byName[name].files[0]) != d {
				name = relative(dir, d)
			}
		}
		v := byName[name]
		if v == nil {
			v = &variant{name: name}
			byName[name] = v
		}
		v.files = append(v.files, f)
	}
	out := make([]variant, 0, len(byName))
	for _, v := range byName {
		var under []string
		for _, f := range layers {
			// A layer beside the files of another variant is for that variant alone.
			d, own := path.Dir(f), path.Dir(v.files[0])
			if isUnder(own, d) || isUnder(d, own) || !hasFileUnder(files, d) {
				under = append(under, f)
			}
		}
		v.files = append(under, v.files...)
		out = append(out, *v)
	}
	slices.SortFunc(out, func(a, b variant) int { return cmp.Compare(a.name, b.name) })
	return out
}

func isUnder(dir, base string) bool {
	return dir == base || base == "." || strings.HasPrefix(dir, base+"/")
}

func hasFileUnder(files []string, dir string) bool {
	return slices.ContainsFunc(files, func(f string) bool { return isUnder(path.Dir(f), dir) })
}

// stem is the base name of a variable file without its extensions.
func stem(name string) string {
	s := strings.TrimSuffix(strings.TrimSuffix(path.Base(name), ".json"), ".tfvars")
	return strings.TrimSuffix(s, ".auto")
}

// isLayer reports whether a variable file by that name is meant for all variants.
func isLayer(stem string) bool {
	switch stem {
	case "common", "global", "globals", "shared", "default", "defaults":
		return true
	default:
		return false
	}
}

// findVariableFiles collects the variable files in and under dir, but not those
// of other roots and modules, nor those that Terraform reads by itself.
func (l *loader) findVariableFiles(root, dir string, depth int, found *[]string) {
	if depth > 8 {
		return
	}
	entries, err := l.tree.ReadDir(dir)
	if err != nil {
		return
	}
	if dir != root && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return isConfigFile(e.Name()) }) {
		return
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch base := e.Name(); {
		case e.IsDir():
			if !strings.HasPrefix(base, ".") && base != "node_modules" && base != "tests" {
				l.findVariableFiles(root, name, depth+1, found)
			}
		case !isVariableFile(base) || strings.HasPrefix(base, "."):
		case dir == root && (stem(base) == "terraform" || strings.Contains(base, ".auto.tfvars")):
		default:
			*found = append(*found, name)
		}
	}
}
