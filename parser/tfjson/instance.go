package tfjson

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// reader turns a document into resource instances.
type reader struct {
	*sections
	root      *moduleInstance
	modules   map[string]*moduleInstance // by address
	instances map[string]*instance       // by address
	order     []*instance
}

// instances reads every resource instance of the document. It is in one place of
// it or another:
//
//   - planned_values has what there will be, and the data resources that are read
//     at apply time;
//   - prior_state has the data resources that the plan has read, and the managed
//     ones that a plan for a part of the configuration (-target) leaves alone;
//   - resource_changes says what of it is not known yet, and what goes away.
func (s *sections) instances() *reader {
	r := &reader{
		sections:  s,
		root:      newModuleInstance("", nil, key{}),
		modules:   make(map[string]*moduleInstance),
		instances: make(map[string]*instance),
	}
	if s.configuration != absent {
		c := &configReader{document: s.document, parsed: make(map[string]reference)}
		r.root.config = c.module(s.get(s.configuration, "root_module"))
	}
	changes, order, moved := s.changesByAddress()
	if s.planned != absent {
		s.instancesIn(s.planned, func(raw rawInstance) { r.add(raw, changes[raw.address]) })
	} else {
		for _, c := range order {
			r.add(c.raw, c)
		}
	}
	s.instancesIn(s.prior, func(raw rawInstance) {
		if !moved[raw.address] {
			r.add(raw, changes[raw.address])
		}
	})
	return r
}

func (r *reader) add(raw rawInstance, c *change) {
	if r.instances[raw.address] != nil || c != nil && c.gone {
		return
	}
	in := &instance{block: raw.typ + "." + raw.name}
	if raw.data {
		in.block = "data." + in.block
	}
	in.module = r.module(raw.module)
	switch r.at(raw.index) {
	case '"':
		in.key = key{text: r.str(raw.index), set: true}
	case 0:
	default:
		in.key = key{text: r.number(raw.index), index: true, set: true}
	}
	if in.module.config != nil {
		in.config = in.module.config.resources[in.block]
	}
	insert(in.module.blocks, in.block, in.key, in)
	in.res = &terraform.Resource{
		Address: raw.address, Module: raw.module, Data: raw.data, Type: raw.typ, Name: raw.name,
		Provider: providerOf(in.config, raw.typ),
	}
	in.res.Body = r.body(in, raw, c)
	r.instances[raw.address] = in
	r.order = append(r.order, in)
}

// providerOf returns the name of the provider configuration that a block uses. Its
// key in the document starts with the module that it stands in, if not the root.
func providerOf(b *configBlock, typ string) string {
	if b == nil || b.provider == "" {
		name, _, _ := strings.Cut(typ, "_")
		return name
	}
	return b.provider[strings.LastIndexByte(b.provider, ':')+1:]
}

// module returns the module instance with an address.
func (r *reader) module(address string) *moduleInstance {
	if m := r.modules[address]; m != nil {
		return m
	}
	m := r.root
	for _, step := range splitModules(address) {
		name, k := splitCall(step)
		c := m.child(name, k)
		if c.address == "" {
			c.address = strings.TrimPrefix(m.address+"."+step, ".")
			insert(m.calls, name, k, c)
		}
		m = c
	}
	r.modules[address] = m
	return m
}

// child returns the instance of a module call with the given key. One that the
// document does not show, as it holds no resource, is not kept.
func (m *moduleInstance) child(name string, k key) *moduleInstance {
	if c, ok := m.calls[name].get(k); ok {
		return c
	}
	c := newModuleInstance(name, m, k)
	if m.config != nil {
		if c.call = m.config.calls[name]; c.call != nil {
			c.config = c.call.module
		}
	}
	return c
}

func newModuleInstance(name string, up *moduleInstance, k key) *moduleInstance {
	return &moduleInstance{
		name: name, up: up, key: k,
		blocks: make(map[string]*repeated[*instance]), calls: make(map[string]*repeated[*moduleInstance]),
	}
}

