package cli

import (
	"os"
	"strings"

	"github.com/egresslint/egresslint/parser/guard"
)

// MainAt is Main on another day.
var MainAt = mainAt

// GuardsVariable names, in the environment of a test's process and of its worker, the
// guards that are switched off in both.
const GuardsVariable = "EGRESSLINT_TEST_GUARDS_OFF"

// GuardsOff are the guards that a test wants to be off.
func GuardsOff() []guard.Name {
	var names []guard.Name
	for name := range strings.SplitSeq(os.Getenv(GuardsVariable), ",") {
		if name != "" {
			names = append(names, guard.Name(name))
		}
	}
	return names
}
