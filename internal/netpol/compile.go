package netpol

import (
	"net/netip"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/ipset"
)

// compiled is a policy prepared for evaluation.
type compiled struct {
	id     int32
	policy *Policy
	pods   selectorID
	// namespaces is noSelector for a policy that its namespace alone limits.
	namespaces selectorID
	rules      [2][]compiledRule
	denies     [2][]compiledRule
}

// coverage says whether the blocks of a rule cover pods and nodes too.
type coverage uint8

const (
	coverDatapath coverage = iota // the data path decides
	coverAll                      // networks of policy.networking.k8s.io
	coverOutside                  // the CIDRs of Cilium
)

// compiledRule admits what matches one of its peers and one of its ports.
type compiledRule struct {
	namespace string // of the policy
	any       bool   // every peer
	unsure    bool   // some peer is undecided, and may be anything
	nodes     bool   // some peer selects nodes; the files do not say which addresses are theirs
	names     bool   // some peer is a domain name; it may have any address outside the cluster
	cover     coverage
	pods      []compiledPeer
	// certain and possible are the addresses of the blocks, the latter a superset.
	certain, possible []netipx.IPRange

	ports bounds
	// eci are the ports that are certain where endPort is not supported.
	eci   setID
	named []compiledName
}

// compiledPeer selects pods. noSelector in namespaces means the policy's own
// namespace, in pods every pod.
type compiledPeer struct {
	namespaces, pods selectorID
	unsure           bool // it may select less
}

const noSelector selectorID = -1

// compiledName is a named port; an unsure protocol makes it unsure.
type compiledName struct {
	portName
	unsure bool
}

func (e *Evaluator) compile(id int32, p *Policy) *compiled {
	c := &compiled{id: id, policy: p, pods: e.podSelectors.intern(p.pods), namespaces: noSelector}
	if p.namespaces != nil {
		c.namespaces = e.namespaceSelectors.intern(*p.namespaces)
	}
	for d := range p.rules {
		c.rules[d] = e.compileRules(p.rules[d], p.Namespace, p.dialect)
		c.denies[d] = e.compileRules(p.denies[d], p.Namespace, p.dialect)
	}
	return c
}

func (e *Evaluator) compileRules(rules []rule, namespace string, in dialect) []compiledRule {
	var out []compiledRule
	for i := range rules {
		out = append(out, e.compileRule(&rules[i], namespace, in))
	}
	return out
}

func (e *Evaluator) compileRule(r *rule, namespace string, in dialect) compiledRule {
	if r.nothing {
		return compiledRule{namespace: namespace}
	}
	c := compiledRule{namespace: namespace, any: len(r.peers) == 0}
	switch in {
	case adminPolicy:
		c.cover = coverAll
	case ciliumPolicy:
		c.cover = coverOutside
	}
	var blocks []*peer
	for i := range r.peers {
		peer := &r.peers[i]
		switch peer.kind {
		case unknownPeer:
			c.unsure = true
		case everyPeer:
			c.any = true
		case nodePeer:
			c.nodes = true
		case namePeer:
			c.names = true
		case blockPeer:
			blocks = append(blocks, peer)
		case worldPeer:
			blocks = append(blocks, worldBlocks...)
		case podPeer:
			cp := compiledPeer{noSelector, noSelector, peer.unsure}
			if peer.namespaces != nil {
				cp.namespaces = e.namespaceSelectors.intern(*peer.namespaces)
			}
			if !peer.pods.empty() {
				cp.pods = e.podSelectors.intern(peer.pods)
			}
			c.pods = append(c.pods, cp)
		}
	}
	c.certain, c.possible = e.compileBlocks(blocks, c.cover)
	e.compilePorts(&c, r.ports)
	return c
}

var worldBlocks = []*peer{
	{kind: blockPeer, block: netip.MustParsePrefix("0.0.0.0/0")},
	{kind: blockPeer, block: netip.MustParsePrefix("::/0")},
}

// compileBlocks returns the addresses that the blocks certainly and possibly
// cover. What is excepted is only possibly not covered where except is not
// fully supported.
func (e *Evaluator) compileBlocks(blocks []*peer, cover coverage) (certain, possible []netipx.IPRange) {
	if len(blocks) == 0 {
		return nil, nil
	}
	if len(blocks) == 1 && len(blocks[0].except) == 0 && !blocks[0].unsureExcept {
		r := []netipx.IPRange{netipx.RangeOfPrefix(blocks[0].block)}
		return r, r
	}
	var lo, hi netipx.IPSetBuilder
	for _, b := range blocks {
		set := ranges(b.block, b.except)
		if !b.unsureExcept {
			lo.AddSet(set)
		}
		if cover == coverDatapath && e.profile.ebpf() {
			hi.AddPrefix(b.block)
		} else {
			hi.AddSet(set)
		}
	}
	return ipset.Build(&lo).Ranges(), ipset.Build(&hi).Ranges()
}

func ranges(block netip.Prefix, except []netip.Prefix) *netipx.IPSet {
	var b netipx.IPSetBuilder
	b.AddPrefix(block)
	for _, x := range except {
		b.RemovePrefix(x)
	}
	return ipset.Build(&b)
}

func (e *Evaluator) compilePorts(c *compiledRule, ports []portRange) {
	if len(ports) == 0 {
		c.ports, c.eci = bounds{allPorts, allPorts}, allPorts
		return
	}
	for i := range ports {
		p := &ports[i]
		unsure := len(p.protocols) > 1 && !p.every || p.filtered
		for _, protocol := range p.protocols {
			if p.name != "" {
				e.portNames[p.name] = struct{}{}
				c.named = append(c.named, compiledName{portName{protocol, p.name}, unsure})
				continue
			}
			c.ports.hi = e.ports.or(c.ports.hi, e.ports.ports(protocol, p.from, p.to))
			if unsure || p.sure < p.from {
				continue
			}
			set := e.ports.ports(protocol, p.from, p.sure)
			c.ports.lo = e.ports.or(c.ports.lo, set)
			if !p.ranged || p.from == p.to {
				c.eci = e.ports.or(c.eci, set)
			}
		}
	}
}
