package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
)

var users = []string{"etcd", "kube-apiserver", "konnectivity-server", "kube-scheduler"}

// createUsers makes the system users that components of the real one run as; ours run as root.
func createUsers() {
	for _, user := range users {
		if exec.Command("id", "-u", user).Run() != nil {
			if err := run("useradd", "--home", dataDefault, "--shell", "/sbin/nologin", "--system", "--no-create-home", user); err != nil {
				say("%v", err)
			}
		}
	}
}

// reset takes away containers, users, services, data and links. The program, /etc/k0s and iptables' rules stay
// (k0s docs: reset.md).
func reset(arguments []string) error {
	given, err := parse(arguments, "", "config cri-socket kubelet-root-dir")
	if err != nil {
		return err
	}
	if asked() != nil {
		return fmt.Errorf("k0s seems to be running! please stop k0s before reset.")
	}
	data := given.one("data-dir")
	if data == "" {
		data = dataDefault
	}
	endContainers(filepath.Join(data, "bin"))
	for _, user := range users {
		if exec.Command("id", "-u", user).Run() == nil {
			_ = run("userdel", user)
		}
	}
	for _, name := range []string{"k0scontroller", "k0sworker"} {
		for _, file := range serviceFiles(name) {
			if _, err := os.Stat(file); err != nil {
				continue
			}
			if hasSystemd() {
				_ = run("systemctl", "disable", "--quiet", name+".service")
			} else {
				_ = run("rc-update", "del", name)
			}
			_ = os.Remove(file)
		}
	}
	if hasSystemd() {
		_ = run("systemctl", "daemon-reload")
	}
	unmountBelow(data)
	unmountBelow("/run/k0s")
	for _, netns := range glob("/run/netns/cni-*") {
		_ = syscall.Unmount(netns, syscall.MNT_DETACH)
		_ = os.Remove(netns)
	}
	for _, folder := range []string{data, "/run/k0s"} {
		if err := os.RemoveAll(folder); err != nil {
			// It may be a mount of its own; what is in it goes.
			for _, each := range glob(filepath.Join(folder, "*")) {
				_ = os.RemoveAll(each)
			}
		}
	}
	_ = os.Remove("/etc/cni/net.d/10-kuberouter.conflist")
	_ = os.RemoveAll("/var/lib/cni/networks/cbr0")
	_ = run("ip", "link", "delete", "kube-bridge")
	fmt.Fprintln(os.Stderr, "k0s cleanup operations done. To ensure a full reset, a node reboot is recommended.")
	return nil
}

// endContainers kills each shim with all that it started.
func endContainers(folder string) {
	children := map[int][]int{}
	var shims []int
	for _, process := range glob("/proc/[0-9]*") {
		pid, _ := strconv.Atoi(filepath.Base(process))
		stat, err := os.ReadFile(process + "/stat")
		if err != nil {
			continue
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		parent, _ := strconv.Atoi(fields[1])
		children[parent] = append(children[parent], pid)
		if program, _ := os.Readlink(process + "/exe"); strings.HasPrefix(program, folder+"/containerd-shim") {
			shims = append(shims, pid)
		}
	}
	var kill func(pid int)
	kill = func(pid int) {
		for _, child := range children[pid] {
			kill(child)
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for _, shim := range shims {
		kill(shim)
	}
}

func unmountBelow(folder string) {
	mounts, _ := os.ReadFile("/proc/mounts")
	var below []string
	for _, line := range strings.Split(string(mounts), "\n") {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1], folder+"/") {
			below = append(below, fields[1])
		}
	}
	sort.Sort(sort.Reverse(sort.StringSlice(below)))
	for _, mount := range below {
		_ = syscall.Unmount(mount, syscall.MNT_DETACH)
	}
}

func glob(pattern string) []string {
	found, _ := filepath.Glob(pattern)
	return found
}
