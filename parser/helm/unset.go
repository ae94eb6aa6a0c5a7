package helm

import (
	"regexp"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/egresslint/egresslint/parser/source"
)

// lacking is what Helm says where a function is given nothing, and of which node of the
// template.
var lacking = regexp.MustCompile(`(?s).*at <(.*?)>:\s+(?:error calling \w+:\s+)?(?:invalid value; expected ` + goType +
	`|wrong type for value; expected ` + goType + `; got interface \{\}|index of untyped nil|(?:index|len) of nil pointer)\s*$`)

// noField is what Helm says where a template looks into what is no map.
var noField = regexp.MustCompile(`at <(\$?\w*(?:\.\w+)+)>:\s+can't evaluate field (\w+) in type interface \{\}\s*$`)

// need is a function of a template, and the value that it is given there.
type need struct{ function, value string }

// missed says which function lacks which value, as far as the templates tell: at a place,
// by the text of a node there. What it says stands in the templates.
func (j *job) missed(node string, at source.Range) need {
	var found []need
	for _, text := range j.texts {
		if !strings.Contains(text, node) {
			continue
		}
		trees, err := parseTemplate(text)
		if err != nil {
			continue
		}
		for _, tree := range trees {
			visit(tree.Root, func(n parse.Node) {
				p, ok := n.(*parse.PipeNode)
				if !ok {
					return
				}
				for i, c := range p.Cmds {
					line := 1 + strings.Count(text[:c.Position()], "\n")
					if n := given(p, i, node); n != nil && (at.Start.Line == 0 || at.Start.Line == line) {
						found = append(found, *n)
					}
				}
			})
		}
	}
	if len(found) == 0 {
		return need{}
	}
	told := found[0]
	for _, n := range found {
		if n.function != told.function {
			return need{}
		}
		if n.value != told.value {
			told.value = ""
		}
	}
	return told
}

// given returns what command i of a pipeline is given at a node with a text; nil if there
// is no such node.
func given(p *parse.PipeNode, i int, node string) *need {
	args := p.Cmds[i].Args
	name, ok := args[0].(*parse.IdentifierNode)
	switch {
	case !ok:
		return nil
	case i > 0 && args[len(args)-1].String() == node: // Helm names the last one for what comes through the pipe
		return &need{name.Ident, valueOf(p.Cmds[i-1])}
	case p.Cmds[i].String() == node && len(args) > 1:
		return &need{name.Ident, valueOf(args[1])}
	}
	for _, a := range args[1:] {
		if a.String() == node {
			return &need{name.Ident, valueOf(a)}
		}
	}
	return nil
}

// valueOf is the path of the value that a node is: "" if it is computed.
func valueOf(n parse.Node) string {
	switch n := n.(type) {
	case *parse.FieldNode, *parse.VariableNode:
		return n.String()
	case *parse.CommandNode:
		if len(n.Args) == 1 {
			return valueOf(n.Args[0])
		}
	case *parse.PipeNode:
		if len(n.Cmds) == 1 {
			return valueOf(n.Cmds[0])
		}
	}
	return ""
}

func (n need) String() string {
	switch {
	case n.function == "":
		return "a function needs a value that is not given"
	case n.value == "":
		return n.function + " needs a value that is not given"
	default:
		return n.function + " needs " + n.value + ", which is not given"
	}
}

// isOwn reports whether a text stands in a template of the chart, so that there is no
// value in it.
func (j *job) isOwn(text string) bool {
	return slices.ContainsFunc(j.texts, func(t string) bool { return strings.Contains(t, text) })
}

// isKey reports whether a template of the chart spells a key out.
func (j *job) isKey(name string) bool {
	if j.keys == nil {
		j.keys = make(map[string]bool)
		for _, text := range j.texts {
			for _, m := range writtenKey.FindAllStringSubmatch(text, -1) {
				j.keys[m[1]] = true
			}
		}
	}
	return j.keys[name]
}

var (
	writtenKey = regexp.MustCompile(`([\w./-]{1,100})["']?[ \t]*:`)
	setTwice   = regexp.MustCompile(`the key "(.*)" is set twice`)
)

// twice says which key is set twice, if a template says its name.
func (j *job) twice(message string) string {
	if m := setTwice.FindStringSubmatch(message); m == nil || j.isKey(m[1]) {
		return message
	}
	return setTwice.ReplaceAllString(message, "a key is set twice")
}
