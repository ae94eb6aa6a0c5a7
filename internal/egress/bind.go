package egress

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/source"
)

// world is what runs on one cluster, or, for manifests that are bound to none,
// what may run together.
type world struct {
	cluster *cluster // nil if unbound
	// env tells apart the worlds of a cluster, by the environments or the rendering that
	// are theirs alone, and unbound manifests: by what rendered them, from, and by the
	// environments that their directories name.
	env        string
	from       string
	envs       []string
	alone      bool // nothing tells that its objects are deployed with others
	objects    []*kubernetes.Object
	namespaces map[string]*kubernetes.Object
	workloads  []*kube.Workload
	services   map[string]*kube.Service // by namespace/name
	byAddress  []*kube.Service          // LoadBalancer Services, in order
	entrances  []*kube.Entrance         // Ingresses, and Gateways with their routes
	// ingressClasses say which controller serves a class.
	ingressClasses []*kubernetes.Object
	meshEntries    []*kube.MeshEntry
	// reused are the load balancers of Terraform that a Service uses.
	reused   map[*target]*kube.Service
	configs  map[string]*kube.ConfigSource
	policies []*netpol.Policy // NetworkPolicies
	// tiers are all policies: NetworkPolicies, and those of other kinds that the
	// configuration says the cluster enforces.
	tiers netpol.Policies
	// podNetworkings give pods vSwitches and security groups of their own.
	podNetworkings []*kubernetes.Object
	network        network // that of the cluster, once all worlds are sorted
	evaluator      *netpol.Evaluator
	views          []*view     // by workload: where its packets come from
	exempt         []exemption // by workload: whether nothing enforces policies on its pods
}

func (w *world) clusterID() string {
	if w.cluster == nil {
		return ""
	}
	return w.cluster.id
}

// environments maps the words for environments in paths to one spelling.
var environments = map[string]string{
	"prod": "prod", "production": "prod", "prd": "prod",
	"staging": "staging", "stage": "staging", "stg": "staging",
	"dev": "dev", "develop": "dev", "development": "dev",
	"qa": "qa", "uat": "uat", "preprod": "pre",
}

// weakEnvironments are words that name an environment only where they stand alone:
// a directory called demo-app is no environment.
var weakEnvironments = map[string]string{
	"live": "prod", "test": "test", "testing": "test", "pre": "pre", "sandbox": "sandbox", "demo": "demo", "perf": "perf",
}

// environmentsIn returns the environments that a path names, in order.
func environmentsIn(name string) []string {
	var list []string
	add := func(env string) {
		if env != "" && !slices.Contains(list, env) {
			list = append(list, env)
		}
	}
	for element := range strings.SplitSeq(strings.ToLower(name), "/") {
		add(weakEnvironments[element])
		for _, word := range strings.FieldsFunc(element, func(r rune) bool { return r == '-' || r == '_' || r == '.' }) {
			add(environments[word])
		}
	}
	return list
}

// environmentsOf returns the environments that an object is meant for: those in the
// name of the directory that it is deployed from, else those in what Argo CD or Flux
// deploy it with.
func environmentsOf(o *kubernetes.Object) []string {
	list := environmentsIn(o.Dir)
	if len(list) == 0 && o.Deployer != "" {
		list = environmentsIn(strings.TrimSuffix(o.Deployer, path.Ext(o.Deployer)) + "/" + o.Destination)
	}
	return list
}

