package terraform

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// module is one instance of a module.
type module struct {
	cfg       *config
	up        *module // the caller, nil for the root
	call      *callBlock
	each      *each  // the call's repetition
	address   string // "" for the root
	path      string // the calls that lead to it, as in modules.json: a.b
	depth     int
	uncertain string

	inputs    variables // of the root
	vars      map[string]*node
	locals    map[string]*node
	outputs   map[string]*node
	resources map[string]*resource
	calls     map[string]*callGroup
	shared    map[hclsyntax.Expression]value
}

func newModule(cfg *config) *module {
	return &module{
		cfg: cfg, vars: make(map[string]*node), locals: make(map[string]*node), outputs: make(map[string]*node),
		resources: make(map[string]*resource), calls: make(map[string]*callGroup), shared: make(map[hclsyntax.Expression]value),
	}
}

func (m *module) root() *module {
	for m.up != nil {
		m = m.up
	}
	return m
}

// in returns the address of something in m.
func (m *module) in(name string) string {
	if m.address == "" {
		return name
	}
	return m.address + "." + name
}

func nodeOf(nodes map[string]*node, name string) *node {
	n, ok := nodes[name]
	if !ok {
		n = &node{}
		nodes[name] = n
	}
	return n
}

// undeclared is the value of a reference to something that m does not declare.
// Where a file of m could not be read that is no mistake: it may be declared there.
func (m *module) undeclared(ev *evaluator, rng hcl.Range, format string, args ...any) value {
	if m.cfg.broken {
		return unknown("it may be declared in a file that could not be parsed")
	}
	ev.mistake(rng, format, args...)
	return unknown("its expression is not valid")
}

func (m *module) local(ev *evaluator, name string, rng hcl.Range) value {
	at, ok := m.cfg.locals[name]
	if !ok {
		return m.undeclared(ev, rng, "read local.%s: this module has no such local", name)
	}
	return ev.get(nodeOf(m.locals, name), "local."+name, at.expr.Range(), func() value {
		v := scope{ev: ev, mod: m}.eval(at.expr)
		return value{named(name, v.v), ev.cross(v.o, at.expr.Range(), aside, "local."+name+" is set here")}
	})
}

func (m *module) output(ev *evaluator, name string, rng hcl.Range) value {
	blk, ok := m.cfg.outputs[name]
	if !ok {
		return m.undeclared(ev, rng, "read %s.%s: the module has no such output", m.address, name)
	}
	return ev.get(nodeOf(m.outputs, name), m.in("output."+name), blk.header, func() value {
		at := blk.body.attr("value")
		if at == nil {
			return unknown(fmt.Sprintf("output %q has no value", name))
		}
		v := scope{ev: ev, mod: m}.eval(at.expr)
		if literalBool(blk.body.attr("sensitive"), true) {
			v.v = secret(v.v)
		}
		v.v = named(name, v.v)
		return value{v.v, ev.cross(v.o, at.expr.Range(), outward, m.address+" hands it on as output "+name+" here")}
	})
}

// whole returns the outputs of a module instance as one object.
func (m *module) whole(ev *evaluator) value {
	fields := make(map[string]cty.Value, len(m.cfg.outputs))
	o := &origin{fields: make(map[string]*origin, len(m.cfg.outputs))}
	for _, name := range slices.Sorted(maps.Keys(m.cfg.outputs)) {
		v := m.output(ev, name, m.cfg.outputs[name].header)
		fields[name], o.fields[name] = v.v, v.o
	}
	return value{cty.ObjectVal(fields), o}
}

// callGroup is a module block with its instances.
type callGroup struct {
	n      node
	mods   []*module
	unread string // why it could not be followed
}

// callValue returns what module.NAME stands for.
func (m *module) callValue(ev *evaluator, name string, rng hcl.Range) value {
	call, ok := m.cfg.calls[name]
	if !ok {
		return m.undeclared(ev, rng, "read module.%s: there is no such module block", name)
	}
	return m.expandCall(ev, call).n.val
}

