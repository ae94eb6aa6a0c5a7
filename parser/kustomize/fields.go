package kustomize

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/nearest"
)

// undecoded tells why decoding the kustomization of l failed with err, and at which
// node, if that is known.
func (l *layer) undecoded(err error) (at *kyaml.Node, told string) {
	if l.root != nil && guard.On(guard.ErrorText) && strings.Contains(err.Error(), "json: unknown field") {
		if f := findStray(l.root, reflect.TypeFor[types.Kustomization](), ""); f != nil && fieldName.MatchString(f.key.Value) {
			return f.key, f.String()
		}
	}
	return errorPlace(err, l), message(err)
}

// fieldName is what a field is spelled like. What is spelled otherwise may be anything.
var fieldName = regexp.MustCompile(`^\w{1,100}$`)

// stray is a field that kustomize does not know.
type stray struct {
	key   *kyaml.Node
	path  string   // of the field that it stands in, "" for none
	known []string // the fields that may stand there
}

func (f *stray) String() string {
	told := "there is no field"
	if f.path != "" {
		told = "field " + f.path + " has no field"
	}
	told = fmt.Sprintf("%s %q", told, f.key.Value)
	if near := nearest.To(f.key.Value, f.known); near != "" {
		told += fmt.Sprintf(", did you mean %q?", near)
	}
	return told
}

// findStray finds the first field in n, at path, that what is decoded to t cannot hold.
// It does not follow aliases: what they lead to has another place.
func findStray(n *kyaml.Node, t reflect.Type, path string) *stray {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case n.Kind == kyaml.SequenceNode && t.Kind() == reflect.Slice:
		for _, e := range n.Content {
			if f := findStray(e, t.Elem(), path); f != nil {
				return f
			}
		}
	case n.Kind == kyaml.MappingNode && t.Kind() == reflect.Struct:
		fields := jsonFields(t)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			at := slices.IndexFunc(fields, func(f jsonField) bool { return strings.EqualFold(f.name, key.Value) })
			switch {
			case key.Kind != kyaml.ScalarNode || key.Tag == kyaml.MergeTag:
			case at < 0:
				f := &stray{key: key, path: path}
				for _, known := range fields {
					f.known = append(f.known, known.name)
				}
				return f
			default:
				if f := findStray(n.Content[i+1], fields[at].holds, strings.TrimPrefix(path+"."+fields[at].name, ".")); f != nil {
					return f
				}
			}
		}
	}
	return nil
}

// jsonField is a field of a struct as it is written.
type jsonField struct {
	name  string
	holds reflect.Type
}

func jsonFields(t reflect.Type) []jsonField {
	var fields []jsonField
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() || f.Anonymous && name == "" { // the fields of the last are here too
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields = append(fields, jsonField{name, f.Type})
	}
	return fields
}

// wrongKind tells of a field that holds another kind of value than is expected: "" if
// err is about something else.
func wrongKind(err error) string {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return ""
	}
	kind, _, _ := strings.Cut(wrong.Value, " ") // a number itself stands behind
	holds, ok := jsonKinds[kind]
	if !ok {
		holds = "another kind of value"
	}
	var path []string
	for name := range strings.SplitSeq(wrong.Field, ".") {
		if fieldName.MatchString(name) && unicode.IsLower(rune(name[0])) { // the others are parts of kustomize
			path = append(path, name)
		}
	}
	what := "it"
	if len(path) > 0 {
		what = "field " + strings.Join(path, ".")
	}
	return fmt.Sprintf("%s holds %s where %s is expected", what, holds, expected(wrong.Type))
}

// jsonKinds are the kinds of values as errors of JSON name them.
var jsonKinds = map[string]string{
	"object": "a map", "array": "a list", "string": "a string", "number": "a number", "bool": "true or false",
}

// expected is the kind of value that is decoded to t.
func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return expected(t.Elem())
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a map"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	default:
		return "a whole number"
	}
}
