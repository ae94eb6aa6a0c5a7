package cli

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/sandbox"
	"github.com/egresslint/egresslint/internal/supervise"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// job is what the supervisor gives the worker: the command line, and what the worker
// cannot ask the system for.
type job struct {
	Args  []string
	Now   time.Time
	Place place
	// Git is what git has written of the folders that may be read, by these, and Commits
	// what it says of the commits that the run compares with, see [revisions].
	Git     map[string]source.GitData
	Commits map[string]commit
	// Stdin is standard input, if a path is -.
	Stdin []byte
	// Files are what flags name, by their values.
	Files map[string]flagFile
	// Terminal says that standard output is one.
	Terminal bool
	Sandbox  sandbox.Mode
	Deadline time.Time // zero for none
}

// flagFile is what a flag names.
type flagFile struct {
	// Read says that Data is the contents of a file outside of the tree.
	Read bool
	Data []byte
	// Folder is a folder outside of the tree: absolute, without symlinks.
	Folder string
}

// limitFlags bound what a command takes of the machine.
type limitFlags struct {
	timeout time.Duration
	memory  memoryLimit
	sandbox string
}

// defaultTimeout is how long a run may take, if the command line does not say.
const defaultTimeout = 5 * time.Minute

func (f *limitFlags) register(cmd *cobra.Command) {
	f.memory = memoryLimit(supervise.Ceiling())
	flags := cmd.Flags()
	flags.DurationVar(&f.timeout, "timeout", defaultTimeout, "give up after this time, 0 for never; a file, chart, overlay or root that takes a third of it, or 60 seconds, is left out")
	flags.Var(&f.memory, "memory-limit", "leave out what takes more than this `size` of memory, as 2Gi (default: 2Gi, or half of what the machine has if that is less), 0 for no limit")
	flags.Lookup("memory-limit").DefValue = "" // it depends on the machine, and help does not
	flags.StringVar(&f.sandbox, "sandbox", string(sandbox.Auto), "`mode` in which Linux confines what reads the files: auto (as far as it can), require or off")
	complete(cmd, "sandbox", modes()...)
}

func modes() []string {
	var words []string
	for _, m := range sandbox.Modes() {
		words = append(words, string(m))
	}
	return words
}

func (f *limitFlags) check() error {
	switch {
	case f.timeout < 0:
		return usagef("--timeout %s is less than nothing", f.timeout)
	case !slices.Contains(modes(), f.sandbox):
		return usagef("unknown --sandbox %q%s", f.sandbox, config.DidYouMean(f.sandbox, modes()))
	}
	return nil
}

// memoryLimit is a number of bytes, written as Kubernetes writes sizes.
type memoryLimit uint64

var _ pflag.Value = (*memoryLimit)(nil)

func (m *memoryLimit) Type() string { return "size" }

func (m *memoryLimit) String() string {
	return resource.NewQuantity(int64(*m), resource.BinarySI).String()
}

// least is the least that a worker can begin with, in bytes.
const least = 96 << 20

func (m *memoryLimit) Set(text string) error {
	q, err := resource.ParseQuantity(text)
	if err != nil {
		return errors.New("want a size, as 512Mi or 2Gi")
	}
	n := q.Value()
	if n != 0 && n < least {
		return errors.New("want 96Mi at least, or 0 for no limit")
	}
	*m = memoryLimit(n)
	return nil
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// passed are the variables of the environment that a worker may see: how it prints and
// how Go's runtime works. Names that end in _ stand for all that begin so.
var passed = []string{
	"NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM", "TZ", "LANG", "LC_ALL",
	"GOGC", "GODEBUG", "GOCOVERDIR", "SYSTEMROOT", "EGRESSLINT_TEST_",
}

// terraformVariables begin the names of the variables that Terraform takes values from.
const terraformVariables = "TF_VAR_"

// environment is what a worker sees of env.
func environment(env []string, terraform bool) []string {
	if !guard.On(guard.WorkerEnv) {
		return env
	}
	return slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		if terraform && strings.HasPrefix(name, terraformVariables) {
			return false
		}
		return !slices.ContainsFunc(passed, func(p string) bool {
			return name == p || strings.HasSuffix(p, "_") && strings.HasPrefix(name, p)
		})
	})
}

// maxFlagFile is how large a file may be that a flag names and that lies outside of
// the tree, in bytes.
const maxFlagFile = 4 << 20

// readAll reads standard input up to the size of the largest file of a tree.
func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, source.MaxFileSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > source.MaxFileSize {
		return nil, source.ErrTooLarge
	}
	return data, nil
}
