// Package member is what every node has, whatever made it one: containerd, kubelet, kube-proxy and the pods' network.
package member

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Settings says who a node is and where it keeps what.
type Settings struct {
	Name, Address string
	// What the kubelet reports, and where the stamped programs lie.
	Version, Programs string
	// The kubelet's root folder, and the folder of its certificates: client-ca.crt, serving-kubelet.crt, …
	KubeletRoot, Certificates string
	// The API server as this node reaches it, and kubeconfigs that say so.
	Server, KubeletKubeconfig, ProxyKubeconfig string
	// For a kubelet that has no certificate yet; or empty.
	BootstrapKubeconfig string
	// Files of component settings.
	Etc string
	// containerd: its data, its state and socket, and the folder of hosts.toml files.
	ContainerdRoot, ContainerdState, CertsFolder string
	// Where it is not containerd.sock in that folder.
	ContainerdSocket string
	PauseImage       string
	// The pods' network.
	ClusterCIDR, ClusterDNS, ClusterDomain, Link, CNIFolder string
	Labels, Taints, KubeletArguments                        []string
	// A kubelet's serving certificate is <path>.crt and <path>.key; empty: it signs its own.
	ServingCertificate, ClientCA string
	// Archives of images may have any name; which ones were imported.
	AnyArchive bool
	imported   map[string]time.Time
	// What the rule says that masquerades pods: cleaning up knows it by that.
	MasqueradeComment string
}

// Socket is containerd's.
func (settings Settings) Socket() string {
	if settings.ContainerdSocket != "" {
		return settings.ContainerdSocket
	}
	return filepath.Join(settings.ContainerdState, "containerd.sock")
}

// snapshotter is overlayfs, but overlays cannot lie on overlays: where the data is in a container's own file system,
// files are copied.
func (settings Settings) snapshotter() string {
	const overlayMagic = 0x794c7630
	var found syscall.Statfs_t
	if err := syscall.Statfs(settings.ContainerdRoot, &found); err == nil && found.Type == overlayMagic {
		return "native"
	}
	return "overlayfs"
}

// fill puts the settings' values into a text.
func (settings Settings) fill(text string) string {
	return strings.NewReplacer("{name}", settings.Name, "{address}", settings.Address, "{root}", settings.ContainerdRoot,
		"{state}", settings.ContainerdState, "{socket}", settings.Socket(), "{pause}", settings.PauseImage,
		"{snapshotter}", settings.snapshotter(), "{certs}", settings.CertsFolder, "{cni}", settings.CNIFolder,
		"{client-ca}", settings.ClientCA, "{dns}", settings.ClusterDNS, "{domain}", settings.ClusterDomain,
		"{pods}", settings.ClusterCIDR, "{proxy}", settings.ProxyKubeconfig).Replace(text)
}

// PrepareHost does what a kubelet expects to be done.
func (settings Settings) PrepareHost() error {
	for _, folder := range []string{settings.ContainerdRoot, settings.ContainerdState, settings.KubeletRoot, settings.Etc,
		settings.CNIFolder, "/var/log/pods"} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	_ = os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
	// Mounts of volumes have to reach the pods; systemd has shared them already on a machine of its own.
	_ = syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, "")
	return nil
}
