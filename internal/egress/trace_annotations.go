package egress

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/parser/located"
)

// The annotations on pods that give them a public address or put them on
// allow-lists, and what keeps them from working (vendor's pages on pod EIPs and
// on ack-kubernetes-webhook-injector; code of the injector).

// podEIPAnnotations give a pod an EIP, on ECS nodes of Terway clusters.
var podEIPAnnotations = []string{"k8s.aliyun.com/pod-with-eip", "k8s.aliyun.com/pod-eip-instanceid"}

// eipController is the addon that serves them; Terway itself has not since 1.7.
const eipController = "ack-extend-network-controller"

// podEIPs judges the pod EIP annotations of a world's workloads.
func (b *builder) podEIPs(w *world) {
	for _, wl := range w.workloads {
		for _, key := range podEIPAnnotations {
			onPods := wl.Annotation(key)
			onOwner := wl.Object.Root.Get("metadata", "annotations", key)
			if wl.Kind == "Pod" {
				onOwner = &located.Value{}
			}
			switch {
			case wantsEIP(key, onPods):
				b.podEIP(w, wl, key, onPods)
			case wantsEIP(key, onOwner) && onPods.IsNull():
				b.addPodEIP(w, wl, key, "on-owner", onOwner, place.Origin{})
			}
		}
	}
}

func wantsEIP(key string, v *located.Value) bool {
	text, ok := v.Text()
	if strings.HasSuffix(key, "pod-with-eip") {
		return ok && text == "true"
	}
	return ok && text != ""
}

func (b *builder) podEIP(w *world, wl *kube.Workload, key string, v *located.Value) {
	c := w.cluster
	switch {
	case c != nil && c.plugin == pluginFlannel:
		b.addPodEIP(w, wl, key, "flannel", v, c.pluginAt)
	case wl.HostNetwork == truth.Yes:
		b.addPodEIP(w, wl, key, "host-network", v, b.places.Object(wl.Object, wl.Spec.Get("hostNetwork")))
	case strings.HasSuffix(key, "pod-eip-instanceid") && wl.Replicas.Int() > 1:
		b.addPodEIP(w, wl, key, "shared-instance", v, b.places.Object(wl.Object, wl.Replicas))
	case c != nil && c.plugin == pluginTerway && c.lacksAddon(eipController) && !w.installs(eipController):
		b.addPodEIP(w, wl, key, "controller-absent", v, c.scope.At(c.res, c.res.Body.Get("addons")))
	}
}

func (b *builder) addPodEIP(w *world, wl *kube.Workload, key, code string, v *located.Value, cause place.Origin) {
	gate := &model.PodEIP{
		Cluster: w.clusterID(), Workload: wl.Display(), Namespace: wl.Namespace, Annotation: key, Code: code,
		Replicas: wl.Replicas.Int(), Origin: b.places.Object(wl.Object, v), Cause: cause,
	}
	if w.cluster != nil {
		gate.ClusterName = w.cluster.name
	}
	b.model.Extensions.Alicloud.PodEIPs = append(b.model.Extensions.Alicloud.PodEIPs, gate)
}

// lacksAddon reports whether the cluster's addons are all known and this one is
// not among them.
func (c *cluster) lacksAddon(name string) bool {
	if c.scope == nil {
		return false
	}
	blocks := c.res.Body.Get("addons")
	if len(blocks.Items()) == 0 || blocks.FirstUnknown() != nil {
		return false
	}
	for _, block := range blocks.Items() {
		if block.Get("name").Is(name) {
			return false
		}
	}
	for _, typ := range []string{"alicloud_cs_kubernetes_addon", "helm_release"} {
		for _, res := range c.scope.ByType[typ] {
			for _, argument := range []string{"name", "chart"} {
				v := res.Body.Get(argument)
				if text, _ := v.Text(); v.IsUnknown() || strings.Contains(text, name) {
					return false
				}
			}
		}
	}
	_, unread := c.scope.UnreadModule(c.res.Address)
	return !unread
}

// installs reports whether a workload of the manifests is a component.
func (w *world) installs(name string) bool {
	return slices.ContainsFunc(w.workloads, func(wl *kube.Workload) bool { return strings.Contains(wl.Name, name) })
}