func (m *module) expandCall(ev *evaluator, call *callBlock) *callGroup {
	g, ok := m.calls[call.name]
	if !ok {
		g = &callGroup{}
		m.calls[call.name] = g
	}
	address := m.in("module." + call.name)
	v := ev.get(&g.n, address, call.header, func() value {
		cfg, why := m.moduleSource(ev, call)
		if cfg == nil {
			g.unread = why
			return unknown(why)
		}
		if ev.full {
			return unknown(address + " has too many instances")
		}
		rep := scope{ev: ev, mod: m}.repeat(call.count, call.forEach)
		g.mods = nil
		vals := make([]cty.Value, len(rep.items))
		for i := range rep.items {
			if !ev.admit(call.header) {
				return unknown(address + " has too many instances")
			}
			c := newModule(cfg)
			c.up, c.call, c.each = m, call, &rep.items[i]
			c.address = address + rep.items[i].suffix
			c.path = strings.TrimPrefix(m.path+"."+call.name, ".")
			c.depth = m.depth + 1
			c.uncertain = m.uncertain
			if c.uncertain == "" {
				c.uncertain = rep.uncertain
			}
			g.mods = append(g.mods, c)
			vals[i] = cty.CapsuleVal(moduleType, c)
		}
		var sym *symbolic
		if rep.uncertain != "" {
			sym = &symbolic{mod: g.mods[0], keyV: rep.items[0].key, why: rep.uncertain}
		}
		return value{v: rep.collect(vals, sym)}
	})
	if g.n.state != done {
		return &callGroup{n: node{state: done, val: v}}
	}
	return g
}

// admit counts one more instance and reports whether the root may have it.
func (ev *evaluator) admit(rng hcl.Range) bool {
	ev.spent.instances++
	if ev.spent.instances <= maxInstances || !guard.On(guard.TerraformBudgets) {
		return true
	}
	if !ev.full {
		ev.full = true
		ev.limit(rng, "expand configuration: it has more than %d instances", maxInstances)
	}
	return false
}

// moduleSource finds the directory that a call leads to, or says why it cannot.
func (m *module) moduleSource(ev *evaluator, call *callBlock) (cfg *config, why string) {
	if call.sourceErr != "" {
		return nil, fmt.Sprintf("module %s was not read: %s", call.name, call.sourceErr)
	}
	if m.depth >= maxModuleDepth {
		ev.limit(call.header, "follow module %s: modules are nested more than %d deep", call.name, maxModuleDepth)
		return nil, fmt.Sprintf("module %s was not read: it is nested too deep", call.name)
	}
	if !isLocalSource(call.source) {
		key := strings.TrimPrefix(m.path+"."+call.name, ".")
		dir, ok := ev.inst.dir(key)
		switch {
		case ok:
		case refusedSource(call.source):
			ev.mistake(call.header, "call module %s: Terraform refuses its source %s, which is no address of a module: a directory beside it is written ./%[2]s", call.name, shown(call.source))
			return nil, fmt.Sprintf("module %s was not read: Terraform refuses its source %s", call.name, shown(call.source))
		default:
			if cfg := ev.publishedModule(m, call); cfg != nil {
				return cfg, ""
			}
			return nil, fmt.Sprintf("module %s from %s was not read: run terraform init first, or point source at a local copy", call.name, shown(call.source))
		}
		cfg := ev.load.config(dir)
		if len(ev.load.configFiles(dir)) == 0 {
			return nil, fmt.Sprintf("module %s from %s was not read: %s has no configuration; run terraform init again", call.name, shown(call.source), dir)
		}
		return cfg, ""
	}
	dir, err := source.Join(m.cfg.dir, call.source)
	if err != nil {
		return nil, fmt.Sprintf("module %s from %s was not read: its directory is outside of what may be read", call.name, shown(call.source))
	}
	for a := m; a != nil; a = a.up {
		if a.cfg.dir == dir {
			ev.mistake(call.header, "follow module %s: the module calls itself", call.name)
			return nil, fmt.Sprintf("module %s was not read: the module calls itself", call.name)
		}
	}
	if len(ev.load.configFiles(dir)) == 0 {
		return nil, fmt.Sprintf("module %s from %s was not read: %s has no configuration", call.name, shown(call.source), dir)
	}
	return ev.load.config(dir), ""
}

