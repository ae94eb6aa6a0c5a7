package egress

import (
	"cmp"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
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
	hostNetwork truth.Truth
	dnsPolicy   string // "" if unknown
	replicas    *located.Value
}

// dnsPolicies are the values of a pod's dnsPolicy.
var dnsPolicies = []string{"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"}

// helmKind is the kind under which a Helm release counts as a workload: what its
// chart renders is not in the files, but its values say what it needs.
const helmKind = "HelmRelease"

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
	"CloneSet":              {"spec", "template"}, // apps.kruise.io
	"BroadcastJob":          {"spec", "template"}, // apps.kruise.io
	"Rollout":               {"spec", "template"}, // argoproj.io
	helmKind:                {"spec", "template"},
}

// addedLabels are the labels whose value a controller chooses at run time.
var addedLabels = map[string][]string{
	"Deployment":   {"pod-template-hash"},
	"ReplicaSet":   {"pod-template-hash"},
	"StatefulSet":  {"controller-revision-hash", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"},
	"DaemonSet":    {"controller-revision-hash", "pod-template-generation"},
	"Job":          {"controller-uid", "batch.kubernetes.io/controller-uid"},
	"CronJob":      {"controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"},
	"CloneSet":     {"controller-revision-hash", "pod-template-hash", "apps.kruise.io/cloneset-instance-id"},
	"BroadcastJob": {"broadcastjob-name", "broadcastjob-controller-uid"},
	"Rollout":      {"rollouts-pod-template-hash"},
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
	w.hostNetwork = truth.No
	if v := spec.Get("hostNetwork"); !v.IsNull() {
		switch on, ok := v.Truth(); {
		case !ok:
			w.hostNetwork = truth.Maybe
		case on:
			w.hostNetwork = truth.Yes
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
		HostNetwork: w.hostNetwork == truth.Yes, MoreLabels: w.kind == helmKind, MorePorts: w.kind == helmKind,
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
	port.Number = p.Get("containerPort").Int()
	return port
}

// matches reports whether a pattern of the configuration names the workload:
// namespace/name or kind/namespace/name, with * and ? for any characters; * alone
// for all.
func (w *workload) matches(pattern string) bool {
	name := w.namespace + "/" + w.name
	if strings.Count(pattern, "/") == 2 {
		name = w.kind + "/" + name
	}
	ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(name))
	return pattern == "*" || err == nil && ok
}

// hostAlias returns the address that the pods' own hosts file gives a name. It comes
// before DNS.
func (w *workload) hostAlias(host string) (netip.Addr, bool) {
	for _, alias := range w.spec.Get("hostAliases").Items() {
		for _, name := range alias.Get("hostnames").Items() {
			if text, ok := name.Text(); !ok || !strings.EqualFold(text, host) {
				continue
			}
			ip, _ := alias.Get("ip").Text()
			a, err := netip.ParseAddr(ip)
			return a, err == nil
		}
	}
	return netip.Addr{}, false
}

func (wl *workload) selectedBy(selector map[string]string) bool {
	for key, value := range selector {
		if wl.labels[key] != value {
			return false
		}
	}
	return true
}

// targetPort resolves a Service's target port on the pods; 0 if they do not
// declare it.
func (wl *workload) targetPort(p servicePort) int {
	if n, err := strconv.Atoi(p.target); err == nil {
		return n
	}
	for _, port := range wl.pod().Ports {
		if port.Name == p.target && cmp.Or(port.Protocol, "TCP") == p.protocol {
			return port.Number
		}
	}
	return 0
}
