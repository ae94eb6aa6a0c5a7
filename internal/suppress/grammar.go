package suppress

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/egresslint/egresslint/internal/config"
)

// prefix begins every comment that is meant for egresslint.
const prefix = "egresslint:"

// verb follows the prefix.
const verb = "ignore"

// directive is what a suppression says, wherever it is written.
type directive struct {
	rules  []string
	reason string
	until  time.Time // the last day on which it counts, at 0:00 UTC; zero for no end
}

// maxRules is how many rules one suppression may name: many more than anyone reads,
// and few enough for a hostile file.
const maxRules = 100

// ruleID matches what the id of a rule looks like.
var ruleID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// misspelt matches comments that are meant for egresslint and are none: a verb that is
// set off, or other marks between the two words.
var misspelt = regexp.MustCompile(`^(?i)egresslint([:\s_-]*)` + verb + `\b`)

// parseComment reads a comment; false if it is not meant for egresslint.
func parseComment(text string) (directive, bool, error) {
	rest, ok := strings.CutPrefix(text, prefix)
	word, body, _ := cutSpace(rest)
	switch {
	case ok && word == verb:
		d, err := parse(body)
		return d, true, err
	case misspelt.MatchString(text):
		return directive{}, true, fmt.Errorf("it begins otherwise, did you mean %q?", prefix+verb)
	case ok && word != "":
		return directive{}, true, fmt.Errorf("no %q%s", prefix+word, config.DidYouMean(word, []string{verb}))
	default:
		return directive{}, false, nil
	}
}

// errNoRule is the error for a suppression of everything.
var errNoRule = errors.New("it names no rule, as in " + prefix + verb + " snat-missing -- reason")

// parse reads rule[,rule] until=YYYY-MM-DD -- reason.
func parse(text string) (directive, error) {
	var d directive
	head, reason := cutReason(text)
	d.reason = strings.Join(strings.Fields(reason), " ")
	more := true // a rule may follow
	for head = strings.TrimSpace(head); head != ""; {
		word, rest, separator := cutWord(head)
		head = rest
		name, value, option := strings.Cut(word, "=")
		switch {
		case option:
			if err := d.option(name, value); err != nil {
				return directive{}, err
			}
			more = false
			continue
		case word == "*", word == "all":
			return directive{}, errors.New("it does not name its rules: a suppression of all would hide what nobody has seen yet")
		case !more:
			return directive{}, fmt.Errorf("%q is no option: rules are separated by commas, and a reason stands behind --", word)
		case word == "":
			return directive{}, errNoRule
		case !ruleID.MatchString(word):
			return directive{}, fmt.Errorf("%q is no id of a rule", word)
		}
		if !slices.Contains(d.rules, word) {
			if len(d.rules) == maxRules {
				return directive{}, fmt.Errorf("it names more than %d rules", maxRules)
			}
			d.rules = append(d.rules, word)
		}
		more = separator == ','
	}
	if len(d.rules) == 0 {
		return directive{}, errNoRule
	}
	return d, nil
}

func (d *directive) option(name, value string) error {
	if name != "until" {
		return fmt.Errorf("no option %q%s", name, config.DidYouMean(name, []string{"until"}))
	}
	if !d.until.IsZero() {
		return errors.New("until is there twice")
	}
	day, err := time.Parse(time.DateOnly, value)
	if err != nil {
		return fmt.Errorf("%q is no day, want one as in until=2027-01-31", value)
	}
	d.until = day
	return nil
}

// cutReason splits a text at the first -- that begins it or stands behind a blank.
func cutReason(text string) (head, reason string) {
	for i := 0; i < len(text); i++ {
		if strings.HasPrefix(text[i:], "--") && (i == 0 || isSpace(text[i-1])) {
			return text[:i], text[i+len("--"):]
		}
	}
	return text, ""
}

// cutWord splits what does not begin with a blank behind its first word. The
// separator is a comma or a blank.
func cutWord(text string) (word, rest string, separator byte) {
	i := strings.IndexFunc(text, func(r rune) bool { return r == ',' || r < 0x80 && isSpace(byte(r)) })
	if i < 0 {
		return text, "", ' '
	}
	word, rest = text[:i], strings.TrimSpace(text[i:])
	if tail, ok := strings.CutPrefix(rest, ","); ok {
		return word, strings.TrimSpace(tail), ','
	}
	return word, rest, ' '
}

func cutSpace(text string) (word, rest string, found bool) {
	i := strings.IndexFunc(text, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) })
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
