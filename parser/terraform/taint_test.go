package terraform_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// secretsOf are calls of each function with a sensitive argument. S is a sensitive
// string, N a number, L a list and M a map that are sensitive as a whole; s, n and b
// are what is not. Of functions that take several arguments each is sensitive once.
var secretsOf = map[string][]string{
	"abs": {"abs(N)"}, "alltrue": {"alltrue([S == \"\"])"}, "anytrue": {"anytrue([S == \"\"])"},
	"base64decode": {"base64decode(base64encode(S))"}, "base64encode": {"base64encode(S)"}, "base64gzip": {"base64gzip(S)"},
	"base64sha256": {"base64sha256(S)"}, "base64sha512": {"base64sha512(S)"}, "basename": {"basename(S)"}, "ceil": {"ceil(N)"},
	"chomp": {"chomp(S)"}, "chunklist": {"chunklist([S], 1)", "chunklist(L, 1)"}, "cidrhost": {"cidrhost(C, 1)", "cidrhost(\"10.0.0.0/8\", N)"},
	"cidrnetmask": {"cidrnetmask(C)"}, "cidrsubnet": {"cidrsubnet(C, 4, 1)", "cidrsubnet(\"10.0.0.0/8\", 4, N)"},
	"cidrsubnets": {"cidrsubnets(C, 4)"}, "coalesce": {"coalesce(\"\", S)"}, "coalescelist": {"coalescelist([], [S])", "coalescelist([], L)"},
	"compact": {"compact([\"\", S])"}, "concat": {"concat([\"a\"], [S])", "concat([\"a\"], L)"},
	"contains":  {"contains([\"a\"], S)", "contains([S], \"a\")", "contains(L, \"a\")"},
	"csvdecode": {"csvdecode(\"a\\n${S}\")"}, "dirname": {"dirname(S)"}, "distinct": {"distinct([S, S])"},
	"element": {"element([S], 0)", "element(L, 0)", "element([\"a\", \"b\"], N)"}, "endswith": {"endswith(S, \"x\")", "endswith(\"x\", S)"},
	"ephemeralasnull": {"ephemeralasnull(S)"}, "file": {"file(F)"}, "filebase64": {"filebase64(F)"},
	"filebase64sha256": {"filebase64sha256(F)"}, "filebase64sha512": {"filebase64sha512(F)"}, "fileexists": {"fileexists(F)"},
	"filemd5": {"filemd5(F)"}, "filesha1": {"filesha1(F)"}, "filesha256": {"filesha256(F)"}, "filesha512": {"filesha512(F)"},
	"fileset": {"fileset(\".\", F)"}, "flatten": {"flatten([[S]])", "flatten([L])"}, "floor": {"floor(N)"},
	"format": {"format(\"%s\", S)", "format(S)"}, "formatdate": {"formatdate(\"YYYY\", T)"}, "formatlist": {"formatlist(\"%s\", [S])"},
	"indent": {"indent(2, S)"}, "index": {"index([S], S)"}, "join": {"join(\",\", [S])", "join(S, [\"a\", \"b\"])", "join(\",\", L)"},
	"jsondecode": {"jsondecode(jsonencode(S))", "jsondecode(jsonencode({ a = [S] }))"}, "jsonencode": {"jsonencode({ a = [S] })", "jsonencode(M)"},
	"keys": {"keys(M)"}, "list": {"list(S)"}, "log": {"log(N, 10)"}, "lookup": {"lookup(M, \"a\")", "lookup({ a = S }, \"a\")", "lookup({ a = \"b\" }, A)", "lookup({ a = \"b\" }, \"c\", S)"},
	"lower": {"lower(S)"}, "map": {"map(\"a\", S)"}, "matchkeys": {"matchkeys([S], [\"a\"], [\"a\"])", "matchkeys([\"b\"], [A], [\"a\"])"},
	"max": {"max(N, 1)"}, "md5": {"md5(S)"}, "merge": {"merge(M, {})", "merge({}, { b = S })"}, "min": {"min(N, 1)"},
	"one": {"one([S])", "one(L)"}, "parseint": {"parseint(\"1${substr(S, 0, 0)}\", 10)"}, "pow": {"pow(N, 2)"}, "range": {"range(N)"},
	"regex": {"regex(\".+\", S)", "regex(\"(?P<a>.)(?P<b>.+)\", S)"}, "regexall": {"regexall(\".\", S)"},
	"replace": {"replace(S, \"a\", \"b\")", "replace(\"a\", \"a\", S)", "replace(S, \"/a/\", \"b\")"}, "reverse": {"reverse([S])"},
	"setintersection": {"setintersection([S], [S])"}, "setproduct": {"setproduct([S], [1])"}, "setsubtract": {"setsubtract([S], [])"},
	"setunion": {"setunion([S], [\"a\"])"}, "sha1": {"sha1(S)"}, "sha256": {"sha256(S)"}, "sha512": {"sha512(S)"}, "signum": {"signum(N)"},
	"slice": {"slice([S], 0, 1)", "slice(L, 0, 1)"}, "sort": {"sort([S])"}, "split": {"split(\",\", S)", "split(A, \"bab\")"},
	"startswith": {"startswith(S, \"x\")", "startswith(\"x\", S)"}, "strcontains": {"strcontains(S, \"x\")"}, "strrev": {"strrev(S)"},
	"substr": {"substr(S, 0, 2)"}, "sum": {"sum([N])"}, "templatefile": {"templatefile(\"t.tpl\", { v = S })", "templatefile(\"t.tpl\", M2)"},
	"templatestring":   {"templatestring(\"a $${v}\", { v = S })", "templatestring(\"%%{ for x in v }$${x}%%{ endfor }\", { v = L })"},
	"textdecodebase64": {"textdecodebase64(textencodebase64(S, \"UTF-16LE\"), \"UTF-16LE\")"}, "textencodebase64": {"textencodebase64(S, \"UTF-16LE\")"},
	"timeadd": {"timeadd(T, \"1h\")"}, "timecmp": {"timecmp(T, \"2020-01-01T00:00:00Z\")"}, "title": {"title(S)"},
	"tobool": {"tobool(S == \"\")"}, "tolist": {"tolist([S])", "tolist(L)"}, "tomap": {"tomap({ a = S })", "tomap(M)"}, "tonumber": {"tonumber(N)"},
	"toset": {"toset([S])"}, "tostring": {"tostring(N)"}, "transpose": {"transpose({ a = [S] })"}, "trim": {"trim(S, \"x\")"},
	"trimprefix": {"trimprefix(S, \"x\")"}, "trimspace": {"trimspace(S)"}, "trimsuffix": {"trimsuffix(S, \"x\")"},
	"try": {"try(S, \"a\")", "try(tonumber(S), S)"}, "upper": {"upper(S)"}, "urlencode": {"urlencode(S)"}, "uuidv5": {"uuidv5(\"dns\", S)"},
	"values": {"values(M)", "values({ a = S })"}, "yamldecode": {"yamldecode(\"a: ${S}\")"}, "yamlencode": {"yamlencode({ a = S })"},
	"zipmap": {"zipmap([\"a\"], [S])"}, "sensitive": {"sensitive(\"a\")"}, "length": {"length(L)", "length(S)"},
}

