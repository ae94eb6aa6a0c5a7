package mask

import (
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// json finds the values of a JSON file. What a line holds is told from the line, since
// no string goes over its end; manifests are read too, for what is secret in them.
func (f *File) json(name string) {
	defaults := strings.HasSuffix(name, ".tf.json") || strings.HasSuffix(name, ".tofu.json")
	f.read = func(line string) []Span { return jsonLine(line, defaults) }
	if f.tooLarge() {
		return
	}
	v, ok := kubernetes.ParseValue(name, text(f.lines))
	if !ok {
		return
	}
	secrets := &File{lines: f.lines, spans: make(map[int][]Span), ascii: f.ascii}
	v.Scalars(func(v *located.Value, secret bool) {
		if secret {
			secrets.add(v.Range, true)
		}
	})
	for n, spans := range secrets.spans {
		f.spans[n] = append(f.read(f.lines[n-1]), spans...)
	}
}

// jsonLine finds the values in a line of JSON. Those behind a key that says so are
// secret, and with defaults also those of a variable.
func jsonLine(line string, defaults bool) []Span {
	var list []Span
	key := ""
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c == '"':
			end := stringEnd(line, i)
			next := strings.TrimLeft(line[end:], " \t")
			if strings.HasPrefix(next, ":") {
				key = strings.Trim(line[i:end], `"`)
			} else {
				list = append(list, Span{i, end, located.SecretKey(key) || defaults && key == "default"})
			}
			i = end
		case c == '{' || c == '}':
			key = ""
			i++
		case strings.IndexByte(" \t,:[]", c) >= 0:
			i++
		default:
			end := i
			for end < len(line) && strings.IndexByte(" \t,:[]{}\"", line[end]) < 0 {
				end++
			}
			list = append(list, Span{i, end, located.SecretKey(key)})
			i = end
		}
	}
	return list
}

// stringEnd returns the end of the string that begins at line[i].
func stringEnd(line string, i int) int {
	for i++; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(line)
}
