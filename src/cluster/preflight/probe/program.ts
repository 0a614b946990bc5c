/** The program that hosts run to tell about themselves. */

/**
 * Prints `key=value` lines, some keys many times, and `end=ok` as the last one; changes nothing. Any POSIX shell (dash,
 * busybox) runs it; where there is no awk, less is told. Parsed by parse-report.ts.
 *
 * Arguments: the cluster's folder, the folder of the image's rootfs, ports in hexadecimal separated by blanks, then the
 * folders whose disks matter.
 */
export const PROBE = `
LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export LC_ALL PATH
home=$1 rootfs=$2 ports=$3
shift 3
say() { printf '%s=%s\\n' "$1" "$2"; }

say system "$(uname -s)"
if [ -e /run/.containerenv ] || [ -e /.dockerenv ] ||
  tr '\\0' '\\n' < /proc/1/environ 2> /dev/null | grep -q '^container='; then say container yes; fi
if [ -e "$home/host.json" ] || [ -e "$home/footprint" ]; then say ours yes; fi
[ ! -d "$rootfs" ] || say rootfs yes
for record in "\${home%/*}"/*/host.json; do
  other=\${record%/host.json}
  if [ "$other" != "$home" ] && grep -q '"prepared"' "$record" 2> /dev/null; then say cluster "\${other##*/}"; fi
done

if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  for name in $(cat /sys/fs/cgroup/cgroup.controllers); do say controller "$name"; done
else sed 1d /proc/cgroups 2> /dev/null | while read -r name _ _ enabled; do
    [ "$enabled" != 1 ] || say controller "$name"
  done
fi

for path; do
  at=$path
  while [ ! -d "$at" ]; do
    at=\${at%/*}
    [ -n "$at" ] || at=/
  done
  free=$(df -Pk "$at" 2> /dev/null | sed -n 2p)
  mount=/\${free#*% /}
  printf 'disk=%s\\t%s\\t%s\\n' "$path" "$free" "$(grep -F " $mount " /proc/self/mounts 2> /dev/null | tail -n 1)"
done

# 0A: listening.
listening=$(cat /proc/net/tcp /proc/net/tcp6 2> /dev/null | awk -v wanted="$ports" '
  BEGIN { n = split(wanted, list, " "); for (i = 1; i <= n; i++) want[list[i]] = 1 }
  $4 == "0A" { split($2, at, ":"); if (at[2] in want) print "port=" at[2] " " $10 }')
if [ -n "$listening" ]; then
  echo "$listening"
  inodes=$(echo "$listening" | sed 's/.* //' | tr '\\n' ' ')
  ls -l /proc/[0-9]*/fd 2> /dev/null | awk -v wanted="$inodes" '
    BEGIN { n = split(wanted, list, " "); for (i = 1; i <= n; i++) want[list[i]] = 1 }
    /^\\/proc\\// { split($1, part, "/"); pid = part[3]; next }
    match($0, /socket:\\[[0-9]+\\]/) {
      inode = substr($0, RSTART + 8, RLENGTH - 9)
      if (inode in want) { print inode, pid; delete want[inode] }
    }' | while read -r inode pid; do say socket "$inode $pid $(cat "/proc/$pid/comm" 2> /dev/null)"; done
fi

# Processes of containers are not the host's.
mine=$(readlink /proc/$$/ns/pid)
grep -lxE 'kubelet|kube-apiserver|etcd|containerd|dockerd|crio|k3s|k3s-server|k3s-agent|k0s|rke2|firewalld' \\
  /proc/[0-9]*/comm 2> /dev/null | while read -r file; do
  pid=\${file#/proc/}
  pid=\${pid%/comm}
  [ "$(readlink "/proc/$pid/ns/pid" 2> /dev/null)" != "$mine" ] || say process "$pid $(cat "$file" 2> /dev/null)"
done
for name in containerd docker kubelet crio cri-docker; do
  for unit in /etc/systemd/system/$name.service /usr/lib/systemd/system/$name.service /lib/systemd/system/$name.service \\
    /usr/local/lib/systemd/system/$name.service /etc/init.d/$name; do
    [ ! -e "$unit" ] || say unit "$unit"
  done
done
for path in /etc/kubernetes/manifests /etc/kubernetes/admin.conf /etc/kubernetes/kubelet.conf \\
  /etc/kubernetes/bootstrap-kubelet.conf /etc/kubernetes/pki/ca.crt /var/lib/etcd /var/lib/kubelet/config.yaml \\
  /var/lib/rancher/k3s/server /var/lib/rancher/k3s/agent/kubelet.kubeconfig /var/lib/rancher/rke2 \\
  /var/lib/k0s/pki /var/lib/k0s/etcd /var/lib/k0s/kubelet.conf /etc/cni/net.d; do
  if [ -f "$path" ] || [ -n "$(ls -A "$path" 2> /dev/null)" ]; then say leftover "$path"; fi
done

sed 1d /proc/swaps 2> /dev/null | while read -r device _ size _; do say swap "$size $device"; done
folder=/lib/modules/$(uname -r)
[ ! -e "$folder/modules.dep" ] || say modules known
for name in overlay br_netfilter; do
  if [ -e /sys/module/$name ] || grep -q "[[:space:]]$name\\$" /proc/filesystems ||
    grep -qs "/$name\\.ko" "$folder/modules.dep" "$folder/modules.builtin"; then say module $name; fi
done
[ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || say module br_netfilter
[ ! -w /proc/sys/net/ipv4/ip_forward ] || say forwarding yes
for name in tar gzip zstd sha256sum shasum openssl awk mount umount modprobe ip iptables nft nsenter losetup ethtool tc conntrack \\
  socat curl wget bash nc python3; do
  if command -v $name > /dev/null 2>&1; then say tool $name; fi
done
say iptables "$(iptables --version 2> /dev/null)"

[ "$(cat /sys/fs/selinux/enforce 2> /dev/null)" != 1 ] || say selinux enforcing
if grep -qi '^ENABLED=yes' /etc/ufw/ufw.conf 2> /dev/null; then say firewall ufw; fi
# Values may hold passwords: only names are told.
sed -n 's/^[[:space:]]*\\(export[[:space:]]\\{1,\\}\\)\\{0,1\\}\\([A-Za-z]*_[Pp][Rr][Oo][Xx][Yy]\\)=..*/proxy=\\2/p' /etc/environment 2> /dev/null
sed -n 's/^nameserver[[:space:]]*\\([^[:space:]]*\\).*/nameserver=\\1/p' /etc/resolv.conf 2> /dev/null
if grep -Eqs '[[:space:]]localhost([[:space:]]|$)' /etc/hosts; then say localhost yes; fi
say inotify "$(cat /proc/sys/fs/inotify/max_user_instances 2> /dev/null) $(cat /proc/sys/fs/inotify/max_user_watches 2> /dev/null)"
if awk '$5 == "/"' /proc/1/mountinfo 2> /dev/null | tail -n 1 | grep -q ' shared:'; then say propagation shared; fi
for wanted in timers.target.wants/nm-cloud-setup.timer multi-user.target.wants/nm-cloud-setup.service; do
  [ ! -e "/etc/systemd/system/$wanted" ] || say cloud-setup yes
done

say product "$(cat /sys/class/dmi/id/product_uuid 2> /dev/null)"
for device in /sys/class/net/*; do
  [ ! -e "$device/device" ] || say mac "$(cat "$device/address" 2> /dev/null)"
done
awk 'NR > 1 { print "route=" $2 " " $8 " " $1 }' /proc/net/route 2> /dev/null | head -n 2000
awk '$10 != "lo" { print "route6=" $1 " " $2 " " $10 }' /proc/net/ipv6_route 2> /dev/null | head -n 2000
say end ok
`;
