package requirement

import "strings"

// pair is a key and a value in a configuration file. One without a key stands for
// the border of a block.
type pair struct {
	key        string
	start, end int  // of the value
	indent     int  // column of the key's line
	item       bool // starts an element of a YAML list
}

// document reads the value as a configuration file (properties, INI, YAML, JSON,
// shell exports) if it looks like one: it hides comments and the values of keys
// that name no destination from everything that follows, and returns the rest.
func (s *scanner) document() []pair {
	trimmed := strings.TrimSpace(s.text)
	if !strings.Contains(trimmed, "\n") && !strings.HasPrefix(trimmed, "{") {
		return nil
	}
	pairs := s.findPairs()
	for _, p := range pairs {
		switch classify(p.key) {
		case keySecret, keyIgnored:
			s.blank(p.start, p.end)
		}
	}
	return pairs
}

// pairs reads the connection strings in a configuration file, and the addresses
// under HOST-like keys.
func (s *scanner) pairs(pairs []pair) {
	for i, p := range pairs {
		start, end := trimQuotes(s.text, p.start, p.end)
		s.dsn(start, end, p.key)
		switch class := classify(p.key); class {
		case keyHost, keyBrokers:
			within := *s
			within.sibling = near(pairs, i, s.text, s.sibling)
			s.inDocument(&within, p, class)
		}
	}
}

// inDocument reads the addresses of one pair.
func (s *scanner) inDocument(within *scanner, p pair, class keyClass) {
	start, end := p.start, p.end
	if list, ok := strings.CutPrefix(s.text[start:end], "["); ok && !isBracketed(list) {
		for from := start + 1; from < end; {
			to := from + strings.IndexAny(s.text[from:end], ",]")
			if to < from {
				to = end
			}
			a, b := trimQuotes(s.text, from, to)
			within.addresses(a, b, p.key, class)
			from = to + 1
		}
	} else {
		a, b := trimQuotes(s.text, start, end)
		within.addresses(a, b, p.key, class)
	}
	s.found = within.found
}

// isBracketed reports whether the text behind a bracket is an IPv6 address.
func isBracketed(rest string) bool {
	i := strings.IndexByte(rest, ']')
	if i < 0 {
		return false
	}
	_, ok := parseHost("[" + rest[:i+1])
	return ok
}

func trimQuotes(text string, start, end int) (int, int) {
	for start < end && strings.IndexByte(" \t\"'", text[start]) >= 0 {
		start++
	}
	for end > start && strings.IndexByte(" \t\"';,", text[end-1]) >= 0 {
		end--
	}
	return start, end
}

// near looks a key up in the block that holds pair number i, first behind it, then
// before it, then outside of the file.
func near(pairs []pair, i int, text string, outer func(string) (string, bool)) func(string) (string, bool) {
	own := pairs[i]
	// reach bounds the search: a block is small.
	const reach = 12
	same := func(p pair) bool { return p.key != "" && p.indent >= own.indent }
	return func(key string) (string, bool) {
		found := -1
		for j := i + 1; j < len(pairs) && j <= i+reach && same(pairs[j]) && !pairs[j].item && found < 0; j++ {
			if pairs[j].key == key && pairs[j].indent == own.indent {
				found = j
			}
		}
		for j := i - 1; !own.item && j >= 0 && j >= i-reach && same(pairs[j]) && found < 0; j-- {
			if pairs[j].key == key && pairs[j].indent == own.indent {
				found = j
			}
			if pairs[j].item {
				break
			}
		}
		if found < 0 {
			return outer(key)
		}
		a, b := trimQuotes(text, pairs[found].start, pairs[found].end)
		return text[a:b], true
	}
}

// findPairs splits the text into lines, hides comments, and finds KEY: VALUE and
// KEY=VALUE; in a line of JSON there may be several.
func (s *scanner) findPairs() []pair {
	var pairs []pair
	text := s.text
	for from := 0; from < len(text); {
		to := strings.IndexByte(text[from:], '\n')
		if to < 0 {
			to = len(text)
		} else {
			to += from
		}
		end := s.hideComment(from, to)
		if strings.Contains(text[from:end], `":`) {
			pairs = s.jsonPairs(pairs, from, end)
		} else if p, ok := linePair(text, from, end); ok {
			pairs = append(pairs, p)
		} else if strings.ContainsAny(text[from:end], "{}[]") {
			pairs = append(pairs, pair{})
		}
		from = to + 1
	}
	return pairs
}

