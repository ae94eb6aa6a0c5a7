package helm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"

	"github.com/BurntSushi/toml"
	"sigs.k8s.io/yaml"
	goyaml "sigs.k8s.io/yaml/goyaml.v3"

	"github.com/egresslint/egresslint/parser/bounded"
)

// maxTOML is how long a text in TOML may be: what reads it takes a stack as deep as it
// is nested.
const maxTOML = 64 << 10

var errTOML = fmt.Errorf("it reads TOML of more than %d KiB", maxTOML>>10)

// readable counts the values of a text before it is read.
func readable(b *bounded.Budget, text string) error {
	values, err := countValues([]byte(text))
	if err != nil {
		return b.Limit(err)
	}
	return b.Make(values * valueSize)
}

// converters are the functions of Helm that write values and read them. Helm keeps its
// own to itself, where they cannot be counted.
func converters(b *bounded.Budget) template.FuncMap {
	writers := map[string]func(any) (string, error){"Yaml": toYAML, "Json": toJSON, "Toml": toTOML}
	functions := template.FuncMap{
		"toYamlPretty": func(v any) string { return textOr(toPrettyYAML, v, "") },
	}
	for name, write := range writers {
		functions["mustTo"+name] = write
		functions["to"+name] = func(v any) string {
			text, err := write(v)
			if err != nil && name == "Toml" { // the others say nothing
				return err.Error()
			}
			return text
		}
	}
	tables := func(data []byte, v any) error {
		if len(data) > maxTOML {
			return b.Limit(errTOML)
		}
		return toml.Unmarshal(data, v)
	}
	readers := map[string]func([]byte, any) error{
		"Yaml": func(data []byte, v any) error { return yaml.Unmarshal(data, v) },
		"Json": json.Unmarshal,
		"Toml": tables,
	}
	for name, read := range readers {
		functions["from"+name] = func(text string) (map[string]any, error) {
			values := map[string]any{}
			if err := readable(b, text); err != nil {
				return nil, err
			}
			if err := read([]byte(text), &values); err != nil {
				values["Error"] = err.Error()
			}
			return values, b.Err()
		}
		if name == "Toml" { // has no lists by themselves
			continue
		}
		functions["from"+name+"Array"] = func(text string) ([]any, error) {
			values := []any{}
			if err := readable(b, text); err != nil {
				return nil, err
			}
			if err := read([]byte(text), &values); err != nil {
				values = []any{err.Error()}
			}
			return values, b.Err()
		}
	}
	return functions
}

func textOr(write func(any) (string, error), v any, otherwise string) string {
	text, err := write(v)
	if err != nil {
		return otherwise
	}
	return text
}

func toYAML(v any) (string, error) {
	data, err := yaml.Marshal(v)
	return strings.TrimSuffix(string(data), "\n"), err
}

func toPrettyYAML(v any) (string, error) {
	var out bytes.Buffer
	encoder := goyaml.NewEncoder(&out)
	encoder.SetIndent(2)
	err := encoder.Encode(v)
	return strings.TrimSuffix(out.String(), "\n"), err
}

func toJSON(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

func toTOML(v any) (string, error) {
	var out strings.Builder
	err := toml.NewEncoder(&out).Encode(v)
	return out.String(), err
}
