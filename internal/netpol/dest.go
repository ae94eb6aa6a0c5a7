package netpol

import (
	"net/netip"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/ipset"
)

// Dest is the other end of a pod's connection: where it leads for Egress, where
// it comes from for Ingress. One that was made by an Evaluator belongs to it. The
// zero Dest is nowhere; verdicts on it are Unknown.
type Dest struct {
	pod  int32 // class of a pod, plus one; 0 for addresses
	addr netip.Addr
	set  []netipx.IPRange
	// outside tells that the addresses are certainly not of the cluster.
	outside bool
}

// PodDest is a pod of the evaluator, by index: any of its replicas.
func (e *Evaluator) PodDest(pod int) Dest { return Dest{pod: e.classOf[pod] + 1} }

// Describe is a pod that is not among those of the evaluator, such as the
// cluster's CoreDNS.
func (e *Evaluator) Describe(p Pod) Dest { return Dest{pod: e.classify(&p) + 1} }

// AddrDest is one address.
func AddrDest(a netip.Addr) Dest {
	return Dest{addr: a.Unmap().WithZone("")}
}

// PrefixDest is every address of a prefix.
func PrefixDest(p netip.Prefix) Dest {
	return Dest{set: []netipx.IPRange{netipx.RangeOfPrefix(p.Masked())}}
}

// SetDest is every address of a set.
func SetDest(s *netipx.IPSet) Dest {
	if s == nil {
		return Dest{}
	}
	return Dest{set: s.Ranges()}
}

// InternetDest is every public IPv4 address. For IPv6, use PrefixDest of 2000::/3.
func InternetDest() Dest { return Dest{set: ipset.Public4.Ranges(), outside: true} }

// Outside returns d with the certainty that its addresses belong to no pod and
// no node of the cluster: those of a cloud service, say.
func (d Dest) Outside() Dest {
	d.outside = true
	return d
}

// IsPod reports whether d is a pod.
func (d Dest) IsPod() bool { return d.pod > 0 }

func (d Dest) class() int32 { return d.pod - 1 }
