package terraform

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	yaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	"golang.org/x/text/encoding/ianaindex"
)

// encodeFunctions are functions on encodings, numbers and dates that the
// libraries lack or have with another meaning.
var encodeFunctions = map[string]function.Function{
	"base64decode":     onString(base64Decoded),
	"base64gzip":       onString(gzipped),
	"base64sha256":     onString(func(s string) (string, error) { return fileHashes["filebase64sha256"]([]byte(s)), nil }),
	"base64sha512":     onString(func(s string) (string, error) { return fileHashes["filebase64sha512"]([]byte(s)), nil }),
	"replace":          replaceFunc,
	"sum":              sumFunc,
	"timecmp":          timeCmpFunc,
	"transpose":        transposeFunc,
	"textencodebase64": onText(encodeText),
	"textdecodebase64": onText(decodeText),
}

// fileHashes are the functions that hash a file.
var fileHashes = map[string]func(data []byte) string{
	"filebase64sha256": func(d []byte) string { h := sha256.Sum256(d); return base64.StdEncoding.EncodeToString(h[:]) },
	"filebase64sha512": func(d []byte) string { h := sha512.Sum512(d); return base64.StdEncoding.EncodeToString(h[:]) },
	"filemd5":          func(d []byte) string { h := md5.Sum(d); return hex.EncodeToString(h[:]) },
	"filesha1":         func(d []byte) string { h := sha1.Sum(d); return hex.EncodeToString(h[:]) },
	"filesha256":       func(d []byte) string { h := sha256.Sum256(d); return hex.EncodeToString(h[:]) },
	"filesha512":       func(d []byte) string { h := sha512.Sum512(d); return hex.EncodeToString(h[:]) },
}

// decoders are functions that build values from text.
var decoders = map[string]function.Function{
	"jsondecode": stdlib.JSONDecodeFunc,
	"yamldecode": yaml.YAMLDecodeFunc,
}

// maxDecoded bounds the nesting of text that is decoded, and maxAliases the
// aliases in YAML, which can make a small file into a huge value.
const (
	maxDecoded = 500
	maxAliases = 30
)

var alias = regexp.MustCompile(`\*[\pL\pN_]`)

// decode decodes text within those bounds.
func decode(sc scope, c *callSite) value {
	if s, ok := asString(c.args[0].v); ok {
		line, deep := nestedDeeper([]byte(s), maxDecoded)
		switch {
		case deep:
			sc.ev.limit(c.rng(), "call %s: line %d is nested more than %d deep", c.name, line, maxDecoded)
			return unknown("its text is nested too deep")
		case c.name == "yamldecode" && len(alias.FindAllStringIndex(s, maxAliases+1)) > maxAliases && strings.Contains(s, "&"):
			sc.ev.limit(c.rng(), "call yamldecode: the text has more than %d aliases", maxAliases)
			return unknown("its text has too many aliases")
		}
	}
	v := sc.apply(c, decoders[c.name])
	v.v = keyed(v.v)
	return v
}

// hashFile is a function that hashes a file.
func hashFile(hash func([]byte) string) specialFunc {
	return specialFunc{1, 1, func(sc scope, c *callSite) value {
		data, bad := sc.readFile(c)
		if bad != nil {
			return *bad
		}
		return value{cty.StringVal(hash(data)), combined(c.args)}
	}}
}

func onString(f func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "str", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString())
			if err != nil {
				return cty.NilVal, err
			}
			return cty.StringVal(s), nil
		},
	})
}

func onText(f func(s, charset string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "str", Type: cty.String}, {Name: "encoding", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString(), args[1].AsString())
			if err != nil {
				return cty.NilVal, err
			}
			return cty.StringVal(s), nil
		},
	})
}

// base64Decoded decodes text. The library's function logs what is not UTF-8, and
// that may be a secret.
func base64Decoded(s string) (string, error) {
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", errors.New("the text is not base64")
	}
	if !utf8.Valid(data) {
		return "", errors.New("the bytes are not UTF-8 text")
	}
	return string(data), nil
}

