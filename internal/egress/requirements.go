package egress

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/requirement"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// declarationAnnotation is where users declare what a workload needs to reach.
const declarationAnnotation = "egresslint.io/egress"

// destinationKind says what a requirement leads to, once names are looked up in
// the files.
type destinationKind string

const (
	toInternet     destinationKind = "internet"      // a public address or name
	toTarget       destinationKind = "target"        // a cloud service instance of the files
	toService      destinationKind = "service"       // a Service of the same cluster, by name or ClusterIP
	toLoadBalancer destinationKind = "load-balancer" // the external address of such a Service
	toAddress      destinationKind = "address"       // a private address
	toName         destinationKind = "name"          // a name whose address the files do not say
)

// requirementOf is one need of one workload, resolved.
type requirementOf struct {
	workload *workload
	index    int // of the workload in its world
	world    *world
	strength Strength
	origin   Origin

	kind     destinationKind
	host     string       // as named; empty for CIDRs
	addr     netip.Addr   // if it is a literal address
	prefix   netip.Prefix // if it is a CIDR
	port     int
	protocol string
	// byAlias says that the address was found through a Service, whose name has to
	// be resolved; alias is that name.
	byAlias bool
	alias   string
	// shown replaces the destination in messages where it must not be printed.
	shown string
	// anywhere stands for "internet": any public IPv4 address.
	anywhere bool
	// anywhere6 stands for "internet6": any public IPv6 address.
	anywhere6 bool
	target    *target
	public    bool // the target's public endpoint
	service   *service
}

// byName reports whether a name has to be resolved first.
func (r *requirementOf) byName() bool {
	return r.byAlias || !r.addr.IsValid() && !r.prefix.IsValid()
}

// toPublic reports whether the packets go to public IPv4 addresses.
func (r *requirementOf) toPublic() bool {
	switch r.kind {
	case toInternet:
		return !r.anywhere6 && (!r.addr.IsValid() || r.addr.Is4()) && (!r.prefix.IsValid() || r.prefix.Addr().Is4())
	case toTarget:
		return r.public
	default:
		return false
	}
}

// toPublic6 reports whether the packets certainly go to public IPv6 addresses.
func (r *requirementOf) toPublic6() bool {
	return r.kind == toInternet && (r.anywhere6 || r.addr.Is6() || r.prefix.IsValid() && r.prefix.Addr().Is6())
}

// display names the destination in messages.
func (r *requirementOf) display() string {
	name := r.shown
	if r.byAlias {
		return fmt.Sprintf("%s (%s)", r.alias, netip.AddrPortFrom(r.addr, uint16(r.port)))
	}
	switch {
	case name != "":
		return name
	case r.anywhere:
		return "the Internet"
	case r.anywhere6:
		return "the IPv6 Internet"
	case r.prefix.IsValid():
		name = r.prefix.String()
	default:
		name = r.host
	}
	if r.port == 0 {
		return name
	}
	if r.addr.Is6() {
		name = "[" + name + "]"
	}
	return fmt.Sprintf("%s:%d", name, r.port)
}

// requirementsOf collects what a workload needs to reach.
func (b *builder) requirementsOf(w *world, index int) []*requirementOf {
	wl := w.workloads[index]
	c := &collector{b: b, w: w, wl: wl, index: index, seen: make(map[string]bool)}
	c.declarations()
	for _, container := range wl.containers() {
		c.environment(container)
		c.commandLine(container)
	}
	c.volumes()
	return c.list
}

// collector gathers the requirements of one workload.
type collector struct {
	b     *builder
	w     *world
	wl    *workload
	index int
	list  []*requirementOf
	seen  map[string]bool
}

// declarations reads the annotation on the workload, its pods and its namespace,
// and the configuration.
func (c *collector) declarations() {
	holders := []struct {
		obj *kubernetes.Object
		v   *located.Value
	}{
		{c.wl.obj, c.wl.obj.Root.Get("metadata", "annotations", declarationAnnotation)},
		{c.wl.obj, c.wl.template.Get("annotations", declarationAnnotation)},
	}
	if ns := c.w.namespaces[c.wl.namespace]; ns != nil {
		holders = append(holders, struct {
			obj *kubernetes.Object
			v   *located.Value
		}{ns, ns.Root.Get("metadata", "annotations", declarationAnnotation)})
	}
	for _, h := range holders {
		text, ok := h.v.Text()
		if !ok {
			continue
		}
		items, err := requirement.ParseDeclaration(text)
		if err != nil {
			c.b.diagnose(source.Diagnostic{Kind: source.InvalidObject, Range: h.v.Range, Message: err.Error()})
		}
		for _, item := range items {
			c.declare(item, c.b.places.object(h.obj, h.v))
		}
	}
	for _, config := range c.b.options.Requirements {
		if ok, err := path.Match(config.From, c.wl.namespace+"/"+c.wl.name); err != nil || !ok {
			continue
		}
		for _, to := range config.To {
			items, err := requirement.ParseDeclaration(to)
			if err != nil {
				c.b.diagnose(source.Diagnostic{Kind: source.InvalidObject, Range: config.At, Message: err.Error()})
			}
			for _, item := range items {
				c.declare(item, c.b.places.add(Place{Range: config.At, Address: "requirements"}))
			}
		}
	}
}

