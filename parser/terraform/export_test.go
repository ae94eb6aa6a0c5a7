package terraform

import (
	"maps"
	"slices"
)

// FunctionNames are the names of all functions, sorted.
func FunctionNames() []string {
	names := []string{"try", "can"}
	for name := range maps.Keys(special) {
		names = append(names, name)
	}
	for name := range maps.Keys(functions) {
		names = append(names, name)
	}
	for name := range maps.Keys(unpredictable) {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