func gzipped(s string) (string, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		return "", err
	}
	if err := w.Flush(); err != nil { // as Terraform does, so that the bytes are the same
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

func encodeText(s, charset string) (string, error) {
	enc, err := ianaindex.IANA.Encoding(charset)
	if err != nil || enc == nil {
		return "", fmt.Errorf("%q is no encoding that is known", charset)
	}
	out, err := enc.NewEncoder().String(s)
	if err != nil {
		return "", fmt.Errorf("the text cannot be written in %s", charset)
	}
	return base64.StdEncoding.EncodeToString([]byte(out)), nil
}

func decodeText(s, charset string) (string, error) {
	enc, err := ianaindex.IANA.Encoding(charset)
	if err != nil || enc == nil {
		return "", fmt.Errorf("%q is no encoding that is known", charset)
	}
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", errors.New("the text is not base64")
	}
	out, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return "", fmt.Errorf("the bytes are not %s", charset)
	}
	return string(out), nil
}

// replaceFunc replaces text, or what a regular expression between slashes matches.
var replaceFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "str", Type: cty.String}, {Name: "substr", Type: cty.String}, {Name: "replace", Type: cty.String},
	},
	Type: function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		s, old, repl := args[0].AsString(), args[1].AsString(), args[2].AsString()
		if len(old) > 1 && strings.HasPrefix(old, "/") && strings.HasSuffix(old, "/") {
			re, err := regexp.Compile(old[1 : len(old)-1])
			if err != nil {
				return cty.NilVal, function.NewArgError(1, err)
			}
			return cty.StringVal(re.ReplaceAllString(s, repl)), nil
		}
		return cty.StringVal(strings.ReplaceAll(s, old, repl)), nil
	},
})

var sumFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		list := args[0]
		if !isSequence(list.Type()) || list.IsNull() {
			return cty.NilVal, errors.New("it takes a list of numbers")
		}
		if list.LengthInt() == 0 {
			return cty.NilVal, errors.New("the list is empty")
		}
		if !list.IsWhollyKnown() {
			return cty.UnknownVal(cty.Number), nil
		}
		total := new(big.Float).SetPrec(512)
		for it := list.ElementIterator(); it.Next(); {
			_, e := it.Element()
			n, err := convertTo(e, cty.Number)
			if err != nil || n.IsNull() {
				return cty.NilVal, errors.New("it takes a list of numbers")
			}
			total.Add(total, n.AsBigFloat())
		}
		return cty.NumberVal(total), nil
	},
})

var timeCmpFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "a", Type: cty.String}, {Name: "b", Type: cty.String}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		var times [2]time.Time
		for i, a := range args {
			t, err := time.Parse(time.RFC3339, a.AsString())
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(i, "%q is no RFC 3339 time", a.AsString())
			}
			times[i] = t
		}
		return cty.NumberIntVal(int64(times[0].Compare(times[1]))), nil
	},
})

// transposeFunc turns a map of lists of strings around: each string becomes a
// key, with the keys that it stood under.
var transposeFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "values", Type: cty.Map(cty.List(cty.String))}},
	Type:   function.StaticReturnType(cty.Map(cty.List(cty.String))),
	Impl: func(args []cty.Value, t cty.Type) (cty.Value, error) {
		if !args[0].IsWhollyKnown() {
			return cty.UnknownVal(t), nil
		}
		turned := make(map[string][]string)
		for it := args[0].ElementIterator(); it.Next(); {
			k, list := it.Element()
			if list.IsNull() {
				return cty.NilVal, errors.New("a list is null")
			}
			for in := list.ElementIterator(); in.Next(); {
				_, s := in.Element()
				if s.IsNull() {
					return cty.NilVal, errors.New("a string is null")
				}
				turned[s.AsString()] = append(turned[s.AsString()], k.AsString())
			}
		}
		if len(turned) == 0 {
			return cty.MapValEmpty(cty.List(cty.String)), nil
		}
		out := make(map[string]cty.Value, len(turned))
		for s, ks := range turned {
			slices.Sort(ks)
			list := make([]cty.Value, len(ks))
			for i, k := range ks {
				list[i] = cty.StringVal(k)
			}
			out[s] = cty.ListVal(list)
		}
		return cty.MapVal(out), nil
	},
})
