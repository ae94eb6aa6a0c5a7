package world

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// The ConfigMaps that give pods their vSwitches and security groups: eni-config of
// the whole cluster, those that node pools name by a label and that are merged into
// it, and the profiles of virtual nodes (vendor's pages on Terway's configuration,
// on its configuration per node pool, and on eci-profile and acs-profile).

// podConfig is what a ConfigMap of Terway says of pods' vSwitches and security
// groups.
type podConfig struct {
	name string
	// zones are the vSwitches by zone; nil if it names none.
	zones map[string][]Member
	// groups are the security groups; nil if it names none. They are those of two keys,
	// which are nil if they are not written.
	groups    *IDs
	one, many *[]alicloud.Ident
	// unknown says why it cannot be read.
	unknown string
	origin  place.Origin
}

// eniConf is the part of eni_conf that decides where packets come from.
type eniConf struct {
	VSwitches      map[string][]string `json:"vswitches"`
	SecurityGroup  string              `json:"security_group"`
	SecurityGroups []string            `json:"security_groups"`
}

// readPodConfig reads the eni_conf of a ConfigMap; nil if it has none.
func readPodConfig(f *Facts, c *Cluster, config *kube.ConfigSource) *podConfig {
	text, ok := config.Get("eni_conf")
	if !ok {
		if config.Object.Root.Get("data", "eni_conf").IsUnknown() {
			return &podConfig{name: config.Object.Name, unknown: "the eni_conf of ConfigMap " + config.Object.Name + " is not in the files"}
		}
		return nil
	}
	p := &podConfig{name: config.Object.Name, origin: f.Places.Object(config.Object, text.Value)}
	var conf eniConf
	var keys map[string]json.RawMessage
	if json.Unmarshal([]byte(text.Text), &conf) != nil || json.Unmarshal([]byte(text.Text), &keys) != nil {
		p.unknown = "the eni_conf of ConfigMap " + config.Object.Name + " cannot be read"
		return p
	}
	if _, ok := keys["vswitches"]; ok {
		p.zones = make(map[string][]Member, len(conf.VSwitches))
		for zone, list := range conf.VSwitches {
			// What names none removes the zone from the configuration that this is merged into.
			if members := membersIn(f, c, config.Object, list, p.origin); len(members) > 0 || len(list) == 0 {
				p.zones[zone] = members
			}
		}
		if len(p.zones) == 0 {
			p.unknown = "the eni_conf of ConfigMap " + config.Object.Name + " names no vSwitches"
		}
	}
	named := func(key string, list ...string) *[]alicloud.Ident {
		if _, ok := keys[key]; !ok {
			return nil
		}
		found := []alicloud.Ident{}
		for _, id := range list {
			if id != "" {
				found = append(found, idIn(f, c, config.Object, id))
			}
		}
		return &found
	}
	p.many = named("security_groups", conf.SecurityGroups...)
	p.one = named("security_group", conf.SecurityGroup)
	p.joinGroups()
	return p
}

// joinGroups makes the security groups of both keys: Terway uses them together.
func (p *podConfig) joinGroups() {
	if p.one == nil && p.many == nil {
		return
	}
	p.groups = &IDs{At: p.origin}
	for _, key := range []*[]alicloud.Ident{p.many, p.one} {
		if key == nil {
			continue
		}
		for _, id := range *key {
			if !slices.ContainsFunc(p.groups.List, func(have alicloud.Ident) bool { return have.Key == id.Key }) {
				p.groups.List = append(p.groups.List, id)
			}
		}
	}
	if len(p.groups.List) == 0 {
		p.groups.Unknown = "the eni_conf of ConfigMap " + p.name + " names no security group"
	}
}

// mergeGroups takes over the key for security groups that only the configuration of the
// cluster has: RFC 7396 merges key by key. Base is nil if that is not in the files; it
// then has security_group, with which ACK creates it.
func (p *podConfig) mergeGroups(base *podConfig) {
	switch {
	case p.groups == nil || p.one != nil && p.many != nil:
	case base == nil:
		if p.one == nil {
			p.groups.Unknown = "the security_group of ConfigMap eni-config, which Terway adds to those of " + p.name + ", is not in the files"
		}
	case base.unknown != "":
		p.groups.Unknown = base.unknown
	default:
		if p.one == nil {
			p.one = base.one
		}
		if p.many == nil {
			p.many = base.many
		}
		p.joinGroups()
	}
}

