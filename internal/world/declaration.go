package world

import (
	"cmp"
	"slices"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/internal/requirement"
	"github.com/egresslint/egresslint/internal/secret"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// DeclarationAnnotation is where users declare what a workload needs to reach.
const DeclarationAnnotation = "egresslint.io/egress"

// unmatchedRequirements tells of requirements of the configuration that are about no
// workload.
func unmatchedRequirements(f *Facts, worlds []*World, n *Notes) {
	for i := range f.options.Requirements {
		config := &f.options.Requirements[i]
		if !slices.ContainsFunc(worlds, func(w *World) bool {
			return slices.ContainsFunc(w.Workloads, func(wl *kube.Workload) bool { return wl.Matches(config.From) })
		}) {
			n.diagnose(source.Diagnostic{
				Kind: source.UnmatchedEntry, Range: config.At,
				Message: "match requirement: no workload that was read is " + config.From,
			})
		}
	}
}

// declarations reads the annotation on the workload, its pods and its namespace,
// and the configuration.
func (c *collector) declarations() {
	holders := []struct {
		obj *kubernetes.Object
		v   *located.Value
	}{
		{c.wl.Object, c.wl.Object.Root.Get("metadata", "annotations", DeclarationAnnotation)},
		{c.wl.Object, c.wl.Template.Get("annotations", DeclarationAnnotation)},
	}
	if ns := c.w.Namespaces[c.wl.Namespace]; ns != nil {
		holders = append(holders, struct {
			obj *kubernetes.Object
			v   *located.Value
		}{ns, ns.Root.Get("metadata", "annotations", DeclarationAnnotation)})
	}
	for _, h := range holders {
		text, ok := h.v.Text()
		if !ok {
			continue
		}
		items, err := requirement.ParseDeclaration(text)
		shown := secret.At(h.v, "a host in the annotation "+DeclarationAnnotation)
		if err != nil {
			message := err.Error()
			if shown != "" {
				message = "read egress item: one of them cannot be read; it is sensitive and not shown"
			}
			c.notes.diagnose(source.Diagnostic{Kind: source.InvalidObject, Range: h.v.Range, Message: message})
		}
		for _, item := range items {
			c.declare(item, c.facts.Places.Object(h.obj, h.v), shown)
		}
	}
	for _, config := range c.facts.options.Requirements {
		if !c.wl.Matches(config.From) {
			continue
		}
		for _, to := range config.To {
			items, err := requirement.ParseDeclaration(to)
			if err != nil {
				c.notes.diagnose(source.Diagnostic{Kind: source.InvalidObject, Range: config.At, Message: err.Error()})
			}
			for _, item := range items {
				c.declare(item, c.facts.Places.Add(place.Place{Range: config.At, Address: "requirements"}), "")
			}
		}
	}
}

// declare adds a declared item; shown stands for it where it must not be printed.
func (c *collector) declare(item requirement.Declared, origin place.Origin, shown string) {
	r := &Need{Strength: model.Declared, Origin: origin, Protocol: cmp.Or(item.Protocol, requirement.TCP), Port: item.Port, Shown: shown}
	switch {
	case item.Internet:
		r.Kind, r.Anywhere, r.Host = ToInternet, true, "internet"
	case item.Internet6:
		r.Kind, r.Anywhere6, r.Host = ToInternet, true, "internet6"
	case item.Kind == "service":
		r.Host = item.Name
		if s := c.w.Services[c.wl.Namespace+"/"+item.Name]; s != nil {
			meetService(c, r, s)
		} else {
			r.Kind = toName
		}
	case item.Kind != "":
		r.Kind, r.Host = toName, item.Kind+"/"+item.Name
		if t := namedTarget(c.facts, c.w, item.Kind, item.Name); t != nil {
			meetTarget(c, r, t)
		}
		c.addRange(r, item.PortEnd)
		return
	case item.Prefix.IsValid():
		r.Prefix, r.Kind = item.Prefix, ToAddress
		if ipset.IsPublic(item.Prefix.Addr()) {
			r.Kind = ToInternet
		}
		c.addRange(r, item.PortEnd)
		return
	default:
		c.endpoint(item.Endpoint, model.Declared, origin, shown)
		if last := item.Endpoint; last.PortEnd != 0 {
			last.Port = last.PortEnd
			c.endpoint(last, model.Declared, origin, shown)
		}
		return
	}
	c.add(r)
}

// addRange adds a requirement for both ends of a range of ports.
func (c *collector) addRange(r *Need, last int) {
	c.add(r)
	if last != 0 {
		end := *r
		end.Port = last
		c.add(&end)
	}
}
