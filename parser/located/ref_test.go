package located_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/parser/located"
)

// TestRefs checks that references come back out of text, also as another root sees
// it, and as a third one sees that.
func TestRefs(t *testing.T) {
	text := rapid.StringOf(rapid.RuneFrom([]rune(`ab:.["]/@ é`)))
	rapid.Check(t, func(t *rapid.T) {
		var s, rest strings.Builder
		var want []located.Ref
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			between := text.Draw(t, "text")
			s.WriteString(between)
			rest.WriteString(between)
			ref := located.Ref{Address: text.Draw(t, "address"), Attribute: text.Draw(t, "attribute")}
			s.WriteString(ref.Placeholder())
			want = append(want, ref)
		}
		refs, left := located.Refs(s.String())
		if left != rest.String() || !cmp.Equal(refs, want) {
			t.Fatalf("got %q and %q, want %q and %q", refs, left, want, rest.String())
		}
		root := rapid.StringMatching(`[a-z:/@.]{1,8}`).Draw(t, "root")
		seen := located.FromRoot(s.String(), root)
		refs, left = located.Refs(seen)
		if left != rest.String() || len(refs) != len(want) {
			t.Fatalf("from %q: got %q and %q", root, refs, left)
		}
		for i, ref := range refs {
			if ref.Root != root || ref.Local() != want[i] || ref.Address == want[i].Address {
				t.Errorf("from %q: got %+v of %+v", root, ref, want[i])
			}
			if again, _ := located.Refs(ref.Placeholder()); len(again) != 1 || again[0] != ref {
				t.Errorf("%+v became %+v", ref, again)
			}
		}
		if third := located.FromRoot(seen, "third"); third != seen {
			t.Errorf("a third root sees %q, not %q", third, seen)
		}
	})
}

func TestDisplay(t *testing.T) {
	own := located.Ref{Address: "alicloud_vpc.v", Attribute: "id"}.Placeholder()
	got := located.Display("a " + own + " b " + located.FromRoot(own, "network@prod"))
	if want := "a ${alicloud_vpc.v.id} b ${network@prod:alicloud_vpc.v.id}"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
