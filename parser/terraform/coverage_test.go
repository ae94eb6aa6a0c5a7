package terraform_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// coverage counts the values that plans know, and those of them that are known
// without Terraform: written in the configuration, or by the schema.
type coverage struct {
	planned, known int
	missing        []string
}

// compared compares one planned resource with what the configuration and the
// schema say of it.
type compared struct {
	*coverage
	t   *testing.T
	res *terraform.Resource
}

// object compares the attributes of the resource, or of a block in it.
func (c *compared) object(path []string, body *located.Value, after, unknown map[string]any) {
	names := sortedKeys(after)
	for _, name := range names {
		if name == "timeouts" { // of Terraform's own, not of the provider's schema
			continue
		}
		if unknown[name] == true || suppressed[c.res.Type+"."+name] {
			continue
		}
		at := append(slices.Clone(path), name)
		typ, _ := alicloud.Lookup(c.res.Type, false)
		a, _ := typ.Attribute(at...)
		if a.Removed || a.Suppressed {
			// The plan has null for what the provider refuses, and for what it ignores
			// beside other arguments; the schema does not say that of the latter.
			continue
		}
		v := c.filled(body.Get(name), at)
		if v == nil {
			c.miss(at, "computed, or not in the schema")
			continue
		}
		c.value(at, v, after[name], unknown[name])
	}
}

// filled returns v, or what the schema says of an attribute that is left out; nil
// if it does not say.
func (c *compared) filled(v *located.Value, path []string) *located.Value {
	if !v.IsNull() {
		return v
	}
	computed, unset, known := alicloud.Table{}.Attribute(c.res.Type, false, path)
	if computed || !known {
		return nil
	}
	return unset
}

func (c *compared) miss(path []string, why string) {
	if strings.HasPrefix(why, "data.") {
		return // the plans' data sources are made up
	}
	c.planned++
	c.missing = append(c.missing, fmt.Sprintf("%s: %s: %s", c.res.Address, strings.Join(path, "."), why))
}

func (c *compared) value(path []string, v *located.Value, after, unknown any) {
	list, isList := after.([]any)
	switch {
	case v.IsUnknown():
		c.miss(path, v.Reason)
	case isList && c.isBlock(path):
		c.blocks(path, v, list, unknown)
	default:
		c.planned++
		if v.IsNull() && after == "" && c.inSet(path) {
			after = nil // the provider's library does not tell them apart in sets
		}
		msgs := differences(v, after, unknown)
		for _, m := range msgs {
			c.t.Errorf("%s.%s%s", c.res.Address, strings.Join(path, "."), m)
		}
		if len(msgs) > 0 || v.FirstUnknown() != nil {
			c.missing = append(c.missing, fmt.Sprintf("%s: %s", c.res.Address, strings.Join(path, ".")))
			return
		}
		c.known++
	}
}

// inSet reports whether an attribute lies in a block of which there is a set.
func (c *compared) inSet(path []string) bool {
	typ, _ := alicloud.Lookup(c.res.Type, false)
	a, ok := typ.Attribute(path[:len(path)-1]...)
	return ok && a.Type == "Set"
}

func (c *compared) isBlock(path []string) bool {
	typ, _ := alicloud.Lookup(c.res.Type, false)
	a, _ := typ.Attribute(path...)
	return a.Block
}

// blocks compares nested blocks. Those of a set have lost their order in a plan:
// each is compared with the one that agrees in most attributes.
func (c *compared) blocks(path []string, v *located.Value, after []any, unknown any) {
	items := v.Items()
	if len(items) != len(after) {
		c.t.Errorf("%s.%s: got %d blocks, the plan has %d", c.res.Address, strings.Join(path, "."), len(items), len(after))
		return
	}
	if len(items) == 0 {
		c.planned++
		c.known++
		return
	}
	left := make([]int, len(after))
	for i := range left {
		left[i] = i
	}
	for _, item := range items {
		best, most := 0, -1
		for n, i := range left {
			m, _ := after[i].(map[string]any)
			agree := 0
			for _, f := range item.Map {
				if len(differences(f.Value, m[f.Key], field(at(unknown, i), f.Key))) == 0 {
					agree++
				}
			}
			if agree > most {
				best, most = n, agree
			}
		}
		i := left[best]
		left = slices.Delete(left, best, best+1)
		m, _ := after[i].(map[string]any)
		u, _ := at(unknown, i).(map[string]any)
		c.object(path, item, m, u)
	}
}
