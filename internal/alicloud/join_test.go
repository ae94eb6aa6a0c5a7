package alicloud_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// stateReader is a root that has a VPC, and reads the states of others.
func stateReader(dir string, others ...string) *terraform.Root {
	root := &terraform.Root{Dir: dir, Resources: []*terraform.Resource{resource("alicloud_vpc", dir, "", nil)}}
	for _, other := range others {
		state := resource("terraform_remote_state", other, "", nil)
		state.Data, state.Address = true, "data.terraform_remote_state."+other
		root.Resources = append(root.Resources, state, resource("alicloud_vswitch", dir+"_"+other, "vpc_id", reference(other, "alicloud_vpc."+other, "id")))
	}
	return root
}

// joined joins the scopes of roots, and returns them by directory.
func joined(roots ...*terraform.Root) map[string]*alicloud.Scope {
	places := place.NewRegistry()
	byDir := make(map[string]*alicloud.Scope, len(roots))
	var list []*alicloud.Scope
	for _, root := range roots {
		byDir[root.Dir] = alicloud.NewScope(root, places)
		list = append(list, byDir[root.Dir])
	}
	alicloud.JoinScopes(list)
	return byDir
}

// vpcs are the addresses of the VPCs that a scope sees.
func vpcs(s *alicloud.Scope) string {
	var addresses []string
	for _, res := range s.ByType["alicloud_vpc"] {
		addresses = append(addresses, strings.ReplaceAll(res.Address, "alicloud_vpc.", ""))
	}
	slices.Sort(addresses)
	return strings.Join(addresses, " ")
}

func TestJoinScopes(t *testing.T) {
	withoutState := stateReader("a", "b")
	withoutState.Resources = slices.DeleteFunc(withoutState.Resources, func(r *terraform.Resource) bool { return r.Data })
	otherData := stateReader("a", "b")
	otherData.Resources[1].Type = "terraform_data"
	managed := stateReader("a", "b")
	managed.Resources[1].Data = false
	inList := stateReader("a", "b")
	inList.Resources[2].Body.Map[0].Value = listOf(text("x"), &located.Value{Kind: located.Map, Map: []located.Field{{Key: "k", Value: reference("b", "alicloud_vpc.b", "id")}}})
	local := stateReader("a", "b")
	local.Resources[2].Body.Map[0].Value = reference("", "alicloud_vpc.a", "id")
	many := stateReader("b")
	for len(many.Resources) < 20_000-2 {
		many.Resources = append(many.Resources, resource("alicloud_eip", "x", "", nil))
	}
	most := stateReader("b")
	most.Resources = many.Resources[:20_000-3]
	for _, tc := range []struct {
		name  string
		roots []*terraform.Root
		want  map[string]string
	}{
		{"no states", []*terraform.Root{stateReader("a"), stateReader("b")}, map[string]string{"a": "a", "b": "b"}},
		{"one state", []*terraform.Root{stateReader("a", "b"), stateReader("b")}, map[string]string{"a": "a b:b", "b": "a:a b"}},
		{"a state that is not in the files", []*terraform.Root{stateReader("a", "gone"), stateReader("b")}, map[string]string{"a": "a", "b": "b"}},
		{"the same state that is not in the files", []*terraform.Root{stateReader("a", "gone"), stateReader("b", "gone")}, map[string]string{"a": "a", "b": "b"}},
		{"its own state", []*terraform.Root{stateReader("a", "a"), stateReader("b")}, map[string]string{"a": "a", "b": "b"}},
		{"a state between", []*terraform.Root{stateReader("a", "b"), stateReader("b"), stateReader("c", "b"), stateReader("d")}, map[string]string{"a": "a b:b c:c", "b": "a:a b c:c", "c": "a:a b:b c", "d": "d"}},
		{"in a circle", []*terraform.Root{stateReader("a", "b"), stateReader("b", "c"), stateReader("c", "a")}, map[string]string{"a": "a b:b c:c", "b": "a:a b c:c", "c": "a:a b:b c"}},
		{"in a list", []*terraform.Root{inList, stateReader("b")}, map[string]string{"a": "a b:b", "b": "a:a b"}},
		{"no reference to it", []*terraform.Root{local, stateReader("b")}, map[string]string{"a": "a", "b": "b"}},
		{"no data source for it", []*terraform.Root{withoutState, stateReader("b")}, map[string]string{"a": "a", "b": "b"}},
		{"another data source", []*terraform.Root{otherData, stateReader("b")}, map[string]string{"a": "a", "b": "b"}},
		{"a resource of that type", []*terraform.Root{managed, stateReader("b")}, map[string]string{"a": "a", "b": "b"}},
		{"as many resources as may be", []*terraform.Root{stateReader("a", "b"), most}, map[string]string{"a": "a b:b", "b": "a:a b"}},
		{"too many resources", []*terraform.Root{stateReader("a", "b"), many}, map[string]string{"a": "a", "b": "b"}},
	} {
		got := make(map[string]string)
		for dir, s := range joined(tc.roots...) {
			got[dir] = vpcs(s)
		}
		if !maps.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

// TestBorrowed checks that what another root has says the same in the root that borrows it,
// and stays where it stands.
func TestBorrowed(t *testing.T) {
	b := stateReader("b", "a")
	b.Incomplete = true
	b.UnreadModules = []terraform.UnreadModule{{Reason: "unread", Arguments: reference("", "alicloud_vpc.b", "id")}, {Reason: "without arguments"}}
	scopes := joined(stateReader("a", "b"), b, stateReader("c"))
	a := scopes["a"]
	own, lent := a.ByAddress["alicloud_vswitch.a_b"], a.ByAddress["b:alicloud_vswitch.b_a"]
	if lent == nil {
		t.Fatal("the vSwitch of b is not there")
	}
	if v := a.VSwitch(a.Ident(reference("b", "alicloud_vswitch.b_a", "id"))); v.VPC == nil || v.VPC.Resource != a.ByAddress["alicloud_vpc.a"] {
		t.Errorf("a vSwitch of b in a VPC of a is in %+v", v.VPC)
	}
	if v := a.VSwitch(alicloud.Ident{Key: own.Address, Resource: own}); v.VPC == nil || v.VPC.Resource != a.ByAddress["b:alicloud_vpc.b"] {
		t.Errorf("a vSwitch of a in a VPC of b is in %+v", v.VPC)
	}
	if at := a.Place(lent, lent.Body); at.Root != "b" || at.Address != "alicloud_vswitch.b_a" {
		t.Errorf("the vSwitch of b stands at %+v", at)
	}
	if at := a.Place(own, own.Body); at.Root != "a" || at.Address != "alicloud_vswitch.a_b" {
		t.Errorf("the vSwitch of a stands at %+v", at)
	}
	if reason, found := a.UnreadModule("alicloud_vpc.x"); !found || !strings.Contains(reason, " b ") {
		t.Errorf("a part of b could not be read: %t (%s)", found, reason)
	}
	if reason, found := scopes["c"].UnreadModule("alicloud_vpc.x"); found {
		t.Errorf("a root that nobody joins may lack something: %s", reason)
	}
	b.Incomplete = false
	a = joined(stateReader("a", "b"), b)["a"]
	if reason, _ := a.UnreadModule("b:alicloud_vpc.b"); reason != "unread" {
		t.Errorf("a module of b may hold something of its VPC: %q", reason)
	}
	if reason, found := a.UnreadModule("alicloud_vpc.b", "alicloud_vpc.a"); found {
		t.Errorf("a module of b may hold something of a VPC of a: %q", reason)
	}
}
