package architecture

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/egresslint/egresslint/internal/cli"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/policies"
)

// page is a Markdown file of the repository.
type page struct {
	name string // relative to the root, with slashes
	text string
}

// readPages reads the documentation for users: docs and the pages beside README.md.
func readPages(t *testing.T) []page {
	t.Helper()
	root := repositoryRoot()
	names := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"}
	err := fs.WalkDir(root, "docs", func(name string, _ fs.DirEntry, err error) error {
		if path.Ext(name) == ".md" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var pages []page
	for _, name := range names {
		pages = append(pages, readPage(t, name))
	}
	return pages
}

// rootDir is the repository's root. It is absolute because tests change the
// working directory.
var rootDir, rootErr = filepath.Abs(filepath.Join("..", ".."))

func repositoryRoot() fs.FS { return os.DirFS(rootDir) }

func readPage(t *testing.T, name string) page {
	t.Helper()
	if rootErr != nil {
		t.Fatal(rootErr)
	}
	data, err := fs.ReadFile(repositoryRoot(), name)
	if err != nil {
		t.Fatal(err)
	}
	return page{name, string(data)}
}

// guide reports whether the page is one of those that are written by hand for users.
func (p page) guide() bool {
	return p.name == "README.md" || path.Dir(p.name) == "docs"
}

var (
	fence      = regexp.MustCompile("(?ms)^```([a-z]*)[^\n]*\n(.*?)^```$")
	inlineCode = regexp.MustCompile("`([^`\n]+)`")
	inlineLink = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	refLink    = regexp.MustCompile(`\]\[([^][]+)\]`)
	refTarget  = regexp.MustCompile(`(?m)^\[([^][]+)\]: (\S+)$`)
	heading    = regexp.MustCompile(`(?m)^#+ (.+)$`)
	tableRow   = regexp.MustCompile(`(?m)^\|.*\|$`)
)

// blocks returns the fenced blocks of a language.
func (p page) blocks(language string) []string {
	var list []string
	for _, m := range fence.FindAllStringSubmatch(p.text, -1) {
		if m[1] == language {
			list = append(list, m[2])
		}
	}
	return list
}

// prose is the text without fenced blocks.
func (p page) prose() string { return fence.ReplaceAllString(p.text, "") }

// section is the prose under a heading, up to the next one of any level.
func (p page) section(t *testing.T, title string) string {
	t.Helper()
	text := p.prose()
	for _, m := range heading.FindAllStringSubmatchIndex(text, -1) {
		if text[m[2]:m[3]] != title {
			continue
		}
		rest := text[m[1]:]
		if next := heading.FindStringIndex(rest); next != nil {
			rest = rest[:next[0]]
		}
		return rest
	}
	t.Fatalf("%s has no section %q", p.name, title)
	return ""
}

// rows returns the cells of the table rows in a text, without the headers and the
// rules under them.
func rows(text string) [][]string {
	var list [][]string
	for _, line := range tableRow.FindAllString(text, -1) {
		if strings.Trim(line, "|- ") == "" {
			list = list[:max(0, len(list)-1)]
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		list = append(list, cells)
	}
	return list
}

// codeIn returns the inline code of a text.
func codeIn(text string) []string {
	var list []string
	for _, m := range inlineCode.FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}

// anchors returns the fragments that GitHub gives the headings of a page.
func (p page) anchors() map[string]bool {
	anchors := make(map[string]bool)
	for _, m := range heading.FindAllStringSubmatch(p.prose(), -1) {
		slug := strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			case r == ' ':
				return '-'
			default:
				return -1
			}
		}, m[1])
		for n := 1; anchors[slug]; n++ {
			slug = strings.TrimSuffix(slug, "-"+strconv.Itoa(n-1)) + "-" + strconv.Itoa(n)
		}
		anchors[slug] = true
	}
	return anchors
}

