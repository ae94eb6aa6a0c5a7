package trace

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/located"
)

// The annotations that put pods on allow-lists, and what keeps them from working
// (vendor's page on ack-kubernetes-webhook-injector; code of the injector).

// injectorJudge judges the annotations of the injector.
type injectorJudge struct {
	*world.Facts
	ways  *ways
	gates []*model.Injector
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

// judgeWorld judges the injector's annotations of a world's workloads.
func (j *injectorJudge) judgeWorld(w *world.World) {
	for _, wl := range w.Workloads {
		for _, f := range wl.Template.Get("annotations").Items() {
			for _, field := range f.Map {
				if strings.HasPrefix(field.Key, injectorPrefix) {
					j.judge(w, wl, field)
				}
			}
		}
		if wl.Kind == "Pod" {
			continue
		}
		for _, f := range wl.Object.Root.Get("metadata", "annotations").Items() {
			for _, field := range f.Map {
				if injectorAnnotations[field.Key] != "" && wl.Annotation(field.Key).IsNull() {
					j.addInjector(w, wl, field, "on-owner", place.Origin{})
				}
			}
		}
	}
}

func (j *injectorJudge) judge(w *world.World, wl *kube.Workload, field located.Field) {
	c := w.Cluster
	kind, known := injectorAnnotations[field.Key]
	switch {
	case !known:
		name := strings.TrimPrefix(field.Key, injectorPrefix)
		if slices.ContainsFunc(unsupportedByInjector, func(p string) bool { return strings.HasPrefix(name, p+"_") }) {
			j.addInjector(w, wl, field, "unsupported-product", place.Origin{})
		}
	case kind == "":
	case c != nil && c.Plugin == world.PluginFlannel:
		j.addInjector(w, wl, field, "flannel", c.PluginAt)
	case kind == "rds" && wl.Annotation("ack.aliyun.com/white_list_name").IsNull():
		j.addInjector(w, wl, field, "no-group", place.Origin{})
	default:
		if at, cut := cutFromOpenAPI(j.Facts, w, wl); cut {
			j.addInjector(w, wl, field, "no-openapi", at)
			return
		}
		if at, cut := cutFromInternet(j.ways, w, wl); cut {
			switch access := injectorAccess(w); {
			case access == truth.No:
				j.addInjector(w, wl, field, "no-internet", at)
				return
			case access == truth.Maybe && c.Intent != "no": // who keeps a cluster private knows
				j.addInjector(w, wl, field, "perhaps-no-internet", at)
				return
			}
		}
		j.managedGroup(w, wl, field, kind)
	}
}

// cutFromOpenAPI reports whether policies let the pods reach TCP 443 nowhere: the
// injected init container calls the OpenAPI from the pod's own network.
func cutFromOpenAPI(f *world.Facts, w *world.World, wl *kube.Workload) (place.Origin, bool) {
	i := slices.Index(w.Workloads, wl)
	policies := w.Evaluator.Isolating(i, netpol.Egress)
	if !w.Polices() || wl.HostNetwork != truth.No || len(policies) == 0 {
		return place.Origin{}, false
	}
	// Its endpoints are public, or in the cloud's own range.
	for _, dest := range []netpol.Dest{netpol.InternetDest(), netpol.PrefixDest(cloudServices).Outside()} {
		if w.Evaluator.Egress(i, dest, "TCP", 443) != truth.Blocked {
			return place.Origin{}, false
		}
	}
	return f.Places.Range(policies[0].Object, policies[0].EgressRange()), true
}

// injectorName is the name of the injector's component and chart.
const injectorName = "kubernetes-webhook-injector"

// injectorAccess says whether the injector lets its init containers call the OpenAPI
// inside the VPC, which its argument --intranet-access does; maybe if its own
// manifest is not in the files.
func injectorAccess(w *world.World) truth.Truth {
	answer := truth.Maybe
	for _, wl := range w.Workloads {
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
func cutFromInternet(y *ways, w *world.World, wl *kube.Workload) (place.Origin, bool) {
	i := slices.Index(w.Workloads, wl)
	v := w.Views[i]
	gate := y.of(v)
	if v.Reason != "" || gate == nil || w.HasWayOut(i) {
		return place.Origin{}, false
	}
	verdicts := make([]truth.Verdict, len(gate.ways))
	for k, way := range gate.ways {
		verdicts[k] = way.status
	}
	return gate.Origin, v.Sum(verdicts) == truth.Blocked
}

// managedGroup reports a whitelist group that the injector writes to and that
// Terraform overwrites: modify_mode is Cover unless it says otherwise.
func (j *injectorJudge) managedGroup(w *world.World, wl *kube.Workload, field located.Field, kind string) {
	key, argument := "ack.aliyun.com/white_list_name", "db_instance_ip_array_name"
	if kind == "redis" {
		key, argument = "ack.aliyun.com/redis_white_list_name", "security_ip_group_name"
	}
	group, ok := wl.Annotation(key).Text()
	if !ok && kind == "redis" {
		group = "default"
	}
	var candidates []*alicloud.Target
	for _, t := range world.ReachableTargets(j.Facts, w) {
		if t.Kind == kind {
			candidates = append(candidates, t)
		}
	}
	t := world.Only(candidates)
	if t == nil || group == "" || len(t.List.Entries) == 0 {
		return
	}
	own := "default"
	if v := t.Resource.Body.Get(argument); !v.IsNull() {
		own, _ = v.Text()
	}
	mode, _ := t.Resource.Body.Get("modify_mode").Text()
	if !strings.EqualFold(own, group) || mode != "" && mode != "Cover" || alicloud.Ignored(t.Resource, "security_ips") {
		return
	}
	gate := j.addInjector(w, wl, field, "terraform-covers", t.List.Origin)
	gate.Group, gate.Target = group, t.Address
}

func (j *injectorJudge) addInjector(w *world.World, wl *kube.Workload, field located.Field, code string, cause place.Origin) *model.Injector {
	gate := &model.Injector{
		Cluster: w.ClusterID(), Workload: wl.Display(), Namespace: wl.Namespace, Annotation: field.Key, Code: code,
		Origin: j.Places.Object(wl.Object, field.Value), Cause: cause,
	}
	if w.Cluster != nil {
		gate.ClusterName = w.Cluster.Name
	}
	j.gates = append(j.gates, gate)
	return gate
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
