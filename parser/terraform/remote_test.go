package terraform_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/terraform"
)

// chain is a number of roots of which each reads the outputs of the next two.
func chain(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "-- r%03d/main.tf --\n", i)
		var values []string
		for k := i + 1; k <= min(i+2, n-1); k++ {
			fmt.Fprintf(&b, "data \"terraform_remote_state\" \"s%d\" {\n  backend = \"local\"\n  config = { path = \"../r%03d/terraform.tfstate\" }\n}\n", k-i, k)
			values = append(values, fmt.Sprintf("data.terraform_remote_state.s%d.outputs.x", k-i))
		}
		values = append(values, fmt.Sprintf("alicloud_vpc.v%d.id", i))
		fmt.Fprintf(&b, "resource \"alicloud_vpc\" \"v%d\" {}\noutput \"x\" {\n  value = distinct(flatten([%s]))\n}\n", i, strings.Join(values, ", "))
		fmt.Fprintf(&b, "resource \"t\" \"x\" {\n  x = distinct(flatten([%s]))\n}\n", strings.Join(values, ", "))
	}
	return b.String()
}

// TestChain checks that roots which read each other's outputs in a long row end in
// unknowns, and that those in a short row are known.
func TestChain(t *testing.T) {
	tree, names := treeOf(chain(120))
	roots, diags := terraform.Load(context.Background(), tree, names, terraform.Options{})
	if len(diags) > 0 || len(roots) != 120 {
		t.Fatalf("got %d roots, %s", len(roots), messages(diags))
	}
	if x := resource(t, roots[0], "t.x").Body.Get("x"); x.FirstUnknown() == nil {
		t.Errorf("got %s", show(x))
	}
	got := show(resource(t, roots[117], "t.x").Body.Get("x"))
	want := `["${r119:alicloud_vpc.v119.id}", "${r118:alicloud_vpc.v118.id}", "${alicloud_vpc.v117.id}"]`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// BenchmarkRemote is a repository in which 20 roots read the outputs of one root of
// 1,800 instances.
func BenchmarkRemote(b *testing.B) {
	var archive strings.Builder
	archive.WriteString(strings.NewReplacer("-- main.tf --", "-- network/main.tf --", "-- net/", "-- network/net/").Replace(network(50)))
	archive.WriteString("-- network/outputs.tf --\n")
	for i := range 50 {
		fmt.Fprintf(&archive, "output \"ids%d\" {\n  value = module.net%d.ids\n}\n", i, i)
	}
	for i := range 20 {
		fmt.Fprintf(&archive, "-- app%d/main.tf --\n", i)
		archive.WriteString("data \"terraform_remote_state\" \"net\" {\n  backend = \"local\"\n  config = { path = \"../network/terraform.tfstate\" }\n}\n")
		fmt.Fprintf(&archive, "resource \"t\" \"x\" {\n  ids = data.terraform_remote_state.net.outputs.ids%d\n}\n", i)
	}
	tree, names := treeOf(archive.String())
	b.ReportAllocs()
	for b.Loop() {
		terraform.Load(context.Background(), tree, names, terraform.Options{})
	}
}
