# METADATA
# scope: package
# title: The cluster does not enforce its NetworkPolicies
# description: >-
#   There are NetworkPolicies for a cluster whose network plug-in does not enforce them. They admit and block nothing,
#   and give a false sense of security.
# entrypoint: true
# related_resources:
# - ref: https://help.aliyun.com/en/ack/ack-managed-and-ack-dedicated/user-guide/use-network-policies
#   description: Alibaba Cloud, use network policies in ACK clusters
# - ref: https://help.aliyun.com/zh/ack/ack-managed-and-ack-dedicated/user-guide/comparison-between-terway-and-flannel
#   description: Alibaba Cloud, comparison between Terway and Flannel
# - ref: https://github.com/AliyunContainerService/terway/blob/main/README.md
#   description: Terway, README
# - ref: https://www.alibabacloud.com/help/doc-detail/2584701.html
#   description: Alibaba Cloud, annotations of ACS pods
# schemas:
# - input: schema.model
# custom:
#   id: network-policy-not-enforced
#   category: source
#   severity: warning
#   precision: high
#   since: 0.1.0
#   messages:
#     flannel: >-
#       NetworkPolicy {policies} has no effect: cluster {cluster} uses Flannel, which does not enforce
#       NetworkPolicies. Nothing is blocked.
#     disabled: >-
#       NetworkPolicy {policies} has no effect: NetworkPolicy is switched off in the Terway configuration of cluster
#       {cluster}. Nothing is blocked.
#     exclusive-eni: >-
#       NetworkPolicy {policies} has no effect: every pod of cluster {cluster} has a network interface of its own
#       (exclusive ENI), on which Terway does not enforce NetworkPolicies. Nothing is blocked.
#     exclusive-eni-pods: >-
#       NetworkPolicy {policies} has no effect on {workloads}: their nodes give every pod a network interface of its own
#       (exclusive ENI), on which Terway does not enforce NetworkPolicies. Nothing of theirs is blocked.
#     acs-pods: >-
#       NetworkPolicy {policies} has no effect on {workloads}: they run as ACS pods, on which NetworkPolicies are
#       enforced only with the annotation alibabacloud.com/enable-network-policy-agent. Nothing of theirs is blocked.
#   remedies:
#     flannel: >-
#       Remove the NetworkPolicies, or move to a cluster with Terway; the network plug-in of a cluster cannot be changed
#       after it is created.
#     disabled: >-
#       Switch NetworkPolicy on: "NetworkPolicy":"true" in the config of the Terway addon, or disable_network_policy
#       removed from the ConfigMap eni-config.
#     exclusive-eni: >-
#       Run the pods on nodes whose ENIs pods share (without exclusive ENIs), or control their traffic with the security
#       groups of their ENIs.
#     exclusive-eni-pods: >-
#       Run these pods on nodes whose ENIs pods share (without exclusive ENIs), or control their traffic with the
#       security groups of their ENIs.
#     acs-pods: >-
#       Add the annotation alibabacloud.com/enable-network-policy-agent: "true" to the pod template of each of them.
#   help:
#     effect: >-
#       The API server accepts NetworkPolicies whether or not anything enforces them. On ACK only Terway does, on
#       nodes whose ENIs pods share, and only when its NetworkPolicy option is on; for ACS pods an agent does, if the
#       pods ask for it. Otherwise every pod can still reach everything, and egresslint judges connections as if the
#       policies were not there.
#     fix: |
#       ```hcl
#       addons {
#         name   = "terway-eniip"
#         config = jsonencode({ NetworkPolicy = "true" })
#       }
#       ```
#
#       Flannel has no such option. ACS pods ask for the agent:
#
#       ```yaml
#       template:
#         metadata:
#           annotations:
#             alibabacloud.com/enable-network-policy-agent: "true"
#       ```
#     levels: Always a warning, one for each cluster and reason.
#     silent: >-
#       When the network plug-in is not known, or when the Terway addon says nothing about NetworkPolicy.
package egresslint.rules.source["network-policy-not-enforced"]

violation contains {
	"at": gate.origin,
	"case": gate.code,
	"args": {
		"cluster": gate.cluster_name,
		"policies": gate.policies,
		"workloads": gate.workloads,
	},
	"key": [gate.cluster_name, gate.code],
	"related": array.concat(
		[{"at": gate.cause, "text": "what decides that they are not enforced"}],
		[{"at": place, "text": "another NetworkPolicy without effect"} | some place in gate.related],
	),
} if {
	some gate in input.gates.policy_enforcement
	gate.code in {"flannel", "disabled", "exclusive-eni", "exclusive-eni-pods", "acs-pods"}
}
