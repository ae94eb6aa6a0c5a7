package egress

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
	zones map[string][]member
	// groups are the security groups; nil if it names none. They are those of two keys,
	// which are nil if they are not written.
	groups    *ids
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
func readPodConfig(f *facts, c *cluster, config *kube.ConfigSource) *podConfig {
	text, ok := config.Get("eni_conf")
	if !ok {
		if config.Object.Root.Get("data", "eni_conf").IsUnknown() {
			return &podConfig{name: config.Object.Name, unknown: "the eni_conf of ConfigMap " + config.Object.Name + " is not in the files"}
		}
		return nil
	}
	p := &podConfig{name: config.Object.Name, origin: f.places.Object(config.Object, text.Value)}
	var conf eniConf
	var keys map[string]json.RawMessage
	if json.Unmarshal([]byte(text.Text), &conf) != nil || json.Unmarshal([]byte(text.Text), &keys) != nil {
		p.unknown = "the eni_conf of ConfigMap " + config.Object.Name + " cannot be read"
		return p
	}
	if _, ok := keys["vswitches"]; ok {
		p.zones = make(map[string][]member, len(conf.VSwitches))
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
	p.groups = &ids{at: p.origin}
	for _, key := range []*[]alicloud.Ident{p.many, p.one} {
		if key == nil {
			continue
		}
		for _, id := range *key {
			if !slices.ContainsFunc(p.groups.list, func(have alicloud.Ident) bool { return have.Key == id.Key }) {
				p.groups.list = append(p.groups.list, id)
			}
		}
	}
	if len(p.groups.list) == 0 {
		p.groups.unknown = "the eni_conf of ConfigMap " + p.name + " names no security group"
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
			p.groups.unknown = "the security_group of ConfigMap eni-config, which Terway adds to those of " + p.name + ", is not in the files"
		}
	case base.unknown != "":
		p.groups.unknown = base.unknown
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
func (p *podConfig) members() []member {
	zones := make([]string, 0, len(p.zones))
	for zone := range p.zones {
		zones = append(zones, zone)
	}
	slices.Sort(zones)
	var list []member
	for _, zone := range zones {
		for _, m := range p.zones[zone] {
			if !slices.ContainsFunc(list, func(have member) bool { return have.vswitch == m.vswitch }) {
				list = append(list, m)
			}
		}
	}
	return list
}

// over merges the configuration over a list of vSwitches, zone by zone as RFC 7396
// merges objects.
func (p *podConfig) over(base *sources) (list []member, unknown string) {
	switch {
	case p.unknown != "":
		return nil, p.unknown
	case p.zones == nil:
		return base.members, base.unknown
	}
	list = p.members()
	for _, m := range base.members {
		switch _, replaced := p.zones[m.vswitch.Zone]; {
		case m.vswitch.Zone == "":
			unknown = "the zone of " + m.vswitch.Name + " is not in the files, ConfigMap " + p.name + " may replace it"
		case !replaced && !slices.ContainsFunc(list, func(have member) bool { return have.vswitch == m.vswitch }):
			list = append(list, m)
		}
	}
	return list, cmp.Or(unknown, base.unknown)
}

// membersIn are the vSwitches that a Kubernetes object names.
func membersIn(f *facts, c *cluster, o *kubernetes.Object, list []string, at place.Origin) []member {
	var members []member
	for _, id := range list {
		if id != "" {
			members = append(members, member{vswitch: c.scope.VSwitch(idIn(f, c, o, id)), origin: at})
		}
	}
	return members
}

// groupsIn are the security groups that a Kubernetes object names; nil if it names
// none.
func groupsIn(f *facts, c *cluster, o *kubernetes.Object, list []string, at place.Origin) *ids {
	groups := &ids{at: at}
	for _, id := range list {
		if id != "" {
			groups.list = append(groups.list, idIn(f, c, o, id))
		}
	}
	if len(groups.list) == 0 {
		return nil
	}
	return groups
}

// idIn reads an id that stands in a Kubernetes object: that of a resource of the
// cluster's root, by reference where Terraform creates the object, or by the literal
// that a state or plan knows.
func idIn(f *facts, c *cluster, o *kubernetes.Object, text string) alicloud.Ident {
	v := &located.Value{Kind: located.String, Str: text}
	if born, ok := f.creators[o]; ok && born.scope != c.scope {
		v = alicloud.Adopt(v, born.scope.Root.ID(), c.scope.Root.ID())
	}
	id := c.scope.Ident(v)
	if res := c.scope.ByLiteral(text); id.Resource == nil && res != nil {
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
func (c *cluster) configMap(name string) (config *kube.ConfigSource, disputed bool) {
	for i, w := range c.worlds {
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
func applyPodConfig(f *facts, c *cluster) {
	undecided := func(name string) string {
		return "what is deployed together does not decide which " + name + " counts"
	}
	var base *podConfig
	if config, disputed := c.configMap(terwayConfigMap); disputed {
		base = &podConfig{unknown: undecided(terwayConfigMap)}
	} else if config != nil {
		base = readPodConfig(f, c, config)
	}
	if base != nil {
		switch {
		case base.unknown != "":
			c.base = sources{role: rolePod, unknown: base.unknown}
			c.podGroups = &ids{unknown: base.unknown}
		case base.zones != nil:
			c.base = sources{role: rolePod, members: base.members(), origin: base.origin}
		}
		if base.groups != nil {
			c.podGroups = base.groups
		}
	}
	for _, pool := range c.pools {
		name, ok := pool.labels["terway-config"]
		if !ok {
			continue
		}
		pool.pods = &podConfig{name: name, unknown: "ConfigMap " + name + ", which the label terway-config of " + pool.res.Address + " names, is not in the files"}
		key := "ConfigMap/" + kube.SystemNamespace + "/" + name
		if config, disputed := c.configMap(key); disputed {
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
			pool.pods.groups = &ids{unknown: pool.pods.unknown}
		}
	}
}

// spreadPods works out the pods' vSwitches from the configuration of the cluster and
// of its node pools.
func (c *cluster) spreadPods() {
	c.pod = sources{role: rolePod, origin: c.base.origin}
	if !slices.ContainsFunc(c.pools, func(p *nodePool) bool { return p.pods != nil }) {
		c.pod.members, c.pod.unknown = c.base.members, c.base.unknown
		if c.node.unknown == "" && c.pod.unknown == "" {
			c.pod.members = narrow(c.pod.members, c.node.members)
		}
	} else {
		c.pod.unknown = c.unattachedPools()
		for _, pool := range c.pools {
			members, unknown := c.podsOn(pool, pool.vswitches)
			c.pod.unknown = cmp.Or(c.pod.unknown, unknown)
			for _, m := range members {
				if !slices.ContainsFunc(c.pod.members, func(have member) bool { return have.vswitch == m.vswitch }) {
					c.pod.members = append(c.pod.members, m)
				}
			}
		}
	}
	if len(c.pod.members) == 0 && c.pod.unknown == "" {
		c.pod.unknown = "the cluster names no pod vSwitches"
	}
}

// podsOn are the vSwitches of plain pods on nodes of a pool, in some of the pool's
// vSwitches.
func (c *cluster) podsOn(pool *nodePool, nodes []*alicloud.VSwitch) (list []member, unknown string) {
	list, unknown = c.base.members, c.base.unknown
	if pool.pods != nil {
		list, unknown = pool.pods.over(&c.base)
	}
	if unknown != "" || pool.unknown != "" {
		return list, cmp.Or(unknown, pool.unknown)
	}
	var on []member
	for _, m := range c.node.members {
		if slices.Contains(nodes, m.vswitch) {
			on = append(on, m)
		}
	}
	return narrow(list, on), ""
}

// narrow drops pod vSwitches in zones without nodes and adds the node vSwitches of
// zones without pod vSwitches, where every zone is known: a Terway pod takes a pod
// vSwitch of its node's zone.
func narrow(pods, nodes []member) []member {
	podZones, nodeZones := make(map[string]bool), make(map[string]bool)
	for _, m := range pods {
		podZones[m.vswitch.Zone] = true
	}
	for _, m := range nodes {
		nodeZones[m.vswitch.Zone] = true
	}
	if podZones[""] || nodeZones[""] || len(nodeZones) == 0 {
		return pods
	}
	kept := slices.DeleteFunc(slices.Clone(pods), func(m member) bool { return !nodeZones[m.vswitch.Zone] })
	for _, m := range nodes {
		if !podZones[m.vswitch.Zone] && !slices.ContainsFunc(kept, func(have member) bool { return have.vswitch == m.vswitch }) {
			kept = append(kept, m)
		}
	}
	return kept
}
