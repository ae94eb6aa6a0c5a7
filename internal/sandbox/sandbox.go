// Package sandbox takes away from the process what reading a tree does not need: files
// elsewhere, writing, connections, and other programs.
package sandbox

import "fmt"

// Mode says what to do where the system cannot confine a process.
type Mode string

// The modes.
const (
	Auto    Mode = "auto"    // confine as far as the system can
	Require Mode = "require" // fail if the system cannot
	Off     Mode = "off"
)

// Modes are all modes.
func Modes() []Mode { return []Mode{Auto, Require, Off} }

// Enter confines the process for the rest of its life: files can be read below dirs
// only, which must exist, and nothing can be written, connected to or executed. It
// returns what holds, in words. The error is for a system that cannot do it all, with
// Require.
func Enter(mode Mode, dirs []string) (status string, err error) {
	if mode == Off {
		return "not confined: --sandbox=off", nil
	}
	held, err := enter(dirs)
	switch {
	case err != nil && mode == Require:
		return "", fmt.Errorf("confine the process: %w", err)
	case held == "":
		return fmt.Sprintf("not confined: %v", err), nil
	case err != nil:
		return fmt.Sprintf("confined by %s, but %v", held, err), nil
	default:
		return "confined by " + held, nil
	}
}
