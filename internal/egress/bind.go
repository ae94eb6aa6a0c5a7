package egress

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// world is what runs on one cluster, or, for manifests that are bound to none,
// what may run together.
type world struct {
	cluster *cluster // nil if unbound
	// env tells apart unbound manifests of different environments.
	env        string
	objects    []*kubernetes.Object
	namespaces map[string]*kubernetes.Object
	workloads  []*workload
	services   map[string]*service // by namespace/name
	byAddress  []*service          // LoadBalancer Services, in order
	ingresses  []*ingress
	configs    map[string]*configSource
	policies   []*netpol.Policy
	network    network
	evaluator  *netpol.Evaluator
	dns        []*dnsGate // by workload; nil if no policy isolates it
}

func (w *world) clusterID() string {
	if w.cluster == nil {
		return ""
	}
	return w.cluster.ID
}

// environments maps the words for environments in paths to one spelling.
var environments = map[string]string{
	"prod": "prod", "production": "prod", "prd": "prod", "live": "prod",
	"staging": "staging", "stage": "staging", "stg": "staging",
	"dev": "dev", "develop": "dev", "development": "dev",
	"test": "test", "testing": "test", "qa": "qa", "uat": "uat",
	"pre": "pre", "preprod": "pre", "sandbox": "sandbox", "demo": "demo", "perf": "perf",
}

// environmentsIn returns the environments that a path names, in order.
func environmentsIn(name string) []string {
	var list []string
	for _, word := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return r == '/' || r == '-' || r == '_' || r == '.'
	}) {
		if env := environments[word]; env != "" && !slices.Contains(list, env) {
			list = append(list, env)
		}
	}
	return list
}

// bind assigns every object to the clusters it runs on: those the configuration
// says, else the nearest by directory, else the only one there is.
func (b *builder) bind() []*world {
	worlds := make(map[*cluster]*world)
	var order []*world
	worldOf := func(c *cluster) *world {
		w := worlds[c]
		if w == nil {
			w = &world{cluster: c}
			c.world = w
			worlds[c] = w
			order = append(order, w)
		}
		return w
	}
	for _, c := range b.clusterList {
		worldOf(c)
	}
	type choice struct {
		clusters []*cluster
		reason   string
	}
	chosen := make(map[string]choice)
	var loose []*kubernetes.Object
	for _, o := range b.input.Objects {
		c, ok := chosen[o.File]
		if !ok {
			c.clusters, c.reason = b.clustersFor(o.File)
			chosen[o.File] = c
			b.recordBinding(o.File, c.clusters, c.reason)
		}
		if len(c.clusters) == 0 {
			loose = append(loose, o)
		}
		for _, cluster := range c.clusters {
			w := worldOf(cluster)
			w.objects = append(w.objects, o)
		}
	}
	for _, t := range b.born {
		if c := b.clusterOf(t); c != nil {
			w := worldOf(c)
			w.objects = append(w.objects, t.object)
		} else {
			loose = append(loose, t.object)
		}
	}
	return append(order, looseWorlds(loose)...)
}

// looseWorlds groups objects that are bound to no cluster. Those of different
// environments do not meet; those that name none belong to each.
func looseWorlds(objects []*kubernetes.Object) []*world {
	if len(objects) == 0 {
		return nil
	}
	var names []string
	for _, o := range objects {
		for _, env := range environmentsIn(path.Dir(o.File)) {
			if !slices.Contains(names, env) {
				names = append(names, env)
			}
		}
	}
	slices.Sort(names)
	if len(names) < 2 {
		return []*world{{objects: objects}}
	}
	var list []*world
	for _, name := range names {
		w := &world{env: name}
		for _, o := range objects {
			if own := environmentsIn(path.Dir(o.File)); len(own) == 0 || slices.Contains(own, name) {
				w.objects = append(w.objects, o)
			}
		}
		list = append(list, w)
	}
	return list
}

// clustersFor chooses the clusters that a manifest runs on.
func (b *builder) clustersFor(file string) (list []*cluster, reason string) {
	for _, c := range b.clusterList {
		if c.config == nil {
			continue
		}
		for _, glob := range c.config.Manifests {
			if ok, err := doublestar.Match(glob, file); err == nil && ok {
				list = append(list, c)
				break
			}
		}
	}
	if len(list) > 0 {
		return list, "configuration"
	}
	dir := path.Dir(file)
	own := environmentsIn(dir)
	type score struct {
		cluster        *cluster
		shared, common int
	}
	var scores []score
	for _, c := range b.clusterList {
		if c.scope == nil {
			continue // a cluster without files has no directory to be near to
		}
		its := environmentsIn(c.Root + "/" + c.Variant)
		common := 0
		for _, env := range own {
			if slices.Contains(its, env) {
				common++
			}
		}
		// A manifest of another environment does not run here, however near.
		if len(own) > 0 && len(its) > 0 && common == 0 {
			continue
		}
		scores = append(scores, score{c, sharedPrefix(dir, c.Root), common})
	}
	if len(scores) == 0 {
		return nil, "none"
	}
	best := slices.MaxFunc(scores, func(a, b score) int {
		return cmp.Or(cmp.Compare(a.shared, b.shared), cmp.Compare(a.common, b.common))
	})
	for _, s := range scores {
		if s.shared == best.shared && s.common == best.common {
			list = append(list, s.cluster)
		}
	}
	switch {
	case len(list) > 1:
		return list, "tie"
	case len(b.clusterList) == 1:
		return list, "only-cluster"
	default:
		return list, "directory"
	}
}