// injectorAnnotations are the keys that the injector knows.
var injectorAnnotations = map[string]string{
	"ack.aliyun.com/rds_id":                   "rds",
	"ack.aliyun.com/white_list_name":          "",
	"ack.aliyun.com/redis_id":                 "redis",
	"ack.aliyun.com/redis_white_list_name":    "",
	"ack.aliyun.com/access_control_policy_id": "slb",
	"ack.aliyun.com/security_group_id":        "ecs",
}

const injectorPrefix = "ack.aliyun.com/"

// unsupportedByInjector are products that people expect it to serve.
var unsupportedByInjector = []string{"mongodb", "polardb", "elasticsearch", "oss", "alb", "nlb", "kafka", "clickhouse", "adb", "gpdb", "lindorm"}

// injectors judges the injector's annotations of a world's workloads.
func (b *builder) injectors(w *world) {
	for _, wl := range w.workloads {
		for _, f := range wl.Template.Get("annotations").Items() {
			for _, field := range f.Map {
				if strings.HasPrefix(field.Key, injectorPrefix) {
					b.injector(w, wl, field)
				}
			}
		}
		if wl.Kind == "Pod" {
			continue
		}
		for _, f := range wl.Object.Root.Get("metadata", "annotations").Items() {
			for _, field := range f.Map {
				if injectorAnnotations[field.Key] != "" && wl.Annotation(field.Key).IsNull() {
					b.addInjector(w, wl, field, "on-owner", place.Origin{})
				}
			}
		}
	}
}

func (b *builder) injector(w *world, wl *kube.Workload, field located.Field) {
	c := w.cluster
	kind, known := injectorAnnotations[field.Key]
	switch {
	case !known:
		name := strings.TrimPrefix(field.Key, injectorPrefix)
		if slices.ContainsFunc(unsupportedByInjector, func(p string) bool { return strings.HasPrefix(name, p+"_") }) {
			b.addInjector(w, wl, field, "unsupported-product", place.Origin{})
		}
	case kind == "":
	case c != nil && c.plugin == pluginFlannel:
		b.addInjector(w, wl, field, "flannel", c.pluginAt)
	case kind == "rds" && wl.Annotation("ack.aliyun.com/white_list_name").IsNull():
		b.addInjector(w, wl, field, "no-group", place.Origin{})
	default:
		if at, cut := b.cutFromOpenAPI(w, wl); cut {
			b.addInjector(w, wl, field, "no-openapi", at)
			return
		}
		if at, cut := w.cutFromInternet(wl); cut {
			switch access := w.injectorAccess(); {
			case access == truth.No:
				b.addInjector(w, wl, field, "no-internet", at)
				return
			case access == truth.Maybe && c.intent != "no": // who keeps a cluster private knows
				b.addInjector(w, wl, field, "perhaps-no-internet", at)
				return
			}
		}
		b.managedGroup(w, wl, field, kind)
	}
}

// cutFromOpenAPI reports whether policies let the pods reach TCP 443 nowhere: the
// injected init container calls the OpenAPI from the pod's own network.
func (b *builder) cutFromOpenAPI(w *world, wl *kube.Workload) (place.Origin, bool) {
	i := slices.Index(w.workloads, wl)
	policies := w.evaluator.Isolating(i, netpol.Egress)
	if !w.polices() || wl.HostNetwork != truth.No || len(policies) == 0 {
		return place.Origin{}, false
	}
	// Its endpoints are public, or in the cloud's own range.
	for _, dest := range []netpol.Dest{netpol.InternetDest(), netpol.PrefixDest(cloudServices).Outside()} {
		if w.evaluator.Egress(i, dest, "TCP", 443) != netpol.Deny {
			return place.Origin{}, false
		}
	}
	return b.places.Range(policies[0].Object, policies[0].EgressRange()), true
}

// injectorName is the name of the injector's component and chart.
const injectorName = "kubernetes-webhook-injector"

