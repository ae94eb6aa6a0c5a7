package egress

import (
	"encoding/base64"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

const (
	defaultNamespace = "default"
	systemNamespace  = "kube-system"
)

// workload is an object that runs pods.
type workload struct {
	obj         *kubernetes.Object
	kind        string
	namespace   string
	name        string
	template    *located.Value // metadata of the pods
	spec        *located.Value // spec of the pods
	labels      netpol.Labels
	undecided   []string // keys of labels the cluster fills in
	hostNetwork tri
	dnsPolicy   string // "" if unknown
	replicas    *located.Value
}

// dnsPolicies are the values of a pod's dnsPolicy.
var dnsPolicies = []string{"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"}

// podTemplates says where the kinds of workloads keep the pods' metadata and spec.
var podTemplates = map[string][]string{
	"Pod":                   {},
	"Deployment":            {"spec", "template"},
	"StatefulSet":           {"spec", "template"},
	"DaemonSet":             {"spec", "template"},
	"ReplicaSet":            {"spec", "template"},
	"ReplicationController": {"spec", "template"},
	"Job":                   {"spec", "template"},
	"CronJob":               {"spec", "jobTemplate", "spec", "template"},
	helmKind:                {"spec", "template"},
}

// addedLabels are the labels whose value a controller chooses at run time.
var addedLabels = map[string][]string{
	"Deployment":  {"pod-template-hash"},
	"ReplicaSet":  {"pod-template-hash"},
	"StatefulSet": {"controller-revision-hash", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"},
	"DaemonSet":   {"controller-revision-hash", "pod-template-generation"},
	"Job":         {"controller-uid", "batch.kubernetes.io/controller-uid"},
	"CronJob":     {"controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"},
}

func namespaceOf(o *kubernetes.Object) string {
	if o.Namespace == "" {
		return defaultNamespace
	}
	return o.Namespace
}

func readWorkload(o *kubernetes.Object) *workload {
	path, ok := podTemplates[o.Kind]
	if !ok {
		return nil
	}
	pod := o.Root.Get(path...)
	spec := pod.Get("spec")
	if spec.Kind != located.Map {
		return nil
	}
	w := &workload{
		obj: o, kind: o.Kind, namespace: namespaceOf(o), name: o.Name,
		template: pod.Get("metadata"), spec: spec,
		undecided: slices.Clone(addedLabels[o.Kind]),
		replicas:  o.Root.Get("spec", "replicas"),
	}
	if w.name == "" {
		w.name, _ = o.Root.Get("metadata", "generateName").Text()
	}
	w.labels, w.undecided = readLabels(w.template.Get("labels"), w.undecided)
	switch o.Kind {
	case "Job":
		w.labels["job-name"], w.labels["batch.kubernetes.io/job-name"] = o.Name, o.Name
	case "StatefulSet":
		// With one replica the name of the pod is certain.
		if n, ok := w.replicas.Text(); w.replicas.IsNull() || ok && n == "1" {
			w.labels["statefulset.kubernetes.io/pod-name"] = o.Name + "-0"
			w.labels["apps.kubernetes.io/pod-index"] = "0"
			w.undecided = slices.DeleteFunc(w.undecided, func(k string) bool { return w.labels[k] != "" })
		}
	}
	w.hostNetwork = no
	if v := spec.Get("hostNetwork"); !v.IsNull() {
		switch on, ok := v.Truth(); {
		case !ok:
			w.hostNetwork = maybe
		case on:
			w.hostNetwork = yes
		}
	}
	w.dnsPolicy = "ClusterFirst"
	if v := spec.Get("dnsPolicy"); !v.IsNull() {
		w.dnsPolicy, _ = v.Text()
		if !slices.Contains(dnsPolicies, w.dnsPolicy) {
			w.dnsPolicy = "" // filled in by whatever renders the manifest, or rejected
		}
	}
	return w
}

func readLabels(v *located.Value, undecided []string) (netpol.Labels, []string) {
	labels := make(netpol.Labels)
	for _, f := range v.Items() {
		for _, field := range f.Map {
			if text, ok := field.Value.Text(); ok {
				labels[field.Key] = text
			} else {
				undecided = append(undecided, field.Key)
			}
		}
	}
	return labels, undecided
}

// display is kind/name, as messages call a workload inside its namespace.
func (w *workload) display() string { return w.kind + "/" + w.name }

// id is namespace/name[Kind].
func (w *workload) id() string { return w.namespace + "/" + w.name + "[" + w.kind + "]" }

// annotation returns an annotation of the pods. One on a controller's own
// metadata does not reach them.
func (w *workload) annotation(key string) *located.Value {
	return w.template.Get("annotations", key)
}

// containers returns all containers of the pods: init containers first.
func (w *workload) containers() []*located.Value {
	return slices.Concat(w.spec.Get("initContainers").Items(), w.spec.Get("containers").Items())
}

// pod is the workload as the NetworkPolicy evaluator sees it.
func (w *workload) pod() netpol.Pod {
	pod := netpol.Pod{
		ID: w.id(), Namespace: w.namespace, Labels: w.labels, UnknownLabels: w.undecided,
		HostNetwork: w.hostNetwork == yes, MoreLabels: w.kind == helmKind, MorePorts: w.kind == helmKind,
	}
	for _, key := range []string{"initContainers", "containers"} {
		list := w.spec.Get(key)
		if list.IsUnknown() {
			pod.MorePorts = true
		}
		for _, c := range list.Items() {
			restart, _ := c.Get("restartPolicy").Text()
			if key == "initContainers" && restart != "Always" {
				continue
			}
			for _, p := range c.Get("ports").Items() {
				pod.Ports = append(pod.Ports, readPort(p, key == "initContainers"))
			}
		}
	}
	return pod
}

func readPort(p *located.Value, sidecar bool) netpol.Port {
	port := netpol.Port{Sidecar: sidecar}
	port.Name, _ = p.Get("name").Text()
	port.Protocol, _ = p.Get("protocol").Text()
	port.Number = number(p.Get("containerPort"))
	return port
}

// number reads a whole number; 0 if it is none.
func number(v *located.Value) int {
	text, _ := v.Text()
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

// ownWayOut reports whether the pods have a public address of their own: the
// pod EIP annotations work with Terway, those of container groups on virtual
// nodes (vendor's pages on pod EIPs and on ECI pod annotations).
func (w *workload) ownWayOut(plugin string) bool {
	if plugin != pluginTerway && plugin != pluginServerless {
		return false
	}
	for _, key := range []string{
		"k8s.aliyun.com/pod-with-eip", "k8s.aliyun.com/eci-with-eip", "network.alibabacloud.com/pod-with-eip",
	} {
		if on, ok := w.annotation(key).Truth(); ok && on {
			return true
		}
	}
	for _, key := range []string{
		"k8s.aliyun.com/pod-eip-instanceid", "k8s.aliyun.com/eci-eip-instanceid", "network.alibabacloud.com/pod-eip-instanceid",
	} {
		if text, ok := w.annotation(key).Text(); ok && text != "" {
			return true
		}
	}
	return false
}

// injects reports whether the whitelist injector adds the pods to the lists of a
// kind of target.
func (w *workload) injects(kind string) bool {
	for key, served := range injectorAnnotations {
		if served == kind && served != "" && !w.annotation(key).IsNull() {
			return true
		}
	}
	return false
}

// service is a Service with what its clients meet.
type service struct {
	obj       *kubernetes.Object
	namespace string
	name      string
	kind      string // type
	selector  map[string]string
	selects   bool // whether it has a selector
	ports     []servicePort
	clusterIP string
	external  string // externalName
	addresses []*located.Value
	hosts     []*located.Value
	endpoints []endpointAddress // of a Service without a selector
	// direct says that clients' packets really leave to the load balancer, because
	// its address is not known to the nodes: a hostname in the status, an NLB, or
	// ipMode Proxy.
	direct bool
}

// endpointAddress is an address that an Endpoints or EndpointSlice object gives a
// Service, with the ports by name.
type endpointAddress struct {
	addr  netip.Addr
	ports map[string]int
}

type servicePort struct {
	name     string
	port     int
	target   string // number or name
	protocol string
}

const annotationPrefix = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-"

func readService(o *kubernetes.Object) *service {
	spec := o.Root.Get("spec")
	s := &service{obj: o, namespace: namespaceOf(o), name: o.Name, kind: "ClusterIP"}
	if text, ok := spec.Get("type").Text(); ok {
		s.kind = text
	}
	if sel := spec.Get("selector"); sel.Kind == located.Map && len(sel.Map) > 0 {
		s.selects = true
		s.selector, _ = readLabels(sel, nil)
	}
	s.clusterIP, _ = spec.Get("clusterIP").Text()
	s.external, _ = spec.Get("externalName").Text()
	for _, p := range spec.Get("ports").Items() {
		port := servicePort{port: number(p.Get("port")), protocol: "TCP"}
		port.name, _ = p.Get("name").Text()
		if text, ok := p.Get("protocol").Text(); ok {
			port.protocol = text
		}
		port.target, _ = p.Get("targetPort").Text()
		if port.target == "" {
			port.target = strconv.Itoa(port.port)
		}
		s.ports = append(s.ports, port)
	}
	if s.kind == "LoadBalancer" {
		s.readLoadBalancer(spec)
	}
	return s
}

// readLoadBalancer collects the external addresses and names of a LoadBalancer
// Service (annotations of the cloud controller manager; status as it writes it).
func (s *service) readLoadBalancer(spec *located.Value) {
	annotations := s.obj.Root.Get("metadata", "annotations")
	if v := spec.Get("loadBalancerIP"); !v.IsNull() {
		s.addresses = append(s.addresses, v)
	}
	if v := annotations.Get(annotationPrefix + "ip"); !v.IsNull() {
		s.addresses = append(s.addresses, v)
	}
	for _, ingress := range s.obj.Root.Get("status", "loadBalancer", "ingress").Items() {
		if v := ingress.Get("ip"); !v.IsNull() {
			s.addresses = append(s.addresses, v)
			mode, _ := ingress.Get("ipMode").Text()
			s.direct = s.direct || mode == "Proxy"
		} else if v := ingress.Get("hostname"); !v.IsNull() {
			s.hosts = append(s.hosts, v)
			s.direct = true
		}
	}
	if v := annotations.Get(annotationPrefix + "hostname"); !v.IsNull() {
		s.hosts = append(s.hosts, v)
		s.direct = true
	}
	class, _ := spec.Get("loadBalancerClass").Text()
	s.direct = s.direct || class == "alibabacloud.com/nlb" || !annotations.Get("service.beta.kubernetes.io/class").IsNull()
	s.hosts = append(s.hosts, splitItems(annotations.Get("external-dns.alpha.kubernetes.io/hostname"))...)
}

// trafficPolicy is externalTrafficPolicy, Cluster if none is written.
func (s *service) trafficPolicy() *located.Value {
	return s.obj.Root.Get("spec", "externalTrafficPolicy")
}

func (s *service) isLocal() tri {
	v := s.trafficPolicy()
	switch text, ok := v.Text(); {
	case v.IsNull():
		return no
	case !ok:
		return maybe
	case text == "Local":
		return yes
	default:
		return no
	}
}

// id is namespace/name.
func (s *service) id() string { return s.namespace + "/" + s.name }

// hasAddress reports whether an address is one of the Service's external ones.
func (s *service) hasAddress(a netip.Addr) bool {
	return slices.ContainsFunc(s.addresses, func(v *located.Value) bool {
		text, _ := v.Text()
		b, err := netip.ParseAddr(text)
		return err == nil && a == b
	})
}

func (s *service) hasHost(host string) bool {
	return slices.ContainsFunc(s.hosts, func(v *located.Value) bool {
		text, _ := v.Text()
		return strings.EqualFold(strings.TrimSuffix(text, "."), host)
	})
}

// configSource is a ConfigMap or Secret with its values.
type configSource struct {
	obj    *kubernetes.Object
	values []configValue
}

type configValue struct {
	key   string
	text  string
	value *located.Value
	// encoded says that the text is not what stands in the file.
	encoded bool
}

func readConfigSource(o *kubernetes.Object) *configSource {
	c := &configSource{obj: o}
	for _, section := range []string{"data", "stringData"} {
		for _, f := range o.Root.Get(section).Items() {
			for _, field := range f.Map {
				text, ok := field.Value.Text()
				if !ok {
					continue
				}
				value := configValue{key: field.Key, text: text, value: field.Value}
				if o.Kind == "Secret" && section == "data" {
					decoded, err := base64.StdEncoding.DecodeString(text)
					if err != nil {
						continue
					}
					value.text, value.encoded = string(decoded), true
				}
				c.values = append(c.values, value)
			}
		}
	}
	return c
}

func (c *configSource) get(key string) (configValue, bool) {
	// stringData comes last and wins, as in the API server.
	for _, v := range slices.Backward(c.values) {
		if v.key == key {
			return v, true
		}
	}
	return configValue{}, false
}

// serviceLabel names the Service of an EndpointSlice.
const serviceLabel = "kubernetes.io/service-name"

// readEndpoints returns the addresses of an Endpoints or EndpointSlice object and
// the Service that they belong to.
func readEndpoints(o *kubernetes.Object) (name string, list []endpointAddress) {
	if o.Kind == "EndpointSlice" {
		name, _ = o.Root.Get("metadata", "labels", serviceLabel).Text()
		ports := namedPorts(o.Root.Get("ports"))
		for _, endpoint := range o.Root.Get("endpoints").Items() {
			for _, v := range endpoint.Get("addresses").Items() {
				list = appendAddress(list, v, ports)
			}
		}
		return name, list
	}
	for _, subset := range o.Root.Get("subsets").Items() {
		ports := namedPorts(subset.Get("ports"))
		for _, v := range subset.Get("addresses").Items() {
			list = appendAddress(list, v.Get("ip"), ports)
		}
	}
	return o.Name, list
}

func namedPorts(v *located.Value) map[string]int {
	ports := make(map[string]int)
	for _, p := range v.Items() {
		name, _ := p.Get("name").Text()
		ports[name] = number(p.Get("port"))
	}
	return ports
}

func appendAddress(list []endpointAddress, v *located.Value, ports map[string]int) []endpointAddress {
	text, _ := v.Text()
	if a, err := netip.ParseAddr(text); err == nil {
		list = append(list, endpointAddress{a.Unmap(), ports})
	}
	return list
}

// ingress is the hosts of an Ingress and the addresses that its status gives.
type ingress struct {
	hosts     []string
	addresses []netip.Addr
}

func readIngress(o *kubernetes.Object) *ingress {
	i := &ingress{}
	for _, rule := range o.Root.Get("spec", "rules").Items() {
		if host, ok := rule.Get("host").Text(); ok && !strings.HasPrefix(host, "*") {
			i.hosts = append(i.hosts, strings.ToLower(host))
		}
	}
	for _, v := range o.Root.Get("status", "loadBalancer", "ingress").Items() {
		text, _ := v.Get("ip").Text()
		if a, err := netip.ParseAddr(text); err == nil {
			i.addresses = append(i.addresses, a)
		}
	}
	return i
}

// ingressService is the LoadBalancer Service in front of an Ingress host: the one
// with the address of the Ingress's status, else the only LoadBalancer Service
// that belongs to an ingress controller. It is nil if the files do not decide it;
// served says whether there is such an Ingress at all.
func (w *world) ingressService(host string) (s *service, served bool) {
	for _, i := range w.ingresses {
		if !slices.Contains(i.hosts, host) {
			continue
		}
		for _, s := range w.byAddress {
			if slices.ContainsFunc(i.addresses, s.hasAddress) {
				return s, true
			}
		}
		var found *service
		for _, s := range w.byAddress {
			if !s.isIngressController() {
				continue
			}
			if found != nil {
				return nil, true
			}
			found = s
		}
		return found, true
	}
	return nil, false
}

// isIngressController goes by the names that ingress controllers are shipped
// under: nginx-ingress-lb on ACK, ingress-nginx upstream.
func (s *service) isIngressController() bool {
	name, _ := s.obj.Root.Get("metadata", "labels", "app.kubernetes.io/name").Text()
	app, _ := s.obj.Root.Get("metadata", "labels", "app").Text()
	return slices.ContainsFunc([]string{s.name, name, app}, func(n string) bool {
		return strings.Contains(n, "ingress-nginx") || strings.Contains(n, "nginx-ingress") || strings.HasPrefix(n, "ingress-controller")
	})
}