// shown is the source of a module as messages name it: without the user, the password and
// the query of an address.
func shown(src string) string {
	src, _, _ = strings.Cut(src, "?")
	return source.WithoutUser(src)
}

func isLocalSource(src string) bool {
	return src == "." || src == ".." || strings.HasPrefix(src, "./") || strings.HasPrefix(src, "../")
}

// A source in a registry: the namespace, the name and the provider of a module.
// Source: developer.hashicorp.com/terraform/internals/module-registry-protocol
var (
	registryName     = regexp.MustCompile(`^[0-9A-Za-z](?:[0-9A-Za-z_-]{0,62}[0-9A-Za-z])?$`)
	registryProvider = regexp.MustCompile(`^[0-9a-z]{1,64}$`)
)

// refusedSource reports whether a source that is not local is none that Terraform can
// download a module from: a relative directory without ./ before it. One that begins
// with a host name, or holds a colon as URLs and what git takes do, may be one.
func refusedSource(src string) bool {
	src, _, _ = strings.Cut(src, "?")
	src, _, _ = strings.Cut(src, "//")
	parts := strings.Split(src, "/")
	if src == "" || strings.ContainsAny(src, ":@\\") || parts[0] == "" || strings.Contains(parts[0], ".") {
		return false
	}
	return len(parts) != 3 || !registryName.MatchString(parts[0]) || !registryName.MatchString(parts[1]) || !registryProvider.MatchString(parts[2])
}

// relative returns dir as seen from base, both relative to the tree's root.
func relative(base, dir string) string {
	if base == dir {
		return "."
	}
	b, d := strings.Split(base, "/"), strings.Split(dir, "/")
	if base == "." {
		b = nil
	}
	if dir == "." {
		d = nil
	}
	n := 0
	for n < len(b) && n < len(d) && b[n] == d[n] {
		n++
	}
	up := strings.Repeat("../", len(b)-n)
	return path.Clean(up + path.Join(d[n:]...))
}

// resource is a resource or data block of one module instance.
type resource struct {
	n     node
	mod   *module
	blk   *resourceBlock
	insts []*instance
}

// instance is one instance of a resource.
type instance struct {
	res       *resource
	each      *each
	address   string
	uncertain string
	attrs     []node // parallel to the block's arguments
	blocks    map[string]*node
}

// resourceValue returns what a reference to a resource stands for.
func (m *module) resourceValue(ev *evaluator, key string, rng hcl.Range) value {
	blk, ok := m.cfg.resources[key]
	if !ok {
		return m.undeclared(ev, rng, "read %s: this module has no such block", key)
	}
	return m.expandResource(ev, blk).n.val
}

func (m *module) expandResource(ev *evaluator, blk *resourceBlock) *resource {
	r, ok := m.resources[blk.key]
	if !ok {
		r = &resource{mod: m, blk: blk}
		m.resources[blk.key] = r
	}
	v := ev.get(&r.n, m.in(blk.key), blk.header, func() value {
		address := m.in(blk.key)
		if ev.full {
			return unknown(address + " has too many instances")
		}
		rep := scope{ev: ev, mod: m}.repeat(blk.count, blk.forEach)
		r.insts = nil
		vals := make([]cty.Value, len(rep.items))
		for i := range rep.items {
			if !ev.admit(blk.header) {
				return unknown(address + " has too many instances")
			}
			in := &instance{
				res: r, each: &rep.items[i], address: address + rep.items[i].suffix,
				uncertain: rep.uncertain, attrs: make([]node, len(blk.args.attrs)),
			}
			switch {
			case m.uncertain != "":
				in.uncertain = m.uncertain
			case in.uncertain == "" && blk.broken:
				in.uncertain = "its block could not be parsed in full"
			}
			r.insts = append(r.insts, in)
			vals[i] = cty.CapsuleVal(instanceType, in)
		}
		var sym *symbolic
		if rep.uncertain != "" {
			sym = &symbolic{inst: r.insts[0], keyV: rep.items[0].key, why: rep.uncertain}
		}
		return value{v: rep.collect(vals, sym)}
	})
	if r.n.state != done {
		return &resource{n: node{state: done, val: v}, mod: m, blk: blk}
	}
	return r
}

