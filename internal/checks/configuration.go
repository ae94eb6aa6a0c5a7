package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/finding"
	"github.com/egresslint/egresslint/parser/source"
)

// configuration tells of every key that was added, changed or removed.
func (c *comparison) configuration() {
	file := c.now.Config
	switch was := c.before.Config; {
	case file == was:
	case was == "":
		c.add(Configuration, source.Range{File: file}, "adds this configuration")
	case file == "":
		file = was
		c.add(Configuration, source.Range{File: was}, "removes this configuration")
	case c.between.former(file) != was:
		c.add(Configuration, source.Range{File: file}, "makes this the configuration in place of "+was)
	}
	if c.now.Unread != "" || c.before.Unread != "" {
		// Whether a part of it is as it was cannot be told.
		c.add(Configuration, source.Range{File: file}, "changes the configuration, which could not be compared: "+firstOf(c.now.Unread, c.before.Unread))
		return
	}
	now, before := newSide(c.now.Keys), newSide(c.before.Keys)
	for _, id := range now.ids {
		if items := now.items[id]; items != nil {
			c.items(before.items[id], items)
		} else {
			c.key(id, before, now)
		}
	}
	for _, id := range before.ids {
		if now.keys[id] == nil && now.items[id] == nil {
			c.gone(id, before, now, source.Range{File: file})
		}
	}
}

func firstOf(texts ...string) string {
	i := slices.IndexFunc(texts, func(s string) bool { return s != "" })
	return texts[i]
}

// side are the keys of one configuration.
type side struct {
	ids   []string // of its paths, each once, in the order of the file
	keys  map[string]*config.Key
	items map[string][]config.Key // of lists of texts
}

func newSide(keys []config.Key) *side {
	s := &side{keys: make(map[string]*config.Key), items: make(map[string][]config.Key)}
	for _, k := range keys {
		id := strings.Join(k.Path, separator)
		if s.keys[id] == nil && s.items[id] == nil {
			s.ids = append(s.ids, id)
		}
		if k.Kind == config.Item {
			s.items[id] = append(s.items[id], k)
		} else {
			s.keys[id] = &k
		}
	}
	return s
}

// separator stands between the keys of a path in its id, as names may hold dots.
const separator = "\x00"

// above returns the ids of what a path lies in, the nearest first.
func above(id string) []string {
	var ids []string
	for i := strings.LastIndex(id, separator); i >= 0; i = strings.LastIndex(id, separator) {
		id = id[:i]
		ids = append(ids, id)
	}
	return ids
}

// name is the path of a key as it is printed.
func name(k *config.Key) string { return strings.Join(k.Path, ".") }

// key tells what became of a key that is there now.
func (c *comparison) key(id string, before, now *side) {
	k, was := now.keys[id], before.keys[id]
	switch {
	case k.Kind == config.Entry && was != nil:
	case k.Kind == config.Entry && isSuppression(k):
		c.add(Suppression, k.At, suppression(id, now))
	case k.Kind == config.Entry:
		c.add(Configuration, k.At, "adds "+name(k))
	case was == nil && (isSuppression(k) || k.Identifies()) && before.keys[k.Path[0]] == nil:
		// It was told with its entry.
	case was == nil:
		c.add(Configuration, k.At, c.sets(k))
	case was.Value != k.Value:
		c.add(Configuration, k.At, changes(k, was))
	}
}

// items compares a list of texts. Their order may matter, as that of variable files does.
func (c *comparison) items(before, now []config.Key) {
	if isSuppression(&now[0]) {
		return // what it is about names the suppression
	}
	left := make(map[string]int)
	for _, k := range before {
		left[k.Value]++
	}
	same := len(before) == len(now)
	for _, k := range now {
		if left[k.Value] > 0 {
			left[k.Value]--
			continue
		}
		same = false
		c.add(Configuration, k.At, item(&k, true))
	}
	for _, k := range before {
		if left[k.Value] > 0 {
			left[k.Value]--
			same = false
			c.add(Configuration, now[0].At, item(&k, false))
		}
	}
	if same && !slices.EqualFunc(before, now, func(a, b config.Key) bool { return a.Value == b.Value }) {
		c.add(Configuration, now[0].At, "changes the order of "+name(&now[0]))
	}
}

// item puts into words that a list has a text, or no longer has it.
func item(k *config.Key, added bool) string {
	list, value := name(k), shown(k)
	switch {
	case list == "exclude" && added:
		return "excludes " + value
	case list == "exclude":
		return "no longer excludes " + value
	case (list == "policies" || list == "paths") && added:
		return "names " + list + " " + value
	case list == "policies" || list == "paths":
		return "no longer names " + list + " " + value
	case added:
		return "adds " + value + " to " + list
	default:
		return "removes " + value + " from " + list
	}
}

