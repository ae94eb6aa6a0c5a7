package kubernetes

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// Parse reads a manifest file as kubectl does: YAML or JSON, one document or many,
// lists unwrapped. It returns the Kubernetes objects in the order of the text; a
// document without an apiVersion and a kind is not one and is passed over, and so
// are the inputs of kustomize.
//
// A document that cannot be parsed is a ParseError, one above MaxValues or
// MaxNesting a LimitReached; neither keeps the other documents from being read.
// What the API server would reject is an InvalidObject, and the object is returned
// as far as it can be read.
//
// Parse may be called from several goroutines.
func Parse(name string, data []byte) ([]*Object, []source.Diagnostic) {
	p := parse(name, data, false)
	return p.objects, p.diagnostics
}

// Found is what is in a file that may hold manifests or anything else.
type Found struct {
	Objects     []*Object
	Diagnostics []source.Diagnostic
	// Parsed is how many bytes were parsed; those of schemas that are passed over count
	// for less.
	Parsed int
	// Skipped reports whether a part of the file is not what its name says but looks
	// like no manifest, so that this is nobody's mistake.
	Skipped bool
}

// Find is Parse of a file of which only its name says that it may hold manifests: a file
// of no bytes is nothing, and a document that cannot be parsed is passed over unless a
// line of it begins as those of objects do.
func Find(name string, data []byte) Found {
	p := parse(name, data, true)
	return Found{p.objects, p.diagnostics, p.parsed, p.skipped}
}

func parse(name string, data []byte, any bool) *parser {
	p := &parser{text: newText(name, data), left: MaxValues, any: any, keys: make(map[string]string)}
	if any && len(data) == 0 {
		return p
	}
	if d := source.CheckText(name, data); d != nil {
		p.parsed = len(data)
		p.refuse(data, *d)
		return p
	}
	for start, end := range documents(data) {
		p.document(start, end)
	}
	slices.SortStableFunc(p.diagnostics, source.Diagnostic.Compare)
	return p
}

// objectLine matches a line as the objects in a manifest begin.
var objectLine = regexp.MustCompile(`(?m)^\x{FEFF}?["']?(?:apiVersion|kind)["']?[ \t]*:`)

// refuse reports why data could not be read, unless it need not be a manifest and looks
// like none.
func (p *parser) refuse(data []byte, d source.Diagnostic) {
	plain := bytes.ReplaceAll(data, []byte{0}, nil) // as the text of two bytes a letter has
	if p.any && d.Kind == source.ParseError && !objectLine.Match(plain) && !bytes.Contains(plain, []byte(`"apiVersion"`)) {
		p.skipped = true
		return
	}
	p.diagnostics = append(p.diagnostics, d)
}

// documents yields the offsets of the documents of a stream. kubectl splits at
// lines of three dashes with nothing but a comment behind them, and parses the
// parts one by one, so that one bad document does not spoil the others.
func documents(data []byte) func(yield func(start, end int) bool) {
	return func(yield func(start, end int) bool) {
		start := 0
		for i := 0; i < len(data); {
			next := len(data)
			if n := bytes.IndexByte(data[i:], '\n'); n >= 0 {
				next = i + n + 1
			}
			if isSeparator(data[i:next]) && i > start {
				if !yield(start, i) {
					return
				}
				start = i
			}
			i = next
		}
		if start < len(data) {
			yield(start, len(data))
		}
	}
}

func isSeparator(line []byte) bool {
	after, ok := bytes.CutPrefix(line, []byte("---"))
	if !ok {
		return false
	}
	after = bytes.TrimSpace(after)
	return len(after) == 0 || after[0] == '#'
}

type parser struct {
	text        *text
	left        int
	spare       []located.Value
	keys        map[string]string
	parsed      int  // bytes
	any         bool // the text may be no manifest
	skipped     bool
	objects     []*Object
	diagnostics []source.Diagnostic
}

// nestedTooDeep is how the node parser's limit comes back: as a message.
const nestedTooDeep = "nested too deep"

