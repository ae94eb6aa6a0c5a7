package helm

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"

	"github.com/egresslint/egresslint/parser/bounded"
)

const (
	// maxRepeated is how many bytes the function "repeat" may return.
	maxRepeated = 1 << 20
	// maxOutput is how long one rendered file may be.
	maxOutput = 16 << 20
)

var errRepeat = fmt.Errorf("it repeats a text to more than %d MiB", maxRepeated>>20)

// rendered is the time of every rendering, so that the same chart gives the same
// objects.
var rendered = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// certificate stands for what Helm would generate.
type certificate struct{ Cert, Key string }

// functions are those of the templates of one rendering.
type functions struct {
	budget *bounded.Budget
	marks  *marks
	// asks says that a template asks for a value that is not there, and asked what it
	// says.
	asks  bool
	asked string
}

// all returns the functions by their names, counted: those of Helm, but others in the
// place of those that are random, that need much time or memory, or that write anything
// they are told to.
func (f *functions) all() template.FuncMap {
	all := sprig.TxtFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} { // Helm has none
		delete(all, name)
	}
	maps.Copy(all, template.FuncMap{
		"print": fmt.Sprint, "printf": fmt.Sprintf, "println": fmt.Sprintln,
		"html": template.HTMLEscaper, "js": template.JSEscaper, "urlquery": template.URLQueryEscaper,
	})
	maps.Copy(all, converters(f.budget))
	maps.Copy(all, f.replaced())
	all[markFunction] = f.marks.mark
	all = f.budget.Functions(all)
	maps.Copy(all, template.FuncMap{
		enterFunction: f.budget.Enter,
		leaveFunction: f.budget.Leave,
		stepFunction:  f.budget.Step,
		holdFunction:  f.budget.Hold,
		writeFunction: f.budget.Write,
		textFunction:  f.nested,
		globFunction:  f.glob,
	})
	return all
}

func (f *functions) replaced() template.FuncMap {
	fixed := func(text string) func(...any) (any, error) {
		return func(...any) (any, error) { return text, nil }
	}
	generated := func(...any) (certificate, error) {
		return certificate{Cert: "generated-certificate", Key: "generated-key"}, nil
	}
	return template.FuncMap{
		"required":     f.required,
		"fail":         func(message string) (string, error) { return "", f.ask(message) },
		"until":        f.until,
		"untilStep":    f.untilStep,
		"seq":          f.seq,
		"repeat":       f.repeat,
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
func (f *functions) until(count int) ([]int, error) { return f.untilStep(0, count, sign(count)) }

func (f *functions) untilStep(start, stop, step int) ([]int, error) {
	list := []int{}
	if step == 0 {
		return list, nil
	}
	if err := f.budget.Fits((float64(stop) - float64(start)) / float64(step)); err != nil {
		return nil, err
	}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		list = append(list, i)
	}
	return list, f.budget.Steps(len(list))
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

// seq is the command of that name: of a last number, or of a first one, perhaps a
// step, and a last one.
func (f *functions) seq(params ...int) (string, error) {
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
	numbers, err := f.untilStep(first, last+sign(step), step)
	return strings.Trim(fmt.Sprint(numbers), "[]"), err
}

// errWanted is the error of a template that asks for a value.
var errWanted = errors.New("a value is wanted")

func (f *functions) ask(message string) error {
	f.asks, f.asked = true, message
	return errWanted
}

// required fails as that of Helm does, without hiding where it is called from.
func (f *functions) required(message string, value any) (any, error) {
	if value == nil || value == "" {
		return nil, f.ask(message)
	}
	return value, nil
}

func (f *functions) repeat(count int, text string) (string, error) {
	if count < 0 {
		return "", errors.New("the count is negative")
	}
	if count > 0 && len(text) > maxRepeated/count {
		if err := f.budget.Limit(errRepeat); err != nil {
			return "", err
		}
	}
	return strings.Repeat(text, count), nil
}

func random(length int) string { return fixedText("generated", length) }

func randomNumber(length int) string { return fixedText("0123456789", length) }

func fixedText(text string, length int) string {
	length = min(max(length, 0), maxRepeated)
	return strings.Repeat(text, length/len(text)+1)[:length]
}
