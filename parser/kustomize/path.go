package kustomize

import (
	"errors"
	"io/fs"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/egresslint/egresslint/parser/source"
)

// target is what an entry of a kustomization leads to.
type target struct {
	name    string // in the tree
	written string // what kustomize is given for it
	dir     bool
}

var (
	errRemote  = errors.New("remote")
	errUnplain = errors.New("it is no plain path to a file of the tree")
	errMissing = errors.New("no such file or directory")
)

// resolve finds what entry leads to, which must be a plain path to something in the
// tree. The error is errRemote, ErrOutside or errUnplain for what is left alone, and
// tells what is wrong otherwise.
func (r *reader) resolve(dir, entry string) (target, error) {
	if err := checkPlain(entry); err != nil {
		return target{}, err
	}
	name, err := source.Join(dir, entry)
	if err != nil {
		if isRemote(entry) {
			return target{}, errRemote
		}
		return target{}, err
	}
	info, err := r.tree.Stat(name)
	if err != nil {
		if isRemote(entry) {
			return target{}, errRemote
		}
		if errors.Is(err, fs.ErrNotExist) {
			return target{}, errMissing
		}
		return target{}, err
	}
	rel, err := filepath.Rel(dir, name)
	if err != nil {
		return target{}, source.ErrOutside
	}
	rel = filepath.ToSlash(rel)
	if !strings.HasPrefix(rel, "../") {
		rel = "./" + rel // which kustomize never takes for an address
	}
	return target{name: name, written: rel, dir: info.IsDir()}, nil
}

// addressStart begins what is an address whether or not a file has its name: a
// scheme, or a user at a host.
var addressStart = regexp.MustCompile(`^([a-z][a-z0-9+.-]*:/|git::|git@|[^/]+@[^/]+:)`)

// checkPlain returns why entry is no plain path: errRemote for an address, errUnplain
// for anything else. A plain path has no line break nor another character that is not
// seen, no query, no empty element, and nothing that makes it an address. Whether
// there is such a file is another question.
func checkPlain(entry string) error {
	switch {
	case entry == "", !utf8.ValidString(entry), strings.ContainsFunc(entry, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errUnplain
	case addressStart.MatchString(strings.ToLower(entry)), strings.Contains(entry, "://"):
		return errRemote
	case path.IsAbs(entry):
		return source.ErrOutside
	case strings.Contains(entry, "//"), strings.ContainsRune(entry, '?'):
		if isRemote(entry) {
			return errRemote
		}
		return errUnplain
	}
	return nil
}

// repository is what the name of a repository looks like in an address. A name that is
// .git alone is no address.
var repository = regexp.MustCompile(`[^/]\.git[/?]`)

// isRemote reports whether entry, of which there is no file, looks like an address of
// another machine.
func isRemote(entry string) bool {
	if u, err := url.Parse(entry); err == nil && u.Scheme != "" && u.Host != "" {
		return true
	}
	lower := strings.ToLower(entry)
	if repository.MatchString(lower) {
		return true
	}
	for _, mark := range []string{"://", "git@", "?ref=", "_git/"} {
		if strings.Contains(lower, mark) {
			return true
		}
	}
	for _, prefix := range []string{"git::", "github.com/", "github.com:", "gh:"} {
		if strings.HasPrefix(lower, prefix) {
			return true
		}
	}
	return false
}

// shownPath is what a path may consist of to be shown. What is written where a path
// should be may be anything, also a secret.
var shownPath = regexp.MustCompile(`^[\pL\pN._/+~@:%,=-]+$`)

// maxShown is how many bytes of a path are shown at most.
const maxShown = 200

// plainRef is a query that only says which revision is meant.
var plainRef = regexp.MustCompile(`^\?ref=[\w./-]+$`)

// shown returns entry with a blank before it, as messages name it: nothing for what
// does not look like a path, and an address without its user, its query and all that
// follows them, and what stands behind an equals sign. A query that is a revision stays.
func shown(entry string) string {
	if checkPlain(entry) == nil && !isRemote(entry) || path.IsAbs(entry) {
		return shownPlain(entry)
	}
	ref := ""
	if i := strings.IndexAny(entry, "?#="); i >= 0 {
		if plainRef.MatchString(entry[i:]) && len(entry) <= maxShown {
			ref = entry[i:]
		}
		entry = entry[:i]
	}
	name := shownPlain(source.WithoutUser(entry))
	if name == "" {
		return ""
	}
	return name + ref
}

func shownPlain(entry string) string {
	if len(entry) <= maxShown && shownPath.MatchString(entry) {
		return " " + entry
	}
	return ""
}
