package cli

import (
	"fmt"
	"slices"

	"github.com/egresslint/egresslint/parser/nearest"
	"github.com/egresslint/egresslint/parser/source"
)

// code explains what may stand in brackets behind a message beside the rules.
type code struct {
	kind source.DiagnosticKind
	text string
}

// codes are all diagnostics that a run may print, those that end it with exit
// code 3 first.
var codes = []code{
	{source.ParseError, "A file or a folder could not be read as what its name says it is: wrong syntax, a binary, no permission. " +
		"Everything else was analysed. Repair it, or leave it out with --exclude."},
	{source.EvaluationError, "A Terraform expression is one that Terraform would reject too, such as a reference to something that is not declared. " +
		"What depends on it is unknown."},
	{source.LimitReached, "The input is larger or deeper than a run accepts, or a symlink leads back to where it lies. " +
		"What lies beyond was not analysed: give the run fewer paths, or leave some out with --exclude."},
	{source.RenderError, "A Helm chart or a kustomization could not be rendered, so that the objects it stands for were not analysed."},
	{source.PolicyError, "A rule failed or took too long, so that its findings may be missing. " +
		"In a rule of your own, repair it: the message names the line. In any other, unless --timeout is short, it is a mistake in egresslint."},
	{source.InvalidObject, "A Kubernetes object, or an annotation of egresslint on it, is not valid: the API server would reject it or ignore a part. " +
		"That part was left out."},
	{source.DuplicateObject, "Objects of the same kind, namespace and name are in the files more than once, as they are where every environment has its own copy. " +
		"Of those in one cluster the last by file name is used, as kubectl apply of a folder does; --verbose lists the places."},
	{source.EmptyFile, "A file has no bytes. Terraform takes it as one that declares nothing, but it may have been cut off, " +
		"so that what it should hold is not judged; --verbose lists such files."},
	{source.ModuleMistake, "A Terraform expression is one that Terraform would reject, but in a module that nothing in the files calls and that deploys nothing by itself. " +
		"Mend it before somebody calls the module."},
	{source.UnmatchedEntry, "A flag or an entry of the configuration is about nothing that was read: a glob that matches no file, a variable that no root module declares, " +
		"a requirement of a workload that is not there. It is probably misspelt, or relative to another folder."},
	{source.SuppressionMistake, "A suppression cannot be read and has no effect: the day is none, no rule is named, or the reason does not stand behind --."},
	{source.SuppressionUnexplained, "A suppression has no reason. It has its effect; say why, so that whoever reads it later can tell whether it still holds."},
	{source.SuppressionUnknownRule, "A suppression names a rule that does not exist, and silences nothing in its place."},
	{source.SuppressionExpired, "The last day of a suppression is over: its findings count again. Repair them, or agree on another day."},
	{source.SuppressionUnused, "A suppression is of no use, because the finding is gone or because it stands in another place than the finding: remove or move it. " +
		"It is told only when all of the project was linted and could be analysed."},
	{source.BaselineFixed, "A finding of the baseline is gone: 'egresslint baseline update' removes it from the file, so that it cannot come back unseen."},
	{source.NoBase, "The revision that --changed-since names cannot be compared with: the clone does not have it, or there is no git repository. " +
		"All findings are reported, also those that were there before, and what the change does to the checks is not known; " +
		"--fail-on-weakened then gives exit code 1. The message says what to do."},
	{source.TrackedIgnored, "A file is linted because git tracks it, although .gitignore or .git/info/exclude matches it: what git tracks is part of the repository. " +
		"Take it out of git, or leave it out with --exclude. If it cannot be told which files git tracks, what .gitignore matches is left out."},
	{source.TrackedSkipped, "Files that git tracks lie in a directory that is not linted: vendor, node_modules, .terraform or .terragrunt-cache. " +
		"Name the directory as a path to lint it, or leave it out with --exclude."},
	{source.Unread, "Something is not in the files: a module that was not downloaded, a variable without a value. " +
		"It is unknown, is never a finding, and is counted in the summary with what to do about it."},
}

// explainCode prints the meaning of a code; false if there is none of the name.
func (a *app) explainCode(name string) (bool, error) {
	for _, c := range codes {
		if string(c.kind) != name {
			continue
		}
		kind := "notice: it changes no exit code"
		switch {
		case c.kind == source.Unread:
			kind = "unknown: it changes the exit code with --fail-on-unknown only"
		case (source.Diagnostic{Kind: c.kind}).Fatal():
			kind = "error: the run ends with exit code 3, unless --skip-invalid is given"
		}
		_, err := fmt.Fprintf(a.stdout, "%s (%s)\n\n%s\n", c.kind, kind, c.text)
		return true, err
	}
	return false, nil
}

// isCode reports whether a diagnostic has the name.
func isCode(name string) bool {
	return slices.ContainsFunc(codes, func(c code) bool { return string(c.kind) == name })
}

// noRule is the error for the id of a rule that is not among the known ones.
func noRule(id string, known []string) error {
	if isCode(id) {
		return mistakef("%s is no rule, but what egresslint says of the files: run 'egresslint rules %s' for its meaning", id, id)
	}
	if near := nearest.To(id, known); near != "" {
		return mistakef("no rule %q, did you mean %q? run 'egresslint rules' for all", id, near)
	}
	return mistakef("no rule %q: run 'egresslint rules' for all", id)
}
