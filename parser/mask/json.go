package mask

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
)

// json finds the values of a JSON file. What a line holds is told from the line, since
// no string goes over its end; manifests are read too, for what is secret in them. Which object a line is about is shown.
func (f *File) json(name string) {
	defaults := strings.HasSuffix(name, ".tf.json") || strings.HasSuffix(name, ".tofu.json")
	r := &jsonReader{defaults: defaults}
	f.read = r.window
	if f.tooLarge() {
		return
	}
	data := text(f.lines)
	if r.unknown = !json.Valid(data); r.unknown {
		return
	}
	if v, ok := kubernetes.ParseValue(name, data); ok {
		v.Scalars(func(v *located.Value, secret bool) {
			if secret {
				f.add(v.Range, true)
			}
		})
	}
}

// jsonReader reads lines of JSON.
type jsonReader struct {
	// defaults says that what variables are by default is secret.
	defaults bool
	// unknown says that the file is no JSON, so that any value may be secret.
	unknown bool
	// line is what was read last, up to byte at, where key was the last key. Findings
	// come in the order of their places, so that it goes on from there.
	line, at int
	key      string
	metadata int // how many objects deep it is in one of that name
}

// isName reports whether the value of a key, in metadata or not, says which object this
// is: what a report says too.
func isName(key, value string, metadata bool) bool {
	switch key {
	case "kind":
		return kindName.MatchString(value)
	case "apiVersion":
		return groupName.MatchString(value)
	default:
		return metadata && (key == "name" || key == "namespace") && objectName.MatchString(value)
	}
}

var (
	kindName   = regexp.MustCompile(`^"[A-Z][A-Za-z0-9]{0,62}"$`)
	groupName  = regexp.MustCompile(`^"(?:[a-z0-9.-]{1,253}/)?v[0-9][a-z0-9]{0,20}"$`)
	objectName = regexp.MustCompile(`^"[a-z0-9.-]{1,253}"$`)
)

// window finds the values in a part of line n. Those behind a key that says so are
// secret.
func (r *jsonReader) window(n int, line string, window Span) []Span {
	if r.line != n || r.at > window.Start {
		r.line, r.at, r.key, r.metadata = n, 0, "", 0
	}
	var list []Span
	key, metadata := r.key, r.metadata
	for i := r.at; i < window.End; {
		start := i
		value := false
		switch c := line[i]; {
		case c == '"':
			i = stringEnd(line, i)
			if strings.HasPrefix(strings.TrimLeft(line[i:min(len(line), i+8)], " \t"), ":") {
				key = strings.Trim(line[start:i], `"`)
			} else {
				value = true
			}
		case c == '{':
			if metadata > 0 || key == "metadata" {
				metadata++
			}
			key = ""
			i++
		case c == '}':
			metadata = max(0, metadata-1)
			key = ""
			i++
		case strings.IndexByte(" \t,:[]", c) >= 0:
			i++
		default:
			for i < len(line) && strings.IndexByte(" \t,:[]{}\"", line[i]) < 0 {
				i++
			}
			value = true
		}
		if value && i > window.Start {
			secret := r.unknown || located.SecretKey(key) || r.defaults && key == "default"
			if secret || !isName(key, line[start:i], metadata == 1) {
				list = append(list, Span{start, i, secret})
			}
		}
		if i <= window.Start {
			r.at, r.key, r.metadata = i, key, metadata
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
