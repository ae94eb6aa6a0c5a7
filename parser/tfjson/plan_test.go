package tfjson_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/tfjson"
)

// plannedModule is a module of planned_values, decoded without this package.
type plannedModule struct {
	Resources []struct {
		Address   string         `json:"address"`
		Values    map[string]any `json:"values"`
		Sensitive map[string]any `json:"sensitive_values"`
	} `json:"resources"`
	Children []plannedModule `json:"child_modules"`
}

func (m plannedModule) each(visit func(address string, values, sensitive map[string]any)) {
	for _, r := range m.Resources {
		visit(r.Address, r.Values, r.Sensitive)
	}
	for _, c := range m.Children {
		c.each(visit)
	}
}

func decodePlan(t *testing.T, data []byte) (planned, prior plannedModule) {
	t.Helper()
	var plan struct {
		Planned struct {
			Root plannedModule `json:"root_module"`
		} `json:"planned_values"`
		Prior struct {
			Values struct {
				Root plannedModule `json:"root_module"`
			} `json:"values"`
		} `json:"prior_state"`
	}
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	if err := dec.Decode(&plan); err != nil {
		t.Fatal(err)
	}
	return plan.Planned.Root, plan.Prior.Values.Root
}

// TestKnown compares every attribute that a plan knows with what is read of it.
func TestKnown(t *testing.T) {
	total, unknown, resolved := 0, 0, 0
	for _, sample := range samples(t) {
		t.Run(sample, func(t *testing.T) {
			data := mustRead(t, "../../testdata/plans/"+sample+"/plan.json")
			root := parse(t, sample+"/plan.json", data)
			planned, prior := decodePlan(t, data)
			ours := byAddress(root)
			seen := 0
			check := func(address string, values, sensitive map[string]any) {
				res := ours[address]
				if res == nil {
					t.Errorf("%s is missing", address)
					return
				}
				seen++
				for _, name := range sortedKeys(values) {
					want := values[name]
					got := res.Body.Get(name)
					total++
					if diff := cmp.Diff(plain(want), value(got, want)); diff != "" {
						t.Errorf("%s.%s (-plan +got):\n%s", address, name, diff)
					}
					if sensitive[name] == true && want != nil && !got.Sensitive {
						t.Errorf("%s.%s is not sensitive", address, name)
					}
				}
				for _, f := range res.Body.Map {
					if _, known := values[f.Key]; known {
						continue
					}
					switch _, isRef := f.Value.Ref(); {
					case isRef:
						resolved++
					case f.Value.IsUnknown():
						unknown++
					default:
						t.Errorf("%s.%s = %s: the plan does not know it", address, f.Key, show(f.Value))
					}
				}
			}
			planned.each(check)
			prior.each(check)
			if seen != len(root.Resources) {
				t.Errorf("%d instances in the plan, %d read", seen, len(root.Resources))
			}
		})
	}
	t.Logf("%d known attributes; of those set but not known %d are resolved without the configuration, %d unknown", total, resolved, unknown)
}

// plain drops nulls from a decoded value, as absent attributes.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any)
		for k, e := range v {
			if e != nil {
				out[k] = plain(e)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, plain(e))
		}
		return out
	case json.Number:
		return v.String()
	default:
		return v
	}
}

// value turns v into the form of a decoded value. Entries that are unknown are left
// out where the plan has none.
func value(v *located.Value, like any) any {
	switch v.Kind {
	case located.Bool:
		return v.Bool
	case located.String, located.Number:
		return v.Str
	case located.List:
		list, _ := like.([]any)
		out := []any{}
		for i, e := range v.List {
			var sub any
			if i < len(list) {
				sub = list[i]
			}
			out = append(out, value(e, sub))
		}
		return out
	case located.Map:
		m, _ := like.(map[string]any)
		out := make(map[string]any)
		for _, f := range v.Map {
			if _, has := m[f.Key]; has || !f.Value.IsUnknown() {
				out[f.Key] = value(f.Value, m[f.Key])
			}
		}
		return out
	default:
		return nil
	}
}

