package world

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/requirement"
	"github.com/egresslint/egresslint/internal/secret"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// FindNeeds collects what the workloads of the worlds need to reach, and tells of
// requirements of the configuration that are about none of them.
func FindNeeds(ctx context.Context, f *Facts, worlds []*World, n *Notes) error {
	for _, w := range worlds {
		w.Needs = make([][]*Need, len(w.Workloads))
		for i := range w.Workloads {
			if err := guard.Overdue(ctx); err != nil {
				return err
			}
			w.Needs[i] = requirementsOf(f, w, i, n)
		}
		doubtGuesses(w)
	}
	unmatchedRequirements(f, worlds, n)
	return nil
}

// requirementsOf collects what a workload needs to reach.
func requirementsOf(f *Facts, w *World, index int, n *Notes) []*Need {
	wl := w.Workloads[index]
	c := &collector{facts: f, notes: n, w: w, wl: wl, index: index, seen: make(map[needKey]int)}
	c.declarations()
	for _, container := range wl.Containers() {
		c.commandLine(container, c.environment(container))
	}
	c.volumes()
	return c.list
}

// collector gathers the requirements of one workload.
type collector struct {
	facts *Facts
	notes *Notes
	w     *World
	wl    *kube.Workload
	index int
	list  []*Need
	seen  map[needKey]int // where in list
}

// variable is an environment variable with where its value stands.
type variable struct {
	name, text string
	holder     *kubernetes.Object // that the text stands in
	origin     place.Origin
	secret     string // what to print instead of a host in it, if the value is sensitive
}

// configRefs are the ways in which a container names a ConfigMap or Secret.
var configRefs = []struct{ kind, whole, item string }{
	{"ConfigMap", "configMapRef", "configMapKeyRef"},
	{"Secret", "secretRef", "secretKeyRef"},
}

// environment reads env and envFrom of a container, and returns the variables that are
// in force.
func (c *collector) environment(container *located.Value) []variable {
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
				list = append(list, fromConfig(c, src, v, prefix+v.Key))
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
					name: name, text: text, holder: c.wl.Object, origin: c.facts.Places.Object(c.wl.Object, v), secret: secret.At(v, "the host in "+name),
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
					list = append(list, fromConfig(c, src, v, name))
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
	var inForce []variable
	for i, v := range list {
		if slices.ContainsFunc(list[i+1:], func(later variable) bool { return later.name == v.name }) {
			continue
		}
		c.value(v, sibling)
		inForce = append(inForce, v)
	}
	return inForce
}

