package engine

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/egresslint/egresslint/internal/config"
)

// Parameter is a value that the configuration may set for a rule. Rules read it as
// data.egresslint.parameters["<id>"].<name>.
type Parameter struct {
	Name        string
	Description string
	// Default is a string, a float64, a bool or a []any of these. It decides the
	// kind of the values that the configuration may give.
	Default any
}

// parameter is a Parameter as METADATA has it.
type parameter struct {
	Description string `json:"description"`
	Default     any    `json:"default"`
}

var parameterName = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*$`)

func newParameters(declared map[string]parameter) ([]Parameter, error) {
	var list []Parameter
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		p := declared[name]
		switch {
		case !parameterName.MatchString(name):
			return nil, fmt.Errorf("custom.parameters: %q is no name: want letters, digits and _, as in max_ports", name)
		case p.Description == "":
			return nil, fmt.Errorf("custom.parameters.%s: description is required", name)
		case kindOf(p.Default) == "":
			return nil, fmt.Errorf("custom.parameters.%s: default must be a text, a number, a truth value or a list of these", name)
		}
		list = append(list, Parameter{Name: name, Description: p.Description, Default: p.Default})
	}
	return list, nil
}

// kindOf names the kind of a parameter's value; empty if there is none.
func kindOf(v any) string {
	switch v := v.(type) {
	case string:
		return "a text"
	case float64:
		return "a number"
	case bool:
		return "a truth value"
	case []any:
		for _, e := range v {
			if _, nested := e.([]any); nested || kindOf(e) == "" {
				return ""
			}
		}
		return "a list"
	default:
		return ""
	}
}

// CheckParameter tells what is wrong with a value that the configuration gives for
// a parameter: there is none of the name, or it is of another kind than the default.
func (r Rule) CheckParameter(name string, value any) error {
	var names []string
	for _, p := range r.Parameters {
		names = append(names, p.Name)
		if p.Name != name {
			continue
		}
		if got, want := kindOf(value), kindOf(p.Default); got != want {
			return fmt.Errorf("parameter %q of rule %s: want %s, found %s", name, r.ID, want, got)
		}
		return checkElements(r.ID, p, value)
	}
	if len(names) == 0 {
		return fmt.Errorf("rule %s has no parameters", r.ID)
	}
	return errors.New("rule " + r.ID + " has no parameter \"" + name + "\"" + config.DidYouMean(name, names))
}

// checkElements compares the elements of a list with the first of the default.
func checkElements(id string, p Parameter, value any) error {
	defaults, _ := p.Default.([]any)
	values, _ := value.([]any)
	if len(defaults) == 0 {
		return nil
	}
	for _, v := range values {
		if got, want := kindOf(v), kindOf(defaults[0]); got != want {
			return fmt.Errorf("parameter %q of rule %s: want %s in the list, found %s", p.Name, id, want, got)
		}
	}
	return nil
}

// parameterData is the document that rules read their parameters from.
func parameterData(rules []Rule, given map[string]map[string]any) map[string]any {
	all := make(map[string]any, len(rules))
	for _, r := range rules {
		values := make(map[string]any, len(r.Parameters))
		for _, p := range r.Parameters {
			values[p.Name] = p.Default
			if v, ok := given[r.ID][p.Name]; ok {
				values[p.Name] = v
			}
		}
		all[r.ID] = values
	}
	return all
}
