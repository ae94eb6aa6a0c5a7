package netpol

import (
	"net/netip"

	"go4.org/netipx"
)

// compiled is a policy prepared for evaluation.
type compiled struct {
	id     int32
	policy *Policy
	pods   selectorID
	rules  [2][]compiledRule
}

// compiledRule admits what matches one of its peers and one of its ports.
type compiledRule struct {
	namespace string // of the policy
	any       bool   // every peer
	unsure    bool   // some peer is undecided, and may be anything
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
}

const noSelector selectorID = -1

// compiledName is a named port; an unsure protocol makes it unsure.
type compiledName struct {
	portName
	unsure bool
}

func (e *Evaluator) compile(id int32, p *Policy) *compiled {
	c := &compiled{id: id, policy: p, pods: e.podSelectors.intern(p.pods)}
	for d := range p.rules {
		for i := range p.rules[d] {
			c.rules[d] = append(c.rules[d], e.compileRule(p, &p.rules[d][i]))
		}
	}
	return c
}

func (e *Evaluator) compileRule(p *Policy, r *rule) compiledRule {
	c := compiledRule{namespace: p.Namespace, any: len(r.peers) == 0}
	var blocks []*peer
	for i := range r.peers {
		peer := &r.peers[i]
		switch peer.kind {
		case unknownPeer:
			c.unsure = true
		case blockPeer:
			blocks = append(blocks, peer)
		case podPeer:
			cp := compiledPeer{noSelector, noSelector}
			if peer.namespaces != nil {
				cp.namespaces = e.namespaceSelectors.intern(*peer.namespaces)
			}
			if !peer.pods.empty() {
				cp.pods = e.podSelectors.intern(peer.pods)
			}
			c.pods = append(c.pods, cp)
		}
	}
	c.certain, c.possible = e.compileBlocks(blocks)
	e.compilePorts(&c, r.ports)
	return c
}

// compileBlocks returns the addresses that the blocks certainly and possibly
// cover. What is excepted is only possibly not covered where except is not
// fully supported.
func (e *Evaluator) compileBlocks(blocks []*peer) (certain, possible []netipx.IPRange) {
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
		if e.profile.ebpf() {
			hi.AddPrefix(b.block)
		} else {
			hi.AddSet(set)
		}
	}
	return built(&lo).Ranges(), built(&hi).Ranges()
}

func ranges(block netip.Prefix, except []netip.Prefix) *netipx.IPSet {
	var b netipx.IPSetBuilder
	b.AddPrefix(block)
	for _, x := range except {
		b.RemovePrefix(x)
	}
	return built(&b)
}

// built returns the set of a builder that was given valid prefixes only, for
// which it cannot fail.
func built(b *netipx.IPSetBuilder) *netipx.IPSet {
	s, err := b.IPSet()
	if err != nil {
		return &netipx.IPSet{}
	}
	return s
}

func (e *Evaluator) compilePorts(c *compiledRule, ports []portRange) {
	if len(ports) == 0 {
		c.ports, c.eci = bounds{allPorts, allPorts}, allPorts
		return
	}
	for i := range ports {
		p := &ports[i]
		unsure := len(p.protocols) > 1
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
