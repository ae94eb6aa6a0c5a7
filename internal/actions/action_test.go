package actions_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	openWhitelist = `resource "alicloud_db_instance" "orders" {
  engine       = "MySQL"
  security_ips = ["0.0.0.0/0"]
}
`
	closedWhitelist = `resource "alicloud_db_instance" "orders" {
  engine       = "MySQL"
  security_ips = ["10.0.0.0/8"]
}
`
	runStep     = "Run egresslint"
	installStep = "Install egresslint"
)

func TestAction(t *testing.T) {
	warning := "::warning col=19,file=main.tf,line=3,title=egresslint%3A whitelist-open::"
	tests := []struct {
		name    string
		files   map[string]string
		with    map[string]string
		env     map[string]string
		code    int
		outputs map[string]string
		// commands are the beginnings of the workflow commands.
		commands []string
		// log has these, as regular expressions.
		log []string
	}{
		{
			name:    "clean",
			files:   map[string]string{"main.tf": closedWhitelist},
			outputs: map[string]string{"exit-code": "0", "findings": "0", "errors": "0", "warnings": "0", "unknowns": "0"},
			log:     []string{`(?m)^No findings`},
		},
		{
			name:     "findings below fail-on",
			files:    map[string]string{"main.tf": openWhitelist},
			outputs:  map[string]string{"exit-code": "0", "findings": "1", "errors": "0", "warnings": "1", "unknowns": "0"},
			commands: []string{warning},
			log:      []string{`(?m)^main\.tf:3:19: warning: .*\[whitelist-open\]$`},
		},
		{
			name:     "fail-on",
			files:    map[string]string{"main.tf": openWhitelist},
			with:     map[string]string{"fail-on": "warning"},
			code:     1,
			outputs:  map[string]string{"exit-code": "1", "findings": "1", "errors": "0", "warnings": "1", "unknowns": "0"},
			commands: []string{warning},
		},
		{
			name:    "without annotations",
			files:   map[string]string{"main.tf": openWhitelist},
			with:    map[string]string{"annotations": "false"},
			outputs: map[string]string{"exit-code": "0", "findings": "1", "errors": "0", "warnings": "1", "unknowns": "0"},
		},
		{
			name:     "annotations misspelt",
			files:    map[string]string{"main.tf": openWhitelist},
			with:     map[string]string{"annotations": "yes"},
			code:     2,
			outputs:  map[string]string{"exit-code": "2"},
			commands: []string{"::error title=egresslint::the input annotations must be"},
		},
		{
			name:     "parse error",
			files:    map[string]string{"main.tf": openWhitelist, "broken.yaml": "kind: Service\na: [\n"},
			code:     3,
			outputs:  map[string]string{"exit-code": "3", "findings": "1", "errors": "0", "warnings": "1", "unknowns": "0"},
			commands: []string{"::error col=1,file=broken.yaml,line=3,title=egresslint%3A parse-error::", warning},
		},
		{
			name:     "nothing to check",
			code:     3,
			outputs:  map[string]string{"exit-code": "3", "findings": "0", "errors": "0", "warnings": "0", "unknowns": "0"},
			commands: []string{"::error title=egresslint%3A nothing to analyse::"},
			log:      []string{`found no Kubernetes manifest and no Terraform`},
		},
		{
			name:     "wrong configuration",
			files:    map[string]string{"main.tf": openWhitelist, ".egresslint.yaml": "ruels: {}\n"},
			code:     2,
			outputs:  map[string]string{"exit-code": "2"},
			commands: []string{"::error title=egresslint::egresslint was called in a wrong way"},
			log:      []string{`unknown key "ruels"`},
		},
		{
			name: "every input",
			files: map[string]string{
				"infra/main.tf":        "variable \"open\" {}\n" + strings.Replace(openWhitelist, `["0.0.0.0/0"]`, "var.open", 1),
				"infra/open.tfvars":    `open = ["0.0.0.0/0"]`,
				"infra/a b.yaml":       "rules: {whitelist-open: {severity: error}}\n",
				"infra/other/empty.tf": "",
			},
			with: map[string]string{
				"working-directory": "infra",
				"path":              "main.tf\n\nother\n",
				"config":            "a b.yaml",
				"var-files":         "open.tfvars",
				"format":            "text\njson=out.json",
				"fail-on":           "error",
				"sarif-file":        "out.sarif",
				"args":              "--disable\nsnat-missing\n--allow-empty",
			},
			code: 1,
			outputs: map[string]string{
				"exit-code": "1", "findings": "1", "errors": "1", "warnings": "0", "unknowns": "0", "sarif-file": "infra/out.sarif",
			},
			commands: []string{"::error col="},
			log:      []string{`(?m)^main\.tf:\d+:\d+: error: .*\[whitelist-open\]$`},
		},
		{
			name:    "sarif-file without working-directory",
			files:   map[string]string{"main.tf": closedWhitelist},
			with:    map[string]string{"sarif-file": "out.sarif"},
			outputs: map[string]string{"exit-code": "0", "findings": "0", "errors": "0", "warnings": "0", "unknowns": "0", "sarif-file": "out.sarif"},
		},
		{
			name:    "debug",
			files:   map[string]string{"main.tf": closedWhitelist},
			env:     map[string]string{"RUNNER_DEBUG": "1"},
			outputs: map[string]string{"exit-code": "0", "findings": "0", "errors": "0", "warnings": "0", "unknowns": "0"},
			log:     []string{`(?m)^egresslint: read 1 Terraform`},
		},
		{
			name:    "debug of a quiet run",
			files:   map[string]string{"main.tf": closedWhitelist},
			with:    map[string]string{"args": "--quiet"},
			env:     map[string]string{"RUNNER_DEBUG": "1"},
			outputs: map[string]string{"exit-code": "0", "findings": "0", "errors": "0", "warnings": "0", "unknowns": "0"},
		},
		{
			name:     "inputs are no code",
			files:    map[string]string{"$(touch pwned) `touch pwned`; touch pwned/main.tf": openWhitelist},
			with:     map[string]string{"path": "$(touch pwned) `touch pwned`; touch pwned", "args": "--var\nx=$(touch pwned) *"},
			outputs:  map[string]string{"exit-code": "0", "findings": "1", "errors": "0", "warnings": "1", "unknowns": "0"},
			commands: []string{"::warning col=19,file=$(touch pwned) `touch pwned`; touch pwned/main.tf,line=3,"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRunner(t, test.files)
			r.install(t)
			r.with, r.env = test.with, test.env
			got := r.run(t, runStep)
			if got.code != test.code {
				t.Errorf("exit code %d, want %d", got.code, test.code)
			}
			if fmt.Sprint(got.outputs) != fmt.Sprint(test.outputs) {
				t.Errorf("outputs\n%v, want\n%v", got.outputs, test.outputs)
			}
			checkCommands(t, got.log, test.commands)
			for _, pattern := range test.log {
				if !regexp.MustCompile(pattern).MatchString(got.log) {
					t.Errorf("the log does not match %s", pattern)
				}
			}
			if file := got.outputs["sarif-file"]; file != "" {
				if _, err := os.Stat(filepath.Join(r.workspace, file)); err != nil {
					t.Error(err)
				}
			}
			if _, err := os.Stat(filepath.Join(r.workspace, "pwned")); err == nil {
				t.Error("an input was executed")
			}
			if t.Failed() {
				t.Logf("log:\n%s", got.log)
			}
		})
	}
}

