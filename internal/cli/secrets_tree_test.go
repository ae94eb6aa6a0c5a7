package cli_test

// Each M followed by two digits stands for a secret of its own, each E for the same in
// base64; see plant.

// secretFiles is a tree in which secrets stand wherever something of them might be
// printed: in what is judged, in what fails to be read, and in what own rules see.
var secretFiles = map[string]string{
	"app/secret.yaml": `apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
stringData:
  url: mysql://app:M01@rm-bp1.mysql.rds.aliyuncs.com:3306/orders
  password: M02
  host: M04.partner-pay.cn
  hook: https://M05.partner-pay.cn/x
  application.yaml: |
    client:
      endpoint: https://M06.partner-pay.cn
      note: M07
data:
  dsn: E03
`,
	"app/config.yaml": `apiVersion: v1
kind: ConfigMap
metadata: {name: app, namespace: shop}
data:
  application.yaml: |
    spring:
      datasource:
        url: jdbc:mysql://10.9.9.9:3306/orders?user=app&password=M08
        password: M09
  app.env: REDIS_URL=redis://:M10@r-bp1.redis.rds.aliyuncs.com:6379
`,
	"app/deploy.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: shop
  annotations: {egresslint.io/egress: "app:M11@api.partner-pay.cn:443"}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      initContainers:
        - {name: migrate, image: x, command: [sh, -c, "migrate postgres://app:M12@10.9.9.8:5432/x"]}
      containers:
        - name: api
          image: x
          args: ["--amqp=amqp://app:M13@10.9.9.7:5672/", "--password=M14", "--token", "M15", "--url=https://api.partner-pay.cn"]
          envFrom: [{secretRef: {name: db}}, {configMapRef: {name: app}}]
          env:
            - {name: PAY_URL, value: "https://app:M16@api.partner-pay.cn/v1?token=M17"}
            - {name: MONGO, value: "mongodb://app:M18@10.9.9.6:27017,10.9.9.5:27017/x"}
            - {name: DSN, value: "app:M19@tcp(10.9.9.4:3306)/x"}
            - {name: DB_PASSWORD, value: M20}
            - {name: DB_URL, valueFrom: {secretKeyRef: {name: db, key: url}}}
            - {name: PAY_HOST, valueFrom: {secretKeyRef: {name: db, key: host}}}
            - {name: LENT_URL, value: "https://$(PAY_HOST):8443/"}
          volumeMounts: [{name: c, mountPath: /c}, {name: s, mountPath: /s}]
      volumes: [{name: c, configMap: {name: app}}, {name: s, secret: {secretName: db}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Egress]}
`,
	"app/one-line.json": `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Secret","metadata":{"name":"line","namespace":"shop"},"stringData":{"note":"M21"}},{"apiVersion":"v1","kind":"Pod","metadata":{"name":"line","namespace":"shop"},"spec":{"containers":[{"name":"c","image":"x","env":[{"name":"BEFORE","value":"M22"},{"name":"URL","value":"https://line.partner-pay.cn"},{"name":"AFTER","value":"M23"}]}]}}]}`,
	"infra/main.tf": `
variable "password" {
  default   = "M24"
  sensitive = true
}
variable "partner_url" {
  default   = "https://M25.partner-pay.cn/x"
  sensitive = true
}
variable "hook_url" {
  sensitive = true
}
variable "flag_url" {
  sensitive = true
}
variable "instance" {
  default   = "M26"
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
  instance_name = var.instance
  vswitch_id    = alicloud_vswitch.pod.id
  security_ips  = ["127.0.0.1"]
}
resource "alicloud_rds_account" "app" {
  db_instance_id   = alicloud_db_instance.orders.id
  account_password = "M27"
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
  data = { url = "https://app:M28@api.partner-pay.cn", note = "M29" }
}
resource "kubernetes_manifest" "secret" {
  manifest = {
    apiVersion = "v1"
    kind       = "Secret"
    metadata   = { name = "manifest", namespace = "shop" }
    stringData = { hook = "https://M30.partner-pay.cn" }
  }
}
resource "kubernetes_deployment" "hooks" {
  metadata {
    name      = "hooks"
    namespace = "shop"
  }
  spec {
    template {
      metadata {
        labels = { app = "hooks" }
      }
      spec {
        container {
          name  = "hooks"
          image = "x"
          args  = ["--url=${var.partner_url}"]
          env {
            name  = "PARTNER"
            value = var.partner_url
          }
          env {
            name  = "HOOK"
            value = var.hook_url
          }
          env {
            name  = "FLAG"
            value = var.flag_url
          }
          env_from {
            secret_ref {
              name = "manifest"
            }
          }
        }
      }
    }
  }
}
resource "helm_release" "worker" {
  name      = "worker"
  namespace = "shop"
  values    = [yamlencode({ db = "mysql://app:M31@${alicloud_db_instance.orders.connection_string}/x" })]
  set_sensitive {
    name  = "url"
    value = "https://M32.partner-pay.cn"
  }
}
`,
	"infra/terraform.tfvars": `hook_url = "https://M33.partner-pay.cn"
`,
	"plan/plan.json": `{"format_version":"1.2","terraform_version":"1.11.4","variables":{"v":{"value":"M34"}},"planned_values":{"outputs":{"o":{"sensitive":true,"value":"M35"}},"root_module":{"resources":[` +
		`{"address":"kubernetes_deployment.p","mode":"managed","type":"kubernetes_deployment","name":"p","values":{"metadata":[{"name":"planned","namespace":"shop"}],"spec":[{"template":[{"metadata":[{"labels":{"app":"p"}}],"spec":[{"container":[{"name":"c","image":"x","env":[{"name":"A","value":"https://M36.partner-pay.cn"},{"name":"B","value":"https://M37.partner-pay.cn"},{"name":"C","value":"https://planned.partner-pay.cn"}]}]}]}]}]},` +
		`"sensitive_values":{"spec":[{"template":[{"spec":[{"container":[{"env":[{"value":true},{},{}]}]}]}]}]}}]}},"resource_changes":[{"address":"kubernetes_deployment.p","mode":"managed","type":"kubernetes_deployment","name":"p","change":{"actions":["create"],"before":{"note":"M38"},"after":{},"after_unknown":{},"after_sensitive":{"spec":[{"template":[{"spec":[{"container":[{"env":[{},{"value":true},{}]}]}]}]}]}}}]}`,
	"state/state.json": `{"format_version":"1.0","terraform_version":"1.11.4","values":{"root_module":{"resources":[{"address":"alicloud_db_instance.s","mode":"managed","type":"alicloud_db_instance","name":"s","values":{"id":"rm-9","instance_name":"M39","security_ips":["127.0.0.1"],"account_password":"M40"},"sensitive_values":{"instance_name":true}}]}}}`,
	"overlay/kustomization.yaml": `resources: [deploy.yaml]
secretGenerator:
  - name: made
    namespace: shop
    literals: ["hook=https://M41.partner-pay.cn"]
    envs: [made.env]
`,
	"overlay/made.env": "other=https://M42.partner-pay.cn\n",
	"overlay/deploy.yaml": `apiVersion: v1
kind: Pod
metadata: {name: made, namespace: shop}
spec:
  containers:
    - {name: made, image: x, envFrom: [{secretRef: {name: made}}]}
`,
	"broken/kustomization.yaml": `resources: [../overlay/deploy.yaml]
secretGenerator:
  - name: twice
    literals: ["a=M43", "a=M43", "M44"]
patches:
  - target: {kind: Pod}
    patch: |
      - op: replace
        path: /spec/nothing/here
        value: M45
`,
	"chart/Chart.yaml":  "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
	"chart/values.yaml": "auth:\n  password: M46\n  hook: https://M47.partner-pay.cn\n",
	"chart/templates/all.yaml": `apiVersion: v1
kind: Secret
metadata: {name: chart, namespace: shop}
data:
  hook: {{ .Values.auth.hook | b64enc }}
  password: {{ .Values.auth.password | b64enc }}
---
apiVersion: v1
kind: Pod
metadata: {name: chart, namespace: shop}
spec:
  containers:
    - {name: chart, image: x, envFrom: [{secretRef: {name: chart}}]}
`,
	"failing/Chart.yaml":            "apiVersion: v2\nname: failing\nversion: 1.0.0\n",
	"failing/values.yaml":           "auth:\n  password: M48\n  map: {note: M49}\n",
	"failing/templates/fails.yaml":  "{{ fail (print \"no \" .Values.auth.password) }}\n",
	"failing2/Chart.yaml":           "apiVersion: v2\nname: failing2\nversion: 1.0.0\n",
	"failing2/values.yaml":          "map: {note: M50}\n",
	"failing2/templates/fails.yaml": "a: {{ index .Values.map.note 1 2 }}\nb: {{ .Values.map.note.x }}\n",
	"errors/type.yaml":              "apiVersion: v1\nkind: Secret\nmetadata: {name: wrong, namespace: shop}\nstringData:\n  port: !!int M51\n",
	"errors/syntax.yaml":            "apiVersion: v1\nkind: Secret\nmetadata: {name: bad, namespace: shop}\nstringData:\n  note: \"M52\n  other: M53: M53\n",
	"errors/alias.yaml":             "apiVersion: v1\nkind: Secret\nmetadata: {name: bad, namespace: shop}\nstringData:\n  note: *M54\n",
	"errors/broken.tf":              "variable \"token\" {\n  default = \"M55\" \"M56\"\n}\n",
	"errors/plan.json":              `{"format_version":"1.2","terraform_version":"1.11.4","values":{"password":"M57" "M58"}}`,
	"apps/app.yaml": `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: chart, namespace: argocd}
spec:
  destination: {namespace: shop, server: "https://kubernetes.default.svc"}
  source:
    path: chart
    repoURL: https://git:M59@git.partner-pay.cn/x.git
    helm:
      parameters: [{name: auth.password, value: M60}]
      values: |
        auth: {hook: "https://M61.partner-pay.cn"}
`,
	"rules/echo.rego": `# METADATA
# title: Says all that it knows
# custom:
#   severity: error
#   messages: {one: "{all}"}
#   remedies: {one: "none"}
package egresslint.rules.test["echo"]

violation contains {"at": cluster.origin, "case": "one", "args": {"all": sprintf("%v", [input])}, "key": [sprintf("%v", [input.requirements])]} if {
	some cluster in input.clusters
}
`,
}

// secretFlag is the secret that a flag gives.
const secretFlag = "flag_url=https://M62.partner-pay.cn"

// secretCount is how many secrets there are.
const secretCount = 62
