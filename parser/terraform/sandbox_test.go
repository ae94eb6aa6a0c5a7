package terraform_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/parser/source"
	"github.com/egresslint/egresslint/parser/terraform"
)

// TestSandbox checks that no configuration reads what lies outside of the tree,
// whichever way it names it.
func TestSandbox(t *testing.T) {
	base := t.TempDir()
	tree := filepath.Join(base, "tree")
	outside := filepath.Join(base, "outside")
	const secret = "top-secret-of-another-place"
	files := map[string]string{
		"outside/secret":         secret,
		"outside/secret.tftpl":   secret + "${x}",
		"outside/m/main.tf":      "output \"x\" {\n  value = \"" + secret + "\"\n}\n",
		"outside/vars.tfvars":    "v = \"" + secret + "\"\n",
		"outside/other.tf":       "locals {\n  other = \"" + secret + "\"\n}\n",
		"outside/state/main.tf":  "output \"x\" {\n  value = \"" + secret + "\"\n}\n",
		"tree/inside/secret":     "inside",
		"tree/inside/m/main.tf":  "output \"x\" {\n  value = \"inside\"\n}\n",
		"tree/root/given.tfvars": "w = 1\n",
	}
	exprs := []string{
		`file("@")`, `file("../../outside/secret")`, `file("${path.module}/../../outside/secret")`, `file("link")`, `file("dir/secret")`,
		`file("./x/../../../outside/secret")`, `filebase64("@")`, `filemd5("link")`, `filesha256("dir/secret")`, `fileexists("@")`, `fileexists("link")`,
		`fileexists("../../outside/secret")`, `fileset("../../outside", "*")`, `fileset("dir", "*")`, `fileset("/", "*")`, `fileset(".", "../../outside/*")`,
		`fileset("@dir", "**")`, `templatefile("link.tftpl", { x = 1 })`, `templatefile("../../outside/secret.tftpl", { x = 1 })`, `pathexpand("~/x")`,
		`abspath(".")`, `module.up.x`, `module.abs.x`, `module.link.x`, `module.installed.x`, `var.v`, `local.other`, `data.terraform_remote_state.s.outputs.x`,
		`try(file("@"), file("link"), "nothing")`, `jsondecode(templatestring("$${jsonencode(file(\"@\"))}", {}))`, `file("//@")`, `file("inner")`,
	}
	var b strings.Builder
	b.WriteString(`variable "v" {
  default = "none"
}
data "terraform_remote_state" "s" {
  backend = "local"
  config  = { path = "../../outside/state/terraform.tfstate" }
}
module "up" {
  source = "../../outside/m"
}
module "abs" {
  source = "@m"
}
module "link" {
  source = "./dir/m"
}
module "installed" {
  source = "a/b/c"
}
`)
	for i, e := range exprs {
		fmt.Fprintf(&b, "resource \"t\" \"e%d\" {\n  x = %s\n}\n", i, e)
	}
	config := b.String()
	config = strings.ReplaceAll(config, "@dir", outside)
	config = strings.ReplaceAll(config, "@m", outside+"/m")
	config = strings.ReplaceAll(config, "@", outside+"/secret")
	files["tree/root/main.tf"] = config
	files["tree/root/.terraform/modules/modules.json"] = `{"Modules": [{"Key": "installed", "Source": "a/b/c", "Dir": "../../outside/m"}]}`
	for name, data := range files {
		write(t, filepath.Join(base, filepath.FromSlash(name)), data)
	}
	for link, to := range map[string]string{
		"tree/root/link": outside + "/secret", "tree/root/dir": "../../outside", "tree/root/link.tftpl": "../../outside/secret.tftpl",
		"tree/root/other.tf": "../../outside/other.tf", "tree/root/terraform.tfvars": outside + "/vars.tfvars", "tree/root/inner": "../inside/secret",
	} {
		if err := os.Symlink(to, filepath.Join(base, filepath.FromSlash(link))); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	opened, err := source.OpenTree(tree)
	if err != nil {
		t.Fatal(err)
	}
	roots, diags := terraform.Load(context.Background(), opened, []string{"root/main.tf"}, terraform.Options{VarFiles: []string{"../../outside/vars.tfvars"}})
	got := report(roots, diags, true)
	if strings.Contains(got, secret) {
		t.Errorf("the secret got out:\n%s", got)
	}
	for i, e := range exprs {
		x := resource(t, roots[0], fmt.Sprintf("t.e%d", i)).Body.Get("x")
		switch {
		case e == `file("inner")`:
			if show(x) != `"inside"` {
				t.Errorf("%s: got %s: a link inside of the tree leads on", e, show(x))
			}
		case !x.IsUnknown():
			t.Errorf("%s: got %s, want an unknown", e, show(x))
		}
	}
}

func write(t *testing.T, name, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}
