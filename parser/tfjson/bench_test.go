package tfjson_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/parser/tfjson"
)

// replicated returns the largest sample with its modules repeated until the document
// has about the given size, in bytes.
func replicated(b *testing.B, size int) []byte {
	b.Helper()
	var largest []byte
	for _, sample := range samples(b) {
		if data := mustRead(b, "../../testdata/plans/"+sample+"/plan.json"); len(data) > len(largest) {
			largest = data
		}
	}
	var doc map[string]json.RawMessage
	decode := func(data []byte, v any) {
		if err := json.Unmarshal(data, v); err != nil {
			b.Fatal(err)
		}
	}
	decode(largest, &doc)
	var planned struct {
		Root struct {
			Children []json.RawMessage `json:"child_modules"`
		} `json:"root_module"`
	}
	decode(doc["planned_values"], &planned)
	var changes []json.RawMessage
	decode(doc["resource_changes"], &changes)
	copies := max(1, size/len(largest))
	// The environments are the instances of modules: prod0, prod1 and so on.
	rename := func(data json.RawMessage, i int) json.RawMessage {
		s := strings.ReplaceAll(string(data), `[\"prod\"]`, fmt.Sprintf(`[\"prod%d\"]`, i))
		return json.RawMessage(strings.ReplaceAll(s, `[\"staging\"]`, fmt.Sprintf(`[\"staging%d\"]`, i)))
	}
	children, all := planned.Root.Children, changes
	planned.Root.Children, changes = nil, nil
	for i := range copies {
		for _, c := range children {
			planned.Root.Children = append(planned.Root.Children, rename(c, i))
		}
		for _, c := range all {
			changes = append(changes, rename(c, i))
		}
	}
	doc["planned_values"], doc["resource_changes"] = marshal(b, planned), marshal(b, changes)
	out := marshal(b, doc)
	if !json.Valid(out) || bytes.Contains(out, []byte(`[\"prod\"].`)) && copies > 1 && slices.Equal(out, largest) {
		b.Fatal("not replicated")
	}
	return out
}

func BenchmarkParse(b *testing.B) {
	for _, size := range []int{0, 10 << 20} {
		data := replicated(b, size)
		b.Run(fmt.Sprintf("%dKiB", len(data)>>10), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if root, _ := tfjson.Parse(context.Background(), nil, "plan.json", data, alicloud.Identities()); root == nil {
					b.Fatal("no root")
				}
			}
		})
	}
}

func BenchmarkIs(b *testing.B) {
	data := replicated(b, 10<<20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if !tfjson.Is(data) {
			b.Fatal("not seen as a plan")
		}
	}
}

func BenchmarkMerge(b *testing.B) {
	root, hcl := parse(b, "plan.json", mustRead(b, "../../testdata/plans/terway-envs/plan.json")), evaluate(b, "terway-envs")
	for b.Loop() {
		if len(tfjson.Merge(root, hcl).Resources) != len(root.Resources) {
			b.Fatal("resources are missing")
		}
	}
}
