package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/pipeline"
	"github.com/egresslint/egresslint/internal/truth"
)

// PathDiff is how the paths of workloads differ between two states of the files.
type PathDiff struct {
	*pipeline.PathComparison
	Version    string // of egresslint
	Base, Head PathDiffSide
}

// PathDiffSide is one of the two states.
type PathDiffSide struct {
	Ref    string // as the user named it; empty for the work tree
	Commit string // id; empty for the work tree
	// MergeBase says that Commit is not Ref itself but where the two sides part.
	MergeBase bool
	// Complete says that everything in it could be analysed.
	Complete bool
	// Display returns what to print for a file of this state.
	Display func(name string) string
}

// name is the state in words.
func (s *PathDiffSide) name() string {
	if s.Commit == "" {
		return "the work tree"
	}
	if s.MergeBase {
		return fmt.Sprintf("the merge base with %s (%.10s)", s.Ref, s.Commit)
	}
	return fmt.Sprintf("%s (%.10s)", s.Ref, s.Commit)
}

// pathDiffWriters are the formats, in the order in which help texts list them.
var pathDiffWriters = []struct {
	name  string
	write func(io.Writer, *PathDiff) error
}{
	{"text", writePathDiffText},
	{"json", writePathDiffJSON},
	{"markdown", writePathDiffMarkdown},
}

// PathDiffFormats returns the names of the formats of [WritePathDiff].
func PathDiffFormats() []string {
	names := make([]string, len(pathDiffWriters))
	for i, w := range pathDiffWriters {
		names[i] = w.name
	}
	return names
}

// WritePathDiff writes d in the named format.
func WritePathDiff(w io.Writer, format string, d *PathDiff) error {
	i := slices.Index(PathDiffFormats(), format)
	if i < 0 {
		return fmt.Errorf("write paths: no format %q", format)
	}
	if err := pathDiffWriters[i].write(w, d); err != nil {
		return fmt.Errorf("write paths: %w", err)
	}
	return nil
}

// titles are the kinds of changes in words.
var titles = map[pipeline.PathChangeKind]string{
	pipeline.PathClosed:        "closed",
	pipeline.PathOpened:        "opened",
	pipeline.PathBecameUnknown: "became unknown",
	pipeline.PathBecameKnown:   "became known",
	pipeline.PathAdded:         "added",
	pipeline.PathRemoved:       "removed",
}

// groups calls each for the kinds of which there are changes.
func (d *PathDiff) groups(each func(title string, changes []pipeline.PathChange)) {
	rest := d.Changes
	for _, kind := range pipeline.PathChangeKinds() {
		n := d.Count(kind)
		if n > 0 {
			each(titles[kind], rest[:n])
		}
		rest = rest[n:]
	}
}

// summary is the outcome in one sentence.
func (d *PathDiff) summary() string {
	var counts []string
	for _, kind := range pipeline.PathChangeKinds() {
		if n := d.Count(kind); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, titles[kind]))
		}
	}
	if counts == nil {
		counts = []string{"no path differs"}
	}
	return fmt.Sprintf("Compared %s with %s: %s; %s unchanged.",
		d.Base.name(), d.Head.name(), strings.Join(counts, ", "), Plural(d.Unchanged, "path"))
}

// incomplete warns of states of which a part is missing; empty if none is.
func (d *PathDiff) incomplete() string {
	var names []string
	for _, side := range []*PathDiffSide{&d.Base, &d.Head} {
		if !side.Complete {
			names = append(names, side.name())
		}
	}
	if names == nil {
		return ""
	}
	return "Not everything could be analysed in " + strings.Join(names, " and in ") + ": paths may be missing there."
}

// workload names the workload of a change.
func (d *PathDiff) workload(c *pipeline.PathChange) string {
	w := &c.Workload
	name := w.Namespace + "/" + w.Name + "[" + w.Kind + "]"
	switch {
	case d.Namesakes && w.ClusterID != "":
		return w.Cluster + " (" + w.ClusterID + "): " + name
	case d.Clusters && w.Cluster != "":
		return w.Cluster + ": " + name
	default:
		return name
	}
}

// destination names the destination of a change with port and protocol.
func destination(c *pipeline.PathChange) string {
	name := c.Destination
	if c.Port == 0 {
		return name
	}
	if !strings.Contains(name, fmt.Sprintf(":%d", c.Port)) {
		name += fmt.Sprintf(" port %d", c.Port)
	}
	return name + "/" + c.Protocol
}

