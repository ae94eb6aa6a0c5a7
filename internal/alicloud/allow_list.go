package alicloud

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/product"
	"github.com/egresslint/egresslint/internal/secret"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// AllowList is the list of addresses that may connect. The lists of one endpoint are a
// union.
type AllowList struct {
	Entries []AllowEntry
	Unknown string // why the list is not known in full; empty if it is
	// Of products that filter their public endpoint by a list of its own.
	PublicEntries []AllowEntry
	PublicUnknown string

	All       []AllowEntry // every entry of every list, those of consoles too
	Omitted   bool         // no list is written, and the product lets nobody in then
	Attribute string       // the argument that holds it, for messages
	Origin    place.Origin // the list, else the instance
}

// AllowEntry is one address or CIDR of an allow-list.
type AllowEntry struct {
	Text      string       // as written; what is secret is not shown
	CIDR      netip.Prefix // invalid for a reference and for what is no address
	Ref       string       // the reference, e.g. alicloud_eip_address.a.ip_address
	Attribute string       // the argument it stands in
	Origin    place.Origin // the element
}

// SetOf is the union of entries, IPv4 and IPv6.
func SetOf(entries []AllowEntry) *netipx.IPSet {
	var builder netipx.IPSetBuilder
	for _, e := range entries {
		if e.CIDR.IsValid() {
			builder.AddPrefix(e.CIDR)
		}
	}
	return ipset.Build(&builder)
}

// LoopbackOnly reports whether the list admits nobody but the instance itself.
func (l *AllowList) LoopbackOnly() bool {
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	for _, e := range l.Entries {
		if !e.CIDR.IsValid() || !ipset.Covers(loopback, e.CIDR) && e.Text != "::1" {
			return false
		}
	}
	return len(l.Entries) > 0 || l.Omitted
}

// listReader reads the lists of an instance.
type listReader struct {
	AllowList
	t *Target
}

// readAllowList reads every list of an instance.
func readAllowList(t *Target) AllowList {
	r := &listReader{AllowList{Origin: t.Origin}, t}
	body, typ := t.Resource.Body, t.Type
	written := false
	for _, list := range typ.Lists {
		if list.When != "" {
			switch on, ok := body.Get(list.When).Truth(); {
			case ok && on:
			case body.Get(list.When).IsUnknown():
				r.unknown(list, body.Get(list.When).Reason)
				continue
			default:
				continue // the list has no effect
			}
		}
		if Ignored(t.Resource, cmp.Or(list.Block, list.Argument)) {
			r.unknown(list, "lifecycle.ignore_changes leaves "+list.String()+" to be changed outside Terraform")
		}
		written = r.readLists(t.Resource, list) || written
	}
	if typ.Attached.Resource != "" {
		written = r.readAttached() || written
	}
	if mode, ok := body.Get("modify_mode").Text(); ok && mode == "Delete" {
		r.Unknown = "modify_mode Delete removes the listed addresses from a list that is not in the files"
		r.Entries, r.All = nil, nil
	} else if mode == "Append" {
		r.Unknown = "modify_mode Append adds to a list that is not in the files"
	}
	if !written {
		r.Attribute = typ.Lists[0].String()
		if typ.Closed {
			r.Omitted = true
		} else {
			r.Unknown = "the allow-list is left to the service's default"
		}
	}
	if typ.HasPublicList() && len(r.PublicEntries) == 0 && r.PublicUnknown == "" {
		r.PublicUnknown = "the list of the public endpoint is left to the service's default"
	}
	if typ.Partial != "" {
		r.Unknown = typ.Partial
	}
	for _, template := range typ.Templates {
		r.readTemplates(template)
	}
	for _, name := range typ.Unless {
		if v := body.Get(name); v.IsUnknown() || len(v.Split()) > 0 {
			r.Unknown = name + " may admit sources in ways the files do not decide"
		}
	}
	if t.Resource.Uncertain != "" {
		r.Unknown = t.Resource.Uncertain
	}
	if reason, found := t.Scope.UnreadModule(t.Resource.Address); found && r.Unknown == "" {
		r.Unknown = reason
	}
	return r.AllowList
}

