package egress

import (
	"net/netip"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// snatEntry is an SNAT entry with what it covers.
type snatEntry struct {
	res     *terraform.Resource
	gateway *gateway       // nil if outside the files
	vswitch string         // key of the vSwitch it names, empty if it names a CIDR
	cidr    netip.Prefix   // the CIDR it names
	unknown string         // why its source is unknown; neither vswitch nor cidr is set then
	source  *located.Value // the argument that says what it covers
	eip     eipVerdict
	// sourceVPC is the VPC of the vSwitch it names, nil if it is unknown.
	sourceVPC *vpc
}

// eipVerdict says whether the public addresses of an SNAT entry are EIPs of its
// gateway.
type eipVerdict struct {
	status   truth.Verdict
	code     string // see SNATEntry.Code
	eip      string
	instance string
	reason   string
}

// snatEntries reads the SNAT entries of a scope.
func (s *scope) snatEntries() []*snatEntry {
	var list []*snatEntry
	for _, res := range s.byType["alicloud_snat_entry"] {
		e := &snatEntry{res: res, gateway: s.gateway(s.ident(firstItem(res.Body.Get("snat_table_id"))))}
		s.readSource(e)
		e.eip = s.eipsOf(e)
		list = append(list, e)
	}
	return list
}

// readSource decides what an entry covers: a vSwitch by id, or a CIDR.
func (s *scope) readSource(e *snatEntry) {
	byID, byCIDR := firstItem(e.res.Body.Get("source_vswitch_id")), e.res.Body.Get("source_cidr")
	if text, ok := byCIDR.Text(); ok && text != "" {
		e.source = byCIDR
		if cidr, ok := ipset.Parse(text); ok {
			e.cidr = cidr
		} else {
			e.unknown = "its source_cidr is not a CIDR"
		}
		return
	}
	if byCIDR.IsUnknown() && byID.IsNull() {
		e.source, e.unknown = byCIDR, byCIDR.Reason
		return
	}
	e.source = byID
	id := s.ident(byID)
	switch {
	case !id.known():
		e.unknown = byID.ReasonOr("it names no source")
	case id.res == nil && !strings.HasPrefix(id.key, "id:"):
		e.unknown = id.name() + " is not decided by the files"
	default:
		e.vswitch, e.sourceVPC = id.key, s.vswitch(id).vpc
	}
}

// firstItem unwraps the one-element lists that old configurations write where the
// provider wants a string.
func firstItem(v *located.Value) *located.Value {
	if v.Kind == located.List && len(v.List) == 1 {
		return v.List[0]
	}
	return v
}

// covers reports whether the entry translates packets of the whole vSwitch.
func (e *snatEntry) covers(v *vswitch) truth.Truth {
	answer := truth.No
	switch {
	case e.unknown != "":
		answer = truth.Maybe
	case e.vswitch == v.key:
		answer = truth.Yes
	case e.vswitch != "":
		// An id written as a literal may be that of a vSwitch in the files.
		if strings.HasPrefix(e.vswitch, "id:") != (v.res == nil) {
			answer = truth.Maybe
		}
	case !v.cidr.IsValid():
		answer = truth.Maybe
	case ipset.Covers(e.cidr, v.cidr):
		answer = truth.Yes
		if e.gateway == nil || e.gateway.vpc == nil || v.vpc == nil {
			answer = truth.Maybe
		}
	}
	if answer == truth.No {
		return truth.No
	}
	// A CIDR, or a source that is unknown, means something only inside the
	// gateway's VPC.
	if e.vswitch != v.key && e.gateway != nil && e.gateway.vpc != nil && v.vpc != nil && e.gateway.vpc != v.vpc {
		return truth.No
	}
	if e.res.Uncertain != "" {
		return truth.Maybe
	}
	return answer
}

// mayShareVPC reports whether the entry belongs to a NAT gateway outside the files
// that may be in the VPC of a vSwitch: what else that gateway translates is then
// outside the files, too. An entry lies in the VPC of the vSwitch that it names.
func (e *snatEntry) mayShareVPC(v *vswitch) bool {
	return e.gateway == nil && (e.sourceVPC == nil || e.sourceVPC == v.vpc)
}

// eipsOf judges the snat_ip of an entry: every address must be an EIP that is
// associated with the gateway that owns the entry's table.
func (s *scope) eipsOf(e *snatEntry) eipVerdict {
	if e.gateway == nil || e.res.Uncertain != "" {
		return eipVerdict{status: truth.Unknown, reason: "its NAT gateway is outside the files"}
	}
	if e.gateway.internet != truth.Yes {
		return eipVerdict{status: truth.Unknown, reason: e.gateway.name + " is not an Internet NAT gateway"}
	}
	items := splitItems(e.res.Body.Get("snat_ip"))
	verdict := eipVerdict{status: truth.Open}
	if len(items) == 0 {
		verdict = eipVerdict{status: truth.Unknown, reason: "its snat_ip is not in the files"}
	}
	for _, item := range items {
		v := s.eipOn(item, e.gateway)
		if v.status == truth.Blocked {
			return v
		}
		if v.status == truth.Unknown {
			verdict = v
		}
	}
	return verdict
}

// eipOf finds the EIP that an address of an SNAT entry is, and says why if it
// cannot. An EIP may ask for its address, which is then what a reference to it
// evaluates to.
func (s *scope) eipOf(item *located.Value) (eip *terraform.Resource, reason string) {
	ref, ok := item.Ref()
	if ok {
		eip = s.byAddress[ref.Address]
		if eip == nil || eip.Data || alicloud.Canonical(eip.Type) != "alicloud_eip_address" || ref.Attribute != "ip_address" {
			return nil, ref.String() + " is not an EIP in the files"
		}
		return eip, ""
	}
	text, ok := item.Text()
	for _, res := range s.byType["alicloud_eip_address"] {
		if address, written := res.Body.Get("ip_address").Text(); ok && written && address == text {
			return res, ""
		}
	}
	return nil, item.ReasonOr("the address is written as a literal, its EIP is outside the files")
}

func (s *scope) eipOn(item *located.Value, g *gateway) eipVerdict {
	eip, reason := s.eipOf(item)
	if eip == nil {
		return eipVerdict{status: truth.Unknown, reason: reason}
	}
	if eip.Uncertain != "" {
		return eipVerdict{status: truth.Unknown, reason: eip.Uncertain}
	}
	gatewayHasEIP := false
	unsure := ""
	elsewhere := ""
	for _, assoc := range s.byType["alicloud_eip_association"] {
		allocation := s.ident(assoc.Body.Get("allocation_id"))
		instance := s.ident(assoc.Body.Get("instance_id"))
		if instance.key == g.key {
			gatewayHasEIP = true
		}
		switch {
		case !allocation.known() || allocation.res == nil && !strings.HasPrefix(allocation.key, "id:"):
			unsure = "which EIP " + assoc.Address + " associates is unknown"
		case allocation.key != eip.Address:
		case assoc.Uncertain != "":
			unsure = assoc.Uncertain
		case instance.key == g.key:
			return eipVerdict{status: truth.Open}
		case instance.res == nil:
			unsure = "what " + assoc.Address + " associates it with is unknown"
		default:
			elsewhere = instance.name()
		}
	}
	if reason, found := s.unreadModule(eip.Address, g.key); found {
		unsure = reason
	}
	if unsure != "" {
		return eipVerdict{status: truth.Unknown, reason: unsure}
	}
	v := eipVerdict{status: truth.Blocked, code: "not-associated", eip: eip.Address, instance: elsewhere}
	switch {
	case elsewhere != "":
		v.code = "other-instance"
	case !gatewayHasEIP:
		v.code = "no-eip"
	}
	return v
}
