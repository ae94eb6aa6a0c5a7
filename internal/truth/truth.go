// Package truth holds the answers that files give: to a yes-or-no question, which they
// may not decide, and to the question whether packets pass. Every other package speaks
// in these words.
package truth

// Truth is the answer to a yes-or-no question that the files may not decide. The zero
// Truth is Maybe. The conjunction of several is their min, the disjunction their max.
type Truth int8

// The answers.
const (
	No    Truth = -1
	Maybe Truth = 0
	Yes   Truth = 1
)

// Of is the answer to a question that is decided.
func Of(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// Agreed is the answer that several sources give together: what they do not agree about
// is not decided.
func Agreed(answers ...Truth) Truth {
	for _, t := range answers {
		if t != answers[0] {
			return Maybe
		}
	}
	if len(answers) == 0 {
		return Maybe
	}
	return answers[0]
}

// String renders t as "no", "maybe" or "yes".
func (t Truth) String() string {
	switch t {
	case Yes:
		return "yes"
	case No:
		return "no"
	default:
		return "maybe"
	}
}