// injectorAccess says whether the injector lets its init containers call the OpenAPI
// inside the VPC, which its argument --intranet-access does; maybe if its own
// manifest is not in the files.
func (w *world) injectorAccess() truth.Truth {
	answer := truth.Maybe
	for _, wl := range w.workloads {
		if !strings.Contains(wl.Name, injectorName) {
			continue
		}
		if answer == truth.Maybe {
			answer = truth.No
		}
		if wl.Kind == kube.HelmKind || wl.Spec.FirstUnknown() != nil {
			return truth.Yes // the chart's values may say so
		}
		for _, c := range wl.Containers() {
			for _, v := range slices.Concat(c.Get("command").Items(), c.Get("args").Items()) {
				if text, _ := v.Text(); strings.Contains(text, "intranet-access") {
					return truth.Yes
				}
			}
		}
	}
	return answer
}

// cutFromInternet reports whether the vSwitches that pods leave from have certainly no
// way to public addresses, and the argument that names them.
func (w *world) cutFromInternet(wl *kube.Workload) (place.Origin, bool) {
	i := slices.Index(w.workloads, wl)
	v := w.views[i]
	if v.reason != "" || v.gate == nil || w.hasWayOut(i) {
		return place.Origin{}, false
	}
	verdicts := make([]truth.Verdict, len(v.gate.ways))
	for k, way := range v.gate.ways {
		verdicts[k] = way.status
	}
	return v.gate.Origin, v.sum(verdicts) == truth.Blocked
}

// managedGroup reports a whitelist group that the injector writes to and that
// Terraform overwrites: modify_mode is Cover unless it says otherwise.
func (b *builder) managedGroup(w *world, wl *kube.Workload, field located.Field, kind string) {
	key, argument := "ack.aliyun.com/white_list_name", "db_instance_ip_array_name"
	if kind == "redis" {
		key, argument = "ack.aliyun.com/redis_white_list_name", "security_ip_group_name"
	}
	group, ok := wl.Annotation(key).Text()
	if !ok && kind == "redis" {
		group = "default"
	}
	var candidates []*target
	for _, t := range b.reachableTargets(w) {
		if t.Kind == kind {
			candidates = append(candidates, t)
		}
	}
	t := only(candidates)
	if t == nil || group == "" || len(t.entries) == 0 {
		return
	}
	own := "default"
	if v := t.res.Body.Get(argument); !v.IsNull() {
		own, _ = v.Text()
	}
	mode, _ := t.res.Body.Get("modify_mode").Text()
	if !strings.EqualFold(own, group) || mode != "" && mode != "Cover" || ignored(t.res, "security_ips") {
		return
	}
	gate := b.addInjector(w, wl, field, "terraform-covers", t.origin)
	gate.Group, gate.Target = group, t.Address
}

func (b *builder) addInjector(w *world, wl *kube.Workload, field located.Field, code string, cause place.Origin) *model.Injector {
	gate := &model.Injector{
		Cluster: w.clusterID(), Workload: wl.Display(), Namespace: wl.Namespace, Annotation: field.Key, Code: code,
		Origin: b.places.Object(wl.Object, field.Value), Cause: cause,
	}
	if w.cluster != nil {
		gate.ClusterName = w.cluster.name
	}
	b.model.Extensions.Alicloud.Injectors = append(b.model.Extensions.Alicloud.Injectors, gate)
	return gate
}

// ipv6Gate is an IPv6Access under construction.
type ipv6Gate struct {
	*model.IPv6Access
	need needs
}

func (gate *ipv6Gate) entity() *model.IPv6Access {
	gate.Need = gate.need.sum()
	return gate.IPv6Access
}

// ipv6Hop judges the way to public IPv6 addresses (vendor's page on IPv6
// bandwidth of pods: without it an IPv6 address reaches only its VPC).
func (b *builder) ipv6Hop(r *requirementOf) model.Hop {
	hop := model.Hop{Name: "ipv6", Status: truth.Unknown}
	c := r.world.cluster
	if c == nil || c.scope == nil || c.plugin == pluginUnknown || r.workload.HostNetwork != truth.No {
		hop.Detail = "whether the pods have public IPv6 addresses is not in the files"
		return hop
	}
	switch {
	case c.ipStack == "ipv4":
		hop.Origin = b.blockIPv6(r, "single-stack", r.origin, c.scope.AtArgument(c.res, "ip_stack"))
	case c.ipStack != "dual":
		hop.Detail = c.res.Body.Get("ip_stack").ReasonOr("the ip_stack of " + c.name + " is unknown")
		return hop
	case b.lacksIPv6Gateway(c):
		hop.Origin = b.blockIPv6(r, "no-gateway", c.scope.AtBlock(c.vpc.Resource), c.origin)
	case !r.workload.Annotation("k8s.aliyun.com/ipv6-bandwidth").IsNull():
		hop.Status = truth.Open
		return hop
	case len(c.scope.ByType["alicloud_vpc_ipv6_internet_bandwidth"]) > 0 || r.workload.Annotation("k8s.aliyun.com/eci-vswitch").Kind != located.Null:
		hop.Detail = "which addresses have public bandwidth is known only at run time"
		return hop
	default:
		hop.Origin = b.blockIPv6(r, "no-bandwidth", b.places.Range(r.workload.Object, r.workload.Object.Root.Range), c.origin)
	}
	hop.Status = truth.Blocked
	return hop
}

