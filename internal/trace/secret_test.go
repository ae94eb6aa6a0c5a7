package trace_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/egresslint/egresslint/internal/world"
)

const sensitiveModule = `
variable "host" {
  default   = "hidden.partner-pay.cn"
  sensitive = true
}
variable "address" {
  default   = "203.0.113.77"
  sensitive = true
}
variable "cidr" {
  default   = "172.31.77.0/24"
  sensitive = true
}
resource "alicloud_vpc" "main" {
  cidr_block = "10.0.0.0/8"
}
resource "alicloud_vswitch" "pod" {
  vpc_id     = alicloud_vpc.main.id
  cidr_block = "10.1.0.0/16"
}
resource "alicloud_cs_managed_kubernetes" "main" {
  name            = var.host
  version         = var.host
  service_cidr    = var.cidr
  vswitch_ids     = [alicloud_vswitch.pod.id]
  pod_vswitch_ids = [alicloud_vswitch.pod.id]
}
resource "alicloud_db_instance" "orders" {
  instance_name = var.host
  engine        = "MySQL"
  vswitch_id    = alicloud_vswitch.pod.id
  security_ips  = [var.cidr]
}
resource "kubernetes_config_map" "app" {
  metadata {
    name = "app"
  }
  data = { FROM_CONFIG = "https://${var.host}:8001" }
}
resource "kubernetes_manifest" "db" {
  manifest = {
    apiVersion = "v1"
    kind       = "Secret"
    metadata   = { name = "db" }
    stringData = {
      FROM_SECRET = "https://secret.partner-pay.cn:8002"
      HOST        = "lent.partner-pay.cn"
      INSTANCE    = "mysql://app:x@${alicloud_db_instance.orders.connection_string}"
    }
  }
}
resource "kubernetes_pod" "a" {
  metadata {
    name        = "a"
    annotations = { "egresslint.io/egress" = "${var.host}:8003, nonsense ${var.host}" }
  }
  spec {
    dns_policy = "None"
    dns_config {
      nameservers = [var.address]
    }
    container {
      name = "app"
      args = ["--url", "https://${var.host}:8004"]
      env_from {
        config_map_ref {
          name = "app"
        }
      }
      env_from {
        secret_ref {
          name = "db"
        }
      }
      env {
        name  = "FROM_ENV"
        value = "https://${var.host}:8005"
      }
      env {
        name  = "ADDRESS_URL"
        value = "https://${var.address}:8006"
      }
      env {
        name  = "LENT_URL"
        value = "https://$(HOST):8007"
      }
      env {
        name  = "OPEN_URL"
        value = "https://open.partner-pay.cn:8008"
      }
    }
  }
}
`

// The model names the places that hosts come from whose values are sensitive, and holds
// nothing else of such values.
func TestSensitiveValues(t *testing.T) {
	model, diagnostics := build(t, fstest.MapFS{"main.tf": {Data: []byte(sensitiveModule)}}, world.Options{})
	data, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, d := range diagnostics {
		text += "\n" + d.Message
	}
	for _, hidden := range []string{"hidden", "secret.partner", "lent.partner", "203.0.113.77", "172.31.77"} {
		if i := strings.Index(text, hidden); i >= 0 {
			t.Errorf("the model holds %q: %s", hidden, text[max(0, i-200):min(len(text), i+100)])
		}
	}
	var got []string
	for _, r := range model.Requirements {
		got = append(got, r.Destination)
	}
	slices.Sort(got)
	want := []string{
		"a host in the annotation egresslint.io/egress",
		"open.partner-pay.cn:8008",
		"the host in ADDRESS_URL",
		"the host in ConfigMap app, key FROM_CONFIG",
		"the host in FROM_ENV",
		"the host in Secret db, key FROM_SECRET",
		"the host in Secret db, key HOST",
		"the host in Secret db, key HOST",
		"the host in Secret db, key INSTANCE",
		"the host in an argument of container app",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("destinations (-want +got):\n%s", diff)
	}
	if len(model.Targets) != 1 || model.Targets[0].Name != "orders" || model.Targets[0].AllowList[0].Value != "(sensitive)" {
		t.Errorf("targets: %+v", model.Targets)
	}
}
