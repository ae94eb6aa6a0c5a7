# METADATA
# scope: package
# title: TCP port 25 to the Internet is blocked by default
# description: >-
#   A workload needs TCP port 25 of a public address. Alibaba Cloud blocks outbound connections to that port unless an
#   account has applied for it, whatever the files say.
# entrypoint: true
# related_resources:
# - ref: https://help.aliyun.com/en/document_detail/36687.html
#   description: Alibaba Cloud, send emails from Alibaba Mail using SMTP
# - ref: https://jp.alibabacloud.com/help/doc-detail/49123.htm
#   description: Alibaba Cloud, SMTP (port 25) on ECS (in Japanese)
# - ref: https://www.rfc-editor.org/rfc/rfc8314
#   description: RFC 8314, mail submission over TLS
# schemas:
# - input: schema.model
# custom:
#   id: smtp-port-blocked
#   category: internet
#   severity: warning
#   precision: medium
#   since: 0.1.0
#   messages:
#     public: >-
#       {workloads} cannot send mail through {destinations}: Alibaba Cloud blocks outbound connections to TCP port 25
#       of public addresses by default.
#   remedies:
#     public: >-
#       Use the mail server's submission port, 465 (TLS) or 587 (STARTTLS). If port 25 has been opened for the account,
#       say so: severity: off for smtp-port-blocked under rules in .egresslint.yaml.
#   help:
#     effect: >-
#       The platform itself drops outbound packets to TCP port 25 of public addresses, to keep spam from its address
#       ranges. Security groups and SNAT entries cannot change that. Connections time out. Port 25 is for mail servers
#       among themselves; programs that send mail have the ports 465 and 587.
#     fix: |
#       ```yaml
#       env:
#         - name: SMTP_URL
#           value: smtps://smtp.qiye.aliyun.com:465 # not smtp:// or port 25
#       ```
#
#       If port 25 has been opened for the account, say so in `.egresslint.yaml`:
#
#       ```yaml
#       rules:
#         smtp-port-blocked: {severity: off}
#       ```
#     levels: Always a warning. The block is lifted for accounts that applied for it, which no file tells.
#     silent: >-
#       For other ports; for mail servers inside the VPC and for names that need not be public.
package egresslint.rules.internet["smtp-port-blocked"]

violation contains {
	"at": origin,
	"case": "public",
	"args": {
		"workloads": workloads,
		"destinations": destinations,
	},
	"key": array.concat(workloads, destinations),
	"related": [],
} if {
	some origin in {requirement.origin | some requirement in _blocked}
	needs := [requirement | some requirement in _blocked; requirement.origin == origin]
	workloads := sort({_name(requirement.workload) | some requirement in needs})
	destinations := sort({requirement.destination | some requirement in needs})
}

_blocked contains requirement if {
	some requirement in input.requirements
	requirement.port == 25
	requirement.protocol == "TCP"
	requirement.public
}

# A workload as the evidence of other rules names it. Its id would change with the number of clusters in the files.
_name(id) := name if {
	some workload in input.workloads
	workload.id == id
	name := sprintf("%s/%s in %s", [workload.kind, workload.name, workload.namespace])
}
