# METADATA
# scope: package
# title: In-cluster use of a load balancer address with externalTrafficPolicy Local
# description: >-
#   A workload reaches a Service of its own cluster by its external address. That address is handled on the client's
#   node, and with externalTrafficPolicy Local a node without a pod of the Service has nowhere to send the packet.
# entrypoint: true
# related_resources:
# - ref: https://github.com/kubernetes/kubernetes/pull/97081
#   description: kube-proxy, IPVS and externalTrafficPolicy Local
# - ref: https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/1860-kube-proxy-IP-node-binding
#   description: KEP-1860, how kube-proxy handles load balancer addresses
# - ref: https://kubernetes.io/docs/tutorials/services/source-ip/
#   description: Kubernetes, using source IP
# schemas:
# - input: schema.model
# custom:
#   id: loadbalancer-in-cluster-local
#   category: loadbalancer
#   severity: error
#   precision: medium
#   since: 0.1.0
#   messages:
#     proved: &proved >-
#       {clients} of this cluster cannot rely on {address}, the load balancer address of Service {service}: kube-proxy
#       handles it on the client's node ({facts}), and with externalTrafficPolicy Local it drops the packet unless a
#       pod of the Service runs on that very node.{affected}
#     documented: &documented >-
#       {clients} of this cluster cannot rely on {address}, the load balancer address of Service {service}: the
#       address is handled on the client's node ({facts}), and with externalTrafficPolicy Local it is answered, as
#       Alibaba Cloud documents, only where a pod of the Service runs on that very node.{affected}
#     disputed: &disputed >-
#       {clients} of this cluster may fail to reach {address}, the load balancer address of Service {service}, which has
#       externalTrafficPolicy Local: Alibaba Cloud documents that it is answered only on nodes with a pod of the
#       Service, while the code of this kube-proxy ({facts}) lets the packet through.{affected}
#     proved-internal-local: *proved
#     documented-internal-local: *documented
#     disputed-internal-local: *disputed
#   remedies:
#     proved: &name-or-cluster >-
#       Let the client use the Service name {name}, which never leaves the cluster; or set externalTrafficPolicy:
#       Cluster, under Terway with the annotation service.beta.kubernetes.io/backend-type: eni, which keeps the
#       client's address.
#     documented: *name-or-cluster
#     disputed: *name-or-cluster
#     proved-internal-local: &cluster >-
#       Set externalTrafficPolicy: Cluster, under Terway with the annotation service.beta.kubernetes.io/backend-type:
#       eni, which keeps the client's address. The Service name is no way out as it is, because internalTrafficPolicy
#       is Local too.
#     documented-internal-local: *cluster
#     disputed-internal-local: *cluster
#   help:
#     effect: >-
#       A packet from inside the cluster to the address of a LoadBalancer Service usually never reaches the load
#       balancer: kube-proxy, or the eBPF datapath, knows the address and sends the packet to a pod of the Service
#       itself. With `externalTrafficPolicy: Local` only pods on the same node count. Where there is none the
#       connection times out, so it depends on where client and backend were scheduled.
#     fix: |
#       Best, let the client use the name inside the cluster:
#
#       ```yaml
#       env:
#         - name: SHOP_URL
#           value: http://shop.default.svc.cluster.local
#       ```
#
#       Otherwise change the Service. Under Terway, backends of type eni keep the client's address visible:
#
#       ```yaml
#       metadata:
#         annotations:
#           service.beta.kubernetes.io/backend-type: eni
#       spec:
#         externalTrafficPolicy: Cluster
#       ```
#     levels: >-
#       Error where code and documentation agree that the packet is dropped for this client, proxy mode and version,
#       and where the version or mode is not known, so that the documentation is all there is. Warning where they
#       differ, and where the need is only inferred from a name.
#     silent: >-
#       When clients use the Service name or its ClusterIP; with `externalTrafficPolicy: Cluster`; with DataPath V2
#       and `in_cluster_loadbalance`; when a DaemonSet serves the Service on every node the client can run on; when
#       the load balancer belongs to another cluster; when the address is one that kube-proxy leaves alone (the
#       hostname annotation, an NLB, `ipMode: Proxy`).
package egresslint.rules.loadbalancer["loadbalancer-in-cluster-local"]

import data.egresslint.lib.need

violation contains {
	"at": gate.origin,
	"level": _level(gate.code, gate.need.strength),
	"case": _case(gate.code, gate.internal_local),
	"args": {
		"clients": _clients[gate.clients],
		"address": gate.address,
		"service": gate.service,
		"name": _name(gate.service),
		"facts": concat(", ", [_mode(gate.proxy_mode), _version(gate.version)]),
		"affected": need.affected(gate.need.evidence),
	},
	"key": [gate.cluster_name, gate.service, gate.clients],
	"related": need.places(gate.need.evidence),
} if {
	some gate in input.gates.load_balancer
	gate.status == "blocked"
	gate.code in {"proved", "documented", "disputed"}
}

_level("disputed", strength) := "warning" if need.level(strength)

_level(code, strength) := need.level(strength) if code in {"proved", "documented"}

_case(code, false) := code

_case(code, true) := concat("", [code, "-internal-local"])

_clients := {
	"pod": "Pods",
	"host": "hostNetwork pods",
}

_name(service) := sprintf("%s.%s", [name, namespace]) if [namespace, name] = split(service, "/")

_mode("unknown") := "proxy mode not known"

_mode(mode) := sprintf("proxy mode %s", [mode]) if mode != "unknown"

_version("") := "Kubernetes version not known"

_version(version) := sprintf("Kubernetes %s", [version]) if version != ""
