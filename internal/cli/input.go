package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/config"
	"github.com/egresslint/egresslint/internal/egress"
	"github.com/egresslint/egresslint/internal/engine"
	"github.com/egresslint/egresslint/internal/report"
	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/helm"
	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
	"github.com/egresslint/egresslint/parser/tfjson"
)

// stdinArg stands for standard input among the path arguments.
const stdinArg = "-"

// defaultStdinName is the name of what comes from standard input unless
// --stdin-filename says otherwise.
const defaultStdinName = "stdin.yaml"

// defaultPlanName is the name if it is a Terraform plan or state.
const defaultPlanName = "tfplan.json"

// inputFlags say what to read and how. All commands that read files share them.
type inputFlags struct {
	exclude        []string
	varFiles       []string
	vars           []string
	clusterNetwork string
	policies       []string // of the commands that judge
	config         string
	noConfig       bool
	stdinFilename  string
	skipInvalid    bool
	allowEmpty     bool
	timeout        time.Duration
}

func (f *inputFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&f.exclude, "exclude", nil, "leave out files and folders that match the `glob`, relative to the working directory (repeatable)")
	flags.StringArrayVar(&f.varFiles, "var-file", nil, "evaluate Terraform with the variables of `file` (repeatable)")
	flags.StringArrayVar(&f.vars, "var", nil, "evaluate Terraform with a variable, `name=value` (repeatable)")
	flags.StringVar(&f.clusterNetwork, "cluster-network", "", "network `plug-in` of all clusters, terway or flannel, if the files do not say it")
	flags.StringVar(&f.config, "config", "", "read the configuration from `file` instead of the nearest "+config.FileName)
	flags.BoolVar(&f.noConfig, "no-config", false, "read no configuration file")
	flags.StringVar(&f.stdinFilename, "stdin-filename", "", "`name` of what comes from standard input, given as the path - (default "+defaultStdinName+")")
	flags.BoolVar(&f.skipInvalid, "skip-invalid", false, "only warn of what cannot be analysed")
	flags.BoolVar(&f.allowEmpty, "allow-empty", false, "succeed if there is nothing to analyse")
	flags.DurationVar(&f.timeout, "timeout", defaultTimeout, "give up after this time, 0 for never")
	complete(cmd, "cluster-network", "terway", "flannel")
}

// defaultTimeout is how long a run may take, if the command line does not say.
const defaultTimeout = 5 * time.Minute

// input is what a run reads, made of flags, configuration and environment.
type input struct {
	*workspace
	cfg      *config.Config
	policies *engine.Policies // the rules of the project's own; nil if it has none
	parser   parser.Options
	egress   egress.Options
	redactor *report.Redactor
}

// input opens the tree and reads the configuration. Its errors are usage errors.
func (a *app) input(f *inputFlags, args []string) (*input, error) {
	switch {
	case f.noConfig && f.config != "":
		return nil, usagef("--config and --no-config exclude each other")
	case f.clusterNetwork != "" && !slices.Contains([]string{"terway", "flannel"}, f.clusterNetwork):
		return nil, usagef("unknown --cluster-network %q%s", f.clusterNetwork, config.DidYouMean(f.clusterNetwork, []string{"terway", "flannel"}))
	case f.stdinFilename != "" && !slices.Contains(args, stdinArg):
		return nil, usagef("--stdin-filename names what comes from standard input: give the path - too")
	case f.timeout < 0:
		return nil, usagef("--timeout %s is less than nothing", f.timeout)
	}
	everything := len(args) == 0
	if everything {
		args = []string{"."}
	}
	var stdin []byte
	stdinName := f.stdinFilename
	if slices.Contains(args, stdinArg) {
		var err error
		if stdin, err = readAll(a.stdin); err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		if stdinName == "" && tfjson.Is(stdin) {
			stdinName = defaultPlanName
		}
	}
	if stdinName == "" {
		stdinName = defaultStdinName
	}
	if isPlanFile(stdin) {
		return nil, binaryPlan("standard input")
	}
	if _, ok := source.KindOf(filepath.ToSlash(stdinName)); !ok {
		return nil, usagef("unknown kind of file --stdin-filename %q: want a name that ends in .tf, .tfvars, .yaml, .yml or .json", stdinName)
	}

	paths := make([]string, len(args))
	var wrong []error
	for i, arg := range args {
		if paths[i] = arg; arg == stdinArg {
			paths[i] = existing(stdinName)
			if paths[i] == stdinName { // the file that standard input stands for
				continue
			}
		}
		if err := checkPath(arg, paths[i]); err != nil {
			wrong = append(wrong, err)
		}
	}
	if len(wrong) > 0 {
		return nil, &usageError{err: errors.Join(wrong...), plain: true}
	}
	w, err := openWorkspace(paths)
	if err != nil {
		return nil, err
	}

	in := &input{workspace: w, redactor: a.redactor}
	for _, arg := range args {
		p := arg
		if arg == stdinArg {
			p = stdinName
		}
		name, err := w.name(p)
		if err != nil {
			return nil, err
		}
		if arg == stdinArg {
			w.tree.Overlay(name, stdin)
		}
		in.parser.Paths = append(in.parser.Paths, name)
	}

	if in.cfg, err = in.configuration(f); err != nil {
		return nil, err
	}
	if err := in.checkParameters(); err != nil {
		return nil, err
	}
	// In a folder below the configuration's, the folder is meant, not all of them.
	if everything && len(in.cfg.Paths) > 0 && in.parser.Paths[0] == path.Dir(in.cfg.File) {
		in.parser.Paths = in.cfg.Paths
	}
	if err := in.options(f); err != nil {
		return nil, err
	}
	return in, nil
}

