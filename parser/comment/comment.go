// Package comment finds the comments of configuration files and the lines of code
// that each of them is about.
package comment

import (
	"strings"
	"unicode/utf8"

	"github.com/egresslint/egresslint/parser/source"
)

const byteOrderMark = "\ufeff"

// Comment is one line of a comment.
type Comment struct {
	Text  string       // without the delimiters and the space around it
	Range source.Range // of the text
	// First and Last are the lines of code that the comment is about, counted from 1
	// and both included: the line that it stands on or, if it has a line of its own,
	// the one below it and below the comments that follow. They reach to the end of
	// what begins there: a block or an argument of Terraform; a mapping entry, a list
	// item or a document of YAML. Both are 0 if an empty line, or nothing, follows.
	First, Last int
}

// Find returns the comments of a file in their order. In a template of a Helm chart
// those of the template language count too. JSON has no comments, and what is no text
// has none either.
func Find(f source.File, data []byte) []Comment {
	if strings.HasSuffix(f.Name, ".json") || source.CheckText(f.Name, data) != nil {
		return nil
	}
	data = []byte(strings.TrimPrefix(string(data), byteOrderMark))
	switch f.Kind {
	case source.Terraform, source.TerraformVars:
		return findHCL(f.Name, data)
	case source.YAML:
		return findYAML(f, data)
	default:
		return nil
	}
}

// text makes a Comment of what stands at line[start:end], without blanks and the
// characters of trim around it.
func text(file, line string, number, start, end int, trim string) Comment {
	for start < end && (isBlank(line[start]) || strings.IndexByte(trim, line[start]) >= 0) {
		start++
	}
	for end > start && isBlank(line[end-1]) {
		end--
	}
	column := utf8.RuneCountInString(line[:start]) + 1
	return Comment{
		Text: line[start:end],
		Range: source.Range{
			File:  file,
			Start: source.Pos{Line: number, Column: column},
			End:   source.Pos{Line: number, Column: column + utf8.RuneCountInString(line[start:end])},
		},
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// splitLines returns the lines of a file without their ends.
func splitLines(data []byte) []string {
	lines := strings.Split(string(data), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix(line, "\r")
	}
	return lines
}
