package source

import (
	"regexp"
	"strings"
)

// plainHost is a host with a port or without. What is written so before the first
// slash of an address is no name and no password.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?$`)

// WithoutUser drops the name and the password from the address of a repository. A
// password that is not encoded may hold any character, also a slash or an @, so what
// stands before the last @ is dropped unless the address begins with a host.
func WithoutUser(address string) string {
	scheme, rest := "", address
	if i := strings.Index(address, "//"); i >= 0 {
		scheme, rest = address[:i+2], address[i+2:]
	}
	last := strings.LastIndexByte(rest, '@')
	if last < 0 {
		return address
	}
	first, _, _ := strings.Cut(rest, "/")
	name, _, _ := strings.Cut(rest, "@")
	switch {
	case plainHost.MatchString(first):
		return address
	case scheme == "" && !strings.Contains(name, ":"): // as git@github.com:org/name
		return address
	}
	return scheme + rest[last+1:]
}
