package terraform

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/egresslint/egresslint/parser/source"
)

// adder sorts the blocks of one file into a config.
type adder struct {
	cfg      *config
	text     *text
	override bool
}

// topLevel names the block types that this package reads and their labels.
var topLevel = map[string]int{
	"variable": 1, "output": 1, "locals": 0, "resource": 2, "data": 2, "module": 1, "provider": 1, "terraform": 0,
}

func (a *adder) addAll(b *body) {
	for _, blk := range b.blocks {
		want, ok := topLevel[blk.typ]
		if !ok {
			continue // moved, removed, import, check, ephemeral: no values
		}
		if len(blk.labels) != want {
			a.report(blk.header, "read %s block: it takes %d labels, not %d", blk.typ, want, len(blk.labels))
			continue
		}
		a.add(blk)
	}
}

func (a *adder) report(rng hcl.Range, format string, args ...any) {
	a.cfg.diags = append(a.cfg.diags, source.Diagnostic{
		Kind: source.ParseError, Range: a.text.rng(rng), Message: fmt.Sprintf(format, args...),
	})
}

func (a *adder) add(blk *block) {
	c := a.cfg
	switch blk.typ {
	case "variable":
		c.variables[blk.labels[0]] = a.merged(c.variables[blk.labels[0]], blk)
	case "output":
		c.outputs[blk.labels[0]] = a.merged(c.outputs[blk.labels[0]], blk)
	case "terraform":
		for _, b := range blk.body.blocks {
			if b.typ == "backend" && len(b.labels) == 1 || b.typ == "cloud" {
				c.backend = b
			}
		}
	case "provider":
		c.providers = append(c.providers, blk)
	case "locals":
		for _, at := range blk.body.attrs {
			if _, ok := c.locals[at.name]; ok && !a.override {
				a.report(at.nameRange, "read local.%s: it is defined twice in this module", at.name)
				continue
			}
			c.locals[at.name] = at
		}
	case "resource", "data":
		key := resourceKey(blk.typ == "data", blk.labels[0], blk.labels[1])
		var old *block
		if r, ok := c.resources[key]; ok {
			old = r.block
		}
		c.resources[key] = newResource(a.merged(old, blk), key)
	case "module":
		name := blk.labels[0]
		var old *block
		if m, ok := c.calls[name]; ok {
			old = m.block
		}
		c.calls[name] = newCall(a.merged(old, blk))
	}
}

// merged returns what a second block of the same name makes of the first: an
// override file changes it, any other is a mistake and is left out.
func (a *adder) merged(old, blk *block) *block {
	switch {
	case old == nil:
		return blk
	case a.override:
		return overridden(old, blk)
	default:
		a.report(blk.header, "read %s %s: it is defined twice in this module", blk.typ, strings.Join(blk.labels, "."))
		return old
	}
}

// overridden returns old with the arguments of over in place of its own. A
// nested block type in over replaces all blocks of that type in old, but
// lifecycle is merged argument by argument.
// Source: developer.hashicorp.com/terraform/language/files/override
func overridden(old, over *block) *block {
	out := &block{typ: old.typ, labels: old.labels, header: old.header, broken: old.broken || over.broken}
	for _, at := range old.body.attrs {
		out.body.add(at)
	}
	for _, at := range over.body.attrs {
		out.body.add(at)
	}
	replaced := make(map[string]bool)
	for _, b := range over.body.blocks {
		replaced[blockType(b)] = true
	}
	for _, b := range old.body.blocks {
		switch {
		case b.typ == "lifecycle" && replaced["lifecycle"]:
			for _, o := range over.body.blocks {
				if o.typ == "lifecycle" {
					b = overridden(b, o)
				}
			}
			out.body.blocks = append(out.body.blocks, b)
		case !replaced[blockType(b)]:
			out.body.blocks = append(out.body.blocks, b)
		}
	}
	for _, b := range over.body.blocks {
		if b.typ != "lifecycle" || !slices.ContainsFunc(old.body.blocks, func(o *block) bool { return o.typ == "lifecycle" }) {
			out.body.blocks = append(out.body.blocks, b)
		}
	}
	return out
}

