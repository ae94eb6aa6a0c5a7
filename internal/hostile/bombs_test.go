package hostile_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/cli"
	"github.com/egresslint/egresslint/parser/guard"
)

// bomb is a tree that asks for more memory, stack or time than there is.
type bomb struct {
	name string
	// guard is the budget that it exceeds.
	guard guard.Name
	files map[string]string
	// told is a part of the path that the diagnostic must name.
	told string
	// args are those beside the tree.
	args []string
	// slow says that without its budget it takes time without end, more than memory.
	slow bool
}

// plantedMistake is what must be found in every tree, whatever lies beside it.
const plantedMistake = `resource "alicloud_db_instance" "planted" {
  engine       = "MySQL"
  security_ips = ["0.0.0.0/0"]
}
`

// chart is a chart with templates.
func chart(templates map[string]string) map[string]string {
	files := map[string]string{
		"chart/Chart.yaml":          "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
		"chart/templates/good.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: good\n",
	}
	for name, text := range templates {
		files["chart/templates/"+name] = text
	}
	return files
}

// object is a manifest with a text in it.
func object(text string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: bomb\ndata:\n  a: " + text + "\n"
}

// archived is a gzipped tar file.
func archived(files map[string]string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	for name, text := range files {
		_ = t.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}) // into memory
		_, _ = t.Write([]byte(text))
	}
	_, _ = t.Close(), z.Close()
	return b.String()
}

// copies is a JSON patch of steps that each double what the one before made.
func copies(times int) string {
	var b strings.Builder
	for i := range times {
		fmt.Fprintf(&b, "    - {op: copy, from: /data, path: /data/x%d}\n", i)
	}
	return b.String()
}

