package terraform

import (
	"bytes"
	"regexp"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// blockStart matches the first line of a top-level block as terraform fmt
// writes it.
var blockStart = regexp.MustCompile(`(?m)^(?:resource|data|module|variable|locals|output|provider|terraform|moved|removed|import|check|ephemeral)\b[^=\n]*\{`)

// salvage parses the blocks of a file with syntax errors one by one, so that one
// broken block does not take those after it with it, as it does with HCL's own
// recovery. Of the mistakes of each block it returns the first: the others are
// mostly its echo.
func salvage(data []byte, name string) (body, hcl.Diagnostics) {
	var out body
	var all hcl.Diagnostics
	from := 0
	for _, s := range append(blockStart.FindAllIndex(data, -1), []int{len(data), len(data)}) {
		chunk := data[from:s[0]]
		pos := hcl.Pos{Line: 1 + bytes.Count(data[:from], []byte("\n")), Column: 1, Byte: from}
		from = s[0]
		f, diags := hclsyntax.ParseConfig(chunk, name, pos)
		for _, d := range diags {
			if d.Severity == hcl.DiagError {
				all = append(all, d)
				break
			}
		}
		if f == nil {
			continue
		}
		b, ok := f.Body.(*hclsyntax.Body)
		if !ok {
			continue
		}
		for j, blk := range nativeBody(b).blocks {
			rng := b.Blocks[j].Range()
			for _, d := range diags {
				if d.Severity == hcl.DiagError && d.Subject != nil && within(rng, d.Subject.Start) {
					blk.broken = true
					blk.body.spoil(d.Subject.Start)
				}
			}
			out.blocks = append(out.blocks, blk)
		}
	}
	return out, all
}

func within(r hcl.Range, p hcl.Pos) bool { return r.Start.Byte <= p.Byte && p.Byte <= r.End.Byte }

// spoil makes the argument that a syntax error lies in, or follows, unknown.
func (b *body) spoil(at hcl.Pos) {
	var last *attribute
	var walk func(b *body)
	walk = func(b *body) {
		for _, a := range b.attrs {
			if a.nameRange.Start.Byte <= at.Byte && (last == nil || a.nameRange.Start.Byte > last.nameRange.Start.Byte) {
				last = a
			}
		}
		for _, n := range b.blocks {
			walk(&n.body)
		}
	}
	walk(b)
	if last != nil {
		last.expr = &hclsyntax.ExprSyntaxError{Placeholder: cty.DynamicVal, SrcRange: last.expr.Range()}
	}
}