// The step summary has the findings, unless the input says otherwise.
func TestActionSummary(t *testing.T) {
	hostile := "a|b `c` <script>alert(1)</script>\n| x | y |"
	r := newRunner(t, map[string]string{"main.tf": openWhitelist, hostile + "/main.tf": openWhitelist})
	r.install(t)
	got := r.run(t, runStep)
	if !strings.Contains(got.summary, "whitelist-open") || !strings.Contains(got.summary, "main.tf") {
		t.Errorf("the summary has no finding:\n%s", got.summary)
	}
	for _, raw := range []string{"<script>", "\n| x | y |", "a|b"} {
		if strings.Contains(got.summary, raw) {
			t.Errorf("the summary has %q from the name of a file:\n%s", raw, got.summary)
		}
	}
	r.with = map[string]string{"step-summary": "false"}
	if got := r.run(t, runStep); got.summary != "" {
		t.Errorf("summary %q, want none", got.summary)
	}
}

// With changed-only, findings of the base are not reported, as long as the clone has
// the base.
func TestActionChangedOnly(t *testing.T) {
	missing := strings.Repeat("12", 20)
	zero := strings.Repeat("0", 40)
	event := func(base string) map[string]any {
		return map[string]any{"pull_request": map[string]any{"base": map[string]any{"sha": base}}}
	}
	const (
		noBase  = "::warning title=egresslint%3A no-base::"
		nothing = "::notice title=egresslint::changed-only: this run has no base"
		finding = "::warning col="
	)
	tests := []struct {
		name     string
		baseRef  string
		envBase  string
		event    func(base string) map[string]any
		commands []string
	}{
		{name: "commit of the event", event: event, commands: []string{finding}},
		{name: "branch of the pull request", envBase: "main", event: func(string) map[string]any { return event(missing) }, commands: []string{finding}},
		{name: "commit before the push", event: func(base string) map[string]any { return map[string]any{"before": base} }, commands: []string{finding}},
		{name: "base-ref", baseRef: "base", commands: []string{finding}},
		{name: "base-ref of the remote", baseRef: "main", commands: []string{finding}},
		{name: "missing base-ref", baseRef: "elsewhere", event: event, commands: []string{noBase, finding, finding}},
		{name: "base-ref like a flag", baseRef: "--all", event: event, commands: []string{noBase, finding, finding}},
		{name: "shallow clone", event: func(string) map[string]any { return event(missing) }, commands: []string{noBase, finding, finding}},
		{name: "new branch", event: func(string) map[string]any { return map[string]any{"before": zero} }, commands: []string{nothing, finding, finding}},
		{name: "no event", commands: []string{nothing, finding, finding}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRunner(t, map[string]string{"old.tf": openWhitelist})
			r.install(t)
			git(t, r.workspace, "init", "-q", "-b", "work")
			git(t, r.workspace, "add", ".")
			git(t, r.workspace, "commit", "-q", "-m", "Base")
			git(t, r.workspace, "tag", "base")
			git(t, r.workspace, "update-ref", "refs/remotes/origin/main", "base")
			base := git(t, r.workspace, "rev-parse", "base")
			write(t, filepath.Join(r.workspace, "new", "main.tf"), openWhitelist, 0o600)
			git(t, r.workspace, "add", ".")
			git(t, r.workspace, "commit", "-q", "-m", "Change")
			r.with = map[string]string{"changed-only": "true", "base-ref": test.baseRef}
			r.env = map[string]string{"GITHUB_BASE_REF": test.envBase}
			if test.event != nil {
				r.event = test.event(base)
			}
			got := r.run(t, runStep)
			checkCommands(t, got.log, test.commands)
			if t.Failed() {
				t.Logf("exit code %d, log:\n%s", got.code, got.log)
			}
		})
	}
}

