package egress

import (
	"fmt"
	"iter"
	"net/netip"
	"path"
	"strings"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/parser/source"
)

// Connectivity is who may talk to whom, as far as NetworkPolicies decide it.
type Connectivity struct {
	worlds []*world
	name   func(*world, int) string
}

// NewConnectivity reads the policies and workloads of the input. The diagnostics
// are those of [Build].
func NewConnectivity(input Input) (*Connectivity, []source.Diagnostic) {
	b := newBuilder(input)
	b.readCloud()
	worlds := b.bind()
	for _, w := range worlds {
		b.populate(w)
	}
	b.reportDuplicates()
	return &Connectivity{
		worlds: worlds,
		name:   func(w *world, i int) string { return b.workloadID(w, w.workloads[i]) },
	}, b.sortedDiagnostics()
}

// Peer is one end of a connection: a workload, or a range of addresses outside the
// cluster.
type Peer struct {
	Workload  string // namespace/name[Kind]; with the cluster in front where there are several
	Addresses netipx.IPRange
}

// String renders a workload by its name and a range as first-last.
func (p Peer) String() string {
	if p.Workload != "" {
		return p.Workload
	}
	return p.Addresses.From().String() + "-" + p.Addresses.To().String()
}

// Connection is what the policies of both ends let pass from one to the other.
type Connection struct {
	From, To Peer
	// Sure is certainly admitted, Possible perhaps: Sure is part of it.
	Sure, Possible netpol.ConnectionSet
}

// Filter narrows connections down. Empty fields admit everything.
type Filter struct {
	From, To EndFilter
	Protocol string // TCP, UDP or SCTP
	Port     int
}

// EndFilter narrows one end down: by a pattern of workload names, in which * stands
// for any characters but /, or by addresses.
type EndFilter struct {
	Workload string
	Prefix   netip.Prefix
}

// ParseEndFilter reads a pattern of workloads, namespace/name with or without
// [Kind], or an address or CIDR.
func ParseEndFilter(text string) (EndFilter, error) {
	if text == "" {
		return EndFilter{}, nil
	}
	if prefix, ok := parseCIDR(text); ok {
		return EndFilter{Prefix: prefix}, nil
	}
	if _, err := path.Match(escapeKind(text), ""); err != nil {
		return EndFilter{}, fmt.Errorf("read pattern %q: %w", text, err)
	}
	return EndFilter{Workload: text}, nil
}

// escapeKind makes the brackets of [Kind] stand for themselves in a pattern.
func escapeKind(pattern string) string {
	return strings.NewReplacer("[", `\[`, "]", `\]`).Replace(pattern)
}

func (f EndFilter) matches(p Peer) bool {
	switch {
	case f.Workload == "" && !f.Prefix.IsValid():
		return true
	case p.Workload == "":
		return f.Prefix.IsValid() && p.Addresses.Overlaps(netipx.RangeOfPrefix(f.Prefix))
	case f.Workload == "":
		return false
	}
	name := p.Workload
	if !strings.HasSuffix(f.Workload, "]") {
		name, _, _ = strings.Cut(name, "[")
	}
	ok, err := path.Match(escapeKind(f.Workload), name)
	return err == nil && ok
}

// Connections yields every pair of peers between which something may pass, each
// once, in an order that depends on the files only. Pods of one workload among
// themselves are left out.
func (c *Connectivity) Connections(filter Filter) iter.Seq[Connection] {
	return func(yield func(Connection) bool) {
		for _, w := range c.worlds {
			names := make([]string, len(w.workloads))
			for i := range w.workloads {
				names[i] = c.name(w, i)
			}
			for link := range w.evaluator.Connections() {
				if link.Possible.IsEmpty() || !filter.admits(link.Possible) {
					continue
				}
				if !yieldPairs(link, names, filter, yield) {
					return
				}
			}
		}
	}
}

func yieldPairs(link netpol.Link, names []string, filter Filter, yield func(Connection) bool) bool {
	from, to := peersOf(link.From, names, filter.From), peersOf(link.To, names, filter.To)
	for _, a := range from {
		for _, b := range to {
			if a.Workload != "" && a.Workload == b.Workload {
				continue
			}
			if !yield(Connection{From: a, To: b, Sure: link.Sure, Possible: link.Possible}) {
				return false
			}
		}
	}
	return true
}

func peersOf(ends netpol.Ends, names []string, filter EndFilter) []Peer {
	peers := make([]Peer, 0, len(ends.Pods)+len(ends.Addresses))
	for _, i := range ends.Pods {
		if p := (Peer{Workload: names[i]}); filter.matches(p) {
			peers = append(peers, p)
		}
	}
	for _, r := range ends.Addresses {
		if p := (Peer{Addresses: r}); filter.matches(p) {
			peers = append(peers, p)
		}
	}
	return peers
}

// admits reports whether a set holds the protocol and port of the filter.
func (f Filter) admits(set netpol.ConnectionSet) bool {
	if f.Protocol == "" && f.Port == 0 {
		return true
	}
	for _, span := range set.Spans() {
		if (f.Protocol == "" || f.Protocol == span.Protocol) && (f.Port == 0 || span.From <= f.Port && f.Port <= span.To) {
			return true
		}
	}
	return false
}
