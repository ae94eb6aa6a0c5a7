package engine_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/model"
)

var update = flag.Bool("update", false, "rewrite generated files")

const (
	root        = "../.."
	policiesDir = root + "/policies"
)

// TestSchemaIsCurrent generates policies/schemas/model.json from the Go types of
// the model, so that the rules are type-checked against what they really get, and the
// schema that is published. That one is open: a later model of the same version may
// have more fields.
func TestSchemaIsCurrent(t *testing.T) {
	golden(t, filepath.Join(root, strictSchema), modelSchema(t, strictSchema))
	golden(t, filepath.Join(root, openSchema), modelSchema(t, openSchema))
}

// golden compares got with the file name, or rewrites it under -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v (go test ./internal/engine -update writes it)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what its source generates: run go test ./internal/engine -update and review the difference", name)
	}
}

// schema is one JSON Schema (draft-07) node. Maps would do, but fields keep an
// order that reads well.
type schema struct {
	Schema      string   `json:"$schema,omitempty"`
	ID          string   `json:"$id,omitempty"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Ref         string   `json:"$ref,omitempty"`
	Type        string   `json:"type,omitempty"`
	Items       *schema  `json:"items,omitempty"`
	Required    []string `json:"required,omitempty"`
	Properties  ordered  `json:"properties,omitempty"`
	Additional  *bool    `json:"additionalProperties,omitempty"`
	Definitions ordered  `json:"definitions,omitempty"`
}

// ordered is a JSON object that keeps the order of its members.
type ordered []member

type member struct {
	name  string
	value *schema
}

func (o ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", m.name, value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// The names of the two schemas in the repository.
const (
	strictSchema = "policies/schemas/model.json"
	openSchema   = "docs/model.schema.json"
)

func modelSchema(t *testing.T, name string) []byte {
	t.Helper()
	g := generator{t: t, open: name == openSchema, seen: make(map[reflect.Type]bool)}
	root := g.object(reflect.TypeFor[model.Model]())
	root.Schema = "http://json-schema.org/draft-07/schema#"
	root.ID = "https://raw.githubusercontent.com/egresslint/egresslint/main/" + name
	root.Title = "egresslint model " + model.APIVersion
	root.Description = "What egresslint knows about the scanned files: the input of its rules, and what egresslint model prints."
	root.Definitions = g.definitions
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

type generator struct {
	t           *testing.T
	open        bool
	seen        map[reflect.Type]bool
	definitions ordered
}

func (g *generator) object(typ reflect.Type) *schema {
	s := &schema{Type: "object"}
	if !g.open {
		s.Additional = new(bool)
	}
	for field := range typ.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		doc := field.Tag.Get("doc")
		if name == "" || doc == "" {
			g.t.Errorf("field %s.%s needs a json and a doc tag", typ.Name(), field.Name)
			continue
		}
		property := g.node(field.Type)
		property.Description = doc
		if property.Ref != "" {
			// Draft-07 ignores what stands beside $ref, so the description would
			// be lost to some readers; it stays for those that show it.
			property = &schema{Description: doc, Ref: property.Ref}
		}
		s.Properties = append(s.Properties, member{name, property})
		if options != "omitempty" {
			s.Required = append(s.Required, name)
		}
	}
	return s
}

func (g *generator) node(typ reflect.Type) *schema {
	switch typ.Kind() {
	case reflect.String:
		return &schema{Type: "string"}
	case reflect.Bool:
		return &schema{Type: "boolean"}
	case reflect.Int:
		return &schema{Type: "integer"}
	case reflect.Slice:
		return &schema{Type: "array", Items: g.node(typ.Elem())}
	case reflect.Pointer:
		return g.node(typ.Elem())
	case reflect.Struct:
		if typ.Name() == "" {
			return g.object(typ)
		}
		if !g.seen[typ] {
			g.seen[typ] = true
			i := len(g.definitions)
			g.definitions = append(g.definitions, member{name: typ.Name()})
			g.definitions[i].value = g.object(typ)
		}
		return &schema{Ref: "#/definitions/" + typ.Name()}
	default:
		g.t.Fatalf("type %s has no schema", typ)
		return nil
	}
}
