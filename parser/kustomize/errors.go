package kustomize

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// explain turns an error of kustomize into a diagnostic. Marks shift the lines that
// errors name, so the overlay is built again without them.
func (b *build) explain(err error) []source.Diagnostic {
	if b.marked {
		if _, again := b.krusty(false, true); again != nil {
			err = again
		}
	}
	if slices.ContainsFunc(b.layers, func(l *layer) bool { return l.incomplete }) {
		return b.failed(source.Unread, "build overlay: without what is not read it cannot be built: %s", message(err))
	}
	name := b.fileIn(err.Error())
	if name == "" {
		return b.failed(source.RenderError, "build overlay: %s", message(err))
	}
	var found []source.Diagnostic
	_, diagnostics := kubernetes.Parse(name, b.contents[name]) // tells the place better
	for _, d := range diagnostics {
		if d.Kind == source.ParseError {
			d.Kind, d.Message = source.RenderError, "build overlay: "+d.Message
			found = append(found, d)
		}
	}
	if len(found) == 0 {
		found = []source.Diagnostic{{Kind: source.RenderError, Range: source.Range{File: name}, Message: "build overlay: " + message(err)}}
	}
	return found
}

// fileIn returns the file that an error of kustomize is about, if it names one. It
// names it as the kustomization does.
func (b *build) fileIn(text string) string {
	for _, m := range errorFile.FindAllStringSubmatch(text, -1) {
		for _, l := range b.layers {
			if name := path.Join(l.dir, m[1]); b.byFile[name] != nil && b.contents[name] != nil {
				return name
			}
		}
	}
	return ""
}

var (
	errorFile = regexp.MustCompile(`(?:resources from '|in File: )([^'\s]+)`)
	errorLine = regexp.MustCompile(`yaml: line (\d+)`)
)

// errorPlace returns a node on the line of l that err names, nil if there is none.
func errorPlace(err error, l *layer) *kyaml.Node {
	m := errorLine.FindStringSubmatch(err.Error())
	if m == nil {
		return nil
	}
	line, convErr := strconv.Atoi(m[1])
	if convErr != nil || line < 1 || line > len(l.lines) {
		return nil
	}
	indent := len(l.lines[line-1]) - len(strings.TrimLeft(l.lines[line-1], " "))
	return &kyaml.Node{Line: line, Column: indent + 1}
}

// What messages may hold of an error besides fixed words: the id of an object, a path,
// a name of a field or a path of such names, a pointer into JSON.
const (
	idText    = `[\w.~\[\]/-]{1,300}`
	pathText  = `[\pL\pN._/+~@=-]{1,200}`
	fieldText = `[\w.*/~-]{1,100}`
)

type mistake struct {
	error    *regexp.Regexp
	sentence string
}

