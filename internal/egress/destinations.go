package egress

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/product"
	"github.com/egresslint/egresslint/internal/requirement"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

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

// reference adds the need for the resource that a value refers to: evidence for
// exactly that target.
func (c *collector) reference(ref located.Ref, port int, protocol string, v variable) {
	t, public := c.b.referredTarget(c.wl.Object, ref)
	if t == nil {
		return
	}
	r := &requirementOf{strength: model.Referenced, origin: v.origin, port: port, protocol: cmp.Or(protocol, requirement.TCP), shown: v.secret}
	c.toTarget(r, t)
	r.host = t.Kind + "/" + t.Name
	r.public = r.public || public && r.kind == toTarget
	c.add(r)
}

// referredTarget is the target that an object which Terraform creates refers to, and
// whether to its public endpoint; nil if it is none.
func (b *builder) referredTarget(o *kubernetes.Object, ref located.Ref) (t *target, public bool) {
	born, ok := b.creators[o]
	if !ok {
		return nil, false
	}
	address := ref.Address
	_, public = product.Products.HoldsHost(ref.Attribute)
	if res := born.scope.ByAddress[address]; res != nil {
		if connection := product.Products.Connection(res.Type); connection != nil {
			address, public = born.scope.Ident(res.Body.Get(connection.Instance)).Key, true
		}
	}
	i := slices.IndexFunc(b.targetList, func(t *target) bool { return t.Scope == born.scope && t.Address == address })
	if i < 0 {
		return nil, false
	}
	return b.targetList[i], public
}

// holdsHost reports whether a reference is to the host or the address of a product's
// instance.
func holdsHost(ref located.Ref) bool {
	holds, _ := product.Products.HoldsHost(ref.Attribute)
	return holds
}

// toReferred leads to the target whose host a Service of type ExternalName of Terraform
// refers to. It reports false if it refers to none.
func (c *collector) toReferred(r *requirementOf, s *kube.Service) bool {
	refs, _ := located.Refs(s.External)
	if len(refs) != 1 || s.External != refs[0].Placeholder() || !holdsHost(refs[0]) {
		return false
	}
	t, public := c.b.referredTarget(s.Object, refs[0])
	if t == nil {
		return false
	}
	c.toTarget(r, t)
	r.public = r.public || public && r.kind == toTarget
	return true
}

// maxAliases bounds chains of ExternalName Services.
const maxAliases = 8

// resolve finds out what a destination is. It reports false for a bare word
// that names no Service.
func (c *collector) resolve(r *requirementOf, e requirement.Endpoint, depth int) bool {
	if a, ok := c.wl.HostAlias(e.Host); ok {
		r.addr = a
		c.resolveAddress(r)
		return true
	}
	if e.Addr.IsValid() {
		c.resolveAddress(r)
		return true
	}
	domain := ""
	if c.w.cluster != nil && c.w.cluster.res != nil {
		domain, _ = c.w.cluster.res.Body.Get("cluster_domain").Text()
	}
	if ns, name, ok := requirement.ServiceName(e.Host, c.wl.Namespace, domain); ok {
		if s := c.w.services[ns+"/"+name]; s != nil {
			if s.Kind == "ExternalName" && s.External != "" && depth < maxAliases {
				if c.toReferred(r, s) {
					return true
				}
				alias := requirement.FromValue("HOST", s.External, nil)
				if len(alias) == 1 {
					alias[0].Port = r.port
					return c.resolve(r, alias[0], depth+1)
				}
			}
			c.toService(r, s)
			return true
		}
	}
	if ns, name, ok := requirement.GoverningService(e.Host, c.wl.Namespace); ok {
		if s := c.w.services[ns+"/"+name]; s != nil {
			c.toService(r, s)
			return true
		}
	}
	if e.Bare {
		return false
	}
	public := e.Public && !c.b.isPrivateName(e.Host)
	for _, s := range c.w.byAddress {
		if s.HasHost(e.Host) {
			r.toLoadBalancer(s, s.Direct, public)
			return true
		}
	}
	if s, served := c.w.hostService(e.Host); served {
		r.kind, r.service = toName, nil
		if s != nil {
			r.toLoadBalancer(s, s.Direct, public)
		}
		return true
	}
	if e.Cloud {
		if t, public := c.b.hostTarget(c.w, e); t != nil {
			r.kind, r.target, r.public = toTarget, t, public
			return true
		}
		r.cloud = true
	}
	r.kind = toName
	if public {
		r.kind = toInternet
	}
	return true
}

// toLoadBalancer leads to the load balancer of a Service by an address or name of it,
// which is public or not.
func (r *requirementOf) toLoadBalancer(s *kube.Service, direct, public bool) {
	r.kind, r.service, r.target, r.direct = toLoadBalancer, s, nil, direct
	r.public = direct && public && s.Internet == truth.Yes
}

