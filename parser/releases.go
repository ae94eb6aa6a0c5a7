package parser

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/strvals"

	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/part"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// localRelease is a helm_release of Terraform whose chart lies in the tree.
type localRelease struct {
	resource *terraform.Resource
	chart    string // its directory
}

// localReleases returns the releases that roots make of charts in the tree.
func localReleases(charts *helm.Set, roots []*terraform.Root) []localRelease {
	var list []localRelease
	for _, root := range roots {
		for _, res := range root.Resources {
			if res.Type != "helm_release" || res.Data || !res.Body.Get("repository").IsNull() {
				continue
			}
			name, ok := res.Body.Get("chart").Text()
			if !ok {
				continue
			}
			if dir, err := source.Join(root.Dir, name); err == nil && charts.Has(dir) {
				list = append(list, localRelease{res, dir})
			}
		}
	}
	return list
}

// release renders the charts of the releases that Terraform makes. What a release that
// may not exist would render to is left out.
func (d *deployer) release(ctx context.Context) map[*terraform.Resource][]*kubernetes.Object {
	rendered := make(map[*terraform.Resource][]*kubernetes.Object)
	for _, r := range d.releases {
		if r.resource.Uncertain != "" {
			continue
		}
		release, hidden, ok := releaseOf(r)
		if !ok {
			continue
		}
		u := unit{part.Part{Kind: part.Chart, Name: r.chart}, release.By + " of " + r.resource.Body.Range.File}
		out := d.rendered(ctx, u, &release, func() output { return outputOf(d.charts.Release(ctx, r.chart, release)) })
		for _, o := range out.objects {
			c := *o
			c.Root = hide(terraform.Open(o.Root), hidden)
			rendered[r.resource] = append(rendered[r.resource], &c)
		}
		d.diagnostics = append(d.diagnostics, out.diagnostics...)
	}
	return rendered
}

// releaseOf returns how Terraform releases a chart, and what of it is not to be printed;
// false if values that are not known at all may say anything.
func releaseOf(r localRelease) (release helm.Release, hidden []string, ok bool) {
	body := r.resource.Body
	release = helm.Release{Chart: r.chart, By: "helm_release " + r.resource.Address}
	release.Name, _ = body.Get("name").Text()
	switch namespace := body.Get("namespace"); {
	case namespace.IsNull():
		release.Namespace = "default"
	default:
		release.Namespace, _ = namespace.Text()
	}
	documents := r.resource.Values
	if documents == nil {
		documents = body.Get("values").Items()
	}
	for _, document := range documents {
		text, known := document.Text()
		switch {
		case document.IsNull() || known && strings.TrimSpace(text) == "":
			continue
		case !known:
			return release, nil, false
		}
		v, isYAML := kubernetes.ParseValue(document.Range.File, []byte(text))
		if !isYAML || v.Kind != located.Map {
			return release, nil, false
		}
		if document.Sensitive {
			hidden = append(hidden, textsIn(v)...)
		}
		release.Values = append(release.Values, helm.Values{Root: placedAt(v, document.Range)})
	}
	sets, secret := setValues(body)
	if sets != nil {
		release.Values = append(release.Values, helm.Values{Root: sets})
	}
	return release, append(hidden, secret...), true
}

// setValues returns the values that the arguments set, set_list and set_sensitive give,
// and those that are not to be printed; nil if there are none.
func setValues(body *located.Value) (root *located.Value, hidden []string) {
	values := make(map[string]any)
	places := make(map[string]source.Range)
	for _, block := range []string{"set", "set_list", "set_sensitive"} {
		for _, set := range body.Get(block).Items() {
			name, ok := set.Get("name").Text()
			if !ok {
				continue
			}
			v := set.Get("value")
			text := settingOf(v)
			parse := strvals.ParseInto
			if typ, _ := set.Get("type").Text(); typ == "string" {
				parse = strvals.ParseIntoString
			}
			alone := make(map[string]any)
			if parse(name+"="+text, alone) != nil || parse(name+"="+text, values) != nil {
				continue // Terraform refuses it too
			}
			eachLeaf("", alone, func(path string, leaf any) {
				places[path] = v.Range
				if s, isText := leaf.(string); isText && s != "" && (v.Sensitive || block == "set_sensitive") {
					hidden = append(hidden, s)
				}
			})
		}
	}
	if len(values) == 0 {
		return nil, nil
	}
	return settled("", values, body.Range, places), hidden
}

// settingOf writes a value as helm --set takes it.
func settingOf(v *located.Value) string {
	switch v.Kind {
	case located.Unknown:
		return terraform.Hole(v.Reason)
	case located.List:
		texts := make([]string, len(v.List))
		for i, e := range v.List {
			texts[i] = settingOf(e)
		}
		return "{" + strings.Join(texts, ",") + "}"
	default:
		text, _ := v.Text()
		return text
	}
}

func eachLeaf(path string, v any, do func(path string, leaf any)) {
	switch v := v.(type) {
	case map[string]any:
		for key, e := range v {
			eachLeaf(path+"\x00"+key, e, do)
		}
	case []any:
		for i, e := range v {
			eachLeaf(fmt.Sprintf("%s\x00%d", path, i), e, do)
		}
	default:
		do(path, v)
	}
}

// settled gives what strvals made its places.
func settled(path string, v any, at source.Range, places map[string]source.Range) *located.Value {
	out := &located.Value{Range: at}
	switch v := v.(type) {
	case map[string]any:
		out.Kind = located.Map
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out.Map = append(out.Map, located.Field{Key: key, KeyRange: at, Value: settled(path+"\x00"+key, v[key], at, places)})
		}
		return out
	case []any:
		out.Kind = located.List
		for i, e := range v {
			out.List = append(out.List, settled(fmt.Sprintf("%s\x00%d", path, i), e, at, places))
		}
		return out
	case nil:
	case bool:
		out.Kind, out.Bool = located.Bool, v
	case string:
		out.Kind, out.Str = located.String, v
	default:
		out.Kind, out.Str = located.Number, fmt.Sprint(v)
	}
	if r, ok := places[path]; ok {
		out.Range = r
	}
	return out
}

// placedAt gives all of v the place of the text that it was read from.
func placedAt(v *located.Value, at source.Range) *located.Value {
	out := *v
	out.Range = at
	out.List = slices.Clone(v.List)
	for i, e := range out.List {
		out.List[i] = placedAt(e, at)
	}
	out.Map = slices.Clone(v.Map)
	for i, f := range out.Map {
		out.Map[i] = located.Field{Key: f.Key, KeyRange: at, Value: placedAt(f.Value, at)}
	}
	return &out
}

func textsIn(v *located.Value) (texts []string) {
	if v.Kind == located.String && v.Str != "" {
		texts = append(texts, v.Str)
	}
	for _, e := range v.List {
		texts = append(texts, textsIn(e)...)
	}
	for _, f := range v.Map {
		texts = append(texts, textsIn(f.Value)...)
	}
	return texts
}

// hide returns v with the strings marked in which one of the texts stands.
func hide(v *located.Value, texts []string) *located.Value {
	if len(texts) == 0 {
		return v
	}
	out := *v
	out.Sensitive = v.Sensitive || v.Kind == located.String && slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(v.Str, s) })
	out.List = slices.Clone(v.List)
	for i, e := range out.List {
		out.List[i] = hide(e, texts)
	}
	out.Map = slices.Clone(v.Map)
	for i, f := range out.Map {
		out.Map[i].Value = hide(f.Value, texts)
	}
	return &out
}
