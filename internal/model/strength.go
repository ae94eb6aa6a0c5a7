package model

import "slices"

// strengths are all, weakest first.
var strengths = []Strength{None, Inferred, Referenced, Declared}

// Rank orders strengths: the higher, the more certain.
func (s Strength) Rank() int { return slices.Index(strengths, s) }