// withoutMark are the functions whose results say nothing of a sensitive argument.
var withoutMark = map[string]string{
	"nonsensitive": "what it is for",
	"issensitive":  "it tells of the mark alone",
	"can":          "it tells only whether there is a mistake",
	"timestamp":    "it takes none", "plantimestamp": "it takes none", "uuid": "it takes none",
	"bcrypt": "its result is not known", "rsadecrypt": "its result is not known",
	"pathexpand": "its result is not known", "abspath": "its result is not known",
}

// secretConfig is a configuration in which S and so on are replaced by references to
// sensitive variables.
func secretConfig(expr string) string {
	for short, name := range map[string]string{"S": "s", "N": "n", "L": "l", "M": "m", "M2": "m2", "C": "c", "F": "f", "T": "t", "A": "a"} {
		expr = replaceWord(expr, short, "var."+name)
	}
	return fmt.Sprintf(`-- main.tf --
variable "s" {
  sensitive = true
  default   = "marker"
}
variable "n" {
  sensitive = true
  default   = 1
}
variable "l" {
  sensitive = true
  default   = ["marker"]
}
variable "m" {
  sensitive = true
  default   = { a = "marker" }
}
variable "m2" {
  sensitive = true
  default   = { v = "marker" }
}
variable "c" {
  sensitive = true
  default   = "10.0.0.0/8"
}
variable "f" {
  sensitive = true
  default   = "data"
}
variable "t" {
  sensitive = true
  default   = "2026-01-01T00:00:00Z"
}
variable "a" {
  sensitive = true
  default   = "a"
}
resource "t" "x" {
  x = %s
}
-- data --
text
-- t.tpl --
a ${v} b
`, expr)
}

