package kube

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// ConfigSource is a ConfigMap or Secret with its values.
type ConfigSource struct {
	Object *kubernetes.Object
	Values []ConfigValue
}

// ConfigValue is one value of a ConfigMap or Secret.
type ConfigValue struct {
	Key   string
	Text  string
	Value *located.Value
	// encoded says that the text is not what stands in the file.
	encoded bool
}

// ReadConfigSource reads a ConfigMap or Secret.
func ReadConfigSource(o *kubernetes.Object) *ConfigSource {
	c := &ConfigSource{Object: o}
	for _, section := range []string{"data", "stringData"} {
		for _, f := range o.Root.Get(section).Items() {
			for _, field := range f.Map {
				text, ok := field.Value.Text()
				if !ok {
					continue
				}
				value := ConfigValue{Key: field.Key, Text: text, Value: field.Value}
				if o.Kind == "Secret" && !field.Value.Sensitive {
					secret := *field.Value
					secret.Sensitive = true
					value.Value = &secret
				}
				if o.Kind == "Secret" && section == "data" {
					decoded, err := base64.StdEncoding.DecodeString(text)
					if err != nil {
						continue
					}
					value.Text, value.encoded = string(decoded), true
				}
				c.Values = append(c.Values, value)
			}
		}
	}
	return c
}

// Get is the value of a key, if there is one.
func (c *ConfigSource) Get(key string) (ConfigValue, bool) {
	// stringData comes last and wins, as in the API server.
	for _, v := range slices.Backward(c.Values) {
		if v.Key == key {
			return v, true
		}
	}
	return ConfigValue{}, false
}

// Text is a value of a ConfigMap; empty if it has none.
func (c *ConfigSource) Text(key string) string {
	v, _ := c.Get(key)
	return strings.TrimSpace(v.Text)
}