// value reads the destinations in the value of a variable. References to
// resources stand in for hosts that are known only after apply.
func (c *collector) value(v variable, sibling func(string) (variable, bool)) {
	refs := make(map[string]standIn)
	text := standIns(v.text, v.holder, refs)
	own := slices.Sorted(maps.Keys(refs))
	seen := make(map[string]bool)
	lent := make(map[string]string) // hosts of sensitive variables that this one may take in
	found := requirement.FromValue(v.name, text, func(name string) (string, bool) {
		other, ok := sibling(name)
		value := standIns(other.text, other.holder, refs)
		if other.secret != "" {
			lent[strings.ToLower(strings.TrimSpace(value))] = other.secret
		}
		return value, ok
	})
	for _, e := range found {
		shown := cmp.Or(v.secret, lent[e.Host])
		to, ok := refs[e.Host]
		if !ok {
			c.endpoint(e, strengthOf(e), v.origin, shown)
			continue
		}
		seen[e.Host] = true
		c.reference(to, e.Port, e.Protocol, v.origin, shown)
	}
	if len(found) == 0 && len(own) == 0 {
		c.meshHost(v)
	}
	for _, host := range own {
		if !seen[host] && holdsHost(refs[host].ref) {
			c.reference(refs[host], 0, requirement.TCP, v.origin, v.secret)
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

func fromConfig(c *collector, src *kube.ConfigSource, v kube.ConfigValue, name string) variable {
	place := "the host in " + src.Object.Kind + " " + src.Object.Name + ", key " + v.Key
	return variable{name: name, text: v.Text, holder: src.Object, origin: c.facts.Places.Object(src.Object, v.Value), secret: secret.At(v.Value, place)}
}

func strengthOf(e requirement.Endpoint) model.Strength {
	if e.Strength == requirement.StrengthReferenced {
		return model.Referenced
	}
	return model.Inferred
}

// commandLine reads command and args of a container, with the variables in them
// replaced as the kubelet does.
func (c *collector) commandLine(container *located.Value, list []variable) {
	values := slices.Concat(container.Get("command").Items(), container.Get("args").Items())
	if len(values) == 0 {
		return
	}
	name, _ := container.Get("name").Text()
	args, shown := make([]string, len(values)), make([]string, len(values))
	refs := make(map[string]standIn)
	for i, v := range values {
		text, _ := v.Text()
		shown[i] = secret.At(v, "the host in an argument of container "+name)
		args[i] = standIns(text, c.wl.Object, refs)
		for _, other := range list {
			call := "$(" + other.name + ")"
			if !strings.Contains(args[i], call) {
				continue
			}
			args[i] = strings.ReplaceAll(args[i], call, standIns(other.text, other.holder, refs))
			shown[i] = cmp.Or(shown[i], other.secret)
		}
	}
	for _, e := range requirement.FromArgs(args) {
		origin := c.facts.Places.Object(c.wl.Object, values[e.Arg])
		if to, ok := refs[e.Host]; ok {
			c.reference(to, e.Port, e.Protocol, origin, shown[e.Arg])
			continue
		}
		c.endpoint(e, strengthOf(e), origin, shown[e.Arg])
	}
}

// volumes reads the files that ConfigMaps and Secrets put into the containers.
func (c *collector) volumes() {
	for _, volume := range c.wl.Spec.Get("volumes").Items() {
		mounted(c, "ConfigMap", volume.Get("configMap"), "name")
		mounted(c, "Secret", volume.Get("secret"), "secretName")
		for _, part := range volume.Get("projected", "sources").Items() {
			mounted(c, "ConfigMap", part.Get("configMap"), "name")
			mounted(c, "Secret", part.Get("secret"), "name")
		}
	}
}

func mounted(c *collector, kind string, v *located.Value, nameKey string) {
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
			c.value(fromConfig(c, src, value, value.Key), func(string) (variable, bool) { return variable{}, false })
		}
	}
}

// endpoint resolves a destination and adds it.
func (c *collector) endpoint(e requirement.Endpoint, strength model.Strength, origin place.Origin, shown string) {
	r := &Need{
		Strength: strength, Origin: origin, Host: e.Host, Addr: e.Addr,
		Port: e.Port, Protocol: cmp.Or(e.Protocol, requirement.TCP), Shown: shown,
	}
	entry := c.w.meshEntryOf(e.Host, c.wl.Namespace)
	if entry != nil {
		if r.Strength == model.Inferred {
			r.Strength = model.Referenced
		}
		if r.Port == 0 {
			r.Port = entry.Port
		}
	}
	if c.resolve(r, e, 0) {
		if entry != nil && (entry.Static || entry.Moved[r.Port]) {
			// The mesh sends the packets elsewhere, or to another port, from its sidecars.
			r.Kind, r.Target, r.Service, r.Public, r.Cloud = toName, nil, nil, false, false
			r.Rerouted = true
		}
		c.add(r)
	}
}

// add keeps one requirement per destination: the strongest, then the first.
func (c *collector) add(r *Need) {
	r.Workload, r.Index, r.World = c.wl, c.index, c.w
	meetOutside(c, r)
	if !meant(c, r) {
		return
	}
	key := needKey{r.Kind, r.Host, r.Prefix, r.Port, r.Protocol}
	if i, ok := c.seen[key]; ok {
		if r.Strength.Rank() > c.list[i].Strength.Rank() {
			c.list[i] = r
		}
		return
	}
	c.seen[key] = len(c.list)
	c.list = append(c.list, r)
}

// meant reports whether a requirement counts in a cluster that the configuration keeps
// from the Internet: there, only what somebody has written for this tool is sure to be
// wanted. A reference to a public place is no more than a guess, a guess is nothing.
func meant(c *collector, r *Need) bool {
	if c.w.Cluster == nil || c.w.Cluster.Intent != "no" || !r.ToPublic() && !r.ToPublic6() {
		return true
	}
	if r.Strength == model.Referenced {
		r.Strength = model.Inferred
		return true
	}
	return r.Strength == model.Declared
}

// needKey is what requirements of one workload have in common that lead to one
// destination.
type needKey struct {
	kind     DestinationKind
	host     string
	prefix   netip.Prefix
	port     int
	protocol string
}
