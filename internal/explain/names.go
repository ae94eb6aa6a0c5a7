package explain

import (
	"cmp"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/requirement"
	"github.com/egresslint/egresslint/parser/nearest"
)

// Service is a Service of the files.
type Service struct {
	Namespace, Name string
	Ports           []Port
}

// Port is a port of a Service.
type Port struct {
	Number   int
	Protocol string
}

func (s *Service) id() string { return s.Namespace + "/" + s.Name }

// NameError is a name that nothing in the files goes by.
type NameError struct{ What, Name, Meant string }

func (e *NameError) Error() string {
	text := fmt.Sprintf("no %s in the files is called %q", e.What, e.Name)
	if e.Meant != "" {
		text += fmt.Sprintf(", did you mean %q?", e.Meant)
	}
	return text
}

// clusterNames are what clusters go by, by their ids: their own names, with what tells
// them apart where several share one.
func clusterNames(clusters []*model.Cluster) map[string]string {
	shared, sharedRoot := make(map[string]int), make(map[string]int)
	for _, c := range clusters {
		shared[c.Name]++
		sharedRoot[c.Name+"\x00"+c.Root]++
	}
	names := make(map[string]string, len(clusters))
	for _, c := range clusters {
		name := cmp.Or(c.Name, c.ID)
		switch {
		case c.Name == "" || shared[c.Name] == 1:
		case sharedRoot[c.Name+"\x00"+c.Root] == 1 && c.Root != "":
			name += " (" + c.Root + ")"
		default:
			name += " (" + c.ID + ")"
		}
		names[c.ID] = name
	}
	return names
}

