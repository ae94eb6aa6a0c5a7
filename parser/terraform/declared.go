package terraform

import (
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/source"
)

// SecretVariables returns whether the value of a variable of the root module in dir is
// secret: by its name, by its declaration, or because not all of the module can be read.
func SecretVariables(tree *source.Tree, dir string) func(name string) bool {
	c := newLoader(tree, nil, nil).config(dir)
	return func(name string) bool {
		if c.broken || located.SecretKey(name) {
			return true
		}
		declared := c.variables[name]
		if declared == nil {
			return false
		}
		mark := declared.body.attr("sensitive")
		return declared.broken || mark != nil && !literalBool(mark, false)
	}
}
