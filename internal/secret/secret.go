// Package secret keeps the text of sensitive values out of what leaves the program.
//
// The model is printed, and rules of the tree may print what they like of it. So it
// holds no text of a sensitive value, only the name of the place that the value comes
// from. What such a value decides is judged like any other.
package secret

import (
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/located"
)

// Concealed stands in the model for the text of a sensitive value.
const Concealed = "(sensitive)"

// Conceals reports whether the text of a value must stay out of the model.
func Conceals(v *located.Value) bool { return v.Sensitive && guard.On(guard.Conceal) }

// At returns place, the words for where a destination comes from, if the value
// that names it must stay out of the model; else nothing.
func At(v *located.Value, place string) string {
	if Conceals(v) {
		return place
	}
	return ""
}

// Plain is the text of a value that the model may hold; false if there is none.
func Plain(v *located.Value) (string, bool) {
	if Conceals(v) {
		return "", false
	}
	return v.Text()
}

// Shown is what the model holds for the text of a value.
func Shown(v *located.Value) string {
	if Conceals(v) {
		return Concealed
	}
	text, _ := v.Text()
	return located.Display(text)
}
