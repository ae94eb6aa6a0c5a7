package gitops

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/api/pkg/util"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/kustomize"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// repositoryName is what a message calls the repository at an address.
func repositoryName(address string) string {
	if address == "" {
		return "a repository that it does not name"
	}
	return source.WithoutUser(address)
}

// hasPlaceholder reports whether something that no file fills in stands in a text.
func hasPlaceholder(s string) bool { return strings.Contains(s, "${") || strings.Contains(s, "{{") }

// inline reads YAML that stands as a text in an object. Its values get their own
// places if the text stands in the file line by line, else that of the text.
func (f *finder) inline(v *located.Value) *located.Value {
	if v.Kind != located.String || v.Str == "" {
		return &located.Value{}
	}
	root, ok := kubernetes.ParseValue(v.Range.File, []byte(v.Str))
	if !ok {
		return &located.Value{}
	}
	p := &placer{text: v, lines: strings.Split(v.Str, "\n")}
	if v.Range.End.Line > v.Range.Start.Line {
		p.written = f.Source.Lines(v.Range.File, v.Range.Start.Line+1, v.Range.Start.Line+len(p.lines))
	}
	return p.value(root)
}

// placer turns the places in a text into those in the file that it stands in.
type placer struct {
	text    *located.Value
	lines   []string
	written []string // the lines below the one that the text begins on
}

func (p *placer) value(v *located.Value) *located.Value {
	out := *v
	out.Range = p.place(v.Range)
	out.Via = p.text.Via
	if v.List != nil {
		out.List = make([]*located.Value, len(v.List))
		for i, e := range v.List {
			out.List[i] = p.value(e)
		}
	}
	if v.Map != nil {
		out.Map = make([]located.Field, len(v.Map))
		for i, field := range v.Map {
			out.Map[i] = located.Field{Key: field.Key, KeyRange: p.place(field.KeyRange), Value: p.value(field.Value)}
		}
	}
	return &out
}

func (p *placer) place(r source.Range) source.Range {
	first, ok := p.indent(r.Start.Line)
	last, fits := p.indent(r.End.Line)
	if !ok || !fits {
		return p.text.Range
	}
	at := p.text.Range.Start.Line
	r.Start.Line, r.Start.Column = r.Start.Line+at, r.Start.Column+first
	r.End.Line, r.End.Column = r.End.Line+at, r.End.Column+last
	return r
}

// indent returns how much deeper a line of the text is indented in the file; false
// if the file has something else there.
func (p *placer) indent(line int) (int, bool) {
	if line < 1 || line > len(p.lines) || line > len(p.written) {
		return 0, false
	}
	indent, ok := strings.CutSuffix(p.written[line-1], p.lines[line-1])
	if !ok || strings.TrimLeft(indent, " ") != "" {
		return 0, false
	}
	return utf8.RuneCountInString(indent), true
}

var decimal = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,17})$`)

// parameter is what helm install --set makes of a name and a value, as far as the
// name is one of keys of maps only. What is no number or truth value is a string.
func parameter(name string, value *located.Value, forceString bool) (*located.Value, bool) {
	if name == "" || strings.ContainsAny(name, "[]{},=") {
		return nil, false
	}
	v := *value
	v.Kind, v.Str = located.String, text(value)
	if strings.HasPrefix(v.Str, "{") { // a list
		return nil, false
	}
	switch {
	case forceString:
	case v.Str == "true", v.Str == "false":
		v.Kind, v.Bool = located.Bool, v.Str == "true"
	case v.Str == "null":
		v.Kind = located.Null
	case decimal.MatchString(v.Str):
		if _, err := strconv.ParseInt(v.Str, 10, 64); err == nil {
			v.Kind = located.Number
		}
	}
	return nested(name, &v), true
}

// nested puts v in maps, one for each key of a name with dots; a dot with a backslash
// before it is part of a key.
func nested(name string, v *located.Value) *located.Value {
	const dot = "\x00"
	keys := strings.Split(strings.ReplaceAll(name, `\.`, dot), ".")
	for i := len(keys) - 1; i >= 0; i-- {
		key := strings.ReplaceAll(keys[i], dot, ".")
		v = &located.Value{Kind: located.Map, Map: []located.Field{{Key: key, KeyRange: v.Range, Value: v}}, Range: v.Range}
	}
	return v
}

// pairs reads a map of labels or annotations; nil if there are none. A value is not
// known if something else is filled in: a placeholder, or, with variables, whatever
// follows a dollar.
func (f *finder) pairs(d *declared, what string, v *located.Value, variables bool) *located.Value {
	if len(v.Map) == 0 {
		return nil
	}
	out := *v
	out.Map = nil
	for _, field := range v.Map {
		value, ok := field.Value.Text()
		if !ok || hasPlaceholder(value) || variables && strings.Contains(value, "$") {
			f.unread(d, field.Value, "%s %s is not applied: its value is not known", what, field.Key)
			continue
		}
		out.Map = append(out.Map, field)
	}
	if out.Map == nil {
		return nil
	}
	return &out
}

// unapplied reports the fields of v that are not among the known ones.
func (f *finder) unapplied(d *declared, v *located.Value, prefix string, known []string) {
	for _, field := range v.Map {
		if !slices.Contains(known, field.Key) {
			at := located.Value{Range: field.KeyRange}
			f.unread(d, &at, "%s%s is not applied", prefix, field.Key)
		}
	}
}

// parseImage reads an image as kustomize edit set image takes it: a name, perhaps with
// the one that it replaces before it, and a tag or a digest. It returns false for one
// that takes over a part of what it replaces, or that something else is filled in.
func parseImage(s string) (types.Image, bool) {
	if s == "" || strings.ContainsAny(s, "*$") || hasPlaceholder(s) {
		return types.Image{}, false
	}
	old, written, replaces := strings.Cut(s, "=")
	if !replaces {
		written = s
	}
	name, tag, digest := util.SplitImageName(written)
	image := types.Image{Name: name, NewTag: tag, Digest: digest}
	if replaces {
		image.Name, image.NewName = old, name
	}
	return image, image.Name != ""
}

// patches reads patches as kustomizations have them.
func patches(list *located.Value) []kustomize.Patch {
	var out []kustomize.Patch
	for _, p := range list.Items() {
		if p.Get("patch").Kind != located.String {
			continue
		}
		patch := kustomize.Patch{Text: p.Get("patch")}
		if t := p.Get("target"); t.Kind == located.Map {
			patch.Target = &types.Selector{
				ResId: resid.ResId{
					Gvk:  resid.Gvk{Group: text(t.Get("group")), Version: text(t.Get("version")), Kind: text(t.Get("kind"))},
					Name: text(t.Get("name")), Namespace: text(t.Get("namespace")),
				},
				LabelSelector: text(t.Get("labelSelector")), AnnotationSelector: text(t.Get("annotationSelector")),
			}
		}
		out = append(out, patch)
	}
	return out
}