func replaceWord(s, word, by string) string {
	isWord := func(c byte) bool {
		return c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if strings.HasPrefix(s[i:], word) && (i == 0 || !isWord(s[i-1])) && (i+len(word) == len(s) || !isWord(s[i+len(word)])) {
			b.WriteString(by)
			i += len(word)
			continue
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// secretWithin reports whether v or something in it is sensitive.
func secretWithin(v *located.Value) bool {
	return v.Sensitive || slices.ContainsFunc(v.List, secretWithin) ||
		slices.ContainsFunc(v.Map, func(f located.Field) bool { return secretWithin(f.Value) })
}

// TestFunctionsKeepSecrets calls every function with a sensitive argument.
func TestFunctionsKeepSecrets(t *testing.T) {
	for _, name := range terraform.FunctionNames() {
		if withoutMark[name] != "" {
			continue
		}
		if len(secretsOf[name]) == 0 {
			t.Errorf("no call of %s is tested", name)
		}
		for _, expr := range secretsOf[name] {
			t.Run(expr, func(t *testing.T) {
				tree, names := treeOf(secretConfig(expr))
				roots, diagnostics := terraform.Load(context.Background(), tree, names, terraform.Options{})
				for _, d := range diagnostics {
					t.Errorf("%v %s", d.Range, d.Message)
				}
				v := resource(t, roots[0], "t.x").Body.Get("x")
				if v.IsUnknown() {
					t.Errorf("unknown: %s", v.Reason)
				}
				if !secretWithin(v) {
					t.Errorf("%s is not sensitive", show(v))
				}
			})
		}
	}
}

// TestSecretsKeepTheirMark follows sensitive values through expressions, blocks and
// modules, and checks that what stands beside them is not marked.
func TestSecretsKeepTheirMark(t *testing.T) {
	tree, names := treeOf(`-- main.tf --
variable "s" {
  sensitive = true
  default   = "marker"
}
variable "m" {
  sensitive = true
  default   = { k = "marker" }
}
variable "many" {
  type    = list(object({ name = string, secret = optional(string, "x") }))
  default = [{ name = "a", secret = "marker" }]
}
variable "db_password" { default = "marker" }
variable "api_keys" { default = { ci = "marker" } }
locals {
  object     = { secret = var.s, host = "db" }
  doc        = jsondecode("{\"password\":\"marker\",\"host\":\"db\"}")
  smtp_token = "marker"
}
module "m" {
  source   = "./m"
  in       = var.s
  other    = "db"
  settings = { a = { text = var.s } }
}
module "each" {
  source   = "./m"
  for_each = toset(["a"])
  in       = "${each.key}-${var.s}"
  other    = "db"
  settings = {}
}
resource "random_password" "p" { length = 16 }
resource "t" "secret" {
  quoted      = "a ${var.s}"
  heredoc     = <<-E
    a
    ${var.s}
  E
  if          = "%{ if var.s == "" }a%{ else }b%{ endif }"
  for         = "%{ for x in [var.s] }${x}%{ endfor }"
  condition   = var.s == "x" ? "a" : "b"
  branch      = true ? var.s : "b"
  sum         = "${length(var.s) + 1}"
  compare     = var.s != "x"
  not         = !(var.s == "x")
  and         = var.s == "x" && true
  or          = false || var.s == "x"
  list        = [for x in ["a"] : "${x}${var.s}"]
  map         = { for k, v in var.m : k => "b" }
  keys        = [for k, v in var.m : k]
  filter      = [for x in ["a"] : x if x != var.s]
  group       = { for x in [var.s] : "k" => x... }
  key         = { (var.s) = "a" }
  index       = { marker = "a" }[var.s]
  index2      = [var.s][0]
  splat       = [{ x = var.s }][*].x
  splat2      = var.m[*].k
  attribute   = local.object.secret
  bracket     = local.object["secret"]
  output      = module.m.out
  nested      = module.m.nested
  each        = module.each["a"].out
  splat3      = values(module.each)[*].out
  whole       = module.m
  default     = var.many[0].secret
  named       = "x${var.db_password}"
  map_named   = "x${var.api_keys.ci}"
  decoded     = "x${local.doc.password}"
  token       = local.smtp_token
  random      = random_password.p.result
  hashed      = sha256(random_password.p.result)
  other       = t.other.password
  password    = "marker"
  environment = { DB_PASSWORD = "marker" }
  block {
    admin_token = "marker"
  }
  dynamic "made" {
    for_each = [var.s]
    content { v = made.value }
  }
  dynamic "keyed" {
    for_each = var.m
    content { v = keyed.key }
  }
}
resource "t" "repeated" {
  for_each = { a = var.s }
  v        = each.value
}
resource "t" "hidden" {
  for_each = toset([var.s])
  v        = each.key
}
resource "t" "other" {
  password = "marker"
  host     = "db"
}
resource "kubernetes_secret" "s" {
  data = { x = "marker" }
}
resource "kubernetes_manifest" "s" {
  manifest = { apiVersion = "v1", kind = "Secret", metadata = { name = "x" }, stringData = { x = "marker" } }
}
resource "t" "open" {
  host     = local.object.host
  lookup   = lookup(local.object, "host")
  merged   = merge(local.object, { a = "b" }).a
  output   = module.m.other
  decoded  = local.doc.host
  other    = t.other.host
  name     = var.many[0].name
  key      = keys(var.api_keys)[0]
  length   = length([var.s])
  revealed = nonsensitive(var.s)
}
-- m/main.tf --
variable "in" {}
variable "other" {}
variable "settings" { type = map(object({ text = string })) }
output "out" { value = "a ${var.in}" }
output "nested" { value = { for k, v in var.settings : k => v.text } }
output "other" { value = var.other }
`)
	roots, diagnostics := terraform.Load(context.Background(), tree, names, terraform.Options{})
	for _, d := range diagnostics {
		t.Errorf("%v %s", d.Range, d.Message)
	}
	for _, r := range roots[0].Resources {
		if strings.Contains(r.Address, "marker") {
			t.Errorf("the address %s shows a secret", r.Address)
		}
		for _, f := range r.Body.Map {
			want := r.Name != "open" && (r.Name != "other" || f.Key != "host") && r.Type != "random_password"
			if got := secretWithin(f.Value); got != want {
				t.Errorf("%s.%s = %s: sensitive is %t", r.Address, f.Key, show(f.Value), got)
			}
			if r.Name != "open" {
				checkMarkers(t, r.Address+"."+f.Key, f.Value)
			}
		}
	}
}

// checkMarkers checks that every text in v with the marker is sensitive.
func checkMarkers(t *testing.T, at string, v *located.Value) {
	t.Helper()
	if strings.Contains(v.Str, "marker") && !v.Sensitive {
		t.Errorf("%s shows %q", at, v.Str)
	}
	for _, e := range v.List {
		checkMarkers(t, at, e)
	}
	for _, f := range v.Map {
		checkMarkers(t, at+"."+f.Key, f.Value)
	}
}
