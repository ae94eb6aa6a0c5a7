package source

import (
	"bytes"
	"unicode/utf8"
)

// binaryPrefix is how much of a file is searched for a NUL byte, in bytes. Text
// never has one, and nearly all binary formats have one near their start.
const binaryPrefix = 8 << 10

// CheckText returns a ParseError if data is not the text of a configuration file:
// if it is empty, binary, or not UTF-8. It returns nil for text. Every parser calls
// it first.
func CheckText(name string, data []byte) *Diagnostic {
	switch {
	case len(data) == 0:
		return &Diagnostic{Kind: ParseError, Range: Range{File: name}, Message: "read file: it is empty"}
	case bytes.IndexByte(data[:min(len(data), binaryPrefix)], 0) >= 0:
		return &Diagnostic{Kind: ParseError, Range: Range{File: name}, Message: "read file: it is binary, not text"}
	case !utf8.Valid(data):
		pos := invalidPos(data)
		return &Diagnostic{
			Kind:    ParseError,
			Range:   Range{File: name, Start: pos, End: Pos{Line: pos.Line, Column: pos.Column + 1}},
			Message: "read file: it is not UTF-8 text",
		}
	}
	return nil
}

// invalidPos returns the position of the first byte of data that is not UTF-8.
func invalidPos(data []byte) Pos {
	pos := Pos{Line: 1, Column: 1}
	data = bytes.TrimPrefix(data, []byte(byteOrderMark))
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			break
		}
		if r == '\n' {
			pos = Pos{Line: pos.Line + 1, Column: 1}
		} else {
			pos.Column++
		}
		data = data[n:]
	}
	return pos
}
