package member

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"time"

	"lab/api"
	"lab/pki"
)

// Point to point rather than a bridge: what one pod sends to another by a service's address then always passes the
// node's connection tracking, also on a kernel without br_netfilter.
const podNetwork = `{
  "cniVersion": "0.3.1",
  "name": "cbr0",
  "plugins": [
    {
      "type": "ptp",
      "mtu": 1450,
      "ipam": {
        "type": "host-local",
        "dataDir": "/var/lib/cni/networks",
        "ranges": [[{ "subnet": "%s" }]],
        "routes": [{ "dst": "0.0.0.0/0" }]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
`

// KeepNetwork does flannel's part, until the process ends: a vxlan link whose neighbours are the other nodes. The link
// carries all routes, so they go with it. A node's hardware address comes from its own address: nobody has to tell it.
func (settings Settings) KeepNetwork(client *api.Client, file string, say func(format string, values ...interface{})) {
	known := map[string]string{}
	isUp := false
	for ; ; time.Sleep(pause(isUp)) {
		nodes, err := client.List("/api/v1/nodes")
		if err != nil {
			continue
		}
		current := map[string]string{}
		for _, node := range nodes {
			pods, address := api.Text(node, "spec", "podCIDR"), api.NodeAddress(node)
			switch {
			case pods == "" || address == "":
			case api.Text(node, "metadata", "name") != settings.Name:
				current[pods] = address
			case !isUp:
				if err := settings.bringUp(pods, file); err != nil {
					say("Network: %v", err)
					continue
				}
				isUp = true
			}
		}
		if !isUp {
			continue
		}
		for pods, address := range current {
			if known[pods] == address {
				continue
			}
			if err := settings.reach(pods, address); err != nil {
				say("Network: %v", err)
				continue
			}
			known[pods] = address
		}
		for pods := range known {
			if current[pods] == "" {
				_ = run("ip", "route", "del", pods, "dev", settings.Link)
				delete(known, pods)
			}
		}
	}
}

func pause(isUp bool) time.Duration {
	if isUp {
		return time.Second
	}
	return 200 * time.Millisecond
}

// bringUp makes the link, masquerades what leaves the pods' network, and lets containers have addresses.
func (settings Settings) bringUp(pods, file string) error {
	link := settings.Link
	_ = run("ip", "link", "del", link)
	own, _, err := net.ParseCIDR(pods)
	if err != nil {
		return err
	}
	masquerade := []string{"POSTROUTING", "-s", settings.ClusterCIDR, "!", "-d", settings.ClusterCIDR,
		"-m", "comment", "--comment", settings.MasqueradeComment, "-j", "MASQUERADE"}
	for _, command := range [][]string{
		{"ip", "link", "add", link, "address", hardware(settings.Address), "mtu", "1450", "type", "vxlan", "id", "1",
			"local", settings.Address, "dstport", "8472", "nolearning"},
		{"ip", "address", "add", own.String() + "/32", "dev", link},
		{"ip", "link", "set", link, "up"},
	} {
		if err := run(command...); err != nil {
			return err
		}
	}
	// Checksums of masqueraded packets are wrong otherwise on some kernels (flannel issue 1279).
	_ = run("ethtool", "-K", link, "tx-checksum-ip-generic", "off")
	if run(append([]string{"iptables", "-w", "-t", "nat", "-C"}, masquerade...)...) != nil {
		if err := run(append([]string{"iptables", "-w", "-t", "nat", "-A"}, masquerade...)...); err != nil {
			return err
		}
	}
	return pki.WriteFile(filepath.Join(settings.CNIFolder, file), []byte(fmt.Sprintf(podNetwork, pods)), 0o644)
}

// reach leads a node's pods' addresses to that node.
func (settings Settings) reach(pods, address string) error {
	gateway, _, err := net.ParseCIDR(pods)
	if err != nil {
		return err
	}
	for _, command := range [][]string{
		{"bridge", "fdb", "replace", hardware(address), "dev", settings.Link, "dst", address},
		{"ip", "neigh", "replace", gateway.String(), "lladdr", hardware(address), "dev", settings.Link, "nud", "permanent"},
		{"ip", "route", "replace", pods, "via", gateway.String(), "dev", settings.Link, "onlink"},
	} {
		if err := run(command...); err != nil {
			return err
		}
	}
	return nil
}

func hardware(address string) string {
	ip := net.ParseIP(address).To4()
	if ip == nil {
		ip = net.IP{0, 0, 0, 0}
	}
	return fmt.Sprintf("0a:42:%02x:%02x:%02x:%02x", ip[0], ip[1], ip[2], ip[3])
}

func run(argv ...string) error {
	if said, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %v: %s", argv, err, said)
	}
	return nil
}
