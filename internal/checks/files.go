package checks

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/egresslint/egresslint/internal/suppress"
	"github.com/egresslint/egresslint/parser/source"
)

// comments tells of the suppressions in files that were not there before. One is the same
// if it says the same of the same block, argument or object, wherever that stands in the
// file and whatever its value is.
func (c *comparison) comments() {
	type key struct{ file, rules, reason, until, subject string }
	keyOf := func(w suppress.Written, file string) key {
		return key{file, strings.Join(w.Rules, ","), w.Reason, w.Until.String(), w.Subject}
	}
	left := make(map[key]int)
	for _, w := range c.before.Comments {
		left[keyOf(w, w.At.File)]++
	}
	for _, w := range c.now.Comments {
		if k := keyOf(w, c.between.former(w.At.File)); left[k] > 0 {
			left[k]--
			continue
		}
		c.add(Suppression, w.At, suppresses(w.Rules, "", w.Reason, w.Until))
	}
}

// suppresses puts a suppression into words; of is empty or says of what.
func suppresses(rules []string, of, reason string, until time.Time) string {
	text := "suppresses " + strings.Join(rules, ", ") + of
	if !until.IsZero() {
		text += " until " + until.Format(time.DateOnly)
	}
	if reason == "" {
		return text + ", without a reason"
	}
	return text + ": " + short(reason)
}

// annotations tells of annotations that were set, changed or removed. What an overlay or a
// chart gives to an object that stands elsewhere is another one in each of them.
func (c *comparison) annotations() {
	type place struct{ owner, file, name, folder string }
	before := make(map[place][]string)
	for _, a := range c.before.Annotations {
		p := place{a.Owner, a.At.File, a.Name, a.Folder}
		before[p] = append(before[p], a.Value)
	}
	kept := make(map[place]bool)
	told := make(map[source.Range]bool) // a base may make several objects of one text
	for _, a := range c.now.Annotations {
		p := place{a.Owner, c.between.former(a.At.File), a.Name, a.Folder}
		for _, folder := range c.between.FormerFolders[a.Folder] {
			if p.folder = folder; before[p] != nil {
				break
			}
		}
		kept[p] = true
		if slices.Contains(before[p], a.Value) || told[a.At] {
			continue
		}
		told[a.At] = true
		verb := "sets"
		if before[p] != nil {
			verb = "changes"
		}
		text := fmt.Sprintf("%s %s of %s", verb, a.Name, a.Owner)
		if a.From != "" {
			text += " in " + a.From
		}
		for _, w := range suppress.ReadAnnotation(a.Name, a.Value) {
			text += ", which " + suppresses(w.Rules, "", w.Reason, w.Until)
		}
		c.add(Annotated, a.At, text)
	}
	seen := make(map[place]bool)
	for _, a := range c.before.Annotations {
		p := place{a.Owner, a.At.File, a.Name, a.Folder}
		at, there := c.now.Owners[a.Owner]
		if seen[p] || kept[p] || !there || a.Name == suppress.Annotation {
			continue
		}
		seen[p] = true
		c.add(Annotated, at, fmt.Sprintf("removes %s from %s", a.Name, a.Owner))
	}
}

// baseline tells of findings that were put into the baseline.
func (c *comparison) baseline() {
	type key struct{ rule, file, address, arguments string }
	had := make(map[key]int)
	for _, e := range c.before.Baseline {
		had[key{e.Rule, e.File, e.Address, strings.Join(e.Arguments, "\x00")}] += e.Count
	}
	for _, e := range c.now.Baseline {
		k := key{e.Rule, e.File, e.Address, strings.Join(e.Arguments, "\x00")}
		was := had[k]
		if was == 0 {
			k.file = c.between.former(e.File)
			was = had[k]
		}
		if e.Count <= was {
			continue
		}
		text := fmt.Sprintf("takes %s of %s in %s into the baseline", e.Rule, cmp.Or(e.Address, "the file"), e.File)
		if more := e.Count - was; more > 1 {
			text += fmt.Sprintf(" (%d times)", more)
		}
		c.add(InBaseline, e.At, text)
	}
}

// policies tells of files with the project's own rules.
func (c *comparison) policies() {
	for _, name := range slices.Sorted(maps.Keys(c.now.Policies)) {
		former := c.between.former(name)
		was, there := c.before.Policies[former]
		at := source.Range{File: name}
		switch {
		case !there:
			c.add(Policy, at, "adds rules in "+name)
		case was != c.now.Policies[name]:
			c.add(Policy, at, "changes rules in "+name)
		}
	}
	current := c.between.current()
	for name := range c.before.Policies {
		now := cmp.Or(current[name], name)
		if _, there := c.now.Policies[now]; !there {
			c.add(Policy, source.Range{File: now}, "no longer runs the rules in "+now)
		}
	}
}

// files tells of files that were linted before and no longer are, although they are there.
func (c *comparison) files() {
	current := c.between.current()
	for _, name := range c.before.Linted {
		now := cmp.Or(current[name], name)
		why, unlinted := c.between.Unlinted[now]
		if !unlinted {
			continue
		}
		moved := ""
		if now != name {
			moved = " since it was " + name
		}
		c.add(NotLinted, source.Range{File: now}, "is no longer linted"+moved+": "+why)
	}
}

// submodules tells of those whose commit is another one and of which files are linted:
// they are read as they are now in both states, so that nothing in them is new.
func (c *comparison) submodules() {
	if c.now.Run == nil {
		return
	}
	for _, name := range c.between.Submodules {
		n := 0
		for _, f := range c.now.Run.Parsed.Linted {
			if strings.HasPrefix(f.Name, name+"/") {
				n++
			}
		}
		if n > 0 {
			c.add(NotJudged, source.Range{File: name}, fmt.Sprintf("is a submodule whose commit changes: what that brings is not compared (%s)", plural(n, "linted file")))
		}
	}
}