func (c *collector) declare(item requirement.Declared, origin Origin) {
	r := &requirementOf{strength: Declared, origin: origin, protocol: cmp.Or(item.Protocol, requirement.TCP), port: item.Port}
	switch {
	case item.Internet:
		r.kind, r.anywhere, r.host = toInternet, true, "internet"
	case item.Internet6:
		r.kind, r.anywhere6, r.host = toInternet, true, "internet6"
	case item.Kind == "service":
		ns, name, ok := strings.Cut(item.Name, "/")
		if !ok {
			ns, name = c.wl.namespace, item.Name
		}
		r.host = name
		if s := c.w.services[ns+"/"+name]; s != nil {
			c.toService(r, s)
		} else {
			r.kind = toName
		}
	case item.Kind != "":
		r.kind, r.host = toName, item.Text
		if t := c.b.namedTarget(c.w, item.Kind, item.Name); t != nil {
			c.toTarget(r, t)
		}
	case item.Prefix.IsValid():
		r.prefix, r.kind = item.Prefix, toAddress
		if publicAddress(item.Prefix.Addr()) {
			r.kind = toInternet
		}
	default:
		c.endpoint(item.Endpoint, Declared, origin, "")
		return
	}
	c.add(r)
}

// variable is an environment variable with where its value stands.
type variable struct {
	name, text string
	origin     Origin
	secret     string // "Secret ns/name key KEY" if the value must not be printed
}

// configRefs are the ways in which a container names a ConfigMap or Secret.
var configRefs = []struct{ kind, whole, item string }{
	{"ConfigMap", "configMapRef", "configMapKeyRef"},
	{"Secret", "secretRef", "secretKeyRef"},
}

// environment reads env and envFrom of a container.
func (c *collector) environment(container *located.Value) {
	var list []variable
	for _, from := range container.Get("envFrom").Items() {
		prefix, _ := from.Get("prefix").Text()
		for _, ref := range configRefs {
			name, ok := from.Get(ref.whole, "name").Text()
			if !ok {
				continue
			}
			src := c.w.configs[ref.kind+"/"+c.wl.namespace+"/"+name]
			if src == nil {
				continue
			}
			for _, v := range src.values {
				list = append(list, c.fromConfig(src, v, prefix+v.key))
			}
		}
	}
	for _, env := range container.Get("env").Items() {
		name, ok := env.Get("name").Text()
		if !ok {
			continue
		}
		if v := env.Get("value"); !v.IsNull() {
			if text, ok := v.Text(); ok {
				list = append(list, variable{name: name, text: text, origin: c.b.places.object(c.wl.obj, v)})
			}
			continue
		}
		for _, ref := range configRefs {
			from := env.Get("valueFrom", ref.item)
			holder, ok := from.Get("name").Text()
			key, _ := from.Get("key").Text()
			if !ok {
				continue
			}
			if src := c.w.configs[ref.kind+"/"+c.wl.namespace+"/"+holder]; src != nil {
				if v, ok := src.get(key); ok {
					list = append(list, c.fromConfig(src, v, name))
				}
			}
		}
	}
	sibling := func(name string) (string, bool) {
		for _, v := range slices.Backward(list) { // a later definition wins
			if v.name == name {
				return v.text, true
			}
		}
		return "", false
	}
	for i, v := range list {
		if slices.ContainsFunc(list[i+1:], func(later variable) bool { return later.name == v.name }) {
			continue
		}
		c.value(v, sibling)
	}
}

// value reads the destinations in the value of a variable. References to
// resources stand in for hosts that are known only after apply.
func (c *collector) value(v variable, sibling func(string) (string, bool)) {
	text, refs := standIns(v.text)
	seen := make(map[string]bool)
	for _, e := range requirement.FromValue(v.name, text, func(name string) (string, bool) {
		value, ok := sibling(name)
		value, _ = standIns(value)
		return value, ok
	}) {
		ref, ok := refs[e.Host]
		if !ok {
			c.endpoint(e, strengthOf(e), v.origin, v.secret)
			continue
		}
		seen[e.Host] = true
		c.reference(ref, e.Port, e.Protocol, v)
	}
	for _, host := range slices.Sorted(maps.Keys(refs)) {
		if !seen[host] && hostAttributes[refs[host].Attribute] {
			c.reference(refs[host], 0, requirement.TCP, v)
		}
	}
}

