package requirement

import (
	"slices"
	"strings"
)

// keyClass is what a key says about its value.
type keyClass uint8

const (
	keyOther    keyClass = iota
	keyHost              // ends in HOST, ENDPOINT, URL, ...: names an address
	keyBrokers           // the same, and lists the brokers of Kafka
	keySecret            // a password or token
	keyDoubtful          // an address that as often is the workload's own
	keyIgnored           // an address, but not one that the workload connects to
)

// classify reads a key in any of the usual spellings: DB_HOST, db-host, dbHost,
// spring.redis.host.
func classify(key string) keyClass {
	words := keyWords(key)
	if len(words) == 0 {
		return keyOther
	}
	joined := "_" + strings.Join(words, "_") + "_"
	ignored := func(pattern string) bool { return strings.Contains(joined, pattern) }
	if slices.ContainsFunc(ignoredKeys, ignored) || slices.ContainsFunc(buildKeys, ignored) {
		return keyIgnored
	}
	if isDescriptive(words) {
		return keyIgnored
	}
	switch whole := strings.Trim(joined, "_"); {
	case ownAddressKeys[whole]:
		return keyIgnored
	case doubtfulKeys[whole]:
		return keyDoubtful
	}
	last := words[len(words)-1]
	if secretWords[last] {
		return keySecret
	}
	for _, pattern := range brokerKeys {
		if strings.HasSuffix(joined, pattern) {
			return keyBrokers
		}
	}
	if hostWords[last] {
		return keyHost
	}
	return keyOther
}

// hostWords end the keys of addresses.
var hostWords = set("host", "hosts", "hostname", "hostnames", "endpoint", "endpoints", "url", "urls", "uri", "uris",
	"addr", "addrs", "address", "addresses", "server", "servers", "dsn", "broker", "brokers", "upstream", "upstreams")

// brokerKeys end the keys of Kafka's broker lists.
var brokerKeys = []string{
	"_brokers_", "_broker_list_", "_bootstrap_servers_", "_bootstrap_server_", "_bootstrap_brokers_",
}

// secretWords end the keys of values that are no addresses whatever they look like.
var secretWords = set("password", "passwd", "pwd", "pass", "passphrase", "secret", "token", "key", "credential",
	"credentials", "salt", "signature", "username", "user")

// ignoredKeys are parts of keys whose values name hosts that the workload does not
// connect to: where it listens, what others call it, whom it lets in.
var ignoredKeys = []string{
	"_no_proxy_", "_non_proxy_hosts_", "_proxy_bypass_",
	"_cors_", "_origin_", "_origins_", "_csp_", "_referer_", "_referers_",
	"_redirect_", "_redirects_", "_callback_", "_callbacks_", "_post_logout_",
	"_listen_", "_listener_", "_listeners_", "_bind_", "_advertise_", "_advertised_", "_interface_",
	"_peer_url_", "_peer_urls_", "_peer_addr_", "_peer_address_", "_cluster_addr_", "_vault_api_addr_",
	"_allowed_hosts_", "_allow_hosts_", "_trusted_hosts_", "_trusted_proxies_", "_whitelist_", "_allowlist_", "_blocklist_",
	"_virtual_host_", "_vhost_", "_server_name_", "_server_names_", "_sni_", "_ssl_host_", "_tls_host_",
	"_common_name_", "_alt_names_", "_dns_names_", "_subject_", "_cookie_", "_audience_",
	"_ingress_host_", "_ingress_hosts_", "_xmlns_", "_schema_location_",
	"_public_url_", "_public_base_url_", "_external_url_", "_root_url_", "_site_url_", "_self_url_", "_frontend_url_",
	"_public_hostname_", "_external_hostname_", "_public_host_", "_external_host_", "_additional_urls_",
	"_public_uri_", "_external_uri_", "_root_uri_", "_public_endpoint_", "_external_endpoint_",
	"_public_addr_", "_external_addr_", "_public_address_", "_external_address_", "_hostname_url_", "_nextauth_url_",
	"_canonical_", "_logout_url_", "_logout_uri_", "_return_url_", "_success_url_", "_cancel_url_",
	"_wp_home_", "_wp_siteurl_", "_csrf_",
	"_image_repository_", "_image_registry_", "_registry_mirrors_", "_character_set_server_", "_help_",
}

