package cli_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/cli"
	"github.com/egresslint/egresslint/internal/report"
)

// planted is a password that no output may hold, in any of its spellings.
const planted = "Pl4nt3d-Pa55word"

const secretManifests = `apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
stringData:
  url: mysql://app:PLANTED@rm-bp1.mysql.rds.aliyuncs.com:3306/orders
  password: PLANTED
data:
  dsn: ENCODED
---
apiVersion: v1
kind: ConfigMap
metadata: {name: app, namespace: shop}
data:
  application.yaml: |
    spring:
      datasource:
        url: jdbc:mysql://10.9.9.9:3306/orders?user=app&password=PLANTED
        password: PLANTED
  app.env: REDIS_URL=redis://:PLANTED@r-bp1.redis.rds.aliyuncs.com:6379
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: shop
  annotations: {egresslint.io/egress: "app:PLANTED@api.partner-pay.cn:443"}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      initContainers:
        - {name: migrate, image: x, command: [sh, -c, "migrate postgres://app:PLANTED@10.9.9.8:5432/x"]}
      containers:
        - name: api
          image: x
          args: ["--amqp=amqp://app:PLANTED@10.9.9.7:5672/", "--password=PLANTED"]
          envFrom: [{secretRef: {name: db}}, {configMapRef: {name: app}}]
          env:
            - {name: PAY_URL, value: "https://app:PLANTED@api.partner-pay.cn/v1?token=PLANTED"}
            - {name: MONGO, value: "mongodb://app:PLANTED@10.9.9.6:27017,10.9.9.5:27017/x"}
            - {name: DSN, value: "app:PLANTED@tcp(10.9.9.4:3306)/x"}
            - {name: DB_PASSWORD, value: PLANTED}
            - {name: DB_URL, valueFrom: {secretKeyRef: {name: db, key: url}}}
          volumeMounts: [{name: c, mountPath: /c}]
      volumes: [{name: c, configMap: {name: app}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Egress]}
`

const secretTerraform = `
variable "password" {
  default   = "PLANTED"
  sensitive = true
}
resource "alicloud_vpc" "main" {
  cidr_block = "10.0.0.0/8"
}
resource "alicloud_vswitch" "pod" {
  vpc_id     = alicloud_vpc.main.id
  cidr_block = "10.1.0.0/16"
}
resource "alicloud_db_instance" "orders" {
  vswitch_id   = alicloud_vswitch.pod.id
  security_ips = ["127.0.0.1"]
}
resource "alicloud_rds_account" "app" {
  db_instance_id   = alicloud_db_instance.orders.id
  account_password = "PLANTED"
}
resource "alicloud_cs_managed_kubernetes" "main" {
  vswitch_ids     = [alicloud_vswitch.pod.id]
  pod_vswitch_ids = [alicloud_vswitch.pod.id]
  password        = var.password
  new_nat_gateway = false
}
resource "kubernetes_secret" "pay" {
  metadata {
    name      = "pay"
    namespace = "shop"
  }
  data = { url = "https://app:PLANTED@api.partner-pay.cn" }
}
resource "helm_release" "worker" {
  name      = "worker"
  namespace = "shop"
  values    = [yamlencode({ db = "mysql://app:PLANTED@${alicloud_db_instance.orders.connection_string}/x" })]
  set_sensitive {
    name  = "url"
    value = "redis://:${var.password}@10.9.9.3:6379"
  }
}
`

// Reports are published: whatever they quote, no password is in it.
func TestPasswordsAreNotPrinted(t *testing.T) {
	dir := t.TempDir()
	encoded := base64.StdEncoding.EncodeToString([]byte("postgres://app:" + planted + "@10.9.9.2:5432/x"))
	fill := strings.NewReplacer("PLANTED", planted, "ENCODED", encoded).Replace
	for name, text := range map[string]string{"app.yaml": fill(secretManifests), "main.tf": fill(secretTerraform)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	commands := [][]string{
		{"--format", "text", "-v"},
		{"model"},
		{"connectivity", "--format", "json"},
	}
	for _, format := range report.Formats() {
		commands = append(commands, []string{"--format", format})
	}
	for _, args := range commands {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			cli.Main(strings.NewReader(""), &stdout, &stderr, append(args, "--no-config", dir))
			if stdout.Len() == 0 {
				t.Fatalf("printed nothing: %s", &stderr)
			}
			if args[0] == "--format" && !strings.Contains(stdout.String(), "rds") {
				t.Errorf("the instance is in no finding:\n%s", &stdout)
			}
			for _, line := range strings.Split(stdout.String()+stderr.String(), "\n") {
				if strings.Contains(line, planted) || strings.Contains(line, encoded[:24]) {
					t.Error(line)
				}
			}
		})
	}
}
