package egress

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/requirement"
	"github.com/egresslint/egresslint/internal/secret"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// DeclarationAnnotation is where users declare what a workload needs to reach.
const DeclarationAnnotation = "egresslint.io/egress"

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
	workload *kube.Workload
	index    int // of the workload in its world
	world    *world
	strength model.Strength
	origin   place.Origin

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
	// others are the further endpoints of that Service; scattered says that not all of
	// them are things of one kind.
	others    []netip.AddrPort
	scattered bool
	// shown stands for the destination where it comes from a sensitive value and must
	// not be printed, see [secretAt].
	shown string
	// anywhere stands for "internet": any public IPv4 address.
	anywhere bool
	// anywhere6 stands for "internet6": any public IPv6 address.
	anywhere6 bool
	target    *target
	public    bool // the target's public endpoint, or that of a load balancer that packets leave to
	// direct says that packets really leave to the load balancer of a Service.
	direct bool
	// outside is what the configuration says of the destination; nil if nothing.
	outside *outsideTarget
	// rerouted says that a service mesh decides where the packets go.
	rerouted bool
	// cloud says that the host is a cloud service's: wherever it is, it is no pod.
	cloud   bool
	service *kube.Service
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
	case toTarget, toLoadBalancer:
		return r.public
	default:
		return false
	}
}

// toPublic6 reports whether the packets certainly go to public IPv6 addresses.
func (r *requirementOf) toPublic6() bool {
	return r.kind == toInternet && (r.anywhere6 || r.addr.Is6() || r.prefix.IsValid() && r.prefix.Addr().Is6())
}

// inCluster reports whether nothing outside of the cluster's network sees the packets.
func (r *requirementOf) inCluster() bool {
	return r.kind == toService || r.kind == toLoadBalancer && !r.public
}

