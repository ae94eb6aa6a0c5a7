package tfjson_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// object is a JSON object of a document under test.
type object = map[string]any

// unit is an instance of a plan under test.
type unit struct {
	address string // without its module's address
	index   any
	module  string
	values  object
	unknown object
	actions []string // create, if nil
	before  bool     // stands in prior_state only
}

// plan makes a plan document of units and a root module's configuration.
func plan(t testing.TB, units []unit, config object) []byte {
	t.Helper()
	modules := make(map[string][]any)
	var prior, changes []any
	for _, u := range units {
		address := u.address
		if u.module != "" {
			address = u.module + "." + address
		}
		mode, rest := "managed", u.address
		if after, ok := strings.CutPrefix(u.address, "data."); ok {
			mode, rest = "data", after
		}
		typ, name, _ := strings.Cut(rest, ".")
		name, _, _ = strings.Cut(name, "[")
		values := u.values
		if values == nil {
			values = object{}
		}
		resource := object{"address": address, "mode": mode, "type": typ, "name": name, "values": values, "sensitive_values": object{}}
		if u.index != nil {
			resource["index"] = u.index
		}
		if u.before {
			prior = append(prior, resource)
		} else {
			modules[u.module] = append(modules[u.module], resource)
		}
		actions := u.actions
		if actions == nil {
			actions = []string{"create"}
		}
		if u.before && u.actions == nil {
			continue
		}
		changes = append(changes, object{
			"address": address, "module_address": u.module, "mode": mode, "type": typ, "name": name,
			"change": object{"actions": actions, "after": values, "after_unknown": u.unknown, "after_sensitive": object{}},
		})
	}
	root := object{"resources": modules[""]}
	var children []any
	for _, address := range sortedKeys(modules) {
		if address != "" {
			children = append(children, object{"address": address, "resources": modules[address]})
		}
	}
	root["child_modules"] = children
	return marshal(t, object{
		"format_version": "1.2", "terraform_version": "1.11.4", "complete": true, "errored": false,
		"planned_values": object{"root_module": root}, "resource_changes": changes,
		"prior_state":   object{"values": object{"root_module": object{"resources": prior}}},
		"configuration": object{"root_module": config},
	})
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// refs is an expression that refers to something, as Terraform prints it.
func refs(references ...string) object { return object{"references": references} }

// block is a resource block of a configuration.
func block(address string, expressions object, more ...object) object {
	b := object{"address": address, "expressions": expressions}
	for _, m := range more {
		for k, v := range m {
			b[k] = v
		}
	}
	return b
}

func count(references ...string) object { return object{"count_expression": refs(references...)} }

func forEach(references ...string) object { return object{"for_each_expression": refs(references...)} }
