package gitops

import (
	"regexp"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// Substitution is what a Kustomization of Flux puts in the place of ${NAME}.
// https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution
type Substitution struct {
	variables map[string]*located.Value
	// incomplete says that there may be more variables than these.
	incomplete bool
}

// substitution reads the variables of a Kustomization; nil if it has none.
func (f *finder) substitution(d *declared, spec *located.Value) *Substitution {
	if spec.Kind != located.Map {
		return nil
	}
	s := &Substitution{variables: make(map[string]*located.Value)}
	for _, from := range spec.Get("substituteFrom").Items() {
		kind, name := text(from.Get("kind")), text(from.Get("name"))
		var o *kubernetes.Object
		if kind == "ConfigMap" {
			o = f.lookup(kind, d.object.Namespace, name)
		}
		if o == nil {
			s.incomplete = true
			f.unread(d, from.Get("name"), "variables in %s %s are not read; what they fill in stays unknown", kind, name)
			continue
		}
		s.add(o.Root.Get("data"))
	}
	s.add(spec.Get("substitute"))
	if len(s.variables) == 0 && !s.incomplete {
		return nil
	}
	return s
}

func (s *Substitution) add(data *located.Value) {
	for _, field := range data.Map {
		if _, ok := field.Value.Text(); ok {
			s.variables[field.Key] = field.Value
		}
	}
}

// disabled is the label or annotation that keeps an object as it is.
const disabled = "kustomize.toolkit.fluxcd.io/substitute"

// Apply returns o with its variables filled in. One without a value or a default
// stays as it is: perhaps a later version of the files gives it one. The error is
// that a text gets too long, or that there is not enough left in the budget.
func (s *Substitution) Apply(o *kubernetes.Object, budget *Budget) (*kubernetes.Object, error) {
	for _, field := range []string{"labels", "annotations"} {
		if text(o.Root.Get("metadata", field, disabled)) == "disabled" {
			return o, nil
		}
	}
	filler := &filler{Substitution: s, budget: budget}
	root := *filler.value(o.Root)
	if filler.err != nil {
		return nil, filler.err
	}
	filled, ok := kubernetes.FromValue(&root, o.File)
	if !ok {
		return o, nil
	}
	filled.From, filled.Dir = o.From, o.Dir
	filled.Deployer, filled.DeployedBy, filled.Destination = o.Deployer, o.DeployedBy, o.Destination
	return filled, nil
}

// filler fills in one object.
type filler struct {
	*Substitution
	budget *Budget
	err    error // the first
}

func (s *filler) value(v *located.Value) *located.Value {
	if s.err == nil {
		s.err = s.budget.spend(valueSize)
	}
	if s.err != nil {
		return v
	}
	switch v.Kind {
	case located.List:
		out := *v
		out.List = make([]*located.Value, len(v.List))
		for i, e := range v.List {
			out.List[i] = s.value(e)
		}
		return &out
	case located.Map:
		out := *v
		out.Map = make([]located.Field, len(v.Map))
		for i, field := range v.Map {
			key, _ := s.fill(field.Key)
			out.Map[i] = located.Field{Key: key, KeyRange: field.KeyRange, Value: s.value(field.Value)}
		}
		return &out
	case located.String:
		return s.text(v)
	default:
		return v
	}
}

// variable is a variable of Flux: ${NAME}, perhaps with a default. A second dollar
// before it makes it text.
var variable = regexp.MustCompile(`\$?\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-=])([^}$]*))?\}`)

// fill fills in the variables of a text. It returns those that were used.
func (s *filler) fill(in string) (out string, used []*located.Value) {
	if !strings.Contains(in, "${") {
		return in, nil
	}
	var b strings.Builder
	last := 0
	for _, m := range variable.FindAllStringSubmatchIndex(in, -1) {
		b.WriteString(in[last:m[0]])
		last = m[1]
		value, v := s.replacement(variable.FindStringSubmatch(in[m[0]:m[1]]))
		if v != nil {
			used = append(used, v)
		}
		b.WriteString(value)
		if b.Len() > maxText && s.err == nil {
			s.err = errText
		}
		if s.err != nil {
			return in, nil
		}
	}
	b.WriteString(in[last:])
	s.err = s.budget.spend(b.Len())
	return b.String(), used
}

// replacement is what stands in the place of a match of variable, and the value of
// the variable if it is used.
func (s *Substitution) replacement(match []string) (string, *located.Value) {
	if strings.HasPrefix(match[0], "$$") {
		return match[0][1:], nil
	}
	v := s.variables[match[1]]
	value := text(v)
	switch {
	case v != nil && (value != "" || !strings.HasPrefix(match[2], ":")):
		return value, v
	case match[2] != "" && (v != nil || !s.incomplete):
		return match[3], nil
	default:
		return match[0], nil
	}
}

// text fills in a string. Flux does that in the text of an object, so that a string
// which needs no quotes may become a number or a truth value.
func (s *filler) text(v *located.Value) *located.Value {
	filled, used := s.fill(v.Str)
	if filled == v.Str {
		return v
	}
	out := *v
	out.Str = filled
	if !strings.ContainsAny(v.Str, " \t\n#'\"") && !strings.HasPrefix(v.Str, "$$") {
		if parsed, ok := kubernetes.ParseValue("value.yaml", []byte(filled)); ok && parsed.Kind != located.Map && parsed.Kind != located.List {
			out.Kind, out.Bool, out.Str = parsed.Kind, parsed.Bool, parsed.Str
		}
	}
	out.Via = slices.Clone(v.Via)
	for _, u := range used {
		out.Via = append(out.Via, located.Step{Range: u.Range, Says: "the variable is set here"})
	}
	if m := variable.FindString(v.Str); m == v.Str && len(used) == 1 { // nothing but the variable
		out.Range, out.Via[len(out.Via)-1] = used[0].Range, located.Step{Range: v.Range, Says: "the manifest uses the variable here"}
		out.Via = append(out.Via, used[0].Via...)
	}
	return &out
}
