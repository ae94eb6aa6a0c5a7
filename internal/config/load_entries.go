package config

import (
	"encoding/json"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"
)

// dateLayout is how days are written: 2027-01-31.
const dateLayout = time.DateOnly

func (d *decoder) chart(n *yaml.Node) Chart {
	c := Chart{At: d.at(n)}
	d.mapping(n, "a chart", []field{
		{"chart", func(_, v *yaml.Node) { c.Dir = d.chartDir(v) }},
		{"release", func(_, v *yaml.Node) { c.Release = d.text(v) }},
		{"namespace", func(_, v *yaml.Node) { c.Namespace = d.text(v) }},
		{"values", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				if name := d.existing(e, "file"); name != "" {
					c.Values = append(c.Values, name)
				}
			}
		}},
	}, "chart")
	return c
}

// chartDir reads the folder of a chart.
func (d *decoder) chartDir(n *yaml.Node) string {
	mistakes := len(d.errs)
	dir := d.existing(n, "folder")
	if d.tree == nil || dir == "" || len(d.errs) > mistakes {
		return dir
	}
	const chartFile = "Chart.yaml"
	if info, err := d.tree.Stat(path.Join(dir, chartFile)); err != nil || info.IsDir() {
		d.errorf(resolve(n), "use chart%s: the folder has no %s", d.value(resolve(n).Value), chartFile)
	}
	return dir
}

// hostPattern matches host names whose first label may be *.
var hostPattern = regexp.MustCompile(`^(\*\.)?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$`)

func (d *decoder) target(n *yaml.Node) Target {
	t := Target{At: d.at(n)}
	mistakes := len(d.errs)
	d.mapping(n, "a target", []field{
		{"name", func(_, v *yaml.Node) { t.Name = d.text(v) }},
		{"hosts", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				switch s := d.text(e); {
				case s == "":
				case !hostPattern.MatchString(s):
					d.errorf(resolve(e), "read host%s: want a full host name such as api.partner.com or *.partner.com", d.value(s))
				default:
					t.Hosts = append(t.Hosts, s)
				}
			}
		}},
		{"addresses", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				if prefix := d.prefix(e); prefix.IsValid() {
					t.Addresses = append(t.Addresses, prefix)
				}
			}
		}},
		{"allow", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				if prefix := d.prefix(e); prefix.IsValid() {
					t.Allow = append(t.Allow, AllowEntry{CIDR: prefix, At: d.at(resolve(e))})
				}
			}
		}},
	}, "name")
	if len(d.errs) == mistakes && len(t.Hosts) == 0 && len(t.Addresses) == 0 {
		d.errorf(resolve(n), "a target needs hosts or addresses")
	}
	return t
}

// prefix reads an address or a CIDR, which must not have bits beyond its mask.
func (d *decoder) prefix(n *yaml.Node) netip.Prefix {
	s := d.text(n)
	if s == "" {
		return netip.Prefix{}
	}
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr, addr.BitLen())
	}
	prefix, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		d.errorf(resolve(n), "read%s: want an address or a CIDR, such as 203.0.113.7 or 203.0.113.0/24", d.value(s))
		return netip.Prefix{}
	case prefix != prefix.Masked():
		d.errorf(resolve(n), "read CIDR%s: it has bits beyond its mask, did you mean \"%s\"?", d.value(s), d.word(prefix.Masked().String(), "…"))
		return netip.Prefix{}
	}
	return prefix
}

func (d *decoder) suppression(n *yaml.Node) Suppression {
	s := Suppression{At: d.at(n)}
	mistakes := len(d.errs)
	d.mapping(n, "a suppression", []field{
		{"rules", func(_, v *yaml.Node) {
			for _, e := range d.list(v) {
				switch id := d.text(e); {
				case id == "":
				case !slices.Contains(d.rules, id):
					d.errorf(resolve(e), "no rule%s%s", d.value(id), DidYouMean(id, d.rules))
				default:
					s.Rules = append(s.Rules, id)
				}
			}
		}},
		{"files", func(_, v *yaml.Node) { s.Files = d.globs(v) }},
		{"address", func(_, v *yaml.Node) { s.Address = d.text(v) }},
		{"reason", func(_, v *yaml.Node) { s.Reason = d.text(v) }},
		{"until", func(_, v *yaml.Node) {
			text := d.text(v)
			if text == "" {
				return
			}
			var err error
			if s.Until, err = time.Parse(dateLayout, text); err != nil {
				d.errorf(resolve(v), "read date%s: want a day as in 2027-01-31", d.value(text))
			}
		}},
	}, "rules")
	switch {
	case len(d.errs) > mistakes:
	case len(s.Rules) == 0:
		d.errorf(resolve(n), "a suppression needs at least one rule")
	case len(s.Files) == 0 && s.Address == "":
		d.errorf(resolve(n), "a suppression needs files or address: to silence a rule everywhere, set its severity to off")
	}
	return s
}

// parameters reads the values of a rule's parameters. What a rule knows is checked
// where the rules are at hand.
func (d *decoder) parameters(n *yaml.Node) []Parameter {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		d.errorf(n, "read parameters: want a mapping of names to values, found %s", d.kind(n))
		return nil
	}
	var out []Parameter
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], resolve(n.Content[i+1])
		if slices.ContainsFunc(out, func(p Parameter) bool { return p.Name == key.Value }) {
			d.errorf(key, "key%s is there twice in parameters", d.key(key.Value))
			continue
		}
		p := Parameter{Name: key.Value, At: d.at(key)}
		if value.Kind == yaml.SequenceNode {
			list := []any{}
			for _, e := range value.Content {
				list = append(list, d.scalar(e))
			}
			p.Value = list
		} else {
			p.Value = d.scalar(value)
		}
		out = append(out, p)
	}
	return out
}

// scalar reads a text, a number or a truth value.
func (d *decoder) scalar(n *yaml.Node) any {
	n = resolve(n)
	if n.Kind == yaml.ScalarNode {
		switch n.ShortTag() {
		case "!!str":
			return n.Value
		case "!!bool", "!!int", "!!float":
			// What YAML has beyond JSON, such as .inf, has no meaning for a rule.
			var value any
			if err := n.Decode(&value); err == nil {
				if text, err := json.Marshal(value); err == nil && json.Unmarshal(text, &value) == nil {
					return value
				}
			}
		}
	}
	d.errorf(n, "want a text, a number or a truth value, found %s", d.kind(n))
	return nil
}
