// Package programs finds the real Kubernetes, etcd and containerd that a lab host has for the stand-ins.
package programs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// Unpack copies the container runtime into a folder, as the real ones do at their start: whoever ends containers knows
// their shims by that folder.
func Unpack(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"containerd", "containerd-shim-runc-v2", "runc"} {
		target := filepath.Join(folder, name)
		if _, err := os.Stat(target); err == nil {
			continue
		}
		content, err := os.ReadFile(Container(name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(target+".new", content, 0o755); err != nil {
			return err
		}
		if err := os.Rename(target+".new", target); err != nil {
			return err
		}
	}
	return nil
}

// ContainerEnvironment is what containerd and all below it need: the folder that it is in first on PATH, and its libraries.
func ContainerEnvironment(folder string) []string {
	own := filepath.Dir(Container("containerd"))
	environment := []string{"PATH=" + folder + ":" + os.Getenv("PATH") + ":/usr/sbin:/sbin:/usr/bin:/bin"}
	for _, each := range os.Environ() {
		if !strings.HasPrefix(each, "PATH=") {
			environment = append(environment, each)
		}
	}
	if libraries := filepath.Join(filepath.Dir(own), "lib"); own != "/usr/bin" {
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
