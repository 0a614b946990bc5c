/**
 * What keeps the books on a host: POSIX sh and the tools that coreutils and busybox have alike. `<home>/footprint` holds
 * `index`, a line for each thing that is ours, written before the thing itself (`file /etc/x #`, `folder /etc/x.d #`; a
 * line without its mark broke off and counts for nothing), and `before/<path>`, what a file of ours replaced.
 */

const START = `
set -u
umask 077
LC_ALL=C
export LC_ALL
home=$1
state=$home/footprint
index=$state/index
failed=0
say() { printf '%s\\n' "$*" >&2; }
beside() { printf '%s/.%s.sealer-new' "\${1%/*}" "\${1##*/}"; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
# A rename onto a link to a folder would move into the folder.
put() {
  if [ -L "$2" ] && [ -d "$2" ]; then rm -f "$2" || return 1; fi
  mv -f "$1" "$2"
}
reversed() { sed '1!G;h;$!d' "$index"; }
`;

/** Arguments: home. Standard input: a tar with `list` (kind, mode, source and path, a line each) and contents. */
export const INSTALL = `${START}
changed=0
in=$state/in.$$
trap 'rm -rf "$in"' EXIT
fail() { say "$1"; exit 1; }
mkdir -p "$state/before" "$in" && touch "$index" || fail "cannot write to $state"
[ -z "$(tail -c 1 "$index")" ] || echo >> "$index"
tar -x -f - -C "$in" || fail "cannot unpack what was sent"
note() { grep -Fxq "$1 #" "$index" || printf '%s #\\n' "$1" >> "$index"; }
folder() {
  if [ -z "$1" ] || [ -d "$1" ]; then return 0; fi
  folder "\${1%/*}" && note "folder $1" && mkdir -m 755 "$1"
}
is_same() {
  if [ "$kind" = link ]; then
    [ -L "$path" ] && [ "$(readlink "$path")" = "$from" ]
  else
    [ -f "$path" ] && [ ! -L "$path" ] && [ "$(stat -c %a "$path")" = "$mode" ] && cmp -s "$from" "$path"
  fi
}
keep_before() {
  if grep -Fxq "file $path #" "$index"; then return 0; fi
  rm -rf "$state/before$path"
  if there "$path"; then
    mkdir -p "$state/before\${path%/*}" && rm -rf "$state/copying" && cp -a "$path" "$state/copying" &&
      mv -f "$state/copying" "$state/before$path" || return 1
  fi
  note "file $path"
}
while IFS= read -r kind && IFS= read -r mode && IFS= read -r from && IFS= read -r path; do
  [ "$kind" != content ] || from=$in/$from
  [ "$kind" != copy ] || [ -f "$from" ] || fail "$from, of which $path is to be a copy, is not there"
  [ -L "$path" ] || [ ! -d "$path" ] || fail "$path is a folder"
  is_same && continue
  folder "\${path%/*}" || fail "cannot make the folder of $path"
  keep_before || fail "cannot keep what was at $path"
  new=$(beside "$path")
  rm -f "$new"
  if [ "$kind" = link ]; then
    ln -s "$from" "$new" || fail "cannot write $path"
  else
    cp "$from" "$new" && chmod "$mode" "$new" || { rm -f "$new"; fail "cannot write $path"; }
  fi
  put "$new" "$path" || fail "cannot write $path"
  printf '%s\\n' "$path"
  changed=1
done < "$in/list"
[ "$changed" = 0 ] || sync
`;

const BACK = `
back() {
  rm -f "$(beside "$1")"
  if there "$state/before$1"; then
    mkdir -p "\${1%/*}" && cp -a "$state/before$1" "$(beside "$1")" && put "$(beside "$1")" "$1"
  else
    rm -f "$1"
  fi
}
`;

/** Arguments: home. Standard input: a path in each line. */
export const REMOVE = `${START}${BACK}
[ -f "$index" ] || exit 0
gone=$state/gone
: > "$gone" || exit 1
while IFS= read -r path; do
  grep -Fxq "file $path #" "$index" || continue
  if back "$path"; then printf 'file %s #\\n' "$path" >> "$gone"; else say "cannot put back $path"; failed=1; fi
done
reversed | grep '^folder .* #$' > "$state/folders"
while IFS= read -r entry; do
  path=\${entry#folder }
  path=\${path% #}
  rmdir "$path" 2> /dev/null
  [ -d "$path" ] || printf '%s\\n' "$entry" >> "$gone"
done < "$state/folders"
if [ -s "$gone" ]; then
  grep -Fxv -f "$gone" "$index" > "$state/index.new"
  [ $? -le 1 ] && mv -f "$state/index.new" "$index" || exit 1
  while IFS= read -r entry; do
    path=\${entry#file }
    case $entry in 'file '*) rm -rf "$state/before\${path% #}" ;; esac
  done < "$gone"
fi
rm -f "$gone" "$state/folders"
exit "$failed"
`;

/** Arguments: home. */
export const RESTORE = `${START}${BACK}
[ -f "$index" ] || exit 0
reversed > "$state/reversed" || exit 1
while IFS= read -r entry; do
  path=\${entry#* }
  path=\${path% #}
  case $entry in
    'file '*' #') back "$path" || { say "cannot put back $path"; failed=1; } ;;
    'folder '*' #') rmdir "$path" 2> /dev/null ;;
  esac
done < "$state/reversed"
[ "$failed" = 0 ] || exit 1
rm -rf "$state" && sync
`;

/** Arguments: home. Prints the files that are ours. */
export const LIST = `${START}
[ ! -f "$index" ] || sed -n 's/^file \\(.*\\) #$/\\1/p' "$index"
`;
