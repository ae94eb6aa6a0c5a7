package world

import (
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
)

// Things outside the files that the configuration describes: their names, where they
// are, and whom they let in.

// outsideTargets makes targets of what the configuration describes.
func outsideTargets(f *Facts) []*outsideTarget {
	list := make([]*outsideTarget, 0, len(f.options.Targets))
	for _, config := range f.options.Targets {
		at := f.Places.Add(place.Place{Range: config.At, Address: "targets/" + config.Name})
		t := &alicloud.Target{
			Address: "targets/" + config.Name, Kind: "target", Product: "Target", Name: config.Name, Origin: at,
			List: alicloud.AllowList{Attribute: "its allow-list", Origin: at},
		}
		for _, entry := range config.Allow {
			t.List.Entries = append(t.List.Entries, alicloud.AllowEntry{
				Text: entry.CIDR.String(), CIDR: entry.CIDR, Origin: f.Places.Add(place.Place{Range: entry.At, Address: t.Address}),
			})
		}
		list = append(list, &outsideTarget{config, t})
	}
	return list
}

// outsideTarget is a thing outside the files.
type outsideTarget struct {
	TargetConfig
	Target *alicloud.Target
}

// is reports whether a requirement leads to the thing.
func (o *outsideTarget) is(r *Need) bool {
	if len(r.Others) > 0 {
		return false // the Service may lead elsewhere
	}
	for _, host := range o.Hosts {
		suffix, wild := strings.CutPrefix(strings.ToLower(host), "*")
		if host := strings.ToLower(r.Host); host != "" && (host == suffix && !wild || wild && strings.HasSuffix(host, suffix) && host != suffix) {
			return true
		}
	}
	for _, p := range o.Addresses {
		if r.Addr.IsValid() && p.Contains(r.Addr) || r.Prefix.IsValid() && ipset.Covers(p, r.Prefix) {
			return true
		}
	}
	return false
}

// IsPublic says whether packets reach the thing at public addresses. What the
// configuration says of its addresses comes before what a name looks like.
func (o *outsideTarget) IsPublic(r *Need) truth.Truth {
	answers := make(map[bool]bool)
	for _, p := range o.Addresses {
		answers[ipset.IsPublic(p.Addr())] = true
	}
	switch {
	case r.Addr.IsValid() || r.Prefix.IsValid(), len(answers) == 0 && r.Kind == ToInternet:
		return truth.Of(r.Kind == ToInternet)
	case len(answers) == 1:
		return truth.Of(answers[true])
	default:
		return truth.Maybe
	}
}

// meetOutside looks a requirement up among the things that the configuration
// describes.
func meetOutside(c *collector, r *Need) {
	switch r.Kind {
	case ToInternet, ToAddress, toName:
	default:
		return // something in the files
	}
	if r.Anywhere || r.Anywhere6 {
		return
	}
	for _, o := range c.facts.outside {
		if !o.is(r) {
			continue
		}
		r.Outside = o
		// The names of some private things look public, and the reverse.
		switch public := o.IsPublic(r); {
		case r.Addr.IsValid() || r.Prefix.IsValid():
		case public == truth.Yes:
			r.Kind = ToInternet
		case r.Kind == ToInternet:
			r.Kind = toName
		}
		return
	}
}