var errNestedTooDeep = errors.New(nestedTooDeep)

var withLimits = yaml.WithPlugin(loaderlimits.New(
	loaderlimits.DepthFunc(func(depth int, _ *loaderlimits.DepthContext) error {
		if depth > MaxNesting {
			return errNestedTooDeep
		}
		return nil
	}),
	loaderlimits.AliasNone(), // no Go values are made; the builder has a limit of its own
))

// document reads the document between two offsets. An error in it is a diagnostic.
func (p *parser) document(start, end int) {
	data := p.text.data[start:end]
	if rest, ok := bytes.CutPrefix(data, []byte(byteOrderMark)); ok {
		start, data = start+len(byteOrderMark), rest
	}
	isJSON := strings.HasSuffix(p.text.file, ".json")
	var jsonErr error
	if isJSON || looksLikeJSON(data) {
		b := p.builder(start)
		values, err := b.jsonValues(data)
		p.parsed += len(data)
		var f *failure
		if err == nil || errors.As(err, &f) && f.diagnostic.Kind != source.ParseError {
			p.finish(data, b, values, err)
			return
		}
		jsonErr = err
		if isJSON && isCommentedJSON(data) {
			if bytes.Contains(data, []byte(`"apiVersion"`)) {
				p.finish(data, b, nil, err)
			}
			return
		}
	}
	b, root, err := p.load(start, data)
	if root != nil && !mayBeManifest(root) {
		root = nil
	}
	if isJSON && root == nil { // neither JSON nor a manifest in YAML
		err = jsonErr
	}
	if err != nil || root == nil {
		p.finish(data, b, nil, err)
		return
	}
	v, err := b.node(root, 0)
	p.finish(data, b, []*located.Value{v.value}, err)
}

// load parses the document at start, without its schemas if it can be parsed so: what
// is indented less than the schema that it is in may still belong to it.
func (p *parser) load(start int, data []byte) (b *builder, root *yaml.Node, err error) {
	b = p.builder(start)
	without, blank := withoutSchemas(data)
	p.parsed += len(data) - blank + blank/schemaCost
	if root, err = b.load(without); err != nil && blank > 0 {
		b = p.builder(start)
		root, err = b.load(data)
		p.parsed += len(data)
	}
	return b, root, err
}

func (p *parser) builder(base int) *builder {
	return &builder{text: p.text, base: base, left: &p.left, spare: &p.spare, keys: p.keys}
}

// finish turns the values of a document into objects, or its error into a
// diagnostic.
func (p *parser) finish(data []byte, b *builder, values []*located.Value, err error) {
	if b.unread != nil {
		p.diagnostics = append(p.diagnostics, *b.unread)
	}
	if err != nil {
		var f *failure
		if !errors.As(err, &f) {
			f = &failure{source.Diagnostic{
				Kind: source.ParseError, Range: b.text.point(b.base), Message: "parse manifest: " + err.Error(),
			}}
		}
		p.refuse(data, f.diagnostic)
		return
	}
	found := len(p.objects)
	for _, v := range values {
		p.add(v)
	}
	if len(p.objects) > found {
		p.diagnostics = append(p.diagnostics, b.warnings...)
	}
}

// load parses the first YAML document in data. It returns nil if there is none or
// it cannot be a manifest.
func (b *builder) load(data []byte) (*yaml.Node, error) {
	if n := marks(data); n > maxMarks && guard.On(guard.ManifestBudgets) {
		return nil, b.fail(source.LimitReached, b.text.point(b.base), "read manifest: a document has more than %d lines and commas", maxMarks)
	}
	var input io.Reader = bytes.NewReader(data)
	if !bytes.HasSuffix(data, []byte{'\n'}) { // kubectl ends the last line, which shows in block scalars
		input = io.MultiReader(input, strings.NewReader("\n"))
	}
	loader, err := yaml.NewLoader(input, withLimits)
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := loader.Load(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, b.yamlError(data, err)
	}
	b.checkRest(data, loader)
	if len(document.Content) != 1 {
		return nil, nil
	}
	return document.Content[0], nil
}