func (c *collector) resolveAddress(r *requirementOf) {
	// Services may share a load balancer, each with ports of its own.
	var front *kube.Service
	for _, s := range c.w.byAddress {
		if found, _ := s.HasAddress(r.addr); found && (front == nil || !front.Serves(r.protocol, r.port) && s.Serves(r.protocol, r.port)) {
			front = s
		}
	}
	if front != nil {
		_, direct := front.HasAddress(r.addr)
		r.toLoadBalancer(front, direct, ipset.IsPublic(r.addr))
		return
	}
	for _, s := range sortedServices(c.w.services) {
		if s.ClusterIP == r.addr.String() {
			c.toService(r, s)
			return
		}
	}
	for _, t := range c.b.reachableTargets(c.w) {
		if slices.Contains(t.Addresses, r.addr) {
			c.toTarget(r, t)
			return
		}
	}
	r.kind = toAddress
	if ipset.IsPublic(r.addr) {
		r.kind = toInternet
	}
}

// toTarget leads to a target by what names it: over its public address if it has
// one.
func (c *collector) toTarget(r *requirementOf, t *target) {
	r.kind, r.target, r.public = toTarget, t, t.Internet == truth.Yes
	if r.port == 0 {
		r.port = t.Port
	}
	if s := c.w.reused[t]; s != nil && r.port != 0 && s.Serves(r.protocol, r.port) {
		r.toLoadBalancer(s, s.Direct, t.Internet == truth.Yes)
	}
}

// readReused finds the load balancers of Terraform that Services of the cluster use by
// their ids.
func (b *builder) readReused(w *world) {
	w.reused = make(map[*target]*kube.Service)
	if w.cluster == nil || w.cluster.scope == nil {
		return
	}
	for _, s := range w.byAddress {
		text, ok := s.Setting("id").Text()
		if !ok {
			continue
		}
		id := idIn(b.facts, w.cluster, s.Object, text)
		for _, t := range b.targetList {
			if id.Resource != nil && t.Scope == w.cluster.scope && t.Resource == id.Resource {
				w.reused[t] = s
			}
		}
	}
}

func sortedServices(services map[string]*kube.Service) []*kube.Service {
	list := make([]*kube.Service, 0, len(services))
	for _, s := range services {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *kube.Service) int { return cmp.Compare(a.ID(), b.ID()) })
	return list
}

func (c *collector) toService(r *requirementOf, s *kube.Service) {
	if !s.Selects && len(s.Endpoints) > 0 {
		c.toEndpoint(r, s)
		return
	}
	r.kind, r.service = toService, s
	if r.port == 0 && len(s.Ports) == 1 {
		r.port, r.protocol = s.Ports[0].Port, s.Ports[0].Protocol
	}
}

// toEndpoint follows a Service without a selector to its first endpoint: the
// packets leave for that address and the endpoint's port, or for another endpoint's.
func (c *collector) toEndpoint(r *requirementOf, s *kube.Service) {
	r.alias = r.display()
	r.byAlias = true
	wanted := r.port
	for i, e := range s.Reachable() {
		port := wanted
		for _, p := range s.Ports {
			if p.Port == wanted || wanted == 0 && len(s.Ports) == 1 {
				if n, ok := e.Ports[p.Name]; ok {
					port = n
				}
			}
		}
		if at := netip.AddrPortFrom(e.Addr, uint16(port)); i == 0 {
			r.addr, r.host, r.port = e.Addr, e.Addr.String(), port
		} else if at != netip.AddrPortFrom(r.addr, uint16(r.port)) && !slices.Contains(r.others, at) {
			r.others = append(r.others, at)
		}
	}
	c.resolveAddress(r)
	if len(r.others) == 0 {
		return
	}
	// The verdicts are those of the first endpoint; policies are asked about each. Where
	// the others are not of its kind, nothing is decided.
	kind := r.kind
	for _, other := range r.others {
		one := *r
		one.addr, one.host, one.port, one.others = other.Addr(), other.Addr().String(), int(other.Port()), nil
		c.resolveAddress(&one)
		if one.kind != kind || one.kind == toTarget || one.service != nil {
			r.kind, r.target, r.service, r.public = toName, nil, nil, false
			r.scattered = true
		}
	}
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
		for _, res := range s.ByType["alicloud_pvtz_zone"] {
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
	its := environmentsIn(own.Root.Dir + "/" + own.Root.Variant)
	var list []*target
	for _, t := range b.targetList {
		if t.Scope != own {
			if t.Scope.Root.Dir == own.Root.Dir {
				continue // another variant of the same root
			}
			env := environmentsIn(t.Scope.Root.Dir + "/" + t.Scope.Root.Variant)
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
		func(t *target) bool { return t.Resource.Name == name },
		func(t *target) bool { return slices.Contains(t.Names, name) },
		func(t *target) bool { return slices.Contains(t.Prefixes, strings.ToLower(name)) },
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
		case slices.Contains(t.Prefixes, first):
			return t, t.Kind == "oss" && e.Public
		case slices.Contains(t.Public, first):
			return t, true
		case len(t.Prefixes) == 0 && t.HasList():
			unnamed = append(unnamed, t)
		}
	}
	return only(unnamed), false
}
