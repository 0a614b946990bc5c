package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"lab/children"
	"lab/member"
	"lab/pki"
)

const (
	containerdFile = "/etc/k0s/containerd.toml"
	dropInFolder   = "/etc/k0s/containerd.d"
	managedLine    = "# k0s_managed=true"
)

// containerdConfig joins containerd's settings with the drop-ins, or takes the file that somebody else has made.
func containerdConfig(settings *member.Settings) (string, error) {
	own, err := os.ReadFile(containerdFile)
	if err == nil && !strings.HasPrefix(string(own), managedLine) {
		return joinTables(settings.ContainerdConfig(), strings.ReplaceAll(string(own), "io.containerd.cri.v1.images", "io.containerd.grpc.v1.cri")), nil
	}
	text := settings.ContainerdConfig()
	files, _ := filepath.Glob(filepath.Join(dropInFolder, "*.toml"))
	sort.Strings(files)
	for _, file := range files {
		dropIn, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		if err := checkDropIn(file, string(dropIn)); err != nil {
			return "", err
		}
		// Underneath is a containerd 1.6, which knows the old names only.
		text = joinTables(text, strings.ReplaceAll(string(dropIn), "io.containerd.cri.v1.images", "io.containerd.grpc.v1.cri"))
	}
	return managedLine + "\n" + text, nil
}

// checkDropIn: k0s from 1.36 on has containerd 2, whose settings are of version 3; those before do not know that one.
func checkDropIn(file, text string) error {
	given := ""
	for _, line := range strings.Split(text, "\n") {
		if key, value, is := strings.Cut(line, "="); is && strings.TrimSpace(key) == "version" {
			given = strings.TrimSpace(value)
		}
	}
	isOld := strings.Contains(text, "io.containerd.grpc.v1.cri")
	isNew := strings.Contains(text, "io.containerd.cri.v1")
	switch {
	case minor() >= 36 && (given != "" && given != "3" || isOld):
		return fmt.Errorf("containerd config version %s in %s is not supported: k0s ships with containerd 2, use version 3", given, file)
	case minor() < 36 && (given == "3" || isNew):
		return fmt.Errorf("failed to load containerd config %s: expected containerd config version equal to or less than `2`, got `3`", file)
	}
	return nil
}

// joinTables lays one TOML text over another, table by table and key by key. Values have to stand on one line.
func joinTables(under, over string) string {
	var order []string
	tables := map[string][]string{}
	for _, text := range []string{under, over} {
		table := ""
		for _, line := range strings.Split(text, "\n") {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if strings.HasPrefix(line, "[") {
				table = strings.ReplaceAll(line, "'", `"`)
			}
			if _, known := tables[table]; !known {
				order = append(order, table)
				tables[table] = nil
			}
			if strings.HasPrefix(line, "[") {
				continue
			}
			tables[table] = put(tables[table], line)
		}
	}
	var made strings.Builder
	for _, table := range order {
		made.WriteString(table + "\n" + strings.Join(tables[table], "\n") + "\n")
	}
	return strings.Replace(made.String(), "version = 3", "version = 2", 1)
}

func put(lines []string, line string) []string {
	key, _, _ := strings.Cut(line, "=")
	for i, each := range lines {
		if other, _, _ := strings.Cut(each, "="); strings.TrimSpace(other) == strings.TrimSpace(key) {
			lines[i] = line
			return lines
		}
	}
	return append(lines, line)
}

// startContainerd runs it with a configuration that follows the drop-ins, and archives that follow their folder.
func startContainerd(family *children.Family, settings *member.Settings, images string) error {
	text, err := containerdConfig(settings)
	if err != nil {
		return err
	}
	file := containerdFile
	if !strings.HasPrefix(text, managedLine) {
		file = "/run/k0s/containerd.toml"
	}
	if err := settings.StartContainerd(family, file, text); err != nil {
		return err
	}
	settings.ImportImages(images, say)
	go func() {
		for ; ; time.Sleep(2 * time.Second) {
			settings.ImportImages(images, say)
			// As the real one watches the folder.
			current, err := containerdConfig(settings)
			if err != nil || current == text {
				continue
			}
			text = current
			say("containerd's configuration changed: restarting it")
			if err := pki.WriteFile(file, []byte(text), 0o600); err == nil {
				family.End("containerd")
			}
		}
	}()
	return nil
}
