package trace

import (
	"context"
	"fmt"
	"iter"
	"net/netip"
	"path"
	"strings"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// Connectivity is who may talk to whom, as far as NetworkPolicies decide it.
type Connectivity struct {
	ctx    context.Context
	worlds []*world.World
	peers  [][]*Peer // the workloads of each world
}

// NewConnectivity reads the policies and workloads of the input. The diagnostics
// are those of [Build], the error is that of ctx.
func NewConnectivity(ctx context.Context, input world.Input) (*Connectivity, []source.Diagnostic, error) {
	n := world.NewNotes()
	f, err := world.ReadFacts(ctx, input, n)
	if err != nil {
		return nil, nil, err
	}
	worlds, err := world.Bind(ctx, f, input.Objects, n)
	if err != nil {
		return nil, nil, err
	}
	seen := make(map[string]int)
	for _, w := range worlds {
		for _, wl := range w.Workloads {
			seen[wl.ID()]++
		}
	}
	c := &Connectivity{ctx: ctx, worlds: worlds, peers: make([][]*Peer, len(worlds))}
	for k, w := range worlds {
		c.peers[k] = make([]*Peer, len(w.Workloads))
		for i, wl := range w.Workloads {
			name := wl.ID()
			if seen[name] > 1 {
				name = world.WorkloadID(f, w, wl)
			}
			c.peers[k][i] = &Peer{Workload: name}
		}
	}
	return c, n.SortedDiagnostics(), nil
}

// Peer is one end of a connection: a workload, or a range of addresses outside the
// cluster.
type Peer struct {
	Workload  string // namespace/name[Kind]; with the cluster, environment or overlay in front if several have such a workload
	Addresses netipx.IPRange
}

// String renders a workload by its name and a range as first-last.
func (p *Peer) String() string {
	if p.Workload != "" {
		return p.Workload
	}
	return p.Addresses.From().String() + "-" + p.Addresses.To().String()
}

// Connection is what the policies of both ends let pass from one to the other. In all
// connections that are listed together an end is the same Peer: there are millions of
// connections, and few ends.
type Connection struct {
	From, To *Peer
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
// for any characters but /, or by addresses. A pattern without a cluster is about all.
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
	if prefix, ok := ipset.Parse(text); ok {
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

func (f EndFilter) matches(p *Peer) bool {
	switch {
	case f.Workload == "" && !f.Prefix.IsValid():
		return true
	case p.Workload == "":
		return f.Prefix.IsValid() && p.Addresses.Overlaps(netipx.RangeOfPrefix(f.Prefix))
	case f.Workload == "":
		return false
	}
	name := p.Workload
	if !strings.Contains(f.Workload, ":") { // no cluster
		name = name[strings.LastIndex(name, ":")+1:]
	}
	if !strings.HasSuffix(f.Workload, "]") {
		name, _, _ = strings.Cut(name, "[")
	}
	ok, err := path.Match(escapeKind(f.Workload), name)
	return err == nil && ok
}

// Connections yields every pair of peers between which something may pass, each
// once, in an order that depends on the files only. Pods of one workload among
// themselves are left out. It ends early once the context of NewConnectivity is done.
func (c *Connectivity) Connections(filter Filter) iter.Seq[Connection] {
	return func(yield func(Connection) bool) {
		p := pairs{ctx: c.ctx, ranges: make(map[netipx.IPRange]*Peer)}
		for k, w := range c.worlds {
			p.sources, p.targets = filter.From.among(c.peers[k]), filter.To.among(c.peers[k])
			for link := range w.Evaluator.Connections() {
				if guard.Overdue(c.ctx) != nil {
					return
				}
				if link.Possible.IsEmpty() || !filter.admits(link.Possible) {
					continue
				}
				if !p.yield(link, filter, yield) {
					return
				}
			}
		}
	}
}

// among returns the peers that the filter matches, and nil for the others.
func (f EndFilter) among(all []*Peer) []*Peer {
	found := make([]*Peer, len(all))
	for i, peer := range all {
		if f.matches(peer) {
			found[i] = peer
		}
	}
	return found
}

// pairs lists the pairs of links. It keeps its slices: clusters have millions of pairs.
type pairs struct {
	ctx              context.Context
	sources, targets []*Peer // the workloads of a world that the filters match; nil for others
	ranges           map[netipx.IPRange]*Peer
	from, to         []*Peer
}

func (p *pairs) yield(link netpol.Link, filter Filter, yield func(Connection) bool) bool {
	p.from = p.ends(p.from[:0], link.From, p.sources, filter.From)
	if len(p.from) == 0 {
		return true
	}
	p.to = p.ends(p.to[:0], link.To, p.targets, filter.To)
	for _, a := range p.from {
		if guard.Overdue(p.ctx) != nil {
			return false
		}
		for _, b := range p.to {
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

// ends appends those of the ends that a filter matches.
func (p *pairs) ends(list []*Peer, ends netpol.Ends, workloads []*Peer, filter EndFilter) []*Peer {
	for _, i := range ends.Pods {
		if peer := workloads[i]; peer != nil {
			list = append(list, peer)
		}
	}
	for _, r := range ends.Addresses {
		peer, ok := p.ranges[r]
		if !ok {
			peer = &Peer{Addresses: r}
			p.ranges[r] = peer
		}
		if filter.matches(peer) {
			list = append(list, peer)
		}
	}
	return list
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
