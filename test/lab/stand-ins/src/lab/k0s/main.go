// Command k0s stands in for the real one where that cannot be had: the same commands, services, files, tokens, refusals and
// state, over upstream's own Kubernetes, etcd and containerd.
//
// Imitated: kube-router (a vxlan link named kube-bridge, made here), the node-local balancer (in this process, not Envoy),
// konnectivity (the API server goes to kubelets directly). There is no CoreDNS and no metrics-server.
package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"lab/programs"
)

// version is stamped by the build.
var version = "v1.20.2+k0s.0"

const dataDefault = "/var/lib/k0s"

func main() {
	if len(os.Args) < 2 {
		fmt.Println("k0s - The zero friction Kubernetes - https://k0sproject.io\n\nUsage:\n  k0s [command]")
		return
	}
	if err := command(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "Error: %v\n", err)
		os.Exit(1)
	}
}

func command(name string, arguments []string) error {
	switch name {
	case "version":
		fmt.Println(version)
		return nil
	case "controller":
		return controller(arguments)
	case "worker":
		return worker(arguments)
	case "kubectl", "kc":
		return kubectl(arguments)
	case "ctr":
		return ctr(arguments)
	case "sysinfo":
		return sysinfo(arguments)
	case "status":
		return status(arguments)
	}
	needed := map[string]func([]string) error{"install": install, "start": start, "stop": stop, "reset": reset, "token": token,
		"kubeconfig": kubeconfig, "etcd": etcdCommand, "config": config, "backup": backup, "airgap": airgap}
	run, known := needed[name]
	if !known {
		return fmt.Errorf("unknown command %q for \"k0s\"", name)
	}
	if os.Geteuid() != 0 && name != "config" && name != "airgap" {
		return fmt.Errorf("this command must be run as root")
	}
	return run(arguments)
}

// kubectl becomes kubectl, as the administrator unless told otherwise.
func kubectl(arguments []string) error {
	if os.Getenv("KUBECONFIG") == "" {
		if _, err := os.Stat(dataDefault + "/pki/admin.conf"); err != nil {
			return fmt.Errorf("cannot stat file %s/pki/admin.conf: file not found, check if the control plane is initialized on this node", dataDefault)
		}
		os.Setenv("KUBECONFIG", dataDefault+"/pki/admin.conf")
	}
	return syscall.Exec(programs.Kubernetes("kubectl"), append([]string{"kubectl"}, arguments...), os.Environ())
}

func ctr(arguments []string) error {
	argv := append([]string{"ctr", "--address", "/run/k0s/containerd.sock"}, arguments...)
	return syscall.Exec(programs.Container("ctr"), argv, programs.ContainerEnvironment(""))
}

// flags are a command's: values by their name, `true` for switches; what is no flag comes after.
type flags struct {
	values map[string][]string
	rest   []string
}

// parse knows which flags take a value; it refuses those that it does not know.
func parse(arguments []string, switches, valued string) (flags, error) {
	made := flags{values: map[string][]string{}}
	known := map[string]bool{}
	for _, name := range strings.Fields(switches + " debug verbose d v") {
		known[name] = false
	}
	for _, name := range strings.Fields(valued + " data-dir status-socket") {
		known[name] = true
	}
	short := map[string]string{"c": "config", "o": "out", "e": "env"}
	for i := 0; i < len(arguments); i++ {
		flag, value, has := strings.Cut(arguments[i], "=")
		if !strings.HasPrefix(flag, "-") {
			made.rest = append(made.rest, arguments[i])
			continue
		}
		name := strings.TrimLeft(flag, "-")
		if long, is := short[name]; is && !strings.HasPrefix(flag, "--") {
			name = long
		}
		takes, is := known[name]
		if !is {
			return made, fmt.Errorf("unknown flag: %s", flag)
		}
		if takes && !has {
			if i++; i >= len(arguments) {
				return made, fmt.Errorf("flag needs an argument: %s", flag)
			}
			value = arguments[i]
		} else if !takes && !has {
			value = "true"
		}
		made.values[name] = append(made.values[name], value)
	}
	return made, nil
}

func (all flags) one(name string) string {
	if given := all.values[name]; len(given) > 0 {
		return given[len(given)-1]
	}
	return ""
}

func (all flags) is(name string) bool { return all.one(name) == "true" }

// list is all values, those that were given with commas in one included.
func (all flags) list(name string) []string {
	var made []string
	for _, value := range all.values[name] {
		for _, part := range strings.Split(value, ",") {
			if part != "" {
				made = append(made, part)
			}
		}
	}
	return made
}

// minor is the Kubernetes minor that we say we are.
func minor() int {
	var made int
	_, _ = fmt.Sscanf(version, "v1.%d.", &made)
	return made
}

func say(format string, values ...interface{}) {
	fmt.Fprintf(os.Stderr, "time=%q level=info msg=%q\n", time.Now().Format("2006-01-02 15:04:05"), fmt.Sprintf(format, values...))
}
