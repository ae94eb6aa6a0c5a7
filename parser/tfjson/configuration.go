package tfjson

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// A plan repeats the configuration, but of an expression only whether it is a
// constant and what it refers to: not how it combines that.

// configModule is a module of the configuration.
type configModule struct {
	resources map[string]*configBlock // by address in the module, e.g. data.alicloud_zones.all
	calls     map[string]*configCall
	outputs   []configOutput
}

type configBlock struct {
	provider string
	args     arguments
	repeat   *expression // count or for_each, nil without
}

type configCall struct {
	module *configModule
	args   arguments
	repeat *expression
}

type configOutput struct {
	name string
	expr *expression
}

// arguments are what a block sets in its own text: expressions, and nested blocks
// that are not dynamic.
type arguments struct {
	exprs  map[string]*expression
	blocks map[string][]*arguments
}

// expression is one expression of the configuration.
type expression struct {
	at   int // in the document
	refs []reference
}

// reference is what one reference in an expression names, as far as Terraform can
// tell without a value: an index that is not a constant ends it.
type reference struct {
	kind  refKind
	name  string // of the variable, the module call, or the block: alicloud_vswitch.pod
	key   key
	attrs []string // the attributes that follow, up to an index
}

type refKind uint8

const (
	refOther  refKind = iota // path, terraform, self: always known
	refVar                   // var.NAME
	refLocal                 // local.NAME: a plan does not say what it stands for
	refKey                   // each.key
	refCount                 // count.index
	refEach                  // each.value
	refModule                // module.NAME
	refBlock                 // a resource or data block
)

// key tells the instances of one block or module call apart.
type key struct {
	text  string
	index bool // a number: of count
	set   bool
}

// configReader reads the configuration of a plan.
type configReader struct {
	*document
	parsed map[string]reference
}

func (r *configReader) module(i int) *configModule {
	m := &configModule{resources: make(map[string]*configBlock), calls: make(map[string]*configCall)}
	for f := range r.fields(i) {
		switch f.key {
		case "resources":
			for b := range r.items(f.value) {
				r.block(m, b)
			}
		case "module_calls":
			for c := range r.fields(f.value) {
				m.calls[c.key] = r.call(c.value)
			}
		case "outputs":
			for o := range r.fields(f.value) {
				m.outputs = append(m.outputs, configOutput{o.key, r.expression(r.get(o.value, "expression"))})
			}
		}
	}
	return m
}

func (r *configReader) block(m *configModule, i int) {
	b := &configBlock{}
	address := ""
	for f := range r.fields(i) {
		switch f.key {
		case "address":
			address = r.str(f.value)
		case "provider_config_key":
			b.provider = r.str(f.value)
		case "expressions":
			b.args = r.arguments(f.value)
		case "count_expression", "for_each_expression":
			b.repeat = r.expression(f.value)
		}
	}
	m.resources[address] = b
}

func (r *configReader) call(i int) *configCall {
	c := &configCall{module: &configModule{}}
	for f := range r.fields(i) {
		switch f.key {
		case "module":
			c.module = r.module(f.value)
		case "expressions":
			c.args = r.arguments(f.value)
		case "count_expression", "for_each_expression":
			c.repeat = r.expression(f.value)
		}
	}
	return c
}

func (r *configReader) arguments(i int) arguments {
	a := arguments{exprs: make(map[string]*expression)}
	for f := range r.fields(i) {
		switch {
		case r.at(f.value) == '[':
			for b := range r.items(f.value) {
				a.nest(f.key, r.arguments(b))
			}
		case r.isExpression(f.value):
			a.exprs[f.key] = r.expression(f.value)
		default: // a block that there is at most one of
			a.nest(f.key, r.arguments(f.value))
		}
	}
	return a
}

func (a *arguments) nest(name string, block arguments) {
	if a.blocks == nil {
		a.blocks = make(map[string][]*arguments)
	}
	a.blocks[name] = append(a.blocks[name], &block)
}

