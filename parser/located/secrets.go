package located

import (
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/egresslint/egresslint/parser/source"
)

// minSecret is the length from which a text is told from the words that anything may
// hold. Shorter ones cannot be found again in what is printed.
const minSecret = 6

// Secrets are the texts of the secret values of a run, in the spellings in which they
// may come up again. The zero value has none.
type Secrets struct {
	texts  map[string]bool
	places map[source.Range]bool
}

// Texts returns the texts, sorted.
func (s *Secrets) Texts() []string { return slices.Sorted(maps.Keys(s.texts)) }

// Places returns the places of secret values, in their order.
func (s *Secrets) Places() []source.Range {
	return slices.SortedFunc(maps.Keys(s.places), source.Range.Compare)
}

// Add adds the secrets in a tree of values: what is marked as sensitive, what stands
// under a key that says so or beside a name that does, and the data of Secrets.
func (s *Secrets) Add(v *Value) {
	v.Scalars(func(v *Value, secret bool) {
		text, _ := v.Text()
		if !secret {
			s.addCredentials(text)
			return
		}
		s.add(text)
		s.place(v.Range)
		for _, step := range v.Via {
			s.place(step.Range)
		}
		for _, caller := range v.Callers {
			s.place(caller)
		}
	})
}

func (s *Secrets) place(r source.Range) {
	if s.places == nil {
		s.places = make(map[source.Range]bool)
	}
	s.places[r] = true
}

// Scalars visits every string, number and bool in v, in order, and says whether it is
// secret by all that its surroundings say.
func (v *Value) Scalars(visit func(v *Value, secret bool)) { v.scalars(false, visit) }

func (v *Value) scalars(secret bool, visit func(v *Value, secret bool)) {
	if v == nil {
		return
	}
	secret = secret || v.Sensitive
	if text, ok := v.Text(); ok {
		visit(v, secret || strings.Contains(text, "PRIVATE KEY-----"))
		return
	}
	for i, e := range v.List {
		e.scalars(secret || i > 0 && isSecretFlag(v.List[i-1]), visit)
	}
	for _, f := range v.Map {
		f.Value.scalars(secret || v.Hides(f), visit)
	}
}

// isSecretFlag reports whether a value is the flag of a command line whose argument,
// the next element, is a secret.
func isSecretFlag(v *Value) bool {
	text, ok := v.Text()
	return ok && strings.HasPrefix(text, "-") && !strings.Contains(text, "=") && SecretKey(strings.TrimLeft(text, "-"))
}

// Spare takes back what a tree of values, or the keys in it, says in the open: names
// that Secrets hold too, such as that of a database. What looks like a password is not
// taken back, wherever else it stands.
func (s *Secrets) Spare(v *Value) {
	if v == nil || v.Sensitive {
		return
	}
	if v.Kind == String {
		s.SpareText(v.Str)
	}
	for i, e := range v.List {
		if i == 0 || !isSecretFlag(v.List[i-1]) {
			s.Spare(e)
		}
	}
	for _, f := range v.Map {
		s.SpareText(f.Key)
		if !v.Hides(f) {
			s.Spare(f.Value)
		}
	}
}

// SpareText takes back a name that is known anyway, and the hosts in a text that holds
// no password.
func (s *Secrets) SpareText(text string) {
	if len(s.texts) == 0 {
		return
	}
	spare := func(name string) {
		if s.texts[name] && IsName(name) {
			delete(s.texts, name)
		}
	}
	spare(text)
	if strings.IndexByte(text, '.') < 0 || len(Credentials(text)) > 0 {
		return
	}
	for _, host := range hosts.FindAllString(text, -1) {
		spare(host)
	}
}

// hosts are the names of machines in a text, which have two parts at least.
var hosts = regexp.MustCompile(`[a-z0-9-]+(\.[a-z0-9-]+)+`)

// IsName reports whether a text is spelled like a name of something: in lower-case
// letters, digits and what may stand between them, or in letters alone.
func IsName(text string) bool {
	name, letters := true, true
	for i := range len(text) {
		c := text[i]
		name = name && (isLower(c) || c >= '0' && c <= '9' || strings.IndexByte("-._/:", c) >= 0)
		letters = letters && (isLower(c) || isUpper(c))
	}
	return name || letters
}

// secretData are the fields of a Secret that hold what is secret, as Kubernetes and
// as Terraform's provider spell them.
var secretData = []string{"data", "stringData", "binaryData", "string_data", "binary_data"}

// IsSecretData reports whether a field of a Secret, in a manifest or in Terraform,
// holds what is secret.
func IsSecretData(key string) bool { return slices.Contains(secretData, key) }

// Hides reports whether a field of the Map v holds secrets, by all that its
// surroundings say.
func (v *Value) Hides(f Field) bool {
	switch f.Key {
	case "value": // of an environment variable, or of a parameter
		name, _ := v.Get("name").Text()
		return SecretKey(name)
	case "set_sensitive", "kubectl.kubernetes.io/last-applied-configuration": // it holds a whole object
		return true
	}
	if IsSecretData(f.Key) {
		kind, _ := v.Get("kind").Text()
		return kind == "Secret"
	}
	// A key such as secret or credentials may also be that of settings.
	holds := f.Value.Kind == List && !slices.ContainsFunc(f.Value.List, func(e *Value) bool { return e.Kind == Map || e.Kind == List })
	_, scalar := f.Value.Text()
	return (scalar || holds || f.Value.IsUnknown()) && SecretKey(f.Key)
}

// add adds a secret text, what it is in base64 and from base64, and its parts.
func (s *Secrets) add(text string) {
	_, text = Refs(text)
	s.keep(text)
	if decoded, err := base64.StdEncoding.DecodeString(text); err == nil && utf8.Valid(decoded) {
		s.keep(string(decoded))
		s.addParts(string(decoded))
	}
	s.addParts(text)
}

// keep adds one text in its spellings.
func (s *Secrets) keep(text string) {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) < minSecret {
		return
	}
	if s.texts == nil {
		s.texts = make(map[string]bool)
	}
	s.texts[text] = true
	s.texts[strings.ToLower(text)] = true // as hosts are printed
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		s.texts[e.EncodeToString([]byte(text))] = true
	}
}

// addParts adds the parts of a secret text that may come up alone: the lines of a
// file, the words of a connection string.
func (s *Secrets) addParts(text string) {
	parts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n:/@?&=;,|\"'`()[]{}<>", r) })
	if len(parts) < 2 {
		return
	}
	for _, part := range parts {
		if isPassword(part) {
			s.keep(part)
		}
	}
	s.addCredentials(text)
}

// isPassword reports whether a word looks like none that a person would write for
// others to read.
func isPassword(word string) bool {
	lower := strings.ContainsFunc(word, func(r rune) bool { return r >= 'a' && r <= 'z' })
	upper := strings.ContainsFunc(word, func(r rune) bool { return r >= 'A' && r <= 'Z' })
	digit := strings.ContainsFunc(word, func(r rune) bool { return r >= '0' && r <= '9' })
	return (lower || upper) && digit
}

// addCredentials adds the passwords of the URLs in a text that is not secret itself.
func (s *Secrets) addCredentials(text string) {
	for _, p := range Credentials(text) {
		s.keep(text[p[0]:p[1]])
	}
}
