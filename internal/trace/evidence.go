package trace

import (
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/located"
)

// What verdicts rest on. Facts belong to the gate where there is one, so that the paths
// that meet it share them.

func fact(label, value string, at place.Origin) model.Fact {
	return model.Fact{Label: label, Value: value, Origin: at}
}

// written is the text of a value, or what counts where none is written.
func written(v *located.Value, otherwise string) string {
	if v.IsNull() {
		return otherwise + " (default)"
	}
	if text, ok := v.Text(); ok {
		return located.Display(text)
	}
	return "not in the files"
}

// orNone is the text of what the files may leave out.
func orNone(text string) string {
	if text == "" {
		return "not in the files"
	}
	return text
}