// A report that the pull request brings along is not taken for that of the run, and
// nothing is written or deleted behind a symlink.
func TestActionPlantedReport(t *testing.T) {
	const planted = "planted"
	tests := []struct {
		name string
		// files and links, by where they lead, are what the pull request has.
		files, links map[string]string
		sarif, args  string
		code         int
		// kept are names that hold what was planted afterwards.
		kept []string
	}{
		{
			name:  "wrong configuration",
			files: map[string]string{".egresslint.yaml": "nonsense: 1\n", "out.sarif": planted},
			sarif: "out.sarif", code: 2, kept: []string{"out.sarif"},
		},
		{
			name:  "a link",
			files: map[string]string{"main.tf": closedWhitelist, "victim": planted},
			links: map[string]string{"out.sarif": "victim"},
			sarif: "out.sarif", code: 2, kept: []string{"victim"},
		},
		{
			name:  "a linked folder",
			files: map[string]string{"main.tf": closedWhitelist, "outside/out.sarif": planted},
			links: map[string]string{"reports": "outside"},
			sarif: "reports/out.sarif", code: 2, kept: []string{"outside/out.sarif"},
		},
		{
			name:  "a run without time",
			files: map[string]string{"main.tf": closedWhitelist, "out.sarif": planted},
			sarif: "out.sarif", args: "--timeout\n1ns", code: 3, kept: []string{"out.sarif"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRunner(t, test.files)
			r.install(t)
			for name, target := range test.links {
				if err := os.Symlink(target, filepath.Join(r.workspace, name)); err != nil {
					t.Fatal(err)
				}
			}
			r.with = map[string]string{"sarif-file": test.sarif, "args": test.args}
			got := r.run(t, runStep)
			if got.code != test.code || got.outputs["sarif-file"] != "" {
				t.Errorf("exit code %d, outputs %v, log:\n%s", got.code, got.outputs, got.log)
			}
			for _, name := range test.kept {
				if data, err := os.ReadFile(filepath.Join(r.workspace, name)); err != nil || string(data) != planted {
					t.Errorf("%s holds %q (%v)", name, data, err)
				}
			}
		})
	}
}