// hideComment blanks the comment in the line text[from:to] and returns where the
// line ends without it.
func (s *scanner) hideComment(from, to int) int {
	line := s.text[from:to]
	trimmed := strings.TrimLeft(line, " \t")
	for _, mark := range []string{"#", "//", ";", "-- ", "<!--", "/*", "* ", "!"} {
		if strings.HasPrefix(trimmed, mark) {
			s.blank(from, to)
			return from
		}
	}
	for _, mark := range []string{" #", "\t#", " //", " <!--"} {
		if i := strings.Index(line, mark); i >= 0 && strings.Count(line[:i], `"`)%2 == 0 {
			s.blank(from+i, to)
			return from + i
		}
	}
	return to
}

// linePair reads "key: value", "key = value", "- key: value" and "export KEY=value".
func linePair(text string, from, to int) (pair, bool) {
	line := text[from:to]
	i := strings.IndexAny(line, ":=")
	if i < 0 {
		return pair{}, false
	}
	key := strings.TrimSpace(line[:i])
	indent := strings.Index(line, key)
	key, item := strings.CutPrefix(key, "- ")
	if item {
		indent += len("- ")
	}
	key = strings.TrimSpace(strings.TrimPrefix(key, "export "))
	key = strings.Trim(key, `"'`)
	if key == "" || len(key) > 128 || strings.ContainsAny(key, " \t/<>()@") {
		return pair{}, false
	}
	start := from + i + 1
	if line[i] == ':' && start < to && text[start] == '=' {
		start++ // Makefiles and the like
	}
	for start < to && (text[start] == ' ' || text[start] == '\t') {
		start++
	}
	for to > start && (text[to-1] == ' ' || text[to-1] == '\t' || text[to-1] == '\r') {
		to--
	}
	return pair{key, start, to, indent, item}, true
}

// jsonPairs reads every "key": value of a line.
func (s *scanner) jsonPairs(pairs []pair, from, to int) []pair {
	text := s.text
	indent := to - from - len(strings.TrimLeft(text[from:to], " \t"))
	for from < to {
		colon := strings.Index(text[from:to], `":`)
		if colon < 0 {
			return pairs
		}
		colon += from
		open := strings.LastIndexByte(text[from:colon], '"')
		if open >= 0 && strings.ContainsAny(text[from:from+open], "{}") {
			pairs = append(pairs, pair{})
		}
		start := colon + 2
		for start < to && (text[start] == ' ' || text[start] == '\t') {
			start++
		}
		end := start
		switch {
		case start < to && text[start] == '"':
			end++
			for end < to && text[end] != '"' {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, to)
		case start < to && text[start] == '[':
			if i := strings.IndexByte(text[start:to], ']'); i >= 0 {
				end = start + i + 1
			} else {
				end = to
			}
		case start < to && text[start] == '{':
			pairs = append(pairs, pair{})
			from = start + 1
			continue
		default:
			for end < to && text[end] != ',' && text[end] != '}' {
				end++
			}
		}
		if open >= 0 {
			pairs = append(pairs, pair{key: text[from+open+1 : colon], start: start, end: end, indent: indent})
		}
		from = max(end, colon+2)
	}
	return pairs
}

// isForeignDocument reports files in ConfigMaps whose addresses the workload does
// not connect to: pages and scripts for browsers, texts, certificates, dashboards
// and descriptions of its own API.
func isForeignDocument(key, value string) bool {
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		switch strings.ToLower(key[i+1:]) {
		case "html", "htm", "css", "svg", "md", "rst", "js", "mjs", "map", "pem", "crt", "cer", "csr", "pub", "license", "xsd", "dtd", "wsdl", "po":
			return true
		}
	}
	if strings.HasPrefix(strings.TrimSpace(value), "-----BEGIN ") {
		return true
	}
	if !strings.Contains(value, "\n") && len(value) < 512 {
		return false
	}
	head := value[:min(len(value), 4096)]
	trimmed := strings.TrimSpace(head)
	lower := strings.ToLower(trimmed[:min(len(trimmed), 64)])
	if strings.HasPrefix(lower, "<!doctype html") || strings.HasPrefix(lower, "<html") ||
		strings.HasPrefix(lower, "openapi:") || strings.HasPrefix(lower, "swagger:") {
		return true
	}
	if strings.HasPrefix(trimmed, "{") {
		if strings.Contains(value, `"panels"`) && strings.Contains(value, `"schemaVersion"`) {
			return true // Grafana
		}
		return strings.Contains(head, `"openapi"`) || strings.Contains(head, `"swagger"`) || strings.Contains(head, `"$schema": "http://json-schema.org`)
	}
	return false
}