// gone tells of a key that is no longer there. Its place is that of the nearest one
// around it that is.
func (c *comparison) gone(id string, before, now *side, at source.Range) {
	around := above(id)
	for _, outer := range around {
		if k := before.keys[outer]; k != nil && k.Kind == config.Entry && now.keys[outer] == nil {
			return // it went with an entry, which is told
		}
	}
	for _, outer := range around {
		if k := now.keys[outer]; k != nil {
			at = k.At
			break
		}
	}
	if items := before.items[id]; items != nil {
		for _, k := range items {
			c.add(Configuration, at, item(&k, false))
		}
		return
	}
	k := before.keys[id]
	rule, isSeverity := severityOf(k)
	switch {
	case isSuppression(k) && k.Kind == config.Entry:
		// Its findings are back.
	case k.Kind == config.Entry:
		c.add(Configuration, at, "removes "+name(k))
	case isSeverity && k.Value == off:
		c.add(Configuration, at, fmt.Sprintf("no longer switches rule %s off", rule))
	case isSeverity:
		c.add(Configuration, at, fmt.Sprintf("no longer sets the severity of rule %s%s", rule, whichWas(k)))
	default:
		c.add(Configuration, at, "no longer sets "+name(k)+whichWas(k))
	}
}

func whichWas(k *config.Key) string {
	if k.Private {
		return ""
	}
	return ", which was " + shown(k)
}

// off is the severity that silences a rule.
const off = "off"

// severityOf returns the rule whose severity a key is.
func severityOf(k *config.Key) (string, bool) {
	if p := k.Path; len(p) == 3 && p[0] == "rules" && p[2] == "severity" {
		return p[1], true
	}
	return "", false
}

// sets puts into words that a key is there which was not.
func (c *comparison) sets(k *config.Key) string {
	if rule, ok := severityOf(k); ok {
		if k.Value == off {
			return fmt.Sprintf("switches rule %s off", rule)
		}
		if own := c.between.Severity[rule]; own != 0 {
			return moves(rule, own.String(), k.Value)
		}
	}
	if k.Private {
		return "sets " + name(k)
	}
	return fmt.Sprintf("sets %s to %s", name(k), shown(k))
}

// changes puts into words that a key has another value.
func changes(k, was *config.Key) string {
	if rule, ok := severityOf(k); ok {
		switch {
		case k.Value == off:
			return fmt.Sprintf("switches rule %s off", rule)
		case was.Value == off:
			return fmt.Sprintf("switches rule %s on, as %s", rule, shown(k))
		default:
			return moves(rule, was.Value, k.Value)
		}
	}
	if k.Private {
		return "changes " + name(k)
	}
	return fmt.Sprintf("changes %s from %s to %s", name(k), shown(was), shown(k))
}

// moves says how the severity of a rule changes.
func moves(rule, from, to string) string {
	before, errBefore := finding.ParseSeverity(from)
	now, errNow := finding.ParseSeverity(to)
	verb := "changes"
	switch {
	case errBefore != nil || errNow != nil:
	case now < before:
		verb = "lowers"
	case now > before:
		verb = "raises"
	default:
		return fmt.Sprintf("sets the severity of rule %s to %s, which it has anyway", rule, to)
	}
	return fmt.Sprintf("%s rule %s from %s to %s", verb, rule, short(from), short(to))
}

// isSuppression reports whether a key is an entry of suppressions or lies in one.
func isSuppression(k *config.Key) bool { return strings.HasPrefix(k.Path[0], "suppressions[") }

// suppression puts an entry of suppressions into words.
func suppression(id string, s *side) string {
	list := func(key string) []string {
		var values []string
		for _, k := range s.items[id+separator+key] {
			values = append(values, short(k.Value))
		}
		return values
	}
	value := func(key string) string {
		if k := s.keys[id+separator+key]; k != nil {
			return short(k.Value)
		}
		return ""
	}
	text := "suppresses " + strings.Join(list("rules"), ", ")
	if files := list("files"); len(files) > 0 {
		text += " in " + strings.Join(files, ", ")
	}
	if address := value("address"); address != "" {
		text += " of " + address
	}
	if until := value("until"); until != "" {
		text += " until " + until
	}
	if reason := value("reason"); reason != "" {
		return text + ": " + reason
	}
	return text + ", without a reason"
}

// shown is the value of a key as it is printed.
func shown(k *config.Key) string {
	switch {
	case k.Private:
		return "a value"
	case k.Value == "":
		return `""`
	}
	return short(k.Value)
}
