package alicloud

import (
	"net/netip"
	"strings"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// SNATEntry is an SNAT entry with what it covers.
type SNATEntry struct {
	Resource *terraform.Resource
	Gateway  *Gateway       // nil if outside the files
	vswitch  string         // key of the vSwitch it names, empty if it names a CIDR
	CIDR     netip.Prefix   // the CIDR it names
	Unknown  string         // why its source is unknown; neither vswitch nor cidr is set then
	Source   *located.Value // the argument that says what it covers
	EIP      EIPVerdict
	// sourceVPC is the VPC of the vSwitch it names, nil if it is unknown.
	sourceVPC *VPC
}

// EIPVerdict says whether the public addresses of an SNAT entry are EIPs of its
// gateway.
type EIPVerdict struct {
	Status   truth.Verdict
	Code     string // see SNATEntry.Code
	EIP      string
	Instance string
	Reason   string
}

// SNATEntries reads the SNAT entries of a scope.
func SNATEntries(s *Scope) []*SNATEntry {
	var list []*SNATEntry
	for _, res := range s.ByType["alicloud_snat_entry"] {
		e := &SNATEntry{Resource: res, Gateway: s.Gateway(s.Ident(FirstItem(res.Body.Get("snat_table_id"))))}
		readSource(s, e)
		e.EIP = eipsOf(s, e)
		list = append(list, e)
	}
	return list
}

// readSource decides what an entry covers: a vSwitch by id, or a CIDR.
func readSource(s *Scope, e *SNATEntry) {
	byID, byCIDR := FirstItem(e.Resource.Body.Get("source_vswitch_id")), e.Resource.Body.Get("source_cidr")
	if text, ok := byCIDR.Text(); ok && text != "" {
		e.Source = byCIDR
		if cidr, ok := ipset.Parse(text); ok {
			e.CIDR = cidr
		} else {
			e.Unknown = "its source_cidr is not a CIDR"
		}
		return
	}
	if byCIDR.IsUnknown() && byID.IsNull() {
		e.Source, e.Unknown = byCIDR, byCIDR.Reason
		return
	}
	e.Source = byID
	id := s.Ident(byID)
	switch {
	case !id.Known():
		e.Unknown = byID.ReasonOr("it names no source")
	case id.Resource == nil && !strings.HasPrefix(id.Key, "id:"):
		e.Unknown = id.name() + " is not decided by the files"
	default:
		e.vswitch, e.sourceVPC = id.Key, s.VSwitch(id).VPC
	}
}

// FirstItem unwraps the one-element lists that old configurations write where the
// provider wants a string.
func FirstItem(v *located.Value) *located.Value {
	if v.Kind == located.List && len(v.List) == 1 {
		return v.List[0]
	}
	return v
}

// Covers reports whether the entry translates packets of the whole vSwitch.
func (e *SNATEntry) Covers(v *VSwitch) truth.Truth {
	answer := truth.No
	switch {
	case e.Unknown != "":
		answer = truth.Maybe
	case e.vswitch == v.Key:
		answer = truth.Yes
	case e.vswitch != "":
		// An id written as a literal may be that of a vSwitch in the files.
		if strings.HasPrefix(e.vswitch, "id:") != (v.Resource == nil) {
			answer = truth.Maybe
		}
	case !v.CIDR.IsValid():
		answer = truth.Maybe
	case ipset.Covers(e.CIDR, v.CIDR):
		answer = truth.Yes
		if e.Gateway == nil || e.Gateway.VPC == nil || v.VPC == nil {
			answer = truth.Maybe
		}
	}
	if answer == truth.No {
		return truth.No
	}
	// A CIDR, or a source that is unknown, means something only inside the
	// gateway's VPC.
	if e.vswitch != v.Key && e.Gateway != nil && e.Gateway.VPC != nil && v.VPC != nil && e.Gateway.VPC != v.VPC {
		return truth.No
	}
	if e.Resource.Uncertain != "" {
		return truth.Maybe
	}
	return answer
}

// MayShareVPC reports whether the entry belongs to a NAT gateway outside the files
// that may be in the VPC of a vSwitch: what else that gateway translates is then
// outside the files, too. An entry lies in the VPC of the vSwitch that it names.
func (e *SNATEntry) MayShareVPC(v *VSwitch) bool {
	return e.Gateway == nil && (e.sourceVPC == nil || e.sourceVPC == v.VPC)
}

// eipsOf judges the snat_ip of an entry: every address must be an EIP that is
// associated with the gateway that owns the entry's table.
func eipsOf(s *Scope, e *SNATEntry) EIPVerdict {
	if e.Gateway == nil || e.Resource.Uncertain != "" {
		return EIPVerdict{Status: truth.Unknown, Reason: "its NAT gateway is outside the files"}
	}
	if e.Gateway.Internet != truth.Yes {
		return EIPVerdict{Status: truth.Unknown, Reason: e.Gateway.Name + " is not an Internet NAT gateway"}
	}
	items := e.Resource.Body.Get("snat_ip").Split()
	verdict := EIPVerdict{Status: truth.Open}
	if len(items) == 0 {
		verdict = EIPVerdict{Status: truth.Unknown, Reason: "its snat_ip is not in the files"}
	}
	for _, item := range items {
		v := eipOn(s, item, e.Gateway)
		if v.Status == truth.Blocked {
			return v
		}
		if v.Status == truth.Unknown {
			verdict = v
		}
	}
	return verdict
}

// eipOf finds the EIP that an address of an SNAT entry is, and says why if it
// cannot. An EIP may ask for its address, which is then what a reference to it
// evaluates to.
func eipOf(s *Scope, item *located.Value) (eip *terraform.Resource, reason string) {
	ref, ok := item.Ref()
	if ok {
		eip = s.ByAddress[ref.Address]
		if eip == nil || eip.Data || Canonical(eip.Type) != "alicloud_eip_address" || ref.Attribute != "ip_address" {
			return nil, ref.String() + " is not an EIP in the files"
		}
		return eip, ""
	}
	text, ok := item.Text()
	for _, res := range s.ByType["alicloud_eip_address"] {
		if address, written := res.Body.Get("ip_address").Text(); ok && written && address == text {
			return res, ""
		}
	}
	return nil, item.ReasonOr("the address is written as a literal, its EIP is outside the files")
}

func eipOn(s *Scope, item *located.Value, g *Gateway) EIPVerdict {
	eip, reason := eipOf(s, item)
	if eip == nil {
		return EIPVerdict{Status: truth.Unknown, Reason: reason}
	}
	if eip.Uncertain != "" {
		return EIPVerdict{Status: truth.Unknown, Reason: eip.Uncertain}
	}
	gatewayHasEIP := false
	unsure := ""
	elsewhere := ""
	for _, assoc := range s.ByType["alicloud_eip_association"] {
		allocation := s.Ident(assoc.Body.Get("allocation_id"))
		instance := s.Ident(assoc.Body.Get("instance_id"))
		if instance.Key == g.Key {
			gatewayHasEIP = true
		}
		switch {
		case !allocation.Known() || allocation.Resource == nil && !strings.HasPrefix(allocation.Key, "id:"):
			unsure = "which EIP " + assoc.Address + " associates is unknown"
		case allocation.Key != eip.Address:
		case assoc.Uncertain != "":
			unsure = assoc.Uncertain
		case instance.Key == g.Key:
			return EIPVerdict{Status: truth.Open}
		case instance.Resource == nil:
			unsure = "what " + assoc.Address + " associates it with is unknown"
		default:
			elsewhere = instance.name()
		}
	}
	if reason, found := s.UnreadModule(eip.Address, g.Key); found {
		unsure = reason
	}
	if unsure != "" {
		return EIPVerdict{Status: truth.Unknown, Reason: unsure}
	}
	v := EIPVerdict{Status: truth.Blocked, Code: "not-associated", EIP: eip.Address, Instance: elsewhere}
	switch {
	case elsewhere != "":
		v.Code = "other-instance"
	case !gatewayHasEIP:
		v.Code = "no-eip"
	}
	return v
}
