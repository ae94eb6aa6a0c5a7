package terraform

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/egresslint/egresslint/parser/guard"
)

// Messages name what is wrong by its kind and place. Values may be secrets, so that
// what libraries quote of them is left out.

// quoted matches what the messages of libraries quote, but for single characters.
var quoted = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`|'[^']{2,}'")

// withoutQuotes returns the message of a library without what it quotes.
func withoutQuotes(message string) string {
	if !guard.On(guard.ErrorText) {
		return message
	}
	return quoted.ReplaceAllStringFunc(message, func(s string) string {
		if slices.Contains(ownWords, s[1:len(s)-1]) {
			return s
		}
		return "the text"
	})
}

// explained returns the message of an error. That of a library's own mistake holds the
// stack of the program.
func explained(err error) string {
	var mistake function.PanicError
	if errors.As(err, &mistake) {
		return "it is not to be computed"
	}
	return err.Error()
}

// ownWords are what messages quote that is of the language and of no file.
var ownWords = []string{"heredoc", "true", "false", "null", "if", "for", "else", "endif", "endfor", "in", "=", ":", ",", "{", "}", "[", "]", "(", ")", "${", "%{"}

// withoutValues returns the message of a library about values without what it says of
// the text in them.
func withoutValues(message string, values ...cty.Value) string {
	if !guard.On(guard.ErrorText) {
		return message
	}
	message = withoutQuotes(message)
	var texts []string
	for _, v := range values {
		texts = textsIn(texts, v)
	}
	// The longest first: others may be parts of them.
	slices.SortFunc(texts, func(a, b string) int { return len(b) - len(a) })
	for _, s := range texts {
		message = strings.ReplaceAll(message, s, "the text")
	}
	return strings.TrimSuffix(message, ": the text")
}

// refused is why a function does not take values. Nothing is told of the reason if one of
// them is sensitive: libraries quote what they are given also without quotation marks,
// in another form, or a letter of it.
func refused(err error, values ...cty.Value) string {
	if guard.On(guard.ErrorText) && sensitiveWithin(cty.TupleVal(values)) != nil {
		return "it does not take what it is given, which is sensitive"
	}
	return plain(withoutValues(explained(err), values...))
}

// hushedTemplate is what is told of a template that is sensitive.
const hushedTemplate = "it is sensitive, and so is what is wrong with it"

// textsIn adds the strings in v that are long enough to be recognised.
func textsIn(texts []string, v cty.Value) []string {
	v, _ = v.UnmarkDeep()
	if s, ok := asString(v); ok {
		if len(s) > 2 && len(s) <= 10_000 {
			texts = append(texts, s)
		}
		return texts
	}
	if v.IsKnown() && !v.IsNull() && !v.Type().IsCapsuleType() && v.CanIterateElements() {
		for it := v.ElementIterator(); it.Next() && len(texts) < 1000; {
			k, e := it.Element()
			texts = textsIn(textsIn(texts, k), e)
		}
	}
	return texts
}

// secretsAmong are those of values that are sensitive as a whole, as one.
func secretsAmong(values ...cty.Value) cty.Value {
	var secrets []cty.Value
	for _, v := range values {
		if v.HasMark(sensitive{}) {
			secrets = append(secrets, v)
		}
	}
	return cty.TupleVal(secrets)
}

// keyText is a key as messages show it.
func keyText(name string, marked ...cty.Value) string {
	for _, v := range marked {
		if v.HasMark(sensitive{}) && guard.On(guard.ErrorText) {
			return "(sensitive)"
		}
	}
	return strconv.Quote(name)
}

// fileText is the name of a file, as given to a function, as messages show it.
func fileText(c *callSite, i int) string {
	name, _ := asString(c.args[i].v)
	if c.args[i].v.HasMark(sensitive{}) && guard.On(guard.ErrorText) {
		return "a file with a sensitive name"
	}
	return name
}

// sentence is the text of a diagnostic in our style: one line, lower case.
func sentence(d *hcl.Diagnostic) string {
	if d.Detail == "" {
		return withoutQuotes(plain(d.Summary))
	}
	if d.Summary == "Attribute redefined" { // names it alone
		return plain(d.Summary) + ": " + plain(d.Detail)
	}
	return withoutQuotes(plain(d.Summary) + ": " + plain(d.Detail))
}
