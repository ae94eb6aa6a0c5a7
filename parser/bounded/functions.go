package bounded

import (
	"reflect"
	"text/template"
)

// Functions returns the functions of a template, each counted: what it looks at and
// what it makes. One that would make too much is not called.
func (b *Budget) Functions(all template.FuncMap) template.FuncMap {
	out := make(template.FuncMap, len(all))
	for name, f := range all {
		out[name] = b.counted(rules[name], reflect.ValueOf(f))
	}
	return out
}

var errorType = reflect.TypeFor[error]()

// counted is f under a rule. It takes what f takes, so that a template passes the same.
func (b *Budget) counted(r rule, f reflect.Value) any {
	t := f.Type()
	in := make([]reflect.Type, t.NumIn())
	for i := range in {
		in[i] = t.In(i)
	}
	out := t.Out(0)
	made := reflect.FuncOf(in, []reflect.Type{out, errorType}, t.IsVariadic())
	return reflect.MakeFunc(made, func(args []reflect.Value) []reflect.Value {
		result, err := b.call(r, f, args)
		if !result.IsValid() {
			result = reflect.Zero(out)
		}
		failed := reflect.Zero(errorType)
		if err != nil {
			failed = reflect.ValueOf(&err).Elem()
		}
		return []reflect.Value{result, failed}
	}).Interface()
}

func (b *Budget) call(r rule, f reflect.Value, in []reflect.Value) (result reflect.Value, err error) {
	args := in
	if f.Type().IsVariadic() {
		rest := in[len(in)-1]
		args = append([]reflect.Value(nil), in[:len(in)-1]...)
		for i := range rest.Len() {
			args = append(args, rest.Index(i))
		}
	}
	if err := b.before(r, f.Type().Out(0), args); err != nil {
		return result, err
	}
	var results []reflect.Value
	if f.Type().IsVariadic() {
		results = f.CallSlice(in)
	} else {
		results = f.Call(in)
	}
	if len(results) == 2 && !results[1].IsNil() {
		return results[0], results[1].Interface().(error)
	}
	return results[0], b.after(r, results[0])
}

// before counts what a call looks at, and returns an error if it would make too much.
func (b *Budget) before(r rule, out reflect.Type, args []reflect.Value) error {
	if r.check != nil {
		return r.check(b, args)
	}
	size := 0
	for i, a := range args {
		n := shallow(a)
		if r.walks == nil || r.walks(i) {
			var err error
			if n, err = b.size(a, r.tall); err != nil {
				return err
			}
		}
		size += n
	}
	if err := b.look(callCost + size); err != nil {
		return err
	}
	if r.work != nil {
		if err := b.look(r.work(args, size)); err != nil {
			return err
		}
	}
	switch {
	case r.makes != nil:
		size = r.makes(args, size)
	case out.Kind() == reflect.String:
		size *= 2 // another case, or another encoding
	case !mayHold(out):
		size = 0
	}
	return b.willMake(size)
}

// after counts what a call has made.
func (b *Budget) after(r rule, result reflect.Value) error {
	switch {
	case r.passes:
		return nil
	case r.deep:
		n, err := b.size(result, false)
		if err != nil {
			return err
		}
		return b.Make(n)
	default:
		return b.Make(shallow(result))
	}
}
