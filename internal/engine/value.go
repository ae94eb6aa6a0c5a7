package engine

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Value converts v to a Rego value by its json tags, as encoding/json followed
// by a parse of its output would, but in one pass: the model is the largest
// thing a run handles, and the way through JSON costs several times as much.
//
// It differs from JSON in one point: nil slices and maps become empty arrays and
// objects, so that a rule can tell them from nothing it was given. Structs, pointers,
// interfaces, slices, arrays, maps with string keys, strings, booleans and
// signed integers are accepted; everything else, cyclic data and types with their own
// MarshalJSON or MarshalText are an error.
func Value(v any) (ast.Value, error) {
	if v == nil {
		return ast.Null{}, nil
	}
	rv := reflect.ValueOf(v)
	encode, err := encoderOf(rv.Type())
	if err != nil {
		return nil, err
	}
	state := encodeState{strings: make(map[string]*ast.Term)}
	term, err := encode(&state, rv)
	if err != nil {
		return nil, err
	}
	return term.Value, nil
}

// maxDepth bounds nesting, so that cyclic data ends in an error.
const maxDepth = 200

// maxShared is the length up to which equal strings share one term. Identifiers,
// addresses and codes recur; whole sentences hardly do.
const maxShared = 64

type encodeState struct {
	strings map[string]*ast.Term
	depth   int
}

func (s *encodeState) enter() error {
	if s.depth++; s.depth > maxDepth {
		return fmt.Errorf("convert value: nested deeper than %d levels", maxDepth)
	}
	return nil
}

func (s *encodeState) leave() { s.depth-- }

func (s *encodeState) string(str string) *ast.Term {
	if len(str) > maxShared {
		return ast.StringTerm(str)
	}
	term, ok := s.strings[str]
	if !ok {
		term = ast.InternedTerm(str)
		s.strings[str] = term
	}
	return term
}

type encoder func(*encodeState, reflect.Value) (*ast.Term, error)

// encoders holds an encoder for each type met so far. A recursive type finds a
// forwarding entry while its own encoder is being built.
var encoders sync.Map // reflect.Type -> encoder

func encoderOf(t reflect.Type) (encoder, error) {
	if e, ok := encoders.Load(t); ok {
		return e.(encoder), nil
	}
	var (
		built encoder
		err   error
		ready = make(chan struct{})
	)
	forward := encoder(func(s *encodeState, v reflect.Value) (*ast.Term, error) {
		<-ready
		if err != nil {
			return nil, err
		}
		return built(s, v)
	})
	if e, loaded := encoders.LoadOrStore(t, forward); loaded {
		return e.(encoder), nil
	}
	built, err = newEncoder(t)
	close(ready)
	if err != nil {
		encoders.Delete(t)
		return nil, err
	}
	encoders.Store(t, built)
	return built, nil
}

var (
	jsonMarshaler = reflect.TypeFor[interface{ MarshalJSON() ([]byte, error) }]()
	textMarshaler = reflect.TypeFor[interface{ MarshalText() ([]byte, error) }]()
)

func newEncoder(t reflect.Type) (encoder, error) {
	if t.Implements(jsonMarshaler) || t.Implements(textMarshaler) {
		return nil, fmt.Errorf("convert value: type %s marshals itself", t)
	}
	switch t.Kind() {
	case reflect.String:
		return func(s *encodeState, v reflect.Value) (*ast.Term, error) { return s.string(v.String()), nil }, nil
	case reflect.Bool:
		return func(_ *encodeState, v reflect.Value) (*ast.Term, error) { return ast.InternedTerm(v.Bool()), nil }, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(_ *encodeState, v reflect.Value) (*ast.Term, error) { return ast.InternedTerm(v.Int()), nil }, nil
	case reflect.Pointer:
		return pointerEncoder(t)
	case reflect.Interface:
		return interfaceEncoder, nil
	case reflect.Slice, reflect.Array:
		return listEncoder(t)
	case reflect.Map:
		return mapEncoder(t)
	case reflect.Struct:
		return structEncoder(t)
	default:
		return nil, fmt.Errorf("convert value: type %s has no counterpart in Rego", t)
	}
}

func pointerEncoder(t reflect.Type) (encoder, error) {
	elem, err := encoderOf(t.Elem())
	if err != nil {
		return nil, err
	}
	return func(s *encodeState, v reflect.Value) (*ast.Term, error) {
		if v.IsNil() {
			return ast.InternedNullTerm, nil
		}
		if err := s.enter(); err != nil {
			return nil, err
		}
		defer s.leave()
		return elem(s, v.Elem())
	}, nil
}

