package mask_test

import (
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/mask"
)

// shown returns a line of a file as it may be shown beside own, which stands in it.
func shown(t *testing.T, name, text string, n int, own string) string {
	t.Helper()
	lines := strings.Split(text, "\n")
	line := lines[n-1]
	start := strings.Index(line, own)
	if start < 0 {
		t.Fatalf("%q is not in %q", own, line)
	}
	var b strings.Builder
	done := 0
	for _, s := range mask.Of(name, lines).Line(n, mask.Span{Start: start, End: start + len(own)}, mask.Span{End: len(line)}) {
		b.WriteString(line[done:s.Start] + "*")
		done = s.End
	}
	return b.String() + line[done:]
}

const secret = `apiVersion: v1
kind: Secret
metadata: {name: db}
stringData:
  url: x
  file: |
    a: b
---
apiVersion: v1
kind: ConfigMap
metadata: {name: é}
data:
  url: x
  apiKey: y
  file: |
    host: h
    password: p
`

const configuration = `variable "a" {
  default   = "x"
  sensitive = true
}
variable "b" {
  default = "x"
}
resource "kubernetes_secret" "a" {
  data = { url = "x", other = var.b }
}
resource "alicloud_x" "a" {
  name             = "x"
  account_password = "x${var.b}y"
  token            = var.a
  list             = [{ name = "DB_PASSWORD", value = "x" }, { name = "HOST", value = "y" }]
  env {
    name  = "API_TOKEN"
    value = "x"
  }
  text = <<-EOT
    kind: Secret
    data: x
  EOT
}
resource "helm_release" "a" {
  set_sensitive {
    name  = "a"
    value = "x"
  }
  values = [yamlencode({ auth = { secret = "x", user = "u" } })]
}
`

