// Package engine compiles the Rego rules and runs them over the egress model.
//
// It knows how rules are written: one package per rule, a METADATA block that
// names and explains it, and a set "violation" of findings that point at places
// of the model. It does not know what any rule means.
package engine