func bombs() []bomb {
	slow := []string{"helm-merge-of-itself", "terraform-dynamic", "terraform-for", "terraform-template", "yaml-aliases"}
	helm := func(name, template string) bomb {
		return bomb{name: "helm-" + name, guard: guard.HelmBudgets, told: "chart", files: chart(map[string]string{"bomb.yaml": template})}
	}
	terraform := func(name, text string) bomb {
		return bomb{name: "terraform-" + name, guard: guard.TerraformBudgets, told: "bomb/main.tf", files: map[string]string{"bomb/main.tf": text}}
	}
	rego := func(name, body string) bomb {
		return bomb{
			name: "rego-" + name, guard: guard.RegoBudgets, told: "policies", args: []string{"--policy", "policies"},
			files: map[string]string{"policies/rules/internet/bomb/rule.rego": strings.ReplaceAll(regoBomb, "BODY", body)},
		}
	}
	list := []bomb{
		helm("print", `{{ $x := "0123456789abcdef" }}{{ range until 40 }}{{ $x = print $x $x }}{{ end }}`+object(`{{ len $x }}`)),
		helm("toml-of-itself", `{{ $m := dict "a" "b" }}{{ $_ := set $m "m" $m }}`+object(`{{ toToml $m }}`)),
		helm("print-of-itself", `{{ $m := dict "a" "b" }}{{ $_ := set $m "m" $m }}`+object(`{{ print $m }}`)),
		helm("merge-of-itself", `{{ $m := dict "a" (dict) }}{{ $_ := set $m.a "m" $m }}`+object(`{{ mergeOverwrite (deepCopy $m) $m | toJson }}`)),
		helm("tpl-of-itself", `{{ $_ := set .Values "t" "{{ tpl .Values.t . }}" }}`+object(`{{ tpl .Values.t . }}`)),
		helm("indent", `{{ $x := "\n\n\n\n\n\n\n\n" }}{{ range until 12 }}{{ $x = indent 10000 $x }}{{ $x = $x | replace " " "\n" }}{{ end }}`+object(`{{ len $x }}`)),
		helm("replace", `{{ $x := "aaaaaaaaaa" }}{{ range until 12 }}{{ $x = replace "a" $x $x }}{{ end }}`+object(`{{ len $x }}`)),
		helm("regex", `{{ $x := "aaaaaaaaaa" }}{{ range until 12 }}{{ $x = regexReplaceAll "a" $x $x }}{{ end }}`+object(`{{ len $x }}`)),
		helm("join", `{{ $l := list "0123456789abcdef" }}{{ range until 40 }}{{ $l = concat $l $l }}{{ end }}`+object(`{{ join "," $l | len }}`)),
		helm("include-of-itself", `{{ define "r" }}{{ include "r" (print . .) }}{{ end }}`+object(`{{ include "r" "0123456789" }}`)),
		helm("cat", `{{ $x := "" }}{{ range until 3000 }}{{ $x = cat $x (repeat 1000000 "x") }}{{ end }}`+object(`{{ len $x }}`)),

		terraform("dynamic", `resource "alicloud_security_group" "a" {
  dynamic "a" {
    for_each = range(200)
    content {
      dynamic "b" {
        for_each = range(200)
        content {
          dynamic "c" {
            for_each = range(200)
            content { d = c.value }
          }
        }
      }
    }
  }
}
`),
		terraform("for", `locals {
  l = range(1000)
  m = [for a in local.l : [for b in local.l : [for c in local.l : [for d in local.l : "${a}${b}${c}${d}"]]]]
}
resource "alicloud_vpc" "a" { cidr_block = local.m[0][0][0][0] }
`),
		terraform("template", `locals {
  l = range(1000)
  t = "%{ for a in local.l }%{ for b in local.l }%{ for c in local.l }${a}${b}${c}%{ endfor }%{ endfor }%{ endfor }"
}
resource "alicloud_vpc" "a" { cidr_block = local.t }
`),
		terraform("locals", func() string {
			var b strings.Builder
			b.WriteString("locals {\n  l0 = \"0123456789abcdef\"\n")
			for i := range 40 {
				fmt.Fprintf(&b, "  l%d = \"${local.l%d}${local.l%d}\"\n", i+1, i, i)
			}
			b.WriteString("}\nresource \"alicloud_vpc\" \"a\" { cidr_block = local.l40 }\n")
			return b.String()
		}()),
		terraform("setproduct", `locals {
  l = range(1000)
  s = setproduct(local.l, local.l, local.l, local.l)
}
resource "alicloud_vpc" "a" { cidr_block = local.s[0][0] }
`),
		terraform("nested", "locals {\n  a = "+strings.Repeat("(", 200_000)+"1"+strings.Repeat(")", 200_000)+"\n}\n"),
		terraform("count", `resource "alicloud_vpc" "a" {
  count      = 100000000
  cidr_block = "10.0.0.0/8"
}
`),
		terraform("replace", `locals {
  a = join("", [for i in range(1000) : "a"])
  b = replace(local.a, "a", local.a)
  c = replace(local.b, "a", local.b)
  d = replace(local.c, "a", local.c)
}
resource "alicloud_vpc" "a" { cidr_block = local.d }
`),

		{name: "kustomize-replacements", guard: guard.KustomizeBudgets, told: "overlay", files: map[string]string{
			"overlay/cm.yaml": object("0123456789abcdef-0123456789abcdef"),
			"overlay/kustomization.yaml": "resources: [cm.yaml]\nreplacements:\n" + strings.Repeat(`- source: {kind: ConfigMap, name: bomb, fieldPath: data.a}
  targets:
  - select: {kind: ConfigMap, name: bomb}
    fieldPaths: [data.a]
    options: {delimiter: "-", index: 0}
`, 60),
		}},
		{name: "kustomize-copy", guard: guard.KustomizeBudgets, told: "overlay", files: map[string]string{
			"overlay/cm.yaml":            object("b"),
			"overlay/kustomization.yaml": "resources: [cm.yaml]\npatches:\n- target: {kind: ConfigMap}\n  patch: |\n" + copies(40),
		}},
		{name: "kustomize-aliases", guard: guard.KustomizeBudgets, told: "overlay", files: map[string]string{
			"overlay/cm.yaml":            aliases(),
			"overlay/kustomization.yaml": "resources: [cm.yaml]\n",
		}},
		{name: "kustomize-bases", guard: guard.KustomizeBudgets, told: "b", files: func() map[string]string {
			files := map[string]string{"b0/cm.yaml": object("b"), "b0/kustomization.yaml": "resources: [cm.yaml]\n"}
			for i := range 30 {
				for _, side := range []string{"x", "y"} {
					files[fmt.Sprintf("b%d%s/kustomization.yaml", i, side)] = fmt.Sprintf("namePrefix: %s\nresources: [../b%d]\n", side, i)
				}
				files[fmt.Sprintf("b%d/kustomization.yaml", i+1)] = fmt.Sprintf("resources: [../b%dx, ../b%dy]\n", i, i)
			}
			return files
		}()},

		{name: "yaml-many", guard: guard.ManifestBudgets, told: "many/", files: func() map[string]string {
			files := make(map[string]string)
			var b strings.Builder
			b.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n")
			for i := range 150_000 {
				fmt.Fprintf(&b, "  key-%d: \"a value that is long\"\n", i)
			}
			text := b.String()
			for i := range 30 {
				files[fmt.Sprintf("many/%02d.yaml", i)] = text
			}
			return files
		}()},
		{name: "yaml-aliases", guard: guard.ManifestBudgets, told: "aliases.yaml", files: map[string]string{"aliases.yaml": aliases()}},
		{name: "json-deep", guard: guard.ManifestBudgets, told: "deep.json", files: map[string]string{
			"deep.json": `{"apiVersion": "v1", "kind": "ConfigMap", "data": ` + strings.Repeat("[", 3_000_000) + strings.Repeat("]", 3_000_000) + "}",
		}},
		{name: "plan-wide", guard: guard.ManifestBudgets, told: "plan.json", files: map[string]string{
			"plan.json": `{"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {"root_module": {"resources": [{"address": "alicloud_vpc.a", "mode": "managed", "type": "alicloud_vpc", "name": "a", "values": {"x": [` + strings.Repeat("{},", 5_000_000) + `{}]}}]}}}`,
		}},

		rego("replace", `a := "aaaaaaaaaa"
	b := replace(a, "a", replace(a, "a", replace(a, "a", replace(a, "a", replace(a, "a", a)))))
	c := replace(b, "a", b)
	d := replace(c, "a", c)
	count(d) > 0`),
		rego("range", `l := numbers.range(1, 3000)
	s := {[a, b, c] | some a in l; some b in l; some c in l}
	count(s) > 0`),
		rego("concat", `l := [x | some i in numbers.range(1, 10000); x := sprintf("%01000d", [i])]
	s := {t | some i in numbers.range(1, 10000); t := concat(sprintf("%d", [i]), l)}
	count(s) > 0`),

		{name: "archive-zeros", guard: guard.HelmBudgets, told: "chart", files: func() map[string]string {
			files := chart(nil)
			files["chart/charts/zeros-1.0.0.tgz"] = archived(map[string]string{
				"zeros/Chart.yaml": "apiVersion: v2\nname: zeros\nversion: 1.0.0\n", "zeros/templates/a.yaml": strings.Repeat("# zeros\n", 40<<20),
			})
			return files
		}()},
		{name: "archive-many", guard: guard.HelmBudgets, told: "chart", files: func() map[string]string {
			files := chart(nil)
			for i := range 200 {
				files[fmt.Sprintf("chart/charts/many%d-1.0.0.tgz", i)] = archived(map[string]string{
					fmt.Sprintf("many%d/Chart.yaml", i): fmt.Sprintf("apiVersion: v2\nname: many%d\nversion: 1.0.0\n", i),
					fmt.Sprintf("many%d/files/a", i):    strings.Repeat("many and many more\n", 200_000),
				})
			}
			return files
		}()},
		{name: "archive-nested", guard: guard.HelmBudgets, told: "chart", files: func() map[string]string {
			files := chart(nil)
			inner := archived(map[string]string{"n0/Chart.yaml": "apiVersion: v2\nname: n0\nversion: 1.0.0\n", "n0/files/a": strings.Repeat("nested\n", 4<<20)})
			for i := range 6 {
				level := map[string]string{fmt.Sprintf("n%d/Chart.yaml", i+1): fmt.Sprintf("apiVersion: v2\nname: n%d\nversion: 1.0.0\n", i+1)}
				for k := range 4 {
					level[fmt.Sprintf("n%d/charts/n%d-1.0.%d.tgz", i+1, i, k)] = inner
				}
				inner = archived(level)
			}
			files["chart/charts/n6-1.0.0.tgz"] = inner
			return files
		}()},
	}
	for i, b := range list {
		list[i].slow = slices.Contains(slow, b.name)
	}
	return list
}

