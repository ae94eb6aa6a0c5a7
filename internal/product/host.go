package product

import "strings"

// Host finds the product that a name means by the labels before the cloud's domain; nil
// if it means none of the table. The longest match counts.
func (t Table) Host(labels []string) (*Product, *Host) {
	for _, form := range []Form{Service, First, Last} {
		var product *Product
		var host *Host
		for i := range t {
			for k := range t[i].Hosts {
				h := &t[i].Hosts[k]
				if h.Form == form && (host == nil || len(h.Labels) > len(host.Labels)) && t.bears(labels, h) {
					product, host = &t[i], h
				}
			}
		}
		if host != nil {
			return product, host
		}
	}
	return nil, nil
}

func (t Table) bears(labels []string, h *Host) bool {
	last := labels[len(labels)-1]
	switch h.Form {
	case Service:
		return last == h.Labels || strings.HasPrefix(strings.TrimPrefix(last, "vpc100-"), h.Labels+"-")
	case First:
		return len(labels) <= 2 && strings.HasPrefix(labels[0], h.Labels)
	default:
		return t.endWith(labels[1:], strings.Split(h.Labels, "."))
	}
}

// endWith reports whether want ends labels, where one label, the region, may stand before
// the last of want: rm-1.mysql.singapore.rds and rm-1.mysql.rds both end with mysql.rds.
func (t Table) endWith(labels, want []string) bool {
	n := len(labels) - 1
	for i := len(want) - 1; i >= 0; i-- {
		if n < 0 {
			return false
		}
		if labels[n] != want[i] {
			if i != len(want)-2 || n == 0 || labels[n-1] != want[i] || !t.isRegion(labels[n]) {
				return false
			}
			n--
		}
		n--
	}
	return true
}

// isRegion reports whether a label may be a region's id or its short name in endpoints
// (cn-hangzhou-intranet, ap-southeast-1, singapore) and not the name of an engine.
func (t Table) isRegion(label string) bool {
	for i := range t {
		for _, h := range t[i].Hosts {
			if strings.HasPrefix(h.Labels, label+".") || strings.Contains(h.Labels, "."+label+".") {
				return false
			}
		}
	}
	return len(label) > 3
}

// PortOf is the port of an endpoint: private says that the name bears the mark of one
// inside the VPC. 0 if the name does not decide it.
func (p *Product) PortOf(h *Host, first string, private bool) int {
	first = strings.TrimSuffix(strings.TrimSuffix(first, "-pub"), "-vpc")
	for _, e := range h.Engines {
		if strings.HasSuffix(first, e.Suffix) {
			return e.Port
		}
	}
	switch {
	case private && h.VPCPort != 0:
		return h.VPCPort
	case h.Port != 0:
		return h.Port
	default:
		return p.Port
	}
}