// blockType is the type of the blocks that b stands for.
func blockType(b *block) string {
	if b.typ == "dynamic" && len(b.labels) == 1 {
		return b.labels[0]
	}
	return b.typ
}

func newResource(b *block, key string) *resourceBlock {
	r := &resourceBlock{
		block: b, data: b.typ == "data", typ: b.labels[0], name: b.labels[1], key: key,
		count: b.body.attr("count"), forEach: b.body.attr("for_each"),
		args: b.body.without("count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"),
	}
	if at := b.body.attr("provider"); at != nil {
		r.provider = staticName(at.expr)
	}
	for _, nested := range b.body.blocks {
		if nested.typ != "lifecycle" {
			continue
		}
		if at := nested.body.attr("ignore_changes"); at != nil {
			r.ignore = append(r.ignore, ignored(at.expr)...)
		}
	}
	return r
}

// ignored returns the names in an ignore_changes argument.
func ignored(e hclsyntax.Expression) []string {
	tuple, ok := e.(*hclsyntax.TupleConsExpr)
	if !ok {
		if name := staticName(e); name != "" {
			return []string{name}
		}
		return nil
	}
	var names []string
	for _, el := range tuple.Exprs {
		if name := staticName(el); name != "" && name != "*" {
			names = append(names, name)
		} else if name == "*" { // Terraform 0.11 for all
			names = append(names, "all")
		}
	}
	return names
}

func newCall(b *block) *callBlock {
	m := &callBlock{
		block: b, name: b.labels[0], count: b.body.attr("count"), forEach: b.body.attr("for_each"),
		args: b.body.without("source", "version", "count", "for_each", "providers", "depends_on", "lifecycle"),
	}
	at := b.body.attr("source")
	if at == nil {
		m.sourceErr = "it has no source"
	} else if s, ok := literal(at.expr); ok {
		m.source = s
	} else {
		m.sourceErr = "its source is not a plain string"
	}
	if at := b.body.attr("providers"); at != nil {
		if obj, ok := at.expr.(*hclsyntax.ObjectConsExpr); ok {
			m.providers = make(map[string]string)
			for _, item := range obj.Items {
				m.providers[staticName(item.KeyExpr)] = staticName(item.ValueExpr)
			}
		}
	}
	return m
}

// literal returns the text of a string that holds no expression.
func literal(e hclsyntax.Expression) (string, bool) {
	switch e := e.(type) {
	case *jsonString:
		return literal(e.Expression)
	case *hclsyntax.ParenthesesExpr:
		return literal(e.Expression)
	case *hclsyntax.ObjectConsKeyExpr:
		if name := hcl.ExprAsKeyword(e.Wrapped); name != "" && !e.ForceNonLiteral {
			return name, true
		}
		return literal(e.Wrapped)
	case *hclsyntax.LiteralValueExpr:
		return asString(e.Val)
	case *hclsyntax.TemplateExpr:
		var b strings.Builder
		for _, p := range e.Parts {
			s, ok := literal(p)
			if !ok {
				return "", false
			}
			b.WriteString(s)
		}
		return b.String(), true
	default:
		return "", false
	}
}

// literalBool reports whether an argument is the literal want.
func literalBool(at *attribute, want bool) bool {
	if at == nil {
		return false
	}
	e := at.expr
	if s, ok := literal(e); ok { // in JSON, or quoted
		return s == strconv.FormatBool(want)
	}
	lit, ok := e.(*hclsyntax.LiteralValueExpr)
	return ok && lit.Val.Type() == cty.Bool && !lit.Val.IsNull() && lit.Val.True() == want
}

// staticName returns a name that is written as a reference (alicloud.shanghai,
// tags["a"]) or, as before Terraform 0.12 and in JSON, as a string.
func staticName(e hclsyntax.Expression) string {
	if key, ok := e.(*hclsyntax.ObjectConsKeyExpr); ok && !key.ForceNonLiteral {
		e = key.Wrapped
	}
	if s, ok := literal(e); ok {
		return s
	}
	trav, diags := hcl.AbsTraversalForExpr(e)
	if diags.HasErrors() {
		return ""
	}
	var b strings.Builder
	for _, step := range trav {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(s.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + s.Name)
		case hcl.TraverseIndex:
			b.WriteString(indexText(s.Key))
		}
	}
	return b.String()
}
