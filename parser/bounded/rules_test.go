package bounded

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/Masterminds/sprig/v3"
	"pgregory.net/rapid"
)

// What a function is said to make before it is called is at least what it makes.
func TestEstimatesProperty(t *testing.T) {
	functions := sprig.TxtFuncMap()
	functions["printf"] = fmt.Sprintf
	word := rapid.SampledFrom([]string{"", "a", "aa", "\n", "a\nb c\n", "ä", "$1", "$1$1", "(a)", "(.*)", "%s", "%[1]s%[1]s", "%99d", "%q", "\x00\x01"})
	width := rapid.IntRange(-1, 50)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c, n := word.Draw(t, "a"), word.Draw(t, "b"), word.Draw(t, "c"), width.Draw(t, "n")
		calls := map[string][]any{
			"replace": {a, b, c}, "indent": {n, a}, "nindent": {n, a}, "wrapWith": {n, a, b}, "wrap": {n, a}, "join": {a, []string{b, c}},
			"regexReplaceAll": {a, b, c}, "regexReplaceAllLiteral": {a, b, c}, "printf": {a, b, n}, "quote": {a, b}, "squote": {a, b}, "cat": {a, b, c},
			"b64enc": {a}, "b32enc": {a}, "toJson": {[]any{a, map[string]any{b: c}}}, "toPrettyJson": {[]any{a, map[string]any{b: c}}},
			"regexQuoteMeta": {a}, "upper": {a}, "title": {a}, "snakecase": {a}, "kebabcase": {a},
		}
		for name, args := range calls {
			f := reflect.ValueOf(functions[name])
			in := make([]reflect.Value, len(args))
			size := 0
			for i, arg := range args {
				in[i] = reflect.ValueOf(arg)
				s, err := New(context.Background(), nil).size(in[i], rules[name].tall)
				if err != nil {
					t.Fatal(err)
				}
				size += s
			}
			made, ok := called(f, in)
			if !ok {
				continue // a wrong pattern or width
			}
			want := 2 * size
			if r := rules[name]; r.makes != nil {
				want = r.makes(in, size)
			}
			if len(made) > want {
				t.Errorf("%s %q makes %d bytes, %d are foreseen", name, args, len(made), want)
			}
		}
	})
}

func called(f reflect.Value, in []reflect.Value) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return f.Call(in)[0].String(), true
}
