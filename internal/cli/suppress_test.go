package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/egresslint/egresslint/internal/cli"
)

// A suppression counts through its last day, which ends at midnight UTC wherever the
// run is.
func TestSuppressionExpires(t *testing.T) {
	file := filepath.Join(t.TempDir(), "main.tf")
	text := "resource \"alicloud_db_instance\" \"db\" {\n  engine       = \"MySQL\"\n" +
		"  security_ips = [\"0.0.0.0/0\"] # egresslint:ignore whitelist-open until=2027-06-30 -- a trial\n}\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	hangzhou := time.FixedZone("CST", 8*60*60)
	for _, tt := range []struct {
		now  time.Time
		code int
	}{
		{time.Date(2027, 6, 29, 12, 0, 0, 0, time.UTC), cli.ExitOK},
		{time.Date(2027, 6, 30, 23, 59, 59, 0, time.UTC), cli.ExitOK},
		{time.Date(2027, 7, 1, 7, 59, 59, 0, hangzhou), cli.ExitOK},
		{time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC), cli.ExitFindings},
		{time.Date(2027, 7, 1, 8, 0, 0, 0, hangzhou), cli.ExitFindings},
	} {
		var stdout, stderr bytes.Buffer
		now := func() time.Time { return tt.now }
		if code := cli.MainAt(now, nil, &stdout, &stderr, []string{"--no-config", "--fail-on", "warning", file}); code != tt.code {
			t.Errorf("%s: exit code %d, want %d: %s%s", tt.now, code, tt.code, stdout.String(), stderr.String())
		}
	}
}
