package trace

import (
	"net/netip"
	"slices"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
)

// coverage is how far something admits packets of several sources: the entries of a NAT
// gateway, a list, the rules of groups, a bucket policy.
type coverage struct {
	verdicts           []truth.Verdict // on each source
	reasons            []string        // why a verdict is not the plain one, or unknown
	covered, uncovered []string        // the sources that are admitted, and that are not
	// status is the verdict over all; reason says why it is unknown.
	status truth.Verdict
	reason string
	// more says why there may be other sources.
	more string
}

// cover asks for each source whether something admits packets from it. More says why
// there may be other sources; nothing is decided where none is known.
func cover[T any](list []T, more string, label func(T) string, admits func(T) (truth.Verdict, string)) coverage {
	c := coverage{covered: []string{}, uncovered: []string{}, status: truth.Unknown, more: more}
	for _, source := range list {
		verdict, reason := admits(source)
		c.verdicts, c.reasons = append(c.verdicts, verdict), append(c.reasons, reason)
		switch verdict {
		case truth.Open:
			c.covered = append(c.covered, label(source))
		case truth.Blocked:
			c.uncovered = append(c.uncovered, label(source))
		default:
			c.reason = reason
		}
	}
	if len(list) > 0 {
		c.status = truth.Sum(c.verdicts, more != "")
	}
	if more != "" && c.status == truth.Unknown {
		c.reason = more
	}
	return c
}

// coverMembers asks for each vSwitch of sources.
func coverMembers(src *world.Sources, admits func(world.Member) (truth.Verdict, string)) coverage {
	return cover(src.Members, src.Unknown, func(m world.Member) string { return m.VSwitch.Label() }, admits)
}

// none reports whether certainly nothing is admitted.
func (c *coverage) none() bool { return c.status == truth.Blocked && c.more == "" }

// admission says which vSwitches something admits, and whether it is meant for the pods
// of a pod CIDR.
type admission struct {
	vswitch func(*alicloud.VSwitch) bool
	podCIDR func(netip.Prefix) bool
}

// byCIDR admits the vSwitches inside a CIDR. One that lies in a cluster's pod CIDR is
// meant for its pods.
func byCIDR(cidr netip.Prefix) admission {
	return admission{
		func(v *alicloud.VSwitch) bool { return v.CIDR.IsValid() && ipset.Covers(cidr, v.CIDR) },
		func(pods netip.Prefix) bool { return ipset.Covers(pods, cidr) },
	}
}

// wrongCovers are those of the cluster's other kind of sources that something admits:
// the node vSwitches under Terway, the pod vSwitches or the pod CIDR under Flannel.
func wrongCovers(c *world.Cluster, role string, by admission) []string {
	var covers []string
	for _, v := range wrongVSwitches(c, role) {
		if by.vswitch(v) {
			covers = append(covers, v.Label())
		}
	}
	if cidr, ok := ipset.Parse(c.PodCIDR); ok && c.Plugin == world.PluginFlannel && by.podCIDR(cidr) {
		covers = append(covers, "the pod CIDR "+cidr.String())
	}
	return covers
}

// wrongVSwitches are the vSwitches of a cluster that packets of a role do not leave
// from, and packets of the other do.
func wrongVSwitches(c *world.Cluster, role string) []*alicloud.VSwitch {
	right := &c.Pod
	var candidates []*alicloud.VSwitch
	if role == world.RoleNode {
		right = &c.Node
		list, _ := c.Scope.Idents(c.Res.Body.Get("pod_vswitch_ids"))
		for _, id := range list {
			candidates = append(candidates, c.Scope.VSwitch(id))
		}
	} else {
		candidates = world.VSwitchesOf(c.Node.Members)
	}
	return slices.DeleteFunc(candidates, func(v *alicloud.VSwitch) bool {
		return slices.ContainsFunc(right.Members, func(m world.Member) bool { return m.VSwitch == v })
	})
}

// sorted is a list in order, each once.
func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