func (in *instance) scope(ev *evaluator) scope {
	return scope{ev: ev, mod: in.res.mod, each: in.each, self: in}
}

// argument evaluates argument i of the block as it is written.
func (in *instance) argument(ev *evaluator, i int) value {
	at := in.res.blk.args.attrs[i]
	return ev.get(&in.attrs[i], in.address+"."+at.name, at.expr.Range(), func() value {
		v := in.scope(ev).eval(at.expr)
		v.v = in.asSecret(at.name, v.v)
		return v
	})
}

// asSecret marks what is secret in the value of an argument or attribute.
func (in *instance) asSecret(name string, v cty.Value) cty.Value {
	switch typ := in.res.blk.typ; {
	case slices.Contains(secretAttributes[typ], name):
		return secretParts(v)
	case typ == "kubernetes_manifest" && name == "manifest":
		return inSecret(v)
	default:
		return named(name, v)
	}
}

// nested evaluates the nested blocks of one type.
func (in *instance) nested(ev *evaluator, typ string, header hcl.Range) value {
	if in.blocks == nil {
		in.blocks = make(map[string]*node)
	}
	return ev.get(nodeOf(in.blocks, typ), in.address+"."+typ, header, func() value {
		return in.scope(ev).blockList(&in.res.blk.args, typ)
	})
}

// attr returns the attribute of an instance as other expressions see it: what
// the configuration sets, else what the schema says of an attribute that is left
// out, else a placeholder if the attribute identifies something, else an unknown.
func (in *instance) attr(ev *evaluator, name string) value {
	args := &in.res.blk.args
	if i, ok := args.index[name]; ok {
		v := in.argument(ev, i)
		if u, _ := v.v.Unmark(); !u.IsNull() {
			v.o = ev.cross(v.o, args.attrs[i].expr.Range(), aside, in.address+"."+name+" is set here")
			if in.isBlock(ev, []string{name}) {
				v = listed(v)
				v.v = in.blocksAsSeen(v.v, name)
			}
			return v
		}
	}
	for _, b := range args.blocks {
		if blockType(b) == name {
			v := in.nested(ev, name, b.header)
			if isEmpty(v.v) {
				break // a block type that may be computed
			}
			return value{in.blocksAsSeen(v.v, name), ev.cross(v.o, b.header, aside, in.address+"."+name+" is set here")}
		}
	}
	if v, ok := in.derived(ev, name); ok {
		return v
	}
	if v, ok := in.unset(ev, []string{name}); ok {
		return v
	}
	return in.computed(name)
}

// computed returns an attribute that the configuration does not set.
func (in *instance) computed(name string) value {
	v := in.notSet(name)
	v.v = in.asSecret(name[strings.LastIndexByte(name, '.')+1:], v.v)
	return v
}

func (in *instance) notSet(name string) value {
	address := located.Display(in.address)
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case isIdentity(last) && (!in.res.blk.data || name == "id"):
		return value{v: cty.StringVal(located.Ref{Address: address, Attribute: name}.Placeholder())}
	case in.res.blk.data:
		return unknown(address + " is read at apply time")
	default:
		return unknown(address + "." + name + " is known only after apply")
	}
}
