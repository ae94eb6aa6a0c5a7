package located_test

import (
	"testing"

	"github.com/egresslint/egresslint/parser/located"
)

func TestSecretKey(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"password", "Password", "PASSWORD", "DB_PASSWORD", "dbPassword", "DBPassword", "db-password", "spring.datasource.password",
		"DBPASSWORD", "password1", "db_password_2", "passwords", "passwd", "MYSQL_PWD", "SMTP_PASS", "passphrase",
		"token", "accessToken", "authtoken", "NPM_TOKENS", "client_secret", "clientSecret", "SECRET", "credential", "credentials",
		"api_key", "apiKey", "APIKey", "APIKEY", "apikey", "access_key", "secretKey", "tls.key", "ssh-privatekey", "private_key",
		"SECRET_KEY_BASE", "password_hash", "TOKEN_BASE64", ".dockerconfigjson", "account_password", "aws_creds",
	} {
		if !located.SecretKey(name) {
			t.Errorf("SecretKey(%q) = false", name)
		}
	}
	for _, name := range []string{
		"", "key", "KEY", "keys", "monkey", "host", "DB_HOST", "secretName", "secret_name", "imagePullSecretName", "TOKEN_URL",
		"tokenEndpoint", "password_file", "PASSWORD_MIN_LENGTH", "passthrough", "topologyKey", "public_key", "partition_key",
		"keyspace", "kms_key_id", "key_name", "compass", "secretKeyRef", "tokenExpirationSeconds", "username", "1", "--",
	} {
		if located.SecretKey(name) {
			t.Errorf("SecretKey(%q) = true", name)
		}
	}
}
