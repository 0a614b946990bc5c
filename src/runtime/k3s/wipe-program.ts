/** What runs on a host to take k3s off it: POSIX sh, with coreutils' or busybox's tools. */

/**
 * Arguments: the data folder, our own folder, our route's metric. k3s is stopped already. Only processes, links, rules and
 * mounts that k3s made are touched: shims are known by k3s's containerd, rules by their chains.
 */
export const WIPE = `
data=$1 own=$2 metric=$3
here() { command -v "$1" >/dev/null 2>&1; }
# What was there before k3s (before.ts).
was() { grep -qxF "$1" "$own/before" 2>/dev/null; }

# Processes: shims of k3s's containerd with all their descendants, and that containerd.
ours() {
  for folder in /proc/[0-9]*; do
    program=$(tr '\\0' '\\n' 2>/dev/null < "$folder/cmdline" | head -n 1)
    case \${program##*/} in containerd | containerd-shim*) ;; *) continue ;; esac
    case "$(tr '\\0' ' ' 2>/dev/null < "$folder/cmdline") " in
      */run/k3s/containerd/* | *"$data"/data/* | *"$data"/agent/*) echo "\${folder#/proc/}" ;;
    esac
  done
}
children() {
  for status in /proc/[0-9]*/status; do
    awk -v parent="$1" '/^Pid:/ { pid = $2 } /^PPid:/ { if ($2 == parent) print pid }' "$status" 2>/dev/null
  done
}
tree() { for pid in "$@"; do echo "$pid"; tree $(children "$pid"); done; }
round=0
while [ "$round" -lt 10 ]; do
  pids=$(tree $(ours))
  [ -n "$pids" ] || break
  kill -9 $pids 2>/dev/null
  round=$((round + 1))
  [ "$round" -lt 2 ] || sleep 1
done

# Mounts, the innermost first. Spaces are \\040 in the table.
unmount() {
  awk -v top="$1" '$2 == top || index($2, top "/") == 1 { print $2 }' /proc/self/mounts | sort -r |
    while IFS= read -r mount; do
      mount=$(printf '%b' "$mount")
      # A volume that the data lies on was there before us.
      if [ "$mount" = "$data" ]; then continue; fi
      umount -f "$mount" 2>/dev/null || umount -l "$mount" 2>/dev/null
    done
}
for top in /run/k3s "$data" /var/lib/kubelet; do unmount "$top"; done
for mount in /run/netns/cni-*; do
  if [ -e "$mount" ]; then umount -f "$mount" 2>/dev/null; rm -f "$mount"; fi
done

# Links.
if here ip; then
  ip -o link show master cni0 2>/dev/null | awk -F': ' '{ sub(/@.*/, "", $2); print $2 }' |
    while IFS= read -r link; do ip link delete "$link" 2>/dev/null; done
  for link in cni0 flannel.1 flannel-v6.1 flannel-wg flannel-wg-v6 kube-ipvs0 kube-bridge; do
    ip link delete "$link" 2>/dev/null
  done
  for family in -4 -6; do
    while ip "$family" route delete default metric "$metric" 2>/dev/null; do :; done
  done
fi

# Rules: chains of Kubernetes, CNI and flannel, and what leads there; and flannel's rules about the pods' addresses, which older
# releases leave without a name. Others stay as they are, with their counters.
networks=$(sed -n 's/^FLANNEL_\\(IPV6_\\)\\{0,1\\}NETWORK=//p' /run/flannel/subnet.env 2>/dev/null | tr '\\n' ' ')
for tool in iptables ip6tables iptables-legacy ip6tables-legacy iptables-nft ip6tables-nft; do
  here "$tool-save" && here "$tool-restore" || continue
  # Asking the legacy tools would load their modules.
  case $tool in
    iptables-legacy) [ -s /proc/net/ip_tables_names ] || continue ;;
    ip6tables-legacy) [ -s /proc/net/ip6_tables_names ] || continue ;;
  esac
  rules=$("$tool-save" -c 2>/dev/null)
  kept=$(printf '%s\\n' "$rules" | awk -v networks="$networks" '
    BEGIN { count = split(networks, list, " ") }
    /KUBE-|CNI-|FLANNEL-|flanneld/ { next }
    / -A (FORWARD|POSTROUTING) / {
      for (i = 1; i <= count; i++) if (index($0 " ", " " list[i] " ")) next
    }
    { print }')
  [ "$rules" = "$kept" ] || printf '%s\\n' "$kept" | "$tool-restore" -c
done
# Tables that are there only since such rules were in them.
if here nft; then
  for family in ip ip6; do
    tool=iptables
    [ "$family" = ip ] || tool=ip6tables
    was "rules $tool" && continue
    for table in filter nat mangle raw; do
      nft list table "$family" "$table" 2>/dev/null |
        grep -qE '^[[:space:]]+(counter|ip|ip6|meta|iif|oif|ct|tcp|udp|jump|xt) ' || nft delete table "$family" "$table" 2>/dev/null
    done
  done
fi
if here ipset; then
  ipset list -n 2>/dev/null | grep -E '^(inet6:)?KUBE-' | while IFS= read -r set; do ipset destroy "$set"; done
fi

# Switches of the kernel that k3s and its kubelet set.
grep '^switch ' "$own/before" 2>/dev/null | while read -r _ name value; do
  [ "$(cat "/proc/sys/$name" 2>/dev/null)" = "$value" ] || echo "$value" 2>/dev/null > "/proc/sys/$name"
done

# Folders; one that something is mounted on is emptied. What could not be unmounted may be somebody's volume: it stays.
failed=0
clear() {
  [ -e "$1" ] || return 0
  if awk -v top="$1" '{ if (index($2, top "/") == 1) found = 1 } END { exit !found }' /proc/self/mounts; then
    echo "$1 stays: something is still mounted below it" >&2
    failed=1
    return 0
  fi
  rm -rf "$1" 2>/dev/null
  if [ -d "$1" ]; then find "$1" -xdev -mindepth 1 -delete; fi
}
for folder in "$data" /var/lib/kubelet /var/lib/cni /run/k3s /run/flannel /var/log/pods /var/log/containers \\
  /etc/rancher/node; do
  clear "$folder"
done
# What containerd's shims keep: only if nobody else has any.
other=0
for folder in /proc/[0-9]*; do
  program=$(tr '\\0' '\\n' 2>/dev/null < "$folder/cmdline" | head -n 1)
  case \${program##*/} in containerd | containerd-shim*) other=1 ;; esac
done
[ "$other" = 1 ] || rm -rf /run/containerd/s /run/containerd/runc/k8s.io
rm -f /etc/rancher/k3s/k3s.yaml
for folder in /usr/libexec/kubernetes/kubelet-plugins/volume/exec /usr/libexec/kubernetes/kubelet-plugins/volume \\
  /usr/libexec/kubernetes/kubelet-plugins /usr/libexec/kubernetes /run/containerd/runc /run/containerd /run/netns \\
  /opt/containerd/bin /opt/containerd/lib /opt/containerd; do
  was "folder $folder" || rmdir "$folder" 2>/dev/null
done

# Control groups of pods, and of k3s itself.
find /sys/fs/cgroup -depth -type d \\( -path '*/kubepods*' -o -name k3s \\) -exec rmdir {} \\; 2>/dev/null

[ "$failed" = 0 ] || exit 1
rm -rf "$own"
`;