// maxMarks bounds the line breaks, commas and opening brackets of a document: the node
// parser makes as many nodes, before any value is counted.
const maxMarks = 2 * MaxValues

func marks(data []byte) int {
	n := 0
	for _, mark := range []byte("\n,[{") {
		n += bytes.Count(data, []byte{mark})
	}
	return n
}

// checkRest looks for a manifest after the first document of a part of the
// stream: behind "...", or behind "---" with something on the same line. kubectl
// does not read it.
func (b *builder) checkRest(data []byte, loader *yaml.Loader) {
	var rest yaml.Node
	var at source.Range
	switch err := loader.Load(&rest); {
	case errors.Is(err, io.EOF):
		return
	case err != nil:
		var f *failure
		if !errors.As(b.yamlError(data, err), &f) {
			return
		}
		at = f.diagnostic.Range
	case len(rest.Content) == 1 && mayBeManifest(rest.Content[0]):
		at = b.text.point(b.offset(rest.Content[0]))
	default:
		return
	}
	b.unread = &source.Diagnostic{
		Kind: source.InvalidObject, Range: at,
		Message: `read manifest: kubectl does not read this part of the file; start it with a line that is only "---"`,
	}
}

// mayBeManifest tells manifests from other YAML without building the values.
func mayBeManifest(root *yaml.Node) bool {
	if root.Kind != yaml.MappingNode {
		return false
	}
	var apiVersion, kind bool
	for i := 0; i+1 < len(root.Content); i += 2 {
		switch root.Content[i].Value {
		case "apiVersion":
			apiVersion = true
		case "kind":
			kind = true
		case "<<":
			return true // either may come from there
		}
	}
	return apiVersion && kind
}

// yamlError turns an error of the node parser into a failure with a place.
func (b *builder) yamlError(data []byte, err error) error {
	offset, message := b.base, err.Error()
	var load *yaml.LoadError
	if errors.As(err, &load) {
		message = load.Message
		switch {
		case load.Mark.Line > 0:
			offset = b.text.offset(b.base, load.Mark.Line, max(1, load.Mark.Column))
		case load.ContextMark.Line > 0:
			offset = b.text.offset(b.base, load.ContextMark.Line, max(1, load.ContextMark.Column))
		}
	}
	if message == nestedTooDeep {
		return b.fail(source.LimitReached, b.text.point(offset), "read manifest: values are nested more than %d levels deep", MaxNesting)
	}
	if i := bytes.IndexFunc(data, isControl); i >= 0 && strings.HasPrefix(message, "control characters") {
		offset, message = b.base+i, "control characters are not allowed"
	}
	if strings.HasPrefix(message, "unknown anchor") && guard.On(guard.ErrorText) { // a password may begin with an asterisk
		message = "an alias (*) refers to no anchor before it; put text that begins with an asterisk in quotes"
	}
	if b.text.byteAt(offset) == '\t' {
		message = "a tab is not allowed here; indent with spaces"
	} else {
		message += b.text.templateHint(offset)
	}
	return b.fail(source.ParseError, b.text.point(offset), "parse YAML: %s", message)
}

func isControl(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f || 0x80 <= r && r < 0xa0 && r != 0x85
}

// ParseValue reads one YAML or JSON document that need not be an object, such as
// the values of a Helm release; false if it is none or cannot be read. What is secret
// in it, going by its keys, is marked as sensitive.
func ParseValue(name string, data []byte) (*located.Value, bool) {
	if source.CheckText(name, data) != nil {
		return nil, false
	}
	p := &parser{text: newText(name, data), left: MaxValues, keys: make(map[string]string)}
	b := p.builder(0)
	root, err := b.load(data)
	if err != nil || root == nil {
		return nil, false
	}
	v, err := b.node(root, 0)
	if err != nil {
		return nil, false
	}
	return marked(v.value), true
}
