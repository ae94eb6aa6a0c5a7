package helm

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// Errors of Helm, of its functions and of YAML quote what they are about: values, that
// may be secret. Only what is known to have no value in it is passed on of them: the
// kind of the mistake, names that stand in templates, and types.

// failure is an error of Helm.
type failure struct {
	text  string
	limit error    // that was reached; nil for another mistake
	calls []string // the templates that were executed, the outermost first
	asks  bool     // whether a template asks for a value
	asked string   // what it says about that
}

// said is what is told of an error: what it means, not what it says.
func said(meaning, text string) string {
	if guard.On(guard.ErrorText) {
		return meaning
	}
	return oneLine(text)
}

func oneLine(text string) string {
	const limit = 300
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit]) + "…"
	}
	return text
}

var (
	errorAt = regexp.MustCompile(`([^\s():<>"]+):(\d+)(?::\d+)?`)
	// missingTemplate is what Helm says where a chart that is not there has a template.
	missingTemplate = regexp.MustCompile(`(?:no template|template) "([^"]*)" (?:not defined|associated with template)`)
	noValue         = regexp.MustCompile(`nil pointer evaluating [\w {}.*]+\.(\w+)\s*$`)
	field           = regexp.MustCompile(`at <(\$?\w*(?:\.\w+)+)>`)
	calling         = regexp.MustCompile(`error calling (\w+): `)
)

const goType = `[\w.*\[\]{} ]+`

// mistakes are the errors of templates that have no value in them.
var mistakes = regexp.MustCompile(`(?:^|[:>] |\s)(` + strings.Join([]string{
	`function "\w+" not defined`,
	`undefined variable "\$\w*"`,
	`unclosed action(?: started at [\w./-]+:\d+)?`,
	`unexpected (?:EOF|\{\{\w+\}\}|"(?:\w+|[[:punct:]]+)" in [a-z ]+)`,
	`unclosed left paren|unexpected right paren`,
	`unterminated [a-z ]+`,
	`missing value for [a-z]+`,
	`nil is not a command`,
	`empty command`,
	`\{\{\w+\}\} outside \{\{range\}\}`,
	`wrong number of args for \w+: want (?:at least )?\d+ got \d+`,
	`wrong type for value; expected ` + goType + `; got ` + goType,
	`can't evaluate field \w+ in type ` + goType,
	`can't call method/function "\w+" with \d+ results`,
	`incompatible types for comparison|invalid type for comparison|missing argument for comparison`,
	`index of untyped nil|cannot index slice/array with type ` + goType,
	`exceeded maximum template depth \(\d+\)`,
	`division by zero`,
	`the count is negative`,
	errOwnFunction.Error(),
}, "|") + `)(?: associated with template "gotpl")?\s*$`)

// others are errors with values at their ends, and what is told of them.
var others = []struct {
	at      *regexp.Regexp
	meaning string
}{
	{regexp.MustCompile(`(?:index|slice index) out of range`), "index out of range"},
	{regexp.MustCompile(`range can't iterate over `), "range goes through what is no list and no map"},
	{regexp.MustCompile(`rendering template has a nested reference name`), "a template includes itself again and again"},
	{regexp.MustCompile(`multiple definition of template`), "a template is defined twice"},
	{regexp.MustCompile(`bad character |unrecognized character in action`), "a character in an action is out of place"},
	{regexp.MustCompile(`non-comparable type|uncomparable type`), "values of a type are compared that cannot be"},
}

// cause is the mistake that an error of Helm is about, without the way that led there.
func (j *job) cause(text string) string {
	if m := noField.FindStringSubmatch(text); m != nil && j.isOwn(m[1]) {
		if above := aboveField(m[1], m[2]); above != "" {
			return above + " is no map, so that it has no field " + m[2]
		}
	}
	if m := mistakes.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	for _, o := range others {
		if o.at.MatchString(text) {
			return o.meaning
		}
	}
	for _, m := range slices.Backward(calling.FindAllStringSubmatch(text, -1)) {
		if !strings.HasPrefix(m[1], ownPrefix) {
			return "its function " + m[1] + " fails"
		}
	}
	return "Helm cannot render it"
}

