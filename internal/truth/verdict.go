package truth

import "slices"

// Verdict says whether packets pass something. The words are those of the model's JSON.
type Verdict string

// Verdicts. Partial is a block for some of the sources only.
const (
	Open    Verdict = "open"
	Partial Verdict = "partial"
	Blocked Verdict = "blocked"
	Unknown Verdict = "unknown"
)

// severity orders verdicts by what one of them means for a path that others are part
// of: one block stops it, and what is not decided keeps it from being open.
var severity = []Verdict{Open, Unknown, Partial, Blocked}

// Worst is the verdict on a way on which all of these have to be passed. A way without
// anything on it is open.
func Worst(verdicts ...Verdict) Verdict {
	worst := Open
	for _, v := range verdicts {
		if slices.Index(severity, v) > slices.Index(severity, worst) {
			worst = v
		}
	}
	return worst
}

// Better reports whether v lets more pass than other: of several ways the best decides.
func (v Verdict) Better(other Verdict) bool {
	return slices.Index(severity, v) < slices.Index(severity, other)
}

// Sum is the verdict on packets that come from any of several members, given the verdict
// on each. More says that there may be others.
func Sum(verdicts []Verdict, more bool) Verdict {
	blocked, unknown := 0, 0
	for _, v := range verdicts {
		switch v {
		case Blocked:
			blocked++
		case Open:
		default:
			unknown++
		}
	}
	switch {
	case blocked > 0 && blocked < len(verdicts):
		return Partial
	case blocked > 0:
		return Blocked
	case unknown > 0 || more:
		return Unknown
	default:
		return Open
	}
}
