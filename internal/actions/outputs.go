// Package actions speaks the protocol of GitHub Actions as far as a step needs it
// to hand values to later steps. Annotations and the step summary are formats of
// the package report.
package actions

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/sethvargo/go-githubactions"
)

// report is the part of a report in the json format that outputs are made of.
type report struct {
	Kind    string `json:"kind"`
	Summary struct {
		Unknowns int `json:"unknowns"`
		Findings struct {
			Error   int `json:"error"`
			Warning int `json:"warning"`
			Note    int `json:"note"`
		} `json:"findings"`
	} `json:"summary"`
}

// SetOutputs reads a report in the json format and sets the outputs findings,
// errors, warnings and unknowns of the running step. They are numbers, so nothing
// that a pull request holds reaches the file of outputs. The file's name is in the
// environment, which getenv reads.
func SetOutputs(r io.Reader, getenv func(string) string) error {
	var doc report
	if err := json.NewDecoder(r).Decode(&doc); err != nil {
		return fmt.Errorf("read report: %w", err)
	}
	if doc.Kind != "Report" {
		return fmt.Errorf("read report: it is no report in the format json, its kind is %q", doc.Kind)
	}
	if getenv("GITHUB_OUTPUT") == "" {
		return errors.New("set outputs: GITHUB_OUTPUT is not set, this is no step of a workflow")
	}
	found := doc.Summary.Findings
	for _, output := range []struct {
		name  string
		value int
	}{
		{"findings", found.Error + found.Warning + found.Note},
		{"errors", found.Error},
		{"warnings", found.Warning},
		{"unknowns", doc.Summary.Unknowns},
	} {
		if err := setOutput(getenv, output.name, output.value); err != nil {
			return err
		}
	}
	return nil
}

// setOutput sets one output. The library panics when it cannot write.
func setOutput(getenv func(string) string, name string, value int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("set output %s: %v", name, r)
		}
	}()
	githubactions.New(githubactions.WithGetenv(getenv)).SetOutput(name, strconv.Itoa(value))
	return nil
}
