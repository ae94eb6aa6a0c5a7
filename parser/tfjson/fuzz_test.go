package tfjson_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/tfjson"
)

// FuzzParse checks that any input gives instances that are told apart, or a fatal
// diagnostic, and the same each time.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/states/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		f.Add(mustRead(f, file))
	}
	f.Add(plan(f, []unit{created(`alicloud_vpc.a["x"]`, "x")}, object{
		"resources":    []any{block("alicloud_vpc.a", object{"vpc_id": refs("each.value.id", "each.value")}, forEach("alicloud_vpc.a"))},
		"module_calls": object{"m": object{"module": object{}}},
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		tfjson.Is(data)
		root, diagnostics := tfjson.Parse(context.Background(), nil, "plan.json", data, alicloud.Identities())
		if root == nil {
			if len(diagnostics) != 1 || !diagnostics[0].Fatal() {
				t.Fatalf("no root, and %v", diagnostics)
			}
			return
		}
		last := ""
		for _, res := range root.Resources {
			if res.Address == last {
				t.Fatalf("%s is there twice", res.Address)
			}
			last = res.Address
			walk(res.Body, func(v *located.Value) {
				if v.Range.Start.Compare(source.Pos{Line: 1, Column: 1}) < 0 || v.Range.End.Compare(v.Range.Start) <= 0 {
					t.Fatalf("%s: %s stands at %v", res.Address, show(v), v.Range)
				}
				keys := make(map[string]bool)
				for _, f := range v.Map {
					if keys[f.Key] {
						t.Fatalf("%s: key %q is there twice", res.Address, f.Key)
					}
					keys[f.Key] = true
				}
			})
		}
		again, _ := tfjson.Parse(context.Background(), nil, "plan.json", data, alicloud.Identities())
		if first, second := dump(root), dump(again); first != second {
			t.Fatalf("got\n%s\nthen\n%s", first, second)
		}
		merged := tfjson.Merge(root, again)
		if len(merged.Resources) != len(root.Resources) {
			t.Fatalf("%d resources, merged with itself %d", len(root.Resources), len(merged.Resources))
		}
	})
}