// standIns replaces the references in a text by host names that nothing else
// bears.
func standIns(text string) (string, map[string]located.Ref) {
	refs, _ := located.Refs(text)
	if len(refs) == 0 {
		return text, nil
	}
	hosts := make(map[string]located.Ref, len(refs))
	for i, ref := range refs {
		host := fmt.Sprintf("egresslint-reference-%d.internal", i)
		hosts[host] = ref
		text = strings.Replace(text, ref.Placeholder(), host, 1)
	}
	return text, hosts
}

// hostAttributes are the computed attributes that hold a host or an address
// (provider documentation, attributes reference).
var hostAttributes = map[string]bool{
	"connection_string": true, "connection_domain": true, "private_ip_address": true, "private_ip": true,
	"primary_ip_address": true, "address": true, "domain": true, "dns_name": true, "ip_address": true,
	"db_proxy_connection_string": true, "end_point": true, "domain_endpoint": true, "ssl_endpoint": true,
	"intranet_endpoint": true, "extranet_endpoint": true, "public_domain": true, "public_connection_string": true,
	"endpoint_domain": true,
}

// publicAttributes are those of public endpoints.
var publicAttributes = map[string]bool{
	"public_domain": true, "public_connection_string": true, "extranet_endpoint": true,
}

// reference adds the need for the resource that a value refers to: evidence for
// exactly that target.
func (c *collector) reference(ref located.Ref, port int, protocol string, v variable) {
	born, ok := c.b.places.born[c.wl.obj]
	if !ok {
		return
	}
	address, public := ref.Address, publicAttributes[ref.Attribute]
	if res := born.scope.byAddress[address]; res != nil {
		for _, connection := range publicConnections {
			if res.Type == connection.typ {
				address, public = born.scope.ident(res.Body.Get(connection.instance)).key, true
			}
		}
	}
	i := slices.IndexFunc(c.b.targetList, func(t *target) bool { return t.scope == born.scope && t.Address == address })
	if i < 0 {
		return
	}
	r := &requirementOf{strength: Referenced, origin: v.origin, port: port, protocol: cmp.Or(protocol, requirement.TCP), shown: v.secret}
	c.toTarget(r, c.b.targetList[i])
	r.host = r.target.Kind + "/" + r.target.Name
	r.public = r.public || public
	c.add(r)
}

func (c *collector) fromConfig(src *configSource, v configValue, name string) variable {
	out := variable{name: name, text: v.text, origin: c.b.places.object(src.obj, v.value)}
	if src.obj.Kind == "Secret" {
		out.secret = "the host in Secret " + src.obj.Name + ", key " + v.key
	}
	return out
}

func strengthOf(e requirement.Endpoint) Strength {
	if e.Strength == requirement.StrengthReferenced {
		return Referenced
	}
	return Inferred
}

// commandLine reads command and args of a container.
func (c *collector) commandLine(container *located.Value) {
	values := slices.Concat(container.Get("command").Items(), container.Get("args").Items())
	args := make([]string, len(values))
	for i, v := range values {
		args[i], _ = v.Text()
	}
	if len(args) == 0 {
		return
	}
	for _, e := range requirement.FromArgs(args) {
		c.endpoint(e, strengthOf(e), c.b.places.object(c.wl.obj, values[e.Arg]), "")
	}
}

// volumes reads the files that ConfigMaps and Secrets put into the containers.
func (c *collector) volumes() {
	for _, volume := range c.wl.spec.Get("volumes").Items() {
		c.mounted("ConfigMap", volume.Get("configMap"), "name")
		c.mounted("Secret", volume.Get("secret"), "secretName")
		for _, part := range volume.Get("projected", "sources").Items() {
			c.mounted("ConfigMap", part.Get("configMap"), "name")
			c.mounted("Secret", part.Get("secret"), "name")
		}
	}
}

func (c *collector) mounted(kind string, v *located.Value, nameKey string) {
	name, ok := v.Get(nameKey).Text()
	if !ok {
		return
	}
	src := c.w.configs[kind+"/"+c.wl.namespace+"/"+name]
	if src == nil {
		return
	}
	var only []string // the keys that are mounted, if not all
	for _, item := range v.Get("items").Items() {
		if key, ok := item.Get("key").Text(); ok {
			only = append(only, key)
		}
	}
	for _, value := range src.values {
		if only == nil || slices.Contains(only, value.key) {
			c.value(c.fromConfig(src, value, value.key), func(string) (string, bool) { return "", false })
		}
	}
}

