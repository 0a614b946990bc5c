// Command k3s stands in for the real one where that cannot be had: a whole Kubernetes in one container, for tests.
//
// To the one who starts it, it behaves as rancher/k3s does: `server`, /etc/rancher/k3s/config.yaml and registries.yaml,
// /etc/rancher/k3s/k3s.yaml once the API answers, data below /var/lib/rancher/k3s. Inside are upstream's own binaries and
// Debian's etcd, containerd, runc and CNI plugins. There is no CoreDNS, no ingress and no storage class: images for them
// cannot be had. No registry is ever asked that registries.yaml does not name, as with disable-default-registry-endpoint.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

const (
	configFolder = "/etc/rancher/k3s"
	data         = "/var/lib/rancher/k3s"
	kubeconfig   = configFolder + "/k3s.yaml"
	programs     = "/usr/libexec/kubernetes"
)

func main() {
	arguments := os.Args
	if filepath.Base(arguments[0]) == "k3s" {
		arguments = arguments[1:]
	}
	if len(arguments) > 0 && filepath.Base(arguments[0]) == "kubectl" {
		fail(kubectl(arguments[1:]))
	}
	if len(arguments) == 0 || arguments[0] != "server" {
		fail(fmt.Errorf("usage: k3s server | k3s kubectl ..."))
	}
	fail(server(arguments[1:]))
}

func fail(err error) {
	fmt.Println("k3s:", err)
	os.Exit(1)
}

func say(format string, values ...interface{}) {
	fmt.Printf("k3s: "+format+"\n", values...)
}

// kubectl becomes kubectl, as the administrator unless told otherwise.
func kubectl(arguments []string) error {
	if os.Getenv("KUBECONFIG") == "" {
		os.Setenv("KUBECONFIG", kubeconfig)
	}
	return syscall.Exec(programs+"/kubectl", append([]string{"kubectl"}, arguments...), os.Environ())
}

// server runs the cluster and comes back only when something went wrong; SIGTERM ends the process.
func server(flags []string) error {
	if err := ownCgroupNamespace(); err != nil {
		return err
	}
	started := time.Now()
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM, syscall.SIGINT)
	config, err := readConfig(flags)
	if err != nil {
		return err
	}
	if err := prepareHost(); err != nil {
		return err
	}
	if err := writeHosts(data + "/agent/etc/containerd/certs.d"); err != nil {
		return err
	}
	credentials, err := makeCredentials(config)
	if err != nil {
		return err
	}
	if err := writeComponentFiles(config); err != nil {
		return err
	}

	children := newSupervisor(data + "/logs")
	go func() {
		<-terminated
		say("stopping")
		children.stop(3 * time.Second)
		os.Exit(0)
	}()
	go func() {
		// What waits for an answer and what runs for good: both end here, and the container with them.
		failed := bringUp(config, credentials, children)
		if failed != nil {
			children.failed <- failed
			return
		}
		say("the API answers at https://%s:6443 after %.1f s", config.nodeIP, time.Since(started).Seconds())
	}()
	return <-children.failed
}