// blockIPv6 records a requirement that cannot leave by IPv6, and returns the place that
// tells why: what makes it so if the evidence itself is where it is reported.
func (b *builder) blockIPv6(r *requirementOf, code string, at, cause place.Origin) place.Origin {
	c := r.world.cluster
	literal := r.addr.Is6()
	gate := b.ipv6.at(ipv6Key{c, code, at, literal}, func() *ipv6Gate {
		return &ipv6Gate{IPv6Access: &model.IPv6Access{
			Cluster: c.id, ClusterName: c.name, Code: code, Literal: literal, Plugin: c.plugin, VPC: c.vpcName(),
			Workloads: []string{}, Origin: at, Cause: cause,
		}}
	})
	if name := r.workload.Display(); !slices.Contains(gate.Workloads, name) {
		gate.Workloads = append(gate.Workloads, name)
	}
	gate.need.add(r)
	if code == "single-stack" {
		return cause
	}
	return at
}

// lacksIPv6Gateway reports whether the files prove that the cluster's VPC has no
// IPv6 gateway.
func (b *builder) lacksIPv6Gateway(c *cluster) bool {
	if c.vpc == nil || c.vpc.Resource == nil {
		return false
	}
	for _, s := range b.scopes {
		for _, res := range s.ByType["alicloud_vpc_ipv6_gateway"] {
			id := s.Ident(res.Body.Get("vpc_id"))
			if s != c.scope {
				if s.Root.Dir != c.scope.Root.Dir && id.Resource == nil {
					return false
				}
				continue
			}
			if !id.Known() || id.Key == c.vpc.Key || id.Resource == nil {
				return false
			}
		}
	}
	_, unread := c.scope.UnreadModule(c.vpc.Key)
	return !unread
}

// ownWayOut reports whether the pods have a public address of their own: the
// pod EIP annotations work with Terway, those of container groups on virtual
// nodes (vendor's pages on pod EIPs and on ECI pod annotations).
func ownWayOut(w *kube.Workload, plugin string) bool {
	if plugin != pluginTerway && plugin != pluginServerless {
		return false
	}
	for _, key := range []string{
		"k8s.aliyun.com/pod-with-eip", "k8s.aliyun.com/eci-with-eip", "network.alibabacloud.com/pod-with-eip",
	} {
		if on, ok := w.Annotation(key).Truth(); ok && on {
			return true
		}
	}
	for _, key := range []string{
		"k8s.aliyun.com/pod-eip-instanceid", "k8s.aliyun.com/eci-eip-instanceid", "network.alibabacloud.com/pod-eip-instanceid",
	} {
		if text, ok := w.Annotation(key).Text(); ok && text != "" {
			return true
		}
	}
	return false
}

// injects reports whether the whitelist injector adds the pods to the lists of a
// kind of target.
func injects(w *kube.Workload, kind string) bool {
	for key, served := range injectorAnnotations {
		if served == kind && served != "" && !w.Annotation(key).IsNull() {
			return true
		}
	}
	return false
}

// wantsPodEIP reports whether the pods ask for an EIP.
func wantsPodEIP(w *kube.Workload) bool {
	return !podEIPAnnotation(w).IsNull()
}

// podEIPAnnotation is the annotation with which the pods ask for an EIP, if they do.
func podEIPAnnotation(w *kube.Workload) *located.Value {
	for _, key := range podEIPAnnotations {
		if v := w.Annotation(key); wantsEIP(key, v) {
			return v
		}
	}
	return &located.Value{}
}
