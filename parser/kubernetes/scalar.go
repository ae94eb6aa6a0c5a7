package kubernetes

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/egresslint/egresslint/parser/guard"
)

// Kubernetes reads YAML 1.1 through sigs.k8s.io/yaml: "yes", "on" and "y" are
// booleans, 010 is eight, a date stays a string. The node parser only offers
// YAML 1.2, so scalars are resolved here from their text. The differential tests
// hold this file to sigs.k8s.io/yaml.

type scalarKind uint8

const (
	nullScalar scalarKind = iota
	boolScalar
	intScalar
	uintScalar // an integer above math.MaxInt64
	floatScalar
	stringScalar
)

// scalar is a resolved YAML scalar. Only the field of its kind is set.
type scalar struct {
	kind  scalarKind
	truth bool
	i     int64
	u     uint64
	f     float64
	text  string
}

// The short forms of the tags that say how a scalar is to be resolved.
const (
	binaryTag    = "!!binary"
	boolTag      = "!!bool"
	floatTag     = "!!float"
	intTag       = "!!int"
	mergeTag     = "!!merge"
	nullTag      = "!!null"
	stringTag    = "!!str"
	timestampTag = "!!timestamp"
)

// resolve gives a scalar its type. The tag is in its short form; an empty one
// means that the text alone decides.
func resolve(tag, text string) (scalar, error) {
	switch tag {
	case "":
		s, _ := resolvePlain(text, false)
		return s, nil
	case stringTag:
		return scalar{kind: stringScalar, text: text}, nil
	case binaryTag:
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return scalar{}, errors.New("!!binary needs base64 text")
		}
		// The way through JSON replaces every byte that is not UTF-8.
		return scalar{kind: stringScalar, text: string([]rune(string(data)))}, nil
	case boolTag, intTag, floatTag, nullTag, timestampTag:
		s, isTime := resolvePlain(text, tag == timestampTag)
		if tag == floatTag && s.kind == intScalar {
			s = scalar{kind: floatScalar, f: float64(s.i)}
		}
		if tagOf(s, isTime) != tag {
			return scalar{}, notOfTag(s, tag, text)
		}
		return s, nil
	default: // a tag that Kubernetes does not know leaves a string
		return scalar{kind: stringScalar, text: text}, nil
	}
}

// notOfTag says what a scalar is that is not what its tag says, and not its text.
func notOfTag(s scalar, tag, text string) error {
	if !guard.On(guard.ErrorText) {
		return fmt.Errorf("%q is no %s", text, tag)
	}
	switch s.kind {
	case nullScalar:
		return fmt.Errorf("null is no %s", tag)
	case boolScalar:
		return fmt.Errorf("a bool is no %s", tag)
	case stringScalar:
		return fmt.Errorf("the text is no %s", tag)
	default:
		return fmt.Errorf("the number is no %s", tag)
	}
}

func tagOf(s scalar, isTime bool) string {
	switch s.kind {
	case nullScalar:
		return nullTag
	case boolScalar:
		return boolTag
	case intScalar, uintScalar:
		return intTag
	case floatScalar:
		return floatTag
	default:
		if isTime {
			return timestampTag
		}
		return stringTag
	}
}

var decimal = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)

// resolvePlain resolves text by its looks. A timestamp is a string; isTime tells
// it apart, and is only looked for if times is set.
func resolvePlain(text string, times bool) (s scalar, isTime bool) {
	str := scalar{kind: stringScalar, text: text}
	if text == "" {
		return scalar{}, false
	}
	switch c := text[0]; {
	case strings.IndexByte("yYnNtTfFoO~", c) >= 0:
		return resolveWord(text), false
	case c == '.':
		if s := resolveWord(text); s.kind != stringScalar {
			return s, false
		}
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return scalar{kind: floatScalar, f: f}, false
		}
		return str, false
	case c == '+', c == '-', '0' <= c && c <= '9':
		if s := resolveWord(text); s.kind != stringScalar {
			return s, false
		}
		if times && isTimestamp(text) {
			return str, true
		}
		return resolveNumber(text), false
	default:
		return str, false
	}
}

// resolveWord resolves the words that YAML 1.1 reserves.
func resolveWord(text string) scalar {
	switch text {
	case "~", "null", "Null", "NULL":
		return scalar{}
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return scalar{kind: boolScalar, truth: true}
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return scalar{kind: boolScalar}
	case ".nan", ".NaN", ".NAN":
		return scalar{kind: floatScalar, f: math.NaN()}
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return scalar{kind: floatScalar, f: math.Inf(1)}
	case "-.inf", "-.Inf", "-.INF":
		return scalar{kind: floatScalar, f: math.Inf(-1)}
	default:
		return scalar{kind: stringScalar, text: text}
	}
}

// resolveNumber resolves text that begins with a digit or a sign. Numbers may
// hold underscores and be binary (0b), octal (0 or 0o) or hexadecimal (0x).
func resolveNumber(text string) scalar {
	plain := text
	if strings.IndexByte(plain, '_') >= 0 {
		plain = strings.ReplaceAll(plain, "_", "")
	}
	if i, err := strconv.ParseInt(plain, 0, 64); err == nil {
		return scalar{kind: intScalar, i: i}
	}
	if u, err := strconv.ParseUint(plain, 0, 64); err == nil {
		return scalar{kind: uintScalar, u: u}
	}
	if decimal.MatchString(plain) {
		if f, err := strconv.ParseFloat(plain, 64); err == nil {
			return scalar{kind: floatScalar, f: f}
		}
	}
	if digits, ok := strings.CutPrefix(plain, "0b"); ok { // a sign may follow
		if i, err := strconv.ParseInt(digits, 2, 64); err == nil {
			return scalar{kind: intScalar, i: i}
		}
	}
	return scalar{kind: stringScalar, text: text}
}

var timestampLayouts = []string{
	"2006-1-2T15:4:5.999999999Z07:00",
	"2006-1-2t15:4:5.999999999Z07:00",
	"2006-1-2 15:4:5.999999999",
	"2006-1-2",
}

func isTimestamp(text string) bool {
	if len(text) < len("2006-1-2") || text[4] != '-' {
		return false
	}
	for _, layout := range timestampLayouts {
		if _, err := time.Parse(layout, text); err == nil {
			return true
		}
	}
	return false
}

// key returns the map key that the scalar becomes in JSON.
func (s scalar) key() (string, error) {
	switch s.kind {
	case stringScalar:
		return s.text, nil
	case boolScalar:
		return strconv.FormatBool(s.truth), nil
	case intScalar:
		return strconv.FormatInt(s.i, 10), nil
	case floatScalar:
		// Single precision is what Kubernetes keeps of a key.
		switch text := strconv.FormatFloat(s.f, 'g', -1, 32); text {
		case "NaN":
			return ".nan", nil
		case "+Inf":
			return ".inf", nil
		case "-Inf":
			return "-.inf", nil
		default:
			return text, nil
		}
	case uintScalar:
		return "", errors.New("a key is a larger number than Kubernetes reads")
	default:
		return "", errors.New("a key is null")
	}
}

// number returns the shortest decimal form of a number, as JSON has it.
func (s scalar) number() (string, error) {
	switch s.kind {
	case intScalar:
		return strconv.FormatInt(s.i, 10), nil
	case uintScalar:
		return strconv.FormatUint(s.u, 10), nil
	default:
		text, err := json.Marshal(s.f)
		if err != nil {
			return "", errors.New("an infinite number, or one that is not a number, has no place in a manifest")
		}
		return string(text), nil
	}
}