// checkPath tells of an argument that is not a path to something that a run
// reads; perhaps it was meant as a command. The argument - stands for a path that
// exists already.
func checkPath(arg, p string) error {
	if _, err := os.Lstat(p); err != nil {
		reason := err.Error()
		if os.IsNotExist(err) {
			reason = "no such file or directory"
		}
		if name := config.Suggest(arg, []string{"lint", "model", "connectivity", "diff", "config", "baseline", "rules", "test", "new", "version", "completion", "help"}); name != "" {
			return usagef("read %s: %s, did you mean the command %q?", arg, reason, name)
		}
		return usagef("read %s: %s", arg, reason)
	}
	_, known := source.KindOf(filepath.ToSlash(p))
	// Whatever else is wrong with a path is told when it is read.
	if info, err := os.Stat(p); known || arg == stdinArg || err != nil || !info.Mode().IsRegular() {
		return nil //nolint:nilerr // see above
	}
	if isPlanFile(head(p)) {
		return binaryPlan(arg)
	}
	return usagef("read %s: it is neither a folder nor a file whose name ends in .tf, .tofu, .tfvars, .yaml, .yml or .json", arg)
}

// planMagic is how the files begin that "terraform plan -out" writes: they are
// zip archives.
const planMagic = "PK\x03\x04"

func isPlanFile(data []byte) bool { return strings.HasPrefix(string(data), planMagic) }

func binaryPlan(what string) error {
	return mistakef("read %s: it is a binary, perhaps a plan: give egresslint what 'terraform show -json PLAN' writes, in a file that ends in .json or as the path -", what)
}

// head returns the first bytes of a file, as far as it can be read.
func head(p string) []byte {
	f, err := os.Open(p)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	data := make([]byte, len(planMagic))
	n, _ := io.ReadFull(f, data)
	return data[:n]
}

// configuration reads the configuration and the rules of the project's own, whose
// ids it may name.
func (in *input) configuration(f *inputFlags) (*config.Config, error) {
	var cfg *config.Config
	var err error
	switch {
	case f.noConfig:
		return &config.Config{}, in.loadPolicies(f, nil)
	case f.config != "":
		data, readErr := os.ReadFile(f.config)
		if readErr != nil {
			return nil, mistakef("read configuration: %w", readErr)
		}
		// Its paths are relative to its folder, which must therefore lie in the tree.
		name, nameErr := in.name(f.config)
		if nameErr != nil {
			return nil, nameErr
		}
		if err := in.loadPolicies(f, config.ReadPolicies(in.tree, name, data)); err != nil {
			return nil, err
		}
		cfg, err = config.Read(in.tree, name, data, in.allRules())
	default:
		if err := in.loadPolicies(f, config.FindPolicies(in.tree, in.startDir())); err != nil {
			return nil, err
		}
		cfg, err = config.Find(in.tree, in.startDir(), in.allRules())
	}
	if err != nil {
		return nil, in.displayErrors(err)
	}
	return cfg, nil
}