// body reads the attributes of an instance.
func (r *reader) body(in *instance, raw rawInstance, c *change) *located.Value {
	body := &located.Value{Kind: located.Map, Range: r.span(raw.at, r.skip(raw.at))}
	unknown, sensitive := absent, raw.sensitive
	if c != nil {
		unknown = c.unknown
		if sensitive == absent {
			sensitive = c.sensitive
		}
	}
	b := &bodyReader{reader: r, in: in, sensitive: newLookup(r.document, sensitive), unknown: newLookup(r.document, unknown)}
	if c != nil {
		b.after = newLookup(r.document, c.sensitive)
	}
	body.Map = b.attributes(raw.values, unknown)
	r.mark(body, raw.sensitive)
	if c != nil {
		r.mark(body, c.sensitive)
		r.mark(body, c.wasSensitive)
	}
	markKeys(body)
	if strings.HasPrefix(raw.typ, "kubernetes_secret") {
		for _, f := range body.Map {
			if located.IsSecretData(f.Key) {
				conceal(f.Value)
			}
		}
	}
	return body
}

// bodyReader reads the top-level attributes of an instance.
type bodyReader struct {
	*reader
	in                        *instance
	sensitive, unknown, after *lookup
}

func (b *bodyReader) attributes(values, unknown int) []located.Field {
	args := &arguments{}
	if b.in.config != nil {
		args = &b.in.config.args
	}
	var out []located.Field
	for f := range b.fields(values) {
		u := b.unknown.get(f.key)
		if b.is(u, "true") {
			continue // below
		}
		v := &valueReader{document: b.document, address: b.in.res.Address}
		if value := v.value(f.value, u, b.sensitive.get(f.key), args.blocks[f.key], f.key); value != nil {
			out = append(out, located.Field{Key: f.key, KeyRange: b.span(f.start, f.end), Value: value})
		}
	}
	for f := range b.fields(unknown) {
		if !b.is(f.value, "true") {
			continue
		}
		b.in.unknown = append(b.in.unknown, f.key)
		if value := b.unknownAttribute(f, args); value != nil {
			out = append(out, located.Field{Key: f.key, KeyRange: b.span(f.start, f.end), Value: value})
		}
	}
	slices.Sort(b.in.unknown)
	slices.SortStableFunc(out, func(x, y located.Field) int { return strings.Compare(x.Key, y.Key) })
	return unique(out)
}

// unknownAttribute returns the value of an attribute that exists only after apply,
// nil if the configuration does not set it.
func (b *bodyReader) unknownAttribute(f field, args *arguments) *located.Value {
	value := &located.Value{
		Kind: located.Unknown, Range: b.span(f.value, b.skip(f.value)),
		Sensitive: b.is(b.after.get(f.key), "true"),
	}
	value.Reason = unknownReason(b.in.res.Address, f.key, b.in.res.Data)
	if e := args.exprs[f.key]; e != nil {
		value.Range = b.span(e.at, e.at+1)
		b.in.pending = append(b.in.pending, pending{f.key, e, value})
		return value
	}
	if f.key == "id" {
		return nil
	}
	if b.in.config != nil && args.blocks[f.key] == nil && !b.mayBeDynamic(f.key, b.after.get(f.key)) {
		return nil
	}
	return value
}

// isListOfStrings reports whether a provider attribute of this name is a list of
// strings, never a list of nested blocks. Providers name the lists of ids and
// addresses alike.
func isListOfStrings(name string) bool {
	switch name {
	case "security_ip_list", "private_whitelist", "public_whitelist", "kibana_whitelist", "kibana_private_whitelist",
		"secondary_cidr_blocks", "user_cidrs", "addresses", "ipv6_addresses", "private_ip_addresses", "security_groups":
		return true
	}
	return strings.HasSuffix(name, "_ids") || strings.HasSuffix(name, "_ips")
}

func unknownReason(address, attribute string, data bool) string {
	if data {
		return address + " is read at apply time"
	}
	return address + "." + attribute + " is known only after apply"
}
