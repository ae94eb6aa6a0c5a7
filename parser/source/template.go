package source

import (
	"fmt"
	"strings"
	"unicode"
)

// maxTemplateNesting bounds how deep the actions of a Go template are nested:
// text/template recurses without a limit of its own, and Go cannot recover from a
// stack that is full.
const maxTemplateNesting = 1000

// ErrNested is the error of [CheckTemplate].
var ErrNested = fmt.Errorf("its actions are nested deeper than %d levels", maxTemplateNesting)

// CheckTemplate returns [ErrNested], and the line of it, if parsing a Go template with
// the usual delimiters would take too deep a stack. A template that is written wrong
// is no error: whoever parses it tells better.
func CheckTemplate(text string) (line int, err error) {
	// opened has an element for each action that an end closes: the levels it takes.
	// Each "else if" takes one more, as text/template nests it.
	var opened []int
	depth := 0
	for at := 0; ; {
		i := strings.Index(text[at:], "{{")
		if i < 0 {
			return 0, nil
		}
		at += i
		body := text[at+len("{{"):]
		if rest, ok := strings.CutPrefix(body, "-"); ok && rest != "" && isTemplateSpace(rest[0]) {
			body = strings.TrimLeft(rest, templateSpaces)
		}
		if comment, ok := strings.CutPrefix(body, "/*"); ok {
			end := strings.Index(comment, "*/")
			if end < 0 {
				return 0, nil
			}
			at = len(text) - len(comment) + end
			continue
		}
		word, rest := templateWord(body)
		switch word {
		case "if", "range", "with", "define", "block":
			opened = append(opened, 1)
			depth++
		case "else":
			if next, _ := templateWord(rest); len(opened) > 0 && (next == "if" || next == "with") {
				opened[len(opened)-1]++
				depth++
			}
		case "end":
			if len(opened) > 0 {
				depth -= opened[len(opened)-1]
				opened = opened[:len(opened)-1]
			}
		}
		if depth > maxTemplateNesting {
			return 1 + strings.Count(text[:at], "\n"), ErrNested
		}
		at = len(text) - len(rest) + templateActionEnd(rest)
	}
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

// templateActionEnd returns the offset at which an action ends: of "}}" outside of
// quotes, else of the end of text.
func templateActionEnd(text string) int {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\'' || c == '`':
			for i++; i < len(text) && text[i] != c; i++ {
				if text[i] == '\\' && c != '`' {
					i++
				}
			}
		case strings.HasPrefix(text[i:], "}}"):
			return i
		}
	}
	return len(text)
}
