/**
 * Programs for hosts: what was there before k0s, and taking away what `k0s reset` leaves (k0s docs: reset.md). POSIX sh,
 * as busybox and dash have it; values come as arguments.
 */

/**
 * Notes once what k0s will add to: files, links, users, switches of the kernel. Arguments: the file for the notes.
 * A second call changes nothing: by then it is no longer "before".
 */
export const NOTE_BEFORE = `
set -eu
test ! -e "$1" || exit 0
umask 077
mkdir -p "\${1%/*}"
{
  for path in /etc/k0s /var/lib/k0s /run/k0s /etc/cni /etc/cni/net.d /opt/cni /opt/cni/bin /var/lib/cni /var/lib/calico \\
    /opt/containerd /usr/libexec/kubernetes /root/.kube /root/.kube/cache /var/lib/kube-router /var/lib/kubelet /var/log/pods /var/log/containers /var/log/calico /var/run/calico /usr/libexec/k0s \\
    /var/log/k0scontroller.log /var/log/k0scontroller.err /var/log/k0sworker.log /var/log/k0sworker.err \\
    /etc/cni/net.d/* /opt/cni/bin/*; do
    if test -e "$path"; then echo "path $path"; fi
  done
  for link in /sys/class/net/*; do echo "link \${link##*/}"; done
  for switch in net/ipv4/ip_forward net/ipv4/conf/all/route_localnet net/ipv6/conf/all/forwarding \\
    net/bridge/bridge-nf-call-iptables net/bridge/bridge-nf-call-ip6tables; do
    if test -e "/proc/sys/$switch"; then echo "switch $switch $(cat "/proc/sys/$switch")"; fi
  done
  cut -d : -f 1 /etc/passwd | sed 's/^/user /'
  for tool in iptables ip6tables; do
    rules=$("$tool-save" 2>/dev/null | grep -v '^#') || true
    test -z "$rules" || echo "rules $tool"
  done
} >"$1.new"
mv "$1.new" "$1"
`;

/**
 * Takes away what k0s and its containers left: processes, mounts, network, services, files, users; what was noted before
 * stays. Without notes only what can be nobody else's goes. Arguments: the file with the notes.
 */
