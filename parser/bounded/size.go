package bounded

import (
	"reflect"
	"time"
)

const (
	// nodeSize is about how many bytes a value takes besides its text.
	nodeSize = 16
	// fieldSize is about how many bytes an element of a map takes.
	fieldSize = 64
)

// size counts v as looked at and returns about how many bytes its text has: what is
// shared is written each time. A tall text has the keys above, or as many spaces, on
// each line.
func (b *Budget) size(v reflect.Value, tall bool) (int, error) {
	m := &measure{left: maxRead - b.read, tall: tall}
	m.value(v, 0, 0)
	if m.err != nil {
		if err := b.Limit(m.err); err != nil {
			return 0, err
		}
	}
	return m.size, b.look(callCost + m.size)
}

type measure struct {
	size, left int
	tall       bool
	err        error
}

func (m *measure) add(n int) {
	if m.size += n; m.size > m.left && m.err == nil {
		m.err = errRead
	}
}

func (m *measure) value(v reflect.Value, depth, above int) {
	for v.IsValid() && (v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer) && depth <= maxDepth {
		if v.Kind() == reflect.Pointer {
			depth++
		}
		v = v.Elem()
	}
	if m.err == nil && depth > maxDepth {
		m.err = errDeep
	}
	if m.err != nil || !v.IsValid() {
		return
	}
	m.add(nodeSize)
	if m.tall {
		m.add(above)
	}
	switch v.Kind() {
	case reflect.String:
		m.add(v.Len())
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 { // written as numbers
			m.add(4 * v.Len())
			return
		}
		for i := 0; i < v.Len() && m.err == nil; i++ {
			m.value(v.Index(i), depth+1, above+4)
		}
	case reflect.Map:
		for e := v.MapRange(); e.Next() && m.err == nil; {
			key := e.Key()
			length := nodeSize
			if key.Kind() == reflect.String {
				length += key.Len()
			}
			m.add(length)
			m.value(e.Value(), depth+1, above+length)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := 0; i < v.NumField() && m.err == nil; i++ {
			m.add(len(v.Type().Field(i).Name))
			m.value(v.Field(i), depth+1, above+nodeSize)
		}
	}
}

// shallow is about how many bytes v itself takes, without what is in it.
func shallow(v reflect.Value) int {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return 0
	}
	switch v.Kind() {
	case reflect.String:
		return v.Len()
	case reflect.Slice:
		return 2*nodeSize + nodeSize*v.Len()
	case reflect.Map:
		return fieldSize + fieldSize*v.Len()
	default:
		return nodeSize
	}
}

// container is the identity of a map or a list.
type container struct {
	at     uintptr
	length int // 0 for a map
}

// containers returns the maps and lists that are in v, v among them, each once.
func (b *Budget) containers(v reflect.Value) (map[container]bool, error) {
	seen := make(map[container]bool)
	count := 0
	var deep bool
	var walk func(v reflect.Value, depth int)
	walk = func(v reflect.Value, depth int) {
		for v.IsValid() && (v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer) && depth <= maxDepth {
			if v.Kind() == reflect.Pointer {
				depth++
			}
			v = v.Elem()
		}
		if depth > maxDepth {
			deep = true
		}
		if deep || !v.IsValid() {
			return
		}
		switch v.Kind() {
		case reflect.Slice, reflect.Map:
			if !mayHold(v.Type().Elem()) && v.Kind() == reflect.Slice {
				return
			}
			at := container{at: v.Pointer()}
			if v.Kind() == reflect.Slice {
				at.length = v.Len()
			}
			if seen[at] {
				return
			}
			seen[at] = true
			count += v.Len()
			if !mayHold(v.Type().Elem()) {
				return
			}
			if v.Kind() == reflect.Map {
				for e := v.MapRange(); e.Next() && !deep; {
					walk(e.Value(), depth+1)
				}
				return
			}
			for i := 0; i < v.Len() && !deep; i++ {
				walk(v.Index(i), depth+1)
			}
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i), depth+1)
			}
		}
	}
	walk(v, 0)
	if deep {
		if err := b.Limit(errDeep); err != nil {
			return nil, err
		}
	}
	return seen, b.look(count * nodeSize)
}

// mayHold reports whether values of a type can have maps in them.
func mayHold(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Array, reflect.Struct:
		return t != reflect.TypeFor[time.Time]() && (t.Kind() != reflect.Slice || mayHold(t.Elem()))
	default:
		return false
	}
}