func (in *input) loadPolicies(f *inputFlags, configured []config.Path) error {
	sources, err := in.policySources(f.policies, configured)
	if err != nil {
		return err
	}
	in.policies, err = loadPolicies(sources)
	return err
}

// startDir is the folder from which the configuration file is looked for: the
// deepest one that holds all paths.
func (in *input) startDir() string {
	dir := ""
	for _, name := range in.parser.Paths {
		if info, err := in.tree.Stat(name); err != nil || !info.IsDir() {
			name = path.Dir(name)
		}
		if dir == "" {
			dir = name
		}
		for dir != "." && name != dir && !strings.HasPrefix(name, dir+"/") {
			dir = path.Dir(dir)
		}
	}
	return dir
}

// displayErrors makes the places of configuration mistakes paths for the user.
func (in *input) displayErrors(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return &usageError{err: err, plain: true}
	}
	for _, e := range joined.Unwrap() {
		var mistake *config.Error
		if errors.As(e, &mistake) {
			mistake.At.File = in.display(mistake.At.File)
		}
	}
	return &usageError{err: err, plain: true}
}

// options puts together what the parsers and the model are to know.
func (in *input) options(f *inputFlags) error {
	for _, glob := range in.cfg.Exclude {
		in.parser.Exclude = append(in.parser.Exclude, glob.Pattern)
	}
	for _, pattern := range f.exclude {
		glob, err := in.glob(pattern)
		if err != nil {
			return err
		}
		in.parser.Exclude = append(in.parser.Exclude, glob)
	}

	tf := &in.parser.Terraform
	tf.Schema = alicloud.Table{}
	for _, file := range f.varFiles {
		name, err := in.name(file)
		if err != nil {
			return err
		}
		if _, err := in.tree.Stat(name); err != nil {
			return mistakef("read --var-file %s: %w", file, err)
		}
		tf.VarFiles = append(tf.VarFiles, name)
	}
	for _, v := range f.vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return usagef("read --var %q: want name=value", v)
		}
		tf.Vars = append(tf.Vars, terraform.Assignment{Name: name, Value: value})
	}
	tf.Env = make(map[string]string)
	for _, entry := range os.Environ() {
		key, value, _ := strings.Cut(entry, "=")
		if name, ok := strings.CutPrefix(key, "TF_VAR_"); ok && name != "" {
			tf.Env[name] = value
		}
	}
	for _, s := range in.cfg.Stacks {
		vars := make(map[string]string, len(s.Vars))
		for _, v := range s.Vars {
			vars[v.Name] = v.Value
		}
		tf.Stacks = append(tf.Stacks, terraform.Stack{Name: s.Name, Dir: s.Dir, VarFiles: s.VarFiles, Vars: vars})
	}
	for _, c := range in.cfg.Helm {
		in.parser.Helm.Releases = append(in.parser.Helm.Releases, helm.Release{
			Name: c.Release, Namespace: c.Namespace, Chart: c.Dir, Values: helm.Files(c.Values...),
		})
	}

	in.egress.ClusterNetwork = f.clusterNetwork
	in.egress.PrivateDomains = in.cfg.PrivateDomains
	for _, c := range in.cfg.Clusters {
		in.egress.Clusters = append(in.egress.Clusters, egress.ClusterConfig{
			Name: c.Name, Terraform: c.Terraform, Manifests: c.Manifests,
			Network: egress.NetworkConfig(c.Network), Internet: c.Internet, At: c.At,
		})
	}
	for _, r := range in.cfg.Requirements {
		in.egress.Requirements = append(in.egress.Requirements, egress.RequirementConfig(r))
	}
	for _, t := range in.cfg.Targets {
		target := egress.TargetConfig{Name: t.Name, Hosts: t.Hosts, Addresses: t.Addresses, At: t.At}
		for _, entry := range t.Allow {
			target.Allow = append(target.Allow, egress.AllowEntry(entry))
		}
		in.egress.Targets = append(in.egress.Targets, target)
	}
	return nil
}
