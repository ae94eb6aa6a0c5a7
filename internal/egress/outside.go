package egress

import (
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
)

// Things outside the files that the configuration describes: their names, where they
// are, and whom they let in.

// outsideTargets makes targets of what the configuration describes.
func outsideTargets(f *facts) []*outsideTarget {
	list := make([]*outsideTarget, 0, len(f.options.Targets))
	for _, config := range f.options.Targets {
		at := f.places.Add(place.Place{Range: config.At, Address: "targets/" + config.Name})
		t := &target{
			Address: "targets/" + config.Name, Kind: "target", Product: "Target", Name: config.Name, Origin: at,
			List: alicloud.AllowList{Attribute: "its allow-list", Origin: at},
		}
		for _, entry := range config.Allow {
			t.List.Entries = append(t.List.Entries, alicloud.AllowEntry{
				Text: entry.CIDR.String(), CIDR: entry.CIDR, Origin: f.places.Add(place.Place{Range: entry.At, Address: t.Address}),
			})
		}
		list = append(list, &outsideTarget{config, t})
	}
	return list
}

// outsideTarget is a thing outside the files.
type outsideTarget struct {
	TargetConfig
	target *target
}

// is reports whether a requirement leads to the thing.
func (o *outsideTarget) is(r *requirementOf) bool {
	if len(r.others) > 0 {
		return false // the Service may lead elsewhere
	}
	for _, host := range o.Hosts {
		suffix, wild := strings.CutPrefix(strings.ToLower(host), "*")
		if host := strings.ToLower(r.host); host != "" && (host == suffix && !wild || wild && strings.HasSuffix(host, suffix) && host != suffix) {
			return true
		}
	}
	for _, p := range o.Addresses {
		if r.addr.IsValid() && p.Contains(r.addr) || r.prefix.IsValid() && ipset.Covers(p, r.prefix) {
			return true
		}
	}
	return false
}

// isPublic says whether packets reach the thing at public addresses. What the
// configuration says of its addresses comes before what a name looks like.
func (o *outsideTarget) isPublic(r *requirementOf) truth.Truth {
	answers := make(map[bool]bool)
	for _, p := range o.Addresses {
		answers[ipset.IsPublic(p.Addr())] = true
	}
	switch {
	case r.addr.IsValid() || r.prefix.IsValid(), len(answers) == 0 && r.kind == toInternet:
		return truth.Of(r.kind == toInternet)
	case len(answers) == 1:
		return truth.Of(answers[true])
	default:
		return truth.Maybe
	}
}

// meetOutside looks a requirement up among the things that the configuration
// describes.
func (c *collector) meetOutside(r *requirementOf) {
	switch r.kind {
	case toInternet, toAddress, toName:
	default:
		return // something in the files
	}
	if r.anywhere || r.anywhere6 {
		return
	}
	for _, o := range c.b.outside {
		if !o.is(r) {
			continue
		}
		r.outside = o
		// The names of some private things look public, and the reverse.
		switch public := o.isPublic(r); {
		case r.addr.IsValid() || r.prefix.IsValid():
		case public == truth.Yes:
			r.kind = toInternet
		case r.kind == toInternet:
			r.kind = toName
		}
		return
	}
}

// outsideHop judges the allow-list that the configuration gives.
func (b *builder) outsideHop(r *requirementOf) model.Hop {
	hop := model.Hop{Name: "whitelist", Status: truth.Unknown}
	c, v, public := r.world.cluster, r.view(), r.outside.isPublic(r)
	switch {
	case len(r.outside.Allow) == 0:
		hop.Status = truth.Open // the configuration says of nobody that he is let in, nor that he is not
		return hop
	case c == nil || c.scope == nil || c.plugin == pluginUnknown:
		hop.Detail = "the source addresses are not in the files"
		return hop
	case v.reason != "":
		hop.Detail = v.reason
		return hop
	case public == truth.Maybe:
		hop.Detail = "whether " + r.outside.Name + " is reached at public or private addresses is not in the files"
		return hop
	case public == truth.Yes && r.workload.HostNetwork == truth.No && r.world.hasWayOut(r.index):
		hop.Detail = "the public addresses of the pods are not in the files"
		return hop
	case r.addr.Is6() || r.prefix.IsValid() && r.prefix.Addr().Is6():
		hop.Detail = "the IPv6 addresses of the pods are not in the files"
		return hop
	}
	gate := b.allowListAccess(r.outside.target, c, v.sources, public == truth.Yes)
	gate.List = "target"
	return gate.hop(b, r, hop)
}
