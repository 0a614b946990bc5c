package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lab/etcd"
)

// etcdCommand lists etcd's members, or takes one out.
func etcdCommand(arguments []string) error {
	given, err := parse(arguments, "", "peer-address config out")
	if err != nil {
		return err
	}
	if len(given.rest) == 0 {
		return fmt.Errorf("usage: k0s etcd member-list|leave")
	}
	file := given.one("config")
	if file == "" {
		file = defaultConfig
	}
	made, err := readConfig(file)
	if err != nil {
		return err
	}
	if made.Spec.Storage.Type != "etcd" {
		return fmt.Errorf("wrong storage type: %s", made.Spec.Storage.Type)
	}
	local, err := localEtcd(given.layout())
	if err != nil {
		return fmt.Errorf("can't list etcd cluster members: %w", err)
	}
	members, err := local.Members()
	if err != nil {
		return fmt.Errorf("can't list etcd cluster members: %w", err)
	}
	switch given.rest[0] {
	case "member-list":
		listed := map[string]string{}
		for _, member := range members {
			listed[member.Name] = member.PeerURLs[0]
		}
		text, err := json.Marshal(freeform{"members": listed})
		fmt.Println(string(text))
		return err
	case "leave":
		address := given.one("peer-address")
		if address == "" {
			address = made.Spec.Storage.Etcd.PeerAddress
		}
		// The real one makes the URL in the same way: with a URL it finds nobody.
		if len(members) == 1 {
			return fmt.Errorf("failed to delete node from cluster: etcdserver: re-configuration failed due to not enough started members")
		}
		found, err := etcd.RemovePeer(local, address)
		if err != nil {
			return fmt.Errorf("failed to delete node from cluster: %w", err)
		}
		if !found {
			return fmt.Errorf("failed to get %s peer ID: peer not found: https://%s:2380", address, address)
		}
		fmt.Fprintf(os.Stderr, "level=info msg=\"Successfully deleted\" peerID=%s\n", address)
		return nil
	}
	return fmt.Errorf("unknown command %q for \"k0s etcd\"", given.rest[0])
}

// kubeconfig prints the administrator's, with the address of the API in it.
func kubeconfig(arguments []string) error {
	if len(arguments) == 0 || arguments[0] != "admin" {
		return fmt.Errorf("usage: k0s kubeconfig admin")
	}
	given, err := parse(arguments[1:], "", "config")
	if err != nil {
		return err
	}
	at := given.layout()
	text, err := os.ReadFile(at.pki("admin.conf"))
	if err != nil {
		return fmt.Errorf("failed to read admin config, check if the control plane is initialized on this node: %w", err)
	}
	made, err := readConfig(defaultConfig)
	if err != nil {
		return err
	}
	fmt.Print(strings.Replace(string(text), "https://localhost:6443", made.apiURL(made.Spec.API.Port), 1))
	return nil
}

// backup packs the authorities, etcd's snapshot and the config.
func backup(arguments []string) error {
	given, err := parse(arguments, "", "save-path config")
	if err != nil {
		return err
	}
	at, folder := given.layout(), given.one("save-path")
	if asked() == nil {
		return fmt.Errorf("unable to perform backup: k0s is not running on this node")
	}
	if about, err := os.Stat(folder); err != nil || !about.IsDir() {
		return fmt.Errorf("the save-path directory (%s) does not exist", folder)
	}
	local, err := localEtcd(at)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "k0s-backup")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	snapshot := filepath.Join(work, "etcd-snapshot.db")
	if err := local.Snapshot(snapshot); err != nil {
		return err
	}
	file := filepath.Join(folder, fmt.Sprintf("k0s_backup_%s.tar.gz", time.Now().UTC().Format("2006-01-02T15_04_05_000Z")))
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	zipped := gzip.NewWriter(out)
	packed := tar.NewWriter(zipped)
	names := map[string]string{snapshot: "etcd-snapshot.db", defaultConfig: "k0s.yaml"}
	for _, pattern := range []string{"*", "etcd/*"} {
		for _, each := range glob(at.pki(pattern)) {
			relative, _ := filepath.Rel(at.data, each)
			names[each] = relative
		}
	}
	for source, name := range names {
		if err := add(packed, source, name); err != nil {
			return err
		}
	}
	if err := packed.Close(); err != nil {
		return err
	}
	if err := zipped.Close(); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "archive %s created successfully\n", file)
	return nil
}

func add(packed *tar.Writer, source, name string) error {
	about, err := os.Stat(source)
	if err != nil || !about.Mode().IsRegular() {
		return nil
	}
	opened, err := os.Open(source)
	if err != nil {
		return err
	}
	defer opened.Close()
	if err := packed.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: about.Size(), ModTime: about.ModTime()}); err != nil {
		return err
	}
	_, err = io.CopyN(packed, opened, about.Size())
	return err
}

func airgap(arguments []string) error {
	given, err := parse(arguments, "all", "config")
	if err != nil {
		return err
	}
	if len(given.rest) == 0 || given.rest[0] != "list-images" {
		return fmt.Errorf("usage: k0s airgap list-images")
	}
	file := given.one("config")
	if file == "" {
		file = defaultConfig
	}
	made, err := readConfig(file)
	if err != nil {
		return err
	}
	fmt.Println(made.pause())
	return nil
}

// sysinfo tells what a host lacks; nothing that is needed here is ever missing in the lab.
func sysinfo(arguments []string) error {
	given, err := parse(arguments, "controller worker", "out")
	if err != nil {
		return err
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	release := strings.TrimSpace(string(kernel))
	if given.one("out") == "json" {
		text, err := json.Marshal([]freeform{{"path": []string{"os"}, "displayName": "Operating system", "prop": "Linux", "category": "pass"},
			{"path": []string{"os", "kernelRelease"}, "displayName": "Linux kernel release", "prop": release, "category": "pass"}})
		fmt.Println(string(text))
		return err
	}
	fmt.Printf("Operating system: Linux (pass)\n  Linux kernel release: %s (pass)\n", release)
	return nil
}
