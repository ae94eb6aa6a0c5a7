package mask

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// hcl finds the literals of a Terraform file. References say nothing, they stay.
func (f *File) hcl(name string) {
	if f.tooLarge() || terraform.NestedTooDeep(text(f.lines)) {
		f.read = readUnknown
		return
	}
	file, diagnostics := hclsyntax.ParseConfig(text(f.lines), name, hcl.InitialPos)
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok || diagnostics.HasErrors() {
		f.read = readUnknown
		return
	}
	h := &hclReader{File: f, vars: strings.HasSuffix(name, ".tfvars")}
	h.body(body, "", nil)
}

type hclReader struct {
	*File
	// vars says that the file assigns variables: which of them are secret is told
	// elsewhere.
	vars bool
}

// body reads the arguments of a block of a type, with its labels.
func (h *hclReader) body(body *hclsyntax.Body, typ string, labels []string) {
	for name, attribute := range body.Attributes {
		secret := h.isSecret(body, typ, labels, name)
		h.expression(attribute.Expr, secret, secret && typ == "variable")
	}
	for _, block := range body.Blocks {
		inner := block.Type
		if typ == "set_sensitive" {
			inner = typ
		}
		h.body(block.Body, inner, block.Labels)
	}
}

// isSecret reports whether an argument of a block holds a secret.
func (h *hclReader) isSecret(body *hclsyntax.Body, typ string, labels []string, name string) bool {
	switch {
	case located.SecretKey(name):
		return true
	case typ == "set_sensitive":
		return name == "value"
	case typ == "variable" && name == "default":
		sensitive := body.Attributes["sensitive"]
		return sensitive != nil && !isFalse(sensitive.Expr)
	case name == "value" && body.Attributes["name"] != nil:
		return located.SecretKey(literal(body.Attributes["name"].Expr))
	case len(labels) > 0 && strings.HasPrefix(labels[0], "kubernetes_secret"):
		return located.IsSecretData(name)
	default:
		return false
	}
}

// expression adds the literals in an expression. Of a value that is secret as a whole, as
// that of a sensitive variable, the keys are too.
func (h *hclReader) expression(e hclsyntax.Node, secret, whole bool) {
	var keys []hcl.Range
	_ = hclsyntax.VisitAll(e, func(node hclsyntax.Node) hcl.Diagnostics { // the visitor has no errors
		switch node := node.(type) {
		case *hclsyntax.ObjectConsKeyExpr:
			keys = append(keys, node.Range())
			if whole {
				h.literal(node.Range(), true)
			}
		case *hclsyntax.ObjectConsExpr:
			if !secret {
				h.object(node)
			}
		case *hclsyntax.LiteralValueExpr:
			r := node.Range()
			inKey := slices.ContainsFunc(keys, func(k hcl.Range) bool { return k.ContainsPos(r.Start) })
			manifest := node.Val.Type() == cty.String && !node.Val.IsNull() && secretKind.MatchString(node.Val.AsString())
			if !inKey {
				h.literal(r, secret || manifest)
			}
		}
		return nil
	})
}

// object adds what is secret in an object by its keys.
func (h *hclReader) object(e *hclsyntax.ObjectConsExpr) {
	kind, name := "", ""
	for _, item := range e.Items {
		switch literal(item.KeyExpr) {
		case "kind":
			kind = literal(item.ValueExpr)
		case "name":
			name = literal(item.ValueExpr)
		}
	}
	for _, item := range e.Items {
		key := literal(item.KeyExpr)
		_, nested := item.ValueExpr.(*hclsyntax.ObjectConsExpr)
		if located.SecretKey(key) && !nested || kind == "Secret" && located.IsSecretData(key) ||
			key == "value" && located.SecretKey(name) {
			h.expression(item.ValueExpr, true, false)
		}
	}
}

// literal adds a literal. Of a text of several lines each is one.
func (h *hclReader) literal(r hcl.Range, secret bool) {
	h.add(source.Range{
		Start: source.Pos{Line: r.Start.Line, Column: r.Start.Column},
		End:   source.Pos{Line: r.End.Line, Column: r.End.Column},
	}, secret)
}

// literal returns the text of a literal, and of a word that is a key; else nothing.
func literal(e hclsyntax.Expression) string {
	if word := hcl.ExprAsKeyword(e); word != "" {
		return word
	}
	v, _ := e.Value(nil)
	if v.Type() == cty.String && v.IsWhollyKnown() && !v.IsNull() {
		return v.AsString()
	}
	return ""
}

func isFalse(e hclsyntax.Expression) bool {
	v, _ := e.Value(nil)
	return v.Type() == cty.Bool && v.IsKnown() && !v.IsNull() && v.False()
}
