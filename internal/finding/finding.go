// Package finding defines what a rule reports, as every later stage sees it.
package finding

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/source"
)

// Severity orders findings; the higher the worse.
type Severity int

// Severities.
const (
	Note Severity = iota + 1
	Warning
	Error
)

var severityNames = map[Severity]string{Note: "note", Warning: "warning", Error: "error"}

// String returns note, warning or error.
func (s Severity) String() string { return severityNames[s] }

// MarshalText implements encoding.TextMarshaler.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ParseSeverity reads note, warning or error.
func ParseSeverity(s string) (Severity, error) {
	for severity, name := range severityNames {
		if s == name {
			return severity, nil
		}
	}
	return 0, fmt.Errorf("parse severity %q: want note, warning or error", s)
}

// Related is a place that helps to understand a finding.
type Related struct {
	Range   source.Range
	Message string // what is to be seen there, e.g. "the SNAT entry"
}

// Finding is one problem at one place.
type Finding struct {
	Rule     string
	Severity Severity
	// Range is where a developer would make the change.
	Range   source.Range
	Related []Related
	// Address is the Terraform address or kind/namespace/name of what the finding is about.
	Address string
	Message string // what cannot reach what, and why
	Remedy  string // what to change
	// Instances are all module instances that share the place and the rule, by
	// address, when there are several; the message tells of the first.
	Instances []string
	// Variants are the variable variants in which the finding occurs; empty when
	// the root has only one.
	Variants []string
	// From are the overlays, components, releases of charts, and objects of Argo CD and
	// Flux whose objects have the finding, each in words; empty for what is applied as written.
	From []string
	// Key holds the stable arguments (addresses and reason) that identify the
	// finding across line changes.
	Key []string
	// Suppression is why the finding does not count; nil if it does.
	Suppression *Suppression
	// Parts are what the rule reported before what is one problem to the user became
	// one finding: itself, and one for each further module instance, variant or
	// cluster.
	Parts []Part
}

// Part identifies what a rule reported of one place, module instance and variant,
// wherever the finding that it became part of is anchored.
type Part struct {
	File     string   // the place is in
	Address  string   // see Finding.Address
	Root     string   // Terraform root directory; empty for manifests
	Variant  string   // of the root
	Severity Severity // that the rule gave it
	Key      []string // see Finding.Key
}

// Fingerprint identifies a finding by rule, file, address and stable arguments,
// never by line, so that it survives edits above it.
func (f *Finding) Fingerprint() string {
	parts := append([]string{f.Rule, f.Range.File, f.Address}, f.Key...)
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// Compare is the one order of findings everywhere: path, line, column, rule,
// fingerprint.
func Compare(a, b *Finding) int {
	if c := cmp.Or(
		cmp.Compare(a.Range.File, b.Range.File),
		a.Range.Start.Compare(b.Range.Start),
		cmp.Compare(a.Rule, b.Rule),
	); c != 0 {
		return c
	}
	return cmp.Compare(a.Fingerprint(), b.Fingerprint()) // hashed for ties only
}

// Sort orders findings by Compare.
func Sort(findings []*Finding) { slices.SortFunc(findings, Compare) }
