package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"gopkg.in/yaml.v3"
)

const defaultConfig = "/etc/k0s/k0s.yaml"

type freeform = map[string]interface{}

// clusterConfig is k0s.yaml as far as it means something here; the fields of others are known, so that wrong ones are not.
type clusterConfig struct {
	APIVersion string   `yaml:"apiVersion" json:"apiVersion"`
	Kind       string   `yaml:"kind" json:"kind"`
	Metadata   freeform `yaml:"metadata" json:"metadata"`
	Spec       struct {
		API struct {
			Address           string            `yaml:"address" json:"address"`
			ExternalAddress   string            `yaml:"externalAddress" json:"externalAddress,omitempty"`
			SANs              []string          `yaml:"sans" json:"sans"`
			Port              int               `yaml:"port" json:"port"`
			K0sAPIPort        int               `yaml:"k0sApiPort" json:"k0sApiPort"`
			CA                freeform          `yaml:"ca" json:"ca,omitempty"`
			ExtraArgs         map[string]string `yaml:"extraArgs" json:"extraArgs,omitempty"`
			RawArgs           []string          `yaml:"rawArgs" json:"rawArgs,omitempty"`
			OnlyBindToAddress bool              `yaml:"onlyBindToAddress" json:"onlyBindToAddress,omitempty"`
		} `yaml:"api" json:"api"`
		Storage struct {
			Type string `yaml:"type" json:"type"`
			Etcd struct {
				PeerAddress string   `yaml:"peerAddress" json:"peerAddress"`
				ExtraArgs   freeform `yaml:"extraArgs" json:"extraArgs,omitempty"`
				External    freeform `yaml:"externalCluster" json:"externalCluster,omitempty"`
			} `yaml:"etcd" json:"etcd"`
			Kine freeform `yaml:"kine" json:"kine,omitempty"`
		} `yaml:"storage" json:"storage"`
		Network struct {
			Provider      string   `yaml:"provider" json:"provider"`
			PodCIDR       string   `yaml:"podCIDR" json:"podCIDR"`
			ServiceCIDR   string   `yaml:"serviceCIDR" json:"serviceCIDR"`
			ClusterDomain string   `yaml:"clusterDomain" json:"clusterDomain"`
			DualStack     freeform `yaml:"dualStack" json:"dualStack,omitempty"`
			KubeProxy     freeform `yaml:"kubeProxy" json:"kubeProxy,omitempty"`
			KubeRouter    freeform `yaml:"kuberouter" json:"kuberouter,omitempty"`
			Calico        freeform `yaml:"calico" json:"calico,omitempty"`
			CPLB          freeform `yaml:"controlPlaneLoadBalancing" json:"controlPlaneLoadBalancing,omitempty"`
			NLLB          struct {
				Enabled    bool     `yaml:"enabled" json:"enabled"`
				Type       string   `yaml:"type" json:"type,omitempty"`
				EnvoyProxy freeform `yaml:"envoyProxy" json:"envoyProxy,omitempty"`
			} `yaml:"nodeLocalLoadBalancing" json:"nodeLocalLoadBalancing"`
		} `yaml:"network" json:"network"`
		Images struct {
			Repository        string   `yaml:"repository" json:"repository,omitempty"`
			DefaultPullPolicy string   `yaml:"default_pull_policy" json:"default_pull_policy"`
			Pause             image    `yaml:"pause" json:"pause"`
			Others            freeform `yaml:",inline" json:"-"`
		} `yaml:"images" json:"images"`
		ControllerManager freeform   `yaml:"controllerManager" json:"controllerManager,omitempty"`
		Scheduler         freeform   `yaml:"scheduler" json:"scheduler,omitempty"`
		WorkerProfiles    []freeform `yaml:"workerProfiles" json:"workerProfiles,omitempty"`
		Extensions        freeform   `yaml:"extensions" json:"extensions,omitempty"`
		Konnectivity      freeform   `yaml:"konnectivity" json:"konnectivity,omitempty"`
		Telemetry         freeform   `yaml:"telemetry" json:"telemetry,omitempty"`
		InstallConfig     freeform   `yaml:"installConfig" json:"installConfig,omitempty"`
		FeatureGates      []freeform `yaml:"featureGates" json:"featureGates,omitempty"`
		PodSecurityPolicy freeform   `yaml:"podSecurityPolicy" json:"podSecurityPolicy,omitempty"`
	} `yaml:"spec" json:"spec"`
}

type image struct {
	Image   string `yaml:"image" json:"image"`
	Version string `yaml:"version" json:"version"`
}

// readConfig reads a config file, fills in what is not said, and refuses what the real one refuses. No file: defaults.
func readConfig(file string) (clusterConfig, error) {
	var made clusterConfig
	text, err := os.ReadFile(file)
	if err != nil && !(errors.Is(err, os.ErrNotExist) && file == defaultConfig) {
		return made, err
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&made); err != nil && !errors.Is(err, io.EOF) {
		return made, fmt.Errorf("failed to parse config: error unmarshaling: while decoding: %w", err)
	}
	made.fill()
	return made, made.check()
}

