package terraform

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// text is a file with what is needed to turn HCL's ranges into ours: HCL counts
// columns in grapheme clusters, a source.Pos in code points.
type text struct {
	name  string
	data  []byte
	lines []int // offset of each line's first byte
}

func newText(name string, data []byte) *text {
	t := &text{name: name, data: data, lines: []int{0}}
	for i, c := range data {
		if c == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

func (t *text) pos(p hcl.Pos) source.Pos {
	if p.Line < 1 || p.Line > len(t.lines) {
		return source.Pos{Line: p.Line, Column: p.Column}
	}
	start, end := t.lines[p.Line-1], min(p.Byte, len(t.data))
	if end < start {
		return source.Pos{Line: p.Line, Column: p.Column}
	}
	return source.Pos{Line: p.Line, Column: utf8.RuneCount(t.data[start:end]) + 1}
}

func (t *text) rng(r hcl.Range) source.Range {
	return source.Range{File: t.name, Start: t.pos(r.Start), End: t.pos(r.End)}
}

// unreadable reports whether part of the file could not be read.
func (e *fileEntry) unreadable() bool {
	return slices.ContainsFunc(e.diags, source.Diagnostic.Fatal)
}

// parse reads and parses one configuration or variable file.
func (e *fileEntry) parse(tree *source.Tree, name string) {
	defer func() {
		if r := recover(); r != nil {
			e.body, e.diags = body{}, []source.Diagnostic{internalError(name, r)}
		}
	}()
	data, err := tree.ReadFile(name)
	if err != nil {
		kind := source.ParseError
		if errors.Is(err, source.ErrTooLarge) {
			kind = source.LimitReached
		}
		e.diags = append(e.diags, source.Diagnostic{Kind: kind, Range: source.Range{File: name}, Message: fmt.Sprintf("read file: %v", err)})
		return
	}
	e.text = newText(name, data)
	if len(data) == 0 {
		e.diags = append(e.diags, source.Diagnostic{Kind: source.EmptyFile, Range: source.Range{File: name}, Message: "read file: it is empty"})
		return
	}
	if d := source.CheckText(name, data); d != nil {
		e.diags = append(e.diags, *d)
		return
	}
	if line, ok := tooDeep(data); ok {
		at := source.Pos{Line: line, Column: 1}
		e.diags = append(e.diags, source.Diagnostic{
			Kind: source.LimitReached, Range: source.Range{File: name, Start: at, End: at},
			Message: fmt.Sprintf("parse file: expressions are nested more than %d deep", maxNesting),
		})
		return
	}
	if much := tooMuch(data); much != "" && guard.On(guard.TerraformBudgets) {
		e.diags = append(e.diags, source.Diagnostic{
			Kind: source.LimitReached, Range: source.Range{File: name}, Message: "parse file: " + much,
		})
		return
	}
	var diags hcl.Diagnostics
	if strings.HasSuffix(name, ".json") {
		e.body, diags = parseJSON(data, name)
		if diags.HasErrors() {
			diags = diags[:1] // the others are mostly its echo
		}
	} else {
		var f *hcl.File
		f, diags = hclsyntax.ParseConfig(data, name, hcl.InitialPos)
		if f != nil {
			if b, ok := f.Body.(*hclsyntax.Body); ok {
				e.body = nativeBody(b)
			}
		}
		switch {
		case !diags.HasErrors():
		case isVariableFile(name):
			for _, d := range diags {
				if d.Subject != nil {
					e.body.spoil(d.Subject.Start)
				}
			}
			diags = diags[:1]
		default:
			blocks, each := salvage(data, name)
			e.body = blocks
			if each.HasErrors() {
				diags = each
			}
		}
	}
	e.diags = append(e.diags, e.text.parseErrors(diags)...)
}

func (t *text) parseErrors(diags hcl.Diagnostics) []source.Diagnostic {
	var out []source.Diagnostic
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		rng := source.Range{File: t.name}
		if d.Subject != nil {
			rng = t.rng(*d.Subject)
		}
		out = append(out, source.Diagnostic{Kind: source.ParseError, Range: rng, Message: "parse file: " + sentence(d)})
		if len(out) == maxSyntaxErrors {
			break
		}
	}
	return out
}

// maxSyntaxErrors bounds the syntax errors that are reported of one file: most
// of those after the first are its echo.
const maxSyntaxErrors = 3

func plain(s string) string {
	s = strings.TrimSuffix(strings.Join(strings.Fields(s), " "), ".")
	r, n := utf8.DecodeRuneInString(s)
	if next, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(next) {
		return s // an abbreviation
	}
	return string(unicode.ToLower(r)) + s[n:]
}

// nativeBody converts a parsed body, in source order.
func nativeBody(b *hclsyntax.Body) body {
	var out body
	attrs := make([]*hclsyntax.Attribute, 0, len(b.Attributes))
	for _, a := range b.Attributes {
		attrs = append(attrs, a)
	}
	slices.SortFunc(attrs, func(a, b *hclsyntax.Attribute) int { return cmp.Compare(a.SrcRange.Start.Byte, b.SrcRange.Start.Byte) })
	for _, a := range attrs {
		out.add(&attribute{name: a.Name, nameRange: a.NameRange, expr: a.Expr})
	}
	for _, blk := range b.Blocks {
		out.blocks = append(out.blocks, &block{typ: blk.Type, labels: blk.Labels, header: blk.DefRange(), body: nativeBody(blk.Body)})
	}
	return out
}
