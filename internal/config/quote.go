package config

import (
	"regexp"

	"go.yaml.in/yaml/v4"
)

// plainKey is what a message quotes of a key that nobody knows, and plainValue what it
// quotes of a value: words, paths, globs, hosts and addresses of a readable length that
// speak of no secret. In anything else there may be one.
var (
	plainKey   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,39}$`)
	plainValue = regexp.MustCompile(`^[A-Za-z0-9_.,:/*?\[\]{} -]{0,60}$`)
	secret     = regexp.MustCompile(`(?i)passw|passphrase|secret|token|credential`)
)

// key is the text of a key as messages have it, with a blank before it; empty if it
// is not to be quoted.
func (d *decoder) key(text string) string { return d.quoted(text, plainKey) }

// value is key for the text of a value.
func (d *decoder) value(text string) string { return d.quoted(text, plainValue) }

func (d *decoder) quoted(text string, plain *regexp.Regexp) string {
	if !d.quote || !plain.MatchString(text) || secret.MatchString(text) {
		return ""
	}
	return ` "` + text + `"`
}

// word is the text of a value without quotes, or other if it is not to be quoted.
func (d *decoder) word(text, other string) string {
	if d.value(text) == "" {
		return other
	}
	return text
}

// kind says what a node is, with its text if that may be quoted.
func (d *decoder) kind(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && !isNull(n) && n.Value != "" {
		if text := d.value(n.Value); text != "" {
			return text[1:]
		}
	}
	return kindName(n)
}

// syntax matches the messages of the YAML library that have no text of the file in
// them: it puts that between quotes. Marks of the language are harmless.
var syntax = regexp.MustCompile("^[A-Za-z0-9 ,.;:()-]*('[^A-Za-z0-9']{1,3}'[A-Za-z0-9 ,.;:()-]*)*$")

// syntaxMistake is the message of the YAML library without what it quotes.
func syntaxMistake(message string) string {
	if !syntax.MatchString(message) {
		return "parse YAML: this is no valid YAML"
	}
	return "parse YAML: " + message
}