func (r *listReader) unknown(list product.List, reason string) {
	if list.Endpoint == product.Public {
		r.PublicUnknown = reason
	} else {
		r.Unknown = reason
	}
}

// Ignored reports whether Terraform leaves later changes of an argument alone.
func Ignored(res *terraform.Resource, argument string) bool {
	return slices.Contains(res.IgnoreChanges, argument) || slices.Contains(res.IgnoreChanges, "all")
}

// readLists adds the entries of one argument, in every block that holds it; it
// reports whether a list is written.
func (r *listReader) readLists(holder *terraform.Resource, list product.List) bool {
	if list.Block == "" {
		return r.readList(holder, holder.Body, list)
	}
	blocks := holder.Body.Get(list.Block)
	written := false
	if blocks.IsUnknown() {
		r.unknown(list, blocks.Reason)
		written = true
	}
	for _, block := range blocks.Items() {
		written = r.readList(holder, block, list) || written
	}
	return written
}

// readAttached adds the entries that resources of their own add to the list.
func (r *listReader) readAttached() bool {
	s, attached := r.t.Scope, r.t.Type.Attached
	written := false
	for _, res := range s.ByType[attached.Resource] {
		switch owner := s.Ident(res.Body.Get(attached.Owner)); {
		case owner.Unknown():
			r.Unknown = "which instance " + res.Address + " belongs to is unknown"
		case owner.Key == r.t.Resource.Address:
			if attached.Only != "" && !res.Body.Get(attached.Only).Is(attached.Value) {
				continue
			}
			if res.Uncertain != "" {
				r.Unknown = res.Uncertain
			}
			written = r.readLists(res, product.List{Argument: attached.List}) || written
		}
	}
	return written
}

// readTemplates adds the entries of the global groups that an argument names.
func (r *listReader) readTemplates(template product.Template) {
	for _, item := range r.t.Resource.Body.Get(template.Argument).Split() {
		id := r.t.Scope.Ident(item)
		if id.Resource == nil || id.Resource.Type != template.Resource {
			r.Unknown = item.ReasonOr(template.Argument + " names a group outside the files")
			continue
		}
		r.readLists(id.Resource, product.List{Argument: template.List})
	}
}

// readList adds the entries of one list; it reports whether the list is written.
func (r *listReader) readList(holder *terraform.Resource, body *located.Value, list product.List) bool {
	v := body.Get(list.Argument)
	if v.IsNull() {
		return false
	}
	s := r.t.Scope
	if r.Attribute == "" && list.Endpoint == product.Any {
		r.Attribute, r.Origin = list.String(), s.At(holder, v)
	}
	if mode, _ := body.Get("modify_mode").Text(); list.Block != "" && mode == "Delete" {
		r.Unknown = "modify_mode Delete removes the listed addresses from a list that is not in the files"
		return true
	}
	for _, item := range v.Split() {
		text, ok := item.Text()
		if !ok {
			r.unknown(list, item.ReasonOr("an element of "+list.String()+" is unknown"))
			continue
		}
		e := AllowEntry{Text: secret.Shown(item), Attribute: list.String(), Origin: s.At(holder, item)}
		if ref, ok := item.Ref(); ok {
			e.Ref = ref.String()
			if res := s.ByAddress[ref.Address]; res == nil || res.Data || !SingleAddress(ref.Attribute) {
				r.unknown(list, "the element "+ref.String()+" is not in the files")
			}
		} else if cidr, ok := ipset.Parse(text); ok {
			e.CIDR = cidr
		} else {
			r.unknown(list, "the element "+e.Text+" of "+list.String()+" is not an address")
		}
		switch list.Endpoint {
		case product.Any:
			r.Entries = append(r.Entries, e)
		case product.Public:
			r.PublicEntries = append(r.PublicEntries, e)
		}
		r.All = append(r.All, e)
	}
	return list.Endpoint == product.Any
}

// SingleAddress reports whether an attribute is one host's address, which never
// covers a vSwitch.
func SingleAddress(attribute string) bool {
	return strings.HasSuffix(attribute, "_ip") || strings.HasSuffix(attribute, "ip_address") || attribute == "address"
}
