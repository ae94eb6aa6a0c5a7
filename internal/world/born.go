package world

import (
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// terraformObject is an object with the resource that creates it.
type terraformObject struct {
	Object *kubernetes.Object
	scope  *alicloud.Scope
	res    *terraform.Resource
}

// terraformObjects reads the Kubernetes objects of a scope. A release whose chart was
// rendered creates what it renders to.
func terraformObjects(s *alicloud.Scope, rendered map[*terraform.Resource][]*kubernetes.Object) []terraformObject {
	var list []terraformObject
	for _, res := range s.Root.Resources {
		if res.Data || res.Uncertain != "" {
			continue
		}
		objects := rendered[res]
		if objects == nil {
			objects = kube.FromTerraform(res)
		}
		for _, o := range objects {
			if namespace := namespaceIn(s, o.Namespace); namespace != o.Namespace {
				c := *o
				c.Namespace = namespace
				o = &c
			}
			list = append(list, terraformObject{o, s, res})
		}
	}
	return list
}

// namespaceIn is a namespace as a scope's resources write it: the id of one that Terraform
// makes is its name.
func namespaceIn(s *alicloud.Scope, written string) string {
	refs, rest := located.Refs(written)
	if len(refs) != 1 || rest != "" {
		return written
	}
	res := s.ByAddress[refs[0].Address]
	if res == nil || !strings.HasPrefix(res.Type, "kubernetes_namespace") {
		return written
	}
	for _, metadata := range res.Body.Get("metadata").Items() {
		if name, ok := metadata.Get("name").Text(); ok {
			return name
		}
	}
	return written
}

// clusterOf finds the cluster that a resource's provider configuration names: by
// a reference in the provider block, else the only cluster of the root.
func clusterOf(f *Facts, t terraformObject) *Cluster {
	var own []*Cluster
	for _, c := range f.Clusters {
		if c.Scope == t.scope {
			own = append(own, c)
		}
	}
	var named *Cluster
	for _, p := range t.scope.Root.Providers {
		if p.Name != t.res.Provider {
			continue
		}
		for _, address := range addressesIn(p.Body, nil) {
			if credential := t.scope.ByAddress[address]; credential != nil && credential.Data {
				address = t.scope.Ident(credential.Body.Get("cluster_id")).Key
			}
			for _, c := range own {
				if c.address == address {
					named = c
				}
			}
		}
	}
	if named == nil && len(own) == 1 {
		return own[0]
	}
	return named
}

// addressesIn lists the resources that a value refers to.
func addressesIn(v *located.Value, list []string) []string {
	if v == nil {
		return list
	}
	refs, _ := located.Refs(v.Str)
	for _, ref := range refs {
		list = append(list, ref.Address)
	}
	for _, item := range v.List {
		list = addressesIn(item, list)
	}
	for _, f := range v.Map {
		list = addressesIn(f.Value, list)
	}
	return list
}