// words say what decides a verdict and where, each side with its own files.
func (s *PathDiffSide) words(v *pipeline.PathVerdict) (verdict, place string) {
	hop := &v.Hop
	switch v.Status {
	case truth.Blocked:
		if at := v.Place; !at.IsZero() {
			at.File = s.Display(at.File)
			place = at.String()
		}
		return "blocked by " + blocker(hop), place
	case truth.Unknown:
		detail := hop.Detail
		if hop.Doubted() {
			detail = "the vendor's documentation says that it drops the packet, and the files do not prove it"
		}
		if detail != "" {
			detail = ", " + detail
		}
		return "unknown: " + cmp.Or(hopNames[hop.Name], hop.Name) + detail, ""
	default:
		return "open", ""
	}
}

// hopNames are the hops in words.
var hopNames = map[string]string{
	"dns":                   "name resolution",
	"service":               "the Service",
	"load-balancer":         "the load balancer",
	"egress-policy":         "NetworkPolicies",
	"security-group":        "the security group",
	"network-acl":           "the network ACL",
	"route":                 "the route",
	"ipv6":                  "the way to IPv6 addresses",
	"nat":                   "the way to the Internet",
	"whitelist":             "the whitelist",
	"target-acl":            "the access control list of the listener",
	"target-security-group": "the destination's security group",
	"bucket-policy":         "the bucket policy",
	"ingress-policy":        "NetworkPolicies of the destination",
}

// blockers are what stops packets at a hop, by the hop's name and code, where the name
// of the hop does not say it.
var blockers = map[[2]string]string{
	{"dns", "security-group"}:          "the security group, on the way to the resolver",
	{"dns", "denied"}:                  "a policy that denies it, on the way to the resolver",
	{"dns", "host-network"}:            "the pod's DNS settings",
	{"dns", "default"}:                 "the pod's DNS settings",
	{"dns", "no-nameserver"}:           "the pod's DNS settings",
	{"egress-policy", "admin-deny"}:    "a policy that denies it",
	{"egress-policy", "baseline-deny"}: "a policy that denies it",
	{"egress-policy", "cilium-deny"}:   "a policy that denies it",
	{"network-acl", "ingress"}:         "the network ACL, which drops the replies",
	{"ipv6", ""}:                       "a missing way to IPv6 addresses",
	{"nat", "missing"}:                 "a missing SNAT entry",
	{"nat", "node-eip"}:                "a missing SNAT entry: only the nodes have public addresses",
	{"nat", "wrong-vswitch"}:           "an SNAT entry for other vSwitches",
	{"nat", "gateway-unusable"}:        "a NAT gateway without Internet access",
	{"nat", "eip-not-associated"}:      "an EIP that is not associated with the NAT gateway",
	{"nat", "route"}:                   "the route table",
	{"nat", "pod-eip"}:                 "a pod EIP annotation that does not work",
	{"whitelist", "wrong-vswitch"}:     "the whitelist, which has other vSwitches",
}

// blocker is what stops the packet in words.
func blocker(hop *model.Hop) string {
	if words, ok := blockers[[2]string{hop.Name, hop.Code}]; ok {
		return words
	}
	if hop.Name == "dns" {
		return "NetworkPolicies, on the way to the resolver"
	}
	return cmp.Or(hopNames[hop.Name], hop.Name)
}

// sides are the verdicts of a change in words, before and after; a side without the
// path is empty.
func (d *PathDiff) sides(c *pipeline.PathChange) (before, after [2]string) {
	if c.Before != nil {
		before[0], before[1] = d.Base.words(c.Before)
	}
	if c.After != nil {
		after[0], after[1] = d.Head.words(c.After)
	}
	return before, after
}

// capital begins an English word with a capital.
func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// writePathDiffText writes a line for each path.
func writePathDiffText(w io.Writer, d *PathDiff) error {
	var b strings.Builder
	located := func(side [2]string) string {
		if side[1] == "" {
			return Visible(side[0])
		}
		return Visible(side[0] + " (" + side[1] + ")")
	}
	d.groups(func(title string, changes []pipeline.PathChange) {
		b.WriteString(capital(title) + ":\n")
		for i := range changes {
			c := &changes[i]
			before, after := d.sides(c)
			verdict := located(before) + " -> " + located(after)
			switch {
			case c.Before == nil:
				verdict = located(after)
			case c.After == nil:
				verdict = "was " + located(before)
			}
			fmt.Fprintf(&b, "  %s -> %s: %s\n", lineStart(d.workload(c)), Visible(destination(c)), verdict)
		}
		b.WriteString("\n")
	})
	if text := d.incomplete(); text != "" {
		b.WriteString(Visible(text) + "\n")
	}
	b.WriteString(Visible(d.summary()) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}