// aliases is an object whose aliases are more than any memory holds.
func aliases() string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: bomb\nx0: &x0 [a, a, a, a, a, a, a, a, a, a]\n")
	for i := range 12 {
		fmt.Fprintf(&b, "x%d: &x%d [%s*x%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*x%d, ", i), 9), i)
	}
	return b.String()
}

// regoBomb is a rule that finds nothing and takes long for it.
const regoBomb = `# METADATA
# scope: package
# title: A bomb
# description: >-
#   It takes long.
# custom:
#   severity: warning
#   messages:
#     bomb: "it took long"
#   remedies:
#     bomb: wait
package egresslint.rules.internet["bomb"]

violation contains {"at": target.origin, "case": "bomb", "args": {}, "key": ["bomb"]} if {
	bombed
	some target in input.targets
}

bombed if {
	BODY
}
`

// lay writes the files of a bomb and what is planted, and returns the folder.
func lay(t *testing.T, b bomb) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"planted/main.tf": plantedMistake}
	for name, text := range b.files {
		files[name] = text
	}
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// explode runs egresslint over a bomb and checks what every run over one must do.
func explode(t *testing.T, b bomb, off []guard.Name, args ...string) {
	t.Helper()
	dir := lay(t, b)
	args = append(args, b.args...)
	for i, arg := range args {
		if arg == "policies" {
			args[i] = filepath.Join(dir, arg)
		}
	}
	o := run{dir: dir, off: off}.egresslint(t, append(args, dir)...)
	code, stdout, stderr := o.code, o.stdout, o.stderr
	t.Logf("%d MiB", o.memory>>20)
	if o.memory > 3<<30 {
		t.Errorf("it takes %d MiB", o.memory>>20)
	}
	if code != cli.ExitIncomplete {
		t.Errorf("exit code %d, want %d", code, cli.ExitIncomplete)
	}
	if !strings.Contains(stdout, "[whitelist-open]") {
		t.Error("what is planted is not found")
	}
	told := false
	for line := range strings.Lines(stdout) {
		told = told || strings.HasPrefix(line, b.told) && strings.Contains(line, ": error: ") &&
			(strings.Contains(line, "[limit-reached]") || strings.Contains(line, "[render-error]") || strings.Contains(line, "[policy-error]"))
	}
	if !told {
		t.Errorf("no diagnostic names %s", b.told)
	}
	if strings.Contains(stderr, "goroutine ") {
		t.Error("there is a stack trace")
	}
	if t.Failed() {
		t.Logf("stdout:\n%.3000s\nstderr:\n%.2000s", stdout, stderr)
	}
}

// The budgets end what takes too much, long before the worker has to die of it.
func TestBombs(t *testing.T) {
	long(t)
	for _, b := range bombs() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			explode(t, b, nil)
		})
	}
}

// Without the budgets the worker dies, and the next one leaves out what it died of.
func TestBombsWithoutBudgets(t *testing.T) {
	long(t)
	for _, b := range bombs() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			args := []string{"--memory-limit", "512Mi"}
			if b.slow { // a part may take a third of the time
				args = append(args, "--timeout", "18s")
			}
			explode(t, b, []guard.Name{b.guard, guard.Deadline}, args...)
		})
	}
}