// fail reports a failure at the template that it is about.
func (j *job) fail(f *failure) {
	at := j.failedAt(f)
	const pass = "; pass the values that it needs, in a values file beside the chart or in the configuration"
	missing := missingTemplate.FindStringSubmatch(f.text)
	switch {
	case errors.Is(f.limit, context.Canceled), errors.Is(f.limit, context.DeadlineExceeded):
		j.report(source.LimitReached, at, "render chart: the time is over")
	case f.limit != nil:
		j.report(source.LimitReached, at, "render chart: %v", f.limit)
	case f.asks:
		message := "it asks for a value"
		if j.isWritten(f.asked) {
			message = strings.TrimRight(f.asked, ". ")
		}
		j.report(source.Unread, at, "render chart %s: %s%s", j.rendering.Release, oneLine(said(message, f.asked)), pass)
	case noValue.MatchString(f.text):
		j.report(source.Unread, at, "render chart %s: %s%s", j.rendering.Release, said(j.notGiven(f.text), f.text), pass)
	case lacking.MatchString(f.text):
		n := j.missed(lacking.FindStringSubmatch(f.text)[1], at)
		if n.value == "" || strings.HasPrefix(strings.TrimPrefix(n.value, "$"), ".Values.") {
			j.report(source.Unread, at, "render chart %s: %s%s", j.rendering.Release, said(n.String(), f.text), pass)
		} else {
			j.report(source.RenderError, at, "render chart: %s", said(n.String(), f.text))
		}
	case missing != nil:
		message := "a template that it includes is not defined"
		if j.isWritten(missing[1]) {
			message = "template " + strconv.Quote(missing[1]) + " is not defined"
		}
		message = said(message, f.text)
		if j.source.missing {
			j.report(source.Unread, at, "render chart %s: %s; run helm dependency build %s", j.rendering.Release, message, j.source.dir)
		} else {
			j.report(source.RenderError, at, "render chart: %s", message)
		}
	default:
		j.report(source.RenderError, at, "render chart: %s", said(j.cause(f.text), f.text))
	}
}

// failedAt is the line that an error names, else the innermost template that was
// executed, else the chart.
func (j *job) failedAt(f *failure) source.Range {
	at := source.Range{File: j.chartFile()}
	for _, name := range f.calls {
		if t, ok := j.templates[name]; ok {
			at.File = t.file
		}
	}
	for _, m := range errorAt.FindAllStringSubmatch(f.text, -1) {
		t, ok := j.templates[m[1]]
		if !ok {
			continue
		}
		at = source.Range{File: t.file}
		if line, err := strconv.Atoi(m[2]); err == nil && t.exact {
			at = j.lineRange(t.file, line, "")
		}
	}
	return at
}

// notGiven says which value a template looks into that there is none of.
func (j *job) notGiven(text string) string {
	below := noValue.FindStringSubmatch(text)[1]
	paths := field.FindAllStringSubmatch(text, -1)
	switch {
	case !j.isOwn("." + below):
		return "a value is not given"
	case paths == nil || !j.isOwn(paths[len(paths)-1][1]):
		return "a value with the field " + below + " is not given"
	}
	path := paths[len(paths)-1][1]
	if above := aboveField(path, below); above != "" {
		return above + " is not given"
	}
	return "a part of " + path + " is not given"
}

// aboveField is the part of a path above a field in it.
func aboveField(path, name string) string {
	if above, _, ok := strings.Cut(path+".", "."+name+"."); ok {
		return above
	}
	return ""
}

