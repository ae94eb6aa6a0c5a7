package terraform

import (
	"bytes"
	"fmt"
)

// maxNesting bounds how deep brackets, operators and template directives are
// nested: HCL's parsers recurse without a limit of their own, and Go cannot
// recover from a stack that is full.
const maxNesting = 5000

const (
	// maxInterpolations is how many interpolations and directives the templates of a file
	// may have. Each takes a hundred times its text once it is parsed.
	maxInterpolations = 200_000
	// maxOperators is how many characters of operators a file may have.
	maxOperators = 1_000_000
)

// tooMuch says what data has more of than is parsed; empty if it has not. It looks at
// bytes only, as tooDeep does.
func tooMuch(data []byte) string {
	if bytes.Count(data, []byte("${"))+bytes.Count(data, []byte("%{")) > maxInterpolations {
		return fmt.Sprintf("its templates have more than %d interpolations and directives", maxInterpolations)
	}
	operators := 0
	for _, c := range []byte("+-*/%<>=!&|?") {
		operators += bytes.Count(data, []byte{c})
	}
	if operators > maxOperators {
		return fmt.Sprintf("it has more than %d characters of operators", maxOperators)
	}
	return ""
}

// NestedTooDeep reports whether data is nested deeper than HCL is read here. Whoever parses
// it all the same may need more stack than there is.
func NestedTooDeep(data []byte) bool {
	_, deep := tooDeep(data)
	return deep
}

// tooDeep returns the line on which data is nested deeper than maxNesting.
func tooDeep(data []byte) (line int, deep bool) { return nestedDeeper(data, maxNesting) }

// nestedDeeper returns the line on which data is nested deeper than limit. It
// looks at bytes only, so what stands in strings and comments counts too.
func nestedDeeper(data []byte, limit int) (line int, deep bool) {
	line = 1
	// chains holds, for each open bracket, the prefix and conditional operators and
	// splats since its last separator: each is a level of its own.
	chains := []int{0}
	brackets := []byte{0}
	total, directives := 0, 0
	for i, c := range data {
		top := len(chains) - 1
		switch c {
		case '\n':
			line++
			if b := brackets[top]; b == 0 || b == '{' {
				total -= chains[top]
				chains[top] = 0
			}
		case ',':
			total -= chains[top]
			chains[top] = 0
		case '(', '[', '{':
			if c == '{' && i > 0 && data[i-1] == '%' {
				directives = max(0, directives+directive(data[i+1:]))
			}
			chains = append(chains, 0)
			brackets = append(brackets, c)
		case ')', ']', '}':
			if top > 0 {
				total -= chains[top]
				chains, brackets = chains[:top], brackets[:top]
				if data[i-1] == '*' { // a splat goes on outside of its brackets
					chains[top-1]++
					total++
				}
			}
		case '?', '!', '-', '*':
			chains[top]++
			total++
		}
		if len(chains)+total+directives > limit {
			return line, true
		}
	}
	return 0, false
}

// directive returns by how much the template directive that starts with rest
// changes the nesting.
func directive(rest []byte) int {
	rest = bytes.TrimLeft(rest[:min(len(rest), 16)], "~ \t")
	switch {
	case bytes.HasPrefix(rest, []byte("end")):
		return -1
	case bytes.HasPrefix(rest, []byte("if")), bytes.HasPrefix(rest, []byte("for")):
		return 1
	default:
		return 0
	}
}
