package trace_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/source"
)

func sortBy[T any](list []T, key func(T) string) {
	slices.SortFunc(list, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}

// describe renders what a model says, one line per fact, for people to read and
// tests to compare.
func describe(m *model.Model, diagnostics []source.Diagnostic) string {
	d := &describer{m: m}
	for _, c := range m.Clusters {
		d.line("cluster %s: %s, %s by %s, datapath %s, policies %s, vpc %q", c.ID, c.Kind, c.Plugin, c.PluginSource, c.Extensions.Alicloud.Datapath, c.Enforcement, c.VPC)
		for _, x := range c.Extensions.Alicloud.Mismatches {
			d.line("  mismatch %s %s", x.Code, d.at(x.Origin))
		}
	}
	for _, x := range m.InternetAccess {
		d.line("internet %s %s%s: %s %s%s", x.Cluster, x.Role, of(x.Scope), x.Status, x.Code, d.at(x.Origin))
		for _, v := range x.VSwitches {
			d.line("  %s %s: %s%s", v.Name, v.CIDR, v.Status, because(v.Reason))
		}
		d.list("  entry covers", x.EntryCovers)
		if x.Code == "missing" && x.OtherCovered {
			d.line("  all vSwitches of the other role are covered")
		}
		d.need(x.Need)
	}
	for _, x := range m.Translations {
		d.line("snat entry %s: %s %s %s%s for %v", x.Address, x.Status, x.Code, x.EIP, d.at(x.Origin), x.Clusters)
		d.list("  and not what the pods leave from of", x.WrongFor)
	}
	for _, x := range m.RouteBlocks {
		d.line("route %s of %s: %s %s%s", strings.Join(x.Tables, ", "), x.Role, x.Code, strings.Join(x.VSwitches, ", "), d.at(x.Origin))
		d.need(x.Need)
	}
	for _, x := range m.AllowListAccess {
		d.line("allow-list %s for %s %s%s: %s %s%s%s", x.Target, x.Cluster, x.Role, of(x.Scope), x.Status, x.Code, d.at(x.Origin), because(x.Reason))
		d.list("  uncovered", x.Uncovered)
		d.list("  wrong covers", x.WrongCovers)
		d.need(x.Need)
	}
	for _, t := range m.Targets {
		for _, e := range t.AllowList {
			if e.Open {
				d.line("open %s of %s: %s%s", e.Attribute, t.Address, e.Value, d.at(e.Origin))
			}
		}
	}
	for _, x := range m.SecurityGroupEgress {
		d.line("security groups %v of %s %s%s: %s %s%s", x.Groups, x.Cluster, x.Role, of(x.Scope), x.Code, x.Destination, d.at(x.Origin))
		d.list("  also", x.Also)
		d.need(x.Need)
	}
	for _, x := range m.PolicyEnforcement {
		d.line("policies not enforced in %s: %s %v%s", x.Cluster, x.Code, x.Policies, d.at(x.Origin))
		d.line("  because of%s", d.at(x.Cause))
		d.list("  on", x.Workloads)
	}
	for _, x := range m.UnsupportedPolicies {
		d.line("unsupported in %s: %s %s%s", x.Cluster, x.Kind, x.Name, d.at(x.Origin))
	}
	for _, x := range m.NameResolution {
		d.line("dns of %v in %s: udp %s, tcp %s, %s%s%s", x.Workloads, x.Namespace, x.UDP, x.TCP, x.Code, d.at(x.Origin), because(x.Denies))
		d.need(x.Need)
	}
	for _, x := range m.DNSPolicies {
		d.line("dns policy of %s: %s%s", x.Workload, x.Code, d.at(x.Origin))
		d.need(x.Need)
	}
	for _, x := range m.PolicyBlocks {
		d.line("policy stops %v to %s port %d/%s (%s, policies %s): %s%s, closest says %s", x.Workloads, x.Destination, x.Port, x.Protocol, x.Translated, x.Enforcement, x.Code, d.at(x.Origin), x.Says)
		d.list("  also", x.Also)
	}
	for _, x := range m.LoadBalancerAccess {
		d.line("load balancer %s from %s: %s %s%s", x.Service, x.Clients, x.Status, x.Code, d.at(x.Origin))
		d.need(x.Need)
	}
	for _, x := range m.ACLAccess {
		d.line("%s of %s port %d for %s %s: %s %s%s%s", x.List, x.Listener, x.Port, x.Cluster, x.Role, x.Status, x.Code, d.at(x.Origin), because(x.Reason))
		d.list("  uncovered", x.Uncovered)
		d.list("  wrong covers", x.WrongCovers)
	}
	for _, x := range m.SecurityGroupIngress {
		d.line("ingress of %s port %d/%s for %s %s: %s %s%s", x.Target, x.Port, x.Protocol, x.Cluster, x.Role, x.Status, x.Code, d.at(x.Origin))
		d.list("  uncovered", x.Uncovered)
		d.list("  wrong covers", x.WrongCovers)
	}
	for _, x := range m.NetworkACLBlocks {
		d.line("network acl %s stops %s of %s to %s: %s%s", x.ACL, x.Direction, strings.Join(x.VSwitches, ", "), x.Destination, x.Entry, d.at(x.Origin))
		d.list("  also", x.Also)
	}
	for _, x := range m.BucketPolicyBlocks {
		d.line("bucket policy %s for %s %s: %s lists %v, not %v%s", x.Bucket, x.Cluster, x.Role, x.Code, x.Listed, x.Uncovered, d.at(x.Origin))
	}
	for _, x := range m.Extensions.Alicloud.PodEIPs {
		d.line("pod eip of %s: %s %s%s", x.Workload, x.Annotation, x.Code, d.at(x.Origin))
	}
	for _, x := range m.IPv6Access {
		d.line("ipv6 of %v: %s%s", x.Workloads, x.Code, d.at(x.Origin))
	}
	for _, x := range m.Extensions.Alicloud.Injectors {
		d.line("injector of %s: %s %s %s%s", x.Workload, x.Annotation, x.Code, x.Target, d.at(x.Origin))
	}
	for _, p := range m.Paths {
		var hops []string
		for _, h := range p.Hops {
			hops = append(hops, strings.TrimSpace(h.Name+" "+string(h.Status)+" "+h.Code))
		}
		d.line("path %s -> %s (%s): %s [%s]", p.Workload, p.Destination, p.Strength, p.Status, strings.Join(hops, ", "))
	}
	for _, x := range diagnostics {
		d.line("diagnostic %s %s: %s", x.Kind, x.Range, x.Message)
	}
	return d.out.String()
}

type describer struct {
	m   *model.Model
	out strings.Builder
}

func (d *describer) line(format string, args ...any) {
	d.out.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (d *describer) list(name string, list []string) {
	if len(list) > 0 {
		d.line("%s %s", name, strings.Join(list, ", "))
	}
}

func (d *describer) need(n model.Need) {
	if n.Strength == model.None {
		return
	}
	for _, e := range n.Evidence {
		d.line("  needed (%s) by %s: %s%s", n.Strength, e.Workload, e.Destination, d.at(e.Origin))
	}
}

func (d *describer) at(o place.Origin) string {
	if o.Ref == 0 {
		return ""
	}
	return " @" + d.m.Origins[o.Ref].Range.String()
}

// of renders which pods a gate is about.
func of(scope string) string {
	if scope == "" {
		return ""
	}
	return " of " + scope
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}
