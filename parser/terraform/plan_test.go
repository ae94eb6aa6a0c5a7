package terraform_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// planned is the part of a plan, made by Terraform itself, that the evaluator
// must agree with.
type planned struct {
	Resources []struct {
		Address string         `json:"address"`
		After   map[string]any `json:"after"`
		Unknown map[string]any `json:"unknown"`
	} `json:"resources"`
	Outputs map[string]struct {
		After   any `json:"after"`
		Unknown any `json:"unknown"`
	} `json:"outputs"`
}

// TestPlan compares the evaluator's instances, their arguments and the outputs
// with the plans of the same configurations.
func TestPlan(t *testing.T) {
	dirs, err := filepath.Glob("../../testdata/plans/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no plans: %v", err)
	}
	var cover coverage
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			var plan planned
			dec := json.NewDecoder(strings.NewReader(string(mustRead(t, dir+"/planned.json"))))
			dec.UseNumber()
			if err := dec.Decode(&plan); err != nil {
				t.Fatal(err)
			}
			comparePlan(t, dir+"/config", plan, &cover)
		})
	}
	t.Logf("of %d values that the plans know, %d are known here (%.1f %%)", cover.planned, cover.known, 100*float64(cover.known)/float64(cover.planned))
	if cover.planned < 2000 || cover.known*100 < cover.planned*98 {
		t.Errorf("only %d of %d planned values are known:\n%s", cover.known, cover.planned, strings.Join(cover.missing, "\n"))
	}
}

func comparePlan(t *testing.T, dir string, plan planned, cover *coverage) {
	tree, err := source.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && isTerraform(name) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// Outputs are read through a resource in the same module.
	var extra strings.Builder
	exprs := outputExpressions(t, dir)
	for _, name := range sortedKeys(exprs) {
		fmt.Fprintf(&extra, "\nresource \"terraform_data\" \"output_%s\" {\n  input = [%s]\n}\n", name, exprs[name])
	}
	host := "main.tf"
	if !slices.Contains(names, host) {
		host = "extra.tf"
	}
	tree.Overlay(host, append(mustRead(t, dir+"/"+host), extra.String()...))
	roots, diags := terraform.Load(context.Background(), tree, names, terraform.Options{Schema: alicloud.Table{}})
	for _, d := range diags {
		t.Errorf("%s: %s: %s", d.Range, d.Kind, d.Message)
	}
	if len(roots) != 1 {
		t.Fatalf("got %d roots", len(roots))
	}
	ours := make(map[string]*terraform.Resource)
	var got, want []string
	outputs := make(map[string]*located.Value)
	for _, r := range roots[0].Resources {
		if name, ok := strings.CutPrefix(r.Name, "output_"); ok && r.Type == "terraform_data" {
			outputs[name] = r.Body.Get("input").List[0]
			continue
		}
		if !r.Data {
			ours[r.Address] = r
			got = append(got, r.Address)
		}
	}
	for _, r := range plan.Resources {
		want = append(want, r.Address)
	}
	if g, w := sorted(got), sorted(want); !slices.Equal(g, w) {
		t.Errorf("instances differ:\n got %q\nwant %q", g, w)
	}
	for _, r := range plan.Resources {
		o := ours[r.Address]
		if o == nil {
			continue
		}
		for _, f := range o.Body.Map {
			unknown, _ := r.Unknown[f.Key]
			after, set := r.After[f.Key]
			if suppressed[o.Type+"."+f.Key] {
				continue
			}
			if !set && unknown == nil {
				t.Errorf("%s.%s: the plan does not have it", r.Address, f.Key)
				continue
			}
			for _, msg := range differences(f.Value, after, unknown) {
				t.Errorf("%s.%s%s", r.Address, f.Key, msg)
			}
		}
	}
	for _, r := range plan.Resources {
		if o := ours[r.Address]; o != nil {
			if _, ok := alicloud.Lookup(o.Type, false); ok {
				c := compared{t: t, res: o, coverage: cover}
				c.object(nil, o.Body, r.After, r.Unknown)
			}
		}
	}
	for _, name := range sortedKeys(exprs) {
		for _, msg := range differences(outputs[name], plan.Outputs[name].After, plan.Outputs[name].Unknown) {
			t.Errorf("output.%s%s", name, msg)
		}
	}
}

