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

// with returns the list followed by the patterns of an ignore file in dir. The
// receiver is not changed.
func (l ignoreList) with(dir string, data []byte) ignoreList {
	longer := l[:len(l):len(l)]
	for line := range strings.Lines(strings.TrimPrefix(string(data), byteOrderMark)) {
		if p, ok := parseIgnorePattern(dir, strings.TrimRight(line, "\r\n")); ok {
			longer = append(longer, p)
		}
	}
	return longer
}

// ignores reports whether git ignores name, given that it does not ignore the
// directory that name lies in.
func (l ignoreList) ignores(name string, isDir bool) bool {
	for i := len(l) - 1; i >= 0; i-- {
		p := l[i]
		if p.dirOnly && !isDir {
			continue
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
	if line == "" || line[0] == '#' {
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
	inClass := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			b.WriteByte(c)
			i++
			c = s[i]
		case c == '[' && !inClass:
			inClass = strings.IndexByte(s[i:], ']') > 0
			if !inClass {
				b.WriteByte('\\')
			}
		case c == ']':
			inClass = false
		case (c == '{' || c == '}') && !inClass:
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// literalGlob escapes what a glob would take for more than itself.
func literalGlob(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`).Replace(path.Clean(name))
}
