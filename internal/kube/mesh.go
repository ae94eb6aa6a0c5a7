package kube

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
)

// MeshEntry is a ServiceEntry of Istio: what somebody has declared to be outside of the
// mesh (Istio's reference, Service Entry).
type MeshEntry struct {
	hosts     []string // lower case; with a leading * for any subdomain
	namespace string
	exportTo  []string // namespaces that see it, . for its own and * for all; empty for all
	Port      int      // the only one; 0 if there are several
	// moved are the ports that the mesh sends packets to another port for.
	Moved map[int]bool
	// static says that the mesh sends packets to addresses of its own choice.
	Static bool
}

// ReadMeshEntry reads a ServiceEntry; nil if it is for something inside the mesh.
func ReadMeshEntry(o *kubernetes.Object) *MeshEntry {
	spec := o.Root.Get("spec")
	if spec.Get("location").Is("MESH_INTERNAL") {
		return nil
	}
	e := &MeshEntry{
		namespace: NamespaceOf(o), Moved: make(map[int]bool),
		Static: len(spec.Get("endpoints").Items()) > 0 || !spec.Get("workloadSelector").IsNull(),
	}
	for _, v := range spec.Get("hosts").Items() {
		if text, ok := v.Text(); ok {
			e.hosts = append(e.hosts, strings.ToLower(text))
		}
	}
	for _, v := range spec.Get("exportTo").Items() {
		text, _ := v.Text()
		e.exportTo = append(e.exportTo, text)
	}
	ports := spec.Get("ports").Items()
	for _, v := range ports {
		port := v.Get("number").Int()
		if len(ports) == 1 {
			e.Port = port
		}
		if target := v.Get("targetPort"); !target.IsNull() && target.Int() != port {
			e.Moved[port] = true
		}
	}
	return e
}

// SeenFrom reports whether the pods of a namespace see the entry.
func (e *MeshEntry) SeenFrom(namespace string) bool {
	return len(e.exportTo) == 0 || slices.ContainsFunc(e.exportTo, func(to string) bool {
		return to == "*" || to == namespace || to == "." && namespace == e.namespace
	})
}

// Names reports whether the entry is for a host.
func (e *MeshEntry) Names(host string) bool {
	return slices.ContainsFunc(e.hosts, func(h string) bool {
		suffix, wild := strings.CutPrefix(h, "*")
		return h == host || wild && suffix != "" && strings.HasSuffix(host, suffix)
	})
}
