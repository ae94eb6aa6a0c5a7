package terraform_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// resourceBombs are configurations whose resource alicloud_vpc.bomb, or what it refers
// to, is more than a run can hold.
func resourceBombs() map[string]string {
	doubling := "locals {\n  s0 = \"0123456789abcdef\"\n"
	for i := range 40 {
		doubling += fmt.Sprintf("  s%d = \"${local.s%d}${local.s%d}\"\n", i+1, i, i)
	}
	doubling += "}\nresource \"alicloud_vpc\" \"bomb\" { name = local.s40 }\n"
	tuples := "locals {\n  t0 = [\"x\", \"y\"]\n"
	for i := range 40 {
		tuples += fmt.Sprintf("  t%d = [local.t%d, local.t%d]\n", i+1, i, i)
	}
	tuples += "}\nresource \"alicloud_vpc\" \"bomb\" { name = jsonencode(local.t40) }\n"
	maps := "locals {\n  m0 = { a = \"x\" }\n"
	for i := range 40 {
		maps += fmt.Sprintf("  m%d = { a = local.m%d, b = local.m%d }\n", i+1, i, i)
	}
	maps += "}\nresource \"alicloud_vpc\" \"bomb\" { name = yamlencode(local.m40) }\n"
	shared := "locals {\n  s0 = [for i in range(1000) : \"value ${i}\"]\n"
	for i := range 17 {
		shared += fmt.Sprintf("  s%d = [local.s%d]\n", i+1, i)
	}
	shared += "}\nresource \"alicloud_vpc\" \"bomb\" {\n  count = 9000\n  tags = local.s0\n}\n"
	return map[string]string{
		"dynamic in dynamic": `resource "alicloud_x" "bomb" {
  dynamic "a" {
    for_each = range(200)
    content {
      dynamic "b" {
        for_each = range(200)
        content {
          dynamic "c" {
            for_each = range(200)
            content { v = c.value }
          }
        }
      }
    }
  }
}
`,
		"for in for": `locals {
  bomb = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : [for d in range(1000) : d]]]]
}
resource "alicloud_vpc" "bomb" { name = local.bomb[0][0][0][0] }
`,
		"for of objects": `locals {
  bomb = [for a in range(1000) : [for b in range(1000) : { for c in range(1000) : "k${c}" => { x = a, y = b, z = "${a}.${b}.${c}" } }]]
}
resource "alicloud_vpc" "bomb" { name = local.bomb[0][0].k0.z }
`,
		"template directives": `locals {
  bomb = "%{ for a in range(1000) }%{ for b in range(1000) }%{ for c in range(1000) }%{ for d in range(1000) }xxxxxxxxxxxxxxxx%{ endfor }%{ endfor }%{ endfor }%{ endfor }"
}
resource "alicloud_vpc" "bomb" { name = local.bomb }
`,
		"doubling strings":    doubling,
		"doubling lists":      tuples,
		"doubling maps":       maps,
		"shared by instances": shared,
		"strings in instances": `locals { s = join("", [for i in range(1000) : "0123456789"]) }
resource "alicloud_vpc" "bomb" {
  count = 9000
  a = "${local.s}${count.index}"
  b = "${count.index}${local.s}"
}
`,
		"large strings": `locals { s = replace(join("", [for i in range(1000) : "0123456789"]), "0", join("", [for i in range(100) : "0123456789"])) }
resource "alicloud_vpc" "bomb" {
  count = 9000
  a = "${local.s}${count.index}"
}
`,
		"setproduct": `locals { l = range(150) }
resource "alicloud_vpc" "bomb" {
  count = 9000
  a = setproduct(local.l, range(count.index), ["x"])
}
`,
		"cidrsubnets": `resource "alicloud_vpc" "bomb" {
  count = 9000
  a = cidrsubnets("10.0.0.0/8", [for i in range(1000) : 24]...)
}
`,
		"format": `resource "alicloud_vpc" "bomb" {
  a = format("%2000000000d", 1)
  b = format(join("", [for i in range(1000) : "%[1]99999d"]), 1)
}
`,
		"replace": `locals {
  a = replace(join("", [for i in range(1000) : "aaaaaaaaaa"]), "a", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
  b = replace(local.a, "b", local.a)
  c = replace(local.b, "/(b)/", "$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1")
  d = replace("${local.a}", "/(b*)/", "$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1")
}
resource "alicloud_vpc" "bomb" {
 count = 1000
 a = "${count.index}${local.d}"
}
`,
		"regexall": `locals {
  a = replace(join("", [for i in range(1000) : "aaaaaaaaaa"]), "a", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
}
resource "alicloud_vpc" "bomb" {
 count = 1000
 a = regexall("((((b))))", "${count.index}${local.a}")
}
`,
		"split": `locals {
  a = replace(join("", [for i in range(1000) : "aaaaaaaaaa"]), "a", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
}
resource "alicloud_vpc" "bomb" {
 count = 1000
 a = split("", "${count.index}${local.a}")
}
`,
		"modules": `module "a" {
  source = "./a"
  count  = 9000
}
-- a/main.tf --
module "b" {
  source = "../b"
  count  = 9000
}
-- b/main.tf --
resource "alicloud_vpc" "bomb" { 
  count = 9000
  name = "x"
}
`,
		"wide instances": `resource "alicloud_vpc" "bomb" {
  count = 9000
` + strings.Repeat("  x {\n    y { z = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0] }\n  }\n", 100) + `}
`,
		"jsondecode": `locals { s = "[${join(",", [for i in range(1000) : "[1,2,3,4,5,6,7,8,9,0]"])}]" }
resource "alicloud_vpc" "bomb" {
  count = 9000
  a = jsondecode("[${count.index},${local.s},${local.s}]")
}
`,
		"template recursion": `resource "alicloud_vpc" "bomb" { 
  a = templatefile("t.tpl", { n = 0 })
  b = templatestring("%{ for a in range(1000) }%{ for b in range(1000) }%{ for c in range(1000) }xxxxxxxxxxxxxxxxxx%{ endfor }%{ endfor }%{ endfor }", {})
}
-- t.tpl --
${templatefile("t.tpl", { n = n + 1 })}${templatefile("t.tpl", { n = n + 2 })}
`,
		"module arguments": func() string {
			s := "module \"m\" {\n source = \"./m0\"\n x = \"0123456789\"\n}\n"
			for i := range 31 {
				s += fmt.Sprintf("-- m%d/main.tf --\nvariable \"x\" {}\nmodule \"a\" {\n source = \"../m%d\"\n x = \"${var.x}${var.x}\"\n}\nmodule \"b\" {\n source = \"../m%d\"\n x = \"${var.x}${var.x}\"\n}\n", i, i+1, i+1)
			}
			return s + "-- m31/main.tf --\nvariable \"x\" {}\nresource \"alicloud_vpc\" \"bomb\" { x = var.x }\n"
		}(),
		"indent": `locals {
  a = join("", [for i in range(1000) : "\n"])
}
resource "alicloud_vpc" "bomb" {
 count = 1000
 a = indent(100000, "${count.index}${local.a}")
}
`,
		"flatten merge": `locals {
  l = [for i in range(1000) : range(150)]
  m = { for i in range(1000) : "k${i}" => i }
}
resource "alicloud_vpc" "bomb" {
 count = 9000
 a = flatten([local.l, count.index])
 b = merge(local.m, { c = count.index })
 c = zipmap([for i in range(1000) : "k${i}"], [for i in range(1000) : i + count.index])
}
`,
	}
}

