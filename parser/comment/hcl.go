package comment

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// findHCL reads a file of Terraform's own syntax. What is wrong in it is for others
// to tell: its comments are found all the same.
func findHCL(name string, data []byte) []Comment {
	tokens, _ := hclsyntax.LexConfig(data, name, hcl.InitialPos)
	lines := splitLines(data)
	offsets := make([]int, len(lines)) // of the lines' first bytes
	for i, line := range bytes.Split(data, []byte{'\n'})[:len(lines)-1] {
		offsets[i+1] = offsets[i] + len(line) + 1
	}
	const code, remark = 1, 2
	holds := make([]uint8, len(lines)+2) // by line, from 1
	for _, token := range tokens {
		first, last := token.Range.Start.Line, token.Range.End.Line
		switch token.Type {
		case hclsyntax.TokenNewline, hclsyntax.TokenEOF:
		case hclsyntax.TokenComment:
			for l := first; l <= last && l < len(holds); l++ {
				// The end of a line belongs to the comment that it ends.
				if l > first && l == last && token.Range.End.Column == 1 {
					break
				}
				holds[l] |= remark
			}
		default:
			for l := first; l <= last && l < len(holds); l++ {
				holds[l] |= code
			}
		}
	}
	// The line of code that a comment on each line is about.
	about := make([]int, len(holds)+1)
	for l := len(holds) - 1; l > 0; l-- {
		switch {
		case holds[l]&code != 0:
			about[l] = l
		case holds[l] == remark:
			about[l] = about[l+1]
		}
	}
	ends := endsOfHCL(tokens)

	var comments []Comment
	for _, token := range tokens {
		if token.Type != hclsyntax.TokenComment {
			continue
		}
		first := token.Range.Start.Line
		for i, part := range strings.Split(strings.TrimSuffix(string(token.Bytes), "\n"), "\n") {
			number := first + i
			line, start := lines[number-1], 0
			if i == 0 {
				// Columns of the library count what a reader sees as one character.
				start = min(token.Range.Start.Byte-offsets[number-1], len(line))
			}
			end := min(start+len(part), len(line))
			if trimmed := strings.TrimRight(line[start:end], " \t"); strings.HasSuffix(trimmed, "*/") {
				end = start + len(trimmed) - len("*/")
			}
			if c := text(name, line, number, start, end, "#/*"); c.Text != "" {
				c.First = about[first]
				c.Last = max(c.First, ends[c.First])
				comments = append(comments, c)
			}
		}
	}
	return comments
}

// endsOfHCL returns the last line of the longest block or argument that begins on
// each line. It works on tokens, since the library's parser recurses without a limit
// and there is no recovery from a stack that is full.
func endsOfHCL(tokens hclsyntax.Tokens) map[int]int {
	ends := make(map[int]int)
	// What brackets hold: in braces and outside of all, statements, which end with the
	// line. begin is the first line of the one that is being read, 0 if there is none.
	type level struct {
		statements bool
		begin      int
	}
	levels := []level{{statements: true}}
	last := 0 // line that is read
	finish := func() {
		top := &levels[len(levels)-1]
		ends[top.begin] = max(ends[top.begin], last)
		top.begin = 0
	}
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenComment, hclsyntax.TokenNewline, hclsyntax.TokenEOF:
			if levels[len(levels)-1].statements && !bytes.HasPrefix(token.Bytes, []byte("/*")) {
				finish()
			}
			continue
		}
		if top := &levels[len(levels)-1]; top.statements && top.begin == 0 {
			top.begin = token.Range.Start.Line
		}
		last = token.Range.End.Line
		switch token.Type {
		case hclsyntax.TokenOBrace:
			levels = append(levels, level{statements: true})
		case hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			levels = append(levels, level{})
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			if len(levels) > 1 {
				finish()
				levels = levels[:len(levels)-1]
			}
		}
	}
	for ; len(levels) > 0; levels = levels[:len(levels)-1] {
		finish()
	}
	delete(ends, 0)
	return ends
}