// endpoint resolves a destination and adds it.
func (c *collector) endpoint(e requirement.Endpoint, strength Strength, origin Origin, shown string) {
	r := &requirementOf{
		strength: strength, origin: origin, host: e.Host, addr: e.Addr,
		port: e.Port, protocol: cmp.Or(e.Protocol, requirement.TCP), shown: shown,
	}
	if c.resolve(r, e, 0) {
		c.add(r)
	}
}

// maxAliases bounds chains of ExternalName Services.
const maxAliases = 8

// resolve finds out what a destination is. It reports false for a bare word
// that names no Service.
func (c *collector) resolve(r *requirementOf, e requirement.Endpoint, depth int) bool {
	if e.Addr.IsValid() {
		c.resolveAddress(r)
		return true
	}
	domain := ""
	if c.w.cluster != nil && c.w.cluster.res != nil {
		domain, _ = c.w.cluster.res.Body.Get("cluster_domain").Text()
	}
	if ns, name, ok := requirement.ServiceName(e.Host, c.wl.namespace, domain); ok {
		if s := c.w.services[ns+"/"+name]; s != nil {
			if s.kind == "ExternalName" && s.external != "" && depth < maxAliases {
				alias := requirement.FromValue("HOST", s.external, nil)
				if len(alias) == 1 {
					alias[0].Port = r.port
					return c.resolve(r, alias[0], depth+1)
				}
			}
			c.toService(r, s)
			return true
		}
	}
	if ns, name, ok := requirement.GoverningService(e.Host, c.wl.namespace); ok {
		if s := c.w.services[ns+"/"+name]; s != nil {
			c.toService(r, s)
			return true
		}
	}
	if e.Bare {
		return false
	}
	for _, s := range c.w.byAddress {
		if s.hasHost(e.Host) {
			r.kind, r.service = toLoadBalancer, s
			return true
		}
	}
	if s, served := c.w.ingressService(e.Host); served {
		r.kind, r.service = toName, nil
		if s != nil {
			r.kind, r.service = toLoadBalancer, s
		}
		return true
	}
	if e.Cloud {
		if t, public := c.b.hostTarget(c.w, e); t != nil {
			r.kind, r.target, r.public = toTarget, t, public
			return true
		}
	}
	r.kind = toName
	if e.Public && !c.b.isPrivateName(e.Host) {
		r.kind = toInternet
	}
	return true
}

func (c *collector) resolveAddress(r *requirementOf) {
	for _, s := range c.w.byAddress {
		if s.hasAddress(r.addr) {
			r.kind, r.service = toLoadBalancer, s
			return
		}
	}
	for _, s := range sortedServices(c.w.services) {
		if s.clusterIP == r.addr.String() {
			c.toService(r, s)
			return
		}
	}
	for _, t := range c.b.reachableTargets(c.w) {
		if slices.Contains(t.addresses, r.addr) {
			c.toTarget(r, t)
			return
		}
	}
	r.kind = toAddress
	if publicAddress(r.addr) {
		r.kind = toInternet
	}
}

// toTarget leads to a target by what names it: over its public address if it has
// one.
func (c *collector) toTarget(r *requirementOf, t *target) {
	r.kind, r.target, r.public = toTarget, t, t.internet == yes
	if r.port == 0 {
		r.port = t.port
	}
}

func sortedServices(services map[string]*service) []*service {
	list := make([]*service, 0, len(services))
	for _, s := range services {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *service) int { return cmp.Compare(a.id(), b.id()) })
	return list
}

func (c *collector) toService(r *requirementOf, s *service) {
	if !s.selects && len(s.endpoints) > 0 {
		c.toEndpoint(r, s)
		return
	}
	r.kind, r.service = toService, s
	if r.port == 0 && len(s.ports) == 1 {
		r.port, r.protocol = s.ports[0].port, s.ports[0].protocol
	}
}

// toEndpoint follows a Service without a selector to its first endpoint: the
// packets leave for that address and the endpoint's port.
func (c *collector) toEndpoint(r *requirementOf, s *service) {
	first := s.endpoints[0]
	r.alias = r.display()
	r.addr = first.addr
	r.host = first.addr.String()
	for _, p := range s.ports {
		if p.port == r.port || r.port == 0 && len(s.ports) == 1 {
			if port, ok := first.ports[p.name]; ok {
				r.port = port
			}
		}
	}
	r.byAlias = true
	c.resolveAddress(r)
}

