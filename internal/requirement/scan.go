package requirement

import (
	"strconv"
	"strings"
)

// scanner looks for destinations in one string. What one step has read is
// blanked for the next ones, so that a password is never taken for something else.
type scanner struct {
	text    string
	work    []byte // text with everything already read overwritten by NUL
	sibling func(string) (string, bool)
	found   []Endpoint
}

func newScanner(text string, sibling func(string) (string, bool)) *scanner {
	if sibling == nil {
		sibling = func(string) (string, bool) { return "", false }
	}
	return &scanner{text: text, work: []byte(text), sibling: sibling}
}

// blank hides text[start:end] from the steps that follow.
func (s *scanner) blank(start, end int) {
	clear(s.work[start:end])
}

// rest is the text as the current step sees it.
func (s *scanner) rest() string { return string(s.work) }

// hint is what the surroundings of a host say about it.
type hint struct {
	schemeName string
	scheme     scheme
	strength   string
	// key is the host's key, whose siblings may hold its port.
	key string
	// bare: a single label may be a Service here.
	bare bool
}

// hostPort reads text[start:end] as HOST[:PORT] and adds it. It reports whether it
// was one.
func (s *scanner) hostPort(start, end int, c hint) bool {
	written := s.text[start:end]
	hostText, portText, ok := splitPort(written)
	if !ok || hostText == "" {
		return false
	}
	literal, ok := s.expand(hostText)
	if !ok {
		return false
	}
	h, ok := parseHost(literal)
	if !ok || h.bare && !c.bare || identifierHosts[h.name] {
		return false
	}
	e := Endpoint{
		Protocol: TCP, Scheme: c.schemeName, Product: c.scheme.product,
		Strength: c.strength, Start: start, End: start + len(hostText),
	}
	if c.scheme.udp {
		e.Protocol = UDP
	}
	byScheme := e.Product
	e.setHost(h)
	if e.Product == "" {
		e.Product = byScheme
	}
	if e.Port, ok = s.port(portText, h, c); !ok || c.scheme.explicit && e.Port == 0 {
		return false
	}
	if e.Strength == StrengthInferred && (e.Cloud || isServiceFQDN(e.Host) || e.Bare && c.scheme.web) {
		e.Strength = StrengthReferenced
	}
	s.found = append(s.found, e)
	return true
}

// port decides the port: the one written, else that of a sibling key, else the
// default of the scheme, else that of the product, also where the one written is not
// known. 0 stands for one that only the cluster knows; false for text that is no port.
func (s *scanner) port(written string, h host, c hint) (int, bool) {
	if written != "" {
		value, ok := s.expand(written)
		switch {
		case ok:
			return parsePort(value)
		case !strings.HasPrefix(written, "$") && !strings.HasPrefix(written, "{{"):
			return 0, false
		}
		// A port that nobody knows most likely is the usual one.
		c.key = ""
	}
	for _, key := range portKeys(c.key) {
		if value, ok := s.sibling(key); ok {
			if port, ok := parsePort(strings.TrimSpace(value)); ok {
				return port, true
			}
		}
	}
	if c.scheme.port != 0 || c.schemeName != "" {
		return c.scheme.port, true
	}
	if service, ok := cloudService(h.name); ok {
		return service.port, true
	}
	return 0, true
}

// expand replaces a text that is one whole $(NAME), which Kubernetes itself
// substitutes in the values of variables and in arguments. False: it refers to
// something that is not known.
func (s *scanner) expand(text string) (string, bool) {
	name, ok := strings.CutPrefix(text, "$(")
	if !ok {
		return text, !strings.ContainsAny(text, "${}%")
	}
	name, ok = strings.CutSuffix(name, ")")
	if !ok || strings.ContainsAny(name, "()$") {
		return "", false
	}
	value, ok := s.sibling(name)
	if !ok {
		return "", false
	}
	return strings.TrimSpace(value), true
}

// splitPort splits HOST[:PORT], where an IPv6 host may stand in brackets, or
// without them if no port follows.
func splitPort(text string) (hostText, port string, ok bool) {
	if strings.HasPrefix(text, "[") {
		i := strings.IndexByte(text, ']')
		if i < 0 {
			return "", "", false
		}
		hostText, rest := text[:i+1], text[i+1:]
		if rest == "" {
			return hostText, "", true
		}
		port, ok = strings.CutPrefix(rest, ":")
		return hostText, port, ok
	}
	switch strings.Count(text, ":") {
	case 0:
		return text, "", true
	case 1:
		hostText, port, _ = strings.Cut(text, ":")
		return hostText, port, port != ""
	default:
		return text, "", true
	}
}

func parsePort(text string) (int, bool) {
	if text == "" || len(text) > 5 {
		return 0, false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
	}
	port, err := strconv.Atoi(text)
	return port, err == nil && port >= 1 && port <= 65535
}

// identifierHosts stand in the names of XML namespaces, schemas and document
// types, which nothing connects to.
var identifierHosts = set("www.w3.org", "w3.org", "json-schema.org", "schemas.xmlsoap.org", "schemas.microsoft.com",
	"schemas.android.com", "schemas.openxmlformats.org", "java.sun.com", "xmlns.jcp.org", "xmlns.oracle.com",
	"jakarta.ee", "www.springframework.org", "maven.apache.org", "logging.apache.org", "www.springmodules.org",
	"mybatis.org", "hibernate.org", "www.hibernate.org", "purl.org", "ns.adobe.com", "tempuri.org", "spdx.org")
