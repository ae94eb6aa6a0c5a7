package helm

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
	"time"
)

const (
	// maxSteps is how many rounds of loops, calls of named templates and numbers of
	// sequences a rendering may take.
	maxSteps = 100_000
	// maxRepeated is how many bytes the function "repeat" may return.
	maxRepeated = 1 << 20
	// maxOutput is how many bytes the loops and named templates of a rendering may
	// write, counting only what stands in the templates, and how long one rendered
	// file may be.
	maxOutput = 16 << 20
)

var (
	errSteps  = fmt.Errorf("it takes more than %d steps", maxSteps)
	errOutput = fmt.Errorf("it writes more than %d MiB", maxOutput>>20)
	errRepeat = fmt.Errorf("it repeats a text to more than %d MiB", maxRepeated>>20)
)

// limits bounds one rendering.
type limits struct{ steps, output int }

// step counts a round in which at least size bytes are written. It returns nothing
// to write itself.
func (l *limits) step(size int) (string, error) {
	l.steps++
	l.output += max(size, 0)
	return "", l.check()
}

func (l *limits) check() error {
	switch {
	case l.steps > maxSteps:
		return errSteps
	case l.output > maxOutput:
		return errOutput
	default:
		return nil
	}
}

// rendered is the time of every rendering, so that the same chart gives the same
// objects.
var rendered = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// certificate stands for what Helm would generate.
type certificate struct{ Cert, Key string }

// functions replaces functions of Helm: those that are random, that need much time
// or memory, or that write anything they are told to.
func (l *limits) functions() template.FuncMap {
	fixed := func(text string) func(...any) (any, error) {
		return func(...any) (any, error) { return text, nil }
	}
	generated := func(...any) (certificate, error) {
		return certificate{Cert: "generated-certificate", Key: "generated-key"}, nil
	}
	return template.FuncMap{
		stepFunction:   l.step,
		nestedFunction: nested,
		"required":     required,
		"fail":         func(message string) (string, error) { return "", errors.New(wanted + message) },
		"until":        l.until,
		"untilStep":    l.sequence,
		"seq":          l.seq,
		"repeat":       repeat,
		"now":          func() time.Time { return rendered },
		"randAlphaNum": random, "randAlpha": random, "randAscii": random, "randNumeric": randomNumber, "randBytes": random,
		"randInt":                  func(low, _ int) int { return low },
		"shuffle":                  func(s string) string { return s },
		"uuidv4":                   fixed("00000000-0000-4000-8000-000000000000"),
		"bcrypt":                   fixed("generated-hash"),
		"htpasswd":                 fixed("generated:hash"),
		"derivePassword":           fixed("generated-password"),
		"encryptAES":               fixed("encrypted"),
		"genPrivateKey":            fixed("generated-key"),
		"genCA":                    generated,
		"genCAWithKey":             generated,
		"genSelfSignedCert":        generated,
		"genSelfSignedCertWithKey": generated,
		"genSignedCert":            generated,
		"genSignedCertWithKey":     generated,
		"buildCustomCert":          generated,
	}
}

// until is the numbers from zero up, or down, to count.
func (l *limits) until(count int) ([]int, error) { return l.sequence(0, count, sign(count)) }

func (l *limits) sequence(start, stop, step int) ([]int, error) {
	list := []int{}
	if step == 0 {
		return list, nil
	}
	if (float64(stop)-float64(start))/float64(step) > maxSteps {
		return nil, errSteps
	}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		list = append(list, i)
	}
	l.steps += len(list)
	return list, l.check()
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

// seq is the command of that name: of a last number, or of a first one, perhaps a
// step, and a last one.
func (l *limits) seq(params ...int) (string, error) {
	first, step := 1, 1
	var last int
	switch len(params) {
	case 1:
		last = params[0]
	case 2:
		first, last = params[0], params[1]
	case 3:
		first, step, last = params[0], params[1], params[2]
	default:
		return "", nil
	}
	if len(params) < 3 && last < first {
		step = -1
	}
	if step == 0 || last < first && step > 0 || last > first && step < 0 {
		return "", nil
	}
	numbers, err := l.sequence(first, last+sign(step), step)
	return strings.Trim(fmt.Sprint(numbers), "[]"), err
}

// wanted begins the error of a template that asks for a value.
const wanted = "a value is wanted: "

// required fails as that of Helm does, without hiding where it is called from.
func required(message string, value any) (any, error) {
	if value == nil || value == "" {
		return nil, errors.New(wanted + message)
	}
	return value, nil
}

func repeat(count int, text string) (string, error) {
	if count < 0 {
		return "", errors.New("the count is negative")
	}
	if count > 0 && len(text) > maxRepeated/count {
		return "", errRepeat
	}
	return strings.Repeat(text, count), nil
}

func random(length int) string { return fixedText("generated", length) }

func randomNumber(length int) string { return fixedText("0123456789", length) }

func fixedText(text string, length int) string {
	length = min(max(length, 0), maxRepeated)
	return strings.Repeat(text, length/len(text)+1)[:length]
}