// links returns the targets of a page's links.
func (p page) links(t *testing.T) []string {
	t.Helper()
	text := p.prose()
	targets := make(map[string]string)
	for _, m := range refTarget.FindAllStringSubmatch(text, -1) {
		targets[m[1]] = m[2]
	}
	used := make(map[string]bool)
	var list []string
	text = inlineCode.ReplaceAllString(refTarget.ReplaceAllString(text, ""), "``")
	for _, m := range inlineLink.FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	for _, m := range refLink.FindAllStringSubmatch(text, -1) {
		used[m[1]] = true
		if targets[m[1]] == "" {
			t.Errorf("%s: link [%s] has no address", p.name, m[1])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		list = append(list, targets[name])
		if !used[name] {
			t.Errorf("%s: the address of [%s] is not used", p.name, name)
		}
	}
	return list
}

func TestLinksResolve(t *testing.T) {
	pages := readPages(t)
	byName := make(map[string]page)
	for _, p := range pages {
		byName[p.name] = p
	}
	inside := 0
	for _, p := range pages {
		for _, link := range p.links(t) {
			if strings.HasPrefix(link, "https://") {
				continue
			}
			inside++
			file, fragment, _ := strings.Cut(link, "#")
			name := p.name
			if file != "" {
				name = path.Join(path.Dir(p.name), file)
			}
			if _, err := fs.Stat(repositoryRoot(), name); err != nil {
				t.Errorf("%s: link %s leads nowhere: %v", p.name, link, err)
			} else if target, ok := byName[name]; fragment != "" && (!ok || !target.anchors()[fragment]) {
				t.Errorf("%s: link %s leads to no heading of %s", p.name, link, name)
			}
		}
	}
	if inside == 0 {
		t.Error("found no links inside the repository")
	}
}

func TestIndexLinksEveryPage(t *testing.T) {
	index := readPage(t, "docs/index.md")
	linked := index.links(t)
	for _, p := range readPages(t) {
		if name, ok := strings.CutPrefix(p.name, "docs/"); ok && p.guide() && name != "index.md" && !slices.Contains(linked, name) {
			t.Errorf("docs/index.md does not link %s", name)
		}
	}
	if !slices.Contains(readPage(t, "README.md").links(t), "docs/index.md") {
		t.Error("README.md does not link docs/index.md")
	}
}

// TestEveryRuleHasAHop keeps the table of hops complete: a reader who has a
// finding looks there for what the packet met.
func TestEveryRuleHasAHop(t *testing.T) {
	rules, err := engine.Rules(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	linked := readPage(t, "docs/egress-path.md").links(t)
	for _, rule := range rules {
		if !slices.Contains(linked, "rules/"+rule.ID+".md") {
			t.Errorf("docs/egress-path.md does not link rule %s", rule.ID)
		}
	}
}

// run runs a command line in an empty directory.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(t.TempDir())
	var out, errs bytes.Buffer
	code = cli.Main(strings.NewReader(""), &out, &errs, args)
	return code, out.String(), errs.String()
}

var (
	helpFlag    = regexp.MustCompile(`(?m)^ +(?:-[a-z], )?(--[a-z-]+)`)
	helpCommand = regexp.MustCompile(`(?m)^  ([a-z]+) +[A-Z]`)
)

// commandLine is what "egresslint --help" and its commands name.
func commandLine(t *testing.T) (commands, flags []string) {
	t.Helper()
	_, help, _ := run(t, "--help")
	_, list, _ := strings.Cut(help, "Available Commands:")
	list, _, _ = strings.Cut(list, "Flags:")
	for _, m := range helpCommand.FindAllStringSubmatch(list, -1) {
		commands = append(commands, m[1])
	}
	if len(commands) < 3 {
		t.Fatalf("found the commands %q in the help, which are too few", commands)
	}
	for _, command := range commands {
		_, text, _ := run(t, command, "--help")
		help += text
		_, list, _ := strings.Cut(text, "Available Commands:")
		list, _, _ = strings.Cut(list, "Flags:")
		for _, m := range helpCommand.FindAllStringSubmatch(list, -1) {
			_, text, _ := run(t, command, m[1], "--help")
			help += text
		}
	}
	for _, m := range helpFlag.FindAllStringSubmatch(help, -1) {
		flags = append(flags, m[1])
	}
	return commands, flags
}

// TestCommandLinesOfPages runs every egresslint command line of the pages as far as
// its flags and arguments are read: a path that does not exist is added to those
// that would read files.
func TestCommandLinesOfPages(t *testing.T) {
	commands, _ := commandLine(t)
	checked := 0
	for _, p := range readPages(t) {
		for _, block := range p.blocks("sh") {
			for _, args := range shellCommands(block) {
				checked++
				checkCommandLine(t, p, commands, args)
			}
		}
	}
	if checked == 0 {
		t.Error("found no command line")
	}
}

func checkCommandLine(t *testing.T, p page, commands, args []string) {
	t.Helper()
	name := "lint"
	if len(args) > 0 && slices.Contains(commands, args[0]) {
		name = args[0]
	}
	const missing = "no-such-file"
	reads := slices.Contains([]string{"lint", "model", "connectivity", "diff", "baseline", "test"}, name)
	if reads {
		// The first path is the one that is missed.
		at := 0
		if len(args) > 0 && args[0] == name {
			at = 1
		}
		if name == "baseline" {
			at = min(2, len(args)) // behind the command's own command
		}
		if name == "diff" { // its first arguments are revisions, which are looked up later
			if at = slices.Index(args, "--") + 1; at == 0 {
				args = append(slices.Clone(args), "--")
				at = len(args)
			}
		}
		args = slices.Insert(slices.Clone(args), at, missing)
	}
	if name == "explain" && !slices.Contains(args, "--code") {
		// One such argument is a workload, two are not.
		args, reads = append(slices.Clone(args), missing, missing), true
	}
	code, _, stderr := run(t, args...)
	switch {
	case !reads && code != cli.ExitOK, reads && !strings.Contains(stderr, "read "+missing+": no such file"):
		t.Errorf("%s: egresslint %s: exit code %d, %s", p.name, strings.Join(args, " "), code, stderr)
	}
}

// shellCommands returns the arguments of each egresslint command in a shell block.
func shellCommands(block string) [][]string {
	var list [][]string
	block = strings.ReplaceAll(block, "\\\n", " ")
	for line := range strings.Lines(block) {
		words := shellWords(line)
		for len(words) > 0 {
			end := slices.IndexFunc(words, func(w string) bool { return slices.Contains([]string{"|", ">", "&&", ";"}, w) })
			command := words
			if end >= 0 {
				command, words = words[:end], words[end+1:]
			} else {
				words = nil
			}
			switch {
			case len(command) > 2 && command[0] == "go" && command[1] == "run" && command[2] == "./cmd/egresslint":
				list = append(list, command[3:])
			case len(command) > 0 && command[0] == "egresslint":
				list = append(list, command[1:])
			}
		}
	}
	return list
}

// shellWords splits a line as a shell does, as far as the pages need it: quotes,
// and a comment after a blank.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	quote, open := rune(0), false
	flush := func() {
		if open {
			words = append(words, word.String())
		}
		word.Reset()
		open = false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, open = r, true
		case unicode.IsSpace(r):
			flush()
		case r == '#' && !open:
			return words
		default:
			word.WriteRune(r)
			open = true
		}
	}
	flush()
	return words
}

