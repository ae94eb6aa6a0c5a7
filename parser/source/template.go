package source

import (
	"fmt"
	"iter"
	"strings"
	"unicode"
)

const (
	// maxTemplateNesting bounds how deep the actions of a Go template are nested:
	// text/template recurses without a limit of its own, and Go cannot recover from a
	// stack that is full. maxTemplateParentheses is that of parentheses in an action.
	maxTemplateNesting     = 1000
	maxTemplateParentheses = 200
	// maxTemplateActions is how many bytes the actions of a Go template may have
	// together. Parsed they take up to a hundred times as much.
	maxTemplateActions = 1 << 20
)

var (
	// ErrNested is an error of [CheckTemplate].
	ErrNested = fmt.Errorf("its actions are nested deeper than %d levels", maxTemplateNesting)
	// ErrActions is an error of [CheckTemplate].
	ErrActions = fmt.Errorf("its actions are longer than %d MiB, or one has more than %d parentheses in each other", maxTemplateActions>>20, maxTemplateParentheses)
)

// Action is an action of a Go template with the usual delimiters.
type Action struct {
	Start, End int    // the offsets of its delimiters
	Word       string // that it starts with, as in "if"; empty for another sign
	Next       string // the word behind it
	// Parentheses is how deep they are nested.
	Parentheses int
}

// Actions goes through the actions of a Go template without its comments.
func Actions(text string) iter.Seq[Action] {
	return func(yield func(Action) bool) {
		for at := 0; ; {
			i := strings.Index(text[at:], "{{")
			if i < 0 {
				return
			}
			at += i
			body := text[at+len("{{"):]
			if rest, ok := strings.CutPrefix(body, "-"); ok && rest != "" && isTemplateSpace(rest[0]) {
				body = strings.TrimLeft(rest, templateSpaces)
			}
			if comment, ok := strings.CutPrefix(body, "/*"); ok {
				end := strings.Index(comment, "*/")
				if end < 0 {
					return
				}
				at = len(text) - len(comment) + end
				continue
			}
			word, rest := templateWord(body)
			next, _ := templateWord(rest)
			length, parentheses := templateActionEnd(rest)
			a := Action{Start: at, End: len(text) - len(rest) + length, Word: word, Next: next, Parentheses: parentheses}
			if !yield(a) {
				return
			}
			at = a.End
		}
	}
}

// CheckTemplate returns [ErrNested] or [ErrActions], and the line of it, if parsing a
// Go template with the usual delimiters would take too deep a stack or too much memory,
// else how many bytes its actions have. A template that is written wrong is no error:
// whoever parses it tells better.
func CheckTemplate(text string) (actions, line int, err error) {
	// opened has an element for each action that an end closes: the levels it takes.
	// Each "else if" takes one more, as text/template nests it.
	var opened []int
	depth := 0
	for a := range Actions(text) {
		switch a.Word {
		case "if", "range", "with", "define", "block":
			opened = append(opened, 1)
			depth++
		case "else":
			if len(opened) > 0 && (a.Next == "if" || a.Next == "with") {
				opened[len(opened)-1]++
				depth++
			}
		case "end":
			if len(opened) > 0 {
				depth -= opened[len(opened)-1]
				opened = opened[:len(opened)-1]
			}
		}
		actions += a.End - a.Start
		switch {
		case depth > maxTemplateNesting:
			err = ErrNested
		case actions > maxTemplateActions || a.Parentheses > maxTemplateParentheses:
			err = ErrActions
		default:
			continue
		}
		return actions, 1 + strings.Count(text[:a.Start], "\n"), err
	}
	return actions, 0, nil
}

const templateSpaces = " \t\r\n"

func isTemplateSpace(c byte) bool { return strings.IndexByte(templateSpaces, c) >= 0 }

// templateWord returns the word that text starts with, behind spaces, and what follows.
func templateWord(text string) (word, rest string) {
	text = strings.TrimLeft(text, templateSpaces)
	end := strings.IndexFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(text)
	}
	return text[:end], text[end:]
}

// templateActionEnd returns the offset at which an action ends, of "}}" outside of
// quotes, else of the end of text, and how deep parentheses are nested before it.
func templateActionEnd(text string) (end, parentheses int) {
	open := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\'' || c == '`':
			for i++; i < len(text) && text[i] != c; i++ {
				if text[i] == '\\' && c != '`' {
					i++
				}
			}
		case c == '(':
			open++
			parentheses = max(parentheses, open)
		case c == ')':
			open--
		case strings.HasPrefix(text[i:], "}}"):
			return i, parentheses
		}
	}
	return len(text), parentheses
}
