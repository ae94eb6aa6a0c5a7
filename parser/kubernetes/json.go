package kubernetes

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// looksLikeJSON reports whether kubectl would try to read a document as JSON.
func looksLikeJSON(document []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(document, " \t\r\n"), []byte("{"))
}

// jsonReader builds values of a stream of JSON values.
type jsonReader struct {
	*builder
	decoder *json.Decoder
	// document is where the value at the top starts, from the builder's base.
	document int
	end      int // of the last token
}

// jsonValues reads all of document. A failure with ParseError says that it is not
// JSON; YAML may still accept it.
func (b *builder) jsonValues(document []byte) ([]*located.Value, error) {
	r := &jsonReader{builder: b, decoder: json.NewDecoder(bytes.NewReader(document)), end: b.base}
	r.decoder.UseNumber()
	var values []*located.Value
	for {
		r.document = int(r.decoder.InputOffset())
		v, err := r.next(0)
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
}

// token reads a token and its place.
func (r *jsonReader) token() (token json.Token, start int, err error) {
	start = r.end
	token, err = r.decoder.Token()
	r.end = r.base + int(r.decoder.InputOffset())
	if err != nil {
		return nil, 0, err
	}
	for start < r.end && (r.text.blankAt(start) || r.text.data[start] == ',' || r.text.data[start] == ':') {
		start++
	}
	return token, start, nil
}

// next reads the next value; the error is io.EOF if the document ends before it.
func (r *jsonReader) next(depth int) (*located.Value, error) {
	token, start, err := r.token()
	switch {
	case errors.Is(err, io.EOF) && depth == 0:
		return nil, io.EOF
	case err != nil:
		return nil, r.syntaxError(err)
	}
	return r.value(token, start, depth)
}

func (r *jsonReader) value(token json.Token, start, depth int) (*located.Value, error) {
	if err := r.spend(start, 1, depth); err != nil {
		return nil, err
	}
	v := r.newValue()
	switch token := token.(type) {
	case nil:
	case bool:
		v.Kind, v.Bool = located.Bool, token
	case string:
		v.Kind, v.Str = located.String, token
	case json.Number:
		number, err := resolveNumber(token.String()).number()
		if err != nil {
			return nil, r.fail(source.ParseError, r.text.span(start, r.end), "read value: %v", err)
		}
		v.Kind, v.Str = located.Number, number
	case json.Delim:
		var err error
		if token == '{' {
			err = r.object(v, depth)
		} else {
			err = r.array(v, depth)
		}
		if err != nil {
			return nil, err
		}
		v.Range = r.text.header(start, r.end)
		return v, nil
	}
	v.Range = r.text.span(start, r.end)
	return v, nil
}

func (r *jsonReader) array(v *located.Value, depth int) error {
	v.Kind = located.List
	for r.decoder.More() {
		item, err := r.next(depth + 1)
		if err != nil {
			return err
		}
		v.List = append(v.List, item)
	}
	return r.close()
}

func (r *jsonReader) object(v *located.Value, depth int) error {
	v.Kind = located.Map
	var fields fieldSet
	for r.decoder.More() {
		token, start, err := r.token()
		if err != nil {
			return r.syntaxError(err)
		}
		key, _ := token.(string) // the decoder takes nothing else
		keyRange := r.text.span(start, r.end)
		if err := r.spend(start, 1, depth+1); err != nil {
			return err
		}
		value, err := r.next(depth + 1)
		if err != nil {
			return err
		}
		if fields.set(located.Field{Key: key, KeyRange: keyRange, Value: value}, ownField) {
			r.duplicate(key, keyRange)
		}
	}
	v.Map = fields.fields()
	return r.close()
}

// close reads the bracket that ends a list or a map.
func (r *jsonReader) close() error {
	if _, _, err := r.token(); err != nil {
		return r.syntaxError(err)
	}
	return nil
}

// syntaxError gives the decoder's error a place. The decoder counts from different
// places in different errors; reading the value again as a whole does not.
func (r *jsonReader) syntaxError(err error) error {
	offset, message := len(r.text.data), "the file ends in the middle of a value"
	var whole json.RawMessage
	var syntax *json.SyntaxError
	start := r.base + r.document
	switch again := json.Unmarshal(r.text.data[start:], &whole); {
	case errors.As(again, &syntax) && syntax.Error() != "unexpected end of JSON input":
		offset, message = start+int(syntax.Offset)-1, syntax.Error()
	case !errors.As(err, &syntax) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		message = err.Error()
	}
	return &failure{source.Diagnostic{
		Kind: source.ParseError, Range: r.text.point(offset), Message: "parse JSON: " + message,
	}}
}

// isCommentedJSON reports whether data is JSON but for comments and trailing
// commas, as many tools' settings files are. No manifest can be written so.
func isCommentedJSON(data []byte) bool {
	plain := make([]byte, 0, len(data))
	comma := -1 // the place of a comma with nothing but white space after it
	for i := 0; i < len(data); i++ {
		rest := data[i:]
		switch c := data[i]; {
		case c == '"':
			end := i + 1
			for end < len(data) && data[end] != '"' {
				if data[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(data))
			plain = append(plain, data[i:end]...)
			i, comma = end-1, -1
		case bytes.HasPrefix(rest, []byte("//")):
			n := bytes.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			i += n - 1
		case bytes.HasPrefix(rest, []byte("/*")):
			n := bytes.Index(rest[2:], []byte("*/"))
			if n < 0 {
				return false
			}
			i += n + 3
		default:
			if comma >= 0 && (c == '}' || c == ']') {
				plain[comma] = ' '
			}
			switch c {
			case ',':
				comma = len(plain)
			case ' ', '\t', '\r', '\n':
			default:
				comma = -1
			}
			plain = append(plain, c)
		}
	}
	return json.Valid(plain)
}