// TestResourceBombs checks that what asks for too much ends in a limit that says where,
// and that a good resource of the same root is evaluated all the same.
func TestResourceBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for name, text := range resourceBombs() {
		t.Run(name, func(t *testing.T) {
			tree, names := treeOf("-- main.tf --\n" + text + "-- good.tf --\nresource \"alicloud_vpc\" \"good\" {\n  name = \"good\"\n}\n")
			roots, diagnostics := terraform.Load(context.Background(), tree, names, terraform.Options{})
			if len(roots) != 1 {
				t.Fatal(len(roots))
			}
			r := resource(t, roots[0], "alicloud_vpc.good")
			if s := r.Body.Get("name").Str; s != "good" {
				t.Errorf("good has name %q", s)
			}
			limit := false
			for _, d := range diagnostics {
				limit = limit || d.Kind == source.LimitReached
				t.Logf("%v %s %s", d.Range, d.Kind, d.Message)
			}
			if !limit || !roots[0].Incomplete {
				t.Errorf("no limit was reached")
			}
		})
	}
}

// TestManyRoots checks that roots which are too much together end in limits of those
// that have most, and that the others are evaluated.
func TestManyRoots(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	bomb := resourceBombs()["shared by instances"]
	text := "-- z/main.tf --\nresource \"alicloud_vpc\" \"good\" {\n  name = \"good\"\n}\n"
	for i := range 5 {
		text += fmt.Sprintf("-- bomb%d/main.tf --\n%s", i, bomb)
	}
	checkGoodRoot(t, text, "have more than 2000000 values together")
}

