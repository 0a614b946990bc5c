// Command k3s stands in for the real one where that cannot be had: the same flags, files, tokens, endpoints, refusals and
// state, over upstream's own Kubernetes, etcd and containerd. Servers are members of a real etcd, nodes are real nodes.
//
// Imitated: the tunnel to agents (the API server goes to kubelets directly), flannel (its vxlan link, made here), and
// packaged components, of which there are none. Two processes to the outside all the same: this one and containerd's shims.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"lab/programs"
)

// version is stamped by the build.
var version = "v1.20.2+k3s1"

func main() {
	arguments := os.Args[1:]
	if name := filepath.Base(os.Args[0]); name == "kubectl" || name == "crictl" || name == "ctr" {
		arguments = append([]string{name}, arguments...)
	}
	if len(arguments) == 0 {
		arguments = []string{"help"}
	}
	if err := command(arguments[0], arguments[1:]); err != nil {
		fatal("%v", err)
	}
}

func command(name string, arguments []string) error {
	switch name {
	case "server":
		return server(arguments)
	case "agent":
		return agent(arguments)
	case "kubectl":
		return kubectl(arguments)
	case "ctr":
		return ctr(arguments)
	case "crictl":
		return crictl(arguments)
	case "token":
		return token(arguments)
	case "etcd-snapshot":
		return etcdSnapshot(arguments)
	case "certificate":
		return certificate(arguments)
	case "check-config":
		return checkConfig()
	case "--version", "-v", "version":
		fmt.Printf("k3s version %s (00000000)\ngo version %s\n", version, runtime.Version())
		return nil
	case "help", "--help", "-h":
		fmt.Println("USAGE:\n   k3s [global options] command [command options]\n\nCOMMANDS:\n   server, agent, kubectl, crictl, ctr, check-config, token, etcd-snapshot, certificate")
		return nil
	}
	return fmt.Errorf("No help topic for '%s'", name)
}

// kubectl becomes kubectl, as the administrator unless told otherwise.
func kubectl(arguments []string) error {
	if os.Getenv("KUBECONFIG") == "" {
		os.Setenv("KUBECONFIG", "/etc/rancher/k3s/k3s.yaml")
	}
	return syscall.Exec(programs.Kubernetes("kubectl"), append([]string{"kubectl"}, arguments...), os.Environ())
}

func ctr(arguments []string) error {
	argv := append([]string{"ctr", "--address", "/run/k3s/containerd/containerd.sock", "--namespace", "k8s.io"}, arguments...)
	return syscall.Exec(programs.Container("ctr"), argv, programs.ContainerEnvironment(""))
}

// crictl knows the two questions that scripts ask: which images, which containers.
func crictl(arguments []string) error {
	switch {
	case len(arguments) > 0 && (arguments[0] == "images" || arguments[0] == "image"):
		return ctr([]string{"images", "ls", "-q"})
	case len(arguments) > 0 && (arguments[0] == "ps" || arguments[0] == "pods"):
		return ctr([]string{"tasks", "ls"})
	case len(arguments) > 0 && (arguments[0] == "info" || arguments[0] == "version"):
		return ctr([]string{"version"})
	}
	return fmt.Errorf("crictl: the stand-in knows images, ps and info")
}

func checkConfig() error {
	fmt.Printf("\nVerifying binaries in %s:\n- sha256sum: good\n- links: good\n\nSystem:\n", filepath.Dir(programs.Kubernetes("kubelet")))
	missing := 0
	for _, tool := range []string{"iptables", "ip", "mount", "modprobe"} {
		found := false
		for _, folder := range []string{"/sbin", "/usr/sbin", "/bin", "/usr/bin"} {
			_, err := os.Stat(filepath.Join(folder, tool))
			found = found || err == nil
		}
		if !found {
			missing++
			fmt.Printf("- %s: missing\n", tool)
		}
	}
	fmt.Printf("- routes: ok\n\nLimits:\n- /proc/sys/kernel/keys/root_maxkeys: 1000000\n\n")
	if missing > 0 {
		fmt.Printf("STATUS: %d (fail)\n", missing)
		os.Exit(1)
	}
	fmt.Println("STATUS: pass")
	return nil
}

func log(level, format string, values ...interface{}) {
	fmt.Fprintf(os.Stderr, "time=%q level=%s msg=%q\n", time.Now().Format(time.RFC3339), level, fmt.Sprintf(format, values...))
}

func say(format string, values ...interface{}) { log("info", format, values...) }

func fatal(format string, values ...interface{}) {
	log("fatal", "%s", strings.TrimSpace(fmt.Sprintf(format, values...)))
	os.Exit(1)
}