func (made *clusterConfig) fill() {
	set := func(value *string, otherwise string) {
		if *value == "" {
			*value = otherwise
		}
	}
	set(&made.APIVersion, "k0s.k0sproject.io/v1beta1")
	set(&made.Kind, "ClusterConfig")
	if made.Metadata == nil {
		made.Metadata = freeform{"name": "k0s"}
	}
	spec := &made.Spec
	set(&spec.API.Address, firstAddress())
	if spec.API.Port == 0 {
		spec.API.Port = 6443
	}
	if spec.API.K0sAPIPort == 0 {
		spec.API.K0sAPIPort = 9443
	}
	set(&spec.Storage.Type, "etcd")
	set(&spec.Storage.Etcd.PeerAddress, spec.API.Address)
	set(&spec.Network.Provider, "kuberouter")
	set(&spec.Network.PodCIDR, "10.244.0.0/16")
	set(&spec.Network.ServiceCIDR, "10.96.0.0/12")
	set(&spec.Network.ClusterDomain, "cluster.local")
	set(&spec.Images.DefaultPullPolicy, "IfNotPresent")
	set(&spec.Images.Pause.Image, "quay.io/k0sproject/pause")
	set(&spec.Images.Pause.Version, "3.1")
}

func (made clusterConfig) check() error {
	spec := made.Spec
	switch {
	case made.Kind != "ClusterConfig" || !strings.HasPrefix(made.APIVersion, "k0s."):
		return fmt.Errorf("no kind \"%s\" is registered for version \"%s\"", made.Kind, made.APIVersion)
	case net.ParseIP(spec.API.Address) == nil:
		return fmt.Errorf("spec: api: address: Invalid value: %q: invalid IP address", spec.API.Address)
	case spec.Storage.Type != "etcd" && spec.Storage.Type != "kine":
		return fmt.Errorf("spec: storage: type: Unsupported value: %q: supported values: \"etcd\", \"kine\"", spec.Storage.Type)
	case spec.Network.Provider != "kuberouter" && spec.Network.Provider != "calico" && spec.Network.Provider != "custom":
		return fmt.Errorf("spec: network: provider: Unsupported value: %q: supported values: \"calico\", \"custom\", \"kuberouter\"", spec.Network.Provider)
	case spec.Network.NLLB.Enabled && spec.API.ExternalAddress != "":
		return fmt.Errorf("spec: network: nodeLocalLoadBalancing: Forbidden: node-local load balancing cannot be used in conjunction with an external Kubernetes API server address")
	}
	for _, cidr := range []string{spec.Network.PodCIDR, spec.Network.ServiceCIDR} {
		if _, _, err := net.ParseCIDR(cidr); err != nil {
			return fmt.Errorf("spec: network: invalid CIDR %q", cidr)
		}
	}
	return nil
}

func (made clusterConfig) pause() string {
	repository := made.Spec.Images.Pause.Image
	if own := made.Spec.Images.Repository; own != "" {
		_, rest, _ := strings.Cut(repository, "/")
		repository = own + "/" + rest
	}
	return repository + ":" + made.Spec.Images.Pause.Version
}

// apiURL is where others find a controller's port.
func (made clusterConfig) apiURL(port int) string {
	host := made.Spec.API.Address
	if made.Spec.API.ExternalAddress != "" {
		host = made.Spec.API.ExternalAddress
	}
	return "https://" + net.JoinHostPort(host, fmt.Sprint(port))
}

// config validates a file, or prints the default one.
func config(arguments []string) error {
	given, err := parse(arguments, "include-images", "config")
	if err != nil {
		return err
	}
	name := strings.Join(given.rest, " ")
	switch name {
	case "validate":
		file := given.one("config")
		if file == "" {
			file = defaultConfig
		}
		_, err := readConfig(file)
		return err
	case "create":
		var made clusterConfig
		made.fill()
		text, err := yaml.Marshal(made)
		fmt.Print(string(text))
		return err
	}
	return fmt.Errorf("unknown command %q for \"k0s config\"", name)
}

func firstAddress() string {
	for _, address := range ownAddresses() {
		if net.ParseIP(address).To4() != nil {
			return address
		}
	}
	return "127.0.0.1"
}

// ownAddresses are those of all interfaces but loopback and what containers need.
func ownAddresses() []string {
	interfaces, _ := net.Interfaces()
	var made []string
	for _, each := range interfaces {
		if each.Flags&net.FlagLoopback != 0 || each.Flags&net.FlagUp == 0 || strings.HasPrefix(each.Name, "veth") || each.Name == "kube-bridge" {
			continue
		}
		addresses, _ := each.Addrs()
		for _, address := range addresses {
			if network, is := address.(*net.IPNet); is && !network.IP.IsLinkLocalUnicast() {
				made = append(made, network.IP.String())
			}
		}
	}
	return made
}

func addressIn(cidr string, number byte) string {
	_, network, err := net.ParseCIDR(cidr)
	if err != nil || network.IP.To4() == nil {
		return ""
	}
	ip := network.IP.To4()
	ip[3] += number
	return ip.String()
}