// isWritten reports whether a text stands in a template of the chart as it is: then a
// developer wrote it, and no value is in it.
func (j *job) isWritten(text string) bool {
	if j.written == nil {
		j.written = make(map[string]bool)
		for _, t := range j.texts {
			trees, err := parseTemplate(t)
			if err != nil {
				continue
			}
			for _, tree := range trees {
				visit(tree.Root, func(n parse.Node) {
					switch n := n.(type) {
					case *parse.StringNode:
						j.written[n.Text] = true
					case *parse.TemplateNode:
						j.written[n.Name] = true
					}
				})
			}
		}
	}
	return j.written[text]
}

var (
	yamlLine = regexp.MustCompile(`(?:line | at L)(\d+)`)
	// yamlMistakes are the errors of YAML that have no text of the file in them.
	yamlMistakes = regexp.MustCompile(strings.Join([]string{
		`did not find [a-z ,'\]}-]+`, `could not find expected ':'`, `mapping values are not allowed in this context`,
		`block [a-z ]+ are not allowed in this context`, `mapping keys are not allowed in this context`,
		`found character that cannot start any token`, `found a tab character[a-z ]*`, `found unexpected [a-z ]+`,
		`found unknown escape character`, `control characters are not allowed`, `invalid [a-z]+ UTF-8 octet`,
		`a tab is not allowed here; indent with spaces`, `a key is a map or a list, not text`, `the merge key << needs a map or a list of maps`,
	}, "|"))
	wrongType = regexp.MustCompile(`cannot unmarshal (array|object|string|number|bool|!!\w+)[^\n]*? into`)
)

// yamlMistake says what is wrong with YAML, and on which line.
func yamlMistake(err error) string {
	text := err.Error()
	var own mistake
	if errors.As(err, &own) {
		return text
	}
	meaning := yamlMeaning(text)
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		meaning = "line " + m[1] + ": " + meaning
	}
	return said(meaning, text)
}

// yamlMeaning is what an error of YAML means.
func yamlMeaning(text string) string {
	switch {
	case yamlMistakes.MatchString(text):
		return yamlMistakes.FindString(text)
	case wrongType.MatchString(text):
		return "a value has the wrong type"
	case strings.Contains(text, "unknown anchor"):
		return "an alias has no anchor"
	default:
		return "it cannot be read as YAML"
	}
}

// mistake is an error of egresslint itself. It has nothing in it of what files say.
type mistake struct {
	text  string
	limit bool // whether there is more than is read
}

func (m mistake) Error() string { return m.text }

// isLimit reports whether an error is about a limit of egresslint.
func isLimit(err error) bool {
	var m mistake
	return errors.As(err, &m) && m.limit
}

var (
	required = regexp.MustCompile(`chart\.metadata(?:\.\w+)? is required|Chart\.yaml file is missing`)
	helmFile = regexp.MustCompile(`cannot load (Chart\.yaml|Chart\.lock|values\.yaml|requirements\.yaml|requirements\.lock)`)
)

// chartMistake says why Helm cannot read a chart.
func chartMistake(err error) string {
	text := err.Error()
	var own mistake
	switch m := helmFile.FindStringSubmatch(text); {
	case errors.As(err, &own):
		return text
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "the time is over"
	case m != nil:
		return m[1] + ": " + yamlMistake(err)
	case required.MatchString(text):
		return said(required.FindString(text), text)
	case strings.Contains(text, "error unpacking subchart"):
		return said("a chart in its "+chartsDir+" directory cannot be read", text)
	default:
		return said("Helm cannot read it", text)
	}
}

// kindOf is the kind of diagnostic for an error of reading something.
func kindOf(err error) source.DiagnosticKind {
	if isLimit(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return source.LimitReached
	}
	return source.RenderError
}

// limitOf is the limit that an error says was reached, or why the time is over.
func limitOf(ctx context.Context, err error) error {
	if over := guard.Overdue(ctx); over != nil {
		return over
	}
	if isLimit(err) {
		return err
	}
	return nil
}
