package world

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/product"
	"github.com/egresslint/egresslint/internal/requirement"
)

// Which instance the host name of a cloud service means. A configured prefix tells. Else
// the only instance that may bear the name is a guess.

// hostTarget finds the instance that a host name means by its configured prefix.
func hostTarget(f *Facts, w *World, e requirement.Endpoint) (t *alicloud.Target, public bool) {
	first, _, _ := strings.Cut(e.Host, ".")
	for _, t := range ReachableTargets(f, w) {
		switch {
		case t.Kind != e.Product:
		case slices.Contains(t.Prefixes, first):
			return t, t.Kind == "oss" && e.Public
		case slices.Contains(t.Public, first):
			return t, true
		}
	}
	return nil, false
}

// likelyTarget guesses the instance that a host name means: the only one in reach that
// may bear it, if what the name says of the instance is what the instance is.
func likelyTarget(f *Facts, w *World, e requirement.Endpoint) *alicloud.Target {
	var likely []*alicloud.Target
	agree := false
	for _, t := range ReachableTargets(f, w) {
		if t.Kind != e.Product || len(t.Prefixes) > 0 || !t.HasList() {
			continue
		}
		engine, region := engineOf(t), regionOf(t)
		if e.Engine != "" && engine != "" && !strings.EqualFold(e.Engine, engine) || otherRegion(e.Region, region) {
			continue
		}
		agree = strings.EqualFold(e.Engine, engine) && (e.Region == "" || e.Region == region)
		likely = append(likely, t)
	}
	if !agree {
		return nil
	}
	return Only(likely)
}

// engineOf is the engine of an instance; empty if its product has none or the files do
// not say it.
func engineOf(t *alicloud.Target) string {
	row, _ := product.Products.Resource(t.Resource.Type)
	if row == nil || row.Engine == "" {
		return ""
	}
	engine, _ := t.Resource.Body.Get(row.Engine).Text()
	return engine
}

// regionOf is the region of an instance, by its zone; empty if the files do not say it.
func regionOf(t *alicloud.Target) string {
	zone, _ := t.Resource.Body.Get("zone_id").Text()
	if zone == "" && t.VSwitch != nil {
		zone = t.VSwitch.Zone
	}
	// cn-hangzhou-b, and ap-southeast-1a abroad.
	if i := strings.LastIndexByte(zone, '-'); i > 0 && len(zone)-i == 2 && zone[i+1] >= 'a' {
		return zone[:i]
	}
	return strings.TrimRight(zone, "abcdefghijklmnopqrstuvwxyz")
}

// otherRegion reports whether a name's region certainly is not the instance's. Some names
// have a short word for it (singapore), which no zone bears.
func otherRegion(named, own string) bool {
	return strings.Contains(named, "-") && own != "" && named != own
}

// doubtGuesses gives up the guesses of a world where its workloads name several hosts
// that would all mean one instance.
func doubtGuesses(w *World) {
	hosts := make(map[*alicloud.Target]map[string]bool)
	each := func(do func(*Need)) {
		for _, needs := range w.Needs {
			for _, r := range needs {
				if r.Guessed && r.Target != nil {
					do(r)
				}
			}
		}
	}
	each(func(r *Need) {
		if hosts[r.Target] == nil {
			hosts[r.Target] = make(map[string]bool)
		}
		hosts[r.Target][r.Host] = true
	})
	each(func(r *Need) {
		if len(hosts[r.Target]) > 1 {
			r.Kind, r.Target, r.Guessed, r.Cloud = toName, nil, false, true
		}
	})
}
