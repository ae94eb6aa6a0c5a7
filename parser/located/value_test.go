package located_test

import (
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