// TestMuchText checks that configurations which are too much text together are not
// parsed, but for the smaller ones.
func TestMuchText(t *testing.T) {
	text := "-- z/main.tf --\nresource \"alicloud_vpc\" \"good\" {\n  name = \"good\"\n}\n"
	for i := range 5 {
		text += fmt.Sprintf("-- bomb%d/main.tf --\n# %s\n", i, strings.Repeat("x", 3<<20))
	}
	checkGoodRoot(t, text, "more than 12 MiB together")
}

// checkGoodRoot checks that the root z is there, and that a limit of another says limit.
func checkGoodRoot(t *testing.T, text, limit string) {
	t.Helper()
	tree, names := treeOf(text)
	roots, diagnostics := terraform.Load(context.Background(), tree, names, terraform.Options{})
	good := roots[len(roots)-1]
	if s := resource(t, good, "alicloud_vpc.good").Body.Get("name").Str; s != "good" || good.Incomplete {
		t.Errorf("the good root is incomplete, or its name %q", s)
	}
	told := false
	for _, d := range diagnostics {
		told = told || d.Kind == source.LimitReached && strings.HasPrefix(d.Range.File, "bomb") && strings.Contains(d.Message, limit)
	}
	if !told {
		t.Errorf("no limit says %q: %v", limit, diagnostics)
	}
}

// countdown is a context that is over after its error was asked for a number of times.
type countdown struct {
	context.Context
	left *atomic.Int64
}

func (c countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// TestDeadline checks that an evaluation looks whether its time is over, and then ends
// before it has used up its budget.
func TestDeadline(t *testing.T) {
	for _, looks := range []int64{0, 1, 20} {
		ctx := countdown{context.Background(), new(atomic.Int64)}
		ctx.left.Store(looks)
		tree, names := treeOf("-- main.tf --\nresource \"alicloud_vpc\" \"bomb\" {\n  x = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a + b + c]]]\n}\n")
		roots, diagnostics := terraform.Load(ctx, tree, names, terraform.Options{})
		if len(roots) != 1 || !roots[0].Incomplete || len(diagnostics) != 1 || diagnostics[0].Kind != source.LimitReached {
			t.Errorf("after %d looks: %d roots, diagnostics %v", looks, len(roots), diagnostics)
		}
	}
}

// TestMuchToParse checks that a file which takes far more memory than it has text is not
// parsed, and that the others are.
func TestMuchToParse(t *testing.T) {
	for name, text := range map[string]string{
		"interpolations": "locals {\n  a = <<EOT\n" + strings.Repeat("${1}\n", 300_000) + "EOT\n}\n",
		"operators":      "locals {\n  a = " + strings.Repeat("1+", 1_100_000) + "1\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			tree, names := treeOf("-- good/main.tf --\nresource \"alicloud_vpc\" \"good\" {}\n-- bomb/bomb.tf --\n" + text)
			roots, diagnostics := terraform.Load(t.Context(), tree, names, terraform.Options{})
			if len(diagnostics) != 1 || diagnostics[0].Kind != source.LimitReached || diagnostics[0].Range.File != "bomb/bomb.tf" {
				t.Errorf("diagnostics: %v", diagnostics)
			}
			if !slices.ContainsFunc(roots, func(r *terraform.Root) bool { return r.Dir == "good" && len(r.Resources) == 1 }) {
				t.Errorf("the good root is not among %d", len(roots))
			}
		})
	}
}
