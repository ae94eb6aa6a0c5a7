package terraform_test

import (
	"context"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// schema is a schema for tests: what attributes hold by their paths, which begin
// with their type: "computed", "null", "blocks", or a default in JSON.
type schema map[string]string

func (s schema) Attribute(resourceType string, data bool, path []string) (computed bool, unset *located.Value, known bool) {
	if data {
		resourceType = "data." + resourceType
	}
	text, ok := s[resourceType+"."+strings.Join(path, ".")]
	switch {
	case !ok:
		return false, nil, false
	case text == "computed":
		return true, nil, true
	case text == "null":
		return false, &located.Value{}, true
	case text == "blocks":
		return false, &located.Value{Kind: located.List}, true
	case text == "true" || text == "false":
		return false, &located.Value{Kind: located.Bool, Bool: text == "true"}, true
	case strings.HasPrefix(text, `"`):
		return false, &located.Value{Kind: located.String, Str: strings.Trim(text, `"`)}, true
	default:
		return false, &located.Value{Kind: located.Number, Str: text}, true
	}
}

// TestProviderSchema checks that the table of the provider's schema fits.
func TestProviderSchema(t *testing.T) {
	tree, names := treeOf(`-- main.tf --
resource "alicloud_cs_managed_kubernetes" "k" {
  count = 2
}
resource "test" "t" {
  default  = alicloud_cs_managed_kubernetes.k[*].new_nat_gateway
  mask     = alicloud_cs_managed_kubernetes.k[0].node_cidr_mask + 1
  null     = coalesce(alicloud_cs_managed_kubernetes.k[0].pod_cidr, "none")
  computed = alicloud_cs_managed_kubernetes.k[0].nat_gateway_id
  blocks   = length(alicloud_cs_managed_kubernetes.k[0].addons)
}
`)
	roots, diags := terraform.Load(context.Background(), tree, names, terraform.Options{Schema: alicloud.Table{}})
	if len(diags) > 0 {
		t.Error(messages(diags))
	}
	got := show(resource(t, roots[0], "test.t").Body)
	want := `{default = [true, true], mask = 25, null = "none", computed = "${alicloud_cs_managed_kubernetes.k[0].nat_gateway_id}", blocks = 0}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
