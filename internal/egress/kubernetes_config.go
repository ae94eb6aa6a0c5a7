package egress

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// configSource is a ConfigMap or Secret with its values.
type configSource struct {
	obj    *kubernetes.Object
	values []configValue
}

type configValue struct {
	key   string
	text  string
	value *located.Value
	// encoded says that the text is not what stands in the file.
	encoded bool
}

func readConfigSource(o *kubernetes.Object) *configSource {
	c := &configSource{obj: o}
	for _, section := range []string{"data", "stringData"} {
		for _, f := range o.Root.Get(section).Items() {
			for _, field := range f.Map {
				text, ok := field.Value.Text()
				if !ok {
					continue
				}
				value := configValue{key: field.Key, text: text, value: field.Value}
				if o.Kind == "Secret" && !field.Value.Sensitive {
					secret := *field.Value
					secret.Sensitive = true
					value.value = &secret
				}
				if o.Kind == "Secret" && section == "data" {
					decoded, err := base64.StdEncoding.DecodeString(text)
					if err != nil {
						continue
					}
					value.text, value.encoded = string(decoded), true
				}
				c.values = append(c.values, value)
			}
		}
	}
	return c
}

func (c *configSource) get(key string) (configValue, bool) {
	// stringData comes last and wins, as in the API server.
	for _, v := range slices.Backward(c.values) {
		if v.key == key {
			return v, true
		}
	}
	return configValue{}, false
}

// text is a value of a ConfigMap; empty if it has none.
func (c *configSource) text(key string) string {
	v, _ := c.get(key)
	return strings.TrimSpace(v.text)
}
