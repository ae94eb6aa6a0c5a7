package requirement

import (
	"bytes"
	"strings"
)

// dsn reads text[start:end], the whole value of a key, as a connection string
// without a scheme.
func (s *scanner) dsn(start, end int, key string) {
	if start >= end || bytes.IndexByte(s.work[start:end], 0) >= 0 {
		return
	}
	if s.goMySQL(start, end) || s.keywords(start, end) || s.ado(start, end) ||
		s.stackExchange(start, end) || s.userInfo(start, end, key) {
		s.blank(start, end)
	}
}

// goMySQL reads [user[:password]@]tcp(HOST[:PORT])/db, the form of Go's MySQL
// driver.
func (s *scanner) goMySQL(start, end int) bool {
	text := s.text[start:end]
	slash := strings.LastIndex(text, ")/")
	if slash < 0 {
		return false
	}
	open := -1
	for _, network := range []string{"tcp(", "tcp6("} {
		if i := strings.LastIndex(text[:slash], network); i > open && (i == 0 || text[i-1] == '@') {
			open = i + len(network)
		}
	}
	if open < 0 {
		return false
	}
	c := hint{schemeName: "mysql", scheme: schemes["mysql"], strength: StrengthReferenced, bare: true}
	s.hostPort(start+open, start+slash, c)
	return true
}

// keywords reads libpq's "host=... port=... dbname=...".
func (s *scanner) keywords(start, end int) bool {
	fields, ok := splitKeywords(s.text[start:end])
	if !ok || len(fields) < 2 {
		return false
	}
	hosts, port, certain := field{}, "", false
	for _, f := range fields {
		switch f.key {
		case "host", "hostaddr":
			if f.key == "hostaddr" || hosts.value == "" {
				hosts = f
			}
		case "port":
			port = f.value
		case "dbname", "user", "password", "sslmode":
			certain = true
		}
	}
	if hosts.value == "" || !certain {
		return false
	}
	c := hint{schemeName: "postgresql", scheme: schemes["postgresql"], strength: StrengthReferenced, bare: true}
	s.list(start+hosts.start, start+hosts.start+len(hosts.value), port, c)
	return true
}

// list reads a comma list of hosts; port is that of all of them, or a comma list
// of as many.
func (s *scanner) list(start, end int, port string, c hint) {
	ports := strings.Split(port, ",")
	i := 0
	for from := start; from <= end; i++ {
		to := from + strings.IndexByte(s.text[from:end], ',')
		if to < from {
			to = end
		}
		each := c
		if p, ok := parsePort(strings.TrimSpace(ports[min(i, len(ports)-1)])); ok {
			each.scheme.port = p
		}
		s.hostPort(from, to, each)
		from = to + 1
	}
}

// field is one key and value of a structured string.
type field struct {
	key   string // lower case
	value string
	start int // offset of the value
}

// splitKeywords splits KEY=VALUE pairs separated by white space, where a value may
// be quoted with '. False: the text is not made of such pairs.
func splitKeywords(text string) ([]field, bool) {
	var fields []field
	for i := 0; i < len(text); {
		if text[i] == ' ' {
			i++
			continue
		}
		eq := strings.IndexByte(text[i:], '=')
		if eq <= 0 || !isWord(text[i:i+eq]) {
			return nil, false
		}
		f := field{key: strings.ToLower(text[i : i+eq])}
		i += eq + 1
		f.start = i
		if i < len(text) && text[i] == '\'' {
			i++
			f.start = i
			for i < len(text) && text[i] != '\'' {
				if text[i] == '\\' {
					i++
				}
				i++
			}
			if i >= len(text) {
				return nil, false
			}
			f.value = text[f.start:i]
			i++
		} else {
			for i < len(text) && text[i] != ' ' {
				i++
			}
			f.value = text[f.start:i]
		}
		fields = append(fields, f)
	}
	return fields, true
}

func isWord(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '_' {
			return false
		}
	}
	return s != ""
}