// bind assigns every object to the clusters it runs on: those the configuration
// says, else the nearest by directory, else the only one there is.
func (b *binder) bind(ctx context.Context, objects []*kubernetes.Object) ([]*world, error) {
	worlds := make(map[*cluster]*world)
	var order []*world
	worldOf := func(c *cluster) *world {
		w := worlds[c]
		if w == nil {
			w = &world{cluster: c}
			worlds[c] = w
			order = append(order, w)
		}
		return w
	}
	for _, c := range b.clusterList {
		worldOf(c)
	}
	type origin struct{ file, dir, deployer, destination string }
	type choice struct {
		clusters []*cluster
		reason   string
	}
	chosen := make(map[origin]choice)
	var loose []*kubernetes.Object
	for _, o := range objects {
		if err := guard.Overdue(ctx); err != nil {
			return nil, err
		}
		if o.Alone {
			loose = append(loose, o)
			continue
		}
		key := origin{o.File, o.Dir, o.Deployer, o.Destination}
		c, ok := chosen[key]
		if !ok {
			c.clusters, c.reason = clustersFor(b.facts, o)
			chosen[key] = c
			b.recordBinding(o.Dir, c.clusters, c.reason)
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
		if err := guard.Overdue(ctx); err != nil {
			return nil, err
		}
		if c := clusterOf(b.facts, t); c != nil {
			w := worldOf(c)
			w.objects = append(w.objects, t.object)
		} else {
			loose = append(loose, t.object)
		}
	}
	var list []*world
	for _, w := range order {
		w.cluster.worlds = w.split()
		list = append(list, w.cluster.worlds...)
	}
	return append(list, looseWorlds(loose)...), guard.Overdue(ctx)
}

// looseWorlds groups objects that are bound to no cluster. Those of different
// overlays or environments do not meet; those that belong to none meet each.
func looseWorlds(objects []*kubernetes.Object) []*world {
	if len(objects) == 0 {
		return nil
	}
	var worlds []*world
	find := func(from string, envs []string, alone bool) {
		name := strings.TrimSpace(strings.Join(append([]string{from}, envs...), " "))
		if !slices.ContainsFunc(worlds, func(w *world) bool { return w.env == name }) {
			worlds = append(worlds, &world{env: name, from: from, envs: envs, alone: alone})
		}
	}
	for _, o := range objects {
		if o.From != "" {
			find(o.From, environmentsOf(o), o.Alone)
		}
	}
	// An object without an environment belongs to all: only if there is none, it makes
	// a world.
	for _, named := range []bool{true, false} {
		for _, o := range objects {
			envs := environmentsOf(o)
			known := slices.ContainsFunc(worlds, func(w *world) bool { return w.takes(o) })
			if o.From == "" && (len(envs) > 0) == named && !known {
				find("", envs, false)
			}
		}
	}
	slices.SortFunc(worlds, func(a, b *world) int { return cmp.Compare(a.env, b.env) })
	for _, o := range objects {
		for _, w := range worlds {
			if w.takes(o) {
				w.objects = append(w.objects, o)
			}
		}
	}
	if len(worlds) == 1 {
		worlds[0].env = ""
	}
	return worlds
}

// takes reports whether an object that is bound to no cluster belongs to a world.
func (w *world) takes(o *kubernetes.Object) bool {
	if o.From != "" {
		return o.From == w.from
	}
	if w.alone {
		return false
	}
	envs := environmentsOf(o)
	return len(envs) == 0 || len(w.envs) == 0 ||
		slices.ContainsFunc(envs, func(env string) bool { return slices.Contains(w.envs, env) })
}

// clustersFor chooses the clusters that a manifest runs on: those the configuration
// says, by its file, by the directory whose deployment it belongs to and by the file
// of what deploys it; else the one that this names, else the nearest ones.
func clustersFor(f *facts, o *kubernetes.Object) (list []*cluster, reason string) {
	for _, c := range f.clusterList {
		if c.config != nil && slices.ContainsFunc(c.config.Manifests, func(glob string) bool {
			return source.MatchGlob(glob, o.File) || source.MatchGlob(glob, o.Dir+"/kustomization.yaml") || o.Deployer != "" && source.MatchGlob(glob, o.Deployer)
		}) {
			list = append(list, c)
		}
	}
	for _, c := range f.clusterList {
		if len(list) == 0 && o.Destination != "" && c.config != nil && c.config.Name == o.Destination {
			list = append(list, c)
		}
	}
	if len(list) > 0 {
		return list, "configuration"
	}
	own := environmentsOf(o)
	type score struct {
		cluster        *cluster
		shared, common int
	}
	var scores []score
	for _, c := range f.clusterList {
		if c.scope == nil {
			continue // a cluster without files has no directory to be near to
		}
		its := environmentsIn(c.root + "/" + c.variant)
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
		shared := sharedPrefix(o.Dir, c.root)
		if o.Deployer != "" {
			shared = max(shared, sharedPrefix(path.Dir(o.Deployer), c.root))
		}
		scores = append(scores, score{c, shared, common})
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
	case len(f.clusterList) == 1:
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

func (b *binder) recordBinding(dir string, clusters []*cluster, reason string) {
	names := make([]string, 0, len(clusters))
	for _, c := range clusters {
		names = append(names, c.id)
	}
	binding := model.Binding{Manifests: dir, Cluster: strings.Join(names, ", "), Reason: reason}
	if len(clusters) == 0 && len(b.clusterList) > 0 {
		binding.Hint = "clusters: [{name: NAME, terraform: DIRECTORY, manifests: [\"" + dir + "/**\"]}]"
	}
	if !slices.Contains(b.bindings, binding) {
		b.bindings = append(b.bindings, binding)
	}
}

// populate sorts a world's objects into what they are. Of several objects of one
// kind and name the last counts, as it does where a folder is applied file by file;
// the others are reported.
func (b *binder) populate(ctx context.Context, w *world) error {
	w.namespaces = make(map[string]*kubernetes.Object)
	w.services = make(map[string]*kube.Service)
	w.configs = make(map[string]*kube.ConfigSource)
	endpoints := make(map[string][]kube.EndpointAddress)
	last := lastObjects(w.objects)
	for _, o := range w.objects {
		if err := guard.Overdue(ctx); err != nil {
			return err
		}
		if used := last[identity(o)]; used != o && o.Name != "" {
			b.duplicate(o, used)
			continue
		}
		key := kube.NamespaceOf(o) + "/" + o.Name
		switch o.Kind {
		case "Namespace":
			w.namespaces[o.Name] = o
		case "Service":
			if o.APIVersion == "v1" {
				s := b.service(o)
				w.services[key] = s
				if s.Kind == "LoadBalancer" {
					w.byAddress = append(w.byAddress, s)
				}
			}
		case "Endpoints", "EndpointSlice":
			name, list := kube.ReadEndpoints(o)
			endpoints[kube.NamespaceOf(o)+"/"+name] = append(endpoints[kube.NamespaceOf(o)+"/"+name], list...)
		case "Ingress":
			w.entrances = append(w.entrances, kube.ReadIngress(o))
		case "IngressClass":
			w.ingressClasses = append(w.ingressClasses, o)
		case "Gateway":
			if strings.HasPrefix(o.APIVersion, "gateway.networking.k8s.io/") {
				w.entrances = append(w.entrances, kube.ReadGateway(o))
			}
		case "ServiceEntry":
			if e := kube.ReadMeshEntry(o); e != nil {
				w.meshEntries = append(w.meshEntries, e)
			}
		case "PodNetworking":
			w.podNetworkings = append(w.podNetworkings, o)
		case "ConfigMap", "Secret":
			w.configs[o.Kind+"/"+key] = b.config(o)
		case "NetworkPolicy":
			if strings.HasPrefix(o.APIVersion, "networking.k8s.io/") || o.APIVersion == "extensions/v1beta1" {
				if p := b.policy(o); p != nil {
					w.policies = append(w.policies, p)
				}
			}
		default:
			if w.enforces(o) {
				b.addTier(w, o)
				continue
			}
			if wl := b.workload(o); wl != nil {
				w.workloads = append(w.workloads, wl)
			}
		}
	}
	for key, list := range endpoints {
		if s := w.services[key]; s != nil && !s.Selects {
			c := *s // the Service may be in other worlds with other endpoints
			c.Endpoints = list
			w.services[key] = &c
		}
	}
	for _, o := range w.objects {
		if slices.Contains(routeKinds, o.Kind) {
			w.addRoute(o)
		}
	}
	return guard.Overdue(ctx)
}

// lastObjects returns the objects that count by their identity: of those that come from
// where the first one comes from (one chart, one overlay, or plain manifests) the last.
func lastObjects(objects []*kubernetes.Object) map[string]*kubernetes.Object {
	last := make(map[string]*kubernetes.Object, len(objects))
	for _, o := range objects {
		key := identity(o)
		if first := last[key]; first == nil || first.From == o.From {
			last[key] = o
		}
	}
	return last
}

// identity is the address of an object, with the API group if that is not one of
// Kubernetes itself: other projects have a NetworkPolicy or a StatefulSet, too.
func identity(o *kubernetes.Object) string {
	group, _, _ := strings.Cut(o.APIVersion, "/")
	if strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io") {
		return group + "/" + kube.Address(o)
	}
	return kube.Address(o)
}

// duplicates are the objects of one folder that another place has too.
type duplicates struct {
	dir, used string // the folder, and the folder or file of the objects that are used
	rendered  bool   // whether an overlay or chart renders these or those
	objects   map[*kubernetes.Object]bool
	example   *kubernetes.Object
}

// readKinds are the kinds besides workloads of which it matters that there are two.
var readKinds = []string{
	"ConfigMap", "Endpoints", "EndpointSlice", "Gateway", "GRPCRoute", "HTTPRoute", "Ingress", "IngressClass",
	"NetworkPolicy", "PodNetworking", "Secret", "Service", "ServiceEntry", "TLSRoute",
}

// duplicate notes that another object of the kind, namespace and name of one that
// counts is left out. Whole folders are often copies of each other, so they are told
// by folder. What is rendered twice with the same content is no duplicate.
func (b *binder) duplicate(o, used *kubernetes.Object) {
	rendered := o.From != "" || used.From != ""
	if rendered && (o.From == used.From || sameContent(o.Root, used.Root)) {
		return
	}
	matters := kube.PodTemplates[o.Kind] != nil || slices.Contains(readKinds, o.Kind)
	if o.Kind == "Namespace" { // many applications bring along the one they share
		matters = !sameLabels(o, used)
	}
	if !matters {
		return
	}
	also := used.Dir
	if used.Dir == o.Dir {
		also = used.File
	}
	i := slices.IndexFunc(b.duplicated, func(d *duplicates) bool { return d.dir == o.Dir && d.used == also })
	if i < 0 {
		i = len(b.duplicated)
		b.duplicated = append(b.duplicated, &duplicates{
			dir: o.Dir, used: also, rendered: rendered, example: o, objects: make(map[*kubernetes.Object]bool),
		})
	}
	b.duplicated[i].objects[o] = true
}

// sameLabels reports whether two objects certainly have the same labels.
func sameLabels(x, y *kubernetes.Object) bool {
	a, unknownA := kube.ReadLabels(x.Root.Get("metadata", "labels"), nil)
	b, unknownB := kube.ReadLabels(y.Root.Get("metadata", "labels"), nil)
	return len(unknownA) == 0 && len(unknownB) == 0 && maps.Equal(a, b)
}

func (b *binder) reportDuplicates() {
	for _, d := range b.duplicated {
		message := "read object: " + kube.Address(d.example)
		if n := len(d.objects) - 1; n > 0 {
			message = fmt.Sprintf("read objects: %s and %d more of this folder", kube.Address(d.example), n)
		}
		which := "the last"
		if d.rendered {
			which = "that"
		}
		b.diagnose(source.Diagnostic{
			Kind: source.DuplicateObject, Range: d.example.Root.Range,
			Message: message + ": also in " + d.used + "; " + which + " is used",
		})
	}
}

// tierGroups are the API groups of the kinds of policies that the configuration can say
// a cluster enforces. Calico has a GlobalNetworkPolicy, too, which is another one.
var tierGroups = map[string]string{
	"CiliumNetworkPolicy": "cilium.io", "CiliumClusterwideNetworkPolicy": "cilium.io",
	"GlobalNetworkPolicy": "network.alibabacloud.com",
	"AdminNetworkPolicy":  "policy.networking.k8s.io", "BaselineAdminNetworkPolicy": "policy.networking.k8s.io",
	"ClusterNetworkPolicy": "policy.networking.k8s.io",
}

// enforces reports whether the configuration says that a controller on the cluster
// enforces an object of a kind that ACK itself does not.
func (w *world) enforces(o *kubernetes.Object) bool {
	group, _, _ := strings.Cut(o.APIVersion, "/")
	return w.cluster != nil && w.cluster.config != nil && group == tierGroups[o.Kind] &&
		slices.Contains(w.cluster.config.Network.Enforces, o.Kind)
}

// addTier adds a policy of another kind than NetworkPolicy.
func (b *binder) addTier(w *world, o *kubernetes.Object) {
	var diagnostics []source.Diagnostic
	switch o.Kind {
	case "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy":
		var list []*netpol.Policy
		list, diagnostics = netpol.ParseCilium(o, kube.NamespaceOf(o))
		w.tiers.Cilium = append(w.tiers.Cilium, list...)
	case "GlobalNetworkPolicy":
		var p *netpol.Policy
		p, diagnostics = netpol.ParseGlobal(o)
		w.tiers.Global = append(w.tiers.Global, p)
	default:
		var a *netpol.Admin
		if a, diagnostics = netpol.ParseAdmin(o); a != nil {
			w.tiers.Admin = append(w.tiers.Admin, a)
		}
	}
	for _, d := range diagnostics {
		b.diagnose(d)
	}
}

// compilePolicies compiles the policies of a world.
func compilePolicies(ctx context.Context, f *facts, w *world) {
	profile := netpol.Profile{Datapath: w.network.datapath, Enforced: truth.Yes}
	if w.network.enforcement == "not-enforced" {
		profile.Enforced = truth.No
	}
	if c := w.cluster; c != nil {
		if c.plugin == pluginTerway {
			profile.PodCIDRs = c.podAddresses()
		}
		if c.node.unknown == "" {
			profile.NodeCIDRs = c.node.addresses()
		}
		if cidr, ok := ipset.Parse(c.serviceCIDR); ok && c.plugin == pluginTerway {
			profile.ServiceCIDRs = ipset.Of(cidr)
		}
	}
	var namespaces []netpol.Namespace
	for _, name := range slices.Sorted(maps.Keys(w.namespaces)) {
		labels, undecided := kube.ReadLabels(w.namespaces[name].Root.Get("metadata", "labels"), nil)
		namespaces = append(namespaces, netpol.Namespace{Name: name, Labels: labels, UnknownLabels: undecided, Known: true})
	}
	pods := make([]netpol.Pod, len(w.workloads))
	w.exempt = make([]exemption, len(w.workloads))
	for i, wl := range w.workloads {
		pods[i] = wl.Pod()
		w.exempt[i] = exemptionOf(f, w, wl)
		pods[i].Exempt = w.exempt[i].code != ""
		group, _ := w.containerGroup(wl)
		pods[i].ECI = group != truth.No && wl.HostNetwork != truth.Yes && !w.isACS(wl)
		pods[i].PerhapsExempt = pods[i].ECI && !w.hasPoseidon()
	}
	w.tiers.Network = w.policies
	w.evaluator = netpol.NewTiered(ctx, w.tiers, namespaces, pods, profile)
}

// workloadID is unique over clusters.
func workloadID(f *facts, w *world, wl *kube.Workload) string {
	id := wl.ID()
	if w.env != "" {
		id = w.env + ":" + id
	}
	if w.cluster != nil && len(f.clusterList) > 1 {
		id = w.cluster.id + ":" + id
	}
	return id
}