func TestShellCommands(t *testing.T) {
	block := `cd your/repository
egresslint                   # a comment
make test && egresslint --exclude 'a b/**' "x" \
  --quiet
go run ./cmd/egresslint infra | jq -r '.x | .y' > out.json
kustomize build . | egresslint -
`
	got := shellCommands(block)
	want := [][]string{{}, {"--exclude", "a b/**", "x", "--quiet"}, {"infra"}, {"-"}}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestNamesInProse checks the flags and commands that the pages name in the text.
func TestNamesInProse(t *testing.T) {
	commands, flags := commandLine(t)
	for _, p := range readPages(t) {
		if !p.guide() {
			continue
		}
		for _, code := range codeIn(p.prose()) {
			words := strings.Fields(code)
			if len(words) > 0 && words[0] == "egresslint" {
				words = words[1:]
				if len(words) > 0 && isPlainWord(words[0]) && !slices.Contains(commands, words[0]) {
					t.Errorf("%s: `%s` names no command", p.name, code)
				}
			} else if !strings.HasPrefix(code, "--") {
				continue
			}
			for _, word := range words {
				name, _, _ := strings.Cut(word, "=")
				if strings.HasPrefix(name, "--") && !slices.Contains(flags, name) {
					t.Errorf("%s: `%s` names no flag", p.name, code)
				}
			}
		}
	}
}

func isPlainWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 'a' || r > 'z' })
}

// TestQuotedReasons checks that what docs/unknowns.md quotes from the summary is
// what the program says: each part between the dots stands in some Go file.
func TestQuotedReasons(t *testing.T) {
	source := goSource(t)
	reasons := 0
	for _, row := range rows(readPage(t, "docs/unknowns.md").section(t, "How do I settle an unknown?")) {
		for _, quoted := range codeIn(row[0]) {
			reasons++
			for part := range strings.SplitSeq(quoted, "…") {
				if part = strings.TrimSpace(part); !strings.Contains(source, part) {
					t.Errorf("docs/unknowns.md quotes %q, and no Go file has %q", quoted, part)
				}
			}
		}
	}
	if reasons == 0 {
		t.Error("docs/unknowns.md quotes no reasons")
	}
}

// goSource returns the text of the packages that find out what is unknown.
func goSource(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, dir := range []string{"parser/terraform", "internal/product", "internal/alicloud", "internal/kube", "internal/world", "internal/trace"} {
		names, err := fs.Glob(repositoryRoot(), dir+"/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if !strings.HasSuffix(name, "_test.go") {
				all.WriteString(readPage(t, name).text)
			}
		}
	}
	return all.String()
}

// TestWhatIsNotRead runs the program on what the pages say is not read. Whoever
// teaches it to read that changes the page too.
func TestWhatIsNotRead(t *testing.T) {
	tests := []struct {
		name, page, sentence string
		files                map[string]string
		read                 string // is in the model if it is read
	}{
		{
			"flux", "docs/how-it-reads-kubernetes.md", "**What comes from elsewhere is unknown**, and the run says which: charts of a repository or registry",
			map[string]string{"release.yaml": `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: api}
spec:
  chart: {spec: {chart: api, sourceRef: {kind: HelmRepository, name: charts}}}
  values: {databaseHost: orders.mysql.rds.aliyuncs.com}
`},
			"orders.mysql",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(strings.Join(strings.Fields(readPage(t, test.page).text), " "), test.sentence) {
				t.Fatalf("%s does not say %q", test.page, test.sentence)
			}
			dir := t.TempDir()
			for name, text := range test.files {
				name = filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			code, stdout, stderr := run(t, "model", "--allow-empty", dir)
			if code != cli.ExitOK {
				t.Errorf("exit code %d, %s", code, stderr)
			}
			if strings.Contains(stdout, test.read) {
				t.Errorf("%s says %q, but it is", test.page, test.sentence)
			}
		})
	}
}