// splitPairs splits KEY=VALUE elements by a separator. Elements without = are
// returned with an empty key.
func splitPairs(text string, separator byte) []field {
	var fields []field
	for from := 0; from <= len(text); {
		to := strings.IndexByte(text[from:], separator)
		if to < 0 {
			to = len(text)
		} else {
			to += from
		}
		element := text[from:to]
		if key, value, ok := strings.Cut(element, "="); ok {
			fields = append(fields, trimField(field{strings.ToLower(strings.TrimSpace(key)), value, from + len(key) + 1}))
		} else if strings.TrimSpace(element) != "" {
			fields = append(fields, trimField(field{"", element, from}))
		}
		from = to + 1
	}
	return fields
}

func trimField(f field) field {
	left := strings.TrimLeft(f.value, " \t")
	f.start += len(f.value) - len(left)
	f.value = strings.TrimRight(left, " \t")
	return f
}

// ado reads "Server=...;Database=...;User Id=...", the form of .NET and ODBC.
func (s *scanner) ado(start, end int) bool {
	text := s.text[start:end]
	if strings.Count(text, ";") == 0 {
		return false
	}
	server, port, certain, microsoft := field{}, "", false, false
	for _, f := range splitPairs(text, ';') {
		switch f.key {
		case "server", "data source", "host", "addr", "address", "network address", "hostname":
			server = f
			microsoft = microsoft || f.key == "data source"
		case "port":
			port = f.value
		case "database", "user id", "uid", "pwd", "password", "user", "username", "integrated security", "trusted_connection":
			certain = true
		case "initial catalog":
			certain, microsoft = true, true
		}
	}
	if server.value == "" || !certain {
		return false
	}
	from := start + server.start
	value := server.value
	if rest, ok := strings.CutPrefix(value, "tcp:"); ok {
		value, from, microsoft = rest, from+len("tcp:"), true
	}
	c := hint{strength: StrengthReferenced, bare: true}
	if microsoft {
		c.schemeName, c.scheme = "sqlserver", schemes["sqlserver"]
		value, comma, ok := strings.Cut(value, ",") // Microsoft's drivers write HOST,PORT
		if ok {
			port = comma
		}
		value, _, _ = strings.Cut(value, `\`)
		s.list(from, from+len(value), port, c)
		return true
	}
	s.list(from, from+len(value), port, c)
	return true
}

// stackExchange reads "HOST:PORT,password=...,ssl=True", the form of .NET's Redis
// client.
func (s *scanner) stackExchange(start, end int) bool {
	fields := splitPairs(s.text[start:end], ',')
	if len(fields) < 2 || fields[0].key != "" {
		return false
	}
	certain := false
	for _, f := range fields {
		switch f.key {
		case "password", "ssl", "abortconnect", "defaultdatabase", "allowadmin", "connecttimeout", "synctimeout", "connectretry":
			certain = true
		}
	}
	if !certain {
		return false
	}
	c := hint{schemeName: "redis", scheme: schemes["redis"], strength: StrengthReferenced, bare: true}
	for _, f := range fields {
		if f.key != "" {
			break
		}
		s.hostPort(start+f.start, start+f.start+len(f.value), c)
	}
	return true
}

// userInfo reads user:password@HOST:PORT[/...] under a key that names an address or
// a database. A plain user@host is an e-mail address and stays unread.
func (s *scanner) userInfo(start, end int, key string) bool {
	text := s.text[start:end]
	at := strings.LastIndexByte(text, '@')
	if at < 0 || !strings.Contains(text[:at], ":") || strings.ContainsAny(text, " \t") {
		return false
	}
	if strings.ContainsAny(text[:at], "/?#@") && strings.Count(text, "@") > 1 {
		return true // cannot be told where the password ends: read nothing of it
	}
	address := text[at+1:]
	if i := strings.IndexAny(address, "/?#,"); i >= 0 {
		address = address[:i]
	}
	hostText, port, ok := splitPort(address)
	if !ok || port == "" || hostText == "" {
		return false
	}
	if class := classify(key); class != keyHost && !namesDatabase(key) {
		return true
	}
	s.hostPort(start+at+1, start+at+1+len(address), hint{strength: StrengthReferenced})
	return true
}

// namesDatabase reports keys such as DATABASE or ORDERS_DB.
func namesDatabase(key string) bool {
	words := keyWords(key)
	if len(words) == 0 {
		return false
	}
	switch words[len(words)-1] {
	case "db", "database", "connection", "conn", "mysql", "postgres", "redis", "mongo", "amqp":
		return true
	}
	return false
}
