package config

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"path"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/egresslint/egresslint/internal/finding"
)

// Print writes c as a configuration file in dir, a folder of the tree, with every
// key in its one place and the defaults of a run filled in. What Parse reads from
// it is c, but for the places.
func Print(w io.Writer, c *Config, dir string) error {
	p := printer{dir}
	doc := document{
		Paths:          p.names(c.Paths),
		Exclude:        p.globs(c.Exclude),
		Rules:          p.rules(c.Rules),
		PrivateDomains: c.PrivateDomains,
		FailOn:         cmp.Or(string(c.FailOn), finding.Error.String()),
		Unknowns:       string(cmp.Or(c.Unknowns, UnknownsNote)),
	}
	for _, cluster := range c.Clusters {
		doc.Clusters = append(doc.Clusters, p.cluster(cluster))
	}
	for _, s := range c.Stacks {
		vars := mapping()
		for _, v := range s.Vars {
			add(vars, v.Name, text(v.Value))
		}
		doc.Stacks = append(doc.Stacks, stackDocument{s.Name, p.name(s.Dir), p.names(s.VarFiles), filled(vars)})
	}
	for _, h := range c.Helm {
		doc.Helm = append(doc.Helm, chartDocument{p.name(h.Dir), h.Release, h.Namespace, p.names(h.Values)})
	}
	for _, r := range c.Requirements {
		doc.Requirements = append(doc.Requirements, requirementDocument{r.From, r.To})
	}
	for _, t := range c.Targets {
		allow := make([]netip.Prefix, len(t.Allow))
		for i, a := range t.Allow {
			allow[i] = a.CIDR
		}
		doc.Targets = append(doc.Targets, targetDocument{t.Name, t.Hosts, prefixes(t.Addresses), prefixes(allow)})
	}
	for _, s := range c.Suppressions {
		entry := suppressionDocument{Rules: s.Rules, Files: p.globs(s.Files), Address: s.Address, Reason: s.Reason}
		if !s.Until.IsZero() {
			entry.Until = text(s.Until.Format(dateLayout))
		}
		doc.Suppressions = append(doc.Suppressions, entry)
	}
	if c.Baseline.Name != "" {
		doc.Baseline = p.name(c.Baseline.Name)
	}
	for _, policy := range c.Policies {
		doc.Policies = append(doc.Policies, p.name(policy.Name))
	}

	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(doc); err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// document is a configuration file. The order of its fields is that of the keys.
type document struct {
	Paths          []string              `yaml:"paths,omitempty"`
	Exclude        []string              `yaml:"exclude,omitempty"`
	Rules          *yaml.Node            `yaml:"rules,omitempty"`
	Clusters       []clusterDocument     `yaml:"clusters,omitempty"`
	Stacks         []stackDocument       `yaml:"stacks,omitempty"`
	Helm           []chartDocument       `yaml:"helm,omitempty"`
	Requirements   []requirementDocument `yaml:"requirements,omitempty"`
	Targets        []targetDocument      `yaml:"targets,omitempty"`
	PrivateDomains []string              `yaml:"privateDomains,omitempty"`
	Suppressions   []suppressionDocument `yaml:"suppressions,omitempty"`
	Baseline       string                `yaml:"baseline,omitempty"`
	Policies       []string              `yaml:"policies,omitempty"`
	FailOn         string                `yaml:"failOn"`
	Unknowns       string                `yaml:"unknowns"`
}

type clusterDocument struct {
	Name      string           `yaml:"name"`
	Terraform string           `yaml:"terraform,omitempty"`
	Manifests []string         `yaml:"manifests,omitempty"`
	Network   *networkDocument `yaml:"network,omitempty"`
	Internet  *bool            `yaml:"internet,omitempty"`
}

type networkDocument struct {
	Plugin        string `yaml:"plugin,omitempty"`
	Datapath      string `yaml:"datapath,omitempty"`
	NetworkPolicy any    `yaml:"networkPolicy,omitempty"`
}

type stackDocument struct {
	Name     string     `yaml:"name"`
	Dir      string     `yaml:"dir"`
	VarFiles []string   `yaml:"varFiles,omitempty"`
	Vars     *yaml.Node `yaml:"vars,omitempty"`
}

type chartDocument struct {
	Chart     string   `yaml:"chart"`
	Release   string   `yaml:"release,omitempty"`
	Namespace string   `yaml:"namespace,omitempty"`
	Values    []string `yaml:"values,omitempty"`
}

type requirementDocument struct {
	From string   `yaml:"from"`
	To   []string `yaml:"to"`
}

type targetDocument struct {
	Name      string   `yaml:"name"`
	Hosts     []string `yaml:"hosts,omitempty"`
	Addresses []string `yaml:"addresses,omitempty"`
	Allow     []string `yaml:"allow,omitempty"`
}

type suppressionDocument struct {
	Rules   []string   `yaml:"rules"`
	Files   []string   `yaml:"files,omitempty"`
	Address string     `yaml:"address,omitempty"`
	Reason  string     `yaml:"reason,omitempty"`
	Until   *yaml.Node `yaml:"until,omitempty"`
}

// printer writes names relative to a folder of the tree.
type printer struct{ dir string }

func (p printer) name(name string) string {
	rel, err := filepath.Rel(filepath.FromSlash(p.dir), filepath.FromSlash(name))
	if err != nil { // both are relative to the tree
		return name
	}
	return filepath.ToSlash(rel)
}

func (p printer) names(names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, p.name(name))
	}
	return out
}

