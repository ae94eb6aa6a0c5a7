package alicloud

import (
	"strings"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/secret"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// Listener is a listener of a load balancer with its access control list.
type Listener struct {
	Resource *terraform.Resource
	Port     int
	Filter   string  // white-acl, black-acl, or empty if it filters nothing
	Unknown  string  // why the ACL is not known in full; empty if it is
	ACL      *Target // the entries, as the list of a target of their own
}

// readListeners reads the listeners of a CLB or ALB.
func readListeners(s *Scope, t *Target) []*Listener {
	typ, portArgument := "", ""
	switch t.Kind {
	case "slb":
		typ, portArgument = "alicloud_slb_listener", "frontend_port"
	case "alb":
		typ, portArgument = "alicloud_alb_listener", "listener_port"
	}
	var list []*Listener
	for _, res := range s.ByType[typ] {
		if s.Ident(res.Body.Get("load_balancer_id")).Key != t.Address {
			continue
		}
		l := &Listener{Resource: res, Port: res.Body.Get(portArgument).Int(), Unknown: res.Uncertain}
		l.ACL = &Target{
			Address: t.Address, Kind: t.Kind, Product: t.Product, Name: t.Name, Scope: s, Resource: res,
			VPC: t.VPC, VSwitch: t.VSwitch, Origin: t.Origin,
			List: AllowList{Attribute: "the ACL of " + res.Address, Origin: s.AtBlock(res)},
		}
		if t.Kind == "alb" {
			l.readALBList(s)
		} else {
			l.readCLBList(s)
		}
		l.ACL.List.Unknown = l.Unknown
		list = append(list, l)
	}
	return list
}

func (l *Listener) readCLBList(s *Scope) {
	body := l.Resource.Body
	status := body.Get("acl_status")
	if status.IsUnknown() {
		l.Unknown = status.Reason
		return
	}
	if !status.Is("on") {
		return
	}
	l.readKind(body.Get("acl_type"))
	for _, name := range []string{"acl_ids", "acl_id"} {
		if v := body.Get(name); !v.IsNull() {
			for _, item := range v.Split() {
				l.readACL(s, s.Ident(item), "alicloud_slb_acl", "entry_list", "alicloud_slb_acl_entry_attachment")
			}
			return
		}
	}
	l.Unknown = "the ACL of " + l.Resource.Address + " is not in the files"
}

func (l *Listener) readALBList(s *Scope) {
	for _, config := range l.Resource.Body.Get("acl_config").Items() {
		l.readKind(config.Get("acl_type"))
		for _, relation := range config.Get("acl_relations").Items() {
			l.readACL(s, s.Ident(relation.Get("acl_id")), "alicloud_alb_acl", "acl_entries", "alicloud_alb_acl_entry_attachment")
		}
	}
	for _, res := range s.ByType["alicloud_alb_listener_acl_attachment"] {
		id := s.Ident(res.Body.Get("listener_id"))
		if id.Unknown() {
			l.Unknown = "which listener " + res.Address + " attaches an ACL to is unknown"
		}
		if id.Key != l.Resource.Address {
			continue
		}
		l.readKind(res.Body.Get("acl_type"))
		l.readACL(s, s.Ident(res.Body.Get("acl_id")), "alicloud_alb_acl", "acl_entries", "alicloud_alb_acl_entry_attachment")
	}
}

func (l *Listener) readKind(v *located.Value) {
	switch text, _ := v.Text(); strings.ToLower(text) {
	case "white":
		l.Filter = "white-acl"
	case "black":
		l.Filter = "black-acl"
	default:
		l.Unknown = v.ReasonOr("the acl_type of " + l.Resource.Address + " is not in the files")
	}
}

// readACL adds the entries of an ACL: its own blocks and those attached from
// outside.
func (l *Listener) readACL(s *Scope, id Ident, typ, block, attachment string) {
	if id.Resource == nil || id.Resource.Type != typ {
		l.Unknown = "the ACL of " + l.Resource.Address + " is outside the files"
		return
	}
	if id.Resource.Uncertain != "" {
		l.Unknown = id.Resource.Uncertain
	}
	add := func(res *terraform.Resource, v *located.Value) {
		text, ok := v.Text()
		cidr, valid := ipset.Parse(text)
		if !ok || !valid || res.Uncertain != "" {
			l.Unknown = v.ReasonOr("an entry of " + id.Resource.Address + " is not in the files")
			return
		}
		l.ACL.List.Entries = append(l.ACL.List.Entries, AllowEntry{Text: secret.Shown(v), CIDR: cidr, Origin: s.At(res, v)})
	}
	blocks := id.Resource.Body.Get(block)
	if blocks.IsUnknown() {
		l.Unknown = blocks.Reason
	}
	for _, entry := range blocks.Items() {
		add(id.Resource, entry.Get("entry"))
	}
	for _, res := range s.ByType[attachment] {
		switch owner := s.Ident(res.Body.Get("acl_id")); {
		case owner.Key == id.Key:
			add(res, res.Body.Get("entry"))
		case owner.Unknown():
			l.Unknown = "which ACL " + res.Address + " adds to is unknown"
		}
	}
	if reason, found := s.UnreadModule(id.Key, l.Resource.Address); found {
		l.Unknown = reason
	}
}
