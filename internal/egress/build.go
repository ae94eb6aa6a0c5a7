package egress

import (
	"context"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/parser/source"
)

// Build makes the model of what the input's workloads need to reach and what
// stands in the way. The diagnostics are about objects that the API server would
// reject and declarations that cannot be read; the rest of the input counts all
// the same. The error is that of ctx.
func Build(ctx context.Context, input Input) (*model.Model, []source.Diagnostic, error) {
	n := newNotes()
	f, err := ReadFacts(ctx, input, n)
	if err != nil {
		return nil, nil, err
	}
	worlds, err := Bind(ctx, f, input.Objects, n)
	if err != nil {
		return nil, nil, err
	}
	if err := FindNeeds(ctx, f, worlds, n); err != nil {
		return nil, nil, err
	}
	t := newTracer(f, n)
	if err := t.trace(ctx, worlds); err != nil {
		return nil, nil, err
	}
	return newModel(f, input.Objects, worlds, t), n.sortedDiagnostics(), nil
}
