package engine

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

const (
	// maxListed is how many elements of a list a message names.
	maxListed = 5
	// maxListDepth is how deep lists may stand in each other in a message.
	maxListDepth = 4
)

// template is a message with places for arguments: {name} stands for the
// argument of that name. Braces have no other use in messages.
type template []segment

// segment is literal text, or the name of an argument.
type segment struct {
	text string
	arg  bool
}

func parseTemplate(s string) (template, error) {
	var t template
	rest := strings.TrimSpace(s)
	if rest == "" {
		return nil, fmt.Errorf("parse template: no text")
	}
	for rest != "" {
		literal, after, found := strings.Cut(rest, "{")
		if strings.Contains(literal, "}") {
			return nil, fmt.Errorf("parse template %q: } without {", s)
		}
		if literal != "" {
			t = append(t, segment{text: literal})
		}
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed || name == "" || strings.ContainsFunc(name, notArgument) {
			return nil, fmt.Errorf("parse template %q: want {name} after %q", s, literal)
		}
		t = append(t, segment{text: name, arg: true})
		rest = tail
	}
	return t, nil
}

func notArgument(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }

// render fills in args. A list is written as prose, at most maxListed elements of it.
func (t template) render(args ast.Object) (string, error) {
	var b strings.Builder
	for _, s := range t {
		if !s.arg {
			b.WriteString(s.text)
			continue
		}
		value := args.Get(ast.InternedTerm(s.text))
		if value == nil {
			return "", fmt.Errorf("render message: no argument %q", s.text)
		}
		text, err := prose(value.Value, 0)
		if err != nil {
			return "", fmt.Errorf("render message: argument %q: %w", s.text, err)
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

func prose(v ast.Value, depth int) (string, error) {
	switch v := v.(type) {
	case ast.String:
		return string(v), nil
	case ast.Number:
		return v.String(), nil
	case *ast.Array:
		if depth == maxListDepth {
			return "", fmt.Errorf("lists stand in each other more than %d deep", maxListDepth)
		}
		named := min(v.Len(), maxListed)
		parts := make([]string, named)
		for i := range named {
			part, err := prose(v.Elem(i).Value, depth+1)
			if err != nil {
				return "", err
			}
			parts[i] = part
		}
		return enumerate(parts, v.Len()), nil
	default:
		return "", fmt.Errorf("want a string, a number or an array, not %s", ast.ValueName(v))
	}
}

// enumerate writes parts, which are the first of n, as "a, b and c", or
// "a, b, c, d, e … and 3 more".
func enumerate(parts []string, n int) string {
	switch {
	case n == 0:
		return ""
	case n == 1:
		return parts[0]
	case n > len(parts):
		return fmt.Sprintf("%s … and %d more", strings.Join(parts, ", "), n-len(parts))
	default:
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
}