func TestLine(t *testing.T) {
	long := strings.Repeat("x", 200)
	tests := []struct {
		name, file, text string
		line             int
		own, want        string
	}{
		{"secret", "a.yaml", secret, 5, "x", "  url: *"},
		{"file in a secret", "a.yaml", secret, 7, "a", "    *"},
		{"metadata of a secret", "a.yaml", secret, 3, "db", "metadata: {name: db}"},
		{"no secret", "a.yaml", secret, 13, "x", "  url: x"},
		{"key that says so", "a.yaml", secret, 14, "y", "  apiKey: *"},
		{"line of a file", "a.yaml", secret, 16, "host", "    host: h"},
		{"key in a file", "a.yaml", secret, 17, "password", "    password: *"},
		{"beside a name", "a.yaml", "env: [{name: A, value: x}, {name: A_TOKEN, value: y}]\nb: 1", 1, "x", "env: [{name: A, value: x}, {name: A_TOKEN, value: *}]"},
		{"arguments", "a.yaml", "args: [--token, x, --port, \"1\"]\nb: 1", 1, "1", "args: [--token, *, --port, \"1\"]"},
		{"URL", "a.yaml", "a: https://u:p@h/x?token=t&b=1\nb: 1", 1, "h/", "a: https://u:*@h/x?token=*&b=1"},
		{"alone", "a.yaml", "{a: x, b: [y, 1], c: z}", 1, "y", "{a: *, b: [y, *], c: *}"},
		{"long", "a.yaml", "a: [x, y, " + long + "]\nb: 1", 1, "x", "a: [x, *, *]"},
		{"broken", "a.yaml", "a: {b: x\nb: y\n- z\n}", 2, "y", "b: *"},
		{"broken item", "a.yaml", "a: {b: x\nb: y\n- z\n}", 3, "z", "- *"},
		{"template", "a.yaml", "a: {{ x }}\nb: y\npassword: z", 2, "y", "b: y"},
		{"key in a template", "a.yaml", "a: {{ x }}\nb: y\npassword: z", 3, "z", "password: *"},
		{"template of a secret", "a.yaml", "kind: Secret\n{{ x }}: 1\ndata:\n  a: {{ y }}\n", 4, "y", "  a: *"},

		{"plan", "plan.json", `{"a":"x","b":["y",1],"password":"z","c":{"d":true}}`, 1, `"y"`, `{"a":*,"b":["y",*],"password":*,"c":{"d":*}}`},
		{
			"names on one line", "a.json",
			`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"labels":{"name":"x"},"name":"web","namespace":"shop"},"spec":{"name":"x","env":[{"name":"y","value":"z"}]}}]}`,
			1, `"y"`,
			`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"labels":{"name":*},"name":"web","namespace":"shop"},"spec":{"name":*,"env":[{"name":"y","value":*}]}}]}`,
		},
		{
			"a secret with keys like names on one line", "a.json",
			`{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a","namespace":"B c"},"stringData":{"kind":"Pod","apiVersion":"v1","metadata":"x"},"a":[{"kind":"x y","apiVersion":"https://x"}]}`,
			1, `"a"`,
			`{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a","namespace":*},"stringData":{"kind":*,"apiVersion":*,"metadata":*},"a":[{"kind":*,"apiVersion":*}]}`,
		},
		{"line of a plan", "plan.json", "{\n\"a\": \"x\",\n\"token\": \"y\"}", 2, `"x"`, `"a": "x",`},
		{"key in a plan", "plan.json", "{\n\"a\": \"x\",\n\"token\": \"y\"}", 3, `"y"`, `"token": *}`},
		{"manifest", "a.json", "{\"apiVersion\": \"v1\", \"kind\": \"Secret\",\n\"data\": {\n\"a\": \"x\"}}", 3, `"x"`, `"a": *}}`},
		{"broken JSON", "a.json", "{\"a\" \"x\n\"b\": \"y", 2, "y", `"b": *`},
		{"default", "a.tf.json", "{\"variable\":{\n\"a\": {\"default\": \"x\", \"sensitive\": true}}}", 2, `"x"`, `"a": {"default": *, "sensitive": true}}}`},

		{"sensitive variable", "a.tf", configuration, 2, `"x"`, `  default   = "*"`},
		{"map of a sensitive variable", "a.tf", "variable \"a\" {\n  default   = { b = \"x\", \"c\" = { d = 1 } }\n  sensitive = true\n}", 2, "x", `  default   = { * = "*", * = { * = * } }`},
		{"variable", "a.tf", configuration, 6, `"x"`, `  default = "x"`},
		{"kubernetes_secret", "a.tf", configuration, 9, "x", `  data = { url = "*", other = var.b }`},
		{"argument", "a.tf", configuration, 12, "x", `  name             = "x"`},
		{"argument that says so", "a.tf", configuration, 13, "x", `  account_password = "*"`},
		{"reference", "a.tf", configuration, 14, "var.a", `  token            = var.a`},
		{"objects", "a.tf", configuration, 15, "y", `  list             = [{ name = "DB_PASSWORD", value = "*" }, { name = "HOST", value = "y" }]`},
		{"block with a name", "a.tf", configuration, 18, "x", `    value = "*"`},
		{"manifest in a text", "a.tf", configuration, 22, "x", `    *`},
		{"set_sensitive", "a.tf", configuration, 28, "x", `    value = "*"`},
		{"argument of a function", "a.tf", configuration, 30, "u", `  values = [yamlencode({ auth = { secret = "*", user = "u" } })]`},
		{"long line", "a.tf", "a = [\"x\", \"y\", \"" + long + "\"]\nb = 1", 1, `"x"`, `a = ["x", "*", "*"]`},
		{"broken configuration", "a.tf", "a = \"x\" \"y\"\n", 1, "x", `a = *`},
		{"variables", "a.tfvars", "db_password = \"x\"\nhost = \"y\"\n", 1, "x", `db_password = "*"`},
		{"variable that says nothing", "a.tfvars", "db_password = \"x\"\nhost = \"y\"\n", 2, "y", `host = "y"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := shown(t, tt.file, tt.text, tt.line, tt.own); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// The line of a plan is read in parts, and in any order.
func TestWindows(t *testing.T) {
	line := `{"a":"` + strings.Repeat(`\"`, 50) + `","token":["x","y"],"b":"z"}`
	f := mask.Of("plan.json", []string{line})
	at := strings.Index(line, `"y"`)
	own := mask.Span{Start: at, End: at + 3}
	for _, from := range []int{at, at - 1, 0, 10, at + 1, at - 4} {
		var hides bool
		for _, s := range f.Line(1, own, mask.Span{Start: from, End: len(line)}) {
			hides = hides || s.Start <= max(at, from) && s.End >= at+3
		}
		if !hides {
			t.Errorf("from byte %d, a value under the key token is shown", from)
		}
	}
}

// A file whose nesting would take the whole stack is masked as one that cannot be parsed.
func TestNestedTooDeep(t *testing.T) {
	const levels = 100_000
	text := "password = \"x\"\na = " + strings.Repeat("(", levels) + "1" + strings.Repeat(")", levels) + "\n"
	if got := shown(t, "a.tf", text, 1, "password"); strings.Contains(got, "x") {
		t.Errorf("got %s", got)
	}
}