// Cluster finds a cluster by its name, with or without its root, or by its address. It
// returns the ids of all that go by the name.
func (x *Index) Cluster(name string) ([]string, error) {
	var ids, known []string
	for _, c := range x.model.Clusters {
		shown := x.clusters[c.ID]
		known = append(known, shown)
		if slices.Contains([]string{shown, c.Name, c.Address, c.ID}, name) {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return nil, &NameError{"cluster", name, nearest.To(name, known)}
	}
	return ids, nil
}

// kindWords are short forms of kinds, as kubectl takes them.
var kindWords = map[string]string{
	"deploy": "deployment", "sts": "statefulset", "ds": "daemonset", "rs": "replicaset", "rc": "replicationcontroller",
	"po": "pod", "cj": "cronjob",
}

// Workloads finds workloads by what people call them: name, namespace/name, kind/name,
// kind/namespace/name or an id, with * for any characters but /. Only those on the
// clusters count; nil stands for all.
func (x *Index) Workloads(name string, clusters []string) ([]*model.Workload, error) {
	var found []*model.Workload
	var known []string
	for _, w := range x.model.Workloads {
		if clusters != nil && !slices.Contains(clusters, w.Cluster) {
			continue
		}
		known = append(known, w.Name, w.Namespace+"/"+w.Name)
		if named(w, name) || w.ID == name {
			found = append(found, w)
		}
	}
	if len(found) == 0 {
		return nil, &NameError{"workload", name, nearest.To(name, known)}
	}
	return found, nil
}

// named reports whether a workload goes by a name.
func named(w *model.Workload, name string) bool {
	name = strings.ToLower(name)
	if rest, ok := strings.CutSuffix(name, "]"); ok { // namespace/name[Kind]
		plain, kind, found := strings.Cut(rest, "[")
		if !found || kind != strings.ToLower(w.Kind) {
			return false
		}
		name = plain
	}
	matches := func(pattern, text string) bool {
		ok, err := path.Match(pattern, strings.ToLower(text))
		return err == nil && ok
	}
	parts := strings.Split(name, "/")
	isKind := func(word string) bool {
		return cmp.Or(kindWords[word], strings.TrimSuffix(word, "s")) == strings.ToLower(w.Kind)
	}
	switch len(parts) {
	case 1:
		return matches(name, w.Name)
	case 2:
		return matches(parts[1], w.Name) && (matches(parts[0], w.Namespace) || isKind(parts[0]))
	case 3:
		return matches(parts[2], w.Name) && matches(parts[1], w.Namespace) && isKind(parts[0])
	default:
		return false
	}
}

// Destination is what --to means.
type Destination struct {
	target   *model.Target
	service  *Service
	internet string // internet or internet6
	host     string // a name, an address or a CIDR
	port     int    // 0 for any
	protocol string // empty for any
}

// Destinations finds what a text means: KIND/NAME, the name of an instance or of a
// Service, a host, an address, a CIDR or internet, with a port and protocol behind if
// only these are meant. Several things may go by one name.
func (x *Index) Destinations(text string) ([]Destination, error) {
	name, plain, err := splitPort(text)
	if err != nil {
		return nil, err
	}
	switch {
	case name == "internet" || name == "internet6":
		plain.internet = name
		return []Destination{plain}, nil
	case isAddress(name):
		plain.host = name
		return []Destination{plain}, nil
	}
	var found []Destination
	var known []string
	for _, t := range x.model.Targets {
		label := labelOf(t.Address)
		known = append(known, t.Kind+"/"+t.Name, t.Kind+"/"+label, t.Name)
		if slices.Contains([]string{t.Address, t.Name, label, t.Kind + "/" + t.Name, t.Kind + "/" + label}, name) {
			d := plain
			d.target = t
			found = append(found, d)
		}
	}
	for _, s := range x.services {
		known = append(known, s.Name, s.id())
		if slices.Contains([]string{s.Name, s.id(), "service/" + s.Name, "svc/" + s.Name, "service/" + s.id(), "svc/" + s.id()}, name) {
			d := plain
			d.service = s
			found = append(found, d)
		}
	}
	switch {
	case len(found) > 0:
	case strings.Contains(name, ".") && !strings.ContainsAny(name, "/ "):
		plain.host = strings.ToLower(name)
		return []Destination{plain}, nil
	default:
		if list, err := x.Workloads(name, nil); err == nil {
			return nil, fmt.Errorf("%q is %s, and no Service of that name leads to it; name the Service that does", name, x.name(list[0].ID))
		}
		return nil, &NameError{"instance or Service", name, nearest.To(name, known)}
	}
	return found, nil
}

// splitPort takes the port and protocol off the end of a text.
func splitPort(text string) (name string, d Destination, err error) {
	name = text
	if head, last, ok := cutLast(text, "/"); ok && slices.Contains([]string{"tcp", "udp", "sctp"}, strings.ToLower(last)) {
		name, d.protocol = head, strings.ToUpper(last)
	}
	head, last, ok := cutLast(name, ":")
	if _, err := netip.ParseAddr(name); !ok || err == nil || strings.HasSuffix(name, "]") {
		return unbracketed(name), d, nil
	}
	if d.port, err = strconv.Atoi(last); err != nil || d.port < 1 || d.port > 65535 {
		return "", d, fmt.Errorf("read port %q: want a number from 1 to 65535", last)
	}
	return unbracketed(head), d, nil
}

// unbracketed takes the brackets off an IPv6 address.
func unbracketed(name string) string {
	if strings.HasPrefix(name, "[") {
		return strings.Trim(name, "[]")
	}
	return name
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func isAddress(text string) bool {
	_, ok := ipset.Parse(text)
	return ok
}

// labelOf is the name of a Terraform resource in its address.
func labelOf(address string) string {
	if strings.HasSuffix(address, "]") {
		address, _, _ = cutLast(address, "[")
	}
	return address[strings.LastIndex(address, ".")+1:]
}

// Meets reports whether a path of the model leads there.
func (x *Index) Meets(d Destination, p *model.Path) bool {
	need := x.need(p)
	if need == nil || d.port != 0 && d.port != p.Port && p.Port != 0 || d.protocol != "" && d.protocol != p.Protocol {
		return false
	}
	switch {
	case d.internet == "internet":
		return p.Destination == "the Internet"
	case d.internet != "":
		return p.Destination == "the IPv6 Internet"
	case d.target != nil:
		return need.Target == d.target.Address && need.Kind == "target" || hostOf(p) == d.declared()
	case d.service != nil:
		return need.Target == d.service.id()
	default:
		return strings.EqualFold(hostOf(p), d.host)
	}
}

// hostOf is the destination of a path without its port.
func hostOf(p *model.Path) string {
	host := p.Destination
	if p.Port != 0 {
		host = strings.TrimSuffix(host, ":"+strconv.Itoa(p.Port))
	}
	return unbracketed(host)
}

// declared is how a declaration names an instance.
func (d Destination) declared() string {
	name := labelOf(d.target.Address)
	if d.target.Name != "" && !strings.ContainsAny(d.target.Name, " \t:,") {
		name = d.target.Name
	}
	return d.target.Kind + "/" + name
}

// Declarations are what a project would declare to say that a workload needs the
// destination.
func (d Destination) Declarations() ([]string, error) {
	suffix := func(port int, protocol string) string {
		text := ""
		if port != 0 {
			text = ":" + strconv.Itoa(port)
		}
		if protocol != "" {
			text += "/" + strings.ToLower(protocol)
		}
		return text
	}
	switch {
	case d.protocol == "SCTP":
		return nil, fmt.Errorf("read protocol %q: a need can be asked about for tcp or udp", "sctp")
	case d.internet != "":
		return []string{d.internet}, nil
	case d.target != nil:
		if !slices.Contains(requirement.Kinds(), d.target.Kind) {
			return nil, fmt.Errorf("ask about %s: name one of its hosts or addresses", d.target.Address)
		}
		return []string{d.declared() + suffix(d.port, "")}, nil
	case d.service != nil:
		host := d.service.Name + "." + d.service.Namespace + ".svc.cluster.local"
		if d.port != 0 || len(d.service.Ports) == 0 {
			return []string{host + suffix(d.port, d.protocol)}, nil
		}
		var list []string
		for _, p := range d.service.Ports {
			list = append(list, host+suffix(p.Number, p.Protocol))
		}
		return list, nil
	}
	host := d.host
	if strings.Contains(host, ":") && d.port != 0 {
		address, bits, ok := strings.Cut(host, "/")
		if host = "[" + address + "]"; ok {
			host += "/" + bits
		}
	}
	return []string{host + suffix(d.port, d.protocol)}, nil
}
