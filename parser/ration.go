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
)

// ration is what is left of maxRunValues. When it is used up, what follows is left out.
type ration struct {
	left  int
	heavy sync.Mutex
}

// spend calls do for 0 to n-1, side by side, and takes from r the weight that each
// returns. It returns how many are kept: the first before which all was used up, and
// all that follow, are left out, whether they were done or not. So it does not matter
// which was done first. The only error is that of ctx.
func (r *ration) spend(ctx context.Context, n int, do func(ctx context.Context, i int) (weight int)) (kept int, err error) {
	weights := make([]int, n)
	var spent atomic.Int64
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		if r.usedUp(r.left - int(spent.Load())) { // by some of those before i alone
			break
		}
		group.Go(func() error {
			if err := groupCtx.Err(); err != nil {
				return err
			}
			weights[i] = do(groupCtx, i)
			spent.Add(int64(weights[i]))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	for ; kept < n && !r.usedUp(r.left); kept++ {
		r.left -= weights[kept]
	}
	return kept, nil
}

func (r *ration) usedUp(left int) bool { return left < 0 && guard.On(guard.ManifestBudgets) }

// leftOut is what is said of all that is left out as a ration is used up.
var leftOut = fmt.Sprintf("the manifests of the run are more than %d values or %d MiB of text together; it is left out",
	maxRunValues, maxRunValues*textPerValue>>20)

// usedUpBy says that something is left out.
func usedUpBy(file, action string) source.Diagnostic {
	return source.Diagnostic{Kind: source.LimitReached, Range: source.Range{File: file}, Message: action + ": " + leftOut}
}

// toldOnce tells of all that is left out in the same way as one, the first of them.
func toldOnce(diagnostics []source.Diagnostic) []source.Diagnostic {
	first := make(map[string]int) // by the message
	files := make(map[string]map[string]bool)
	var told []source.Diagnostic
	for _, d := range diagnostics {
		if !strings.HasSuffix(d.Message, leftOut) {
			told = append(told, d)
			continue
		}
		if files[d.Message] == nil {
			first[d.Message] = len(told)
			files[d.Message] = make(map[string]bool)
			told = append(told, d)
		}
		files[d.Message][d.Range.File] = true
	}
	for message, at := range first {
		switch n := len(files[message]) - 1; n {
		case 0:
		case 1:
			told[at].Message += ", as is 1 other"
		default:
			told[at].Message += fmt.Sprintf(", as are %d others", n)
		}
	}
	return told
}

// readFiles parses candidates, the smallest first, so that it is the largest that are
// left out if they are too much together.
func (r *ration) readFiles(ctx context.Context, tree *source.Tree, candidates []source.File) ([]manifests, []source.Diagnostic, error) {
	sizes := make([]int64, len(candidates))
	order := make([]int, len(candidates))
	for i, f := range candidates {
		order[i] = i
		sizes[i] = sizeOf(tree, f.Name)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sizes[a], sizes[b]) })
	read := make([]manifests, len(candidates))
	kept, err := r.spend(ctx, len(order), func(ctx context.Context, i int) int {
		at := order[i]
		if sizes[at] >= heavyFile {
			r.heavy.Lock()
			defer r.heavy.Unlock()
		}
		read[at] = parseManifests(ctx, tree, candidates[at])
		return read[at].weight
	})
	if err != nil {
		return nil, nil, err
	}
	var diagnostics []source.Diagnostic
	for _, at := range order[kept:] {
		read[at] = manifests{}
		diagnostics = append(diagnostics, usedUpBy(candidates[at].Name, "read file"))
	}
	return read, diagnostics, nil
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