// isExpression tells an expression from a nested block.
func (r *configReader) isExpression(i int) bool {
	for f := range r.fields(i) {
		if f.key != "constant_value" && (f.key != "references" || r.at(f.value) != '[') {
			return false
		}
	}
	return true
}

func (r *configReader) expression(i int) *expression {
	e := &expression{at: i}
	last := ""
	for s := range r.items(r.get(i, "references")) {
		text := r.str(s)
		// Each reference is followed by the shorter ones that it contains.
		if last != "" && isPrefix(text, last) {
			last = text
			continue
		}
		last = text
		e.refs = append(e.refs, r.reference(text))
	}
	return e
}

// isPrefix reports whether the reference short is a proper part of long.
func isPrefix(short, long string) bool {
	rest, ok := strings.CutPrefix(long, short)
	return ok && rest != "" && (rest[0] == '.' || rest[0] == '[')
}

func (r *configReader) reference(text string) reference {
	if ref, ok := r.parsed[text]; ok {
		return ref
	}
	ref := parseReference(text)
	r.parsed[text] = ref
	return ref
}

func parseReference(text string) reference {
	traversal, diags := hclsyntax.ParseTraversalAbs([]byte(text), "", hcl.InitialPos)
	if diags.HasErrors() {
		return reference{kind: refLocal, name: text} // nothing can be told of it
	}
	names := leadingNames(traversal)
	second := ""
	if len(names) > 1 {
		second = names[1]
	}
	used := 2
	ref := reference{kind: refBlock, name: strings.Join(names[:min(2, len(names))], ".")}
	switch names[0] {
	case "path", "terraform", "self":
		ref.kind = refOther
	case "var":
		ref.kind, ref.name = refVar, second
	case "local":
		ref.kind, ref.name = refLocal, second
	case "each":
		ref.kind = refEach
		if second == "key" {
			ref.kind = refKey
		}
	case "count":
		ref.kind = refCount
	case "module":
		ref.kind, ref.name = refModule, second
	case "data", "ephemeral":
		used = 3
		ref.name = strings.Join(names[:min(3, len(names))], ".")
	}
	if len(names) < used {
		return reference{kind: refLocal, name: text}
	}
	rest := traversal[used:]
	if len(rest) > 0 && (ref.kind == refModule || ref.kind == refBlock) {
		if step, ok := rest[0].(hcl.TraverseIndex); ok {
			ref.key = keyOf(step.Key)
			rest = rest[1:]
		}
	}
	ref.attrs = leadingNames(rest)
	return ref
}

// leadingNames returns the attribute names that a traversal starts with.
func leadingNames(t hcl.Traversal) []string {
	var out []string
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			out = append(out, step.Name)
		case hcl.TraverseAttr:
			out = append(out, step.Name)
		default:
			return out
		}
	}
	return out
}

func keyOf(v cty.Value) key {
	switch v.Type() {
	case cty.String:
		return key{text: v.AsString(), set: true}
	case cty.Number:
		return key{text: v.AsBigFloat().Text('f', -1), index: true, set: true}
	default:
		return key{}
	}
}

// splitModules splits the address of a module instance into the calls that lead to
// it, e.g. module.net["a"] and module.vpc.
func splitModules(address string) []string {
	var out []string
	start, quoted, bracket := 0, false, false
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case c == '.' && !bracket && strings.HasPrefix(address[i+1:], "module."):
			out = append(out, address[start:i])
			start = i + 1
		}
	}
	if address != "" {
		out = append(out, address[start:])
	}
	return out
}

// splitCall splits one step of a module address into the call's name and its key.
func splitCall(step string) (name string, k key) {
	ref := parseReference(step)
	if ref.kind != refModule {
		return strings.TrimPrefix(step, "module."), key{}
	}
	return ref.name, ref.key
}
