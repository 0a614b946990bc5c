package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lab/pki"
)

const (
	statusSocket = "/run/k0s/status.sock"
	// Flags of both roles, and of a controller alone.
	workerSwitches     = "force start ignore-pre-flight-checks"
	workerValues       = "token-file token labels taints profile kubelet-extra-args kubelet-root-dir cri-socket iptables-mode env"
	controllerSwitches = workerSwitches + " enable-worker no-taints single enable-dynamic-config enable-k0s-cloud-provider enable-metrics-scraper disable-leader-election"
	controllerValues   = workerValues + " config disable-components etcd-member-name"
)

// install writes the service of a role; it is started by `k0s start`.
func install(arguments []string) error {
	if len(arguments) == 0 || arguments[0] != "controller" && arguments[0] != "worker" {
		return fmt.Errorf("usage: k0s install controller|worker")
	}
	role := arguments[0]
	switches, values := workerSwitches, workerValues
	if role == "controller" {
		switches, values = controllerSwitches, controllerValues
	}
	given, err := parse(arguments[1:], switches, values)
	if err != nil {
		return err
	}
	if role == "controller" {
		file := given.one("config")
		if file == "" {
			file = defaultConfig
		}
		made, err := readConfig(file)
		if err != nil {
			return fmt.Errorf("invalid node configuration: %w", err)
		}
		if given.is("single") && (given.one("token-file") != "" || made.Spec.Network.NLLB.Enabled) {
			return fmt.Errorf("node-local load balancing and joining are unsupported for single-node clusters")
		}
		createUsers()
	}
	argv := []string{role}
	for _, argument := range arguments[1:] {
		if argument != "--force" && argument != "--start" && argument != "--force=true" {
			argv = append(argv, argument)
		}
	}
	for _, other := range []string{"k0scontroller", "k0sworker"} {
		for _, file := range serviceFiles(other) {
			if _, err := os.Stat(file); err == nil && !given.is("force") {
				return fmt.Errorf("failed to install k0s service: Init already exists: %s", file)
			}
		}
	}
	if err := writeService("k0s"+role, argv); err != nil {
		return fmt.Errorf("failed to install k0s service: %w", err)
	}
	if given.is("start") {
		return start(nil)
	}
	return nil
}

func serviceFiles(name string) []string {
	return []string{"/etc/systemd/system/" + name + ".service", "/etc/init.d/" + name}
}

func hasSystemd() bool {
	_, err := os.Stat("/run/systemd/system")
	return err == nil
}

func writeService(name string, argv []string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	var quoted []string
	for _, argument := range argv {
		if strings.ContainsAny(argument, " \t\"'\\") {
			argument = strconv.Quote(argument)
		}
		quoted = append(quoted, argument)
	}
	if !hasSystemd() {
		script := fmt.Sprintf(`#!/sbin/openrc-run
supervisor=supervise-daemon
description="k0s - Zero Friction Kubernetes"
command=%s
command_args="%s"
name=$(basename $(readlink -f $command))
supervise_daemon_args="--stdout /var/log/${name}.log --stderr /var/log/${name}.err"
: "${rc_ulimit=-n 1048576 -u unlimited}"
depend() {
  need cgroups
  need net
  use dns
  after firewall
}
`, program, strings.Join(quoted, " "))
		if err := pki.WriteFile("/etc/init.d/"+name, []byte(script), 0o755); err != nil {
			return err
		}
		return run("rc-update", "add", name, "default")
	}
	unit := fmt.Sprintf(`[Unit]
Description=k0s - Zero Friction Kubernetes
Documentation=https://docs.k0sproject.io
ConditionFileIsExecutable=%[1]s

After=network-online.target 
Wants=network-online.target 

[Service]
StartLimitInterval=5
StartLimitBurst=10
ExecStart=%[1]s %[2]s

RestartSec=10
Delegate=yes
KillMode=process
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
LimitNOFILE=999999
Restart=always

[Install]
WantedBy=multi-user.target
`, program, strings.Join(quoted, " "))
	if err := pki.WriteFile("/etc/systemd/system/"+name+".service", []byte(unit), 0o644); err != nil {
		return err
	}
	if err := run("systemctl", "daemon-reload"); err != nil {
		return err
	}
	return run("systemctl", "enable", "--quiet", name+".service")
}

// installed is the service that this host has.
func installed() (string, error) {
	for _, name := range []string{"k0scontroller", "k0sworker"} {
		for _, file := range serviceFiles(name) {
			if _, err := os.Stat(file); err == nil {
				return name, nil
			}
		}
	}
	return "", fmt.Errorf("k0s has not been installed as a service")
}

func start([]string) error {
	name, err := installed()
	if err != nil {
		return err
	}
	if asked() != nil {
		return fmt.Errorf("already running")
	}
	if hasSystemd() {
		return run("systemctl", "start", name)
	}
	return run("rc-service", name, "start")
}

func stop([]string) error {
	name, err := installed()
	if err != nil {
		return err
	}
	if asked() == nil {
		return fmt.Errorf("already stopped")
	}
	if hasSystemd() {
		return run("systemctl", "stop", name)
	}
	return run("rc-service", name, "stop")
}

// serveStatus answers `k0s status` of this host.
func serveStatus(tell func() freeform) error {
	_ = os.Remove(statusSocket)
	if err := os.MkdirAll(filepath.Dir(statusSocket), 0o755); err != nil {
		return err
	}
	listener, err := net.Listen("unix", statusSocket)
	if err != nil {
		return err
	}
	go func() {
		_ = http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(answer).Encode(tell())
		}))
	}()
	return nil
}

// asked is what the running process tells; nil if there is none.
func asked() freeform {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", statusSocket)
		}}}
	response, err := client.Get("http://localhost/status")
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil
	}
	var told freeform
	_ = json.Unmarshal(text, &told)
	return told
}

func status(arguments []string) error {
	given, err := parse(arguments, "", "out")
	if err != nil {
		return err
	}
	told := asked()
	if told == nil {
		return fmt.Errorf("status: can't get \"status\" via %q: K0s is not running", statusSocket)
	}
	if given.one("out") == "json" {
		text, _ := json.MarshalIndent(told, "", "   ")
		fmt.Println(string(text))
		return nil
	}
	fmt.Printf("Version: %v\nProcess ID: %v\nRole: %v\nWorkloads: %v\nSingleNode: false\n", told["Version"], told["Pid"], told["Role"], told["Workloads"])
	return nil
}

func run(argv ...string) error {
	if said, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %v: %s", strings.Join(argv, " "), err, strings.TrimSpace(string(said)))
	}
	return nil
}
