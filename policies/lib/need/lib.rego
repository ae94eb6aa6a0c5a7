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
# description: A sentence that names who is stopped, with a space in front; empty without evidence.
# scope: document
sentence(evidence) := "" if count(evidence) == 0

sentence(evidence) := sprintf(" Stopped: %s.", [concat(", ", _names(evidence))]) if {
	count(evidence) > 0
	count(evidence) <= shown
}

sentence(evidence) := text if {
	more := count(evidence) - shown
	more > 0
	text := sprintf(" Stopped: %s … and %d more.", [concat(", ", _names(evidence)), more])
}

# METADATA
# description: The places of the evidence, as related places of a finding.
places(evidence) := [place |
	some e in array.slice(evidence, 0, shown)
	place := {"at": e.origin, "text": sprintf("%s needs %s", [e.workload, e.destination])}
]

_names(evidence) := [sprintf("%s to %s", [e.workload, e.destination]) |
	some e in array.slice(evidence, 0, shown)
]
