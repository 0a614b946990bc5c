/** What takes a member's traces off a host: small programs of the shell, for dash and busybox. */

/** Ends all containers. $1: ctr. Whoever is left when containerd is stopped is killed by END_PROCESSES. */
export const END_CONTAINERS = `
ctr=$1
test -x "$ctr" && "$ctr" --timeout 5s -n k8s.io version >/dev/null 2>&1 || exit 0
"$ctr" -n k8s.io tasks list -q | while read -r task; do "$ctr" -n k8s.io tasks kill -s KILL "$task" 2>/dev/null; done
"$ctr" -n k8s.io tasks list -q | while read -r task; do "$ctr" -n k8s.io tasks delete -f "$task" >/dev/null 2>&1; done
"$ctr" -n k8s.io containers list -q | while read -r each; do "$ctr" -n k8s.io containers delete "$each" >/dev/null 2>&1; done
exit 0
`;

/**
 * Kills what our containerd started: its shims, and all below them. $1: folder of our programs. Only processes that run a
 * program of ours are looked for, so that another runtime's containers are safe.
 */
export const END_PROCESSES = `
kill_tree() {
  for child in $(grep -lE "^PPid:[[:space:]]+$1\\$" /proc/[0-9]*/status 2>/dev/null); do
    child=\${child#/proc/}; kill_tree "\${child%/status}"
  done
  kill -9 "$1" 2>/dev/null
}
for process in /proc/[0-9]*; do
  case $(readlink "$process/exe" 2>/dev/null) in
    "$1"/containerd-shim*) kill_tree "\${process#/proc/}";;
  esac
done
exit 0
`;

/** Unmounts what lies below (never at) the folders of the arguments, and the networks of pods. */
export const UNMOUNT = `
for round in 1 2 3; do
  found=
  for mount in $(cut -d' ' -f5 /proc/self/mountinfo | sort -r); do
    for folder in "$@"; do
      case $mount in "$folder"/*) umount "$mount" 2>/dev/null || umount -l "$mount" 2>/dev/null; found=1;; esac
    done
    case $mount in /run/netns/cni-*) umount -l "$mount" 2>/dev/null; found=1;; esac
  done
  test -n "$found" || break
done
rm -f /run/netns/cni-*
exit 0
`;

/** Links, firewall rules and virtual servers. $1: what was before (before.ts). Rules of others stay, in their order. */
export const CLEAN_NETWORK = `
before=$1
was() { grep -qxF "$1" "$before" 2>/dev/null; }
for name in kube-ipvs0; do
  test -e "/sys/class/net/$name" && ! was "link $name" && command -v ipvsadm >/dev/null && ipvsadm -C
done
bridges=$(cat /etc/cni/net.d/*.conf* 2>/dev/null | grep -oE '"bridge"[[:space:]]*:[[:space:]]*"[^"]+"' | sed 's/.*"\\([^"]*\\)"$/\\1/')
# Where a plugin keeps its addresses, if it was told to do so elsewhere than usual.
kept=$(cat /etc/cni/net.d/*.conf* 2>/dev/null | grep -oE '"dataDir"[[:space:]]*:[[:space:]]*"[^"]+"' | sed 's/.*"\\([^"]*\\)"$/\\1/')
for folder in $kept; do
  case $folder in *..*) ;; /run/*cni*|/var/run/*cni*|/var/lib/*cni*) rm -rf "$folder";; esac
done
for path in /sys/class/net/*; do
  name=\${path##*/}
  was "link $name" && continue
  case $name in
    cni0|cni-podman*|flannel.*|flannel-v6.*|vxlan.calico|vxlan-v6.calico|wireguard.cali|cali*|tunl0|cilium_*|lxc*|kube-ipvs0|kube-bridge|kube-dummy-if|nodelocaldns|weave|vethwe-*|veth*) ip link delete "$name" 2>/dev/null;;
    *) for bridge in $bridges; do test "$name" != "$bridge" || ip link delete "$name" 2>/dev/null; done;;
  esac
done
ours='(KUBE-|CNI-|cali-|FLANNEL-|CILIUM_|OLD_CILIUM_|WEAVE)'
for tool in iptables ip6tables iptables-legacy ip6tables-legacy iptables-nft ip6tables-nft; do
  command -v "$tool-save" >/dev/null || continue
  # Asking the legacy tools would load their modules.
  case $tool in
    iptables-legacy) test -s /proc/net/ip_tables_names || continue;;
    ip6tables-legacy) test -s /proc/net/ip6_tables_names || continue;;
  esac
  rules=$("$tool-save" -c 2>/dev/null)
  echo "$rules" | grep -qE "$ours" || continue
  echo "$rules" | grep -vE "^:$ours|^\\[[0-9:]+\\] -A $ours| -[jg] $ours|\\"flanneld (masq|forward)\\"" | "$tool-restore" -c
done
command -v nft >/dev/null && for family in ip ip6; do
  nft delete table "$family" kube-proxy 2>/dev/null
  # Tables of iptables that are there only since our rules were in them.
  tool=iptables; test $family = ip || tool=ip6tables
  was "rules $tool" && continue
  for table in filter nat mangle raw; do
    nft list table "$family" "$table" 2>/dev/null | grep -qE '^[[:space:]]+(counter|ip|ip6|meta|iif|oif|ct|tcp|udp|jump|xt) ' || nft delete table "$family" "$table" 2>/dev/null
  done
done
exit 0
`;

/** Folders and switches of the kernel. $1: what was before; then folders. A folder that was there stays, emptied of what is ours. */
export const CLEAN_FOLDERS = `
before=$1; shift
was() { grep -qxF "$1" "$before" 2>/dev/null; }
for folder in "$@"; do
  test -e "$folder" || continue
  if grep -q " $folder/" /proc/self/mountinfo; then echo "something is mounted below $folder" >&2; continue; fi
  if ! was "folder $folder"; then rm -rf "$folder" 2>/dev/null; continue; fi
  case $folder in /etc/kubernetes|/var/lib/etcd|/var/lib/kubelet|/var/lib/cni|/var/lib/containerd|/run/containerd|/etc/cni)
    test ! -d "$folder" || find "$folder" -mindepth 1 -delete;;
  esac
done
find /sys/fs/cgroup -depth -type d -name 'kubepods*' 2>/dev/null | while read -r group; do
  find "$group" -depth -type d -exec rmdir {} \\; 2>/dev/null
done
grep '^switch ' "$before" 2>/dev/null | while read -r _ name value; do
  path=/proc/sys/$(echo "$name" | tr . /)
  test ! -w "$path" || echo "$value" > "$path" 2>/dev/null
done
exit 0
`;

/**
 * etcd's data where a Clusterfile put it. $1: what was before; $2: the folder, which may be a disk with more on it: only what etcd
 * makes in it goes, and the folder itself if it was not there.
 */
export const CLEAN_ETCD = `
rm -rf "$2/member"
grep -qxF "folder $2" "$1" 2>/dev/null || rmdir "$2" 2>/dev/null
exit 0
`;
