package main

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// registries is k3s's registries.yaml.
type registries struct {
	Mirrors map[string]struct {
		Endpoint []string          `yaml:"endpoint"`
		Rewrite  map[string]string `yaml:"rewrite"`
	} `yaml:"mirrors"`
	Configs map[string]struct {
		Auth struct {
			Username string `yaml:"username"`
			Password string `yaml:"password"`
		} `yaml:"auth"`
		TLS struct {
			CAFile             string `yaml:"ca_file"`
			InsecureSkipVerify bool   `yaml:"insecure_skip_verify"`
		} `yaml:"tls"`
	} `yaml:"configs"`
}

// writeHosts turns registries.yaml into containerd's folder of hosts.toml files, `*` into `_default`, as k3s does.
func writeHosts(folder string) error {
	var file registries
	if err := readYAML(configFolder+"/registries.yaml", &file); err != nil {
		return err
	}
	if _, all := file.Mirrors["*"]; !all {
		// Nothing may fall through to the internet: who names no mirror for the rest gets an error, and at once.
		if err := writeHost(folder, "_default", hostSection("server", "http://127.0.0.1:9", file)+"[host]\n"); err != nil {
			return err
		}
	}
	for host, mirror := range file.Mirrors {
		if len(mirror.Rewrite) > 0 || len(mirror.Endpoint) == 0 {
			return fmt.Errorf("registries.yaml: mirror %q: this stand-in for k3s needs endpoints and knows no rewrite", host)
		}
		// The last endpoint takes the place of the registry itself, which containerd would ask in the end.
		last := len(mirror.Endpoint) - 1
		// containerd 1.6 ignores a file that has no table of further hosts, be it empty.
		text := hostSection("server", mirror.Endpoint[last], file) + "\n[host]\n"
		for _, endpoint := range mirror.Endpoint[:last] {
			text += hostSection("host", endpoint, file)
		}
		if host == "*" {
			host = "_default"
		}
		if err := writeHost(folder, host, text); err != nil {
			return err
		}
	}
	return nil
}

// hostSection is one endpoint in containerd's hosts.toml (containerd docs/hosts.md): the root, or a table of its own.
func hostSection(kind, endpoint string, file registries) string {
	var text strings.Builder
	header := "header"
	if kind == "server" {
		fmt.Fprintf(&text, "server = %q\n", endpoint)
	} else {
		fmt.Fprintf(&text, "\n[host.%q]\n", endpoint)
		header = fmt.Sprintf("host.%q.header", endpoint)
	}
	text.WriteString("capabilities = [\"pull\", \"resolve\"]\n")
	address, err := url.Parse(endpoint)
	if err != nil {
		return text.String()
	}
	if path := strings.TrimSuffix(address.Path, "/"); path != "" && path != "/v2" {
		text.WriteString("override_path = true\n")
	}
	settings := file.Configs[address.Host]
	if settings.TLS.InsecureSkipVerify {
		text.WriteString("skip_verify = true\n")
	}
	if settings.TLS.CAFile != "" {
		fmt.Fprintf(&text, "ca = %q\n", settings.TLS.CAFile)
	}
	if settings.Auth.Username != "" {
		login := base64.StdEncoding.EncodeToString([]byte(settings.Auth.Username + ":" + settings.Auth.Password))
		fmt.Fprintf(&text, "[%s]\nAuthorization = %q\n", header, "Basic "+login)
	}
	return text.String()
}

func writeHost(folder, host, text string) error {
	file := filepath.Join(folder, host, "hosts.toml")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o600)
}
