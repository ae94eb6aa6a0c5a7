package netpol

import (
	"strconv"
	"strings"
)

// ConnectionSet is a set of protocols and destination ports. Sets of one Evaluator
// are equal if they hold the same.
type ConnectionSet struct {
	ports *portSets
	id    setID
}

// PortSpan is the ports From to To of a protocol, both included.
type PortSpan struct {
	Protocol string // TCP, UDP or SCTP
	From, To int
}

// IsAll reports whether the set holds every port of every protocol.
func (c ConnectionSet) IsAll() bool { return c.id == allPorts }

// IsEmpty reports whether the set holds nothing.
func (c ConnectionSet) IsEmpty() bool { return c.id == noPorts }

// Spans returns what the set holds in ascending order, TCP first, then UDP, then
// SCTP. Spans of one protocol do not touch.
func (c ConnectionSet) Spans() []PortSpan {
	if c.ports == nil {
		return nil
	}
	set := c.ports.sets[c.id]
	spans := make([]PortSpan, 0, len(set)/2)
	for i := 0; i < len(set); i += 2 {
		spans = append(spans, PortSpan{protocols[set[i]>>16], int(set[i] & maxPort), int(set[i+1] & maxPort)})
	}
	return spans
}

// String renders the set as "All Connections", "No Connections", or like
// "TCP 80,443-450,UDP 53".
func (c ConnectionSet) String() string {
	switch {
	case c.IsAll():
		return "All Connections"
	case c.IsEmpty():
		return "No Connections"
	}
	var b strings.Builder
	last := ""
	for i, s := range c.Spans() {
		if i > 0 {
			b.WriteByte(',')
		}
		if s.Protocol != last {
			last = s.Protocol
			b.WriteString(last)
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(s.From))
		if s.To > s.From {
			b.WriteByte('-')
			b.WriteString(strconv.Itoa(s.To))
		}
	}
	return b.String()
}
