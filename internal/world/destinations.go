package world

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/product"
	"github.com/egresslint/egresslint/internal/requirement"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// standIn is a reference with the object that it stands in.
type standIn struct {
	ref    located.Ref
	holder *kubernetes.Object
}

// standIns replaces the references in a text by host names that nothing else bears, and
// adds them to hosts.
func standIns(text string, holder *kubernetes.Object, hosts map[string]standIn) string {
	refs, _ := located.Refs(text)
	for _, ref := range refs {
		host := fmt.Sprintf("egresslint-reference-%d.internal", len(hosts))
		hosts[host] = standIn{ref, holder}
		text = strings.Replace(text, ref.Placeholder(), host, 1)
	}
	return text
}

// reference adds the need for the resource that a value refers to: evidence for
// exactly that target.
func (c *collector) reference(to standIn, port int, protocol string, origin place.Origin, shown string) {
	t, public := referredTarget(c.facts, to.holder, to.ref)
	if t == nil {
		return
	}
	r := &Need{Strength: model.Referenced, Origin: origin, Port: port, Protocol: cmp.Or(protocol, requirement.TCP), Shown: shown}
	meetTarget(c, r, t)
	r.Host = t.Kind + "/" + t.Name
	r.Public = r.Public || public && r.Kind == ToTarget
	c.add(r)
}

// referredTarget is the target that an object which Terraform creates refers to, and
// whether to its public endpoint; nil if it is none.
func referredTarget(f *Facts, o *kubernetes.Object, ref located.Ref) (t *alicloud.Target, public bool) {
	born, ok := f.creators[o]
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
	i := slices.IndexFunc(f.Targets, func(t *alicloud.Target) bool { return t.Scope == born.scope && t.Address == address })
	if i < 0 {
		return nil, false
	}
	return f.Targets[i], public
}

// holdsHost reports whether a reference is to the host or the address of a product's
// instance.
func holdsHost(ref located.Ref) bool {
	holds, _ := product.Products.HoldsHost(ref.Attribute)
	return holds
}

// meetReferred leads to the target whose host a Service of type ExternalName of Terraform
// refers to. It reports false if it refers to none.
func meetReferred(c *collector, r *Need, s *kube.Service) bool {
	refs, _ := located.Refs(s.External)
	if len(refs) != 1 || s.External != refs[0].Placeholder() || !holdsHost(refs[0]) {
		return false
	}
	t, public := referredTarget(c.facts, s.Object, refs[0])
	if t == nil {
		return false
	}
	meetTarget(c, r, t)
	r.Public = r.Public || public && r.Kind == ToTarget
	return true
}

// maxAliases bounds chains of ExternalName Services.
const maxAliases = 8

