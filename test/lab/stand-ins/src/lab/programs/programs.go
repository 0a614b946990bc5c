// Package programs finds the real Kubernetes, etcd and containerd that a lab host has for the stand-ins.
package programs

import (
	"os"
	"os/exec"
	"path/filepath"
)

// Kubernetes is the path of a program of Kubernetes, or etcd.
func Kubernetes(name string) string {
	return find(name, "SEALER_LAB_KUBERNETES", "/opt/lab/kubernetes", "/usr/libexec/kubernetes")
}

// Container is the path of containerd, ctr or runc.
func Container(name string) string {
	return find(name, "SEALER_LAB_CONTAINERD", "/opt/lab/containerd", "/usr/local/bin", "/usr/bin", "/usr/sbin")
}

// Plugins is the folder of the CNI plugins.
func Plugins() string {
	for _, folder := range []string{filepath.Join(os.Getenv("SEALER_LAB_CONTAINERD"), "cni"), "/opt/lab/containerd/cni", "/usr/lib/cni"} {
		if _, err := os.Stat(filepath.Join(folder, "ptp")); err == nil {
			return folder
		}
	}
	return "/opt/cni/bin"
}

// ContainerEnvironment is what containerd and all below it need: its own folder first on PATH, and its libraries.
func ContainerEnvironment() []string {
	bin := filepath.Dir(Container("containerd"))
	environment := append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH")+":/usr/sbin:/sbin:/usr/bin:/bin")
	if libraries := filepath.Join(filepath.Dir(bin), "lib"); bin != "/usr/bin" {
		if _, err := os.Stat(libraries); err == nil {
			environment = append(environment, "LD_LIBRARY_PATH="+libraries)
		}
	}
	return environment
}

func find(name, override string, folders ...string) string {
	if own := os.Getenv(override); own != "" {
		folders = append([]string{own}, folders...)
	}
	for _, folder := range folders {
		for _, path := range []string{filepath.Join(folder, "bin", name), filepath.Join(folder, name)} {
			if found, err := os.Stat(path); err == nil && !found.IsDir() {
				return path
			}
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	return filepath.Join(folders[0], "bin", name)
}
