package model

import "github.com/egresslint/egresslint/internal/truth"

// Verdict is what the files prove of a path: Blocked with the first hop that stops
// the packet, Unsure with the first that may, or Open.
//
// Of some load balancers the vendor's documentation alone says that they drop
// packets of their own cluster, and the code of the nodes says otherwise or is not
// known. A rule can explain that; here it counts as not decided.
func (p *Path) Verdict() (truth.Verdict, Hop) {
	var unsure Hop
	for _, hop := range p.Hops {
		switch {
		case hop.Status == truth.Blocked && !hop.Doubted():
			return truth.Blocked, hop
		case hop.Status != truth.Open && unsure.Name == "":
			unsure = hop
		}
	}
	if unsure.Name != "" {
		return truth.Unknown, unsure
	}
	return truth.Open, Hop{}
}

// Doubted reports whether only the vendor's documentation says that the hop blocks.
func (h *Hop) Doubted() bool { return h.Code == "disputed" || h.Code == "documented" }