// pattern is name for a glob, whose folder was escaped when it was read.
func (p printer) pattern(glob string) string {
	return strings.TrimPrefix(glob, EscapeGlob(path.Clean(p.dir))+"/")
}

func (p printer) globs(globs []Glob) []string {
	var out []string
	for _, g := range globs {
		out = append(out, g.Text)
	}
	return out
}

func (p printer) rules(rules []Rule) *yaml.Node {
	all := mapping()
	for _, r := range rules {
		one := mapping()
		switch {
		case r.Off:
			add(one, "severity", text("off"))
		case r.Severity != 0:
			add(one, "severity", text(r.Severity.String()))
		}
		parameters := mapping()
		for _, parameter := range r.Parameters {
			var value yaml.Node
			if err := value.Encode(parameter.Value); err == nil { // what JSON has can be encoded
				add(parameters, parameter.Name, &value)
			}
		}
		if len(parameters.Content) > 0 {
			add(one, "parameters", parameters)
		}
		add(all, r.ID, one)
	}
	return filled(all)
}

func (p printer) cluster(c Cluster) clusterDocument {
	doc := clusterDocument{Name: c.Name, Terraform: c.Terraform, Internet: c.Internet}
	if c.Terraform != "" && !address.MatchString(c.Terraform) {
		dir, rest, found := strings.Cut(c.Terraform, ":")
		if doc.Terraform = p.name(dir); found {
			doc.Terraform += ":" + rest
		}
	}
	for _, glob := range c.Manifests {
		doc.Manifests = append(doc.Manifests, p.pattern(glob))
	}
	network := networkDocument{Plugin: c.Network.Plugin, Datapath: c.Network.Datapath}
	switch {
	case len(c.Network.Enforces) > 0:
		network.NetworkPolicy = map[string][]string{"enforces": c.Network.Enforces}
	case c.Network.NetworkPolicy != "":
		network.NetworkPolicy = c.Network.NetworkPolicy
	}
	if network.Plugin != "" || network.Datapath != "" || network.NetworkPolicy != nil {
		doc.Network = &network
	}
	return doc
}

func prefixes(list []netip.Prefix) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.String())
	}
	return out
}

func mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }

// filled is a mapping, or nil if it is empty.
func filled(m *yaml.Node) *yaml.Node {
	if len(m.Content) == 0 {
		return nil
	}
	return m
}

func add(m *yaml.Node, key string, value *yaml.Node) {
	m.Content = append(m.Content, text(key), value)
}

func text(s string) *yaml.Node {
	var n yaml.Node
	n.SetString(s)
	return &n
}
