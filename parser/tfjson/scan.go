package tfjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"strconv"
	"strings"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// document is a JSON text that is read in place: a value is the offset of its first
// byte, and what nobody asks for is only skipped. A plan repeats everything up to
// five times, so decoding all of it would cost many times its size.
//
// Nothing is changed in data: strings are copied out of it when they are read.
type document struct {
	*text
	keys map[string]string // the keys read so far, each held once
}

// absent stands for a value that the document does not have.
const absent = -1

// openDocument checks that data is one JSON value.
func openDocument(name string, data []byte) (*document, *source.Diagnostic) {
	d := &document{text: newText(name, data), keys: make(map[string]string)}
	if guard.On(guard.ManifestBudgets) {
		if i, limit := d.tooMuch(); limit != "" {
			return nil, d.problem(source.LimitReached, i, "read Terraform document: %s", limit)
		}
	}
	if !json.Valid(data) {
		return nil, d.syntaxError(json.Unmarshal(data, new(unread)))
	}
	return d, nil
}

// maxDepth bounds the nesting of a document. Reading a value passes over what is in
// it once for each level above; Terraform itself gives five levels to a module.
const maxDepth = 128

// maxValues bounds the values of a document, counted by the signs that begin one. A
// value takes many times the memory of the two bytes that it may be written in; in what
// Terraform prints it takes fifteen and more.
const maxValues = 1_200_000

// tooMuch returns where the document goes over a limit, and which; nothing if nowhere.
func (d *document) tooMuch() (at int, limit string) {
	depth, values := 0, 0
	for i := 0; i < len(d.data); i++ {
		switch d.data[i] {
		case '"':
			i = d.skipString(i) - 1
		case '{', '[':
			values++
			if depth++; depth > maxDepth {
				return i, fmt.Sprintf("it is nested more than %d levels deep", maxDepth)
			}
		case '}', ']':
			depth--
		case ',':
			values++
		}
		if values > maxValues {
			return i, fmt.Sprintf("it has more than %d values", maxValues)
		}
	}
	return absent, ""
}

// unread takes any JSON value and keeps nothing of it.
type unread struct{}

func (*unread) UnmarshalJSON([]byte) error { return nil }

func (d *document) syntaxError(err error) *source.Diagnostic {
	offset := len(d.data)
	if e := (*json.SyntaxError)(nil); errors.As(err, &e) && int(e.Offset) <= len(d.data) {
		offset = max(int(e.Offset)-1, 0) // the offset is that after the byte in error
	}
	return d.problem(source.ParseError, offset, "read Terraform document: %s", withoutText(err))
}

// withoutText is what an error of package json says, without the character of the
// document that it quotes.
func withoutText(err error) string {
	message := err.Error()
	const invalid = "invalid character "
	if i := strings.LastIndex(message, "' "); i >= 0 && strings.HasPrefix(message, invalid) && guard.On(guard.ErrorText) {
		return invalid + message[i+2:]
	}
	return message
}

func (d *document) problem(kind source.DiagnosticKind, offset int, format string, args ...any) *source.Diagnostic {
	return &source.Diagnostic{Kind: kind, Range: d.span(offset, min(offset+1, len(d.data))), Message: fmt.Sprintf(format, args...)}
}

// field is an entry of an object.
type field struct {
	key        string
	start, end int // of the key's text, with its quotes
	value      int
}

// fields iterates over the entries of the object at i; none if it is not an object.
func (d *document) fields(i int) iter.Seq[field] {
	return func(yield func(field) bool) {
		if d.at(i) != '{' {
			return
		}
		for i = d.blank(i + 1); d.at(i) == '"'; {
			f := field{start: i, end: d.skip(i)}
			f.key = d.key(f.start, f.end)
			f.value = d.blank(d.blank(f.end) + 1) // after the colon
			if !yield(f) {
				return
			}
			i = d.next(d.skip(f.value))
		}
	}
}

// items iterates over the elements of the array at i; none if it is not an array.
func (d *document) items(i int) iter.Seq[int] {
	return func(yield func(int) bool) {
		if d.at(i) != '[' {
			return
		}
		for i = d.blank(i + 1); i < len(d.data) && d.data[i] != ']'; {
			if !yield(i) {
				return
			}
			i = d.next(d.skip(i))
		}
	}
}

// get returns the value of the object at i with the given key.
func (d *document) get(i int, key string) int {
	for f := range d.fields(i) {
		if f.key == key {
			return f.value
		}
	}
	return absent
}

// at returns the byte at i, 0 outside of the document.
func (d *document) at(i int) byte {
	if i < 0 || i >= len(d.data) {
		return 0
	}
	return d.data[i]
}

// blank returns the first offset from i on that is not white space.
func (d *document) blank(i int) int {
	for i < len(d.data) {
		switch d.data[i] {
		case ' ', '\t', '\n', '\r':
			i++
		default:
			return i
		}
	}
	return len(d.data)
}

// next returns the start of the next element, given the end of the one before.
func (d *document) next(end int) int {
	i := d.blank(end)
	if d.at(i) == ',' {
		i = d.blank(i + 1)
	}
	return i
}

// skip returns the end of the value at i, the end of the document if it has none.
func (d *document) skip(i int) int {
	for depth := 0; i < len(d.data); {
		switch d.data[i] {
		case '"':
			i = d.skipString(i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ' ', '\t', '\n', '\r', ',', ':':
			i++
			continue
		default:
			for i++; i < len(d.data) && !isDelimiter(d.data[i]); {
				i++
			}
		}
		if depth <= 0 {
			return i
		}
	}
	return len(d.data)
}

func (d *document) skipString(i int) int {
	for i++; i < len(d.data); {
		n := bytes.IndexByte(d.data[i:], '"')
		if n < 0 {
			break
		}
		i += n + 1
		backslashes := 0
		for j := i - 2; d.data[j] == '\\'; j-- {
			backslashes++
		}
		if backslashes%2 == 0 {
			return i
		}
	}
	return len(d.data)
}

func isDelimiter(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', ',', ':', ']', '}':
		return true
	}
	return false
}

// key returns the key between two offsets, which include the quotes.
func (d *document) key(start, end int) string {
	if end-start < 2 {
		return ""
	}
	raw := d.data[start+1 : end-1]
	if key, ok := d.keys[string(raw)]; ok {
		return key
	}
	key := d.str(start)
	d.keys[string(raw)] = key
	return key
}

// str returns the string at i; empty if the value is not a string.
func (d *document) str(i int) string {
	if d.at(i) != '"' {
		return ""
	}
	raw := d.data[i:d.skip(i)]
	if bytes.IndexByte(raw, '\\') < 0 && len(raw) >= 2 {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return ""
	}
	return s
}

// is reports whether the value at i is the word true, false or null.
func (d *document) is(i int, word string) bool {
	return i >= 0 && bytes.HasPrefix(d.data[i:], []byte(word))
}

// maxExponent bounds the numbers that are written with all of their digits.
const maxExponent = 400

// number returns the shortest decimal form of the number at i.
func (d *document) number(i int) string {
	s := string(d.data[i:d.skip(i)])
	if !strings.ContainsAny(s, ".eE") {
		return s
	}
	if e := strings.IndexAny(s, "eE"); e >= 0 {
		if n, err := strconv.Atoi(s[e+1:]); err != nil || n > maxExponent || n < -maxExponent {
			return s
		}
	}
	f, _, err := big.ParseFloat(s, 10, 512, big.ToNearestEven)
	if err != nil {
		return s
	}
	return f.Text('f', -1)
}