func interfaceEncoder(s *encodeState, v reflect.Value) (*ast.Term, error) {
	if v.IsNil() {
		return ast.InternedNullTerm, nil
	}
	encode, err := encoderOf(v.Elem().Type())
	if err != nil {
		return nil, err
	}
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	return encode(s, v.Elem())
}

func listEncoder(t reflect.Type) (encoder, error) {
	elem, err := encoderOf(t.Elem())
	if err != nil {
		return nil, err
	}
	return func(s *encodeState, v reflect.Value) (*ast.Term, error) {
		n := v.Len()
		if n == 0 {
			return ast.InternedEmptyArray, nil
		}
		if err := s.enter(); err != nil {
			return nil, err
		}
		defer s.leave()
		terms := make([]*ast.Term, n)
		for i := range terms {
			term, err := elem(s, v.Index(i))
			if err != nil {
				return nil, err
			}
			terms[i] = term
		}
		return ast.NewTerm(ast.NewArray(terms...)), nil
	}, nil
}

func mapEncoder(t reflect.Type) (encoder, error) {
	if t.Key().Kind() != reflect.String || t.Key().Implements(textMarshaler) {
		return nil, fmt.Errorf("convert value: keys of %s are not strings", t)
	}
	elem, err := encoderOf(t.Elem())
	if err != nil {
		return nil, err
	}
	return func(s *encodeState, v reflect.Value) (*ast.Term, error) {
		if v.Len() == 0 {
			return ast.InternedEmptyObject, nil
		}
		if err := s.enter(); err != nil {
			return nil, err
		}
		defer s.leave()
		items := make([][2]*ast.Term, 0, v.Len())
		for it := v.MapRange(); it.Next(); {
			value, err := elem(s, it.Value())
			if err != nil {
				return nil, err
			}
			items = append(items, [2]*ast.Term{s.string(it.Key().String()), value})
		}
		return ast.ObjectTerm(items...), nil
	}, nil
}

// field is the plan for one struct field: its name as a term made once, and how
// to reach and convert its value.
type field struct {
	name      string
	key       *ast.Term
	index     []int
	omitEmpty bool
	encode    encoder
}

func structEncoder(t reflect.Type) (encoder, error) {
	fields, err := fieldsOf(t, nil)
	if err != nil {
		return nil, err
	}
	// Sorted keys spare the object its own sort when a rule iterates over it.
	slices.SortFunc(fields, func(a, b field) int { return cmp.Compare(a.name, b.name) })
	return func(s *encodeState, v reflect.Value) (*ast.Term, error) {
		items := make([][2]*ast.Term, 0, len(fields))
		for i := range fields {
			f := &fields[i]
			fv := v.FieldByIndex(f.index)
			if f.omitEmpty && isEmpty(fv) {
				continue
			}
			value, err := f.encode(s, fv)
			if err != nil {
				return nil, err
			}
			items = append(items, [2]*ast.Term{f.key, value})
		}
		return ast.ObjectTerm(items...), nil
	}, nil
}

// fieldsOf lists the fields that encoding/json would write for t: exported, not
// tagged "-", those of embedded structs without a tag in their place.
func fieldsOf(t reflect.Type, prefix []int) ([]field, error) {
	var fields []field
	for sf := range t.Fields() {
		tag := sf.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		index := append(slices.Clone(prefix), sf.Index...)
		if sf.Anonymous && name == "" && sf.Type.Kind() == reflect.Struct {
			embedded, err := fieldsOf(sf.Type, index)
			if err != nil {
				return nil, err
			}
			fields = append(fields, embedded...)
			continue
		}
		if !sf.IsExported() {
			continue
		}
		if options != "" && options != "omitempty" {
			return nil, fmt.Errorf("convert value: field %s.%s: json option %q is not supported", t, sf.Name, options)
		}
		encode, err := encoderOf(sf.Type)
		if err != nil {
			return nil, fmt.Errorf("field %s.%s: %w", t, sf.Name, err)
		}
		if name == "" {
			name = sf.Name
		}
		fields = append(fields, field{name: name, key: ast.InternedTerm(name), index: index, omitEmpty: options == "omitempty", encode: encode})
	}
	return fields, nil
}

// isEmpty reports what encoding/json's omitempty leaves out.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Array:
		return v.Len() == 0
	case reflect.Struct:
		return false
	default:
		return v.IsZero()
	}
}
