package gitops

import (
	"context"
	"errors"
	"fmt"
	"text/template"

	"github.com/egresslint/egresslint/parser/bounded"
	"github.com/egresslint/egresslint/parser/source"
)

const (
	// maxText is how many bytes a text may have that parameters or variables fill in.
	maxText = 1 << 20
	// MaxFilled is how many bytes the texts and values may have together that
	// parameters, or variables, fill in during a run.
	MaxFilled = 512 << 20
	// valueSize is about how many bytes a value takes besides its text.
	valueSize = 128
	// maxMatches is how often a name is compared with a pattern of a generator.
	maxMatches = 10_000_000
)

var (
	errText   = fmt.Errorf("a text gets longer than %d MiB", maxText>>20)
	errFilled = fmt.Errorf("what is filled in gets larger than %d MiB", MaxFilled>>20)
)

// isLimit reports whether an error is about a limit of egresslint, not about what a
// template says.
func isLimit(err error) bool {
	var o overrun
	return errors.Is(err, errText) || errors.Is(err, errFilled) || errors.Is(err, source.ErrNested) || errors.Is(err, source.ErrActions) || errors.As(err, &o)
}

// overrun is a limit that the functions of a template reach.
type overrun struct{ error }

// Budget is how many bytes may still be filled in, and what the functions of templates
// may still use.
type Budget struct {
	left      int
	templates *bounded.Budget
	functions template.FuncMap // that templates is charged for
}

// NewBudget returns one of [MaxFilled] bytes.
func NewBudget() *Budget {
	templates := bounded.New(context.Background(), nil)
	return &Budget{left: MaxFilled, templates: templates, functions: templates.Functions(goFunctions)}
}

// spend takes bytes off. It returns an error if there are not enough.
func (b *Budget) spend(bytes int) error {
	if b.left < bytes {
		b.left = 0
		return errFilled
	}
	b.left -= bytes
	return nil
}
