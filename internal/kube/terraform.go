package kube

import (
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// Kubernetes objects that Terraform creates count like manifests. They run on the
// cluster that their provider configuration names.

// objectKinds maps the types of the kubernetes provider to the kinds they create.
// A suffix _v1 and the like is dropped before the look-up.
var objectKinds = map[string]struct{ apiVersion, kind string }{
	"kubernetes_pod":                    {"v1", "Pod"},
	"kubernetes_deployment":             {"apps/v1", "Deployment"},
	"kubernetes_stateful_set":           {"apps/v1", "StatefulSet"},
	"kubernetes_daemonset":              {"apps/v1", "DaemonSet"},
	"kubernetes_daemon_set":             {"apps/v1", "DaemonSet"},
	"kubernetes_replication_controller": {"v1", "ReplicationController"},
	"kubernetes_job":                    {"batch/v1", "Job"},
	"kubernetes_cron_job":               {"batch/v1", "CronJob"},
	"kubernetes_service":                {"v1", "Service"},
	"kubernetes_namespace":              {"v1", "Namespace"},
	"kubernetes_config_map":             {"v1", "ConfigMap"},
	"kubernetes_secret":                 {"v1", "Secret"},
	"kubernetes_network_policy":         {"networking.k8s.io/v1", "NetworkPolicy"},
}

// listBlocks are the nested blocks that stand for lists, with the field they
// become. Any other block stands for a single object.
var listBlocks = map[string]string{
	"container": "containers", "init_container": "initContainers", "env": "env", "env_from": "envFrom",
	"port": "ports", "ports": "ports", "volume": "volumes", "volume_mount": "volumeMounts", "toleration": "tolerations",
	"match_expressions": "matchExpressions", "match_fields": "matchFields", "node_selector_term": "nodeSelectorTerms", "ingress": "ingress", "egress": "egress", "from": "from", "to": "to",
	"option": "options", "host_aliases": "hostAliases", "image_pull_secrets": "imagePullSecrets",
}

// textMaps are arguments whose keys are data and stay as written.
var textMaps = []string{"labels", "annotations", "match_labels", "node_selector", "data", "binary_data", "string_data", "selector"}

// acronyms are fields that plain camel case would misspell.
var acronyms = map[string]string{
	"cluster_ip": "clusterIP", "load_balancer_ip": "loadBalancerIP", "external_ips": "externalIPs", "host_ip": "hostIP",
}

// FromTerraform are the objects that a resource creates.
func FromTerraform(res *terraform.Resource) []*kubernetes.Object {
	file := res.Body.Range.File
	switch res.Type {
	case "kubernetes_manifest":
		if o, ok := kubernetes.FromValue(res.Body.Get("manifest"), file); ok {
			return []*kubernetes.Object{o}
		}
		return nil
	case "kubectl_manifest":
		v := res.Body.Get("yaml_body")
		text, ok := v.Text()
		if !ok {
			return nil
		}
		objects, _ := kubernetes.Parse(file, []byte(text)) // what is no manifest is for kubectl to refuse
		for _, o := range objects {
			o.Root = relocate(o.Root, v)
		}
		return objects
	case "helm_release":
		return []*kubernetes.Object{helmRelease(res)}
	}
	kind, ok := objectKinds[withoutVersion(res.Type)]
	if !ok {
		return nil
	}
	root := convertObject(res.Body, kind.apiVersion, kind.kind)
	if o, ok := kubernetes.FromValue(root, file); ok {
		return []*kubernetes.Object{o}
	}
	return nil
}

func withoutVersion(typ string) string {
	for _, suffix := range []string{"_v1", "_v1beta1", "_v2"} {
		typ = strings.TrimSuffix(typ, suffix)
	}
	return typ
}

// relocate gives every value inside a string the place of the string. It is at least
// as sensitive.
func relocate(v, at *located.Value) *located.Value {
	c := *v
	c.Range, c.Callers, c.Via, c.Sensitive = at.Range, at.Callers, at.Via, v.Sensitive || at.Sensitive
	c.List = slices.Clone(v.List)
	for i := range c.List {
		c.List[i] = relocate(c.List[i], at)
	}
	c.Map = slices.Clone(v.Map)
	for i := range c.Map {
		c.Map[i].KeyRange = at.Range
		c.Map[i].Value = relocate(c.Map[i].Value, at)
	}
	return &c
}

func text(s string, at source.Range) *located.Value {
	return &located.Value{Kind: located.String, Str: s, Range: at}
}

// convertObject turns the arguments of a kubernetes provider's resource into the
// object that it creates.
func convertObject(body *located.Value, apiVersion, kind string) *located.Value {
	root := &located.Value{Kind: located.Map, Range: body.Range}
	add := func(key string, v *located.Value) {
		root.Map = append(root.Map, located.Field{Key: key, KeyRange: v.Range, Value: v})
	}
	add("apiVersion", text(apiVersion, body.Range))
	add("kind", text(kind, body.Range))
	for _, f := range body.Map {
		switch f.Key {
		case "metadata", "spec":
			if v := single(f.Value); v != nil {
				add(f.Key, convert(v))
			}
		case "data", "binary_data", "type":
			add(dataKey(kind, f.Key), secretData(kind, f))
		}
	}
	return root
}

// dataKey is the section of an object that an argument becomes. The provider encodes a
// Secret's data itself; only binary_data is base64 as in a manifest.
func dataKey(kind, argument string) string {
	switch {
	case kind == "Secret" && argument == "data":
		return "stringData"
	case kind == "Secret" && argument == "binary_data":
		return "data"
	default:
		return camel(argument)
	}
}

// secretData: the provider takes a Secret's data in the clear.
func secretData(kind string, f located.Field) *located.Value {
	if kind == "Secret" && f.Key == "data" {
		c := *f.Value
		c.Sensitive = true
		return &c
	}
	return f.Value
}

// single unwraps a block that may occur once.
func single(v *located.Value) *located.Value {
	if v.Kind == located.List {
		if len(v.List) == 0 {
			return nil
		}
		return v.List[0]
	}
	return v
}

func convert(v *located.Value) *located.Value {
	if v.Kind != located.Map {
		return v
	}
	c := *v
	c.Map = nil
	for _, f := range v.Map {
		if f.Value.IsNull() || f.Value.Kind == located.List && len(f.Value.List) == 0 {
			continue // plans hold every block that could be written
		}
		field := located.Field{Key: camel(f.Key), KeyRange: f.KeyRange, Value: f.Value}
		blocks := f.Value.Kind == located.List && len(f.Value.List) > 0 && f.Value.List[0].Kind == located.Map
		switch name, isList := listBlocks[f.Key]; {
		case isList && blocks:
			field.Key = name
			list := *f.Value
			list.List = nil
			for _, block := range f.Value.List {
				list.List = append(list.List, convert(block))
			}
			field.Value = &list
		case blocks:
			field.Value = convert(f.Value.List[0])
		case (f.Key == "port" || f.Key == "end_port") && isNumber(f.Value):
			number := *f.Value // the provider takes numbers as strings
			number.Kind = located.Number
			field.Value = &number
		case slices.Contains(textMaps, f.Key):
		case f.Value.Kind == located.Map:
			field.Value = convert(f.Value)
		}
		c.Map = append(c.Map, field)
	}
	return &c
}

func isNumber(v *located.Value) bool {
	_, err := strconv.Atoi(v.Str)
	return v.Kind == located.String && err == nil
}

func camel(s string) string {
	if name, ok := acronyms[s]; ok {
		return name
	}
	words := strings.Split(s, "_")
	for i := 1; i < len(words); i++ {
		if words[i] != "" {
			words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
		}
	}
	return strings.Join(words, "")
}

// helmRelease stands for the pods of a chart. Its values become the environment of
// one container.
func helmRelease(res *terraform.Resource) *kubernetes.Object {
	body := res.Body
	at := body.Range
	field := func(key string, v *located.Value) located.Field {
		return located.Field{Key: key, KeyRange: v.Range, Value: v}
	}
	object := func(v *located.Value, fields ...located.Field) *located.Value {
		return &located.Value{Kind: located.Map, Range: v.Range, Map: fields}
	}
	env := &located.Value{Kind: located.List, Range: at}
	add := func(name string, v *located.Value) {
		env.List = append(env.List, object(v, field("name", text(name, v.Range)), field("value", v)))
	}
	for _, block := range []string{"set", "set_sensitive"} {
		for _, set := range body.Get(block).Items() {
			name, ok := set.Get("name").Text()
			if !ok {
				continue
			}
			value := *set.Get("value")
			value.Sensitive = value.Sensitive || block == "set_sensitive"
			add(strings.ReplaceAll(name, ".", "_"), &value)
		}
	}
	for _, values := range body.Get("values").Items() {
		yaml, ok := values.Text()
		if !ok {
			continue
		}
		for _, leaf := range leavesOf(yaml, at.File) {
			add(leaf.Key, relocate(leaf.Value, values))
		}
	}
	container := object(body, field("name", text("values", at)), field("env", env))
	containers := &located.Value{Kind: located.List, Range: at, List: []*located.Value{container}}
	name, namespace := body.Get("name"), body.Get("namespace")
	metadata := object(body, field("name", name))
	ns := ""
	if s, ok := namespace.Text(); ok {
		ns = s
		metadata.Map = append(metadata.Map, field("namespace", namespace))
	}
	root := object(body,
		field("apiVersion", text("egresslint.io/v1alpha1", at)), field("kind", text(HelmKind, at)), field("metadata", metadata),
		field("spec", object(body, field("template", object(body, field("spec", object(body, field("containers", containers))))))),
	)
	label, _ := name.Text()
	return &kubernetes.Object{APIVersion: "egresslint.io/v1alpha1", Kind: HelmKind, Name: label, Namespace: ns, Root: root, File: at.File}
}

// leavesOf returns the texts of a YAML document with their paths, as environment
// variables would be named: no two are the same, and siblings begin alike.
func leavesOf(yaml, file string) []located.Field {
	v, ok := kubernetes.ParseValue(file, []byte(yaml))
	if !ok {
		return nil
	}
	var list []located.Field
	var walk func(key string, v *located.Value)
	walk = func(key string, v *located.Value) {
		switch v.Kind {
		case located.Map:
			for _, f := range v.Map {
				walk(key+"_"+f.Key, f.Value)
			}
		case located.List:
			for i, item := range v.List {
				walk(key+"_"+strconv.Itoa(i), item)
			}
		case located.String:
			list = append(list, located.Field{Key: strings.TrimPrefix(key, "_"), Value: v})
		}
	}
	walk("", v)
	return list
}
