package kubernetes_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// texts are the texts in v that are sensitive, and those that are not.
func texts(v *located.Value) (sensitive, open []string) {
	if s, ok := v.Text(); ok {
		if v.Sensitive {
			return []string{s}, nil
		}
		return nil, []string{s}
	}
	add := func(e *located.Value) {
		s, o := texts(e)
		sensitive, open = append(sensitive, s...), append(open, o...)
	}
	for _, e := range v.List {
		add(e)
	}
	for _, f := range v.Map {
		add(f.Value)
	}
	return sensitive, open
}

func TestSecretsAreMarked(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text            string
		sensitive, open []string
	}{
		"data": {
			"apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {a: b2s=}\nstringData:\n  url: postgres://db\n  n: 5\n",
			[]string{"b2s=", "postgres://db", "5"},
			[]string{"v1", "Secret", "x"},
		},
		"json": {
			`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"},"data":{"a":"b2s="}}`,
			[]string{"b2s="},
			[]string{"v1", "Secret", "x"},
		},
		"list": {
			"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: x}\n  data: {a: b2s=}\n",
			[]string{"b2s="},
			[]string{"v1", "Secret", "x"},
		},
		"typed list": {
			"apiVersion: v1\nkind: SecretList\nitems:\n- metadata: {name: x}\n  data: {a: b2s=}\n",
			[]string{"b2s="},
			[]string{"x", "Secret", "v1"},
		},
		"last applied": {
			"apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\n  annotations: {kubectl.kubernetes.io/last-applied-configuration: all, a: b}\n",
			[]string{"all"},
			[]string{"v1", "Secret", "x", "b"},
		},
		"flag": {
			"apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {automountServiceAccountToken: false}\n",
			nil,
			[]string{"v1", "Pod", "x", "false"},
		},
		"inside": {
			"apiVersion: x/v1\nkind: X\nmetadata: {name: x}\nspec: {template: {kind: Secret, data: {a: b2s=}}, other: {kind: ConfigMap, data: {a: b}}}\n",
			[]string{"b2s="},
			[]string{"x/v1", "X", "x", "Secret", "ConfigMap", "b"},
		},
		"keys": {
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {DB_PASSWORD: p, DB_HOST: h, nested: {apiKeys: [k1, k2], key: open}}\n",
			[]string{"p", "k1", "k2"},
			[]string{"v1", "ConfigMap", "x", "h", "open"},
		},
		"environment": {
			"apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{env: [{name: DB_TOKEN, value: t}, {name: DB_HOST, value: h}, {name: PASSWORD, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}\n",
			[]string{"t"},
			[]string{"v1", "Pod", "x", "DB_TOKEN", "DB_HOST", "h", "PASSWORD", "s", "k"},
		},
		"anchor": {
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: &a x}\ndata: {token: *a}\n",
			[]string{"x"},
			[]string{"v1", "ConfigMap", "x"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects, diagnostics := kubernetes.Parse("x.yaml", []byte(test.text))
			if len(objects) != 1 || len(diagnostics) > 0 {
				t.Fatalf("%d objects, %v", len(objects), diagnostics)
			}
			sensitive, open := texts(objects[0].Root)
			slices.Sort(sensitive)
			slices.Sort(open)
			slices.Sort(test.sensitive)
			slices.Sort(test.open)
			if !slices.Equal(sensitive, test.sensitive) || !slices.Equal(open, test.open) {
				t.Errorf("sensitive are %q, not are %q", sensitive, open)
			}
		})
	}
	t.Run("values", func(t *testing.T) {
		t.Parallel()
		v, _ := kubernetes.ParseValue("values.yaml", []byte("db:\n  host: h\n  password: p\n"))
		if !v.Get("db", "password").Sensitive || v.Get("db", "host").Sensitive {
			t.Error("the password is not marked, or the host is")
		}
	})
	t.Run("objects of values", func(t *testing.T) {
		t.Parallel()
		str := func(s string) *located.Value { return &located.Value{Kind: located.String, Str: s} }
		data := &located.Value{Kind: located.Map, Map: []located.Field{{Key: "a", Value: str("p")}}}
		root := &located.Value{Kind: located.Map, Map: []located.Field{{Key: "apiVersion", Value: str("v1")}, {Key: "kind", Value: str("Secret")}, {Key: "data", Value: data}}}
		o, _ := kubernetes.FromValue(root, "main.tf")
		if !o.Root.Get("data", "a").Sensitive || data.Map[0].Value.Sensitive {
			t.Error("the data is not marked, or the caller's value was changed")
		}
	})
}

// TestMessagesQuoteNoValues makes mistakes with a value of which no message may tell.
func TestMessagesQuoteNoValues(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData:\n"
	for name, text := range map[string]string{
		"int":        head + "  a: !!int hunter2\n",
		"bool":       head + "  a: !!bool hunter2\n",
		"float":      head + "  a: !!float hunter2\n",
		"null":       head + "  a: !!null hunter2\n",
		"time":       head + "  a: !!timestamp hunter2\n",
		"binary":     head + "  a: !!binary hunter2\n",
		"alias":      head + "  a: *hunter2\n",
		"directive":  head + "  a: %hunter2\n",
		"at":         head + "  a: @hunter2\n",
		"colon":      head + "  a: hunter2: b\n",
		"quote":      head + "  a: \"hunter2\n",
		"escape":     head + "  a: \"\\hunter2\"\n",
		"flow":       head + "  a: {b: hunter2\n",
		"tag":        head + "  a: !<hunter2 b\n",
		"key":        head + "  ? [hunter2]\n  : a\n",
		"merge":      head + "  <<: hunter2\n",
		"number":     head + "  a: !!float .inf # hunter2\n",
		"json":       "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"data\": {\"a\": hunter2}}",
		"json end":   "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"data\": {\"a\": \"hunter2",
		"json comma": "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"data\": {\"a\": \"hunter2\" \"b\"}}",
		"metadata":   "apiVersion: v1\nkind: Secret\nmetadata: hunter2\n",
		"item":       "apiVersion: v1\nkind: List\nitems: [hunter2]\n",
	} {
		for _, file := range []string{"x.yaml", "x.json"} {
			_, diagnostics := kubernetes.Parse(file, []byte(text))
			if len(diagnostics) == 0 {
				t.Errorf("%s in %s is no mistake", name, file)
			}
			for _, d := range diagnostics {
				if strings.Contains(d.Message, "hunter2") {
					t.Errorf("%s in %s: %s", name, file, d.Message)
				}
			}
		}
	}
}
