package tfjson_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/tfjson"
)

// TestMade reads plans of all kinds and a state that Terraform 1.11.4 made of the
// configuration beside them, which uses no provider but its own.
func TestMade(t *testing.T) {
	tree := source.NewTree(os.DirFS("testdata/made"))
	for _, tt := range []struct {
		name       string
		resources  int
		beside     bool // read together with the configuration
		incomplete bool
	}{
		{name: "create", resources: 16, beside: true},
		{name: "target", resources: 16, beside: true, incomplete: true},
		{name: "state", resources: 16},
		{name: "destroy"},
		{name: "refresh", resources: 16, beside: true},
		{name: "replace", resources: 16, beside: true},
		{name: "errored", resources: 15, beside: true, incomplete: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := tt.name + ".json"
			data := mustRead(t, "testdata/made/"+name)
			if !tfjson.Is(data) {
				t.Error("not seen as a plan or state")
			}
			root, diagnostics := tfjson.Parse(context.Background(), tree, name, data, alicloud.Identities())
			if got := len(diagnostics) > 0; got != tt.incomplete {
				t.Errorf("diagnostics: %v", diagnostics)
			}
			if got := len(root.UnreadModules) > 0; got != tt.incomplete {
				t.Errorf("unread modules: %v", root.UnreadModules)
			}
			if len(root.Resources) != tt.resources {
				t.Errorf("%d resources", len(root.Resources))
			}
			for _, res := range root.Resources {
				if beside := strings.HasSuffix(res.Body.Range.File, ".tf"); beside != tt.beside {
					t.Errorf("%s stands at %s", res.Address, res.Body.Range)
				}
			}
			golden(t, fmt.Sprintf("testdata/made/%s.golden", tt.name), dump(root))
		})
	}
}