// mistakes are the kinds of errors of kustomize that are told apart, the more telling
// ones first. What is told is the text that matches, or the sentence with its groups.
// kustomize quotes patches, literals and whole objects in errors, so nothing else of an
// error is told. They are compiled when the first error is, because that takes longer
// than all else that this program does before it reads a file.
var mistakes = sync.OnceValue(func() []mistake {
	return []mistake{
		{matching(`error parsing regexp`), "a selector is no regular expression"},
		{error: matching(`cycle detected: candidate root '` + pathText + `' contains visited root '` + pathText + `'`)},
		{error: matching(`may not add resource with an already registered id: ` + idText)},
		{error: matching(`no resource matches strategic merge patch "` + idText + `"(: no matches for Id ` + idText +
			`; failed to find unique target for patch ` + idText + `)?`)},
		{error: matching(`no matches for Id ` + idText)},
		{error: matching(`multiple matches for Id ` + idText)},
		{error: matching(`id ` + idText + ` exists; behavior must be merge or replace`)},
		{error: matching(`id ` + idText + ` does not exist; cannot merge or replace`)},
		{matching(`Kind:"(\w{1,100})", [\w:, ]*\}, Name:"([\w.-]{1,300})", [^}]{0,300}\} does not exist; cannot merge or replace`), "a generator merges into $1 $2, which is not there"},
		{matching(`does not exist; cannot merge or replace`), "a generator merges into an object that is not there"},
		{error: matching(`namespace transformation produces ID conflict`)},

		{error: matching(`nothing selected by ` + idText)},
		{error: matching(`multiple matches for selector ` + idText)},
		{matching("fieldPath `(" + fieldText + ")` is missing for replacement source (" + idText + ")"), "field $1 is missing in the source of a replacement, $2"},
		{matching("is missing for replacement source (" + idText + ")"), "a field is missing in the source of a replacement, $1"},
		{error: matching(`unable to find (or create )?field "` + fieldText + `" in replacement target`)},
		{matching(`unable to find (or create )?field ".*" in replacement target`), "unable to find a field in the target of a replacement"},
		{error: matching(`delimiter option can only be used with scalar nodes`)},
		{error: matching(`options\.index -?\d+ is out of bounds`)},
		{error: matching(`replacements must specify a source and at least one target`)},
		{error: matching(`(target must specify resources to select|cannot specify both path and inline replacement|value and resource selectors are mutually exclusive)`)},
		{error: matching(`unsupported replacement type`)},

		{matching(`(add|remove|replace|move|copy|test) operation does not apply: doc is missing (?:path|key): "?(/` + fieldText + `)\b`), "the $1 operation of a JSON patch does not apply: the object has no $2"},
		{matching(`(add|remove|replace|move|copy|test) operation`), "the $1 operation of a JSON patch does not apply"},
		{matching(`testing (?:path|value) (/` + fieldText + `)\b`), "the test operation of a JSON patch fails for $1"},
		{matching(`testing (?:path|value)|test failed`), "the test operation of a JSON patch fails"},
		{matching(`illegally qualifies as both an SM and JSON patch`), "a patch is both a strategic merge patch and a JSON patch"},
		{matching(`unable to parse SM or JSON patch|decoding \[`), "a patch is neither a strategic merge patch nor a JSON patch"},
		{matching(`must specify one of patch and path`), "a patch has neither a patch nor a path"},
		{matching(`patch and path can't be set at the same time|must specify a file path or jsonOp, not both`), "a patch has both a patch and a path"},
		{matching(`must specify a target for|must specify the target name`), "a JSON patch has no target"},
		{matching(`Multiple Strategic-Merge Patches in one`), "a patch with a target has several documents"},
		{matching(`patch appears to be empty|empty seems to be empty|empty file path and empty`), "a patch is empty"},
		{matching(`unable to find patch target`), "unable to find the target of a patch"},

		{matching(`missing metadata\.name in object`), "an object has no metadata.name"},
		{matching(`missing kind in object`), "an object has no kind"},
		{matching(`missing Resource metadata`), "a document is no object"},
		{matching(`empty item at `), "a list in an object has an empty item"},
		{matching(`trouble expanding list|expected array in `), "the items of a list are no list of objects"},
		{matching(`wrong [Nn]ode [Kk]ind for (?:` + fieldText + `)?\s*expected: (\w+) was (\w+)`), "a field is a $2 where a $1 is expected"},
		{matching(`wrong [Nn]ode [Kk]ind`), "a field is of another kind than is expected"},

		{matching(`invalid literal source`), "a literal of a generator is not of the form key=value"},
		{matching(`key name or file path contains '='`), "a file of a generator has more than one ="},
		{matching(`missing (?:file path for key name|key name for file path)`), "a file of a generator is not of the form key=path"},
		{matching(`another key by that name already exists|cannot add key|illegally repeat`), "two sources of a generator have the same key"},
		{matching(`has invalid utf8 bytes`), "a file of variables is no UTF-8 text"},
		{error: matching(`a (configmap|secret) must have a name`)},
		{matching(`conflicting fieldspecs`), "two configurations of a field contradict each other"},
		{matching(`found multiple possible referrals`), "a name may mean several objects"},
		{matching(`var '?([\w-]{1,100})'? already encountered`), "variable $1 is declared twice"},
		{matching(`cannot be mapped to a field`), "a variable is taken from a field that is not there"},
		{matching(`not found in corresponding resource`), "a variable is taken from a field that is not there"},

		{matching(`json: unknown field "(\w{1,100})"`), `there is no field "$1"`},
		{matching(`json: unknown field`), "it has a field that is not known"},
		{matching(`json: cannot unmarshal`), "a field holds another kind of value than is expected"},
		{error: matching(`kind should be Kustomization or Component`)},
		{error: matching(`apiVersion for \w{1,50} should be [\w./]{1,100}`)},
		{error: matching(`expected kind (!= )?'\w{1,50}' for path '` + pathText + `'( but got '\w{1,50}')?`)},
		{error: matching(`the specified OpenAPI version is not built in|builtin version and custom schema provided, cannot use both`)},
		{error: matching(`the field 'sortOptions\.\w+' `)},
		{error: matching(`(invalid Kustomization: )?yaml: (line \d+: )?(did not find expected [a-z '<>,:"\[\]{}-]+|could not find expected [a-z '<>:"\[\]{}-]+|mapping values are not allowed in this context|` +
			`block sequence entries are not allowed in this context|block mapping entries are not allowed in this context|` +
			`found [a-z -]+( in an indentation| that cannot start any token|indicator)?|control characters are not allowed|invalid (leading|trailing) UTF-8 octet|document contains excessive aliasing)`)},
		{matching(`(?:yaml|MalformedYAMLError): (line \d+: )?invalid map key: map\[`), "malformed YAML: ${1}a key is a map; put {{ }} in quotes"},
		{matching(`yaml: (line \d+: )?unknown anchor`), "malformed YAML: ${1}an alias has no anchor"},
		{matching(`(?:yaml|MalformedYAMLError): (line \d+: )?`), "malformed YAML"},
		{matching(`unable to parse requirement|found '.*', expected`), "a selector of labels or annotations is malformed"},
		{matching(`'(` + pathText + `)' doesn't exist`), "'$1' does not exist"},
		{matching(`is a directory`), "a file is a directory"},
		{error: matching(`kustomize stops at a mistake in the files`)},
	}
})

func matching(expression string) *regexp.Regexp { return regexp.MustCompile(expression) }

// message tells what an error of kustomize is about, without anything that the files
// hold but names of objects, fields and files.
func message(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	text = strings.NewReplacer(".[noGrp]", "", ".[noVer]", "", ".[noNs]", "").Replace(text)
	if !guard.On(guard.ErrorText) {
		return text
	}
	if told := wrongKind(err); told != "" {
		return told
	}
	for _, m := range mistakes() {
		at := m.error.FindStringSubmatchIndex(text)
		switch {
		case at == nil:
		case m.sentence == "":
			return strings.TrimSpace(text[at[0]:at[1]])
		default:
			return string(m.error.ExpandString(nil, m.sentence, text, at))
		}
	}
	return "kustomize refuses it"
}
