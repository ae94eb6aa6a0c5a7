package config

import "strings"

var globMeta = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`)

// EscapeGlob returns the glob that matches name alone, so that a folder's name
// can stand before a glob.
func EscapeGlob(name string) string { return globMeta.Replace(name) }