// display names the destination in messages.
func (r *requirementOf) display() string {
	name := r.shown
	switch {
	case name != "":
		return name
	case r.byAlias:
		return fmt.Sprintf("%s (%s)", r.alias, netip.AddrPortFrom(r.addr, uint16(r.port)))
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
	c := &collector{b: b, w: w, wl: wl, index: index, seen: make(map[needKey]int)}
	c.declarations()
	for _, container := range wl.Containers() {
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
	wl    *kube.Workload
	index int
	list  []*requirementOf
	seen  map[needKey]int // where in list
}

// declarations reads the annotation on the workload, its pods and its namespace,
// and the configuration.
func (c *collector) declarations() {
	holders := []struct {
		obj *kubernetes.Object
		v   *located.Value
	}{
		{c.wl.Object, c.wl.Object.Root.Get("metadata", "annotations", DeclarationAnnotation)},
		{c.wl.Object, c.wl.Template.Get("annotations", DeclarationAnnotation)},
	}
	if ns := c.w.namespaces[c.wl.Namespace]; ns != nil {
		holders = append(holders, struct {
			obj *kubernetes.Object
			v   *located.Value
		}{ns, ns.Root.Get("metadata", "annotations", DeclarationAnnotation)})
	}
	for _, h := range holders {
		text, ok := h.v.Text()
		if !ok {
			continue
		}
		items, err := requirement.ParseDeclaration(text)
		shown := secret.At(h.v, "a host in the annotation "+DeclarationAnnotation)
		if err != nil {
			message := err.Error()
			if shown != "" {
				message = "read egress item: one of them cannot be read; it is sensitive and not shown"
			}
			c.b.diagnose(source.Diagnostic{Kind: source.InvalidObject, Range: h.v.Range, Message: message})
		}
		for _, item := range items {
			c.declare(item, c.b.places.Object(h.obj, h.v), shown)
		}
	}
	for _, config := range c.b.options.Requirements {
		if !c.wl.Matches(config.From) {
			continue
		}
		for _, to := range config.To {
			items, err := requirement.ParseDeclaration(to)
			if err != nil {
				c.b.diagnose(source.Diagnostic{Kind: source.InvalidObject, Range: config.At, Message: err.Error()})
			}
			for _, item := range items {
				c.declare(item, c.b.places.Add(place.Place{Range: config.At, Address: "requirements"}), "")
			}
		}
	}
}

// declare adds a declared item; shown stands for it where it must not be printed.
func (c *collector) declare(item requirement.Declared, origin place.Origin, shown string) {
	r := &requirementOf{strength: model.Declared, origin: origin, protocol: cmp.Or(item.Protocol, requirement.TCP), port: item.Port, shown: shown}
	switch {
	case item.Internet:
		r.kind, r.anywhere, r.host = toInternet, true, "internet"
	case item.Internet6:
		r.kind, r.anywhere6, r.host = toInternet, true, "internet6"
	case item.Kind == "service":
		r.host = item.Name
		if s := c.w.services[c.wl.Namespace+"/"+item.Name]; s != nil {
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
		if ipset.IsPublic(item.Prefix.Addr()) {
			r.kind = toInternet
		}
		c.addRange(r, item.PortEnd)
		return
	default:
		c.endpoint(item.Endpoint, model.Declared, origin, shown)
		if last := item.Endpoint; last.PortEnd != 0 {
			last.Port = last.PortEnd
			c.endpoint(last, model.Declared, origin, shown)
		}
		return
	}
	c.add(r)
}

// addRange adds a requirement for both ends of a range of ports.
func (c *collector) addRange(r *requirementOf, last int) {
	c.add(r)
	if last != 0 {
		end := *r
		end.port = last
		c.add(&end)
	}
}

// variable is an environment variable with where its value stands.
type variable struct {
	name, text string
	origin     place.Origin
	secret     string // what to print instead of a host in it, if the value is sensitive
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
			src := c.w.configs[ref.kind+"/"+c.wl.Namespace+"/"+name]
			if src == nil {
				continue
			}
			for _, v := range src.Values {
				list = append(list, c.fromConfig(src, v, prefix+v.Key))
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
				list = append(list, variable{
					name: name, text: text, origin: c.b.places.Object(c.wl.Object, v), secret: secret.At(v, "the host in "+name),
				})
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
			if src := c.w.configs[ref.kind+"/"+c.wl.Namespace+"/"+holder]; src != nil {
				if v, ok := src.Get(key); ok {
					list = append(list, c.fromConfig(src, v, name))
				}
			}
		}
	}
	sibling := func(name string) (variable, bool) {
		for _, v := range slices.Backward(list) { // a later definition wins
			if v.name == name {
				return v, true
			}
		}
		return variable{}, false
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
func (c *collector) value(v variable, sibling func(string) (variable, bool)) {
	text, refs := standIns(v.text)
	seen := make(map[string]bool)
	lent := make(map[string]string) // hosts of sensitive variables that this one may take in
	found := requirement.FromValue(v.name, text, func(name string) (string, bool) {
		other, ok := sibling(name)
		value, _ := standIns(other.text)
		if other.secret != "" {
			lent[strings.ToLower(strings.TrimSpace(value))] = other.secret
		}
		return value, ok
	})
	for _, e := range found {
		ref, ok := refs[e.Host]
		if !ok {
			c.endpoint(e, strengthOf(e), v.origin, cmp.Or(v.secret, lent[e.Host]))
			continue
		}
		seen[e.Host] = true
		c.reference(ref, e.Port, e.Protocol, v)
	}
	if len(found) == 0 && len(refs) == 0 {
		c.meshHost(v)
	}
	for _, host := range slices.Sorted(maps.Keys(refs)) {
		if !seen[host] && holdsHost(refs[host]) {
			c.reference(refs[host], 0, requirement.TCP, v)
		}
	}
}

// meshHost adds the host that a value is, whatever its key, if the service mesh has an
// entry for it: somebody has declared that pods go there.
func (c *collector) meshHost(v variable) {
	if len(c.w.meshEntries) == 0 {
		return
	}
	for _, e := range requirement.FromValue(v.name+"_HOST", v.text, nil) {
		if c.w.meshEntryOf(e.Host, c.wl.Namespace) != nil {
			c.endpoint(e, model.Referenced, v.origin, v.secret)
		}
	}
}

func (c *collector) fromConfig(src *kube.ConfigSource, v kube.ConfigValue, name string) variable {
	place := "the host in " + src.Object.Kind + " " + src.Object.Name + ", key " + v.Key
	return variable{name: name, text: v.Text, origin: c.b.places.Object(src.Object, v.Value), secret: secret.At(v.Value, place)}
}

func strengthOf(e requirement.Endpoint) model.Strength {
	if e.Strength == requirement.StrengthReferenced {
		return model.Referenced
	}
	return model.Inferred
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
	name, _ := container.Get("name").Text()
	for _, e := range requirement.FromArgs(args) {
		v := values[e.Arg]
		c.endpoint(e, strengthOf(e), c.b.places.Object(c.wl.Object, v), secret.At(v, "the host in an argument of container "+name))
	}
}

// volumes reads the files that ConfigMaps and Secrets put into the containers.
func (c *collector) volumes() {
	for _, volume := range c.wl.Spec.Get("volumes").Items() {
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
	src := c.w.configs[kind+"/"+c.wl.Namespace+"/"+name]
	if src == nil {
		return
	}
	var only []string // the keys that are mounted, if not all
	for _, item := range v.Get("items").Items() {
		if key, ok := item.Get("key").Text(); ok {
			only = append(only, key)
		}
	}
	for _, value := range src.Values {
		if only == nil || slices.Contains(only, value.Key) {
			c.value(c.fromConfig(src, value, value.Key), func(string) (variable, bool) { return variable{}, false })
		}
	}
}

// endpoint resolves a destination and adds it.
func (c *collector) endpoint(e requirement.Endpoint, strength model.Strength, origin place.Origin, shown string) {
	r := &requirementOf{
		strength: strength, origin: origin, host: e.Host, addr: e.Addr,
		port: e.Port, protocol: cmp.Or(e.Protocol, requirement.TCP), shown: shown,
	}
	entry := c.w.meshEntryOf(e.Host, c.wl.Namespace)
	if entry != nil {
		if r.strength == model.Inferred {
			r.strength = model.Referenced
		}
		if r.port == 0 {
			r.port = entry.Port
		}
	}
	if c.resolve(r, e, 0) {
		if entry != nil && (entry.Static || entry.Moved[r.port]) {
			// The mesh sends the packets elsewhere, or to another port, from its sidecars.
			r.kind, r.target, r.service, r.public, r.cloud = toName, nil, nil, false, false
			r.rerouted = true
		}
		c.add(r)
	}
}

// add keeps one requirement per destination: the strongest, then the first.
func (c *collector) add(r *requirementOf) {
	r.workload, r.index, r.world = c.wl, c.index, c.w
	c.meetOutside(r)
	key := needKey{r.kind, r.host, r.prefix, r.port, r.protocol}
	if i, ok := c.seen[key]; ok {
		if strengthRank[r.strength] > strengthRank[c.list[i].strength] {
			c.list[i] = r
		}
		return
	}
	c.seen[key] = len(c.list)
	c.list = append(c.list, r)
}

// needKey is what requirements of one workload have in common that lead to one
// destination.
type needKey struct {
	kind     destinationKind
	host     string
	prefix   netip.Prefix
	port     int
	protocol string
}
