package alicloud_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// planned is a plan that Terraform and the provider made: the values of the
// attributes of new resources, and which of them are known only after apply.
type planned struct {
	Resources []struct {
		Address string         `json:"address"`
		After   map[string]any `json:"after"`
		Unknown map[string]any `json:"unknown"`
	} `json:"resources"`
}

// What the table says of attributes that a configuration leaves out must be what
// Terraform plans for them.
func TestUnsetAgreesWithPlans(t *testing.T) {
	plans, err := filepath.Glob(filepath.Join("..", "..", "testdata", "plans", "*", "planned.json"))
	if err != nil || len(plans) == 0 {
		t.Fatalf("list plans: %d files, %v", len(plans), err)
	}
	compared := 0
	for _, file := range plans {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var plan planned
		if err := json.Unmarshal(data, &plan); err != nil {
			t.Fatalf("read %s: %v", file, err)
		}
		written := evaluate(t, filepath.Join(filepath.Dir(file), "config"))
		for _, r := range plan.Resources {
			res, ok := written[r.Address]
			if !ok {
				t.Errorf("%s: the configuration has no %s", file, r.Address)
				continue
			}
			c := comparison{t: t, res: res}
			c.object(nil, res.Body, r.After, r.Unknown)
			compared += c.compared
		}
	}
	if compared < 2000 {
		t.Errorf("only %d attributes were compared", compared)
	}
}

// evaluate returns the resources of a configuration by address.
func evaluate(t *testing.T, dir string) map[string]*terraform.Resource {
	t.Helper()
	tree, err := source.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	roots, _ := terraform.Load(context.Background(), tree, names, terraform.Options{})
	resources := make(map[string]*terraform.Resource)
	for _, root := range roots {
		for _, res := range root.Resources {
			resources[res.Address] = res
		}
	}
	return resources
}

type comparison struct {
	t        *testing.T
	res      *terraform.Resource
	compared int
}

// object compares the attributes of the resource, or of the block at path.
func (c *comparison) object(path []string, body *located.Value, after, unknown map[string]any) {
	names := make(map[string]bool)
	for name := range after {
		names[name] = true
	}
	for name := range unknown {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		at := append(slices.Clone(path), name)
		written := body.Get(name)
		if !written.IsNull() {
			c.blocks(at, written, after[name], unknown[name])
			continue
		}
		computed, unset, known := alicloud.Table{}.Attribute(c.res.Type, c.res.Data, at)
		if !known {
			continue
		}
		c.compared++
		isUnknown := unknown[name] == true
		want := "computed"
		if !computed {
			want = render(unset)
		}
		got := "computed"
		if !isUnknown {
			got = renderPlanned(after[name])
		}
		if got != want {
			c.t.Errorf("%s: %s is planned as %s, the table says %s", c.res.Address, strings.Join(at, "."), got, want)
		}
	}
}

// blocks compares the blocks of a list that the configuration writes; those of a
// set have lost their order in a plan.
func (c *comparison) blocks(path []string, written *located.Value, after, unknown any) {
	typ, ok := alicloud.Lookup(c.res.Type, c.res.Data)
	if !ok {
		return
	}
	a, _ := typ.Attribute(path...)
	values, _ := after.([]any)
	unknowns, _ := unknown.([]any)
	if !a.Block || a.Type != "List" && len(values) != 1 || len(values) != len(written.Items()) {
		return
	}
	for i, body := range written.Items() {
		value, _ := values[i].(map[string]any)
		var unknown map[string]any
		if i < len(unknowns) {
			unknown, _ = unknowns[i].(map[string]any)
		}
		c.object(path, body, value, unknown)
	}
}

// renderPlanned writes a planned value as render does.
func renderPlanned(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return render(&located.Value{Kind: located.Bool, Bool: v})
	case float64:
		text, _ := json.Marshal(v)
		return render(&located.Value{Kind: located.Number, Str: string(text)})
	case string:
		return render(&located.Value{Kind: located.String, Str: v})
	case []any:
		return render(&located.Value{Kind: located.List, List: make([]*located.Value, len(v))})
	default:
		text, _ := json.Marshal(v)
		return string(text)
	}
}
