package requirement

import (
	"strings"
	"unicode/utf8"
)

// urls reads every URL in the text whose scheme stands for a connection. A web address
// is as often a page for people, a name or a default that nobody uses: it counts fully
// only where it is the whole value of a key that names an address.
func (s *scanner) urls(key string) {
	s.oracle()
	text := s.rest()
	address := isURL(s.text) && namesAddress(key)
	for from := 0; ; {
		i := strings.Index(text[from:], "://")
		if i < 0 {
			return
		}
		i += from
		from = i + len("://")
		start, written := schemeBefore(text, i)
		if written == "" {
			continue
		}
		name, scheme, ok := lookupScheme(written)
		if !ok {
			continue
		}
		end := tokenEnd(text, from)
		strength := StrengthReferenced
		if strings.HasPrefix(name, "http") && !address {
			strength = StrengthInferred
		}
		s.authority(from, end, hint{schemeName: name, scheme: scheme, strength: strength, bare: true}, start)
		s.blank(start, end)
		from = end // a URL inside a path or a query is a parameter
	}
}

// startsWithURL reports whether the value is a URL that names a destination.
func startsWithURL(value string) bool {
	written, _, ok := strings.Cut(strings.TrimSpace(value), "://")
	if !ok {
		return false
	}
	_, _, ok = lookupScheme(written)
	return ok
}

// isURL reports whether the value is a URL or a list of them, and nothing else.
func isURL(value string) bool {
	trimmed := strings.TrimSpace(value)
	return startsWithURL(trimmed) && !strings.ContainsFunc(trimmed, func(r rune) bool { return r < utf8.RuneSelf && endsToken(byte(r)) })
}

// schemeBefore returns the scheme that ends at text[i] and where it starts. JDBC's
// colons belong to it; in "url:https://" the first word is a key.
func schemeBefore(text string, i int) (start int, written string) {
	start = i
	for start > 0 && (isAlnum(text[start-1]) || strings.IndexByte("+-.:_", text[start-1]) >= 0) {
		start--
	}
	chain := strings.ToLower(text[start:i])
	for _, driver := range []string{"r2dbc:", "jdbc:"} {
		if at := strings.Index(chain, driver); at >= 0 && (at == 0 || !isAlnum(chain[at-1])) {
			start += at
			return start, text[start:i]
		}
	}
	if at := strings.LastIndexByte(chain, ':'); at >= 0 {
		start += at + 1
	}
	for start < i && !isAlnum(text[start]) {
		start++
	}
	return start, text[start:i]
}

// tokenEnd finds the end of a URL whose authority starts at from: white space, a quote, an angle bracket or the next URL of a list.
func tokenEnd(text string, from int) int {
	end := from
	for end < len(text) && !endsToken(text[end]) {
		if text[end] == '\\' && end+1 < len(text) && strings.IndexByte(`"'nrt`, text[end+1]) >= 0 {
			break // an escape in a quoted string that holds a document
		}
		end++
	}
	if next := strings.Index(text[from:end], "://"); next >= 0 {
		at, written := schemeBefore(text[:end], from+next)
		if at > from && strings.IndexByte(",;|", text[at-1]) >= 0 {
			if _, _, ok := lookupScheme(written); ok {
				end = at - 1
			}
		}
	}
	return end
}

func endsToken(c byte) bool {
	return c <= ' ' || c == '"' || c == '\'' || c == '`' || c == '<' || c == '>' || c == 0x7f
}

// authority reads the hosts of the URL text[from:end], whose scheme starts at
// start.
func (s *scanner) authority(from, end int, c hint, start int) {
	rest := s.text[from:end]
	terminators := "/?#"
	if strings.HasSuffix(c.schemeName, ":sqlserver") || strings.HasPrefix(c.schemeName, "jdbc:db2") {
		terminators = "/?#;"
	}
	auth := rest
	if i := strings.IndexAny(rest, terminators); i >= 0 {
		auth = rest[:i]
	}
	at := strings.LastIndexByte(auth, '@')
	if s.hidesPassword(start, from, end, len(auth), c.scheme.web) {
		return
	}
	if at >= 0 && c.scheme.web && strings.ContainsAny(auth[:at], ",;|") {
		return // a list whose later element holds an @, or a password: cannot be told
	}
	hosts := auth[at+1:]
	from += at + 1
	if hosts == "" && (c.schemeName == "dns" || c.schemeName == "passthrough") {
		// gRPC targets have their address in the path: dns:///orders:50051.
		path := strings.TrimPrefix(rest[len(auth):], "/")
		from = end - len(path)
		hosts = path
	}
	if i := strings.IndexAny(hosts, ";)}|\\"); i >= 0 {
		if hosts[i] == ')' && strings.Contains(hosts[:i], "(") {
			i = len(hosts) // $(NAME) or address=(host=...)
		}
		hosts = hosts[:i]
	}
	if strings.Contains(lowerASCII(hosts), "(host=") {
		s.descriptors(from, from+len(hosts), c)
		return
	}
	for first := true; first || hosts != ""; first = false {
		part, tail, _ := strings.Cut(hosts, ",")
		if part != "" {
			s.hostPort(from, from+len(strings.TrimRight(part, ".")), c)
		}
		if !c.scheme.multi && !strings.HasPrefix(c.schemeName, "jdbc:") {
			return
		}
		from += len(part) + 1
		hosts = tail
	}
}

