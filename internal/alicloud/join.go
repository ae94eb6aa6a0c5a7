package alicloud

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// maxLent bounds how many resources roots that are joined by their states may have
// together: each is seen by every root of them.
const maxLent = 20_000

// JoinScopes lets roots that read each other's states see each other's resources,
// directly or by others between: what one root creates for a VPC may lie in any of
// them. A resource of another root is a copy, whose address and references name the
// root; it is no cluster, target or object of the scope that borrows it.
func JoinScopes(scopes []*Scope) {
	byID := make(map[string]*Scope, len(scopes))
	for _, s := range scopes {
		byID[s.Root.ID()] = s
	}
	// group holds for each scope the first one of those it is joined with.
	group := make(map[*Scope]*Scope)
	var find func(s *Scope) *Scope
	find = func(s *Scope) *Scope {
		if up := group[s]; up != nil {
			return find(up)
		}
		return s
	}
	for _, s := range scopes {
		for id := range statesRead(s.Root) {
			if other := byID[id]; other != nil {
				if x, y := find(s), find(other); x != y {
					group[y] = x
				}
			}
		}
	}
	members := make(map[*Scope][]*Scope)
	for _, s := range scopes {
		first := find(s)
		members[first] = append(members[first], s)
	}
	for _, joined := range members {
		total := 0
		for _, s := range joined {
			total += len(s.Root.Resources)
		}
		if len(joined) < 2 || total > maxLent {
			continue
		}
		for _, s := range joined {
			for _, other := range joined {
				if other != s {
					borrow(s, other.Root)
				}
			}
		}
	}
}

// statesRead returns the ids of the roots that a root has references to.
func statesRead(root *terraform.Root) map[string]bool {
	if !slices.ContainsFunc(root.Resources, func(r *terraform.Resource) bool { return r.Data && r.Type == "terraform_remote_state" }) {
		return nil
	}
	found := make(map[string]bool)
	var walk func(v *located.Value)
	walk = func(v *located.Value) {
		switch v.Kind {
		case located.String:
			refs, _ := located.Refs(v.Str)
			for _, ref := range refs {
				if ref.Root != "" {
					found[ref.Root] = true
				}
			}
		case located.List:
			for _, item := range v.List {
				walk(item)
			}
		case located.Map:
			for _, f := range v.Map {
				walk(f.Value)
			}
		}
	}
	for _, res := range root.Resources {
		walk(res.Body)
	}
	return found
}

// borrow adds the resources of another root.
func borrow(s *Scope, root *terraform.Root) {
	from, into := root.ID(), s.Root.ID()
	addModules(s, root)
	for _, res := range root.Resources {
		lent := *res
		lent.Address = from + ":" + res.Address
		lent.Body = Adopt(res.Body, from, into)
		s.lenders[&lent] = root
		add(s, &lent)
	}
	if root.Incomplete {
		s.incomplete = append(s.incomplete, root.Dir)
	}
	for _, m := range root.UnreadModules {
		m.Arguments = Adopt(m.Arguments, from, into)
		s.unread = append(s.unread, m)
	}
}

// Adopt copies a value of one root as another one sees it.
func Adopt(v *located.Value, from, into string) *located.Value {
	if v == nil {
		return nil
	}
	out := *v
	switch v.Kind {
	case located.String:
		out.Str = located.FromRoot(v.Str, from)
		refs, _ := located.Refs(out.Str)
		for _, ref := range refs {
			if ref.Root == into {
				out.Str = strings.ReplaceAll(out.Str, ref.Placeholder(), ref.Local().Placeholder())
			}
		}
	case located.List:
		out.List = make([]*located.Value, len(v.List))
		for i, item := range v.List {
			out.List[i] = Adopt(item, from, into)
		}
	case located.Map:
		out.Map = slices.Clone(v.Map)
		for i, f := range v.Map {
			out.Map[i].Value = Adopt(f.Value, from, into)
		}
	}
	return &out
}

// lender is the root that a resource of the scope belongs to.
func lender(s *Scope, res *terraform.Resource) *terraform.Root {
	if root := s.lenders[res]; root != nil {
		return root
	}
	return s.Root
}

// localAddress is a resource's address in the root that it belongs to.
func localAddress(s *Scope, res *terraform.Resource) string {
	if root := s.lenders[res]; root != nil {
		return strings.TrimPrefix(res.Address, root.ID()+":")
	}
	return res.Address
}
