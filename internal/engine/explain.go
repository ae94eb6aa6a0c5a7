package engine

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/parser/guard"
)

// newMistake is what is wrong at a place, and of what kind it is. Of a file outside the
// tree nothing is shown.
func newMistake(at, doing, kind string, err error, outside bool) error {
	if outside && guard.On(guard.ErrorText) {
		err = fmt.Errorf("%s; nothing more is shown of a file outside the tree", kind)
	}
	if at == "" {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %s: %w", at, doing, err)
}

// undefinedReference is the code of what [Policies.checkReferences] finds.
const undefinedReference = "undefined_reference"

// explain joins OPA's errors, one for each mistake, with a hint where one helps.
func explain(doing string, err error, outside func(file string) bool) error {
	var list ast.Errors
	if !errors.As(err, &list) {
		if guard.On(guard.ErrorText) {
			err = errors.New("its files are not what a bundle holds: JSON, YAML and Rego")
		}
		return fmt.Errorf("%s: %w", doing, err)
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b *ast.Error) int {
		return cmp.Or(a.Location.Compare(b.Location), cmp.Compare(a.Message, b.Message))
	})
	var mistakes []error
	for i, e := range list {
		// The parser says some things twice, the second time with more words.
		if i+1 < len(list) && e.Location.Compare(list[i+1].Location) == 0 && strings.HasPrefix(list[i+1].Message, e.Message) {
			continue
		}
		at, hidden := "", false
		if e.Location != nil {
			at, hidden = place(e.Location), outside(e.Location.File)
		}
		mistakes = append(mistakes, newMistake(at, doing, e.Code, errors.New(message(e)), hidden))
	}
	return errors.Join(mistakes...)
}

// literal is a text in quotes, with the bracket before it that makes it a part of a
// reference.
var literal = regexp.MustCompile(`\[?"(?:[^"\\]|\\.)*(?:"|$)`)

// words is the message of OPA without what it quotes from files but names. It is about
// the author's own file, where the line shows the rest.
func words(text string) string {
	if !guard.On(guard.ErrorText) {
		return text
	}
	text, _, _ = strings.Cut(text, "\n")
	if strings.HasPrefix(text, "yaml: ") {
		return "METADATA is no YAML"
	}
	return literal.ReplaceAllStringFunc(text, func(quoted string) string {
		if strings.HasPrefix(quoted, "[") {
			return quoted
		}
		return `"…"`
	})
}

// evalError puts the error of an evaluation into words, without values: where, in which
// function, and what kind of mistake it is.
func evalError(err error) error {
	var e *topdown.Error
	if !errors.As(err, &e) || !guard.On(guard.ErrorText) {
		return err
	}
	text := "it cannot be evaluated"
	switch e.Code {
	case topdown.BuiltinErr, topdown.TypeErr:
		name, _, _ := strings.Cut(e.Message, ": ")
		if _, known := costs[name]; known {
			text = name + ": it has no result for its arguments"
		}
	case topdown.ConflictErr:
		text = "one rule, function or key has two values"
	case topdown.WithMergeErr:
		text = "what stands behind with does not fit the data"
	}
	if e.Location == nil {
		return errors.New(text)
	}
	return fmt.Errorf("%s: %s", place(e.Location), text)
}

// message is the message of e, with a word on what to write instead where that
// helps.
func message(e *ast.Error) string {
	if e.Code == undefinedReference {
		return e.Message // these words are our own
	}
	if name, ok := strings.CutPrefix(e.Message, "undefined function "); ok {
		if slices.ContainsFunc(ast.CapabilitiesForThisVersion().Builtins, func(b *ast.Builtin) bool { return b.Name == name }) {
			return words(e.Message) + ": it is not among the functions that rules may call, which compute from their arguments alone"
		}
		return words(e.Message)
	}
	detail, ok := e.Details.(*ast.RefErrInvalidDetail)
	if !ok || detail.Pos >= len(detail.Ref) {
		return words(e.Message)
	}
	word, ok := detail.Ref[detail.Pos].Value.(ast.String)
	if !ok {
		return words(e.Message)
	}
	var known []string
	for _, v := range detail.OneOf {
		if s, ok := v.(ast.String); ok {
			known = append(known, string(s))
		}
	}
	if len(known) == 0 {
		return words(e.Message)
	}
	slices.Sort(known)
	// What stands behind the wrong word is nothing that the user wrote.
	return fmt.Sprintf("undefined ref: %s%s", detail.Ref[:detail.Pos+1], config.DidYouMean(string(word), known))
}
