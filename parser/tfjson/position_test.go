package tfjson_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/tfjson"
)

// textAt returns what a range covers, by counting lines and code points.
func textAt(data []byte, r source.Range) string {
	offset := func(p source.Pos) int {
		lines := strings.SplitAfter(string(data), "\n")
		at := 0
		for _, l := range lines[:p.Line-1] {
			at += len(l)
		}
		line := []rune(lines[p.Line-1])
		return at + len(string(line[:p.Column-1]))
	}
	return string(data[offset(r.Start):offset(r.End)])
}

// checkPlaces compares what stands at the place of each value and key with it.
func checkPlaces(t interface{ Errorf(string, ...any) }, data []byte, body *located.Value) {
	walk(body, func(v *located.Value) {
		text := textAt(data, v.Range)
		for _, f := range v.Map {
			var key string
			if err := json.Unmarshal([]byte(textAt(data, f.KeyRange)), &key); err != nil || key != f.Key {
				t.Errorf("key %q stands at %s: %s", f.Key, f.KeyRange, textAt(data, f.KeyRange))
			}
		}
		want := ""
		switch v.Kind {
		case located.List:
			want = "["
		case located.Map:
			want = "{"
		case located.Null:
			want = "null"
		case located.Unknown:
			want = "true" // in after_unknown
		case located.Bool:
			want, _ = v.Text()
		case located.Number:
			want = v.Str
		case located.String:
			var s string
			if err := json.Unmarshal([]byte(text), &s); err == nil && s == v.Str {
				return
			}
			want = fmt.Sprintf("%q", v.Str)
		}
		if v != body && text != want {
			t.Errorf("%s stands at %s: %s", show(v), v.Range, text)
		}
	})
}

// TestPlaces draws the attributes of a resource and checks that each is read, and
// that it stands where it says.
func TestPlaces(t *testing.T) {
	text := rapid.SampledFrom([]string{"", "a", "é", "日本", "😀", `a"b`, `\`, "a\nb", "\u2028", "10.0.0.0/8", "<&>"})
	rapid.Check(t, func(t *rapid.T) {
		var draw func(depth int) any
		draw = func(depth int) any {
			kinds := 6
			if depth == 0 {
				kinds = 4
			}
			switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
			case 0:
				return text.Draw(t, "text")
			case 1:
				return rapid.IntRange(-1000, 1000).Draw(t, "number")
			case 2:
				return rapid.Bool().Draw(t, "bool")
			case 3:
				return nil
			case 4:
				list := []any{}
				for range rapid.IntRange(0, 3).Draw(t, "length") {
					list = append(list, draw(depth-1))
				}
				return list
			default:
				m := object{}
				for range rapid.IntRange(0, 3).Draw(t, "size") {
					m[text.Draw(t, "key")] = draw(depth - 1)
				}
				return m
			}
		}
		values := object{}
		for range rapid.IntRange(0, 4).Draw(t, "attributes") {
			values["k"+text.Draw(t, "name")] = draw(3)
		}
		document := object{
			"format_version": "1.0", "terraform_version": "1.9.0",
			"values": object{"root_module": object{"resources": []any{object{
				"address": "a.b", "mode": "managed", "type": "a", "name": "b", "values": values,
			}}}},
		}
		var buffer bytes.Buffer
		encoder := json.NewEncoder(&buffer)
		encoder.SetEscapeHTML(rapid.Bool().Draw(t, "escape"))
		if rapid.Bool().Draw(t, "indent") {
			encoder.SetIndent("", " ")
		}
		if err := encoder.Encode(document); err != nil {
			t.Fatal(err)
		}
		root, diagnostics := tfjson.Parse(context.Background(), nil, "state.json", buffer.Bytes(), alicloud.Identities())
		if len(diagnostics) > 0 {
			t.Fatalf("diagnostics: %v", diagnostics)
		}
		body := root.Resources[0].Body
		if got := textAt(buffer.Bytes(), body.Range); got != `"a.b"` {
			t.Errorf("the resource stands at %s: %s", body.Range, got)
		}
		checkPlaces(t, buffer.Bytes(), body)
		if got, want := jsonOf(t, value(body, nil)), jsonOf(t, plain(any(values))); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func jsonOf(t *rapid.T, v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	// Numbers are text in a value.
	var decoded any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&decoded); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(plain(decoded))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestPlacesOfPlans checks the places of every known value of the samples.
func TestPlacesOfPlans(t *testing.T) {
	for _, sample := range samples(t) {
		data := mustRead(t, "../../testdata/plans/"+sample+"/plan.json")
		root := parse(t, sample+"/plan.json", data)
		places := 0
		for _, res := range root.Resources {
			if got := textAt(data, res.Body.Range); got != string(marshal(t, res.Address)) {
				t.Errorf("%s stands at %s", res.Address, got)
			}
			for _, f := range res.Body.Map {
				if _, isRef := f.Value.Ref(); isRef || f.Value.Kind == located.Unknown {
					if text := textAt(data, f.Value.Range); text != "{" && text != "true" {
						t.Errorf("%s.%s stands at %s", res.Address, f.Key, text)
					}
					continue
				}
				if f.Value.FirstUnknown() == nil {
					checkPlaces(t, data, f.Value)
					places++
				}
			}
		}
		if places == 0 {
			t.Errorf("%s: no values", sample)
		}
	}
}

func TestNumbers(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-7": "-7", "120": "120", "1.50": "1.5", "1e3": "1000", "25e-1": "2.5", "0.1": "0.1",
		"12345678901234567890": "12345678901234567890", "1e999999999": "1e999999999", "1E-999999999": "1E-999999999",
	} {
		data := `{"format_version":"1.0","values":{"root_module":{"resources":[{"address":"a.b","type":"a","name":"b","values":{"n":` + in + `}}]}}}`
		root := parse(t, "state.json", []byte(data))
		if got := root.Resources[0].Body.Get("n").Str; got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}
