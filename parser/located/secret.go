package located

import "strings"

// SecretKey reports whether a key, or the name of an attribute or a variable, says
// that its value is a secret: DB_PASSWORD, apiKey, client-secret, tls.key. What is
// named after a secret but is none, as secretName, TOKEN_URL and topologyKey, does
// not count, nor does a key that is just "key": such mostly names another entry.
func SecretKey(name string) bool {
	words := secretKeyWords(name)
	for len(words) > 1 && afterSecret[words[len(words)-1]] {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1]
	if last == "key" || last == "keys" {
		return len(words) > 1 && !openKeys[words[len(words)-2]]
	}
	for _, end := range secretEnds {
		if strings.HasSuffix(strings.TrimSuffix(last, "s"), end) {
			return true
		}
	}
	return last == "pass" || last == "creds"
}

// secretEnds end the last word of a key whose value is a secret; such words are often
// written together with what stands before them.
var secretEnds = []string{
	"password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "dockerconfigjson",
	"apikey", "accesskey", "secretkey", "privatekey", "masterkey", "encryptionkey", "signingkey",
}

// afterSecret are words that say how a secret is written, not that it is another
// thing.
var afterSecret = map[string]bool{
	"": true, "value": true, "base": true, "hash": true, "plain": true, "plaintext": true, "text": true,
	"encoded": true, "encrypted": true, "base64": true, "b64": true, "data": true, "string": true,
	"v1": true, "v2": true, "old": true, "new": true, "current": true, "previous": true, "default": true,
}

// openKeys stand before "key" in the names of keys that open nothing.
var openKeys = map[string]bool{
	"public": true, "pub": true, "topology": true, "partition": true, "sort": true, "shard": true, "hash": true,
	"range": true, "primary": true, "foreign": true, "routing": true, "cache": true, "label": true, "tag": true,
	"map": true, "config": true, "group": true, "object": true, "state": true, "index": true, "lookup": true,
}

// secretKeyWords splits a key in any of the usual spellings into lower-case words,
// without the digits at the end of each.
func secretKeyWords(name string) []string {
	var words []string
	start := 0
	flush := func(end int) {
		if start < end {
			words = append(words, numbered(strings.ToLower(name[start:end])))
		}
		start = end
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case !isLower(c) && !isUpper(c) && (c < '0' || c > '9'):
			flush(i)
			start = i + 1
		case isUpper(c) && i > 0 && (!isUpper(name[i-1]) || i+1 < len(name) && isLower(name[i+1])):
			flush(i) // dbPassword, DBPassword
		}
	}
	flush(len(name))
	return words
}

// numbered returns a word without a number that counts it, as in password2.
func numbered(word string) string {
	if afterSecret[word] {
		return word
	}
	return strings.TrimRight(word, "0123456789")
}

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
