package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"
)

// options is every setting by its flag's name without dashes; a switch that is on is "true".
type options map[string][]string

// The flags that mean something to somebody; others are refused on the command line and skipped in config.yaml, as the
// real one does.
var (
	switches = words(`cluster-init cluster-reset debug disable-agent disable-apiserver disable-cloud-controller disable-controller-manager
		disable-default-registry-endpoint disable-etcd disable-helm-controller disable-kube-proxy disable-network-policy disable-scheduler
		docker embedded-registry etcd-disable-snapshots etcd-expose-metrics etcd-snapshot-compress flannel-external-ip flannel-ipv6-masq
		prefer-bundled-bin protect-kernel-defaults rootless secrets-encryption selinux tls-san-security with-node-id`)
	values = words(`advertise-address advertise-port agent-token agent-token-file bind-address cluster-cidr cluster-dns cluster-domain
		cluster-reset-restore-path config data-dir datastore-endpoint default-local-storage-path disable egress-selector-mode
		etcd-arg etcd-snapshot-dir etcd-snapshot-name etcd-snapshot-retention etcd-snapshot-schedule-cron flannel-backend flannel-iface
		https-listen-port image-credential-provider-bin-dir kube-apiserver-arg kube-controller-manager-arg kube-proxy-arg kube-scheduler-arg
		kubelet-arg lb-server-port log node-external-ip node-ip node-label node-name node-taint pause-image private-registry resolv-conf
		server service-cidr service-node-port-range snapshotter system-default-registry tls-san token token-file vmodule
		write-kubeconfig write-kubeconfig-mode`)
	environment = map[string]string{"K3S_TOKEN": "token", "K3S_TOKEN_FILE": "token-file", "K3S_URL": "server", "K3S_NODE_NAME": "node-name",
		"K3S_AGENT_TOKEN": "agent-token", "K3S_KUBECONFIG_MODE": "write-kubeconfig-mode", "K3S_DATA_DIR": "data-dir"}
	short = map[string]string{"-t": "token", "-s": "server", "-d": "data-dir", "-c": "config", "-l": "log", "-o": "write-kubeconfig"}
)

func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[word] = true
	}
	return set
}

// readOptions joins config.yaml with its drop-ins, the environment and flags; each beats those before it.
func readOptions(arguments []string) (options, error) {
	flags, err := parseFlags(arguments)
	if err != nil {
		return nil, err
	}
	file := "/etc/rancher/k3s/config.yaml"
	if given := flags.one("config"); given != "" {
		file = given
	}
	all := options{}
	dropIns, _ := filepath.Glob(file + ".d/*.yaml")
	sort.Strings(dropIns)
	for _, each := range append([]string{file}, dropIns...) {
		if err := all.merge(each); err != nil {
			return nil, err
		}
	}
	for variable, name := range environment {
		if value := os.Getenv(variable); value != "" {
			all[name] = []string{value}
		}
	}
	for name, given := range flags {
		all[name] = given
	}
	for _, name := range []string{"token", "agent-token"} {
		file := all.one(name + "-file")
		if file == "" || all.one(name) != "" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		all[name] = []string{strings.TrimSpace(string(text))}
	}
	return all, nil
}

func parseFlags(arguments []string) (options, error) {
	flags := options{}
	for i := 0; i < len(arguments); i++ {
		flag, value, hasValue := strings.Cut(arguments[i], "=")
		name := strings.TrimLeft(flag, "-")
		if long, is := short[flag]; is {
			name = long
		}
		switch {
		case !strings.HasPrefix(flag, "-"):
			return nil, fmt.Errorf("unexpected argument %q", flag)
		case switches[name] && !hasValue:
			value = "true"
		case switches[name]:
		case !values[name]:
			return nil, fmt.Errorf("flag provided but not defined: -%s", name)
		case !hasValue:
			if i++; i >= len(arguments) {
				return nil, fmt.Errorf("flag needs an argument: -%s", name)
			}
			value = arguments[i]
		}
		flags[name] = append(flags[name], value)
	}
	return flags, nil
}

func (all options) merge(file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var content map[string]interface{}
	if err := yaml.Unmarshal(text, &content); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for key, value := range content {
		name := strings.TrimSuffix(key, "+")
		if !switches[name] && !values[name] {
			log("warning", "Unknown flag --%s found in config.yaml, skipping\n", name)
			continue
		}
		var list []string
		if items, is := value.([]interface{}); is {
			for _, item := range items {
				list = append(list, fmt.Sprint(item))
			}
		} else if value != nil {
			list = []string{fmt.Sprint(value)}
		}
		if strings.HasSuffix(key, "+") {
			list = append(append([]string(nil), all[name]...), list...)
		}
		all[name] = list
	}
	return nil
}

func (all options) one(name string) string {
	if given := all[name]; len(given) > 0 {
		return given[len(given)-1]
	}
	return ""
}

func (all options) or(name, otherwise string) string {
	if value := all.one(name); value != "" {
		return value
	}
	return otherwise
}

// list is all values, those that were given with commas in one included.
func (all options) list(name string) []string {
	var made []string
	for _, value := range all[name] {
		for _, part := range strings.Split(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				made = append(made, part)
			}
		}
	}
	return made
}

func (all options) is(name string) bool { return all.one(name) == "true" }
