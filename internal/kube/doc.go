// Package kube knows what Kubernetes objects say about packets: which pods a workload
// runs, what a Service or an Ingress in front of them serves, what a mesh lets out, which
// values a ConfigMap or Secret holds. It makes facts of them and judges nothing; what an
// object does not decide stays unknown.
package kube
