package kube_test

import (
	"fmt"
	"testing"
)

func TestNodeTerms(t *testing.T) {
	affinity := func(terms string) string {
		return "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: " + terms + "}}}"
	}
	for _, tc := range []struct{ name, spec, want string }{
		{"none", "{}", "[] unsure false"},
		{"a selector", "{nodeSelector: {disk: ssd}}", "[{disk In [ssd] false}] unsure false"},
		{"a selector's value that is not decided", "{nodeSelector: {disk: " + undecided + "}}", "[{disk In [] true}] unsure false"},
		{"a selector that is not decided", "{nodeSelector: " + undecided + "}", "[] unsure true"},
		{"a node", "{nodeName: node-1}", "[] unsure true"},
		{"an affinity", affinity("{nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: In, values: [a, b]}]}]}"), "[{zone In [a b] false}] unsure false"},
		{"alternatives", affinity("{nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: Exists}]}, {matchExpressions: [{key: disk, operator: Exists}]}]}"), "[] unsure true"},
		{"an affinity for fields", affinity("{nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [node-1]}]}]}"), "[] unsure true"},
		{"fields beside expressions", affinity("{nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [n]}], matchExpressions: [{key: zone, operator: Exists}]}]}"), "[{zone Exists [] false}] unsure true"},
		{"an affinity that is not decided", affinity(undecided), "[] unsure true"},
		{"an affinity with a part that is not decided", affinity("{nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: In, values: [" + undecided + "]}]}]}"), "[] unsure true"},
		{"an empty affinity", affinity("{nodeSelectorTerms: []}"), "[] unsure false"},
		{"a node beside an affinity", "{nodeName: n, affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: Exists}]}]}}}}", "[{zone Exists [] false}] unsure true"},
	} {
		terms, unsure := workload(t, tc.spec).NodeTerms()
		if got := fmt.Sprintf("%v unsure %t", terms, unsure); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}
