package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
	"lab/api"
)

const (
	secretsPath    = "/api/v1/namespaces/kube-system/secrets"
	controllerUser = "controller-bootstrap"
	workerUser     = "kubelet-bootstrap"
)

// joinToken is a kubeconfig, gzipped, in base64.
type joinToken struct {
	URL, User, Secret string
	Authority         []byte
}

func (made joinToken) encode() (string, error) {
	text := fmt.Sprintf(`apiVersion: v1
clusters:
- cluster:
    server: %s
    certificate-authority-data: %s
  name: k0s
contexts:
- context:
    cluster: k0s
    user: %[3]s
  name: k0s
current-context: k0s
kind: Config
users:
- name: %[3]s
  user:
    token: %[4]s
`, made.URL, base64.StdEncoding.EncodeToString(made.Authority), made.User, made.Secret)
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write([]byte(text)); err != nil {
		return "", err
	}
	if err := writer.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(packed.Bytes()), nil
}

// readToken takes the token in a file apart, which has to be for a role.
func readToken(file, user string) (joinToken, string, error) {
	var made joinToken
	text, err := os.ReadFile(file)
	if err != nil {
		return made, "", fmt.Errorf("failed to read token file %q: %w", file, err)
	}
	packed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return made, "", fmt.Errorf("failed to decode token: %w", err)
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return made, "", fmt.Errorf("failed to decode token: %w", err)
	}
	kubeconfig, err := io.ReadAll(io.LimitReader(reader, 1<<20))
	if err != nil {
		return made, "", fmt.Errorf("failed to decode token: %w", err)
	}
	var read struct {
		Clusters []struct {
			Cluster struct {
				Server    string `yaml:"server"`
				Authority string `yaml:"certificate-authority-data"`
			} `yaml:"cluster"`
		} `yaml:"clusters"`
		Users []struct {
			Name string `yaml:"name"`
			User struct {
				Token string `yaml:"token"`
			} `yaml:"user"`
		} `yaml:"users"`
	}
	if err := yaml.Unmarshal(kubeconfig, &read); err != nil || len(read.Clusters) == 0 || len(read.Users) == 0 {
		return made, "", fmt.Errorf("failed to parse kubeconfig from token")
	}
	if read.Users[0].Name != user {
		return made, "", fmt.Errorf("wrong token type %s, expected type: %s", read.Users[0].Name, user)
	}
	made = joinToken{URL: read.Clusters[0].Cluster.Server, User: user, Secret: read.Users[0].User.Token}
	made.Authority, err = base64.StdEncoding.DecodeString(read.Clusters[0].Cluster.Authority)
	return made, string(kubeconfig), err
}

// token makes, lists and invalidates join tokens on a controller that runs.
func token(arguments []string) error {
	given, err := parse(arguments, "wait", "role expiry config cert url valid out")
	if err != nil {
		return err
	}
	if len(given.rest) == 0 {
		return fmt.Errorf("usage: k0s token create|list|invalidate")
	}
	client, err := adminClient(given.layout())
	if err != nil {
		return err
	}
	switch given.rest[0] {
	case "create":
		return createToken(client, given)
	case "list":
		secrets, err := client.List(secretsPath + "?fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken")
		if err != nil {
			return err
		}
		if len(secrets) == 0 {
			fmt.Println("No k0s join tokens found")
			return nil
		}
		fmt.Printf("%-10s %-12s %s\n", "ID", "ROLE", "EXPIRES AT")
		for _, secret := range secrets {
			role := "worker"
			if decoded(secret, "usage-bootstrap-api-controller-join") == "true" {
				role = "controller"
			}
			fmt.Printf("%-10s %-12s %s\n", decoded(secret, "token-id"), role, decoded(secret, "expiration"))
		}
		return nil
	case "invalidate":
		if len(given.rest) < 2 {
			return fmt.Errorf("requires at least one token ID to invalidate")
		}
		for _, id := range given.rest[1:] {
			if err := client.Delete(secretsPath + "/bootstrap-token-" + id); err != nil {
				return err
			}
			fmt.Printf("token %s deleted successfully\n", id)
		}
		return nil
	}
	return fmt.Errorf("unknown command %q for \"k0s token\"", given.rest[0])
}

func createToken(client *api.Client, given flags) error {
	role := given.one("role")
	if role == "" {
		role = "worker"
	}
	if role != "worker" && role != "controller" {
		return fmt.Errorf("unsupported role %q, supported roles are \"controller\" and \"worker\"", role)
	}
	expiry, err := time.ParseDuration(strings.TrimSuffix(given.one("expiry"), " "))
	if given.one("expiry") == "" || given.one("expiry") == "0" {
		expiry, err = 0, nil
	}
	if err != nil {
		return err
	}
	file := given.one("config")
	if file == "" {
		file = defaultConfig
	}
	made, err := readConfig(file)
	if err != nil {
		return err
	}
	authority, err := os.ReadFile(given.layout().pki("ca.crt"))
	if err != nil {
		return err
	}
	id, secret := random(3), random(8)
	data := map[string]string{"token-id": id, "token-secret": secret, "description": "Worker bootstrap token generated by k0s",
		"usage-bootstrap-authentication": "true", "usage-bootstrap-signing": "false"}
	token := joinToken{Secret: id + "." + secret, Authority: authority, User: workerUser, URL: made.apiURL(made.Spec.API.Port)}
	if role == "controller" {
		data["usage-bootstrap-authentication"], data["usage-bootstrap-api-controller-join"] = "false", "true"
		data["description"] = "Controller bootstrap token generated by k0s"
		token.User, token.URL = controllerUser, made.apiURL(made.Spec.API.K0sAPIPort)
	} else {
		data["usage-bootstrap-api-worker-calls"] = "true"
	}
	if expiry > 0 {
		data["expiration"] = time.Now().UTC().Add(expiry).Format(time.RFC3339)
	}
	if err := client.Create(secretsPath, api.Object{"apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
		"metadata": api.Object{"name": "bootstrap-token-" + id}, "stringData": data}); err != nil {
		return err
	}
	text, err := token.encode()
	if err != nil {
		return err
	}
	fmt.Println(text)
	return nil
}

// mayJoin checks a controller's token against its secret.
func (node *controllerNode) mayJoin(token string) bool {
	id, secret, isOne := strings.Cut(token, ".")
	if !isOne || secret == "" {
		return false
	}
	found, err := node.admin.Get(secretsPath + "/bootstrap-token-" + id)
	if err != nil || decoded(found, "token-secret") != secret || decoded(found, "usage-bootstrap-api-controller-join") != "true" {
		return false
	}
	expires, err := time.Parse(time.RFC3339, decoded(found, "expiration"))
	return err != nil || time.Now().Before(expires)
}

func decoded(secret api.Object, key string) string {
	text, _ := base64.StdEncoding.DecodeString(api.Text(secret, "data", key))
	return string(text)
}

func adminClient(at layout) (*api.Client, error) {
	if _, err := os.Stat(at.pki("admin.conf")); err != nil {
		return nil, fmt.Errorf("failed to read admin config, is this node a controller? %w", err)
	}
	return api.FromFiles("https://127.0.0.1:6443", at.pki("ca.crt"), at.pki("admin"))
}