// hidesPassword reports whether what looks like the authority text[from:from+authLen]
// of a URL that ends at end may end inside a password, at a character that should
// have been escaped: then another @ follows, and what looks like host and port is a
// part of the credentials.
func (s *scanner) hidesPassword(start, from, end, authLen int, web bool) bool {
	auth := s.text[from : from+authLen]
	rest := s.text[from+authLen : end]
	at := strings.LastIndexByte(auth, '@')
	hasUser := at >= 0
	hostText := auth[at+1:]
	if i := strings.IndexAny(hostText, ":,;"); i >= 0 && hostText[0] != '[' {
		hostText = hostText[:i]
	}
	bare := !strings.ContainsAny(hostText, ".[")

	if s.goesOn(start, end, bare) {
		return true
	}
	later := strings.IndexByte(rest, '@')
	if later < 0 {
		return false
	}
	parameters := strings.IndexAny(rest, "?;")
	inQuery := parameters >= 0 && parameters < later && strings.Contains(rest[parameters:later], "=")
	switch {
	case hasUser:
		return bare || !inQuery
	case !strings.Contains(auth, ":"):
		return !web && bare // a user name, at best
	case web:
		return bare || rest[later-1] != '/' && !inQuery
	default:
		return bare || !inQuery
	}
}

// goesOn reports whether the string that starts at start seems to go on behind end,
// where it was cut at a quote or a space: an @ follows. Behind white space that
// counts only for a doubtful beginning.
func (s *scanner) goesOn(start, end int, doubtful bool) bool {
	const longest = 1024 // no password is longer, and lines may be whole documents
	tail := s.text[end:min(len(s.text), end+longest)]
	if i := strings.IndexAny(tail, "\r\n"); i >= 0 {
		tail = tail[:i]
	}
	if i := strings.Index(tail, "://"); i >= 0 {
		// A URL of its own begins behind a space or a quote, or is the next of a list.
		at, written := schemeBefore(tail, i)
		_, _, ok := lookupScheme(written)
		if ok && at > 0 && (endsToken(tail[at-1]) || at == 1) {
			tail = tail[:at]
		}
	}
	if tail == "" || start > 0 && s.text[start-1] == tail[0] && endsToken(tail[0]) {
		return false // behind its closing quote, nothing belongs to the string
	}
	if !doubtful {
		if i := strings.IndexAny(tail, " \t"); i >= 0 {
			tail = tail[:i]
		}
	}
	return strings.Contains(tail, "@")
}

// descriptors reads (HOST=name)(PORT=number) groups, as MySQL's and Oracle's
// drivers take them.
func (s *scanner) descriptors(from, end int, c hint) {
	lower := lowerASCII(s.text[from:end])
	for at := 0; ; {
		i := strings.Index(lower[at:], "(host=")
		if i < 0 {
			return
		}
		i += at + len("(host=")
		j := strings.IndexByte(lower[i:], ')')
		if j < 0 {
			return
		}
		at = i + j
		inner := c
		next := strings.Index(lower[at:], "(host=")
		if p := strings.Index(lower[at:], "(port="); p >= 0 && (next < 0 || p < next) {
			digits := lower[at+p+len("(port="):]
			if k := strings.IndexByte(digits, ')'); k >= 0 {
				if port, ok := parsePort(strings.TrimSpace(digits[:k])); ok {
					inner.scheme.port = port
				}
			}
		}
		s.hostPort(from+i, from+i+j, inner)
	}
}

// lowerASCII maps A-Z to lower case and leaves every other byte in its place, so
// that offsets hold.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// oracle reads the thin driver's strings, which have no "://".
func (s *scanner) oracle() {
	const prefix = "jdbc:oracle:"
	text := s.rest()
	lower := lowerASCII(text)
	for from := 0; ; {
		i := strings.Index(lower[from:], prefix)
		if i < 0 {
			return
		}
		i += from
		end := tokenEnd(text, i+len(prefix))
		from = end
		rest := lower[i:end]
		if q := strings.IndexByte(rest, '?'); q >= 0 {
			rest = rest[:q]
		}
		at := strings.LastIndexByte(rest, '@')
		s.blank(i, end)
		if at < 0 || strings.Contains(text[i+len(rest):end], "@") || s.goesOn(i, end, true) {
			continue
		}
		c := hint{schemeName: "jdbc:oracle", scheme: scheme{port: 1521, multi: true}, strength: StrengthReferenced, bare: true}
		address := rest[at+1:]
		start := i + at + 1
		if strings.Contains(address, "(host=") {
			s.descriptors(start, i+len(rest), c)
			continue
		}
		if k := strings.Index(address, "//"); k >= 0 {
			start += k + 2
			address = address[k+2:]
		}
		if k := strings.IndexByte(address, '/'); k >= 0 {
			address = address[:k]
		}
		// HOST:PORT:SID
		if parts := strings.SplitN(address, ":", 3); len(parts) == 3 && !strings.HasPrefix(address, "[") {
			address = parts[0] + ":" + parts[1]
		}
		s.hostPort(start, start+len(address), c)
	}
}
