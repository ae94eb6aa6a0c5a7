package terraform

import (
	"cmp"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
)

// parseJSON parses a file in JSON syntax into the same body as the native
// syntax would give, so that the rest of the package knows one syntax only.
func parseJSON(data []byte, name string) (body, hcl.Diagnostics) {
	f, diags := hcljson.Parse(data, name)
	if f == nil || f.Body == nil {
		return body{}, diags
	}
	var out body
	if isVariableFile(name) {
		attrs, more := f.Body.JustAttributes()
		out.addJSON(attrs, asText)
		return out, append(diags, more...)
	}
	var schema hcl.BodySchema
	for _, typ := range []string{"variable", "output", "locals", "resource", "data", "module", "provider", "terraform"} {
		header := hcl.BlockHeaderSchema{Type: typ}
		for range topLevel[typ] {
			header.LabelNames = append(header.LabelNames, "name")
		}
		schema.Blocks = append(schema.Blocks, header)
	}
	content, _, more := f.Body.PartialContent(&schema)
	diags = append(diags, more...)
	if content == nil {
		return out, diags
	}
	for _, b := range content.Blocks {
		attrs, more := b.Body.JustAttributes()
		diags = append(diags, more...)
		blk := &block{typ: b.Type, labels: b.Labels, header: b.DefRange}
		if n := len(b.LabelRanges); n > 0 {
			blk.header = b.LabelRanges[n-1]
		}
		strings := asTemplates
		if b.Type == "variable" {
			strings = asText
		}
		blk.body.addJSON(attrs, strings)
		if b.Type == "terraform" {
			blk.body.unfold("backend", "cloud")
		} else {
			blk.body.unfold("lifecycle", "dynamic", "provisioner", "connection")
		}
		out.blocks = append(out.blocks, blk)
	}
	return out, diags
}

// stringsAre says what the strings of an expression in JSON syntax are.
type stringsAre bool

const (
	asTemplates stringsAre = false
	asText      stringsAre = true // where no reference is allowed: defaults and variable files
)

func (b *body) addJSON(attrs hcl.Attributes, strings stringsAre) {
	ordered := make([]*hcl.Attribute, 0, len(attrs))
	for _, a := range attrs {
		ordered = append(ordered, a)
	}
	slices.SortFunc(ordered, func(a, b *hcl.Attribute) int { return cmp.Compare(a.Range.Start.Byte, b.Range.Start.Byte) })
	for _, a := range ordered {
		b.add(&attribute{name: a.Name, nameRange: a.NameRange, expr: jsonExpr(a.Expr, strings)})
	}
}

// unfold turns attributes that are blocks by their meaning into blocks: an
// object is one block, an array several, and the keys of a dynamic or a backend
// are labels.
// Which other attributes are blocks only a provider's schema could tell; they
// stay attributes, whose values have the same shape.
func (b *body) unfold(types ...string) {
	for _, typ := range types {
		at := b.attr(typ)
		if at == nil {
			continue
		}
		for _, obj := range objects(at.expr) {
			if typ != "dynamic" && typ != "backend" {
				b.blocks = append(b.blocks, objectBlock(typ, nil, at.nameRange, obj))
				continue
			}
			for _, item := range obj.Items {
				label, ok := literal(item.KeyExpr)
				if !ok {
					continue
				}
				for _, d := range objects(item.ValueExpr) {
					blk := objectBlock(typ, []string{label}, item.KeyExpr.Range(), d)
					blk.body.unfold("content")
					for _, c := range blk.body.blocks {
						c.body.unfold("dynamic")
					}
					b.blocks = append(b.blocks, blk)
				}
			}
		}
		*b = b.without(typ).with(b.blocks)
	}
}

func (b body) with(blocks []*block) body {
	b.blocks = blocks
	return b
}

func objects(e hclsyntax.Expression) []*hclsyntax.ObjectConsExpr {
	switch e := e.(type) {
	case *hclsyntax.ObjectConsExpr:
		return []*hclsyntax.ObjectConsExpr{e}
	case *hclsyntax.TupleConsExpr:
		var out []*hclsyntax.ObjectConsExpr
		for _, el := range e.Exprs {
			out = append(out, objects(el)...)
		}
		return out
	default:
		return nil
	}
}

func objectBlock(typ string, labels []string, header hcl.Range, obj *hclsyntax.ObjectConsExpr) *block {
	blk := &block{typ: typ, labels: labels, header: header}
	for _, item := range obj.Items {
		if name, ok := literal(item.KeyExpr); ok && name != "//" {
			blk.body.add(&attribute{name: name, nameRange: item.KeyExpr.Range(), expr: item.ValueExpr})
		}
	}
	return blk
}

// jsonExpr converts an expression in JSON syntax: strings and keys are
// templates or text, the rest is what it looks like.
func jsonExpr(e hcl.Expression, strings stringsAre) hclsyntax.Expression {
	if pairs, diags := hcl.ExprMap(e); !diags.HasErrors() {
		obj := &hclsyntax.ObjectConsExpr{SrcRange: e.Range(), OpenRange: e.StartRange()}
		for _, p := range pairs {
			key := &hclsyntax.ObjectConsKeyExpr{Wrapped: jsonExpr(p.Key, strings), ForceNonLiteral: true}
			obj.Items = append(obj.Items, hclsyntax.ObjectConsItem{KeyExpr: key, ValueExpr: jsonExpr(p.Value, strings)})
		}
		return obj
	}
	if elems, diags := hcl.ExprList(e); !diags.HasErrors() {
		tuple := &hclsyntax.TupleConsExpr{SrcRange: e.Range(), OpenRange: e.StartRange()}
		for _, el := range elems {
			tuple.Exprs = append(tuple.Exprs, jsonExpr(el, strings))
		}
		return tuple
	}
	rng := e.Range()
	v, diags := e.Value(nil) // without a context the string is taken as it is
	if diags.HasErrors() {
		return &hclsyntax.LiteralValueExpr{Val: cty.DynamicVal, SrcRange: rng}
	}
	if v.IsNull() || !v.IsKnown() || v.Type() != cty.String || strings == asText {
		return &hclsyntax.LiteralValueExpr{Val: v, SrcRange: rng}
	}
	start := rng.Start // after the quote
	start.Byte++
	start.Column++
	t, diags := hclsyntax.ParseTemplate([]byte(v.AsString()), rng.Filename, start)
	if diags.HasErrors() {
		return &hclsyntax.ExprSyntaxError{Placeholder: cty.DynamicVal, ParseDiags: diags, SrcRange: rng}
	}
	return &jsonString{Expression: t, rng: rng}
}

// jsonString is a template in a JSON string. Positions inside it would be wrong
// where the string holds escapes, so the whole string stands for its parts.
type jsonString struct {
	hclsyntax.Expression
	rng hcl.Range
}

func (e *jsonString) Range() hcl.Range      { return e.rng }
func (e *jsonString) StartRange() hcl.Range { return e.rng }