// resolve finds out what a destination is. It reports false for a bare word
// that names no Service.
func (c *collector) resolve(r *Need, e requirement.Endpoint, depth int) bool {
	if a, ok := c.wl.HostAlias(e.Host); ok {
		r.Addr = a
		resolveAddress(c, r)
		return true
	}
	if e.Addr.IsValid() {
		resolveAddress(c, r)
		return true
	}
	domain := ""
	if c.w.Cluster != nil && c.w.Cluster.Res != nil {
		domain, _ = c.w.Cluster.Res.Body.Get("cluster_domain").Text()
	}
	if ns, name, ok := requirement.ServiceName(e.Host, c.wl.Namespace, domain); ok {
		if s := c.w.Services[ns+"/"+name]; s != nil {
			if s.Kind == "ExternalName" && s.External != "" && depth < maxAliases {
				if meetReferred(c, r, s) {
					return true
				}
				alias := requirement.FromValue("HOST", s.External, nil)
				if len(alias) == 1 {
					alias[0].Port = r.Port
					return c.resolve(r, alias[0], depth+1)
				}
			}
			if e.Scheme != "" && !e.Bare && r.Strength == model.Inferred {
				r.Strength = model.Referenced // a URL with a Service and its namespace
			}
			meetService(c, r, s)
			return true
		}
	}
	if ns, name, ok := requirement.GoverningService(e.Host, c.wl.Namespace); ok {
		if s := c.w.Services[ns+"/"+name]; s != nil {
			meetService(c, r, s)
			return true
		}
	}
	if e.Bare {
		return false
	}
	public := e.Public && !isPrivateName(c.facts, e.Host)
	for _, s := range c.w.byAddress {
		if s.HasHost(e.Host) {
			r.toLoadBalancer(s, s.Direct, public)
			return true
		}
	}
	if s, served := c.w.hostService(e.Host); served {
		r.Kind, r.Service = toName, nil
		if s != nil {
			r.toLoadBalancer(s, s.Direct, public)
		}
		return true
	}
	if e.Cloud {
		if t, public := hostTarget(c.facts, c.w, e); t != nil {
			r.Kind, r.Target, r.Public = ToTarget, t, public
			return true
		}
		described := slices.ContainsFunc(c.facts.outside, func(o *outsideTarget) bool { return o.is(r) })
		if t := likelyTarget(c.facts, c.w, e); t != nil && !described {
			r.Kind, r.Target, r.Guessed = ToTarget, t, true
			r.Strength = model.Inferred
			return true
		}
		r.Cloud = true
	}
	r.Kind = toName
	if public {
		r.Kind = ToInternet
	}
	return true
}

// toLoadBalancer leads to the load balancer of a Service by an address or name of it,
// which is public or not.
func (r *Need) toLoadBalancer(s *kube.Service, direct, public bool) {
	r.Kind, r.Service, r.Target, r.Direct = ToLoadBalancer, s, nil, direct
	r.Public = direct && public && s.Internet == truth.Yes
}

func resolveAddress(c *collector, r *Need) {
	// Services may share a load balancer, each with ports of its own.
	var front *kube.Service
	for _, s := range c.w.byAddress {
		if found, _ := s.HasAddress(r.Addr); found && (front == nil || !front.Serves(r.Protocol, r.Port) && s.Serves(r.Protocol, r.Port)) {
			front = s
		}
	}
	if front != nil {
		_, direct := front.HasAddress(r.Addr)
		r.toLoadBalancer(front, direct, ipset.IsPublic(r.Addr))
		return
	}
	for _, s := range SortedServices(c.w.Services) {
		if s.ClusterIP == r.Addr.String() {
			meetService(c, r, s)
			return
		}
	}
	for _, t := range ReachableTargets(c.facts, c.w) {
		if slices.Contains(t.Addresses, r.Addr) {
			meetTarget(c, r, t)
			return
		}
	}
	r.Kind = ToAddress
	if ipset.IsPublic(r.Addr) {
		r.Kind = ToInternet
	}
}

// meetTarget leads to a target by what names it: over its public address if it has
// one.
func meetTarget(c *collector, r *Need, t *alicloud.Target) {
	r.Kind, r.Target, r.Public = ToTarget, t, t.Internet == truth.Yes
	if r.Port == 0 {
		r.Port = t.Port
	}
	if s := c.w.reused[t]; s != nil && r.Port != 0 && s.Serves(r.Protocol, r.Port) {
		r.toLoadBalancer(s, s.Direct, t.Internet == truth.Yes)
	}
}

// readReused finds the load balancers of Terraform that Services of the cluster use by
// their ids.
func readReused(f *Facts, w *World) {
	w.reused = make(map[*alicloud.Target]*kube.Service)
	if w.Cluster == nil || w.Cluster.Scope == nil {
		return
	}
	for _, s := range w.byAddress {
		text, ok := s.Setting("id").Text()
		if !ok {
			continue
		}
		id := idIn(f, w.Cluster, s.Object, text)
		for _, t := range f.Targets {
			if id.Resource != nil && t.Scope == w.Cluster.Scope && t.Resource == id.Resource {
				w.reused[t] = s
			}
		}
	}
}

