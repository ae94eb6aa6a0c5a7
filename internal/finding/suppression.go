package finding

import (
	"time"

	"github.com/egresslint/egresslint/parser/source"
)

// SuppressionKind says where it is written that a finding does not count.
type SuppressionKind string

// The kinds of suppressions.
const (
	ByComment       SuppressionKind = "comment"       // in the file itself
	ByAnnotation    SuppressionKind = "annotation"    // on the Kubernetes object
	ByConfiguration SuppressionKind = "configuration" // under suppressions
	ByBaseline      SuppressionKind = "baseline"      // as one that was there before
)

// Unchanged is not written anywhere: only what a change introduces was asked for,
// and the files had the finding before it.
const Unchanged SuppressionKind = "unchanged"

// SuppressionKinds are the kinds that are written, in the order in which they are
// tried.
var SuppressionKinds = []SuppressionKind{ByComment, ByAnnotation, ByConfiguration, ByBaseline}

// Suppression is why a finding does not count.
type Suppression struct {
	Kind   SuppressionKind
	Reason string // empty if none is given
	// Until is the last day on which it counts, at 0:00 UTC; the zero Time is no end.
	Until time.Time
	At    source.Range // where it is written
}
