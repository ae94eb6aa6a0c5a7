package egress

import (
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/located"
)

// The model is printed, and rules of the tree may print what they like of it. So it
// holds no text of a sensitive value, only the name of the place that the value comes
// from. What such a value decides is judged like any other.

// concealed stands in the model for the text of a sensitive value.
const concealed = "(sensitive)"

// conceals reports whether the text of a value must stay out of the model.
func conceals(v *located.Value) bool { return v.Sensitive && guard.On(guard.Conceal) }

// secretAt returns place, the words for where a destination comes from, if the value
// that names it must stay out of the model; else nothing.
func secretAt(v *located.Value, place string) string {
	if conceals(v) {
		return place
	}
	return ""
}

// plainText is the text of a value that the model may hold; false if there is none.
func plainText(v *located.Value) (string, bool) {
	if conceals(v) {
		return "", false
	}
	return v.Text()
}

// shownText is what the model holds for the text of a value.
func shownText(v *located.Value) string {
	if conceals(v) {
		return concealed
	}
	text, _ := v.Text()
	return located.Display(text)
}
