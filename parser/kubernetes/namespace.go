package kubernetes

import (
	"slices"

	"github.com/egresslint/egresslint/parser/located"
)

// clusterScoped are the kinds of Kubernetes that no namespace holds.
// https://kubernetes.io/docs/reference/kubernetes-api/ lists them.
var clusterScoped = map[string]bool{
	"APIService": true, "CertificateSigningRequest": true, "ClusterRole": true, "ClusterRoleBinding": true, "ComponentStatus": true,
	"CSIDriver": true, "CSINode": true, "CustomResourceDefinition": true, "FlowSchema": true, "IngressClass": true,
	"MutatingWebhookConfiguration": true, "Namespace": true, "Node": true, "PersistentVolume": true, "PriorityClass": true,
	"PriorityLevelConfiguration": true, "RuntimeClass": true, "StorageClass": true, "ValidatingAdmissionPolicy": true,
	"ValidatingAdmissionPolicyBinding": true, "ValidatingWebhookConfiguration": true, "VolumeAttachment": true,
}

// InNamespace returns o with a namespace if it names none and is of a kind that lives
// in one, as kubectl --namespace and Helm would create it. Without a namespace it
// returns o.
func (o *Object) InNamespace(namespace string) *Object {
	if namespace == "" || o.Namespace != "" || clusterScoped[o.Kind] || !o.Root.Get("metadata", "namespace").IsNull() {
		return o
	}
	root := *o.Root
	root.Map = slices.Clone(root.Map)
	for i, f := range root.Map {
		if f.Key != "metadata" || f.Value.Kind != located.Map {
			continue
		}
		metadata := *f.Value
		at := metadata.Get("name").Range
		metadata.Map = slices.DeleteFunc(slices.Clone(metadata.Map), func(f located.Field) bool { return f.Key == "namespace" })
		metadata.Map = append(metadata.Map, located.Field{
			Key: "namespace", KeyRange: at, Value: &located.Value{Kind: located.String, Str: namespace, Range: at},
		})
		root.Map[i].Value = &metadata
	}
	c := *o
	c.Root, c.Namespace = &root, namespace
	return &c
}
