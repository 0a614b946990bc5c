package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"gopkg.in/yaml.v3"
)

// config is what of k3s's config.yaml means something here.
type config struct {
	nodeIP   string
	nodeName string
	names    []string // further names and addresses of the API server
}

// oneOrMore is a flag that may be given once or as a list.
type oneOrMore []string

func (values *oneOrMore) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*values = strings.Split(node.Value, ",")
		return nil
	}
	return node.Decode((*[]string)(values))
}

// readConfig reads config.yaml and the same keys as flags; flags win, and what is not known is ignored.
func readConfig(flags []string) (config, error) {
	var file struct {
		NodeIP   oneOrMore `yaml:"node-ip"`
		NodeName string    `yaml:"node-name"`
		TLSSAN   oneOrMore `yaml:"tls-san"`
	}
	if err := readYAML(configFolder+"/config.yaml", &file); err != nil {
		return config{}, err
	}
	for i, flag := range flags {
		name, value, hasValue := strings.Cut(flag, "=")
		if !hasValue && i+1 < len(flags) {
			value = flags[i+1]
		}
		switch name {
		case "--node-ip":
			file.NodeIP = oneOrMore{value}
		case "--node-name":
			file.NodeName = value
		case "--tls-san":
			file.TLSSAN = append(file.TLSSAN, value)
		}
	}
	made := config{nodeName: file.NodeName, names: file.TLSSAN}
	if made.nodeName == "" {
		hostname, err := os.Hostname()
		if err != nil {
			return config{}, err
		}
		made.nodeName = strings.ToLower(hostname)
	}
	if len(file.NodeIP) > 0 {
		made.nodeIP = file.NodeIP[0]
		return made, nil
	}
	var err error
	made.nodeIP, err = ownAddress()
	return made, err
}

// ownAddress is the first IPv4 address of the first interface that leads anywhere.
func ownAddress() (string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return "", err
	}
	for _, each := range interfaces {
		// A dummy interface only pretends: k3s's air-gap installation uses one for its default route.
		if each.Flags&net.FlagLoopback != 0 || each.Flags&net.FlagUp == 0 || strings.HasPrefix(each.Name, "dummy") {
			continue
		}
		addresses, err := each.Addrs()
		if err != nil {
			return "", err
		}
		for _, address := range addresses {
			if network, ok := address.(*net.IPNet); ok && network.IP.To4() != nil {
				return network.IP.String(), nil
			}
		}
	}
	return "", errors.New("no interface has an IPv4 address: give node-ip")
}

// readYAML reads a file that may be absent.
func readYAML(file string, into interface{}) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