// members are the vSwitches of all zones, by zone.
func (p *podConfig) members() []Member {
	zones := make([]string, 0, len(p.zones))
	for zone := range p.zones {
		zones = append(zones, zone)
	}
	slices.Sort(zones)
	var list []Member
	for _, zone := range zones {
		for _, m := range p.zones[zone] {
			if !slices.ContainsFunc(list, func(have Member) bool { return have.VSwitch == m.VSwitch }) {
				list = append(list, m)
			}
		}
	}
	return list
}

// over merges the configuration over a list of vSwitches, zone by zone as RFC 7396
// merges objects.
func (p *podConfig) over(base *Sources) (list []Member, unknown string) {
	switch {
	case p.unknown != "":
		return nil, p.unknown
	case p.zones == nil:
		return base.Members, base.Unknown
	}
	list = p.members()
	for _, m := range base.Members {
		switch _, replaced := p.zones[m.VSwitch.Zone]; {
		case m.VSwitch.Zone == "":
			unknown = "the zone of " + m.VSwitch.Name + " is not in the files, ConfigMap " + p.name + " may replace it"
		case !replaced && !slices.ContainsFunc(list, func(have Member) bool { return have.VSwitch == m.VSwitch }):
			list = append(list, m)
		}
	}
	return list, cmp.Or(unknown, base.Unknown)
}

// membersIn are the vSwitches that a Kubernetes object names.
func membersIn(f *Facts, c *Cluster, o *kubernetes.Object, list []string, at place.Origin) []Member {
	var members []Member
	for _, id := range list {
		if id != "" {
			members = append(members, Member{VSwitch: c.Scope.VSwitch(idIn(f, c, o, id)), Origin: at})
		}
	}
	return members
}

// groupsIn are the security groups that a Kubernetes object names; nil if it names
// none.
func groupsIn(f *Facts, c *Cluster, o *kubernetes.Object, list []string, at place.Origin) *IDs {
	groups := &IDs{At: at}
	for _, id := range list {
		if id != "" {
			groups.List = append(groups.List, idIn(f, c, o, id))
		}
	}
	if len(groups.List) == 0 {
		return nil
	}
	return groups
}

// idIn reads an id that stands in a Kubernetes object: that of a resource of the
// cluster's root, by reference where Terraform creates the object, or by the literal
// that a state or plan knows.
func idIn(f *Facts, c *Cluster, o *kubernetes.Object, text string) alicloud.Ident {
	v := &located.Value{Kind: located.String, Str: text}
	if born, ok := f.creators[o]; ok && born.scope != c.Scope {
		v = alicloud.Adopt(v, born.scope.Root.ID(), c.Scope.Root.ID())
	}
	id := c.Scope.Ident(v)
	if res := c.Scope.ByLiteral(text); id.Resource == nil && res != nil {
		return alicloud.Ident{Key: res.Address, Resource: res}
	}
	if !id.Known() {
		return alicloud.Ident{Key: "id:" + located.Display(text)}
	}
	return id
}

// configMap is the ConfigMap of a name that the manifests of a cluster have; nil if none
// does. It is disputed if some that may be deployed without the others have it and some
// do not, or with another content: unlike the plug-in, vSwitches and security groups are
// those of one environment.
func configMap(c *Cluster, name string) (config *kube.ConfigSource, disputed bool) {
	for i, w := range c.Worlds {
		other := w.configs[name]
		switch {
		case i == 0:
			config = other
		case config == nil || other == nil:
			disputed = disputed || config != other
		case !sameContent(config.Object.Root, other.Object.Root):
			disputed = true
		}
	}
	return config, disputed
}