// SortedServices are Services in order of namespace and name.
func SortedServices(services map[string]*kube.Service) []*kube.Service {
	list := make([]*kube.Service, 0, len(services))
	for _, s := range services {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *kube.Service) int { return cmp.Compare(a.ID(), b.ID()) })
	return list
}

func meetService(c *collector, r *Need, s *kube.Service) {
	if !s.Selects && len(s.Endpoints) > 0 {
		meetEndpoint(c, r, s)
		return
	}
	r.Kind, r.Service = ToService, s
	if r.Port == 0 && len(s.Ports) == 1 {
		r.Port, r.Protocol = s.Ports[0].Port, s.Ports[0].Protocol
	}
}

// meetEndpoint follows a Service without a selector to its first endpoint: the
// packets leave for that address and the endpoint's port, or for another endpoint's.
func meetEndpoint(c *collector, r *Need, s *kube.Service) {
	r.alias = r.Display()
	r.ByAlias = true
	wanted := r.Port
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
			r.Addr, r.Host, r.Port = e.Addr, e.Addr.String(), port
		} else if at != netip.AddrPortFrom(r.Addr, uint16(r.Port)) && !slices.Contains(r.Others, at) {
			r.Others = append(r.Others, at)
		}
	}
	resolveAddress(c, r)
	if len(r.Others) == 0 {
		return
	}
	// The verdicts are those of the first endpoint; policies are asked about each. Where
	// the others are not of its kind, nothing is decided.
	kind := r.Kind
	for _, other := range r.Others {
		one := *r
		one.Addr, one.Host, one.Port, one.Others = other.Addr(), other.Addr().String(), int(other.Port()), nil
		resolveAddress(c, &one)
		if one.Kind != kind || one.Kind == ToTarget || one.Service != nil {
			r.Kind, r.Target, r.Service, r.Public = toName, nil, nil, false
			r.Scattered = true
		}
	}
}

// isPrivateName reports whether a name with a public suffix is served privately:
// its registrable domain is a PrivateZone of the files or named in the
// configuration.
func isPrivateName(f *Facts, host string) bool {
	return slices.ContainsFunc(f.privateDomains, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}

// privateDomains collects the domains of PrivateZones and of the configuration.
func privateDomains(scopes []*alicloud.Scope, configured []string) []string {
	list := slices.Clone(configured)
	for _, s := range scopes {
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
				list = append(list, text)
			}
		}
	}
	return list
}

// ReachableTargets are the targets that a world's workloads may mean: those of
// their cluster's root and of roots of no other environment.
func ReachableTargets(f *Facts, w *World) []*alicloud.Target {
	if w.Cluster == nil || w.Cluster.Scope == nil {
		return nil
	}
	own := w.Cluster.Scope
	its := environmentsIn(own.Root.Dir + "/" + own.Root.Variant)
	var list []*alicloud.Target
	for _, t := range f.Targets {
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
func namedTarget(f *Facts, w *World, kind, name string) *alicloud.Target {
	candidates := ReachableTargets(f, w)
	for _, matches := range []func(*alicloud.Target) bool{
		func(t *alicloud.Target) bool { return t.Resource.Name == name },
		func(t *alicloud.Target) bool { return slices.Contains(t.Names, name) },
		func(t *alicloud.Target) bool { return slices.Contains(t.Prefixes, strings.ToLower(name)) },
	} {
		var found []*alicloud.Target
		for _, t := range candidates {
			if t.Kind == kind && matches(t) {
				found = append(found, t)
			}
		}
		if len(found) > 0 {
			return Only(found)
		}
	}
	return nil
}

// Only is the one target of a list; nil if there are none or several.
func Only(list []*alicloud.Target) *alicloud.Target {
	if len(list) == 1 {
		return list[0]
	}
	return nil
}
