package suppress

import (
	"fmt"
	"strings"
	"testing"
)

// say writes a directive in one form.
func (d directive) say() string {
	s := strings.Join(d.rules, ",")
	if !d.until.IsZero() {
		s += " until=" + d.until.Format("2006-01-02")
	}
	if d.reason != "" {
		s += " -- " + d.reason
	}
	return s
}

func TestParseComment(t *testing.T) {
	for text, want := range map[string]string{
		"egresslint:ignore snat-missing":                        "snat-missing",
		"egresslint:ignore snat-missing -- the lab is closed":   "snat-missing -- the lab is closed",
		"egresslint:ignore a,b , c until=2027-01-31 --  x -- y": "a,b,c until=2027-01-31 -- x -- y",
		"egresslint:ignore\ta, b\tuntil=2027-01-31":             "a,b until=2027-01-31",
		"egresslint:ignore a,a -- twice":                        "a -- twice",
		"egresslint:ignore a --":                                "a",
		"egresslint:ignore a --why":                             "a -- why",
		"egresslint:ignore a -- until=2027-01-31":               "a -- until=2027-01-31",
		"egresslint:ignore a-b-1 -- 数据库":                        "a-b-1 -- 数据库",
		"see egresslint:ignore":                                 "no",
		"egresslint ignores this":                               "no",
		"egresslint: a linter":                                  "no",
		"egresslint":                                            "no",
		"":                                                      "no",
		"egresslint:ignore":                                     "names no rule",
		"egresslint:ignore -- why":                              "names no rule",
		"egresslint:ignore ,a":                                  "names no rule",
		"egresslint:ignore until=2027-01-31 -- why":             "names no rule",
		"egresslint:ignore *":                                   "does not name its rules",
		"egresslint:ignore all -- why":                          "does not name its rules",
		"egresslint:ignore snat-missing the lab is closed":      `"the" is no option: rules are separated by commas, and a reason stands behind --`,
		"egresslint:ignore a until=2027-01-31 b":                `"b" is no option`,
		"egresslint:ignore SNAT_missing":                        `"SNAT_missing" is no id of a rule`,
		"egresslint:ignore a until=2027-02-30":                  `"2027-02-30" is no day, want one as in until=2027-01-31`,
		"egresslint:ignore a until=31.01.2027":                  "is no day",
		"egresslint:ignore a until=":                            `"" is no day`,
		"egresslint:ignore a until=2027-01-31 until=2027-01-31": "until is there twice",
		"egresslint:ignore a untill=2027-01-31":                 `no option "untill", did you mean "until"?`,
		"egresslint:ingore a":                                   `no "egresslint:ingore", did you mean "ignore"?`,
		"egresslint:disable a":                                  `no "egresslint:disable", want one of ignore`,
		"egresslint: ignore a":                                  `did you mean "egresslint:ignore"?`,
		"egresslint-ignore: a":                                  `did you mean "egresslint:ignore"?`,
		"EgressLint:Ignore a":                                   `did you mean "egresslint:ignore"?`,
	} {
		d, ok, err := parseComment(text)
		got := d.say()
		switch {
		case !ok:
			got = "no"
		case err != nil:
			got = err.Error()
		}
		if err == nil && got != want || err != nil && !strings.Contains(got, want) {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}

// A suppression names as many rules as anyone may want to write, and no more.
func TestManyRules(t *testing.T) {
	ids := make([]string, maxRules+1)
	for i := range ids {
		ids[i] = fmt.Sprintf("rule-%d", i)
	}
	d, err := parse(strings.Join(append(ids[:maxRules:maxRules], ids[:maxRules]...), ",") + " -- why")
	if err != nil || len(d.rules) != maxRules {
		t.Errorf("%d rules, named twice, are read as %d: %v", maxRules, len(d.rules), err)
	}
	if d, err := parse(strings.Join(ids, ",")); err == nil || !strings.Contains(err.Error(), "more than 100 rules") || len(d.rules) > 0 {
		t.Errorf("%d rules are read as %d: %v", len(ids), len(d.rules), err)
	}
}

// What is read can be written again and means the same.
func FuzzParseComment(f *testing.F) {
	f.Add("egresslint:ignore a,b until=2027-01-31 -- why")
	f.Add("egresslint:ignore a , until=2027-01-31--")
	f.Fuzz(func(t *testing.T, text string) {
		d, ok, err := parseComment(text)
		if !ok || err != nil {
			if err != nil && len(d.rules) > 0 {
				t.Fatalf("%q: a mistake has the effect %+v", text, d)
			}
			return
		}
		if len(d.rules) == 0 {
			t.Fatalf("%q names no rule", text)
		}
		again, ok, err := parseComment(prefix + verb + " " + d.say())
		if !ok || err != nil || fmt.Sprint(again) != fmt.Sprint(d) {
			t.Fatalf("%q is read as %+v, and what that says as %+v, %v", text, d, again, err)
		}
	})
}