// sharedPrefix counts the leading path elements that two directories share.
func sharedPrefix(a, b string) int {
	if a == "." || b == "." {
		return 0
	}
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	n := 0
	for n < len(as) && n < len(bs) && as[n] == bs[n] {
		n++
	}
	return n
}

func (b *builder) recordBinding(file string, clusters []*cluster, reason string) {
	dir := path.Dir(file)
	names := make([]string, 0, len(clusters))
	for _, c := range clusters {
		names = append(names, c.ID)
	}
	binding := Binding{Manifests: dir, Cluster: strings.Join(names, ", "), Reason: reason}
	if len(clusters) == 0 && len(b.clusterList) > 0 {
		binding.Hint = "clusters: [{name: NAME, terraform: DIRECTORY, manifests: [\"" + dir + "/**\"]}]"
	}
	if !slices.Contains(b.model.Bindings, binding) {
		b.model.Bindings = append(b.model.Bindings, binding)
	}
}

// populate sorts a world's objects into what they are. The first of several
// objects of one kind and name stays, the others are reported.
func (b *builder) populate(w *world) {
	w.namespaces = make(map[string]*kubernetes.Object)
	w.services = make(map[string]*service)
	w.configs = make(map[string]*configSource)
	endpoints := make(map[string][]endpointAddress)
	seen := make(map[string]*kubernetes.Object, len(w.objects))
	for _, o := range w.objects {
		if o.Name != "" {
			address := objectAddress(o)
			if first := seen[address]; first != nil {
				b.duplicate(o, first)
				continue
			}
			seen[address] = o
		}
		key := namespaceOf(o) + "/" + o.Name
		switch o.Kind {
		case "Namespace":
			w.namespaces[o.Name] = o
		case "Service":
			if o.APIVersion == "v1" {
				s := b.service(o)
				w.services[key] = s
				if s.kind == "LoadBalancer" {
					w.byAddress = append(w.byAddress, s)
				}
			}
		case "Endpoints", "EndpointSlice":
			name, list := readEndpoints(o)
			endpoints[namespaceOf(o)+"/"+name] = append(endpoints[namespaceOf(o)+"/"+name], list...)
		case "Ingress":
			w.ingresses = append(w.ingresses, readIngress(o))
		case "ConfigMap", "Secret":
			w.configs[o.Kind+"/"+key] = b.config(o)
		case "NetworkPolicy":
			if strings.HasPrefix(o.APIVersion, "networking.k8s.io/") || o.APIVersion == "extensions/v1beta1" {
				if p := b.policy(o); p != nil {
					w.policies = append(w.policies, p)
				}
			}
		default:
			if wl := b.workload(o); wl != nil {
				w.workloads = append(w.workloads, wl)
			}
		}
	}
	for key, list := range endpoints {
		if s := w.services[key]; s != nil && !s.selects {
			c := *s // the Service may be in other worlds with other endpoints
			c.endpoints = list
			w.services[key] = &c
		}
	}
	b.readNetwork(w)
	b.evaluatorOf(w)
}

// duplicates are the objects of one file that another file has too.
type duplicates struct {
	file, first string
	objects     map[*kubernetes.Object]bool
	example     *kubernetes.Object
}

// duplicate notes that a second object of one kind, namespace and name is left
// out. Whole files are often copies of each other, so they are told by file.
func (b *builder) duplicate(o, first *kubernetes.Object) {
	i := slices.IndexFunc(b.duplicated, func(d *duplicates) bool { return d.file == o.File && d.first == first.File })
	if i < 0 {
		i = len(b.duplicated)
		b.duplicated = append(b.duplicated, &duplicates{
			file: o.File, first: first.File, example: o, objects: make(map[*kubernetes.Object]bool),
		})
	}
	b.duplicated[i].objects[o] = true
}

func (b *builder) reportDuplicates() {
	for _, d := range b.duplicated {
		message := "read object: " + objectAddress(d.example) + " is also in " + d.first
		if n := len(d.objects); n > 1 {
			message = fmt.Sprintf("read objects: %s and %d more of this file are also in %s", objectAddress(d.example), n-1, d.first)
		}
		if d.first == d.file {
			message = "read object: " + objectAddress(d.example) + " is in this file more than once"
		}
		b.diagnose(source.Diagnostic{
			Kind: source.DuplicateObject, Range: d.example.Root.Range, Message: message + "; the first is used",
		})
	}
}

// evaluatorOf compiles the policies of a world.
func (b *builder) evaluatorOf(w *world) {
	profile := netpol.Profile{Datapath: w.datapath(), Enforced: netpol.Yes}
	if w.enforcement() == "not-enforced" {
		profile.Enforced = netpol.No
	}
	if c := w.cluster; c != nil && c.Plugin == pluginTerway && c.pod.unknown == "" {
		profile.PodCIDRs = c.podAddresses()
	}
	var namespaces []netpol.Namespace
	for _, name := range slices.Sorted(maps.Keys(w.namespaces)) {
		labels, undecided := readLabels(w.namespaces[name].Root.Get("metadata", "labels"), nil)
		namespaces = append(namespaces, netpol.Namespace{Name: name, Labels: labels, UnknownLabels: undecided, Known: true})
	}
	pods := make([]netpol.Pod, len(w.workloads))
	for i, wl := range w.workloads {
		pods[i] = wl.pod()
	}
	w.evaluator = netpol.New(w.policies, namespaces, pods, profile)
}
