//go:build !linux

package sandbox

import (
	"errors"
	"runtime"
)

func enter([]string) (string, error) {
	return "", errors.New("there is no support for " + runtime.GOOS)
}
