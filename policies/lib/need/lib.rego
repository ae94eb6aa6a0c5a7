# METADATA
# title: What the requirements at a gate let a rule say
# description: Severity by the strength of the evidence, and the evidence in words and places.
package egresslint.lib.need

# How many requirements a message names and a finding points at.
shown := 3

# METADATA
# description: >-
#   Level of a finding that rests on a requirement. Undefined without one, so that such a rule has to say what else
#   its finding rests on.
# scope: document
level(strength) := "error" if strength in {"declared", "referenced"}

level("inferred") := "warning"

# METADATA
# description: >-
#   True for a gate that is closed on purpose, as far as anyone can tell: nobody is known to need it, and the
#   configuration says so or every workload has a way of its own.
# scope: document
meant(gate) if {
	gate.need.strength == "none"
	gate.intent == "no"
}

meant(gate) if {
	gate.need.strength == "none"
	gate.all_served
}

# METADATA
# description: A sentence that names who is affected, with a space in front; empty without evidence.
affected(evidence) := affected_by(evidence, "")

# METADATA
# description: The same after a message that names a destination already, which is not repeated.
# scope: document
affected_by([], _) := ""

affected_by(evidence, told) := sprintf(" Affected: %s%s.", [concat(", ", workloads), more]) if {
	count(evidence) > 0
	named := array.slice(evidence, 0, shown)
	workloads := [_needing(e.workload, destinations, told) |
		some i, e in named
		_first(named, i)
		destinations := [other.destination | some other in named; other.workload == e.workload]
	]
	more := _more(count(evidence) - shown)
}

# Whether the workload of a piece of evidence is in none before it.
_first(evidence, i) if {
	before := {e.workload | some e in array.slice(evidence, 0, i)}
	not evidence[i].workload in before
}

_needing(workload, [told], told) := workload

_needing(workload, destinations, told) := sprintf("%s (%s)", [workload, concat(", ", destinations)]) if {
	destinations != [told]
}

# METADATA
# description: A sentence that names the destinations alone, with a space in front; empty without evidence.
# scope: document
destinations([]) := ""

destinations(evidence) := sprintf(" They need %s.", [_few(sort({e.destination | some e in evidence}))]) if {
	count(evidence) > 0
}

# METADATA
# description: The places of the evidence, as related places of a finding.
places(evidence) := [place |
	some e in array.slice(evidence, 0, shown)
	place := {"at": e.origin, "text": sprintf("%s needs %s", [e.workload, e.destination])}
]

_few(list) := sprintf("%s%s", [concat(", ", array.slice(list, 0, shown)), _more(count(list) - shown)])

_more(number) := "" if number <= 0

_more(number) := sprintf(" … and %d more", [number]) if number > 0
