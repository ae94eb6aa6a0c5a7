package terraform_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// TestJoinSplit checks that the commonest idiom gives back the references that
// went in, whatever the keys of the instances are made of.
func TestJoinSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.StringOfN(rapid.RuneFrom([]rune(`ab,:.]["\/é${%`)), 1, 6, -1), 1, 6, rapid.ID).Draw(t, "keys")
		quoted := make([]string, len(keys))
		for i, k := range keys {
			q := quote(k)
			q = strings.ReplaceAll(q, "${", "$${")
			quoted[i] = strings.ReplaceAll(q, "%{", "%%{")
		}
		tree, names := treeOf(fmt.Sprintf(`-- main.tf --
locals {
  keys = [%s]
}
resource "alicloud_vswitch" "s" {
  for_each = toset(local.keys)
}
resource "t" "t" {
  ids = split(",", join(",", [for k in local.keys : alicloud_vswitch.s[k].id]))
}
`, strings.Join(quoted, ", ")))
		roots, diags := terraform.Load(context.Background(), tree, names, terraform.Options{})
		if len(diags) > 0 {
			t.Fatalf("%v", diags)
		}
		var want, got []string
		for _, r := range roots[0].Resources {
			if r.Type == "alicloud_vswitch" {
				want = append(want, r.Address)
				continue
			}
			for _, v := range r.Body.Get("ids").Items() {
				ref, ok := v.Ref()
				if !ok || ref.Attribute != "id" {
					t.Fatalf("no reference to an id: %q", located.Display(v.Str))
				}
				got = append(got, ref.Address)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestOverlay checks that a file which is only laid over the tree is evaluated.
func TestOverlay(t *testing.T) {
	tree, _ := treeOf("-- other/readme --\n")
	tree.Overlay("stdin/main.tf", []byte("resource \"t\" \"x\" {\n  a = 1\n}\n"))
	roots, diags := terraform.Load(context.Background(), tree, []string{"stdin/main.tf"}, terraform.Options{})
	if len(diags) > 0 || len(roots) != 1 {
		t.Fatalf("got %d roots, %v", len(roots), diags)
	}
	if got := show(resource(t, roots[0], "t.x").Body); got != "{a = 1}" {
		t.Errorf("got %s", got)
	}
}
