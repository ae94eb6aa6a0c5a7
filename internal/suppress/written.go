package suppress

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/comment"
	"github.com/egresslint/egresslint/parser/source"
)

// Annotation is the name of the annotation that suppresses.
const Annotation = place.IgnoreAnnotation

// Written is a suppression that can be read, as it is written.
type Written struct {
	Rules  []string
	Reason string
	Until  time.Time // see [config.Suppression]
	At     source.Range
	// Subject names what a comment is about, see [comment.Subjects].
	Subject string
}

// Written returns the comments that have an effect, by place: those of the files that are
// linted, of those where findings were looked for, and of the further ones given.
func (s *Set) Written(further []string) []Written {
	for _, name := range further {
		s.commentsOf(name)
	}
	var list []Written
	for _, name := range slices.Sorted(maps.Keys(s.comments)) {
		list = append(list, s.writtenIn(name)...)
	}
	return list
}

func (s *Set) writtenIn(name string) []Written {
	entries := slices.DeleteFunc(slices.Clone(s.commentsOf(name)), func(e *entry) bool { return e.mistake != nil || e.first == 0 })
	if len(entries) == 0 {
		return nil
	}
	data, err := s.read(name)
	if err != nil {
		return nil // it could be read before
	}
	subject := comment.Subjects(s.file(name), data)
	var list []Written
	for _, e := range entries {
		w := e.written()
		w.Subject = subject(e.first)
		list = append(list, w)
	}
	return list
}

// ReadAnnotation returns what an annotation suppresses; nothing if it is another one.
func ReadAnnotation(name, value string) []Written {
	if name != Annotation {
		return nil
	}
	var list []Written
	for line := range strings.Lines(value) {
		if d, err := parse(line); err == nil {
			list = append(list, (&entry{directive: d}).written())
		}
	}
	return list
}

func (e *entry) written() Written {
	return Written{Rules: e.rules, Reason: e.reason, Until: e.until, At: e.at}
}
