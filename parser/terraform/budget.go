package terraform

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// quantity is something that the evaluation of a root uses up.
type quantity int

const (
	// steps are expressions that are evaluated, and elements that are looked at.
	steps quantity = iota
	// elements are those of the lists, maps and blocks that are made.
	elements
	// letters are the bytes of the text that is made.
	letters
	// values are those of resources and providers with all that is in them: they stay
	// until the run ends.
	values
	quantities
)

// amounts are how much of each quantity.
type amounts [quantities]int

// Bounds on what a root uses up. One of 20,000 instances needs less than a
// tenth of them.
const (
	maxSteps    = 10_000_000
	maxElements = 2_000_000
	maxLetters  = 128 << 20
	maxValues   = 1_000_000
)

// Bounds on the roots of a run. Of many roots each may take fewer steps, so that a run
// ends; of the values, those of the roots that have most are not kept.
const (
	maxRunSteps  = 60_000_000
	minRootSteps = 1_000_000
	maxRunValues = 2_000_000
	// maxSource bounds the text of configuration and variable files that a run parses,
	// in bytes. Parsed it takes up to a hundred times as much.
	maxSource = 12 << 20
)

// budget counts what the evaluation of one root costs, with all it needs of others.
type budget struct {
	ctx context.Context
	// owner is the evaluator of the root itself, which tells what was too much.
	owner *evaluator
	limit amounts
	spent amounts
	// ceiling is how far spent may go for what is being evaluated, see apart. Over
	// says that it went there.
	ceiling amounts
	over    bool
	// ended says that the time is over. Nothing is evaluated any more.
	ended bool
	looks int // at the budget, to look at ctx now and then

	// heavy is held by the one root of all that are being evaluated which may use a
	// lot of memory at this time.
	heavy   chan struct{}
	holding bool

	instances int
}

// newBudget returns the budget of one of a number of roots, which share heavy.
func newBudget(ctx context.Context, roots int, heavy chan struct{}) *budget {
	b := &budget{ctx: ctx, heavy: heavy}
	b.limit = amounts{
		steps:    min(maxSteps, max(minRootSteps, maxRunSteps/max(1, roots))),
		elements: maxElements, letters: maxLetters, values: maxValues,
	}
	b.ceiling = b.limit
	return b
}

// tooMuch says of a quantity what there was too much of, as messages go on.
func (b *budget) tooMuch(q quantity) string {
	switch n := b.limit[q]; q {
	case steps:
		return fmt.Sprintf("it takes too many steps; all of the root may take %d", n)
	case elements:
		return fmt.Sprintf("it makes lists, maps and blocks with too many elements; all of the root may make %d", n)
	case letters:
		return fmt.Sprintf("it makes too much text; all of the root may make %d MiB", n>>20)
	default:
		return fmt.Sprintf("it gives resources too many values; all of the root may have %d", n)
	}
}

// tooCostly is the reason for what is unknown because the budget is used up.
const tooCostly = "the configuration takes too long or too much memory to evaluate"

// spend takes n of a quantity for the expression at rng and reports whether the
// evaluation may go on.
func (ev *evaluator) spend(q quantity, n int, rng hcl.Range) bool {
	b := ev.spent
	if b.over {
		return false
	}
	if b.looks++; b.looks&1023 == 0 && guard.On(guard.Deadline) && b.ctx.Err() != nil {
		b.over, b.ended = true, true
		return false
	}
	if b.spent[q]+n > b.ceiling[q] && guard.On(guard.TerraformBudgets) {
		b.over = true
		if rng.Filename == "" {
			rng = ev.host
		}
		b.owner.limit(rng, "evaluate expression: %s", b.tooMuch(q))
		return false
	}
	b.spent[q] += n
	if q != steps && !b.holding && b.spent[q] > b.limit[q]/16 {
		b.hold()
	}
	return true
}

// look takes steps for elements that are looked at. The next expression reports when
// they are too many.
func (b *budget) look(n int) {
	if !b.over {
		b.spent[steps] += n
	}
}

// hold waits until no other root uses a lot of memory.
func (b *budget) hold() {
	select {
	case b.heavy <- struct{}{}:
		b.holding = true
	case <-b.ctx.Done():
		b.over, b.ended = true, true
	}
}

// release lets another root use a lot of memory.
func (b *budget) release() {
	if b.holding {
		<-b.heavy
		b.holding = false
	}
}

// apart runs f, the evaluation of one block, which gets at most half of what is left,
// so that something is left for those that follow.
func (b *budget) apart(f func()) {
	outer := b.ceiling
	for q := range b.ceiling {
		b.ceiling[q] = b.spent[q] + (outer[q]-b.spent[q]+1)/2
	}
	f()
	b.ceiling, b.over = outer, b.ended
}

// cutOff reports whether a node that was evaluated since before is unknown because of
// what others used up: then who asks next evaluates it again.
func (b *budget) cutOff(before amounts) bool {
	if !b.over || b.ended {
		return false
	}
	for q := range b.spent {
		if left := b.limit[q] - before[q]; b.spent[q]-before[q] > left/8 {
			return false
		}
	}
	return true
}

// keeper keeps the roots of a run while they have no more than maxRunValues values
// together. Those that have most are not kept: it does not matter in which order the
// roots were done.
type keeper struct {
	mu   sync.Mutex
	left int
	kept []*job // by values, then as they were given
	gone []*job
}

// keep keeps a root that was evaluated, or others in its place.
func (k *keeper) keep(j *job) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at, _ := slices.BinarySearchFunc(k.kept, j, func(a, b *job) int {
		return cmp.Or(cmp.Compare(a.values, b.values), cmp.Compare(a.number, b.number))
	})
	k.kept = slices.Insert(k.kept, at, j)
	k.left -= j.values
	for k.left < 0 && guard.On(guard.TerraformBudgets) {
		last := k.kept[len(k.kept)-1]
		k.kept = k.kept[:len(k.kept)-1]
		k.left += last.values
		last.root = last.unread()
		k.gone = append(k.gone, last)
	}
}

// report says which roots were not kept.
func (k *keeper) report(l *loader) {
	for _, j := range k.gone {
		j.diags = append(j.diags, source.Diagnostic{
			Kind: source.LimitReached, Range: source.Range{File: l.anyFile(j.dir)},
			Message: fmt.Sprintf("evaluate root: the roots of the run have more than %d values together; of those with most it is left out", maxRunValues),
		})
	}
}
