package terraform_test

import (
	"context"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/terraform"
)

// TestMessagesQuoteNoValues makes mistakes with a value of which no message, reason or
// address may tell.
func TestMessagesQuoteNoValues(t *testing.T) {
	const marker = "hunter2"
	for name, text := range map[string]string{
		"function":              "locals { a = [for s in [\"@\"] : parseint(s, 10)] }\nresource \"t\" \"x\" { a = local.a }\n",
		"cidr":                  "resource \"t\" \"x\" { a = cidrsubnet(\"@\", 8, 1) }\n",
		"cidr in a list":        "resource \"t\" \"x\" { a = cidrsubnets(\"10.0.0.0/@\", 8) }\n",
		"time":                  "resource \"t\" \"x\" { a = timeadd(\"@\", \"1h\") }\n",
		"duration":              "resource \"t\" \"x\" { a = timeadd(\"2020-01-01T00:00:00Z\", \"@\") }\n",
		"timecmp":               "resource \"t\" \"x\" { a = timecmp(\"@\", \"@\") }\n",
		"date":                  "resource \"t\" \"x\" { a = formatdate(\"@'\", \"2020-01-01T00:00:00Z\") }\n",
		"regex":                 "resource \"t\" \"x\" { a = regex(\"(@\", \"a\") }\n",
		"regex range":           "resource \"t\" \"x\" { a = replace(\"a\", \"/[z-@]/\", \"a\") }\n",
		"json":                  "resource \"t\" \"x\" { a = jsondecode(\"@\") }\n",
		"yaml":                  "resource \"t\" \"x\" { a = yamldecode(\"a: *@\") }\n",
		"yaml tag":              "resource \"t\" \"x\" { a = yamldecode(\"a: !!int @\") }\n",
		"csv":                   "resource \"t\" \"x\" { a = csvdecode(\"a,b\\n\\\"@\") }\n",
		"base64":                "resource \"t\" \"x\" { a = base64decode(\"@!\") }\n",
		"encoding":              "resource \"t\" \"x\" { a = textencodebase64(\"a\", \"@\") }\n",
		"uuid":                  "resource \"t\" \"x\" { a = uuidv5(\"@\", \"@\") }\n",
		"number":                "resource \"t\" \"x\" { a = 1 + \"@\" }\n",
		"bool":                  "resource \"t\" \"x\" { a = \"@\" ? 1 : 2 }\n",
		"count":                 "resource \"t\" \"x\" { count = \"@\" }\n",
		"for_each":              "resource \"t\" \"x\" { for_each = \"@\" }\n",
		"type":                  "variable \"v\" {\n  type    = map(number)\n  default = { a = \"@\" }\n}\nresource \"t\" \"x\" { a = var.v }\n",
		"sensitive type":        "variable \"v\" {\n  type      = map(number)\n  sensitive = true\n  default   = { a = \"@\" }\n}\nresource \"t\" \"x\" { a = var.v }\n",
		"nested sensitive type": "variable \"v\" {\n  type      = map(map(number))\n  sensitive = true\n  default   = { a = { \"@\" = \"x\" } }\n}\nresource \"t\" \"x\" { a = var.v }\n",
		"key":                   "variable \"v\" {\n  sensitive = true\n  default   = \"@\"\n}\nresource \"t\" \"x\" {\n  a = { a = 1 }[var.v]\n  b = lookup({}, var.v)\n  c = { for x in [1, 2] : var.v => x }\n  d = element([], var.v)\n}\n",
		"element type":          "variable \"v\" {\n  sensitive = true\n  default   = \"@\"\n}\nmodule \"m\" {\n  source = \"./m\"\n  in     = { (var.v) = \"a\" }\n}\n-- m/main.tf --\nvariable \"in\" { type = map(number) }\nresource \"t\" \"x\" { a = var.in }\n",
		"file":                  "variable \"v\" {\n  sensitive = true\n  default   = \"@\"\n}\nresource \"t\" \"x\" {\n  a = file(var.v)\n  b = file(\"../../../${var.v}\")\n  c = fileexists(\"../../../${var.v}\")\n  d = fileset(\"../../../${var.v}\", \"*\")\n  e = templatefile(var.v, {})\n  f = fileset(\".\", \"[${var.v}\")\n}\n",
		"template":              "resource \"t\" \"x\" { a = templatestring(\"%%{ @ }\", {}) }\n",
		"template name":         "resource \"t\" \"x\" { a = templatestring(\"$${1 + \\\"@\\\"}\", {}) }\n",
		"repeated":              "variable \"v\" {\n  sensitive = true\n  default   = [\"@\"]\n}\nresource \"t\" \"x\" { for_each = toset(var.v) }\n",
		"escape":                "resource \"t\" \"x\" { a = \"\\@\" }\n",
		"syntax":                "resource \"t\" \"x\" { a = @ @ }\n",
		"directive":             "resource \"t\" \"x\" { a = \"%{ @ }\" }\n",
		"json keyword":          "-- x.tf.json --\n{\"locals\": {\"a\": @}}\n",
		"variable file":         "variable \"v\" {}\n-- terraform.tfvars --\nv = 1 @\n",
	} {
		t.Run(name, func(t *testing.T) {
			tree, names := treeOf("-- main.tf --\n" + strings.ReplaceAll(text, "@", marker))
			roots, diagnostics := terraform.Load(context.Background(), tree, names, terraform.Options{})
			for _, d := range diagnostics {
				t.Logf("%v %s", d.Range, d.Message)
				if strings.Contains(d.Message, marker) {
					t.Errorf("%v: %s", d.Range, d.Message)
				}
			}
			for _, root := range roots {
				for _, r := range root.Resources {
					if strings.Contains(r.Address+r.Uncertain, marker) {
						t.Errorf("%s %s", r.Address, r.Uncertain)
					}
					for _, f := range r.Body.Map {
						if strings.Contains(f.Value.Reason, marker) {
							t.Errorf("%s is unknown: %s", f.Key, f.Value.Reason)
						}
					}
				}
			}
		})
	}
}