export const CLEAN = `
notes=$1
had() { test -e "$notes" && grep -qxF "$1" "$notes"; }
added() { test -e "$notes" && ! had "$1"; }

# Containers outlive the service (KillMode=process): their shims are programs of k0s, whatever became of the file.
family() { for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do family "$child"; done; echo "$1"; }
for exe in /proc/[0-9]*/exe; do
  case "$(readlink "$exe" 2>/dev/null)" in
    /var/lib/k0s/bin/*) pid=\${exe#/proc/}; for each in $(family "\${pid%/exe}"); do kill -9 "$each" 2>/dev/null; done ;;
  esac
done

cut -d ' ' -f 2 /proc/mounts | grep -E '^/(var/lib/k0s|run/k0s)/' | sort -r | while read -r mount; do
  umount "$mount" 2>/dev/null || umount -l "$mount" 2>/dev/null
done
for netns in /run/netns/cni-*; do test ! -e "$netns" || ip netns delete "\${netns##*/}" 2>/dev/null; done

for link in /sys/class/net/*; do
  name=\${link##*/}
  case "$name" in
    kube-bridge | kube-dummy-if | kube-ipvs0 | dummyvtap0 | cni0 | flannel.1 | vxlan.calico | cali*)
      if added "link $name"; then ip link delete "$name" 2>/dev/null; fi ;;
  esac
done

ours='(KUBE-|CNI-|cali-|FLANNEL-|kube-router)'
for tool in iptables ip6tables iptables-legacy ip6tables-legacy iptables-nft ip6tables-nft; do
  command -v "$tool-save" >/dev/null 2>&1 || continue
  # Asking the legacy tools would load their modules.
  case $tool in
    iptables-legacy) test -s /proc/net/ip_tables_names || continue ;;
    ip6tables-legacy) test -s /proc/net/ip6_tables_names || continue ;;
  esac
  rules=$("$tool-save" -c 2>/dev/null) || continue
  printf '%s\\n' "$rules" | grep -qE "$ours" || continue
  printf '%s\\n' "$rules" | grep -vE "$ours" | "$tool-restore" -c
done
# Tables of iptables that are there only since k0s's rules were in them.
command -v nft >/dev/null 2>&1 && for family in ip ip6; do
  tool=iptables; test $family = ip || tool=ip6tables
  test -e "$notes" && ! had "rules $tool" || continue
  for table in filter nat mangle raw; do
    nft list table "$family" "$table" 2>/dev/null |
      grep -qE '^[[:space:]]+(counter|ip|ip6|meta|iif|oif|ct|tcp|udp|jump|xt) ' || nft delete table "$family" "$table" 2>/dev/null
  done
done
if command -v ipset >/dev/null 2>&1; then
  ipset -n list 2>/dev/null | grep -E '^(KUBE-|kube-router-|inet6:KUBE-|cali)' | while read -r set; do ipset destroy "$set"; done
fi

for service in k0scontroller k0sworker; do
  rm -f "/etc/systemd/system/$service.service" "/etc/systemd/system/multi-user.target.wants/$service.service"
  rm -rf "/etc/systemd/system/$service.service.d"
  rm -f "/etc/init.d/$service" "/etc/runlevels/default/$service"
done
if command -v systemctl >/dev/null 2>&1; then
  systemctl daemon-reload
  systemctl reset-failed k0scontroller.service k0sworker.service 2>/dev/null
fi

test ! -d /sys/fs/cgroup || find /sys/fs/cgroup -depth -type d -name 'kubepods*' 2>/dev/null | while read -r group; do
  find "$group" -depth -type d -exec rmdir {} \\; 2>/dev/null
done

# The folders may be mounts of their own.
for folder in /var/lib/k0s /run/k0s; do
  test ! -d "$folder" || find "$folder" -xdev -mindepth 1 -depth -delete 2>/dev/null
  had "path $folder" || rmdir "$folder" 2>/dev/null
done
if head -n 1 /etc/k0s/containerd.toml 2>/dev/null | grep -q k0s_managed=true; then rm -f /etc/k0s/containerd.toml; fi
for path in /etc/cni/net.d/* /opt/cni/bin/*; do
  if test -e "$path" && added "path $path"; then rm -rf "$path"; fi
done
for path in /opt/containerd /usr/libexec/kubernetes /root/.kube/cache /var/lib/cni /var/lib/calico /var/lib/kube-router /var/lib/kubelet /var/log/pods /var/log/containers /var/log/calico \\
  /var/run/calico /usr/libexec/k0s /var/log/k0scontroller.log /var/log/k0scontroller.err /var/log/k0sworker.log \\
  /var/log/k0sworker.err; do
  if test -e "$path" && added "path $path"; then rm -rf "$path"; fi
done
for path in /etc/cni/net.d /etc/cni /opt/cni/bin /opt/cni /root/.kube; do
  if added "path $path"; then rmdir "$path" 2>/dev/null; fi
done

for user in etcd kine kube-apiserver konnectivity-server kube-scheduler; do
  if added "user $user" && grep -q "^$user:" /etc/passwd; then
    if command -v userdel >/dev/null 2>&1; then userdel "$user" 2>/dev/null; else deluser "$user" 2>/dev/null; fi
  fi
done

# Of kube-proxy and the CNI plugins. Writing what is there already would change others that hang on it.
test ! -e "$notes" || grep '^switch ' "$notes" | while read -r _ switch value; do
  test "$(cat "/proc/sys/$switch" 2>/dev/null)" = "$value" || echo "$value" 2>/dev/null >"/proc/sys/$switch"
done

left=
for path in /etc/systemd/system/k0scontroller.service /etc/systemd/system/k0sworker.service /var/lib/k0s/pki; do
  if test -e "$path"; then left="$left $path"; fi
done
if test -n "$left"; then echo "still there:$left" >&2; exit 1; fi
exit 0
`;
