package requirement

import (
	"slices"
	"strings"
)

// FromArgs returns the destinations in a container's command line: command and
// args as one list. Flags are read like keys (--db-host=..., --db-host ...,
// -h ...), NAME=value like a variable, scripts word by word. Arg and the offsets
// of a result say where it stands.
func FromArgs(args []string) []Endpoint {
	flags := make(map[string]string)
	words := splitWords(args)
	for i, w := range words {
		if key, value, _, ok := flagValue(words, i); ok && w.text != "" {
			if _, taken := flags[key]; !taken {
				flags[key] = value.text
			}
		}
	}
	sibling := func(key string) (string, bool) {
		value, ok := flags[key]
		return value, ok
	}
	var found []Endpoint
	for i := 0; i < len(words); i++ {
		w := words[i]
		key, value, next, ok := flagValue(words, i)
		if !ok {
			key, value = "", w
		}
		if next {
			i++
		}
		if isScript(args[value.arg]) && (key == "" || strings.Contains(value.text, "://")) {
			continue // read below, with the quotes and the lines around
		}
		for _, e := range FromValue(key, value.text, sibling) {
			e.Arg, e.Start, e.End = value.arg, e.Start+value.start, e.End+value.start
			found = append(found, e)
		}
	}
	for i, arg := range args {
		if !isScript(arg) {
			continue
		}
		for _, e := range FromValue("", arg, sibling) {
			e.Arg = i
			known := func(f Endpoint) bool { return f.Arg == i && f.Start < e.End && e.Start < f.End }
			if !slices.ContainsFunc(found, known) { // a flag knows the port better
				found = append(found, e)
			}
		}
	}
	return compact(found)
}

// isScript reports an argument that holds several words.
func isScript(arg string) bool { return strings.ContainsAny(strings.TrimSpace(arg), " \t\n") }

// word is a word of a command line.
type word struct {
	text  string
	arg   int // index of the argument
	start int // offset in the argument
}

func splitWords(args []string) []word {
	var words []word
	for i, arg := range args {
		if !isScript(arg) {
			words = append(words, word{arg, i, 0})
			continue
		}
		for from := 0; from < len(arg); {
			to := from
			for to < len(arg) && arg[to] > ' ' {
				to++
			}
			if to > from {
				a, b := trimQuotes(arg, from, to)
				words = append(words, word{arg[a:b], i, a})
			}
			from = to + 1
		}
	}
	return words
}

// flagValue reads word i as a flag or an assignment. next says that the value is
// the following word.
func flagValue(words []word, i int) (key string, value word, next, ok bool) {
	w := words[i]
	name, isFlag := strings.CutPrefix(w.text, "-")
	name = strings.TrimPrefix(name, "-")
	if k, v, found := strings.Cut(w.text, "="); found && (isFlag || isWord(k)) {
		k = strings.TrimLeft(k, "-")
		value = word{v, w.arg, w.start + len(w.text) - len(v)}
		return flagKey(k), value, false, k != ""
	}
	if !isFlag || name == "" || i+1 >= len(words) || strings.HasPrefix(words[i+1].text, "-") {
		return "", word{}, false, false
	}
	return flagKey(name), words[i+1], true, true
}

// flagKey gives the short flags that most clients share their long names.
func flagKey(name string) string {
	switch name {
	case "h", "host":
		return "client-host"
	case "p", "P", "port":
		return "client-port"
	default:
		return name
	}
}
