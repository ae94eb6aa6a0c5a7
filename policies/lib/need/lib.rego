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
# description: A sentence that names who is affected, with a space in front; empty without evidence.
# scope: document
affected([]) := ""

affected(evidence) := sprintf(" Affected: %s.", [_few(needs)]) if {
	count(evidence) > 0
	needs := [sprintf("%s (%s)", [e.workload, e.destination]) | some e in evidence]
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

_few(list) := concat(", ", list) if count(list) <= shown

_few(list) := text if {
	more := count(list) - shown
	more > 0
	text := sprintf("%s … and %d more", [concat(", ", array.slice(list, 0, shown)), more])
}
