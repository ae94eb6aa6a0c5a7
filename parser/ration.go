package parser

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
	"github.com/egresslint/egresslint/parser/tfjson"
)

const (
	// maxRunValues is how many values the manifests of a run may hold together, those
	// that are rendered and built included. They take up to 500 bytes each.
	maxRunValues = 2_000_000
	// textPerValue is how many bytes of a file that is parsed count like a value, also
	// if nothing of it is kept.
	textPerValue = 32
	// heavyFile is the size from which files are parsed one at a time: a file takes up
	// to a hundred times its size while it is parsed.
	heavyFile = 1 << 20
	// maxNamed is how many of the files are named of which the same is said.
	maxNamed = 20
)

// ration is what is left of maxRunValues. When it is used up, what follows is left out.
type ration struct {
	left  int
	heavy sync.Mutex
}

// spend calls do for 0 to n-1, side by side, and takes from r the weight that each
// returns. It returns how many are kept: the first before which all was used up, and
// all that follow, are left out, whether they were done or not. So it does not matter
// which was done first.
func (r *ration) spend(ctx context.Context, n int, do func(ctx context.Context, i int) (weight int)) (kept int) {
	weights := make([]int, n)
	var spent atomic.Int64
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		if r.usedUp(r.left - int(spent.Load())) { // by some of those before i alone
			break
		}
		group.Go(func() error {
			weights[i] = do(ctx, i)
			spent.Add(int64(weights[i]))
			return nil
		})
	}
	_ = group.Wait() // none fails
	for ; kept < n && !r.usedUp(r.left); kept++ {
		r.left -= weights[kept]
	}
	return kept
}

func (r *ration) usedUp(left int) bool { return left < 0 && guard.On(guard.ManifestBudgets) }

// leftOut is what is said of all that is left out as a ration is used up.
var leftOut = fmt.Sprintf("the manifests of the run are more than %d values or %d MiB of text together; it is left out",
	maxRunValues, maxRunValues*textPerValue>>20)

// usedUpBy says that something is left out.
func usedUpBy(file, action string) source.Diagnostic {
	return source.Diagnostic{Kind: source.LimitReached, Range: source.Range{File: file}, Message: action + ": " + leftOut}
}

// toldOnce tells of limits that are said of many files in the same words at the first of
// them only, of which the last one says how many there are. Where a ration is used up,
// no file is to blame more than another: one is named.
func toldOnce(diagnostics []source.Diagnostic) []source.Diagnostic {
	files := make(map[string]map[string]bool) // by the message
	last := make(map[string]int)              // of those that are kept
	var kept []source.Diagnostic
	for _, d := range diagnostics {
		if d.Kind == source.LimitReached {
			if files[d.Message] == nil {
				files[d.Message] = make(map[string]bool)
			}
			if files[d.Message][d.Range.File] = true; len(files[d.Message]) > named(d.Message) {
				continue
			}
			last[d.Message] = len(kept)
		}
		kept = append(kept, d)
	}
	for message, at := range last {
		switch n := len(files[message]) - named(message); {
		case n == 1:
			kept[at].Message += ", as is 1 other"
		case n > 1:
			kept[at].Message += fmt.Sprintf(", as are %d others", n)
		}
	}
	return kept
}

// named is how many files are named of which a message is said.
func named(message string) int {
	if strings.HasSuffix(message, leftOut) {
		return 1
	}
	return maxNamed
}

// readFiles parses candidates, the smallest first, so that it is the largest that are
// left out if they are too much together.
func (r *ration) readFiles(ctx context.Context, tree *source.Tree, candidates []source.File, ids tfjson.Identities, cache *Cache) ([]manifests, []source.Diagnostic) {
	sizes := make([]int64, len(candidates))
	order := make([]int, len(candidates))
	for i, f := range candidates {
		order[i] = i
		sizes[i] = sizeOf(tree, f.Name)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sizes[a], sizes[b]) })
	read := make([]manifests, len(candidates))
	kept := r.spend(ctx, len(order), func(ctx context.Context, i int) int {
		at := order[i]
		if sizes[at] >= heavyFile {
			r.heavy.Lock()
			defer r.heavy.Unlock()
		}
		read[at] = parseManifests(ctx, tree, candidates[at], ids, cache)
		return read[at].weight
	})
	var diagnostics []source.Diagnostic
	for _, at := range order[kept:] {
		read[at] = manifests{}
		diagnostics = append(diagnostics, usedUpBy(candidates[at].Name, "read file"))
	}
	return read, diagnostics
}

// sizeOf is the size of a file, 0 if that cannot be told: what is wrong with it shows
// when it is read.
func sizeOf(tree *source.Tree, name string) (n int64) {
	defer func() { _ = recover() }()
	if info, err := tree.Stat(name); err == nil {
		n = info.Size()
	}
	return n
}

// weightOf counts the values of objects.
func weightOf(objects []*kubernetes.Object) int {
	n := 0
	for _, o := range objects {
		n += valuesIn(o.Root)
	}
	return n
}

// weightOfRoot counts the values of what a plan or a state holds.
func weightOfRoot(root *terraform.Root) int {
	n := 0
	for _, r := range root.Resources {
		n += valuesIn(r.Body)
	}
	return n
}

func valuesIn(v *located.Value) int {
	if v == nil {
		return 0
	}
	n := 1
	for _, e := range v.List {
		n += valuesIn(e)
	}
	for _, f := range v.Map {
		n += valuesIn(f.Value)
	}
	return n
}