// applyPodConfig lets the ConfigMaps of the manifests decide the vSwitches and
// security groups of a Terway cluster's pods.
func applyPodConfig(f *Facts, c *Cluster) {
	undecided := func(name string) string {
		return "what is deployed together does not decide which " + name + " counts"
	}
	var base *podConfig
	if config, disputed := configMap(c, terwayConfigMap); disputed {
		base = &podConfig{unknown: undecided(terwayConfigMap)}
	} else if config != nil {
		base = readPodConfig(f, c, config)
	}
	if base != nil {
		switch {
		case base.unknown != "":
			c.base = Sources{Role: RolePod, Unknown: base.unknown}
			c.podGroups = &IDs{Unknown: base.unknown}
		case base.zones != nil:
			c.base = Sources{Role: RolePod, Members: base.members(), Origin: base.origin}
		}
		if base.groups != nil {
			c.podGroups = base.groups
		}
	}
	for _, pool := range c.Pools {
		name, ok := pool.labels["terway-config"]
		if !ok {
			continue
		}
		pool.pods = &podConfig{name: name, unknown: "ConfigMap " + name + ", which the label terway-config of " + pool.Res.Address + " names, is not in the files"}
		key := "ConfigMap/" + kube.SystemNamespace + "/" + name
		if config, disputed := configMap(c, key); disputed {
			pool.pods.unknown = undecided(key)
		} else if config != nil {
			if p := readPodConfig(f, c, config); p != nil {
				pool.pods = p
				p.mergeGroups(base)
			} else {
				pool.pods = &podConfig{name: name}
			}
		}
		if pool.pods.groups == nil && pool.pods.unknown != "" {
			pool.pods.groups = &IDs{Unknown: pool.pods.unknown}
		}
	}
}

// spreadPods works out the pods' vSwitches from the configuration of the cluster and
// of its node pools.
func spreadPods(c *Cluster) {
	c.Pod = Sources{Role: RolePod, Origin: c.base.Origin}
	if !slices.ContainsFunc(c.Pools, func(p *NodePool) bool { return p.pods != nil }) {
		c.Pod.Members, c.Pod.Unknown = c.base.Members, c.base.Unknown
		if c.Node.Unknown == "" && c.Pod.Unknown == "" {
			c.Pod.Members = narrow(c.Pod.Members, c.Node.Members)
		}
	} else {
		c.Pod.Unknown = c.unattachedPools()
		for _, pool := range c.Pools {
			members, unknown := podsOn(c, pool, pool.vswitches)
			c.Pod.Unknown = cmp.Or(c.Pod.Unknown, unknown)
			for _, m := range members {
				if !slices.ContainsFunc(c.Pod.Members, func(have Member) bool { return have.VSwitch == m.VSwitch }) {
					c.Pod.Members = append(c.Pod.Members, m)
				}
			}
		}
	}
	if len(c.Pod.Members) == 0 && c.Pod.Unknown == "" {
		c.Pod.Unknown = "the cluster names no pod vSwitches"
	}
}

// podsOn are the vSwitches of plain pods on nodes of a pool, in some of the pool's
// vSwitches.
func podsOn(c *Cluster, pool *NodePool, nodes []*alicloud.VSwitch) (list []Member, unknown string) {
	list, unknown = c.base.Members, c.base.Unknown
	if pool.pods != nil {
		list, unknown = pool.pods.over(&c.base)
	}
	if unknown != "" || pool.unknown != "" {
		return list, cmp.Or(unknown, pool.unknown)
	}
	var on []Member
	for _, m := range c.Node.Members {
		if slices.Contains(nodes, m.VSwitch) {
			on = append(on, m)
		}
	}
	return narrow(list, on), ""
}

// narrow drops pod vSwitches in zones without nodes and adds the node vSwitches of
// zones without pod vSwitches, where every zone is known: a Terway pod takes a pod
// vSwitch of its node's zone.
func narrow(pods, nodes []Member) []Member {
	podZones, nodeZones := make(map[string]bool), make(map[string]bool)
	for _, m := range pods {
		podZones[m.VSwitch.Zone] = true
	}
	for _, m := range nodes {
		nodeZones[m.VSwitch.Zone] = true
	}
	if podZones[""] || nodeZones[""] || len(nodeZones) == 0 {
		return pods
	}
	kept := slices.DeleteFunc(slices.Clone(pods), func(m Member) bool { return !nodeZones[m.VSwitch.Zone] })
	for _, m := range nodes {
		if !podZones[m.VSwitch.Zone] && !slices.ContainsFunc(kept, func(have Member) bool { return have.VSwitch == m.VSwitch }) {
			kept = append(kept, m)
		}
	}
	return kept
}
