package terraform_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/egresslint/egresslint/parser/terraform"
)

// secretSamples are sensitive values that functions stumble over in different places.
// Messages have no letters outside of ASCII, so that one letter of a value that is
// quoted is seen, too, or one byte of it.
var secretSamples = []string{
	`"ψωξ"`, `"1ψωξ"`, `"{\"ψωξ\": ψωξ}"`, `"{\"ψωξ\": 1, \"ψωξ\": \"ψωξ}"`, `"[1 ψ]"`, `"a: *ψωξ"`, `"- a\nψωξ: [ω"`, `"!!int ψωξ"`, `"!ψωξ a"`,
	`"10.0.0.0/ψωξ"`, `"ψωξ/8"`, `"(ψωξ"`, `"[ψ-ω"`, `"[ω-ψ]"`, `"%ψωξ"`, `"%[ψ]d"`, `"a,b\n\"ψωξ\"ψ,ω"`, `"a,a\nψ,ω"`, `"YYYY'ψωξ"`, `"ψψψωωω"`, `"Yψ"`,
	`"2020-01-ψωξ"`, `"2020-01-01T00:00:00ψ"`, `"1ψh"`, `"$${ψωξ}"`, `"$${ψωξ(1)}"`, `"$${ψ::ωξ(1)}"`, `"%%{ψωξ}"`, `"$${a.ψωξ}"`, `"$${\"ψωξ"`, `"$${1 + \"ψωξ\"}"`, `"/(ψ/"`, `"/ψ**/"`,
	`["ψωξ", "ωψξ"]`, `{ "ψωξ" = "ωψξ", "ωψξ" = "x" }`, `[{ "ψωξ" = "ωψξ" }]`, `{ "ψωξ" = ["ωψξ"] }`, `toset(["ψωξ"])`, `["ψωξ", ["ωψξ"], {}]`,
}

// partners are what stands beside a sensitive argument.
var partners = []string{`"a"`, `-1`, `["a"]`, `{ a = "b" }`, `"2020-01-01T00:00:00Z"`, `"10.0.0.0/8"`}

// No function quotes what it is given if that is sensitive, not even one letter of it,
// whatever it says is wrong.
func TestFunctionsQuoteNothingSensitive(t *testing.T) {
	for _, name := range terraform.FunctionNames() {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			for i, sample := range secretSamples {
				fmt.Fprintf(&text, "locals {\n  v%d = sensitive(%s)\n}\n", i, sample)
				v := "local.v" + strconv.Itoa(i)
				calls := []string{v, v + ", " + v, v + ", " + v + ", " + v, v + "...", "[" + v + "]", "{ a = " + v + " }", "{ (" + v + ") = 1 }"}
				for _, p := range partners {
					calls = append(calls, v+", "+p, p+", "+v, p+", "+p+", "+v, p+", "+v+", "+p, v+", "+p+", "+p)
				}
				for k, call := range calls {
					fmt.Fprintf(&text, "resource \"t\" \"x%d_%d\" {\n  a = %s(%s)\n}\n", i, k, name, call)
				}
			}
			tree, names := treeOf("-- main.tf --\n" + text.String())
			roots, diagnostics := terraform.Load(context.Background(), tree, names, terraform.Options{})
			check := func(where any, message string) {
				if strings.ContainsFunc(message, func(r rune) bool { return r > unicode.MaxASCII }) {
					t.Errorf("%v: %s", where, message)
				}
			}
			for _, d := range diagnostics {
				check(d.Range, d.Message)
			}
			for _, root := range roots {
				for _, r := range root.Resources {
					check(r.Address, r.Uncertain)
					for _, f := range r.Body.Map {
						check(r.Address, f.Value.Reason)
					}
				}
			}
		})
	}
}
