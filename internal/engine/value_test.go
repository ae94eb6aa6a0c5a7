package engine_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/policies"
)

// throughJSON is the plain way to a Rego value, which Value shortens.
func throughJSON(t testing.TB, v any) ast.Value {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	value, err := ast.ValueFromReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

type base struct {
	ID     string `json:"id"`
	hidden int
}

type kind string

type everything struct {
	base
	Kind     kind            `json:"kind"`
	Untagged int             // the point is the missing tag
	Skipped  func()          `json:"-"`
	Dash     string          `json:"-,"` //nolint:staticcheck // a field named "-"
	Small    int8            `json:"small"`
	Large    int64           `json:"large"`
	Negative int             `json:"negative"`
	Flag     bool            `json:"flag"`
	Next     *everything     `json:"next"`
	Maybe    *int            `json:"maybe,omitempty"`
	List     []string        `json:"list"`
	Short    [2]bool         `json:"short"`
	Empty    []int           `json:"empty,omitempty"`
	Zero     string          `json:"zero,omitempty"`
	Struct   base            `json:"struct,omitempty"`
	Map      map[string]kind `json:"map"`
	Any      any             `json:"any"`
}

func TestValueEqualsJSON(t *testing.T) {
	seven := 7
	full := everything{
		base: base{ID: "x", hidden: 1}, Kind: "k", Untagged: 3, Skipped: func() {}, Dash: "-", Small: -8, Large: 1 << 60, Negative: -1,
		Flag: true, Maybe: &seven, List: []string{"a", strings.Repeat("long ", 50), "ünïcode"}, Empty: []int{1}, Zero: "z",
		Struct: base{ID: "y"}, Map: map[string]kind{"b": "1", "a": "2"}, Any: map[string]any{"n": nil, "l": []any{1, "x", false}},
	}
	full.Next = &everything{List: []string{}, Map: map[string]kind{}}
	for _, v := range []any{nil, 1, "x", true, []int{}, full, &full, []any{full, &full}} {
		if got, want := mustValue(t, v), throughJSON(t, v); got.Compare(want) != 0 {
			t.Errorf("Value(%+v)\n got %v\nwant %v", v, got, want)
		}
	}
}

func TestValueOfAnyEqualsJSON(t *testing.T) {
	leaf := rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Map(rapid.String(), func(s string) any { return strings.ToValidUTF8(s, "") }),
		rapid.Map(rapid.Int(), func(i int) any { return i }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
	)
	var node func(depth int) *rapid.Generator[any]
	node = func(depth int) *rapid.Generator[any] {
		if depth == 0 {
			return leaf
		}
		return rapid.OneOf(
			leaf,
			rapid.Map(rapid.SliceOfN(node(depth-1), 0, 4), func(list []any) any { return list }),
			rapid.Map(rapid.MapOfN(rapid.StringMatching(`[a-z]{0,3}`), node(depth-1), 0, 4), func(m map[string]any) any { return m }),
		)
	}
	rapid.Check(t, func(rt *rapid.T) {
		v := node(3).Draw(rt, "value")
		if got, want := mustValue(t, v), throughJSON(t, v); got.Compare(want) != 0 {
			rt.Fatalf("Value(%+v)\n got %v\nwant %v", v, got, want)
		}
	})
}

// fill sets every exported field below v: two elements in each list.
func fill(v reflect.Value, n int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.Repeat("s", n+1))
	case reflect.Bool:
		v.SetBool(n%2 == 0)
	case reflect.Int:
		v.SetInt(int64(n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), n+i)
		}
	case reflect.Struct:
		for field, value := range v.Fields() {
			if field.IsExported() {
				fill(value, n)
			}
		}
	}
}

func TestModelEqualsJSON(t *testing.T) {
	var m model.Model
	fill(reflect.ValueOf(&m).Elem(), 1)
	if got, want := mustValue(t, &m), throughJSON(t, &m); got.Compare(want) != 0 {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// Lists that nobody filled are still lists, so that a rule can tell an empty one
// from a field that does not exist.
func TestNilListsAreEmptyLists(t *testing.T) {
	text := mustValue(t, &model.Model{}).String()
	if strings.Contains(text, "null") || !strings.Contains(text, `"clusters": []`) {
		t.Errorf("the empty model is %s", text)
	}
}

// The schema is a public contract: it accepts what the model prints, and nothing else.
func TestSchemaDescribesTheModel(t *testing.T) {
	text, err := fs.ReadFile(policies.FS, "schemas/model.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("model.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("model.json")
	if err != nil {
		t.Fatal(err)
	}

	var m model.Model
	fill(reflect.ValueOf(&m).Elem(), 1)
	printed, err := json.Marshal(&m)
	if err != nil {
		t.Fatal(err)
	}
	validate := func(from, to string) error {
		changed := strings.Replace(string(printed), from, to, 1)
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(changed))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(instance)
	}
	if err := validate("", ""); err != nil {
		t.Errorf("the schema refuses the model: %v", err)
	}
	for from, to := range map[string]string{
		`"all_served":`: `"all_serve":`,
		`"line":1`:      `"line":"1"`,
		`"clusters":[`:  `"more":1,"clusters":[`,
	} {
		if validate(from, to) == nil {
			t.Errorf("the schema accepts %s instead of %s", to, from)
		}
	}
}

type ring struct {
	Next *ring `json:"next"`
}

type broken struct {
	Broken *broken  `json:"broken"`
	Bad    chan int `json:"bad"`
}

func TestValueRefuses(t *testing.T) {
	cycle := &ring{}
	cycle.Next = cycle
	endless := map[string]any{}
	endless["self"] = endless
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"channel", make(chan int), "chan int has no counterpart"},
		{"function in a field", struct{ F func() }{}, "field struct { F func() }.F: convert value: type func()"},
		{"recursive type with a channel", &broken{}, "chan int"},
		{"the same again", &broken{}, "chan int"},
		{"float", 1.5, "float64"},
		{"number keys", map[int]string{}, "keys of map[int]string are not strings"},
		{"text marshaler", time.Time{}, "time.Time marshals itself"},
		{"raw JSON", json.RawMessage("1"), "json.RawMessage marshals itself"},
		{"string option", struct {
			N int `json:"n,string"`
		}{}, `json option "string" is not supported`},
		{"in an interface", []any{make(chan int)}, "chan int"},
		{"cycle of pointers", cycle, "nested deeper"},
		{"cycle of maps", endless, "nested deeper"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := engine.Value(tt.value)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestValueIsSafeForConcurrentUse(t *testing.T) {
	// A type that no other test has planned yet, with itself inside.
	type tree struct {
		Name     string  `json:"name"`
		Children []*tree `json:"children"`
	}
	v := &tree{Name: "a", Children: []*tree{{Name: "b", Children: []*tree{{Name: "c"}}}, {Name: "d"}}}
	const want = `{"children": [{"children": [{"children": [], "name": "c"}], "name": "b"}, {"children": [], "name": "d"}], "name": "a"}`
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			got, err := engine.Value(v)
			if err != nil || got.String() != want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	wg.Wait()
}
