package kube

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

// Namespaces that mean something.
const (
	DefaultNamespace = "default"
	SystemNamespace  = "kube-system"
)

// Workload is an object that runs pods.
type Workload struct {
	Object      *kubernetes.Object
	Kind        string
	Namespace   string
	Name        string
	Template    *located.Value // metadata of the pods
	Spec        *located.Value // spec of the pods
	Labels      netpol.Labels
	Undecided   []string // keys of labels the cluster fills in
	HostNetwork truth.Truth
	DNSPolicy   string // "" if unknown
	Replicas    *located.Value
}

// dnsPolicies are the values of a pod's dnsPolicy.
var dnsPolicies = []string{"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"}

// HelmKind is the kind under which a Helm release counts as a workload: what its
// chart renders is not in the files, but its values say what it needs.
const HelmKind = "HelmRelease"

// PodTemplates says where the kinds of workloads keep the pods' metadata and spec.
var PodTemplates = map[string][]string{
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
	HelmKind:                {"spec", "template"},
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

// NamespaceOf is the namespace of an object, where none is written the default one.
func NamespaceOf(o *kubernetes.Object) string {
	if o.Namespace == "" {
		return DefaultNamespace
	}
	return o.Namespace
}

// ReadWorkload reads an object that runs pods; nil if it is none.
func ReadWorkload(o *kubernetes.Object) *Workload {
	path, ok := PodTemplates[o.Kind]
	if !ok {
		return nil
	}
	pod := o.Root.Get(path...)
	spec := pod.Get("spec")
	if spec.Kind != located.Map {
		return nil
	}
	w := &Workload{
		Object: o, Kind: o.Kind, Namespace: NamespaceOf(o), Name: o.Name,
		Template: pod.Get("metadata"), Spec: spec,
		Undecided: slices.Clone(addedLabels[o.Kind]),
		Replicas:  o.Root.Get("spec", "replicas"),
	}
	if w.Name == "" {
		w.Name, _ = o.Root.Get("metadata", "generateName").Text()
	}
	w.Labels, w.Undecided = ReadLabels(w.Template.Get("labels"), w.Undecided)
	switch o.Kind {
	case "Job":
		w.Labels["job-name"], w.Labels["batch.kubernetes.io/job-name"] = o.Name, o.Name
	case "StatefulSet":
		// With one replica the name of the pod is certain.
		if n, ok := w.Replicas.Text(); w.Replicas.IsNull() || ok && n == "1" {
			w.Labels["statefulset.kubernetes.io/pod-name"] = o.Name + "-0"
			w.Labels["apps.kubernetes.io/pod-index"] = "0"
			w.Undecided = slices.DeleteFunc(w.Undecided, func(k string) bool { return w.Labels[k] != "" })
		}
	}
	w.HostNetwork = truth.No
	if v := spec.Get("hostNetwork"); !v.IsNull() {
		switch on, ok := v.Truth(); {
		case !ok:
			w.HostNetwork = truth.Maybe
		case on:
			w.HostNetwork = truth.Yes
		}
	}
	w.DNSPolicy = "ClusterFirst"
	if v := spec.Get("dnsPolicy"); !v.IsNull() {
		w.DNSPolicy, _ = v.Text()
		if !slices.Contains(dnsPolicies, w.DNSPolicy) {
			w.DNSPolicy = "" // filled in by whatever renders the manifest, or rejected
		}
	}
	return w
}

// ReadLabels reads labels, and adds the keys of those whose values are not known.
func ReadLabels(v *located.Value, undecided []string) (netpol.Labels, []string) {
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

// Display is kind/name, as messages call a workload inside its namespace.
func (w *Workload) Display() string { return w.Kind + "/" + w.Name }

// ID is namespace/name[Kind].
func (w *Workload) ID() string { return w.Namespace + "/" + w.Name + "[" + w.Kind + "]" }

// Annotation returns an annotation of the pods. One on a controller's own
// metadata does not reach them.
func (w *Workload) Annotation(key string) *located.Value {
	return w.Template.Get("annotations", key)
}

// Containers returns all containers of the pods: init containers first.
func (w *Workload) Containers() []*located.Value {
	return slices.Concat(w.Spec.Get("initContainers").Items(), w.Spec.Get("containers").Items())
}

// Pod is the workload as the NetworkPolicy evaluator sees it.
func (w *Workload) Pod() netpol.Pod {
	pod := netpol.Pod{
		ID: w.ID(), Namespace: w.Namespace, Labels: w.Labels, UnknownLabels: w.Undecided,
		HostNetwork: w.HostNetwork == truth.Yes, MoreLabels: w.Kind == HelmKind, MorePorts: w.Kind == HelmKind,
	}
	for _, key := range []string{"initContainers", "containers"} {
		list := w.Spec.Get(key)
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

// Matches reports whether a pattern of the configuration names the workload:
// namespace/name or kind/namespace/name, with * and ? for any characters; * alone
// for all.
func (w *Workload) Matches(pattern string) bool {
	name := w.Namespace + "/" + w.Name
	if strings.Count(pattern, "/") == 2 {
		name = w.Kind + "/" + name
	}
	ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(name))
	return pattern == "*" || err == nil && ok
}

// HostAlias returns the address that the pods' own hosts file gives a name. It comes
// before DNS.
func (w *Workload) HostAlias(host string) (netip.Addr, bool) {
	for _, alias := range w.Spec.Get("hostAliases").Items() {
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

// SelectedBy reports whether a selector of labels selects the pods.
func (w *Workload) SelectedBy(selector map[string]string) bool {
	for key, value := range selector {
		if w.Labels[key] != value {
			return false
		}
	}
	return true
}

// TargetPort resolves a Service's target port on the pods; 0 if they do not
// declare it.
func (w *Workload) TargetPort(p ServicePort) int {
	if n, err := strconv.Atoi(p.Target); err == nil {
		return n
	}
	for _, port := range w.Pod().Ports {
		if port.Name == p.Target && cmp.Or(port.Protocol, "TCP") == p.Protocol {
			return port.Number
		}
	}
	return 0
}
