package helm

import (
	"errors"
	"fmt"
	"strings"
	"text/template/parse"

	"github.com/egresslint/egresslint/parser/source"
)

// parsedSize is about how many bytes a byte of an action takes when it is parsed, and
// tplSize what is copied of all templates for a text.
const (
	parsedSize = 50
	tplSize    = 32 << 10
)

// nested checks and counts a text before "tpl" parses it: templates can put it
// together.
func (f *functions) nested(text any) (any, error) {
	s, ok := text.(string)
	if !ok {
		return text, nil // tpl says what is wrong
	}
	actions, _, err := source.CheckTemplate(s)
	if err != nil {
		if err := f.budget.Limit(err); err != nil {
			return nil, err
		}
	}
	if err := f.budget.Make(tplSize + parsedSize*actions); err != nil {
		return nil, err
	}
	counted, err := instrument(s, "", chartTemplate{}, &marks{}, noMarks)
	if errors.Is(err, errOwnFunction) {
		return nil, err
	}
	if err != nil {
		if err := f.budget.Limit(err); err != nil {
			return nil, err
		}
		return s, nil
	}
	return counted, nil
}

const (
	maxPattern = 1000
	maxStars   = 8
)

var errGlob = fmt.Errorf("a pattern of files is longer than %d bytes or has more than %d stars or alternatives", maxPattern, maxStars)

// glob checks a pattern before the files of a chart are compared with it.
func (f *functions) glob(pattern any) (any, error) {
	s, _ := pattern.(string)
	if len(s) > maxPattern || strings.Count(s, "*") > maxStars || strings.Count(s, "{") > maxStars {
		return pattern, f.budget.Limit(errGlob)
	}
	return pattern, nil
}

// visit calls do for n and all nodes in it.
func visit(n parse.Node, do func(n parse.Node)) {
	if n == nil {
		return
	}
	branch := func(b *parse.BranchNode) {
		visit(b.Pipe, do)
		visit(b.List, do)
		if b.ElseList != nil {
			visit(b.ElseList, do)
		}
	}
	do(n)
	switch n := n.(type) {
	case *parse.ListNode:
		for _, e := range n.Nodes {
			visit(e, do)
		}
	case *parse.ActionNode:
		visit(n.Pipe, do)
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			visit(n.Pipe, do)
		}
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			visit(c, do)
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			visit(a, do)
		}
	case *parse.ChainNode:
		visit(n.Node, do)
	}
}

// callsOwn reports whether a template calls one of the functions that are put in.
func callsOwn(root *parse.ListNode) bool {
	own := false
	visit(root, func(n parse.Node) {
		if f, ok := n.(*parse.IdentifierNode); ok && strings.HasPrefix(f.Ident, ownPrefix) {
			own = true
		}
	})
	return own
}

// isCounted reports whether all that templates do is counted: the calls were put where
// they belong.
func isCounted(trees map[string]*parse.Tree) bool {
	ok := true
	for _, t := range trees {
		if t.Root == nil || parse.IsEmptyTree(t.Root) {
			continue
		}
		nodes := t.Root.Nodes
		if _, text := nodes[len(nodes)-1].(*parse.TextNode); text {
			nodes = nodes[:len(nodes)-1]
		}
		ok = ok && len(nodes) > 1 && isCall(nodes[0], enterFunction) && isCall(nodes[len(nodes)-1], leaveFunction)
		visit(t.Root, func(n parse.Node) {
			switch n := n.(type) {
			case *parse.ActionNode:
				ok = ok && (isOwn(n.Pipe) || endsWith(n.Pipe, end(n)))
			case *parse.RangeNode:
				ok = ok && len(n.List.Nodes) > 0 && isCall(n.List.Nodes[0], stepFunction)
			case *parse.PipeNode:
				ok = ok && (isOwn(n) || endsWith(n, holdFunction) || endsWith(n, writeFunction)) && isChecked(n)
			}
		})
	}
	return ok
}

func isCall(n parse.Node, function string) bool {
	a, ok := n.(*parse.ActionNode)
	return ok && calls(a.Pipe.Cmds[0]) == function
}

// isOwn reports whether a pipeline is one that was put in.
func isOwn(p *parse.PipeNode) bool { return strings.HasPrefix(calls(p.Cmds[0]), ownPrefix) }

func endsWith(p *parse.PipeNode, function string) bool {
	last := len(p.Cmds) - 1
	if calls(p.Cmds[last]) == markFunction {
		last--
	}
	return last > 0 && calls(p.Cmds[last]) == function
}

// maxWhole is how many arguments of a call may be made of all files of a chart.
const maxWhole = 4

// isChecked reports whether the arguments of the commands of a pipeline are checked
// that have to be.
func isChecked(p *parse.PipeNode) bool {
	for i, c := range p.Cmds {
		whole := 0
		for _, a := range c.Args[1:] {
			if name := lastField(a); name == "AsConfig" || name == "AsSecrets" {
				whole++
			}
		}
		if whole > maxWhole {
			return false
		}
		check := checkOf(c)
		switch {
		case check == "":
		case len(c.Args) > 1:
			if p, ok := c.Args[1].(*parse.PipeNode); !ok || calls(p.Cmds[0]) != check {
				return false
			}
		case i > 0 && calls(p.Cmds[i-1]) != check:
			return false
		}
	}
	return true
}

// calls returns the function that a command calls; empty if it calls none.
func calls(c *parse.CommandNode) string {
	if f, ok := c.Args[0].(*parse.IdentifierNode); ok {
		return f.Ident
	}
	return ""
}
