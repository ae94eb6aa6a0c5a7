package helm

import (
	"strings"
	"text/template/parse"
	"unicode"

	"github.com/egresslint/egresslint/parser/source"
)

// nestedFunction is put around the text that a template gives to "tpl".
const nestedFunction = "egresslintNested"

// nested checks a text before "tpl" parses it, as [job.checkNesting] does those of
// files: templates can put it together. The error is [source.ErrNested].
func nested(text any) (any, error) {
	s, ok := text.(string)
	if !ok {
		return text, nil // tpl says what is wrong
	}
	if _, err := source.CheckTemplate(s); err != nil {
		return nil, err
	}
	return instrument(s, "", "", &marks{}, noMarks), nil
}

// guard puts a call of nested around the first argument of each "tpl" in n.
func (in *instrumented) guard(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, e := range n.Nodes {
			in.guard(e)
		}
	case *parse.ActionNode:
		in.guard(n.Pipe)
	case *parse.IfNode:
		in.guardBranch(&n.BranchNode)
	case *parse.WithNode:
		in.guardBranch(&n.BranchNode)
	case *parse.RangeNode:
		in.guardBranch(&n.BranchNode)
	case *parse.TemplateNode:
		in.guard(n.Pipe)
	case *parse.PipeNode:
		if n == nil {
			return
		}
		for _, c := range n.Cmds {
			in.guardCommand(c)
		}
	case *parse.ChainNode:
		in.guard(n.Node)
	}
}

func (in *instrumented) guardBranch(b *parse.BranchNode) {
	in.guard(b.Pipe)
	in.guard(b.List)
	in.guard(b.ElseList)
}

func (in *instrumented) guardCommand(c *parse.CommandNode) {
	for _, a := range c.Args {
		in.guard(a)
	}
	f, ok := c.Args[0].(*parse.IdentifierNode)
	if !ok || f.Ident != "tpl" || len(c.Args) == 1 {
		return
	}
	behind := int(f.Pos) + len(f.Ident)
	if behind > len(in.text) || in.text[f.Pos:behind] != f.Ident {
		return
	}
	start, end := operand(in.text, behind)
	in.insert(start, "("+nestedFunction+" ")
	in.insert(end, ")")
	in.guarded = true
}

// operand returns the offsets of the first operand behind an offset in an action.
func operand(text string, at int) (start, end int) {
	start = at + len(text[at:]) - len(strings.TrimLeftFunc(text[at:], unicode.IsSpace))
	depth := 0
	for end = start; end < len(text); end++ {
		switch c := text[end]; {
		case c == '"' || c == '`' || c == '\'':
			for end++; end < len(text) && text[end] != c; end++ {
				if text[end] == '\\' && c != '`' {
					end++
				}
			}
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0 && (c == ')' || c == '|' || c == '}' || unicode.IsSpace(rune(c))):
			return start, end
		}
	}
	return start, len(text)
}
