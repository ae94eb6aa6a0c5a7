package located_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"mysql://app:x1@h:3306/db":                   "x1",
		"app:x1@tcp(10.0.0.1:3306)/db":               "x1",
		"redis://:x1@h, redis://:x2@h":               "x1 x2",
		"https://h/p?a=1&token=x1&b=2":               "x1",
		"--password=x1 --user=u":                     "x1",
		`{"apiKey": "x 1", "host": "h"}`:             "x 1",
		`{\"apiKey\":\"x1\"}`:                        "x1",
		"password: x1\nuser: u\nDB_PASSWORD=x2":      "x1 x2",
		"password: 'x1'":                             "x1",
		"password: ${PASSWORD}":                      "",
		"password: {{ .Values.password }}":           "",
		"password = var.password":                    "",
		"password:":                                  "",
		"host: h, TOKEN_URL: https://h, monkey: k":   "",
		"a time 10:20:30, an address [::1]:80 and =": "",
	} {
		var got []string
		for _, p := range located.Credentials(text) {
			got = append(got, text[p[0]:p[1]])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func str(s string) *located.Value { return &located.Value{Kind: located.String, Str: s} }

func object(pairs ...any) *located.Value {
	v := &located.Value{Kind: located.Map}
	for i := 0; i < len(pairs); i += 2 {
		value, ok := pairs[i+1].(*located.Value)
		if !ok {
			value = str(pairs[i+1].(string))
		}
		v.Map = append(v.Map, located.Field{Key: pairs[i].(string), Value: value})
	}
	return v
}

func sequence(values ...*located.Value) *located.Value {
	return &located.Value{Kind: located.List, List: values}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	marked := str("secret-word")
	marked.Sensitive = true
	tests := []struct {
		name string
		v    *located.Value
		want bool
	}{
		{"nothing", object("a", "secret-word"), false},
		{"marked", object("a", marked), true},
		{"key", object("password", "secret-word"), true},
		{"keys", object("tokens", sequence(str("a"), str("secret-word"))), true},
		{"settings under a key", object("secret", object("name", "secret-word")), false},
		{"beside a name", object("name", "API_TOKEN", "value", "secret-word"), true},
		{"beside another name", object("name", "API_URL", "value", "secret-word"), false},
		{"data of a Secret", object("kind", "Secret", "data", object("a", "secret-word")), true},
		{"data of a ConfigMap", object("kind", "ConfigMap", "data", object("a", "secret-word")), false},
		{"metadata of a Secret", object("kind", "Secret", "metadata", object("name", "secret-word")), false},
		{"argument of a flag", object("args", sequence(str("--token"), str("secret-word"))), true},
		{"flag with it", object("args", sequence(str("--token=secret-word"), str("a"))), true},
		{"another flag", object("args", sequence(str("--host"), str("secret-word"))), false},
		{"URL", object("a", "mysql://app:secret-word@h"), true},
		{"private key", object("a", "-----BEGIN PRIVATE KEY-----\nsecret-w0rd\n"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var s located.Secrets
			s.Add(tt.v)
			if got := slices.Contains(s.Texts(), "secret-word"); got != tt.want {
				t.Errorf("got %q", s.Texts())
			}
		})
	}
}

// What is spelled like a name and stands in the open too is none that could be kept.
func TestSpare(t *testing.T) {
	t.Parallel()
	secret := object("kind", "Secret", "data", object("name", "orders-db1", "word", "S3cret-word", "own", "other-db2"))
	var s located.Secrets
	s.Add(secret)
	s.Spare(secret)
	s.Spare(object("a", "orders-db1", "b", "S3cret-word"))
	for text, want := range map[string]bool{"orders-db1": false, "S3cret-word": true, "other-db2": true} {
		if got := slices.Contains(s.Texts(), text); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

func TestSecretPlaces(t *testing.T) {
	t.Parallel()
	at := func(line int) source.Range {
		return source.Range{File: "a.tf", Start: source.Pos{Line: line, Column: 1}, End: source.Pos{Line: line, Column: 2}}
	}
	v := &located.Value{
		Kind: located.String, Str: "x", Sensitive: true, Range: at(2),
		Via: []located.Step{{Range: at(1)}}, Callers: []source.Range{at(3)},
	}
	var s located.Secrets
	s.Add(v)
	if got := s.Places(); !slices.Equal(got, []source.Range{at(1), at(2), at(3)}) {
		t.Errorf("got %v", got)
	}
}

// A host that the files also say in the open, alone or in an address, is no secret; what a
// password is, is one wherever else it stands.
func TestHostsInTheOpen(t *testing.T) {
	for open, spared := range map[string]bool{
		"orders.shop.svc.cluster.local":                      true,
		"http://orders.shop.svc.cluster.local:5432/x":        true,
		"--url=tcp://orders.shop.svc.cluster.local:9090/":    true,
		"http://u:orders.shop.svc.cluster.local@example.com": false,
		"http://other.shop.svc.cluster.local":                false,
	} {
		secret := located.Value{Kind: located.Map, Map: []located.Field{{Key: "a", Value: &located.Value{Kind: located.String, Str: "orders.shop.svc.cluster.local", Sensitive: true}}}}
		var s located.Secrets
		s.Add(&secret)
		s.Spare(&located.Value{Kind: located.String, Str: open})
		if got := !slices.Contains(s.Texts(), "orders.shop.svc.cluster.local"); got != spared {
			t.Errorf("%s: spared is %v, want %v", open, got, spared)
		}
	}
}
