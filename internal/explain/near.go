package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
)

// nearMisses are what looks as if it let the packet pass at a hop, and does not: they
// stand in the gate that the hop belongs to.
func (x *Index) nearMisses(p *model.Path, h model.Hop) []Aside {
	w := x.workloads[p.Workload]
	if w == nil || h.Origin.Ref == 0 {
		return nil
	}
	here := func(cluster string, o place.Origin) bool { return cluster == w.Cluster && o == h.Origin }
	var list []Aside
	switch h.Name {
	case model.HopDNS:
		for _, g := range x.model.NameResolution {
			if g.Miss.Ref != 0 && here(g.Cluster, g.Origin) {
				list = append(list, Aside{"This rule was meant to admit the resolver.", at(g.Miss)})
			}
		}
	case model.HopEgressPolicy:
		for _, g := range x.model.PolicyBlocks {
			if g.Says != "" && g.Code == h.Code && here(g.Cluster, g.Origin) {
				list = append(list, Aside{fmt.Sprintf("The closest rule, of %s, is about %s.", g.Closest, g.Says), at(g.Origin)})
			}
		}
	case model.HopNAT:
		for _, g := range x.model.InternetAccess {
			if g.Code == h.Code && h.Code == "wrong-vswitch" && here(g.Cluster, g.Entry) {
				list = append(list, Aside{otherKind(g.EntryCovers, g.Role), at(g.Entry)})
			}
		}
	case model.HopWhitelist, model.HopTargetACL:
		for _, g := range slices.Concat(x.model.AllowListAccess, x.model.ACLAccess) {
			if g.WrongEntry != "" && g.Code == h.Code && here(g.Cluster, g.Origin) {
				list = append(list, Aside{otherKind(g.WrongCovers, g.Role), at(g.Origin)})
			}
		}
	case model.HopTargetSecurityGroup:
		for _, g := range x.model.SecurityGroupIngress {
			if len(g.WrongCovers) > 0 && g.Code == h.Code && here(g.Cluster, g.Origin) {
				list = append(list, Aside{otherKind(g.WrongCovers, g.Role), at(g.Wrong)})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Aside) int { return strings.Compare(a.Text, b.Text) })
	return slices.CompactFunc(list, func(a, b Aside) bool { return a.Text == b.Text })
}

// otherKind says of vSwitches that they are those of the other plug-in. role is whose
// addresses packets have.
func otherKind(covers []string, role string) string {
	whose, right, wrong := "nodes", "Flannel", "Terway"
	if role == "node" {
		whose, right, wrong = "pods", "Terway", "Flannel"
	}
	return fmt.Sprintf("What is there is of the %s, %s: right under %s, wrong under %s.", whose, strings.Join(covers, ", "), right, wrong)
}
