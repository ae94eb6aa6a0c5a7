package located

import (
	"regexp"
	"slices"
	"strings"
)

// credentials are what stands between a user and a host in URLs and DSNs.
var credentials = regexp.MustCompile(`[^\s"'/:@]*:([^\s"'/@]+)@`)

// Credentials returns where passwords stand in a text, as pairs of offsets in their
// order: in URLs and DSNs, and behind a key that says so, as in --password=x, ?token=x
// and "apiKey": "x". References, such as ${PASSWORD}, are none.
func Credentials(text string) [][2]int {
	var found [][2]int
	if strings.IndexByte(text, '@') >= 0 {
		for _, p := range credentials.FindAllStringSubmatchIndex(text, -1) {
			found = append(found, [2]int{p[2], p[3]})
		}
	}
	for from := 0; ; {
		i := strings.IndexAny(text[from:], ":=")
		if i < 0 {
			break
		}
		i += from
		from = i + 1
		if i+1 < len(text) && text[i] == '=' && strings.IndexByte("=~", text[i+1]) >= 0 { // a comparison
			from++
			continue
		}
		if !SecretKey(wordBefore(text, i)) {
			continue
		}
		if start, end := valueAfter(text, i+1); start < end && !isReference(text[start:end]) {
			found = append(found, [2]int{start, end})
			from = end
		}
	}
	slices.SortFunc(found, func(a, b [2]int) int { return a[0] - b[0] })
	return found
}

// wordBefore returns the key that ends before text[end], without its quotes.
func wordBefore(text string, end int) string {
	for end > 0 && strings.IndexByte(" \t\"'\\", text[end-1]) >= 0 {
		end--
	}
	start := end
	for start > 0 && isKeyByte(text[start-1]) {
		start--
	}
	return text[start:end]
}

func isKeyByte(c byte) bool {
	return isLower(c) || isUpper(c) || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}

// valueAfter returns the extent of the value that begins at or behind text[start], on
// the same line and without its quotes.
func valueAfter(text string, start int) (from, to int) {
	for start < len(text) && (text[start] == ' ' || text[start] == '\t') {
		start++
	}
	quoted := strings.TrimLeft(text[start:], `\`)
	if quoted != "" && (quoted[0] == '"' || quoted[0] == '\'') {
		inText := text[start] == '\\' // a document in a string
		start = len(text) - len(quoted) + 1
		end := start
		if i := strings.IndexByte(text[start:], '\\'); inText && i >= 0 {
			return start, start + i
		}
		for end < len(text) && text[end] != quoted[0] && text[end] != '\n' {
			if text[end] == '\\' {
				end++
			}
			end++
		}
		return start, min(end, len(text))
	}
	end := start
	for end < len(text) && strings.IndexByte(" \t\r\n\"'`,;&}])<", text[end]) < 0 {
		end++
	}
	return start, end
}

// isReference reports whether a value only says where it is kept.
func isReference(value string) bool {
	for _, start := range []string{"$", "{{", "var.", "local.", "data.", "module.", "each.", "{", "[", "|", ">"} {
		if strings.HasPrefix(value, start) {
			return true
		}
	}
	return strings.HasPrefix(value, "null")
}
