/** The program that hosts run to find out whether they can reach others. */

/**
 * Arguments: pairs of an address and a port. Prints `reach=<address> <port> <outcome>` for each, in any order: `open`,
 * `refused`, `timeout`, `blocked`, `unresolved`, `unclear`; or `tool=none`. All pairs are tried at once, for 5 seconds.
 */
export const REACH = `
LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export LC_ALL PATH
has() { command -v "$1" > /dev/null 2>&1; }
if has bash && has timeout; then tool=bash
elif has python3; then tool=python3
elif has nc && nc -h 2>&1 | grep -q -e ' -z' -e '\\[-[A-Za-z]*z'; then tool=nc
elif has curl; then tool=curl
else
  echo tool=none
  exit 0
fi
attempt() {
  case $tool in
    bash) timeout 5 bash -c ': < "/dev/tcp/$0/$1"' "$1" "$2" ;;
    python3) python3 -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)' "$1" "$2" ;;
    nc) nc -v -z -w 5 "$1" "$2" ;;
    curl)
      case $1 in *:*) set -- "[$1]" "$2" ;; esac
      curl -q -v --noproxy '*' -m 5 -o /dev/null "http://$1:$2/" ;;
  esac
}
try() {
  said=$(attempt "$1" "$2" 2>&1 < /dev/null)
  code=$?
  [ "$code" != 0 ] || said=' Connected to '
  case $said in
    *' Connected to '*) outcome=open ;;
    *'sage: '*) outcome=unclear ;;
    *efused*|*'eset by peer'*) outcome=refused ;;
    *'timed out'*|*imeout*) outcome=timeout ;;
    *'o route to'*|*nreachable*|*rohibited*|*'ost is down'*|*'ermission denied'*) outcome=blocked ;;
    *esolve*|*'not known'*|*'bad address'*|*'name resolution'*|*'nvalid argument'*) outcome=unresolved ;;
    *) outcome=unclear
      case $tool$code in bash124|bash143|curl28) outcome=timeout ;; esac ;;
  esac
  echo "reach=$1 $2 $outcome"
}
while [ $# -ge 2 ]; do
  try "$1" "$2" &
  shift 2
done
wait
`;