// TestInstances compares the instances of the plans, and what they belong to, with
// those of the evaluated configurations.
func TestInstances(t *testing.T) {
	for _, sample := range samples(t) {
		t.Run(sample, func(t *testing.T) {
			root := parse(t, sample+"/plan.json", mustRead(t, "../../testdata/plans/"+sample+"/plan.json"))
			hcl := evaluate(t, sample)
			if diff := cmp.Diff(addresses(hcl), addresses(root)); diff != "" {
				t.Errorf("instances (-configuration +plan):\n%s", diff)
			}
			written := byAddress(hcl)
			for _, res := range root.Resources {
				h := written[res.Address]
				if h == nil {
					t.Errorf("%s is not in the configuration", res.Address)
					continue
				}
				got := fmt.Sprint(res.Module, res.Data, res.Type, res.Name, res.Provider, res.Uncertain)
				want := fmt.Sprint(h.Module, h.Data, h.Type, h.Name, h.Provider, h.Uncertain)
				if got != want {
					t.Errorf("%s: got %s, want %s", res.Address, got, want)
				}
			}
			if len(root.UnreadModules) > 0 {
				t.Errorf("unread modules: %v", root.UnreadModules)
			}
		})
	}
}

// TestResolvedAsEvaluated checks that each identity found from a plan alone is the
// one that the configuration gives, and keeps a table of them.
func TestResolvedAsEvaluated(t *testing.T) {
	for _, sample := range samples(t) {
		t.Run(sample, func(t *testing.T) {
			root := parse(t, sample+"/plan.json", mustRead(t, "../../testdata/plans/"+sample+"/plan.json"))
			written := byAddress(evaluate(t, sample))
			var table strings.Builder
			for _, res := range root.Resources {
				for _, f := range res.Body.Map {
					h := written[res.Address].Body.Get(f.Key)
					ref, ok := f.Value.Ref()
					switch {
					case ok:
						fmt.Fprintf(&table, "%s.%s -> %s\n", res.Address, f.Key, ref)
						if want, isRef := h.Ref(); !isRef || want != ref {
							t.Errorf("%s.%s: got %s, the configuration has %s", res.Address, f.Key, ref, show(h))
						}
					case f.Value.IsUnknown() && !h.IsNull():
						fmt.Fprintf(&table, "%s.%s ?\n", res.Address, f.Key)
					}
				}
			}
			golden(t, "../../testdata/plans/"+sample+"/resolved.golden", table.String())
		})
	}
}

// TestBeside reads each plan together with the configuration beside it.
func TestBeside(t *testing.T) {
	tree, err := source.OpenTree("../../testdata/plans")
	if err != nil {
		t.Fatal(err)
	}
	for _, sample := range samples(t) {
		t.Run(sample, func(t *testing.T) {
			name := sample + "/plan.json"
			data := mustRead(t, "../../testdata/plans/"+name)
			alone := parse(t, name, data)
			root, diagnostics := tfjson.Parse(context.Background(), tree, name, data, alicloud.Identities())
			if len(diagnostics) > 0 || root.Dir != sample+"/config" {
				t.Fatalf("dir %s, diagnostics %v", root.Dir, diagnostics)
			}
			if diff := cmp.Diff(addresses(alone), addresses(root)); diff != "" {
				t.Errorf("instances (-alone +beside):\n%s", diff)
			}
			written := byAddress(evaluate(t, sample))
			merged := byAddress(root)
			var left strings.Builder
			for _, res := range alone.Resources {
				m, h := merged[res.Address], written[res.Address]
				walk(m.Body, func(v *located.Value) {
					if !strings.HasPrefix(v.Range.File, sample+"/config/") {
						t.Errorf("%s: %s stands at %s", res.Address, show(v), v.Range)
					}
				})
				if !slices.Equal(m.IgnoreChanges, h.IgnoreChanges) {
					t.Errorf("%s ignores %v", res.Address, m.IgnoreChanges)
				}
				for _, f := range res.Body.Map {
					got := m.Body.Get(f.Key)
					if f.Value.FirstUnknown() == nil && show(f.Value) != show(got) && !sameButForOrder(f.Value, got) {
						t.Errorf("%s.%s: the plan has %s, merged is %s", res.Address, f.Key, show(f.Value), show(got))
					}
				}
				for _, f := range m.Body.Map {
					if u := f.Value.FirstUnknown(); u != nil {
						fmt.Fprintf(&left, "%s.%s: %s\n", res.Address, f.Key, u.Reason)
					}
				}
			}
			golden(t, "../../testdata/plans/"+sample+"/unknown.golden", left.String())
		})
	}
}

// sameButForOrder compares values with the entries of maps in any order.
func sameButForOrder(a, b *located.Value) bool {
	return cmp.Equal(value(a, nil), value(b, nil))
}
