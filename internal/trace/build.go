package trace

import (
	"context"

	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/source"
)

// Build makes the model of what the input's workloads need to reach and what
// stands in the way. The diagnostics are about objects that the API server would
// reject and declarations that cannot be read; the rest of the input counts all
// the same. The error is that of ctx.
func Build(ctx context.Context, input world.Input) (*model.Model, []source.Diagnostic, error) {
	n := world.NewNotes()
	f, err := world.ReadFacts(ctx, input, n)
	if err != nil {
		return nil, nil, err
	}
	worlds, err := world.Bind(ctx, f, input.Objects, n)
	if err != nil {
		return nil, nil, err
	}
	if err := world.FindNeeds(ctx, f, worlds, n); err != nil {
		return nil, nil, err
	}
	t := newTracer(f, n)
	if err := t.trace(ctx, worlds); err != nil {
		return nil, nil, err
	}
	return newModel(f, input.Objects, worlds, t), n.SortedDiagnostics(), nil
}