// The report of the run takes the place of one that the pull request brings along.
func TestActionReplacedReport(t *testing.T) {
	r := newRunner(t, map[string]string{"main.tf": closedWhitelist, "out.sarif": "planted"})
	r.install(t)
	r.with = map[string]string{"sarif-file": "out.sarif"}
	got := r.run(t, runStep)
	data, err := os.ReadFile(filepath.Join(r.workspace, "out.sarif"))
	if got.outputs["sarif-file"] != "out.sarif" || err != nil || !strings.HasPrefix(string(data), "{") {
		t.Errorf("outputs %v, file %q (%v), log:\n%s", got.outputs, data, err, got.log)
	}
}

// checkCommands compares the workflow commands in a log with how they must begin.
func checkCommands(t *testing.T, log string, want []string) {
	t.Helper()
	got := commands(log)
	if len(got) != len(want) {
		t.Errorf("%d workflow commands %q, want %d", len(got), got, len(want))
		return
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("workflow command %q, want %q", got[i], want[i])
		}
	}
}

// A pull request chooses names and contents. Whatever they are, they are no command
// to the runner, whichever format goes to the log.
func TestActionHostileNames(t *testing.T) {
	manifest := "apiVersion: v1\nkind: Service\nmetadata:\n  name: \"x\\n::error::from a name\\e[31m | `a` <script>%0A##[error]b\"\nspec: {ports: 1}\n"
	names := []string{
		"::error::a/main.tf", "::set-output name=findings::99/main.tf", "%0A::error::b/main.tf", "##[error]c/main.tf",
		"a|b `c` <script>alert(1)</script>/main.tf", "\x1b[31mred/main.tf", "new\n::error::line/main.tf",
	}
	files := map[string]string{"service.yaml": manifest, "\n::error::broken.yaml": "kind: Service\na: ["}
	for _, name := range names {
		files[name] = openWhitelist
	}
	for _, format := range []string{"text", "json", "sarif"} {
		t.Run(format, func(t *testing.T) {
			r := newRunner(t, files)
			r.install(t)
			r.with = map[string]string{"format": format}
			got := r.run(t, runStep)
			if got.code != 3 || got.outputs["exit-code"] != "3" || got.outputs["findings"] != fmt.Sprint(len(names)) || len(got.outputs) != 5 {
				t.Errorf("exit code %d, outputs %v", got.code, got.outputs)
			}
			list := commands(got.log)
			for _, command := range list {
				if !regexp.MustCompile(`^::(error|warning) col=\d+,file=[^:,]+,line=\d+,title=egresslint%3A [a-z-]+::`).MatchString(command) {
					t.Errorf("workflow command %q", command)
				}
			}
			if len(list) < len(names)+1 {
				t.Errorf("%d workflow commands, want one for each of %d files", len(list), len(names)+1)
			}
			for line := range strings.Lines(got.log) { // commands are not printed
				if strings.Contains(line, "\x1b") && !strings.HasPrefix(line, "::") {
					t.Errorf("an escape sequence reaches the log: %q", line)
				}
			}
			if t.Failed() {
				t.Logf("log:\n%s", got.log)
			}
		})
	}
}

