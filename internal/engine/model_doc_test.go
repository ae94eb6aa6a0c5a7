package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/model"
)

const modelPage = docsDir + "/../model.md"

// generatedBelow is the line of the page from which on it is generated.
const generatedBelow = "<!-- From here on generated from internal/model. Edit it there and run make golden. -->\n"

// TestModelPageIsCurrent generates the tables of all fields in docs/model.md from the
// types of the model.
func TestModelPageIsCurrent(t *testing.T) {
	page, err := os.ReadFile(modelPage)
	if err != nil {
		t.Fatal(err)
	}
	above, _, ok := strings.Cut(string(page), generatedBelow)
	if !ok {
		t.Fatalf("%s has no line %s", modelPage, generatedBelow)
	}
	f := fieldTables{stands: make(map[reflect.Type][]string)}
	f.read(reflect.TypeFor[model.Model](), "")
	golden(t, filepath.Clean(modelPage), []byte(above+generatedBelow+f.text()))
}

// fieldTables are the types of the model in the order in which the page has them.
type fieldTables struct {
	types  []reflect.Type
	stands map[reflect.Type][]string // the paths of the fields that hold a type
}

// read notes typ, which stands at the path, and the types in it.
func (f *fieldTables) read(typ reflect.Type, path string) {
	if f.stands[typ] == nil {
		f.types = append(f.types, typ)
	}
	f.stands[typ] = append(f.stands[typ], path)
	for _, row := range fieldRows("", typ) {
		if row.of.Kind() == reflect.Struct {
			f.read(row.of, strings.TrimPrefix(path+"."+row.path, "."))
		}
	}
}

func (f *fieldTables) text() string {
	var b strings.Builder
	b.WriteString("\n## Every field\n")
	for _, typ := range f.types {
		switch fields := f.stands[typ]; {
		case fields[0] == "":
			b.WriteString("\nOf the document itself:\n")
		case len(fields) > 5:
			fmt.Fprintf(&b, "\n### %s\n\nIn `%s` and many more:\n", typ.Name(), fields[0])
		default:
			fmt.Fprintf(&b, "\n### %s\n\nIn `%s`:\n", typ.Name(), strings.Join(fields, "`, `"))
		}
		b.WriteString("\n| Field | Type | What it holds |\n|---|---|---|\n")
		for _, row := range fieldRows("", typ) {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", row.name, row.typ, strings.ReplaceAll(row.doc, "|", "\\|"))
		}
	}
	return b.String()
}

// fieldRow is a field of a type; what a type without a name holds has rows of its own.
type fieldRow struct {
	name, path string // the path of a list ends in []
	typ, doc   string
	of         reflect.Type // of the field, or of the elements of its list
}

func fieldRows(prefix string, typ reflect.Type) []fieldRow {
	var rows []fieldRow
	for field := range typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		of, list := field.Type, field.Type.Kind() == reflect.Slice
		if list {
			of = of.Elem()
		}
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Name() == "" {
			rows = append(rows, fieldRows(prefix+name+".", of)...)
			continue
		}
		path := prefix + name
		if list {
			path += "[]"
		}
		rows = append(rows, fieldRow{prefix + name, path, typeWord(of, list), field.Tag.Get("doc"), of})
	}
	return rows
}

func typeWord(typ reflect.Type, list bool) string {
	word := map[reflect.Kind]string{reflect.String: "text", reflect.Int: "number", reflect.Bool: "yes or no"}[typ.Kind()]
	switch {
	case typ.Kind() == reflect.Struct && list:
		return fmt.Sprintf("list of [%s](#%s)", typ.Name(), strings.ToLower(typ.Name()))
	case typ.Kind() == reflect.Struct:
		return fmt.Sprintf("[%s](#%s)", typ.Name(), strings.ToLower(typ.Name()))
	case word == "":
		panic("no word for the type " + typ.String())
	case list:
		return "list of " + word + "s"
	default:
		return word
	}
}
