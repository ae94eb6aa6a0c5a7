package source

import (
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// ignoreFile is where a directory says what git does not keep.
const ignoreFile = ".gitignore"

// ignorePattern is one line of a .gitignore file, as a glob over whole names.
type ignorePattern struct {
	glob    string
	dirOnly bool
	negated bool
}

// ignoreList holds the patterns of the .gitignore files from the root down to a
// directory; a later pattern overrides an earlier one.
type ignoreList []ignorePattern

// maxIgnorePatterns is how many patterns a list holds.
const maxIgnorePatterns = 100_000

// with returns the list followed by the patterns of an ignore file in dir, as far as
// they fit. The receiver is not changed.
func (l ignoreList) with(dir string, data []byte) ignoreList {
	longer := l[:len(l):len(l)]
	for line := range strings.Lines(strings.TrimPrefix(string(data), byteOrderMark)) {
		if len(longer) == maxIgnorePatterns {
			break
		}
		if p, ok := parseIgnorePattern(dir, strings.TrimRight(line, "\r\n")); ok {
			longer = append(longer, p)
		}
	}
	return longer
}

// ignores reports whether git ignores name, given that it does not ignore the
// directory that name lies in. When the trials are over it ignores nothing.
func (l ignoreList) ignores(name string, isDir bool, trials *Trials) bool {
	for i := len(l) - 1; i >= 0; i-- {
		p := l[i]
		if p.dirOnly && !isDir {
			continue
		}
		if !trials.take(1, p.glob, name) {
			return false
		}
		if ok, err := doublestar.Match(p.glob, name); ok && err == nil {
			return !p.negated
		}
	}
	return false
}

// parseIgnorePattern reads a line of the ignore file in dir.
// https://git-scm.com/docs/gitignore describes the format.
func parseIgnorePattern(dir, line string) (p ignorePattern, ok bool) {
	line = trimTrailingSpaces(line)
	if line == "" || line[0] == '#' || len(line) > maxGlobLength {
		return ignorePattern{}, false
	}
	if line[0] == '!' {
		p.negated, line = true, line[1:]
	}
	if rest, ok := strings.CutSuffix(line, "/"); ok {
		p.dirOnly, line = true, rest
	}
	anchored := strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	if line == "" {
		return ignorePattern{}, false
	}
	segments := strings.Split(line, "/")
	for i, s := range segments {
		if s != "**" {
			segments[i] = globSegment(s)
		}
	}
	if segments[len(segments)-1] == "**" {
		segments = append(segments, "*") // what is in the directory, not the directory
	}
	if !anchored {
		segments = append([]string{"**"}, segments...)
	}
	prefix := ""
	if dir != "." {
		prefix = literalGlob(dir) + "/"
	}
	p.glob = prefix + strings.Join(segments, "/")
	return p, doublestar.ValidatePattern(p.glob)
}

// trimTrailingSpaces drops the spaces at the end of a line but one that a
// backslash protects.
func trimTrailingSpaces(line string) string {
	trimmed := strings.TrimRight(line, " ")
	backslashes := len(trimmed) - len(strings.TrimRight(trimmed, `\`))
	if backslashes%2 == 1 && len(trimmed) < len(line) {
		return trimmed + " "
	}
	return trimmed
}

// globSegment turns a segment of a git pattern into one of a doublestar pattern:
// git has no alternatives in braces, and two stars inside a name are one.
func globSegment(s string) string {
	for strings.Contains(s, "**") {
		s = strings.ReplaceAll(s, "**", "*")
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			b.WriteString(s[i : i+2])
			i++
		case c == '[':
			glob, n := globClass(s[i:])
			b.WriteString(glob)
			i += n - 1
		case c == '{' || c == '}' || c == ']':
			b.WriteString(`\` + s[i:i+1])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// namedClasses are the POSIX classes a bracket expression may name.
var namedClasses = map[string]string{
	"alnum": "0-9A-Za-z", "alpha": "A-Za-z", "blank": " \t", "digit": "0-9", "lower": "a-z", "upper": "A-Z", "xdigit": "0-9A-Fa-f",
}

// globClass turns the bracket expression that s starts with into a character class
// of doublestar. It returns the class and the length of the expression.
func globClass(s string) (glob string, length int) {
	var b strings.Builder
	b.WriteByte('[')
	i := 1
	if i < len(s) && (s[i] == '!' || s[i] == '^') {
		b.WriteByte('!')
		i++
	}
	for first := i; i < len(s); i++ {
		switch c := s[i]; {
		case c == ']' && i > first:
			b.WriteByte(']')
			return b.String(), i + 1
		case c == '\\' && i+1 < len(s):
			b.WriteString(s[i : i+2])
			i++
		case strings.HasPrefix(s[i:], "[:"):
			name, _, ok := strings.Cut(s[i+2:], ":]")
			if !ok {
				b.WriteString(`\[`)
				continue
			}
			b.WriteString(namedClasses[name])
			i += len("[:") + len(name) + len(":]") - 1
		case c == ']' || c == '[':
			b.WriteString(`\` + s[i:i+1])
		case c == '-' && (i == first || i+1 < len(s) && s[i+1] == ']'):
			b.WriteString(`\-`) // not a range
		default:
			b.WriteByte(c)
		}
	}
	return s, len(s) // without an end it is malformed, and matches nothing
}

// literalGlob escapes what a glob would take for more than itself.
func literalGlob(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`).Replace(path.Clean(name))
}