// archive is a release of which the program is a script.
func archive(t *testing.T, script string) []byte {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	tarred := tar.NewWriter(zipped)
	for name, text := range map[string]string{"egresslint": script, "README.md": "read me"} {
		if err := tarred.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tarred.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tarred.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The first step installs the release that the action's tree names, and nothing else.
func TestActionInstall(t *testing.T) {
	good := archive(t, "#!/bin/sh\necho released\n")
	bad := archive(t, "#!/bin/sh\necho changed\n")
	pin := fmt.Sprintf("%x  egresslint_1.2.3_linux_amd64.tar.gz\n", sha256.Sum256(good))
	other := fmt.Sprintf("%x  egresslint_1.2.3_darwin_arm64.tar.gz\n", sha256.Sum256(bad))
	const comment = "# a comment\n"
	const fakeGo = "#!/bin/sh\nfor arg; do case $arg in */egresslint/) printf '#!/bin/sh\\necho built\\n' >\"$arg/egresslint\"; chmod +x \"$arg/egresslint\";; esac; done\n"
	tests := []struct {
		name      string
		checksums string
		served    []byte // nil for no such file
		os, arch  string
		noGo      bool
		code      int
		prints    string // by what is installed
		commands  []string
	}{
		{name: "release", checksums: comment + other + pin, served: good, prints: "released\n"},
		{name: "line ends of Windows", checksums: strings.ReplaceAll(comment+pin, "\n", "\r\n"), served: good, prints: "released\n"},
		{
			name: "changed release", checksums: comment + pin, served: bad, code: 2,
			commands: []string{"::error title=egresslint::egresslint_1.2.3_linux_amd64.tar.gz is not what was released and is not run: "},
		},
		{name: "no release", checksums: comment, served: good, prints: "built\n"},
		{name: "no download", checksums: comment + pin, prints: "built\n"},
		{name: "no release for the processor", checksums: comment + pin, arch: "ARM", served: good, prints: "built\n"},
		{name: "no release for the system", checksums: comment + pin, os: "Windows", served: good, prints: "built\n"},
		{
			name: "no release and no Go", checksums: comment, noGo: true, code: 2,
			commands: []string{"::error title=egresslint::egresslint is built from source here and Go is not installed"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRunner(t, nil)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				const want = "/egresslint/egresslint/releases/download/v1.2.3/egresslint_1.2.3_linux_amd64.tar.gz"
				if test.served == nil || req.URL.Path != want {
					http.NotFound(w, req)
					return
				}
				_, _ = w.Write(test.served)
			}))
			defer server.Close()
			r.actionPath = t.TempDir()
			write(t, filepath.Join(r.actionPath, ".github", "action", "checksums.txt"), test.checksums, 0o600)
			tools := t.TempDir()
			for _, tool := range []string{"bash", "sh", "tar", "gzip", "unzip", "sha256sum", "shasum", "rm", "mkdir", "chmod"} {
				linkTool(t, tools, tool)
			}
			if !test.noGo {
				write(t, filepath.Join(tools, "go"), fakeGo, 0o700)
			}
			curl, err := exec.LookPath("curl")
			if err != nil {
				t.Skip("curl is not installed")
			}
			write(t, filepath.Join(tools, "curl"), fmt.Sprintf("#!/bin/bash\nexec %q \"${@/https:\\/\\/github.com/%s}\"\n", curl, server.URL), 0o700)
			r.env = map[string]string{"PATH": tools}
			if test.os != "" {
				r.env["RUNNER_OS"] = test.os
			}
			if test.arch != "" {
				r.env["RUNNER_ARCH"] = test.arch
			}
			// What an earlier run left must not be run either.
			program := filepath.Join(r.temp, "egresslint", "egresslint")
			write(t, program, "#!/bin/sh\necho left over\n", 0o700)

			got := r.run(t, installStep)
			if got.code != test.code {
				t.Errorf("exit code %d, want %d", got.code, test.code)
			}
			checkCommands(t, got.log, test.commands)
			if prints := output(program); prints != test.prints {
				t.Errorf("installed is what prints %q, want %q", prints, test.prints)
			}
			if t.Failed() {
				t.Logf("log:\n%s", got.log)
			}
		})
	}
}

// All steps together, on a runner that builds from source.
func TestActionFromSource(t *testing.T) {
	if testing.Short() {
		t.Skip("builds egresslint")
	}
	r := newRunner(t, map[string]string{"main.tf": openWhitelist})
	// Go finds its cache, and modules without a network, as it does for the test.
	r.env = map[string]string{"GOFLAGS": "-mod=vendor", "GOWORK": filepath.Join(r.workspace, "go.work")}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOTOOLCHAIN"} {
		if value := os.Getenv(name); value != "" {
			r.env[name] = value
		}
	}
	got := r.run(t)
	if got.code != 0 || got.outputs["warnings"] != "1" {
		t.Errorf("exit code %d, outputs %v, log:\n%s", got.code, got.outputs, got.log)
	}
}
