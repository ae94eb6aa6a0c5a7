package requirement

import (
	"bytes"
	"net/netip"
	"strings"
)

// addresses reads text[start:end] as an address or a list of them, separated by
// commas, semicolons or white space. It is all or nothing: a list with one element
// that is no address is not a list of addresses.
func (s *scanner) addresses(start, end int, key string, class keyClass) {
	if start >= end || bytes.IndexByte(s.work[start:end], 0) >= 0 || strings.Contains(s.text[start:end], "@") {
		return // read already, or with somebody's name in it
	}
	c := hint{strength: StrengthInferred, key: key, bare: true}
	if class == keyBrokers {
		c.scheme = scheme{product: "kafka"}
	}
	value := s.text[start:end]
	prose := strings.ContainsAny(strings.ReplaceAll(value, ", ", ","), " \t;")
	before := len(s.found)
	for from := start; from < end; {
		to := end
		if i := strings.IndexAny(s.text[from:end], ", \t;"); i >= 0 {
			to = from + i
		}
		if to == from {
			from++
			continue
		}
		length := to - from
		if i := strings.IndexByte(s.text[from:to], '/'); i >= 0 && takesPath(key) {
			if _, err := netip.ParsePrefix(s.text[from:to]); err != nil {
				length = i // API_URL=api.partner.com/v1
			}
		}
		element := s.text[from : from+length]
		_, port, _ := splitPort(element)
		c.bare = !prose || port != "" // words of a sentence are no Services
		if !s.isAddress(element) || !s.hostPort(from, from+length, c) {
			s.found = s.found[:before]
			return
		}
		from = to + 1
	}
	s.blank(start, end)
}

// isAddress is stricter than parseHost: a value under a key such as LOG_SERVER may
// be a file, a class or a word.
func (s *scanner) isAddress(written string) bool {
	hostText, port, ok := splitPort(written)
	if !ok {
		return false
	}
	if strings.HasPrefix(hostText, "$(") {
		literal, ok := s.expand(hostText)
		if !ok {
			return false
		}
		hostText = literal
	}
	if hostText != strings.ToLower(hostText) && port == "" {
		return false // Java's classes are capitalised, names in files seldom are
	}
	h, ok := parseHost(hostText)
	if !ok {
		return false
	}
	if h.addr.IsValid() || port != "" {
		return true
	}
	labels := strings.Split(h.name, ".")
	if h.bare {
		return !plainWords[h.name] && strings.ContainsFunc(h.name, func(r rune) bool { return r >= 'a' && r <= 'z' })
	}
	if fileExtensions[labels[len(labels)-1]] {
		return false
	}
	switch labels[0] {
	case "com", "org", "net", "io", "cn", "java", "javax", "jakarta", "sun", "scala", "kotlin":
		return isPublicName(h.name) && len(labels) == 2
	}
	return true
}

// plainWords are values of HOST-like keys that are no Service's name.
var plainWords = set("true", "false", "yes", "no", "on", "off", "none", "null", "nil", "default", "auto", "local",
	"remote", "internal", "external", "production", "staging", "development", "test", "enabled", "disabled", "any", "all")

// fileExtensions are last labels of file names. Those that are top-level domains
// as well (sh, py, md, zip) are taken for files: a missed host is better than a
// wrong one.
var fileExtensions = set("yaml", "yml", "json", "toml", "ini", "conf", "cfg", "cnf", "config", "properties", "env", "xml",
	"txt", "log", "csv", "md", "html", "htm", "css", "js", "mjs", "ts", "jsx", "tsx", "map", "py", "rb", "go", "rs", "java",
	"class", "jar", "war", "sh", "bash", "bat", "exe", "so", "dll", "pem", "crt", "cer", "key", "p12", "pfx", "jks", "csr",
	"sock", "pid", "lock", "db", "sqlite", "sql", "tar", "gz", "tgz", "zip", "bz2", "xz", "png", "jpg", "jpeg", "gif", "svg",
	"ico", "pdf", "tmpl", "tpl", "template", "lua", "php", "proto", "wasm", "bak", "old", "tf", "tfvars", "service", "socket")

// takesPath reports keys whose addresses may have a path behind.
func takesPath(key string) bool {
	words := keyWords(key)
	switch words[len(words)-1] {
	case "url", "urls", "uri", "uris", "endpoint", "endpoints":
		return true
	}
	return false
}

// names finds the names of Alibaba Cloud services and the full names of Services
// anywhere in the text.
func (s *scanner) names() {
	text := s.rest()
	for _, marker := range []string{".aliyuncs", ".svc"} {
		for from := 0; ; {
			i := strings.Index(text[from:], marker)
			if i < 0 {
				break
			}
			i += from
			start, end := i, i+len(marker)
			for start > 0 && isHostByte(text[start-1]) {
				start--
			}
			for end < len(text) && isHostByte(text[end]) {
				end++
			}
			from = end
			s.name(text, start, end)
		}
	}
}

func isHostByte(c byte) bool { return isAlnum(c) || c == '-' || c == '.' }

// name adds the name text[start:end] if nothing around it says that it is part of
// something else: a pattern, a template, an e-mail address or an image.
func (s *scanner) name(text string, start, end int) {
	for end > start && (text[end-1] == '.' || text[end-1] == '-') {
		end--
	}
	h, ok := parseHost(text[start:end])
	if !ok || h.bare {
		return
	}
	service, isCloud := cloudService(h.name)
	if !isCloud && !isServiceFQDN(h.name) {
		return
	}
	portEnd := end
	if end < len(text) && text[end] == ':' {
		for portEnd = end + 1; portEnd < len(text) && text[portEnd] >= '0' && text[portEnd] <= '9'; {
			portEnd++
		}
		if portEnd == end+1 {
			portEnd = end // "host:" and no number
		}
	}
	hasPort := portEnd > end
	if start > 0 {
		switch c := text[start-1]; {
		case strings.IndexByte("_*%}>)$~\\", c) >= 0, c >= 0x80:
			return
		case c == '@' && !hasPort && service.product == "":
			return
		case c == '/' && service.product == "registry":
			return // docker://, oci://
		}
	}
	if portEnd < len(text) {
		switch c := text[portEnd]; {
		case strings.IndexByte("_@$%{<*", c) >= 0, c >= 0x80:
			return
		case c == '/' && service.product == "registry":
			return // an image, which the node pulls
		}
	}
	s.hostPort(start, portEnd, hint{strength: StrengthReferenced})
	s.blank(start, portEnd)
}
