package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// cloneNewCgroup is CLONE_NEWCGROUP of linux/sched.h, which this version of syscall lacks.
const cloneNewCgroup = 0x02000000

// ownCgroupNamespace begins this program anew with its own group as the root of all groups, as a kubelet needs it, unless
// that is so already. podman 4.3 makes no such namespace by Docker's API where cgroups are of version 1.
func ownCgroupNamespace() error {
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return err
	}
	isRoot := true
	for _, line := range strings.Split(strings.TrimSpace(string(groups)), "\n") {
		isRoot = isRoot && strings.HasSuffix(line, ":/")
	}
	if isRoot {
		return nil
	}
	// Namespaces belong to threads; what is executed from this one gets its.
	runtime.LockOSThread()
	if err := syscall.Unshare(cloneNewCgroup); err != nil {
		return fmt.Errorf("cannot make a cgroup namespace: %w (the container has to be privileged)", err)
	}
	return syscall.Exec("/proc/self/exe", os.Args, os.Environ())
}

// prepareHost makes of a privileged container what a kubelet expects of a machine.
func prepareHost() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, ""); err != nil {
		return fmt.Errorf("cannot share mounts: %w (the container has to be privileged)", err)
	}
	for _, folder := range []string{data + "/agent", "/var/log/pods", "/var/lib/kubelet", "/run", "/tmp", "/opt/cni"} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	// iptables keeps its lock here, and /var/run may be a file system of its own.
	if err := os.MkdirAll("/var/run", 0o755); err != nil {
		return err
	}
	return delegateCgroups()
}

// delegateCgroups leaves the root of cgroup v2 without processes, or its controllers cannot be given to pods
// ("no internal processes", kernel Documentation/admin-guide/cgroup-v2). Version 1 has no such rule.
func delegateCgroups() error {
	const root = "/sys/fs/cgroup"
	available, err := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	own := filepath.Join(root, "init")
	if err := os.MkdirAll(own, 0o755); err != nil {
		return err
	}
	processes, err := os.ReadFile(filepath.Join(root, "cgroup.procs"))
	if err != nil {
		return err
	}
	for _, pid := range strings.Fields(string(processes)) {
		// One that ended since is no loss.
		_ = os.WriteFile(filepath.Join(own, "cgroup.procs"), []byte(pid), 0o644)
	}
	given := "+" + strings.Join(strings.Fields(string(available)), " +")
	return os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte(given), 0o644)
}
