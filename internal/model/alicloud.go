package model

import (
	"github.com/egresslint/egresslint/internal/place"
)

// Extensions hold what only one cloud has.
type Extensions struct {
	Alicloud Alicloud `json:"alicloud" doc:"what only Alibaba Cloud has"`
}

// Alicloud is what only Alibaba Cloud has.
type Alicloud struct {
	PodEIPs   []*PodEIP   `json:"pod_eips" doc:"gate: annotations for EIPs of pods that do not work"`
	Injectors []*Injector `json:"injectors" doc:"gate: annotations of the whitelist injector that do not work"`
}

// AlicloudCluster is what only clusters of Alibaba Cloud have.
type AlicloudCluster struct {
	Datapath   string     `json:"datapath" doc:"of Terway: veth, ipvlan, v2 or unknown"`
	Mismatches []Mismatch `json:"mismatches" doc:"arguments that belong to the other network plug-in"`
}

// Mismatch is an argument of the other network plug-in.
type Mismatch struct {
	Code      string       `json:"code" doc:"pod-vswitches-with-flannel, pod-cidr-with-terway or two-plugins"`
	Attribute string       `json:"attribute" doc:"the argument that has no place here"`
	Origin    place.Origin `json:"origin" doc:"the argument"`
	Plugin    place.Origin `json:"plugin" doc:"what names the plug-in"`
}

// AlicloudList is what only lists of Alibaba Cloud have.
type AlicloudList struct {
	Loopback bool `json:"loopback" doc:"whether the list holds nothing but 127.0.0.1, written or by default, which admits nobody"`
}

// AlicloudLoadBalancer is what only load balancers of Alibaba Cloud have.
type AlicloudLoadBalancer struct {
	ENIBackend bool `json:"eni_backend" doc:"whether the annotation backend-type says eni, so that the load balancer sends packets to pods without the nodes"`
}

// PodEIP is a pod EIP annotation that has no effect or harms.
type PodEIP struct {
	Cluster     string       `json:"cluster" doc:"id of the cluster, empty if unbound"`
	ClusterName string       `json:"cluster_name" doc:"name of the cluster"`
	Workload    string       `json:"workload" doc:"kind/name of the workload"`
	Namespace   string       `json:"namespace" doc:"its namespace"`
	Annotation  string       `json:"annotation" doc:"the annotation's key"`
	Code        string       `json:"code" doc:"flannel, on-owner: on the controller and not its pods, shared-instance: one EIP for several replicas, host-network, or controller-absent: the addon that serves it is not installed"`
	Replicas    int          `json:"replicas" doc:"for shared-instance: the number of replicas"`
	Origin      place.Origin `json:"origin" doc:"the annotation"`
	Cause       place.Origin `json:"cause" doc:"what makes it so: the network plug-in, the replicas, hostNetwork"`
}

// Injector is a whitelist injector annotation that does not do its work.
type Injector struct {
	Cluster     string       `json:"cluster" doc:"id of the cluster, empty if unbound"`
	ClusterName string       `json:"cluster_name" doc:"name of the cluster"`
	Workload    string       `json:"workload" doc:"kind/name of the workload"`
	Namespace   string       `json:"namespace" doc:"its namespace"`
	Annotation  string       `json:"annotation" doc:"the annotation's key"`
	Code        string       `json:"code" doc:"flannel, on-owner, no-group: rds_id without white_list_name, unsupported-product, no-openapi: policies cut the pods off from the OpenAPI, no-internet: the injector calls its public endpoints and the pods have no way there, perhaps-no-internet: the same, if nothing outside the files tells the injector otherwise, or terraform-covers: Terraform overwrites the same group"`
	Group       string       `json:"group" doc:"for terraform-covers: the whitelist group"`
	Target      string       `json:"target" doc:"for terraform-covers: address of the instance"`
	Origin      place.Origin `json:"origin" doc:"the annotation"`
	Cause       place.Origin `json:"cause" doc:"what makes it so: the network plug-in, the policy, the segments, the list"`
}