// buildKeys are parts of keys that images carry from their build: where Go, pip or the
// key of a release came from.
var buildKeys = []string{
	"_get_pip_", "_golang_download_", "_go_download_", "_ruby_download_", "_php_url_", "_php_asc_url_", "_openssl_source_",
	"_gpg_key_", "_gpg_keys_", "_pgp_key_", "_keyserver_",
}

// addressWords are the words of keys that say of a web address that something connects
// to it.
var addressWords = set("url", "urls", "uri", "uris", "endpoint", "endpoints", "host", "hosts", "addr", "addrs", "address",
	"addresses", "server", "servers", "api", "base", "webhook", "webhooks", "broker", "brokers")

// namesAddress reports whether a word of a key says that its value is an address.
func namesAddress(key string) bool {
	return slices.ContainsFunc(keyWords(key), func(w string) bool { return addressWords[w] })
}

// descriptiveWords end keys, alone or before URL and the like, whose values are for
// people's eyes or for the kubelet, which pulls the images.
var descriptiveWords = set("image", "images", "runbook", "documentation", "docs", "doc", "homepage", "help", "license",
	"logo", "avatar", "icon", "home", "schema", "summary", "description", "link", "links", "banner", "badge", "agent")

// isDescriptive reports keys such as IMAGE, DOCS_URL and runbook_url, but not
// IMAGE_SERVICE_URL.
func isDescriptive(words []string) bool {
	n := len(words)
	if descriptiveWords[words[n-1]] {
		return words[n-1] != "agent" || n > 1 && words[n-2] == "user"
	}
	return n > 1 && hostWords[words[n-1]] && descriptiveWords[words[n-2]] && words[n-2] != "agent"
}

// ownAddressKeys are whole keys that name the workload itself, the machine or a
// schema.
var ownAddressKeys = set("hostname", "host_ip", "pod_ip", "node_ip", "http_addr", "http_host", "grpc_addr",
	"metrics_addr", "health_addr", "server_host", "server_addr", "server_address", "schema", "id", "ref")

// doubtfulKeys are whole keys that hold the address of an API in one program and
// the workload's own in the next.
var doubtfulKeys = set("base_url", "app_url", "api_base_url", "app_base_url", "server_url", "web_url")

// keyWords splits a key into lower-case words.
func keyWords(key string) []string {
	if len(key) > 256 {
		return nil
	}
	var words []string
	start := -1
	flush := func(end int) {
		if start >= 0 {
			words = append(words, strings.ToLower(key[start:end]))
			start = -1
		}
	}
	for i := range len(key) {
		c := key[i]
		switch {
		case isAlnum(c):
			upper := c >= 'A' && c <= 'Z'
			if start >= 0 && upper && i > 0 && key[i-1] >= 'a' && key[i-1] <= 'z' {
				flush(i) // dbHost
			}
			if start >= 0 && upper && i+1 < len(key) && i > 0 &&
				key[i-1] >= 'A' && key[i-1] <= 'Z' && key[i+1] >= 'a' && key[i+1] <= 'z' {
				flush(i) // DBHost
			}
			if start < 0 {
				start = i
			}
		default:
			flush(i)
		}
	}
	flush(len(key))
	return words
}

// portKeys are the keys beside key that may hold its port: DB_PORT and
// DB_HOST_PORT for DB_HOST, in the spelling of the key.
func portKeys(key string) []string {
	words := keyWords(key)
	if len(words) == 0 {
		return nil
	}
	last := words[len(words)-1]
	if len(last) > len(key) || !strings.EqualFold(key[len(key)-len(last):], last) {
		return nil
	}
	stem := key[:len(key)-len(last)]
	separator := "_"
	switch {
	case strings.HasSuffix(stem, "."), strings.HasSuffix(stem, "-"), strings.HasSuffix(stem, "_"):
		separator = stem[len(stem)-1:]
	case stem != "":
		separator = ""
	}
	port := "port"
	switch written := key[len(stem):]; {
	case written == strings.ToUpper(written):
		port = "PORT"
	case written[0] >= 'A' && written[0] <= 'Z':
		port = "Port"
	}
	keys := []string{stem + port}
	if separator == "" {
		return append(keys, key+"Port")
	}
	return append(keys, key+separator+port)
}

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
