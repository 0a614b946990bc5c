package member

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"lab/children"
	"lab/pki"
	"lab/programs"
)

// ContainerdConfig is containerd 1.6's. The test machines lack CAP_SYS_RESOURCE, so no score may get lower than our own.
func (settings Settings) ContainerdConfig() string {
	return settings.fill(`version = 2
root = "{root}"
state = "{state}"
[grpc]
  address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "{snapshotter}"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "` + programs.Plugins() + `"
  conf_dir = "{cni}"
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "{certs}"
`)
}

// StartContainerd runs containerd with a configuration and waits for its answer.
func (settings Settings) StartContainerd(family *children.Family, file, text string) error {
	if err := pki.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	family.Restart("containerd", programs.ContainerEnvironment(settings.Programs), filepath.Join(settings.Programs, "containerd"), "--config", file)
	var said []byte
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var err error
		if said, err = settings.Ctr("version").CombinedOutput(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("containerd does not answer: %s", said)
}

// Ctr is ctr on the kubelet's images.
func (settings Settings) Ctr(arguments ...string) *exec.Cmd {
	command := exec.Command(programs.Container("ctr"), append([]string{"--address", settings.Socket(), "--namespace", "k8s.io"}, arguments...)...)
	command.Env = programs.ContainerEnvironment(settings.Programs)
	return command
}

// ImportImages imports each archive of a folder that is new to it, in the order of their names. A bad one is only told of, as the real
// ones do.
func (settings *Settings) ImportImages(folder string, say func(format string, values ...interface{})) {
	archives, _ := filepath.Glob(filepath.Join(folder, "*"))
	sort.Strings(archives)
	if settings.imported == nil {
		settings.imported = map[string]time.Time{}
	}
	for _, archive := range archives {
		about, err := os.Stat(archive)
		if err != nil || about.IsDir() || settings.imported[archive] == about.ModTime() || !settings.AnyArchive && !strings.HasSuffix(archive, ".tar") {
			continue
		}
		settings.imported[archive] = about.ModTime()
		started := time.Now()
		said, err := settings.Ctr("images", "import", "--snapshotter", settings.snapshotter(), archive).CombinedOutput()
		if err != nil {
			say("Unable to import %s: %v: %s", archive, err, said)
			continue
		}
		say("Imported images from %s in %s", archive, time.Since(started))
	}
}