// suppressed are arguments that the provider drops from the plan because
// another argument makes them meaningless.
var suppressed = map[string]bool{
	"alicloud_elasticsearch_instance.kibana_whitelist": true,
	"alicloud_elasticsearch_instance.public_whitelist": true,
	"alicloud_security_group.inner_access_policy":      true,
}

// outputExpressions returns the expressions of a configuration's outputs.
func outputExpressions(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	files, err := filepath.Glob(dir + "/*.tf")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		outputsIn(t, out, file, mustRead(t, file))
	}
	return out
}

// outputsIn adds the expressions of the outputs in one file.
func outputsIn(t *testing.T, exprs map[string]string, name string, data []byte) {
	t.Helper()
	f, diags := hclsyntax.ParseConfig(data, name, hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for _, b := range f.Body.(*hclsyntax.Body).Blocks {
		if b.Type == "output" {
			r := b.Body.Attributes["value"].Expr.Range()
			exprs[b.Labels[0]] = string(data[r.Start.Byte:r.End.Byte])
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// differences compares a value with what a plan has for it. What the plan leaves
// unknown may be a placeholder or unknown here, and the other way round only
// where a data source is behind it: the plan's data sources are made up.
func differences(v *located.Value, after, unknown any) []string {
	diff := func(format string, args ...any) []string {
		return []string{": " + fmt.Sprintf(format, args...)}
	}
	if unknown == true {
		if v.FirstUnknown() == nil && !strings.Contains(show(v), "${") {
			return diff("got %s, the plan does not know it", show(v))
		}
		return nil
	}
	switch v.Kind {
	case located.Unknown:
		if strings.Contains(v.Reason, "data.") {
			return nil
		}
		return diff("unknown (%s), the plan has %v", v.Reason, after)
	case located.Null:
		if after != nil {
			return diff("null, the plan has %v", after)
		}
		return nil
	case located.List:
		list, ok := after.([]any)
		if !ok {
			return diff("got a list, the plan has %v", after)
		}
		if len(list) != len(v.List) {
			return diff("got %d elements %s, the plan has %d: %v", len(v.List), show(v), len(list), list)
		}
		return unordered(v.List, list, unknown)
	case located.Map:
		m, ok := after.(map[string]any)
		if !ok {
			if list, isList := after.([]any); isList && len(list) == 1 {
				// A nested block written as an object, as JSON allows.
				return differences(v, list[0], at(unknown, 0))
			}
			return diff("got a map, the plan has %v", after)
		}
		var out []string
		for _, f := range v.Map {
			for _, msg := range differences(f.Value, m[f.Key], field(unknown, f.Key)) {
				out = append(out, "."+f.Key+msg)
			}
		}
		return out
	default:
		got, _ := v.Text()
		if strings.Contains(located.Display(got), "${data.") {
			return nil
		}
		if want := fmt.Sprint(after); got != want {
			return diff("got %q, the plan has %q", located.Display(got), want)
		}
		return nil
	}
}

// unordered matches the elements of a list with those of the plan: in order, or
// in any order if that fails, because the provider may hold them as a set.
func unordered(ours []*located.Value, theirs []any, unknown any) []string {
	var out []string
	used := make([]bool, len(theirs))
	for i, v := range ours {
		msgs := differences(v, theirs[i], at(unknown, i))
		best := -1
		for j := range theirs {
			if !used[j] && len(differences(v, theirs[j], at(unknown, j))) == 0 {
				best = j
				break
			}
		}
		if best < 0 {
			for _, m := range msgs {
				out = append(out, fmt.Sprintf("[%d]%s", i, m))
			}
			continue
		}
		used[best] = true
	}
	return out
}

func at(unknown any, i int) any {
	if list, ok := unknown.([]any); ok && i < len(list) {
		return list[i]
	}
	return nil
}

func field(unknown any, name string) any {
	if m, ok := unknown.(map[string]any); ok {
		return m[name]
	}
	return nil
}
