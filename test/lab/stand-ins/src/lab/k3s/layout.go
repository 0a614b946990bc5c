package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"

	"lab/programs"
)

// layout is where a data folder keeps what, as in the real one.
type layout struct{ data string }

func (all options) layout() layout {
	return layout{strings.TrimSuffix(all.or("data-dir", "/var/lib/rancher/k3s"), "/")}
}

func (at layout) tls(name string) string    { return filepath.Join(at.data, "server/tls", name) }
func (at layout) server(name string) string { return filepath.Join(at.data, "server", name) }
func (at layout) agent(name string) string  { return filepath.Join(at.data, "agent", name) }
func (at layout) etcd() string              { return filepath.Join(at.data, "server/db/etcd") }

// programs is the folder of unpacked programs, by version.
func (at layout) programs() string { return filepath.Join(at.data, "data", version, "bin") }

// unpack lays out the programs of this version. Those of others stay: containers' shims still run from there.
func (at layout) unpack() error {
	if err := programs.Unpack(at.programs()); err != nil {
		return err
	}
	current := filepath.Join(at.data, "data/current")
	_ = os.MkdirAll(filepath.Dir(current), 0o755)
	_ = os.Remove(current)
	return os.Symlink(version, current)
}

// hasDefaultRoute: without one the real one ends.
func hasDefaultRoute() error {
	routes, _ := os.ReadFile("/proc/net/route")
	for _, line := range strings.Split(string(routes), "\n") {
		if fields := strings.Fields(line); len(fields) > 2 && fields[1] == "00000000" {
			return nil
		}
	}
	return errorText(`no default routes found in "/proc/net/route" or "/proc/net/ipv6_route"`)
}

func (all options) nodeName() string {
	hostname, _ := os.Hostname()
	return strings.ToLower(all.or("node-name", hostname))
}

// nodeAddress is the one that was given, or the first IPv4 address of the first interface that leads anywhere.
func (all options) nodeAddress() string {
	if given := all.list("node-ip"); len(given) > 0 {
		return given[0]
	}
	interfaces, _ := net.Interfaces()
	for _, each := range interfaces {
		if each.Flags&net.FlagLoopback != 0 || each.Flags&net.FlagUp == 0 || strings.HasPrefix(each.Name, "dummy") ||
			strings.HasPrefix(each.Name, "flannel") || strings.HasPrefix(each.Name, "veth") {
			continue
		}
		addresses, _ := each.Addrs()
		for _, address := range addresses {
			if network, is := address.(*net.IPNet); is && network.IP.To4() != nil {
				return network.IP.String()
			}
		}
	}
	return "127.0.0.1"
}