// add keeps one requirement per destination: the strongest, then the first.
func (c *collector) add(r *requirementOf) {
	r.workload, r.index, r.world = c.wl, c.index, c.w
	key := fmt.Sprintf("%s|%s|%s|%d|%s", r.kind, r.host, r.prefix, r.port, r.protocol)
	if c.seen[key] {
		for i, old := range c.list {
			same := fmt.Sprintf("%s|%s|%s|%d|%s", old.kind, old.host, old.prefix, old.port, old.protocol)
			if same == key && strengthRank[r.strength] > strengthRank[old.strength] {
				c.list[i] = r
			}
		}
		return
	}
	c.seen[key] = true
	c.list = append(c.list, r)
}

// publicAddress reports whether an address is routed on the Internet.
func publicAddress(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	return !slices.ContainsFunc(sharedRanges, func(p netip.Prefix) bool { return p.Contains(a) })
}

// sharedRanges are unicast ranges that are not routed on the Internet (IANA
// special purpose registry); 100.64.0.0/10 holds Alibaba Cloud's own services.
// The ranges reserved for documentation count as public: a packet to one takes
// the way to the Internet.
var sharedRanges = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
}

// isPrivateName reports whether a name with a public suffix is served privately:
// its registrable domain is a PrivateZone of the files or named in the
// configuration.
func (b *builder) isPrivateName(host string) bool {
	return slices.ContainsFunc(b.privateDomains, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}

// readPrivateDomains collects the domains of PrivateZones.
func (b *builder) readPrivateDomains() {
	b.privateDomains = slices.Clone(b.options.PrivateDomains)
	for _, s := range b.scopes {
		for _, res := range s.byType["alicloud_pvtz_zone"] {
			for _, name := range []string{"zone_name", "name"} {
				text, ok := res.Body.Get(name).Text()
				if !ok || text == "" {
					continue
				}
				text = strings.ToLower(strings.Trim(text, "."))
				if domain, ok := requirement.RegistrableDomain(text); ok {
					text = domain
				}
				b.privateDomains = append(b.privateDomains, text)
			}
		}
	}
}

// reachableTargets are the targets that a world's workloads may mean: those of
// their cluster's root and of roots of no other environment.
func (b *builder) reachableTargets(w *world) []*target {
	if w.cluster == nil || w.cluster.scope == nil {
		return nil
	}
	own := w.cluster.scope
	its := environmentsIn(own.root.Dir + "/" + own.root.Variant)
	var list []*target
	for _, t := range b.targetList {
		if t.scope != own {
			if t.scope.root.Dir == own.root.Dir {
				continue // another variant of the same root
			}
			env := environmentsIn(t.scope.root.Dir + "/" + t.scope.root.Variant)
			if len(env) > 0 && len(its) > 0 && !slices.ContainsFunc(env, func(e string) bool { return slices.Contains(its, e) }) {
				continue
			}
		}
		list = append(list, t)
	}
	return list
}

// namedTarget finds what a declaration KIND/NAME means: by Terraform label, then
// by the instance's name, then by its host prefix.
func (b *builder) namedTarget(w *world, kind, name string) *target {
	candidates := b.reachableTargets(w)
	for _, matches := range []func(*target) bool{
		func(t *target) bool { return t.res.Name == name },
		func(t *target) bool { return slices.Contains(t.names, name) },
		func(t *target) bool { return slices.Contains(t.prefixes, strings.ToLower(name)) },
	} {
		var found []*target
		for _, t := range candidates {
			if t.Kind == kind && matches(t) {
				found = append(found, t)
			}
		}
		if len(found) > 0 {
			return only(found)
		}
	}
	return nil
}

func only(list []*target) *target {
	if len(list) == 1 {
		return list[0]
	}
	return nil
}

// hostTarget finds the instance that a cloud service's host name means: by its
// configured prefix, else the only one of its kind that may bear such a name.
func (b *builder) hostTarget(w *world, e requirement.Endpoint) (t *target, public bool) {
	first, _, _ := strings.Cut(e.Host, ".")
	var unnamed []*target
	for _, t := range b.reachableTargets(w) {
		switch {
		case t.Kind != e.Product:
		case slices.Contains(t.prefixes, first):
			return t, t.Kind == "oss" && e.Public
		case slices.Contains(t.public, first):
			return t, true
		case len(t.prefixes) == 0 && len(t.product.lists) > 0:
			unnamed = append(unnamed, t)
		}
	}
	return only(unnamed), false
}
