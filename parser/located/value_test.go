package located_test

import (
	"slices"
	"testing"

	"github.com/egresslint/egresslint/parser/located"
)

func TestIs(t *testing.T) {
	text := &located.Value{Kind: located.String, Str: "Append"}
	for _, tc := range []struct {
		value *located.Value
		texts []string
		want  bool
	}{
		{text, []string{"Cover", "Append"}, true},
		{text, []string{"append"}, false},
		{text, nil, false},
		{&located.Value{Kind: located.Unknown}, []string{""}, false},
		{&located.Value{}, []string{""}, false},
		{nil, []string{""}, false},
	} {
		if got := tc.value.Is(tc.texts...); got != tc.want {
			t.Errorf("%+v is one of %v: %t", tc.value, tc.texts, got)
		}
	}
}

func TestReasonOr(t *testing.T) {
	unknown := &located.Value{Kind: located.Unknown, Reason: "var.x has no value"}
	for _, tc := range []struct {
		name  string
		value *located.Value
		want  string
	}{
		{"unknown", unknown, "var.x has no value"},
		{"a part", &located.Value{Kind: located.List, List: []*located.Value{{Kind: located.String}, unknown}}, "var.x has no value"},
		{"without a reason", &located.Value{Kind: located.Unknown}, "otherwise"},
		{"known", &located.Value{Kind: located.String}, "otherwise"},
		{"none", nil, "otherwise"},
	} {
		if got := tc.value.ReasonOr("otherwise"); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestInt(t *testing.T) {
	for text, want := range map[string]int{"3306": 3306, "-1": -1, "": 0, "http": 0, "1.5": 0} {
		if got := (&located.Value{Kind: located.String, Str: text}).Int(); got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
	if (&located.Value{Kind: located.Unknown}).Int() != 0 || (*located.Value)(nil).Int() != 0 {
		t.Error("what is not known is a number")
	}
}

func TestSplit(t *testing.T) {
	text := func(s string) *located.Value { return &located.Value{Kind: located.String, Str: s} }
	unknown := &located.Value{Kind: located.Unknown, Reason: "var.x has no value"}
	list := func(items ...*located.Value) *located.Value { return &located.Value{Kind: located.List, List: items} }
	for _, tc := range []struct {
		name  string
		value *located.Value
		want  []string
	}{
		{"a scalar", text("a"), []string{"a"}},
		{"joined by commas", text("a, b,,c "), []string{"a", "b", "c"}},
		{"a list", list(text("a"), text(" "), text("b,c"), unknown), []string{"a", "b", "c", "?"}},
		{"nothing", &located.Value{}, nil},
		{"unknown", unknown, []string{"?"}},
	} {
		var got []string
		for _, item := range tc.value.Split() {
			s, ok := item.Text()
			if !ok {
				s = "?"
			}
			got = append(got, s)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
