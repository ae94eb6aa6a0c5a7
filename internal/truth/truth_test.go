package truth_test

import (
	"slices"
	"testing"

	"github.com/egresslint/egresslint/internal/truth"
)

var (
	truths   = []truth.Truth{truth.No, truth.Maybe, truth.Yes}
	verdicts = []truth.Verdict{truth.Open, truth.Partial, truth.Blocked, truth.Unknown}
)

func TestTruth(t *testing.T) {
	var zero truth.Truth
	if zero != truth.Maybe {
		t.Errorf("the zero truth is %s", zero)
	}
	if truth.Of(true) != truth.Yes || truth.Of(false) != truth.No {
		t.Error("Of does not say what it is given")
	}
	var names []string
	for _, a := range truths {
		names = append(names, a.String())
		for _, b := range truths {
			and, or := min(a, b), max(a, b)
			if (and == truth.Yes) != (a == truth.Yes && b == truth.Yes) || (and == truth.No) != (a == truth.No || b == truth.No) {
				t.Errorf("%s and %s is %s", a, b, and)
			}
			if (or == truth.Yes) != (a == truth.Yes || b == truth.Yes) || (or == truth.No) != (a == truth.No && b == truth.No) {
				t.Errorf("%s or %s is %s", a, b, or)
			}
			want := truth.Maybe
			if a == b {
				want = a
			}
			if got := truth.Agreed(a, b); got != want {
				t.Errorf("%s and %s agree on %s, want %s", a, b, got, want)
			}
		}
	}
	if !slices.Equal(names, []string{"no", "maybe", "yes"}) {
		t.Errorf("they are called %v", names)
	}
	if truth.Agreed() != truth.Maybe {
		t.Error("nobody agrees on something")
	}
}

// lists are all lists of at most n verdicts.
func lists(n int) [][]truth.Verdict {
	all := [][]truth.Verdict{nil}
	for from := 0; n > 0; n-- {
		to := len(all)
		for _, list := range all[from:to] {
			for _, v := range verdicts {
				all = append(all, append(slices.Clone(list), v))
			}
		}
		from = to
	}
	return all
}

func TestSum(t *testing.T) {
	for _, tc := range []struct {
		verdicts []truth.Verdict
		more     bool
		want     truth.Verdict
	}{
		{nil, false, truth.Open},
		{nil, true, truth.Unknown},
		{[]truth.Verdict{truth.Open}, false, truth.Open},
		{[]truth.Verdict{truth.Open}, true, truth.Unknown},
		{[]truth.Verdict{truth.Blocked}, true, truth.Blocked},
		{[]truth.Verdict{truth.Blocked, truth.Blocked}, false, truth.Blocked},
		{[]truth.Verdict{truth.Open, truth.Blocked}, false, truth.Partial},
		{[]truth.Verdict{truth.Unknown, truth.Blocked}, false, truth.Partial},
		{[]truth.Verdict{truth.Unknown, truth.Open}, false, truth.Unknown},
	} {
		if got := truth.Sum(tc.verdicts, tc.more); got != tc.want {
			t.Errorf("sum of %v (more: %t) is %s, want %s", tc.verdicts, tc.more, got, tc.want)
		}
	}
	for _, list := range lists(4) {
		got := truth.Sum(list, false)
		for i := range list {
			order := slices.Concat(list[i:], list[:i])
			if other := truth.Sum(order, false); other != got {
				t.Errorf("sum of %v is %s, of %v %s", list, got, order, other)
			}
		}
		blocked := slices.Contains(list, truth.Blocked)
		if passes := got == truth.Open || got == truth.Unknown; passes == blocked {
			t.Errorf("sum of %v is %s", list, got)
		}
		if more := truth.Sum(list, true); got != truth.Open && more != got || got == truth.Open && more != truth.Unknown {
			t.Errorf("sum of %v is %s, and with more of them %s", list, got, more)
		}
	}
}

func TestWorst(t *testing.T) {
	for _, list := range lists(4) {
		got := truth.Worst(list...)
		if len(list) == 0 && got != truth.Open || len(list) > 0 && !slices.Contains(list, got) {
			t.Errorf("worst of %v is %s", list, got)
		}
		for _, v := range list {
			if got.Better(v) {
				t.Errorf("worst of %v is %s, which is better than %s", list, got, v)
			}
		}
	}
	for _, pair := range [][2]truth.Verdict{{truth.Open, truth.Unknown}, {truth.Unknown, truth.Partial}, {truth.Partial, truth.Blocked}} {
		if !pair[0].Better(pair[1]) || pair[1].Better(pair[0]) || pair[0].Better(pair[0]) {
			t.Errorf("%s is not better than %s", pair[0], pair[1])
		}
	}
}
