package parser_test

import (
	"context"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/source"
)

func TestResultSecrets(t *testing.T) {
	tree := source.NewTree(fstest.MapFS{
		"secret.yaml": {Data: []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: orders-db1}\nstringData: {a: S3cret-one, b: orders-db1, c: secret.yaml, d: alicloud_x.a1}\n")},
		"main.tf": {Data: []byte(`
provider "alicloud" {
  secret_key = "S3cret-two"
}
resource "kubernetes_secret" "a" {
  data = { a = "S3cret-three" }
}
resource "alicloud_x" "a1" {
  password = "S3cret-four"
  name     = "S3cret-open"
}
`)},
	})
	result, err := parser.Parse(context.Background(), tree, parser.Options{Paths: []string{"."}})
	if err != nil {
		t.Fatal(err)
	}
	texts := result.Secrets().Texts()
	for text, want := range map[string]bool{
		"S3cret-one": true, "S3cret-two": true, "S3cret-three": true, "S3cret-four": true,
		"S3cret-open": false, "orders-db1": false, "secret.yaml": false, "alicloud_x.a1": false,
	} {
		if got := slices.Contains(texts, text); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}
